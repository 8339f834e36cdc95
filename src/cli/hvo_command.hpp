// amalgam hvo: what sharing the page structures of huge pages saves, and what it takes.
#pragma once

#include "cli/command.hpp"

namespace amalgam::cli {

// Adds `hvo` to the program.
Command add_hvo(CLI::App& program, const bool& colour);

}  // namespace amalgam::cli
