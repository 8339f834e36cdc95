// What the program's exit status says.
#pragma once

namespace amalgam::cli {

enum ExitStatus : int {
  kFine = 0,       // clean, or as the file expects
  kViolation = 1,  // a violation, or an expectation that is not met
  kUnusable = 2,   // input that cannot be used
  kUndecided = 3,  // a bound was hit
};

}  // namespace amalgam::cli
