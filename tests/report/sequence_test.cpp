// Every sequence that is offered is itself made of changes that classify calls legal.
#include "report/sequence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace amalgam::report {
namespace {

using arch::Change;
using arch::ChangeContext;
using arch::Contents;
using arch::Descriptor;
using arch::Entry;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint64_t kPageRw = 0x0060000080000703;  // Normal, inner shareable, AF, XN
constexpr std::uint64_t kPageRo = 0x0060000080000783;
constexpr std::uint64_t kOtherRw = 0x0060000080001703;
constexpr std::uint64_t kOtherRo = 0x0060000080001783;
constexpr std::uint64_t kBlock = 0x0060000080000701;
constexpr std::uint64_t kTable = 0x0000000080200003;

ChangeContext context_at(std::uint8_t bbm, Contents contents = Contents::kUnknown) {
  ChangeContext context;
  context.features.bbm = bbm;
  context.contents = contents;
  return context;
}

std::vector<std::string> texts(const std::vector<SequenceStep>& steps) {
  std::vector<std::string> result;
  for (const SequenceStep& step : steps) result.push_back(step.text);
  return result;
}

// Walks the stores of a sequence and expects that none of them needs a break and that the last is
// `to`. An invalidation completes between stores, so that each is judged against the one before it.
void expect_legal(const Entry& from, const Entry& to, const std::vector<SequenceStep>& steps,
                  const ChangeContext& context) {
  Entry held = from;
  for (const SequenceStep& step : steps) {
    if (!step.store) continue;
    const Entry next{*step.store, from.level};
    EXPECT_FALSE(arch::classify(held, next, context).break_required) << step.text;
    held = next;
  }
  EXPECT_EQ(held, to);
}

TEST(Sequence, EveryOfferedSequenceIsLegal) {
  const std::vector<std::uint64_t> values{0,
                                          kPageRw,
                                          kPageRo,
                                          kOtherRw,
                                          kOtherRo,
                                          kPageRw | arch::bits::kDbm,
                                          kOtherRo | arch::bits::kDbm,
                                          kPageRw | arch::bits::kNotGlobal,
                                          kPageRw & ~arch::bits::kAccessFlag};
  for (const std::uint64_t from : values) {
    for (const std::uint64_t to : values) {
      for (const bool hardware_dirty : {false, true}) {
        ChangeContext context = context_at(0);
        context.any_hardware_dirty = hardware_dirty;
        const Entry old_entry{{from}, 3};
        const Entry new_entry{{to}, 3};
        const Change change = arch::classify(old_entry, new_entry, context);
        expect_legal(old_entry, new_entry, legal_sequence(old_entry, new_entry, context, change),
                     context);
        const auto way = way_without_break(old_entry, new_entry, context, change);
        context.contents = Contents::kSame;  // the way makes them so
        if (!way.empty()) expect_legal(old_entry, new_entry, way, context);
      }
    }
  }
}

TEST(Sequence, BreakBeforeMakeHasItsSixSteps) {
  const Entry old_entry{{kPageRw}, 3};
  const Entry new_entry{{kOtherRw}, 3};
  const Change change = arch::classify(old_entry, new_entry, context_at(3));
  EXPECT_THAT(texts(legal_sequence(old_entry, new_entry, context_at(3), change)),
              testing::ElementsAre("store 0 (invalid)", "dsb ishst", "tlbi vaale1is, the address",
                                   "dsb ish", "store 0x0060000080001703", "dsb ishst; isb"));
}

TEST(Sequence, AMoveOfAWritablePageCanGoThroughReadOnly) {
  const Entry old_entry{{kPageRw}, 3};
  const Entry new_entry{{kOtherRw}, 3};
  const ChangeContext context = context_at(0);
  const Change change = arch::classify(old_entry, new_entry, context);
  std::vector<std::uint64_t> stores;
  for (const SequenceStep& step : way_without_break(old_entry, new_entry, context, change)) {
    if (step.store) stores.push_back(step.store->raw);
  }
  EXPECT_THAT(stores, testing::ElementsAre(kPageRo, kOtherRo, kOtherRw));
}

TEST(Sequence, NoWayAroundTheBreakForAChangeOfType) {
  const Entry old_entry{{kPageRw}, 3};
  const Entry new_entry{{kOtherRw | 4 << 2}, 3};
  const ChangeContext context = context_at(0);
  const Change change = arch::classify(old_entry, new_entry, context);
  ASSERT_TRUE(change.break_required);
  EXPECT_THAT(way_without_break(old_entry, new_entry, context, change), IsEmpty());
}

TEST(Sequence, ASplitAtLevelOneCanUseNt) {
  const Entry old_entry{{kBlock}, 2};
  const Entry new_entry{{kTable}, 2};
  const ChangeContext context = context_at(1, Contents::kSame);
  const Change change = arch::classify(old_entry, new_entry, context);
  const auto way = way_without_break(old_entry, new_entry, context, change);
  ASSERT_THAT(way, Not(IsEmpty()));
  EXPECT_EQ(way.front().store, Descriptor{kBlock | arch::bits::kNt});
  expect_legal(old_entry, new_entry, way, context);
  EXPECT_THAT(way_without_break(new_entry, old_entry, context,
                                arch::classify(new_entry, old_entry, context)),
              Not(IsEmpty()));
}

TEST(Sequence, AContiguousGroupIsBrokenAsAWhole) {
  const Entry old_entry{{kPageRw | arch::bits::kContiguous}, 3};
  const Entry new_entry{{kPageRw}, 3};
  const ChangeContext context = context_at(0);
  const Change change = arch::classify(old_entry, new_entry, context);
  const auto steps = texts(legal_sequence(old_entry, new_entry, context, change));
  EXPECT_THAT(steps.at(0), HasSubstr("every member of the group"));
  EXPECT_THAT(steps.at(2), HasSubstr("every address of the group of 16"));
}

TEST(OwedMnemonic, FitsWhatIsStale) {
  const ChangeContext context = context_at(0);
  const auto mnemonic = [](const Entry& from, const Entry& to, const ChangeContext& c) {
    return owed_mnemonic(from, c, arch::classify(from, to, c));
  };
  EXPECT_EQ(mnemonic({{kPageRw}, 3}, {{kPageRo}, 3}, context), "vaale1is");
  EXPECT_EQ(mnemonic({{kPageRw | arch::bits::kNotGlobal}, 3}, {{0}, 3}, context), "vale1is");
  EXPECT_EQ(mnemonic({{kTable}, 2}, {{0}, 2}, context), "vaae1is");
  EXPECT_EQ(mnemonic({{0}, 3}, {{kPageRw}, 3}, context), "");
  ChangeContext stage2 = context;
  stage2.geometry.stage = arch::Stage::kStage2;
  EXPECT_EQ(mnemonic({{0x00000000800007ff}, 3}, {{0}, 3}, stage2), "ipas2le1is");
  ChangeContext el2 = context;
  el2.geometry.regime = arch::Regime::kEl2;
  EXPECT_EQ(mnemonic({{kPageRw}, 3}, {{0}, 3}, el2), "vale2is");
}

}  // namespace
}  // namespace amalgam::report
