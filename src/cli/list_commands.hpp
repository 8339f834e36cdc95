// amalgam rules, assumptions, effects and cpus: the names that scenarios, options and answers use.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/command.hpp"

namespace amalgam::cli {

// Adds the commands to the program, each with its name.
std::vector<std::pair<std::string, Command>> add_lists(CLI::App& program, const bool& colour);

}  // namespace amalgam::cli
