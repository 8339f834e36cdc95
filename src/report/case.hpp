// One case that was checked: what the user gave, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/check.hpp"
#include "model/program.hpp"

namespace amalgam::report {

struct Case {
  std::string file;                           // as the user named it
  std::string text;                           // its bytes
  std::vector<lang::Diagnostic> diagnostics;  // why it cannot be used; the rest is then empty
  model::Program program;
  model::CheckResult result;
  std::vector<model::Mismatch> mismatches;  // of model::compare
};

// How a case came out, in the order in which one outweighs another.
enum class Outcome : std::uint8_t {
  kClean,       // no expectation, nothing found
  kAsExpected,  // found what the file expects, and nothing else
  kViolation,   // found something of which the file expects nothing
  kNotAsExpected,
  kUndecided,  // a bound was hit at some level
  kUnusable,
};

// The outcome of a case. A level that no expectation speaks of must be clean.
Outcome outcome(const Case& checked);

// "clean", "as-expected", "violation", "not-as-expected", "undecided", "unusable".
std::string_view name(Outcome outcome);

}  // namespace amalgam::report
