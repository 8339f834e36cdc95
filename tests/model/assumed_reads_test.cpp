// Programs that are one path of threads that branch on what they read.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/check.hpp"
#include "model/program_builder.hpp"

namespace amalgam::test {
namespace {

using model::LevelResult;
using model::Op;

Op read(model::CellId cell, std::uint64_t assumed) {
  return {model::op::ReadDescriptor{cell, model::kNone, assumed}, {}, "read"};
}

Op exchange(model::CellId cell, std::uint64_t expected, std::uint64_t desired,
            std::uint64_t assumed) {
  model::op::CompareExchangeDescriptor cas;
  cas.cell = cell;
  cas.expected.set = expected;
  cas.desired.set = desired;
  cas.assumed = assumed;
  return {cas, {}, "cas"};
}

LevelResult check_at_level_0(const model::Program& program) {
  model::CheckOptions options;
  options.bbm_levels = {0};
  options.ets_levels = {arch::Ets::kNone};
  options.sensitivity = false;
  return check(program, options).levels.at(0);
}

bool breaks(const LevelResult& level) {
  return std::any_of(level.rules.begin(), level.rules.end(), [](const model::Finding& f) {
    return f.rule == model::Rule::kBreakBeforeMake;
  });
}

// Two regions of one page, read-only; the second is what agents agree by.
class AssumedReads : public testing::Test {
 protected:
  AssumedReads() : builder(2) {
    first = builder.leaf(builder.add_frame(), false);
    second = builder.leaf(builder.add_frame(), true);
    for (const std::uint8_t mark : {0, 1, 2}) flag[mark] = builder.leaf(0, false, mark);
    data = builder.cell(builder.add_region({first}), 0);
    sign = builder.cell(builder.add_region({flag[0]}), 0);
  }

  ProgramBuilder builder;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint64_t flag[3] = {};
  model::CellId data = 0;
  model::CellId sign = 0;
};

TEST_F(AssumedReads, SayWhatElseIsRead) {
  builder.add_agent(0, {read(sign, flag[0])});
  builder.add_agent(1,
                    {ProgramBuilder::store(sign, flag[1]), ProgramBuilder::store(sign, flag[2])});
  const LevelResult level = check_at_level_0(builder.program());
  ASSERT_EQ(level.refuted.size(), 2U);
  for (const model::RefutedRead& r : level.refuted) {
    EXPECT_EQ(r.agent, 0U);
    EXPECT_EQ(r.op, 0U);
    EXPECT_TRUE(r.raw == flag[1] || r.raw == flag[2]);
  }
}

// The store runs before the read that is to fail: what it breaks is no run of the program.
TEST_F(AssumedReads, ThatNeverHoldShowNothing) {
  builder.add_agent(0, {read(sign, flag[1]), ProgramBuilder::store(data, second)});
  const LevelResult never = check_at_level_0(builder.program());
  EXPECT_TRUE(never.clean());
  ASSERT_EQ(never.refuted.size(), 1U);
  EXPECT_EQ(never.refuted[0].raw, flag[0]);
}

TEST_F(AssumedReads, ThatMayHoldShowWhatFollows) {
  builder.add_agent(0, {read(sign, flag[1]), ProgramBuilder::store(data, second)});
  builder.add_agent(1, {ProgramBuilder::store(sign, flag[1])});
  EXPECT_TRUE(breaks(check_at_level_0(builder.program())));
}

// Load buffering: each store may go before the own read, unless it depends on it.
TEST_F(AssumedReads, AreBeforeWhatDependsOnThem) {
  for (const bool depends : {false, true}) {
    ProgramBuilder b = builder;
    const model::CellId other = data;
    const std::uint64_t marked = b.leaf(0, false, 1);
    Op a = ProgramBuilder::store(other, marked);
    Op c = ProgramBuilder::store(sign, flag[1]);
    if (depends) a.after = c.after = {0};
    b.add_agent(0, {read(sign, flag[1]), a});
    b.add_agent(1, {read(other, marked), c});
    // Both reads hold in some run exactly where nothing is refuted all the way: then a third
    // agent's mistake, which only such a run completes, is told.
    b.add_agent(0, {ProgramBuilder::store(other, second)});
    EXPECT_EQ(breaks(check_at_level_0(b.program())), !depends);
  }
}

TEST_F(AssumedReads, ExchangesStoreWhereTheyFindWhatTheyExpect) {
  builder.add_agent(0, {exchange(data, first, second, first)});
  EXPECT_TRUE(breaks(check_at_level_0(builder.program())));
  ProgramBuilder failing = builder;
  failing.add_agent(1, {exchange(sign, flag[1], second, flag[0])});
  EXPECT_TRUE(check_at_level_0(failing.program()).refuted.empty());
}

TEST_F(AssumedReads, StoresComputedFromOldValuesLoseUpdates) {
  Op store = ProgramBuilder::store(sign, flag[2]);
  std::get<model::op::WriteDescriptor>(store.operation).computed_from = flag[0];
  builder.add_agent(0, {read(sign, flag[0]), store});
  const auto loses = [](const LevelResult& level) {
    return std::any_of(level.effects.begin(), level.effects.end(), [](const model::Finding& f) {
      return f.effect == model::Effect::kLostTableUpdate;
    });
  };
  EXPECT_FALSE(loses(check_at_level_0(builder.program())));
  builder.add_agent(1, {ProgramBuilder::store(sign, flag[1])});
  EXPECT_TRUE(loses(check_at_level_0(builder.program())));
}

}  // namespace
}  // namespace amalgam::test
