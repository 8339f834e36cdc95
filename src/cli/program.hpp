// The program: arguments in, exit status out.
#pragma once

#include "cli/terminal.hpp"

namespace amalgam::cli {

// Runs the command that the arguments name and returns its exit status. Catches what is thrown:
// where memory runs out the answer is not decided.
int run(int argc, const char* const* argv, Terminal& terminal);

}  // namespace amalgam::cli
