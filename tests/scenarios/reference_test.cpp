// The model against a slow machine that was written from the rules alone, on tiny programs.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "scenarios/program_generator.hpp"
#include "scenarios/reference_machine.hpp"
#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using Names = std::set<std::string>;

std::string to_text(const Names& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return '{' + text + '}';
}

constexpr unsigned kShards = 12;
constexpr unsigned kPrograms = 250;  // of a shard
constexpr std::uint64_t kMostStates = 40'000;

// Where an agent ends in a fault that it must not take, the model looks no further than the page of
// the fault: on others it goes on, and may find more.
bool agrees(const Names& found, const ReferenceResult& wanted) {
  if (!wanted.agent_died) return found == wanted.names;
  Names needed = wanted.names;
  needed.erase("invalidate-before-end");  // told only where there is no other rule
  return std::includes(found.begin(), found.end(), needed.begin(), needed.end());
}

class Reference : public testing::TestWithParam<unsigned> {};

TEST_P(Reference, AgreesOnTinyPrograms) {
  ProgramGenerator generator({GetParam() + 1, 6, 3});
  unsigned compared = 0;
  unsigned differing = 0;
  for (unsigned i = 0; i < kPrograms; ++i) {
    const std::string text = generator.next();
    const lang::ParseResult parsed = lang::parse_scenario(text);
    ASSERT_TRUE(parsed.program) << text << lang::render(parsed.diagnostics.at(0), "text", text);
    const model::CheckResult result = check(*parsed.program, verdict_only());
    ASSERT_EQ(result.levels.size(), 1U);
    const model::LevelResult& level = result.levels[0];
    ASSERT_TRUE(level.decided()) << text;
    ReferenceOptions options;
    options.max_states = kMostStates;
    const ReferenceResult wanted =
        explore_reference(*parsed.program, level.bbm, level.ets, options);
    if (!wanted.complete) continue;
    ++compared;
    const Names found = found_names(level);
    if (agrees(found, wanted) || ++differing > 5) continue;
    ADD_FAILURE() << text << "model:     " << to_text(found)
                  << "\nreference: " << to_text(wanted.names);
  }
  EXPECT_EQ(differing, 0U);
  EXPECT_GT(compared, kPrograms * 9 / 10);
}

// A TLB that fills at any time, step by step, allows no more than one that is always full.
TEST(ReferenceFills, MakeNoDifferenceAsSteps) {
  ProgramGenerator generator({500, 4, 2});
  unsigned compared = 0;
  for (unsigned i = 0; i < 150; ++i) {
    const std::string text = generator.next();
    const model::Program program = parse_or_fail(text);
    const std::uint8_t bbm = program.machine.bbm_levels.at(0);
    const arch::Ets ets = program.machine.ets_levels.at(0);
    const ReferenceResult full = explore_reference(program, bbm, ets, {false, kMostStates});
    const ReferenceResult steps = explore_reference(program, bbm, ets, {true, kMostStates});
    if (!full.complete || !steps.complete) continue;
    ++compared;
    EXPECT_EQ(full.names, steps.names) << text;
  }
  EXPECT_GT(compared, 75U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Reference, testing::Range(0U, kShards));

}  // namespace
}  // namespace amalgam::test
