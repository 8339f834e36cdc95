// A slice takes as much as the machine has room for and no more, and says what was too much.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "model/check.hpp"
#include "model/program_builder.hpp"
#include "model/program_index.hpp"
#include "model/slice_plan.hpp"

namespace amalgam::test {
namespace {

// A program that maps some pages and stores descriptors in turn, every one another value until the
// `values` of its page are used up.
struct Amounts {
  std::uint32_t cpus = 2;
  unsigned agents = 1;
  unsigned pages = 1;
  unsigned frames = 1;
  unsigned values = 1;
  unsigned stores = 1;
};

model::Program program(const Amounts& amounts) {
  ProgramBuilder builder(amounts.cpus);
  for (unsigned f = 0; f < amounts.frames; ++f) builder.add_frame();
  const auto leaf = [&](unsigned value) {
    const auto mark = static_cast<std::uint8_t>(value / amounts.frames / 2);
    return builder.leaf(value % amounts.frames, value / amounts.frames % 2 == 0, mark);
  };
  const model::RegionId region =
      builder.add_region(std::vector<std::uint64_t>(amounts.pages, leaf(0)));
  std::vector<model::Op> ops;
  for (unsigned i = 0; i < amounts.stores; ++i) {
    const unsigned value = (i / amounts.pages + 1) % amounts.values;
    ops.push_back(ProgramBuilder::store(builder.cell(region, i % amounts.pages), leaf(value)));
  }
  for (unsigned a = 0; a < amounts.agents; ++a) builder.add_agent(0, ops);
  return builder.program();
}

// What is too much for the slice of all pages.
std::string bound(const Amounts& amounts) {
  const model::Program p = program(amounts);
  const model::ProgramIndex index(p);
  return model::build_slice(index, {}, model::plan_slices(index, false).at(0)).bound;
}

TEST(SliceBounds, AreWhereTheyAreSaidToBe) {
  EXPECT_EQ(bound({.cpus = 8}), "");
  EXPECT_EQ(bound({.cpus = 9}), "more than 8 CPUs and devices");
  EXPECT_EQ(bound({.agents = 24}), "");
  EXPECT_EQ(bound({.agents = 25}), "more than 24 agents and interrupt handlers");
  EXPECT_EQ(bound({.pages = 8}), "");
  EXPECT_EQ(bound({.pages = 9}), "more than 8 input pages that affect one another");
  EXPECT_EQ(bound({.frames = 23, .values = 23, .stores = 22}), "") << "the table is a page, too";
  EXPECT_EQ(bound({.frames = 24, .values = 24, .stores = 23}),
            "more than 24 pages of memory that affect one page");
  EXPECT_EQ(bound({.values = 31, .stores = 30}), "");
  EXPECT_EQ(bound({.values = 32, .stores = 31}), "a descriptor takes more than 31 values");
  EXPECT_EQ(bound({.pages = 4, .values = 16, .stores = 60}), "");
  EXPECT_EQ(bound({.pages = 4, .values = 17, .stores = 61}),
            "more than 64 different TLB entries for one page");
  EXPECT_EQ(bound({.values = 2, .stores = 64}), "");
  EXPECT_EQ(bound({.values = 2, .stores = 65}),
            "more than 64 events of one agent concern one page");
}

TEST(SliceBounds, AreToldWithThePage) {
  model::CheckOptions options;
  options.bbm_levels = {0, 2};
  options.ets_levels = {arch::Ets::kNone};
  const auto levels = check(program({.frames = 60, .values = 60, .stores = 59}), options).levels;
  ASSERT_EQ(levels.size(), 2U);
  for (const model::LevelResult& level : levels) {
    EXPECT_FALSE(level.decided());
    ASSERT_EQ(level.bounds.size(), 1U);
    EXPECT_EQ(level.bounds[0].rfind("region 0[0]: ", 0), 0U) << level.bounds[0];
  }
}

TEST(SliceBounds, MoreCpusThanFitAreTold) {
  model::CheckOptions options;
  options.bbm_levels = {0};
  options.ets_levels = {arch::Ets::kNone};
  EXPECT_TRUE(check(program({.cpus = 8}), options).levels.at(0).decided());
  EXPECT_FALSE(check(program({.cpus = 64}), options).levels.at(0).decided());
}

}  // namespace
}  // namespace amalgam::test
