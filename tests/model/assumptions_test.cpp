#include "model/assumptions.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "amalgam/arch/assumption.hpp"
#include "model/change_context.hpp"

namespace amalgam::test {
namespace {

using namespace model;

TEST(Assumptions, TableIsInOrderAndNamed) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < kAssumptions.size(); ++i) {
    const AssumptionInfo& row = kAssumptions[i];
    EXPECT_EQ(static_cast<std::size_t>(row.assumption), i);
    EXPECT_EQ(info(row.assumption).name, row.name);
    EXPECT_TRUE(seen.insert(row.name).second) << row.name;
    EXPECT_EQ(assumption_named(row.name), row.assumption);
    EXPECT_FALSE(row.why.empty()) << row.name;
    EXPECT_FALSE(row.values[0].empty()) << row.name;
    EXPECT_FALSE(row.values[1].empty()) << row.name << ": an assumption has two sides";
    std::set<std::string_view> values;
    for (std::size_t v = 0; v < row.values.size(); ++v) {
      if (row.values[v].empty()) continue;
      EXPECT_TRUE(values.insert(row.values[v]).second) << row.name;
      EXPECT_EQ(assumption_value(row.assumption, row.values[v]), v);
    }
  }
}

TEST(Assumptions, UnknownValuesAreNotFound) {
  EXPECT_FALSE(assumption_value(Assumption::kAmalgamation, ""));
  EXPECT_FALSE(assumption_value(Assumption::kAmalgamation, "Field"));
  EXPECT_FALSE(assumption_value(Assumption::kAbortAtLevel3, "field"));
}

TEST(Assumptions, AreDefaultUntilChosen) {
  Assumptions chosen;
  for (const AssumptionInfo& row : kAssumptions) {
    EXPECT_TRUE(chosen.is_default(row.assumption));
    chosen.choose(row.assumption, 1);
    EXPECT_FALSE(chosen.is_default(row.assumption));
    EXPECT_EQ(chosen.choice(row.assumption), 1);
    for (const AssumptionInfo& other : kAssumptions) {
      const bool earlier = other.assumption <= row.assumption;
      EXPECT_EQ(chosen.is_default(other.assumption), !earlier) << "one choice moves no other";
    }
  }
  EXPECT_NE(chosen, Assumptions{});
}

// The defaults of the architecture's table and of the model are the same.
TEST(Assumptions, DefaultsAgreeWithTheChangeTable) {
  const Program program;
  Slice slice;
  slice.program = &program;
  const arch::ChangeContext context = change_context(program, slice);
  EXPECT_EQ(context.assumptions, arch::Assumptions{});
}

// Each assumption that the change table knows reaches it when it is switched.
TEST(Assumptions, ReachTheChangeTable) {
  const Program program;
  Slice slice;
  slice.program = &program;
  unsigned reaching = 0;
  for (const AssumptionInfo& row : kAssumptions) {
    slice.assumptions = {};
    slice.assumptions.choose(row.assumption, 1);
    const arch::ChangeContext context = change_context(program, slice);
    const bool changed = context.assumptions != arch::Assumptions{};
    const bool of_the_machine =
        row.assumption <= Assumption::kEts2Order && row.assumption != Assumption::kAfClearIsBreak;
    EXPECT_EQ(changed, !of_the_machine) << row.name;
    reaching += changed ? 1 : 0;
  }
  EXPECT_EQ(reaching, 9U);
}

}  // namespace
}  // namespace amalgam::test
