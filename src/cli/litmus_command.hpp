// amalgam litmus: published litmus tests in, verdicts of the published models out.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "lang/litmus.hpp"
#include "model/litmus/expectation.hpp"
#include "model/litmus/judge.hpp"
#include "report/litmus_case.hpp"

namespace amalgam::cli {

// Adds `litmus` to the program.
Command add_litmus(CLI::App& program, const bool& colour);

struct LitmusQuestion {
  lang::LitmusOptions reading;
  model::litmus::JudgeOptions judging;
  model::litmus::Expectations published;
  bool draws = false;  // an execution is to be drawn
};

// Reads and judges one file, and compares it with what is published. Where memory runs out the test
// is undecided.
report::LitmusCase judge_file(const std::string& file, const LitmusQuestion& question);

// The exit status of one outcome.
ExitStatus status_of(report::LitmusOutcome outcome);

}  // namespace amalgam::cli
