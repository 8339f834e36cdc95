// A bound that is hit is told: nothing is clean because it was not looked at.
#include <gtest/gtest.h>

#include <string>

#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using model::CheckOptions;
using model::CheckResult;
using model::LevelResult;

TEST(Bounds, AFewStatesAreNotEnoughAndThatIsTold) {
  for (const std::string& name : scenario_names()) {
    if (name.starts_with("hvo-1g")) continue;
    const model::Program program = scenario_program(name);
    CheckOptions options;  // sensitivity on: it must not make up for what was not explored
    options.max_states = 2;
    for (const LevelResult& level : check(program, options).levels) {
      EXPECT_FALSE(level.decided()) << name;
      for (const std::string& bound : level.bounds) {
        EXPECT_NE(bound.find("more than 2 states"), std::string::npos) << bound;
      }
      EXPECT_TRUE(level.depends_on.empty()) << name;
    }
  }
}

TEST(Bounds, LittleMemoryIsNotEnoughAndThatIsTold) {
  for (const std::string& name : scenario_names("hvo-")) {
    if (name.starts_with("hvo-1g")) continue;
    CheckOptions options = verdict_only();
    options.memory_bytes = 4'000;
    for (const LevelResult& level : check(scenario_program(name), options).levels) {
      EXPECT_FALSE(level.decided()) << name;
      EXPECT_LE(level.coverage.peak_bytes, 16'000U) << name;
    }
  }
}

// The limit is for all explorations at one time.
TEST(Bounds, MemoryIsSharedBetweenThreads) {
  const model::Program program = scenario_program("hvo-as-merged");
  CheckOptions options = verdict_only();
  const CheckResult free = check(program, options);
  std::uint64_t needed = 0;
  for (const LevelResult& level : free.levels) {
    EXPECT_TRUE(level.decided());
    needed = std::max(needed, level.coverage.peak_bytes);
  }
  options.memory_bytes = needed * 3;
  for (const LevelResult& level : check(program, options).levels) EXPECT_TRUE(level.decided());
  options.jobs = 8;
  bool undecided = false;
  for (const LevelResult& level : check(program, options).levels) undecided |= !level.decided();
  EXPECT_TRUE(undecided);
}

// With the bound just above what is needed the answer is whole; just below it is not.
TEST(Bounds, AreExact) {
  const model::Program program = scenario_program("worked-complete");
  CheckOptions options = verdict_only();
  options.bbm_levels = {0};
  const LevelResult whole = check(program, options).levels.at(0);
  ASSERT_EQ(whole.coverage.slices, 1U);
  options.max_states = whole.coverage.states;
  EXPECT_TRUE(check(program, options).levels.at(0).decided());
  options.max_states = whole.coverage.states - 1;
  EXPECT_FALSE(check(program, options).levels.at(0).decided());
}

// What is found before the bound is found; what is not is not called clean.
TEST(Bounds, KeepWhatWasFound) {
  const model::Program program = scenario_program("worked-one-direct-store");
  CheckOptions options = verdict_only();
  options.max_states = 6;
  for (const LevelResult& level : check(program, options).levels) {
    EXPECT_FALSE(level.decided());
    EXPECT_TRUE(found_names(level).contains("break-before-make"));
  }
}

// --- conditions that speak of what no mapping leads to -------------------------------------------

// Message passing without a barrier, once through mappings and once by output address: the
// condition may not be dropped because the flag's page is not mapped anywhere.
TEST(Conditions, AreAskedWhateverTheyAreReadThrough) {
  const auto answer = [](const std::string& write, const std::string& read) {
    const std::string text =
        "case \"t\"\nmachine arm64, granule 4K, va 48, bbm 0, cpus 2\n"
        "frame a, d contents distinct\nmap x = a rw\nmap flag = d rw\n"
        "agent u on cpu 0\n    store x = new\n    " +
        write +
        " = go\n"
        "agent r on cpu 1\n    " +
        read + " as r0\n    load x as r1\n    forbid r0 = go and r1 = a as stale-read\n";
    return found_names(check(parse_or_fail(text), verdict_only()).levels.at(0));
  };
  EXPECT_EQ(answer("store flag", "load flag"), std::set<std::string>{"stale-read"});
  EXPECT_EQ(answer("write d", "read d"), std::set<std::string>{"stale-read"});
}

}  // namespace
}  // namespace amalgam::test
