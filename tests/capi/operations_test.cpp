// Each call of the C interface, on each geometry where that makes a difference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "capi/kernel.hpp"

namespace amalgam::capi::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kVa = 0x40'0000'0000 >> 1;  // within 40 bits, a multiple of every block
constexpr std::uint64_t kOutput = 0x20'0000'0000;
const amalgam_permits kFaults{true, false, false, false, false, true};

#define EXPECT_OK(call) EXPECT_EQ((call).error, AMALGAM_OK)
#define ASSERT_OK(call) ASSERT_EQ((call).error, AMALGAM_OK)

class EveryGeometry : public testing::TestWithParam<std::uint32_t> {
 protected:
  std::uint64_t block() const { return amalgam_leaf_bytes(GetParam(), 2); }
};
INSTANTIATE_TEST_SUITE_P(C, EveryGeometry, testing::Range(0U, unsigned{AMALGAM_GEOMETRY_COUNT}));

TEST_P(EveryGeometry, MapsProtectsAndUnmapsBlocks) {
  Kernel k(GetParam());
  ASSERT_OK(k.boot());
  EXPECT_TRUE(amalgam_is_live(&k.tables));
  const amalgam_attributes rw = attributes(true);
  const amalgam_attributes ro = attributes(false);
  ASSERT_OK(amalgam_map(&k.tables, kVa, 2 * block(), kOutput, &rw, nullptr, nullptr));
  EXPECT_EQ(k.output_of(kVa + block() + 8), kOutput + block() + 8);
  EXPECT_EQ(k.level_of(kVa), 2);
  EXPECT_THAT(k.tlbis, IsEmpty());
  ASSERT_OK(amalgam_protect(&k.tables, kVa, block(), &ro, nullptr, nullptr));
  EXPECT_FALSE(k.tlbis.empty()) << "no batch: flushed before the call returned";
  ASSERT_OK(amalgam_unmap(&k.tables, kVa, 2 * block(), nullptr, nullptr));
  EXPECT_EQ(k.level_of(kVa), -2);
  EXPECT_EQ(k.reserved, 0U);
}

TEST_P(EveryGeometry, SplitsAndCollapsesByBreakBeforeMakeWhereTheLevelIsZero) {
  Kernel k(GetParam());
  ASSERT_OK(k.boot());
  const amalgam_attributes rw = attributes(true);
  ASSERT_OK(amalgam_map(&k.tables, kVa, block(), kOutput, &rw, nullptr, nullptr));
  const std::uint64_t page = k.shape.page_bytes;
  const amalgam_plan refused = amalgam_plan_split(&k.tables, kVa + page, page, nullptr);
  EXPECT_EQ(refused.status.error, AMALGAM_NOT_PERMITTED);
  EXPECT_EQ(amalgam_split(&k.tables, kVa + page, page, nullptr, nullptr).error,
            AMALGAM_NOT_PERMITTED);
  EXPECT_EQ(k.level_of(kVa), 2);
  EXPECT_EQ(amalgam_plan_split(&k.tables, kVa + page, page, &kFaults).strategy,
            AMALGAM_BREAK_BEFORE_MAKE);
  ASSERT_OK(amalgam_split(&k.tables, kVa + page, page, &kFaults, nullptr));
  EXPECT_EQ(k.level_of(kVa), 3);
  EXPECT_EQ(k.output_of(kVa + page), kOutput + page);
  EXPECT_EQ(amalgam_plan_collapse(&k.tables, kVa, block(), &kFaults).collapses, 1U);
  ASSERT_OK(amalgam_collapse(&k.tables, kVa, block(), &kFaults, nullptr));
  EXPECT_EQ(k.level_of(kVa), 2);
  EXPECT_EQ(k.given_back, 1U);
}

TEST_P(EveryGeometry, SplitsInPlaceAtLevelTwoAndFolds) {
  Kernel k(GetParam());
  k.config.features.bbm = 3;
  ASSERT_OK(k.boot());
  const amalgam_attributes rw = attributes(true);
  ASSERT_OK(amalgam_map(&k.tables, kVa, block(), kOutput, &rw, nullptr, nullptr));
  EXPECT_EQ(amalgam_plan_refine(&k.tables, kVa, block(), 3, nullptr).strategy, AMALGAM_IN_PLACE);
  ASSERT_OK(amalgam_refine(&k.tables, kVa, block(), 3, nullptr, nullptr));
  EXPECT_EQ(k.level_of(kVa), 3);
  const amalgam_plan fold = amalgam_plan_fold(&k.tables, kVa, block(), nullptr);
  EXPECT_GT(fold.folds, 1U);
  ASSERT_OK(amalgam_fold(&k.tables, kVa, block(), nullptr, nullptr));
  EXPECT_EQ(amalgam_plan_unfold(&k.tables, kVa, block(), nullptr).changed,
            block() / k.shape.page_bytes);
  ASSERT_OK(amalgam_unfold(&k.tables, kVa, block(), nullptr, nullptr));
  EXPECT_EQ(amalgam_plan_fold(&k.tables, kVa, block(), nullptr).folds, fold.folds);
}

TEST_P(EveryGeometry, MovesByTheRouteThatIsPermitted) {
  Kernel k(GetParam());
  ASSERT_OK(k.boot());
  const amalgam_attributes rw = attributes(true);
  const std::uint64_t from = k.page();
  const std::uint64_t to = k.page();
  const std::uint64_t page = k.shape.page_bytes;
  k.word(from) = 7;
  ASSERT_OK(amalgam_map(&k.tables, kVa, page, from, &rw, nullptr, nullptr));
  const amalgam_move move{to, rw, true};
  amalgam_permits read_only = AMALGAM_PERMITS_INIT;
  read_only.read_only_window = true;
  EXPECT_EQ(amalgam_plan_remap(&k.tables, kVa, page, &move, nullptr).status.error,
            AMALGAM_NOT_PERMITTED);
  EXPECT_EQ(amalgam_plan_remap(&k.tables, kVa, page, &move, &read_only).strategy,
            AMALGAM_READ_ONLY_STAGING);
  ASSERT_OK(amalgam_remap(&k.tables, kVa, page, &move, &read_only, nullptr));
  EXPECT_EQ(k.output_of(kVa), to);
  EXPECT_EQ(k.word(to), 7U);
  EXPECT_EQ(k.copies, 1U);
  const amalgam_move back{from, rw, false};
  ASSERT_OK(amalgam_remap(&k.tables, kVa, page, &back, &kFaults, nullptr));
  EXPECT_EQ(k.output_of(kVa), from);
}

TEST_P(EveryGeometry, InstallsWithoutTheLock) {
  Kernel k(GetParam());
  ASSERT_OK(k.boot());
  const amalgam_attributes rw = attributes(true);
  ASSERT_OK(amalgam_install(&k.tables, kVa, 3, kOutput, &rw));
  EXPECT_EQ(k.output_of(kVa), kOutput);
  EXPECT_EQ(amalgam_install(&k.tables, kVa, 3, kOutput, &rw).error, AMALGAM_ALREADY_MAPPED);
  EXPECT_EQ(amalgam_install(&k.tables, kVa, 4, kOutput, &rw).error, AMALGAM_OUT_OF_RANGE);
}

TEST_P(EveryGeometry, TellsWhatIsMapped) {
  Kernel k(GetParam());
  ASSERT_OK(k.boot());
  const std::uint64_t page = k.shape.page_bytes;
  amalgam_attributes a = attributes(true);
  a.software = 5;
  const amalgam_leaf_sizes pages_alone{false, false};
  ASSERT_OK(amalgam_map(&k.tables, kVa, 3 * page, kOutput, &a, &pages_alone, nullptr));
  ASSERT_OK(amalgam_unmap(&k.tables, kVa + page, page, nullptr, nullptr));
  std::vector<amalgam_mapping> found;
  const auto gather = [](void* context, const amalgam_mapping* mapping) {
    static_cast<std::vector<amalgam_mapping>*>(context)->push_back(*mapping);
  };
  ASSERT_OK(amalgam_for_each_mapping(&k.tables, kVa, block(), gather, &found));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].start_va, kVa);
  EXPECT_EQ(found[0].end_va, kVa + page);
  EXPECT_EQ(found[1].output, kOutput + 2 * page);
  EXPECT_EQ(found[1].level, 3);
  EXPECT_FALSE(found[1].contiguous);
  EXPECT_TRUE(found[1].attributes.writable);
  EXPECT_EQ(found[1].attributes.software, 5);
  std::string text;
  const auto append = [](void* context, const char* part, std::size_t length) {
    static_cast<std::string*>(context)->append(part, length);
  };
  ASSERT_OK(amalgam_dump(&k.tables, kVa, block(), append, &text));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr(" rw- AF"));
}

TEST(COperations, EndsTheUpperHalfAtZero) {
  Kernel k(AMALGAM_4K_48);
  k.config.upper_half = true;
  ASSERT_OK(k.boot());
  const std::uint64_t last = ~std::uint64_t{0} - 4095;
  const amalgam_attributes a = attributes(true);
  ASSERT_OK(amalgam_map(&k.tables, last, 4096, kOutput, &a, nullptr, nullptr));
  EXPECT_EQ(k.output_of(last + 5), kOutput + 5);
  std::vector<std::uint64_t> ends;
  const auto gather = [](void* context, const amalgam_mapping* mapping) {
    static_cast<std::vector<std::uint64_t>*>(context)->push_back(mapping->end_va);
  };
  ASSERT_OK(amalgam_for_each_mapping(&k.tables, last, 4096, gather, &ends));
  EXPECT_THAT(ends, ElementsAre(0U));
  EXPECT_EQ(amalgam_unmap(&k.tables, 0, 4096, nullptr, nullptr).error, AMALGAM_OUT_OF_RANGE);
}

TEST(COperations, HarvestsAccessedAndDirtyLeaves) {
  Kernel k(AMALGAM_4K_48);
  k.config.knowledge.hardware_af = k.config.knowledge.hardware_dirty = true;
  ASSERT_OK(k.boot());
  amalgam_attributes a = attributes(true);
  a.dirty_tracking = true;
  const amalgam_leaf_sizes pages_alone{false, false};
  ASSERT_OK(amalgam_map(&k.tables, kVa, 8192, kOutput, &a, &pages_alone, nullptr));
  using Marked = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Marked marked;
  const auto gather = [](void* context, std::uint64_t va, std::uint64_t bytes) {
    static_cast<Marked*>(context)->emplace_back(va, bytes);
  };
  ASSERT_OK(amalgam_harvest_dirty(&k.tables, kVa, 8192, gather, &marked, nullptr));
  EXPECT_THAT(marked, ElementsAre(std::pair(kVa, 4096U), std::pair(kVa + 4096, 4096U)));
  marked.clear();
  ASSERT_OK(amalgam_harvest_dirty(&k.tables, kVa, 8192, gather, &marked, nullptr));
  EXPECT_THAT(marked, IsEmpty());
  ASSERT_OK(amalgam_age(&k.tables, kVa, 4096, gather, &marked, nullptr));
  EXPECT_THAT(marked, ElementsAre(std::pair(kVa, 4096U)));
  ASSERT_OK(amalgam_age(&k.tables, kVa, 8192, nullptr, nullptr, nullptr));
  marked.clear();
  ASSERT_OK(amalgam_age(&k.tables, kVa, 8192, gather, &marked, nullptr));
  EXPECT_THAT(marked, IsEmpty());
}

TEST(COperations, PlansAsItDoes) {
  Kernel k(AMALGAM_4K_48);
  ASSERT_OK(k.boot());
  const amalgam_attributes rw = attributes(true);
  const amalgam_attributes ro = attributes(false);
  ASSERT_OK(amalgam_map(&k.tables, kVa, 8192, kOutput, &rw, nullptr, nullptr));
  const amalgam_plan protect = amalgam_plan_protect(&k.tables, kVa, 8192, &ro, nullptr);
  EXPECT_EQ(protect.strategy, AMALGAM_IN_PLACE);
  EXPECT_EQ(protect.changed, 2U);
  EXPECT_EQ(amalgam_plan_unmap(&k.tables, kVa, 8192, nullptr).status.error, AMALGAM_OK);
  amalgam_permits whole = AMALGAM_PERMITS_INIT;
  whole.split = false;
  ASSERT_OK(amalgam_map(&k.tables, kVa + 0x20'0000, 0x20'0000, kOutput, &rw, nullptr, nullptr));
  EXPECT_EQ(amalgam_plan_unmap(&k.tables, kVa + 0x20'0000, 4096, &whole).status.error,
            AMALGAM_PARTIAL_BLOCK);
  EXPECT_EQ(amalgam_unmap(&k.tables, kVa + 0x20'0000, 4096, &whole, nullptr).error,
            AMALGAM_PARTIAL_BLOCK);
}

TEST(COperations, KeepsWhatIsStaleInTheCallersBatch) {
  Kernel k(AMALGAM_4K_48);
  ASSERT_OK(k.boot());
  const amalgam_attributes rw = attributes(true);
  ASSERT_OK(amalgam_map(&k.tables, kVa, 8192, kOutput, &rw, nullptr, nullptr));
  amalgam_batch batch;
  amalgam_batch_begin(&batch, &k.tables);
  EXPECT_FALSE(amalgam_batch_is_stale(&batch));
  ASSERT_OK(amalgam_unmap(&k.tables, kVa, 8192, nullptr, &batch));
  EXPECT_TRUE(amalgam_batch_is_stale(&batch));
  EXPECT_THAT(k.tlbis, IsEmpty());
  amalgam_batch_flush(&batch);
  EXPECT_FALSE(amalgam_batch_is_stale(&batch));
  EXPECT_THAT(k.tlbis, Contains("vale1is"));
  EXPECT_THAT(k.barriers, Contains("dsb ish"));
  const amalgam_flush_cost cost = amalgam_batch_cost(&batch);
  EXPECT_EQ(cost.tlbis, k.tlbis.size());
  EXPECT_GT(cost.barriers, 0U);
  EXPECT_THAT(k.phases, ElementsAre(AMALGAM_NOTIFY_START, AMALGAM_NOTIFY_NOW, AMALGAM_NOTIFY_END));
  ASSERT_OK(amalgam_map(&k.tables, kVa, 4096, kOutput, &rw, nullptr, &batch));
  ASSERT_OK(amalgam_unmap(&k.tables, kVa, 4096, nullptr, &batch));
  const std::size_t before = k.tlbis.size();
  amalgam_batch_end(&batch);
  EXPECT_GT(k.tlbis.size(), before);
}

TEST(COperations, SharesAndRestoresTails) {
  Kernel k(AMALGAM_4K_48);
  ASSERT_OK(k.boot());
  const amalgam_attributes rw = attributes(true);
  const std::uint64_t first = k.page();
  for (int i = 1; i < 4; ++i) k.word(k.page()) = 9;
  const std::uint64_t zone = k.page();
  k.word(zone) = 9;
  const amalgam_leaf_sizes pages_alone{false, false};
  ASSERT_OK(amalgam_map(&k.tables, kVa, 4 * 4096, first, &rw, &pages_alone, nullptr));
  const amalgam_hvo_config hvo{rw, false, false, AMALGAM_PERMITS_INIT};
  const amalgam_huge_page huge{kVa, 4 * 4096};
  EXPECT_EQ(amalgam_hvo_tails(&k.tables, &huge, 1), 3U);
  EXPECT_EQ(amalgam_hvo_plan_share(&k.tables, &hvo, &huge, 1).changed, 3U);
  std::uint64_t freed[3] = {};
  amalgam_hvo_cost cost;
  EXPECT_EQ(amalgam_hvo_share(&k.tables, &hvo, &huge, 1, zone, freed, 2, &cost).error,
            AMALGAM_NO_MEMORY);
  ASSERT_OK(amalgam_hvo_share(&k.tables, &hvo, &huge, 1, zone, freed, 3, &cost));
  EXPECT_THAT(freed, ElementsAre(first + 4096, first + 8192, first + 3 * 4096));
  EXPECT_EQ(cost.pages, 3U);
  EXPECT_EQ(cost.flushes, 2U);
  EXPECT_EQ(k.copies, 0U) << "the contents were equal";
  EXPECT_EQ(k.output_of(kVa + 8192), zone);
  ASSERT_OK(amalgam_hvo_restore(&k.tables, &hvo, &huge, 1, freed, 3, nullptr));
  EXPECT_EQ(k.output_of(kVa + 8192), first + 8192);
  EXPECT_EQ(amalgam_hvo_restore(&k.tables, &hvo, &huge, 1, freed, 3, nullptr).error,
            AMALGAM_NOT_SHARED);
}

}  // namespace
}  // namespace amalgam::capi::test
