// amalgam change: what Arm requires for replacing one descriptor by another.
#pragma once

#include "cli/command.hpp"

namespace amalgam::cli {

// Adds `change` to the program.
Command add_change(CLI::App& program, const bool& colour);

}  // namespace amalgam::cli
