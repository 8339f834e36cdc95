// What each operation does to live tables, in order, by each strategy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "amalgam/pgtable/page_table.hpp"
#include "pgtable/recorder.hpp"

namespace amalgam::pgtable {
inline namespace sequence_test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using Words = std::vector<std::string>;

constexpr arch::Geometry kGeometry{};
constexpr std::uint64_t kVa = 0x4000'0000;
constexpr std::uint64_t kPage = 0x1000;
constexpr std::uint64_t kBlock = 0x20'0000;
constexpr PhysicalAddress kMemory = 0x8000'0000;
const Words kFlush{"dsb ishst", "tlbi is", "dsb ish", "isb"};

Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class Sequence : public testing::Test {
 protected:
  using Table = PageTable<kGeometry, test::Recorder>;

  // Tables of a CPU of FEAT_BBM level `bbm`, with [kVa, kVa + bytes) mapped.
  Table make(std::uint8_t bbm, std::uint64_t bytes, const LeafSizes& sizes,
             const Attributes& attributes = {.writable = true}) {
    Table::Config config;
    config.features.bbm = bbm;
    config.features.tlbi_range = true;
    EXPECT_TRUE(port_.reserve(1));
    Table table(port_, port_.take(), config);
    table.clear_root();
    {
      auto batch = table.batch();
      EXPECT_TRUE(table.map(kVa, bytes, kMemory, attributes, batch, sizes).ok());
    }
    table.activate();
    port_.start_log();
    return table;
  }
  Table blocks(std::uint8_t bbm) { return make(bbm, 2 * kBlock, {.contiguous = false}); }
  Table pages(std::uint8_t bbm, std::uint64_t bytes) {
    return make(bbm, bytes, {.blocks = false, .contiguous = false});
  }
  // What `operation(table, batch)` does, and then the flush of its batch.
  template <typename F>
  Words run(Table table, const F& operation) {
    auto batch = table.batch();
    const Status status = operation(table, batch);
    EXPECT_TRUE(status.ok()) << name(status.error);
    batch.flush();
    return port_.log;
  }
  static auto split(const Permits& permits) {
    return [permits](Table& t, Table::Batch& b) { return t.split(kVa, kPage, permits, b); };
  }
  static auto collapse(const Permits& permits) {
    return [permits](Table& t, Table::Batch& b) { return t.collapse(kVa, kBlock, permits, b); };
  }
  static auto fold(const Permits& permits) {
    return [permits](Table& t, Table::Batch& b) { return t.fold(kVa, 16 * kPage, permits, b); };
  }
  static auto remap(const Move& move, const Permits& permits) {
    return [=](Table& t, Table::Batch& b) { return t.remap(kVa, kPage, move, permits, b); };
  }

  test::Recorder port_;
};

TEST_F(Sequence, SplitInPlaceFillsTheTableAndLinksItInOneExchange) {
  EXPECT_THAT(run(blocks(3), split({})),
              ElementsAreArray(Words{"fill", "dmb ishst", "link"} + kFlush));
}

TEST_F(Sequence, SplitByABreakFillsTheTableBeforeTheWindow) {
  EXPECT_THAT(run(blocks(0), split({.fault_window = true})),
              ElementsAreArray(Words{"fill", "break"} + kFlush +
                               Words{"dmb ishst", "link", "dsb ishst", "isb"}));
}

TEST_F(Sequence, SplitByNtFlushesTwice) {
  EXPECT_THAT(run(blocks(1), split({.no_translation = true})),
              ElementsAreArray(Words{"nt"} + kFlush + Words{"fill", "dmb ishst", "link"} + kFlush));
}

TEST_F(Sequence, SplitWithTheOthersStoppedEndsBeforeTheyGoOn) {
  EXPECT_THAT(run(blocks(0), split({.stop_others = true})),
              ElementsAreArray(Words{"stop", "fill", "break"} + kFlush +
                               Words{"dmb ishst", "link", "dsb ishst", "isb", "resume"}));
}

TEST_F(Sequence, SplitIsRefusedWithTheRowWhereNothingIsPermitted) {
  for (std::uint8_t bbm = 0; bbm < 3; ++bbm) {
    Table table = blocks(bbm);
    auto batch = table.batch();
    const Status status = table.split(kVa, kPage, {}, batch);
    EXPECT_EQ(status.error, Error::kNotPermitted);
    EXPECT_EQ(status.row, arch::RowId::kBlockToTable);
    EXPECT_THAT(port_.log, IsEmpty());
    EXPECT_EQ(port_.reserved(), 0U);
  }
}

TEST_F(Sequence, SplitFillsAgainWhereHardwareMarksTheBlock) {
  Table table = make(3, kBlock, {}, {.writable = true, .accessed = false});
  port_.hardware = [](std::uint64_t& raw) { raw |= arch::bits::kAccessFlag; };
  auto batch = table.batch();
  ASSERT_TRUE(table.split(kVa, kPage, {}, batch).ok());
  EXPECT_THAT(port_.log, ElementsAre("fill", "dmb ishst", "fill", "dmb ishst", "link"));
  EXPECT_TRUE(arch::has_access_flag({table.query(kVa + 7 * kPage)->raw}));
}

TEST_F(Sequence, CollapseInPlaceKeepsTheTableUntilTheFlush) {
  EXPECT_THAT(run(pages(3, kBlock), collapse({})),
              ElementsAreArray(Words{"make"} + kFlush + Words{"free"}));
}

TEST_F(Sequence, CollapseByABreakReadsTheLeavesAfterTheFlush) {
  EXPECT_THAT(
      run(pages(0, kBlock), collapse({.fault_window = true})),
      ElementsAreArray(Words{"break"} + kFlush + Words{"make", "dsb ishst", "isb", "free"}));
}

TEST_F(Sequence, CollapseByNtFreesTheTableBeforeTheBlockIsUsed) {
  EXPECT_THAT(run(pages(1, kBlock), collapse({.no_translation = true})),
              ElementsAreArray(Words{"nt"} + kFlush + Words{"free", "make"} + kFlush));
}

TEST_F(Sequence, FoldInPlaceIsSixteenStoresAndAFlush) {
  Table table = pages(3, 16 * kPage);
  const std::uint64_t before = port_.stores;
  EXPECT_THAT(run(table, fold({})), ElementsAreArray(Words{"make"} + kFlush));
  EXPECT_EQ(port_.stores - before, 16U);
  EXPECT_TRUE(arch::is_contiguous(kGeometry, {table.query(kVa)->raw}, 3));
}

TEST_F(Sequence, FoldByABreakBreaksTheWholeGroup) {
  EXPECT_THAT(run(pages(0, 16 * kPage), fold({.fault_window = true})),
              ElementsAreArray(Words{"break"} + kFlush + Words{"make", "dsb ishst", "isb"}));
}

TEST_F(Sequence, AnAbortThatNobodyCanAnswerIsARefusal) {
  Table table = pages(2, 16 * kPage);
  auto batch = table.batch();
  EXPECT_EQ(table.fold(kVa, 16 * kPage, {}, batch).error, Error::kNotPermitted);
  EXPECT_TRUE(table.fold(kVa, 16 * kPage, {.conflict_abort = true}, batch).ok());
}

TEST_F(Sequence, StagingMovesAWritablePageWithoutABreak) {
  const Move move{
      .output = 0x9000'0000, .attributes = {.writable = true}, .carry = Carry::kContents};
  EXPECT_THAT(run(pages(0, kPage), remap(move, {.read_only_window = true})),
              ElementsAreArray(Words{"make"} + kFlush + Words{"copy", "dmb ishst", "make"} +
                               kFlush + Words{"make"} + kFlush));
}

TEST_F(Sequence, ABreakThatCarriesContentsCopiesBetween) {
  const Move move{
      .output = 0x9000'0000, .attributes = {.writable = true}, .carry = Carry::kContents};
  EXPECT_THAT(run(pages(0, kPage), remap(move, {.fault_window = true, .read_only_window = true})),
              ElementsAreArray(Words{"break"} + kFlush +
                               Words{"copy", "dmb ishst", "make", "dsb ishst", "isb"}));
}

TEST_F(Sequence, APartOfABlockIsSplitFlushedAndChanged) {
  const auto protect = [](Table& t, Table::Batch& b) { return t.protect(kVa, kPage, {}, {}, b); };
  EXPECT_THAT(run(blocks(3), protect), ElementsAreArray(Words{"fill", "dmb ishst", "link"} +
                                                        kFlush + Words{"make"} + kFlush));
}

TEST_F(Sequence, PartsAreRefusedWhereSplittingIs) {
  Table table = blocks(3);
  auto batch = table.batch();
  EXPECT_EQ(table.unmap(kVa + kPage, kPage, batch, {.split = false}),
            (Status{Error::kPartialBlock, kVa}));
  EXPECT_THAT(port_.log, IsEmpty());
}

TEST_F(Sequence, HarvestReportsEachDirtyPageOnceAndItsGroupAsOne) {
  Table table = make(3, 16 * kPage, {}, {.writable = true, .dirty_tracking = true});
  auto batch = table.batch();
  std::vector<std::uint64_t> found;
  const auto note = [&](std::uint64_t va, std::uint64_t bytes) {
    found.push_back(va);
    found.push_back(bytes);
  };
  ASSERT_TRUE(table.harvest_dirty(kVa + 3 * kPage, kPage, batch, note).ok());
  EXPECT_THAT(found, ElementsAre(kVa, 16 * kPage));
  ASSERT_TRUE(table.harvest_dirty(kVa, 16 * kPage, batch, note).ok());
  EXPECT_EQ(found.size(), 2U);
}

TEST_F(Sequence, OfAPlanIsToldInOneLine) {
  Table table = blocks(0);
  std::string text;
  const auto sink = [&](std::string_view part) { text += part; };
  describe(table.plan_split(kVa, kPage, {.fault_window = true}), sink);
  EXPECT_THAT(text, testing::StartsWith("strategy: break-before-make; to split: break-before-make; "
                                        "splits 1; tables 1; live stores 0; flushes within 1; "
                                        "because: R_WHZWS (3), R_KFLJB, the size changes"));
  text.clear();
  describe(table.plan_split(kVa, kPage, {}), sink);
  EXPECT_THAT(text, testing::HasSubstr("refused: not permitted by the caller at 0x40000000"));
}

TEST_F(Sequence, DumpTellsRunsLineByLine) {
  Table table = make(0, kBlock + 20 * kPage, {});
  std::string text;
  ASSERT_TRUE(table.dump(kVa, 2 * kBlock, [&](std::string_view part) { text += part; }).ok());
  EXPECT_EQ(text,
            "0x0000000040000000-0x0000000040200000 -> 0x0000080000000 L2 rw- AF attr 0\n"
            "0x0000000040200000-0x0000000040210000 -> 0x0000080200000 L3 contiguous rw- AF attr 0\n"
            "0x0000000040210000-0x0000000040214000 -> 0x0000080210000 L3 rw- AF attr 0\n");
}

TEST_F(Sequence, InstallLeavesTheFirstOne) {
  Table table = pages(0, kPage);
  EXPECT_TRUE(table.install(kVa + kBlock, 3, kMemory, {}).ok());
  EXPECT_THAT(port_.log, ElementsAre("fill", "dmb ishst", "link", "make", "dsb ishst", "isb"));
  EXPECT_EQ(table.install(kVa + kBlock, 3, kMemory + kPage, {}).error, Error::kAlreadyMapped);
  EXPECT_EQ(table.install(kVa, 2, kMemory, {}).error, Error::kAlreadyMapped);
  EXPECT_EQ(table.query(kVa + kBlock)->output, kMemory);
  EXPECT_EQ(port_.reserved(), 0U);
}

TEST_F(Sequence, InstallGoesThroughTheTableOfWhoeverWasFirst) {
  Table table = pages(0, kPage);
  // Another CPU links a table of its own just before this one would.
  PhysicalAddress other = 0;
  port_.hardware = [&](std::uint64_t& raw) {
    if (other != 0 || raw != 0) return;
    EXPECT_TRUE(port_.reserve(1));
    other = port_.MemoryPort::take();
    for (std::size_t i = 0; i < 512; ++i) port_.MemoryPort::store(port_.open(other), i, 0);
    raw = other | 3;
  };
  const std::size_t pages_before = port_.pages();
  EXPECT_TRUE(table.install(kVa + kBlock, 3, kMemory, {}).ok());
  EXPECT_EQ(port_.pages(), pages_before + 1);
  EXPECT_EQ(table.query(kVa + kBlock)->output, kMemory);
}

}  // namespace
}  // namespace sequence_test
}  // namespace amalgam::pgtable
