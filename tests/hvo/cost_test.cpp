// What HVO costs: the library's own figures, and those of Linux beside them.
#include "hvo/cost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hvo/linux_counts.hpp"
#include "hvo/vmemmap.hpp"

namespace amalgam::hvo {
namespace {

using arch::Granule;
using arch::RowId;
using pgtable::Strategy;
using testing::Contains;

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;

Question question(std::uint64_t huge_page_bytes, std::uint64_t huge_pages, std::uint64_t batch) {
  Question q;
  q.huge_page_bytes = huge_page_bytes;
  q.huge_pages = huge_pages;
  q.batch = batch;
  return q;
}

Question with_blocks(Question q, std::uint8_t bbm) {
  q.blocks = true;
  q.bbm = bbm;
  return q;
}

TEST(Cost, OfPagesIsTwoStoresATailAndTwoFlushesABatchAtEveryLevel) {
  for (const Granule granule : {Granule::k4K, Granule::k16K, Granule::k64K}) {
    for (const std::uint64_t bytes : huge_page_sizes(granule)) {
      const Saving s = saving(granule, bytes);
      for (std::uint8_t bbm = 0; s.possible() && bbm < 4; ++bbm) {
        Question q = question(bytes, 7, 3);
        q.granule = granule;
        q.bbm = bbm;
        const Answer a = answer(q);
        ASSERT_TRUE(a.plan.status.ok());
        EXPECT_EQ(a.plan.strategy, Strategy::kReadOnlyStaging);
        for (const Costs* costs : {&a.share, &a.restore}) {
          EXPECT_EQ(costs->one.live_stores, 2 * s.freed_pages);
          EXPECT_EQ(costs->batch.live_stores, 3 * 2 * s.freed_pages);
          EXPECT_EQ(costs->all.live_stores, 7 * 2 * s.freed_pages);
          EXPECT_EQ(costs->all.copies, 7 * s.freed_pages);
          EXPECT_EQ(costs->all.private_stores, 0U);
          EXPECT_EQ(costs->one.flushes, 2U);
          EXPECT_EQ(costs->batch.flushes, 2U);
          EXPECT_EQ(costs->all.flushes, 3 * 2U);
          // A flush is DSB, DSB, ISB; copies are ordered before the addresses by a DMB.
          EXPECT_EQ(costs->batch.barriers, 2 * 3 + 1U);
          EXPECT_EQ(costs->all.stops, 0U);
        }
        EXPECT_EQ(a.share.all.compares, 7 * s.freed_pages);
      }
    }
  }
}

TEST(Cost, OfTlbisDependsOnRangesAndOnTheSizeOfTheBatch) {
  Question q = question(2 * kMiB, 1000, 1000);
  EXPECT_EQ(answer(q).share.one.tlbis, 14U);   // 7 pages, twice
  EXPECT_EQ(answer(q).share.batch.tlbis, 2U);  // everything, twice
  q.tlbi_range = true;
  EXPECT_EQ(answer(q).share.one.tlbis, 4U);  // 6 pages and 1, twice
  EXPECT_EQ(answer(q).share.batch.tlbis, 2U);
}

// The whole is found from batches that repeat: it must be what all batches add up to.
TEST(Cost, OfAllIsTheSumOfItsBatchesWhereBlocksAreSplit) {
  for (const std::uint64_t batch : {1ULL, 10ULL, 64ULL, 100ULL, 333ULL}) {
    const Question q = with_blocks(question(2 * kMiB, 4321, batch), 3);
    const Answer a = answer(q);
    Vmemmap<arch::Geometry{}> vmemmap(q, q.huge_pages);
    Counts share;
    Counts restore;
    for (std::uint64_t at = 0; at < q.huge_pages; at += batch) {
      share += vmemmap.share(at, std::min(batch, q.huge_pages - at));
    }
    for (std::uint64_t at = 0; at < q.huge_pages; at += batch) {
      restore += vmemmap.restore(at, std::min(batch, q.huge_pages - at));
    }
    EXPECT_TRUE(a.share.all == share) << batch;
    EXPECT_TRUE(a.restore.all == restore) << batch;
    EXPECT_EQ(share.tables, (4321 * 32 * 1024 + 2 * kMiB - 1) / (2 * kMiB));
    EXPECT_EQ(share.private_stores, 512 * share.tables);
  }
}

TEST(Cost, OfBlocksIsAStoreEachInPlaceAndMoreByOtherRoutes) {
  const auto live_stores = [](std::uint8_t bbm, auto permit) {
    Question q = with_blocks(question(2 * kMiB, 128, 128), bbm);
    if (permit != nullptr) q.permits.*permit = true;
    const Answer a = answer(q);
    EXPECT_TRUE(a.plan.status.ok());
    EXPECT_EQ(a.share.batch.tables, 2U);
    return a.share.batch.live_stores - 2 * 128 * 7;
  };
  bool pgtable::Permits::* const none = nullptr;
  EXPECT_EQ(live_stores(3, none), 2U);
  EXPECT_EQ(live_stores(2, &pgtable::Permits::conflict_abort), 2U);
  EXPECT_EQ(live_stores(1, &pgtable::Permits::no_translation), 4U);
  EXPECT_EQ(live_stores(0, &pgtable::Permits::fault_window), 4U);
  EXPECT_EQ(live_stores(0, &pgtable::Permits::stop_others), 4U);
}

Question remedied(Question q, Remedy remedy) {
  q.permits.stop_others = remedy == Remedy::kStopOthers;
  q.permits.fault_window = remedy == Remedy::kFaultWindow;
  q.permits.no_translation = remedy == Remedy::kNoTranslation;
  q.permits.conflict_abort = remedy == Remedy::kConflictAbort;
  if (remedy == Remedy::kPageMapped) q.blocks = false;
  if (remedy == Remedy::kZonePage) q.shared = pgtable::SharedTail::kZonePage;
  if (remedy == Remedy::kHeadsStill) q.heads_are_still = true;
  if (remedy == Remedy::kBbm2) q.bbm = 2;
  if (remedy == Remedy::kBbm3) q.bbm = 3;
  return q;
}

TEST(Refusal, NamesTheRuleAndExactlyTheOptionsThatEachMakeItLegal) {
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    for (const bool head : {false, true}) {
      for (const bool blocks : {false, true}) {
        Question q = question(2 * kMiB, 2, 2);
        q.bbm = bbm;
        q.blocks = blocks;
        if (head) q.shared = pgtable::SharedTail::kHeadPage;
        const Answer a = answer(q);
        EXPECT_EQ(a.plan.status.ok(), !head && (!blocks || bbm == 3));
        if (a.plan.status.ok()) continue;
        EXPECT_NE(a.plan.row, RowId::kNone);
        EXPECT_TRUE(a.share.all == Counts{});
        for (int i = 0; i <= static_cast<int>(Remedy::kBbm3); ++i) {
          const auto remedy = static_cast<Remedy>(i);
          const bool named = std::ranges::find(a.remedies, remedy) != a.remedies.end();
          const bool lower = remedied(q, remedy).bbm < bbm;
          EXPECT_EQ(named, !lower && answer(remedied(q, remedy)).plan.status.ok()) << i;
        }
        EXPECT_THAT(a.remedies, Contains(Remedy::kStopOthers));
      }
    }
  }
}

TEST(Askable, IsWhatCanBeCounted) {
  EXPECT_TRUE(is_askable(question(2 * kMiB, 1000, 1000)));
  EXPECT_FALSE(is_askable(question(2 * kMiB, 1000, 0)));
  EXPECT_FALSE(is_askable(question(2 * kMiB, 1000, 1001)));
  EXPECT_FALSE(is_askable(question(64 * 1024, 1000, 10)));  // nothing to share
  EXPECT_FALSE(is_askable(question(2 * kMiB, kMaxBatchPages, kMaxBatchPages)));
}

TEST(LinuxCounts, AreThePublishedOnes) {
  Question q = question(2 * kMiB, 1000, 1000);
  EXPECT_EQ(linux_share(q).one.live_stores, 8U);
  EXPECT_EQ(linux_share(q).one.tlbis, 8U);
  EXPECT_EQ(linux_share(q).batch.live_stores, 8000U);
  EXPECT_EQ(linux_share(q).batch.flushes, 2U);
  EXPECT_EQ(linux_share(q).batch.tlbis, 2U);
  EXPECT_EQ(linux_restore(q).one.live_stores, 7U);
  EXPECT_EQ(linux_restore(q).one.copies, 7U);
  EXPECT_EQ(linux_restore(q).batch.flushes, 1U);
  q.tlbi_range = true;
  EXPECT_EQ(linux_share(q).one.tlbis, 1U);
  const Question large = with_blocks(question(kGiB, 1, 1), 0);
  EXPECT_EQ(linux_share(large).one.tables, 8U);
  EXPECT_EQ(linux_share(large).one.private_stores, 8 * 512U);
  EXPECT_EQ(linux_share(large).one.live_stores, 4096 + 8U);
  EXPECT_EQ(linux_share(large).one.flushes, 8 + 1U);
  EXPECT_EQ(linux_restore(large).one.live_stores, 4095U);
}

TEST(LinuxSteps, OweABreakAtEveryLevelButForTheSplit) {
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    const auto steps = linux_steps(with_blocks(question(2 * kMiB, 1, 1), bbm));
    ASSERT_EQ(steps.size(), 4U);
    EXPECT_EQ(steps[0].change.break_required, bbm < 2);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_TRUE(steps[i].change.break_required) << i;
  }
}

}  // namespace
}  // namespace amalgam::hvo
