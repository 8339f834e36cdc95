// amalgam fmt: scenario files in their normal layout.
#pragma once

#include "cli/command.hpp"

namespace amalgam::cli {

// Adds `fmt` to the program.
Command add_fmt(CLI::App& program);

}  // namespace amalgam::cli
