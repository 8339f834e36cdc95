#include "report/case.hpp"

#include <gtest/gtest.h>

#include "report/sample_case.hpp"

namespace amalgam::report {
namespace {

using test::broken_level;
using test::case_of;
using test::clean_level;
using test::expected_case_of;

model::LevelResult bounded(model::LevelResult level) {
  level.bounds.push_back("slice vmemmap[1]: 10 states");
  return level;
}

TEST(Outcome, WithoutExpectationsAnythingFoundIsAViolation) {
  EXPECT_EQ(outcome(case_of({clean_level(0), clean_level(1)})), Outcome::kClean);
  EXPECT_EQ(outcome(case_of({clean_level(0), broken_level(1)})), Outcome::kViolation);
  model::LevelResult harm = clean_level(0);
  harm.effects.push_back(test::conflict_abort());
  EXPECT_EQ(outcome(case_of({harm})), Outcome::kViolation);
}

TEST(Outcome, ExpectationsDecideWhereThereAreSome) {
  Case met = expected_case_of({broken_level(0)});
  EXPECT_EQ(outcome(met), Outcome::kAsExpected);
  met.mismatches.push_back({.location = {}, .missing = {"amalgamation"}, .unexpected = {}});
  EXPECT_EQ(outcome(met), Outcome::kNotAsExpected);
}

TEST(Outcome, ALevelThatNoExpectationSpeaksOfMustBeClean) {
  Case spoken = expected_case_of({broken_level(0), broken_level(1)});
  spoken.program.expectations.front().bbm_levels = {0};
  EXPECT_EQ(outcome(spoken), Outcome::kViolation);
  spoken.result.levels.back() = clean_level(1);
  EXPECT_EQ(outcome(spoken), Outcome::kAsExpected);
}

TEST(Outcome, ABoundOutweighsWhatWasFound) {
  EXPECT_EQ(outcome(case_of({bounded(clean_level(0))})), Outcome::kUndecided);
  EXPECT_EQ(outcome(case_of({bounded(broken_level(0)), broken_level(1)})), Outcome::kUndecided);
  EXPECT_EQ(outcome(expected_case_of({bounded(broken_level(0))})), Outcome::kUndecided);
}

TEST(Outcome, DiagnosticsOutweighEverything) {
  Case unusable = case_of({bounded(clean_level(0))});
  unusable.diagnostics.push_back({{1, 1, 1}, "expected `case`"});
  EXPECT_EQ(outcome(unusable), Outcome::kUnusable);
}

}  // namespace
}  // namespace amalgam::report
