// amalgam check: scenario files in, verdicts out.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "model/check.hpp"
#include "report/case.hpp"

namespace amalgam::cli {

// Adds `check` to the program.
Command add_check(CLI::App& program, const bool& colour);

// Reads, checks and compares one file. Never throws but for memory.
report::Case check_file(const std::string& file, const model::CheckOptions& options);

// The exit status of one outcome.
ExitStatus status_of(report::Outcome outcome);

// The status that stands for both: input that cannot be used outweighs an answer that was not
// reached, which outweighs a violation.
ExitStatus worse(ExitStatus a, ExitStatus b);

}  // namespace amalgam::cli
