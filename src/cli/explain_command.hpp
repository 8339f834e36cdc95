// amalgam explain: every field of a descriptor.
#pragma once

#include "cli/command.hpp"

namespace amalgam::cli {

// Adds `explain` to the program.
Command add_explain(CLI::App& program, const bool& colour);

}  // namespace amalgam::cli
