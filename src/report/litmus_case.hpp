// One litmus test that was judged: what the user gave, and what came of it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/litmus/judge.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::report {

struct LitmusCase {
  std::string file;                           // as the user named it
  std::string text;                           // its bytes
  std::vector<lang::Diagnostic> diagnostics;  // why it cannot be used; the rest is then empty
  model::litmus::Test test;
  model::litmus::Judgement judgement;
  bool has_published = false;           // a table of verdicts speaks of it
  std::vector<std::string> mismatches;  // of model::litmus::compare
  std::uint64_t micros = 0;             // that reading and judging took
  std::string drawing;                  // of an execution, where one was asked for
};

enum class LitmusOutcome : std::uint8_t {
  kJudged,       // a verdict, and nothing to compare it with
  kAsPublished,  // what the table of verdicts says
  kNotAsPublished,
  kDisagreement,  // the two engines differ
  kUndecided,     // a bound was hit that the verdict depends on
  kUnusable,
};
inline constexpr std::size_t kLitmusOutcomes = 6;

// The outcome of a test. Loops that were cut leave it undecided where longer runs could overturn
// the verdict, unless that is as published: what is published was found with loops cut.
LitmusOutcome outcome(const LitmusCase& judged);

// "judged", "as-published", "not-as-published", "disagreement", "undecided", "unusable".
std::string_view name(LitmusOutcome outcome);

// "allowed" or "forbidden": whether some execution satisfies the condition.
std::string_view verdict_of(const LitmusCase& judged);

// Whether the answer covers every execution: no bound was hit and no loop cut.
bool is_exhaustive(const LitmusCase& judged);

}  // namespace amalgam::report
