// Corners of operations that random tests seldom reach.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "amalgam/pgtable/hvo.hpp"
#include "amalgam/pgtable/page_table.hpp"
#include "pgtable/rule_port.hpp"

namespace amalgam::pgtable {
inline namespace corner_test {
namespace {

constexpr arch::Geometry kGeometry{};
constexpr arch::Geometry kNarrow{.va_bits = 40, .pa_bits = 40};
constexpr std::uint64_t kVa = 0x40'0000'0000;
constexpr std::uint64_t kPage = 0x1000;
constexpr std::uint64_t kBlock = 0x20'0000;
constexpr std::uint64_t kGigabyte = 0x4000'0000;
constexpr PhysicalAddress kMemory = 0x80'0000'0000;
constexpr Attributes kReadWrite{.writable = true};

template <arch::Geometry kShape>
class Rig {
 public:
  using Port = test::RulePort<kShape>;
  using Table = PageTable<kShape, Port>;

  explicit Rig(std::uint8_t bbm, std::size_t pages = 4096, const TlbContext& tlb = {})
      : port(pages, features(bbm), false), table(port, make_root(), config(bbm, tlb)) {
    port.root_is(table.root());
    table.clear_root();
  }
  void map(std::uint64_t va, std::uint64_t bytes, PhysicalAddress output, const Attributes& a,
           const LeafSizes& sizes) {
    auto batch = table.batch();
    const Status status = table.map(va, bytes, output, a, batch, sizes);
    EXPECT_TRUE(status.ok()) << name(status.error);
  }
  void go_live() {
    table.activate();
    port.now_live();
  }
  // Stores straight into the descriptor of `level` for `va`.
  void poke(std::uint64_t va, int level, std::uint64_t set, std::uint64_t clear) {
    walk<kShape>(port, table.root(), {va, va + kPage}, [&](const Visit<Port>& v) {
      if (v.level < level) return Step::kDescend;
      v.table.store(v.index, (v.raw | set) & ~clear);
      return Step::kStop;
    });
  }
  [[nodiscard]] std::uint64_t raw(std::uint64_t va, int level) {
    std::uint64_t found = 0;
    walk<kShape>(port, table.root(), {va, va + kPage}, [&](const Visit<Port>& v) {
      if (v.level == level) found = v.raw;
      return Step::kDescend;
    });
    return found;
  }
  void expect_legal() const {
    EXPECT_TRUE(port.offences.empty()) << port.offences.front();
    EXPECT_EQ(port.misuses, 0U);
    EXPECT_EQ(port.reserved(), 0U);
  }

  Port port;
  Table table;

 private:
  static arch::Features features(std::uint8_t bbm) {
    arch::Features f;
    f.bbm = bbm;
    return f;
  }
  static typename Table::Config config(std::uint8_t bbm, const TlbContext& tlb) {
    typename Table::Config c;
    c.features = features(bbm);
    c.tlb = tlb;
    return c;
  }
  PhysicalAddress make_root() {
    EXPECT_TRUE(port.reserve(1));
    return port.take();
  }
};

TEST(Corners, APieceOfALargeBlockMovesOnlyToAMultipleOfItsSize) {
  Rig<kGeometry> rig(3);
  rig.map(kVa, kGigabyte, kMemory, kReadWrite, {.contiguous = false});
  rig.go_live();
  auto batch = rig.table.batch();
  const Permits permits{.fault_window = true};
  const Move crooked{.output = 0x10'0000'1000, .attributes = kReadWrite};
  EXPECT_EQ(rig.table.remap(kVa + kBlock, kBlock, crooked, permits, batch).error,
            Error::kMisaligned);
  const Move straight{.output = 0x10'0020'0000, .attributes = kReadWrite};
  EXPECT_TRUE(rig.table.remap(kVa + kBlock, kBlock, straight, permits, batch).ok());
  EXPECT_EQ(rig.table.query(kVa + kBlock)->output, 0x10'0020'0000U);
  // Within one block the pieces are pages, which go anywhere.
  const Move page{.output = 0x10'0000'1000, .attributes = kReadWrite};
  EXPECT_TRUE(rig.table.remap(kVa + 3 * kPage, 2 * kPage, page, permits, batch).ok());
  EXPECT_EQ(rig.table.query(kVa + 4 * kPage)->output, 0x10'0000'2000U);
  rig.expect_legal();
}

TEST(Corners, StagingIsJudgedByThePieceInsideTheRange) {
  Rig<kNarrow> rig(3);
  rig.map(kVa, kBlock, kMemory, kReadWrite, {});
  rig.go_live();
  auto batch = rig.table.batch();
  const Move move{
      .output = 0x1000, .attributes = {.writable = true, .memory = 3}, .carry = Carry::kContents};
  const Status status =
      rig.table.remap(kVa + kBlock / 2, kPage, move, {.read_only_window = true}, batch);
  EXPECT_EQ(status.error, Error::kNotPermitted);
  rig.expect_legal();
}

TEST(Corners, ContentsAreNotCarriedOverWhatIsStillToBeRead) {
  Rig<kGeometry> rig(0);
  rig.map(kVa, 4 * kPage, kMemory, kReadWrite, {.contiguous = false});
  rig.go_live();
  auto batch = rig.table.batch();
  const Move up{.output = kMemory + kPage, .attributes = kReadWrite, .carry = Carry::kContents};
  EXPECT_EQ(rig.table.remap(kVa, 4 * kPage, up, {.fault_window = true}, batch).error,
            Error::kOverlap);
  const Move same{.output = kMemory, .attributes = kReadWrite, .carry = Carry::kContents};
  EXPECT_TRUE(rig.table.remap(kVa, 4 * kPage, same, {.fault_window = true}, batch).ok());
}

TEST(Corners, WhatCollapsesOnlyLaterIsLeftWhereNoRouteIsPermitted) {
  Rig<kGeometry> rig(0);
  rig.map(kVa, kGigabyte, kMemory, kReadWrite, {.contiguous = false});
  // Not accessed, the pages can collapse in place; the blocks around them are accessed.
  ASSERT_TRUE([&] {
    auto batch = rig.table.batch();
    return rig.table.split(kVa + kPage, kPage, {}, batch).ok();
  }());
  for (std::uint64_t i = 0; i < 512; ++i) {
    rig.poke(kVa + i * kPage, 3, 0, arch::bits::kAccessFlag);
  }
  rig.go_live();
  auto batch = rig.table.batch();
  ASSERT_TRUE(rig.table.collapse(kVa, kGigabyte, {}, batch).ok());
  EXPECT_EQ(rig.table.query(kVa)->level, 2);
  rig.expect_legal();
}

TEST(Corners, ATableWithRestrictionsDoesNotCollapse) {
  Rig<kGeometry> rig(3);
  rig.map(kVa, kBlock, kMemory, kReadWrite, {.blocks = false, .contiguous = false});
  rig.poke(kVa, 2, arch::bits::kPxnTable, 0);
  rig.go_live();
  EXPECT_EQ(rig.table.plan_collapse(kVa, kBlock, {}).collapses, 0U);
}

TEST(Corners, AHoleInAGroupStaysAHole) {
  Rig<kGeometry> rig(0);
  rig.map(kVa, 16 * kPage, kMemory, kReadWrite, {.blocks = false});
  rig.poke(kVa + 5 * kPage, 3, 0, ~std::uint64_t{0});
  rig.poke(kVa + 6 * kPage, 3, 0, arch::bits::kValid);
  rig.go_live();
  const std::uint64_t foreign = rig.raw(kVa + 6 * kPage, 3);
  auto batch = rig.table.batch();
  ASSERT_TRUE(rig.table.unfold(kVa, kPage, {.fault_window = true}, batch).ok());
  EXPECT_EQ(rig.raw(kVa + 5 * kPage, 3), 0U);
  EXPECT_EQ(rig.raw(kVa + 6 * kPage, 3), foreign);
  EXPECT_FALSE(arch::is_contiguous(kGeometry, {rig.raw(kVa, 3)}, 3));
}

TEST(Corners, AChangeOfOneMemberOfAGroupIsRefused) {
  Rig<kGeometry> rig(0);
  rig.map(kVa, 16 * kPage, kMemory, kReadWrite, {.blocks = false});
  rig.go_live();
  auto batch = rig.table.batch();
  const auto third_only = [](const Leaf& leaf) {
    return leaf.input == kVa + 3 * kPage ? 0 : leaf.raw;
  };
  const Status status =
      rig.table.change(kVa, 16 * kPage, third_only, {.fault_window = true}, batch);
  EXPECT_EQ(status.error, Error::kPartialBlock);
  EXPECT_EQ(status.row, arch::RowId::kGroupMemberAlone);
}

TEST(Corners, AGroupIsAccessedIfAMemberIs) {
  Rig<kGeometry> rig(0);
  rig.map(kVa, 16 * kPage, kMemory, {.writable = true, .accessed = false}, {.blocks = false});
  rig.poke(kVa + 7 * kPage, 3, arch::bits::kAccessFlag, 0);
  rig.go_live();
  auto batch = rig.table.batch();
  EXPECT_EQ(rig.table.unfold(kVa, kPage, {}, batch).error, Error::kNotPermitted);
  EXPECT_EQ(rig.table.split(kVa + kPage, kPage, {}, batch).error, Error::kNotPermitted);
  const Attributes device{.writable = true, .accessed = false, .memory = 1};
  ASSERT_TRUE(rig.table.protect(kVa, 16 * kPage, device, {.fault_window = true}, batch).ok());
  rig.expect_legal();
}

// Notes which operations reach the TLBs.
class TlbiPort : public test::MemoryPort {
 public:
  TlbiPort() : MemoryPort(512, 64) {}
  void tlbi(const arch::TlbiMnemonic& m, std::uint64_t) { kinds.push_back(m.kind); }
  std::vector<arch::TlbiKind> kinds;
};

TEST(Corners, AnEntryThatBecomesGlobalLeavesEveryAsid) {
  TlbiPort port;
  ASSERT_TRUE(port.reserve(1));
  PageTable<kGeometry, TlbiPort> table(port, port.take(), {.tlb = {.asid = 7}});
  table.clear_root();
  auto batch = table.batch();
  ASSERT_TRUE(table.map(kVa, kPage, kMemory, {.global = false}, batch).ok());
  table.activate();
  ASSERT_TRUE(table.protect(kVa, kPage, {.global = true}, {.fault_window = true}, batch).ok());
  EXPECT_THAT(port.kinds, testing::ElementsAre(arch::TlbiKind::kVaAllAsids));
}

TEST(Corners, RefiningLooksBehindHolesAndNotIntoThem) {
  Rig<kGeometry> rig(3);
  rig.map(kVa + kGigabyte, kPage, kMemory, kReadWrite, {});
  rig.map(kVa + kGigabyte + 16 * kPage, 16 * kPage, kMemory + 16 * kPage, kReadWrite, {});
  rig.go_live();
  auto batch = rig.table.batch();
  const std::uint64_t opened = rig.port.opened;
  ASSERT_TRUE(rig.table.refine(0, std::uint64_t{1} << 47, 2, {}, batch).ok());
  EXPECT_LT(rig.port.opened - opened, 100U);
  EXPECT_FALSE(arch::is_contiguous(kGeometry, {rig.raw(kVa + kGigabyte + 16 * kPage, 3)}, 3));
  EXPECT_EQ(rig.table.refine(kVa, kPage, 4, {}, batch).error, Error::kOutOfRange);
  EXPECT_EQ(rig.table.refine(kVa, kPage, -1, {}, batch).error, Error::kOutOfRange);
  rig.expect_legal();
}

TEST(Corners, RefiningOnePageOfALargeBlockTakesATableALevel) {
  Rig<kGeometry> rig(3);
  rig.map(kVa, kGigabyte, kMemory, kReadWrite, {.contiguous = false});
  rig.go_live();
  EXPECT_EQ(rig.table.plan_refine(kVa + kPage, kPage, 3, {}).tables, 2U);
  EXPECT_EQ(rig.table.plan_refine(kVa, kGigabyte, 3, {}).tables, 513U);
  auto batch = rig.table.batch();
  rig.port.limit_pages(rig.port.pages() + 2);
  EXPECT_TRUE(rig.table.refine(kVa + kPage, kPage, 3, {}, batch).ok());
  EXPECT_EQ(rig.table.query(kVa + kBlock)->level, 2);
  rig.expect_legal();
}

TEST(Corners, TwoCutsThroughOneBlockShareItsTable) {
  Rig<kGeometry> rig(3);
  rig.map(kVa, kGigabyte, kMemory, kReadWrite, {.contiguous = false});
  rig.go_live();
  EXPECT_EQ(rig.table.plan_split(kVa + kPage, kPage, {}).tables, 2U);
  EXPECT_EQ(rig.table.plan_split(kVa + kBlock, kBlock, {}).tables, 1U);
  EXPECT_EQ(rig.table.plan_split(kVa + kPage, kBlock, {}).tables, 3U);
  auto batch = rig.table.batch();
  rig.port.limit_pages(rig.port.pages() + 3);
  EXPECT_TRUE(rig.table.split(kVa + kPage, kBlock, {}, batch).ok());
  EXPECT_EQ(rig.port.reserved(), 0U);
  rig.expect_legal();
}

TEST(Corners, FoldingStaysInItsRange) {
  Rig<kGeometry> rig(3);
  rig.map(kVa, 16 * kBlock, kMemory, kReadWrite, {.contiguous = false});
  rig.go_live();
  EXPECT_EQ(rig.table.plan_fold(kVa + kPage, 16 * kBlock - kPage, {}).folds, 0U);
  EXPECT_EQ(rig.table.plan_fold(kVa, 16 * kBlock, {}).folds, 1U);
}

TEST(Corners, MappingLeavesForeignEntriesAlone) {
  Rig<kGeometry> rig(0);
  rig.map(kVa, kPage, kMemory, kReadWrite, {});
  rig.poke(kVa, 3, 0, arch::bits::kValid);
  rig.go_live();
  auto batch = rig.table.batch();
  EXPECT_EQ(rig.table.map(kVa, kPage, kMemory, kReadWrite, batch),
            (Status{Error::kForeignEntry, kVa}));
}

TEST(Corners, NothingIsSplitForAChangeThatChangesNothing) {
  Rig<kGeometry> rig(0);
  rig.map(kVa, kBlock, kMemory, kReadWrite, {});
  rig.go_live();
  auto batch = rig.table.batch();
  EXPECT_TRUE(rig.table.protect(kVa, kPage, kReadWrite, {.split = false}, batch).ok());
  EXPECT_EQ(rig.table.query(kVa)->level, 2);
}

class HvoCorners : public testing::Test {
 protected:
  using Port = Rig<kGeometry>::Port;
  using H = Hvo<kGeometry, Port>;

  HvoCorners() : rig_(0) {
    rig_.map(kVa, 64 * kPage, kMemory, kMapped, {.blocks = false, .contiguous = false});
    rig_.go_live();
  }
  static constexpr Attributes kMapped{.writable = true, .memory = 2};
  static constexpr PhysicalAddress kZone = 0x90'0000'0000;
  Rig<kGeometry> rig_;
  const HugePage pages_[2] = {{kVa, 8 * kPage}, {kVa + 8 * kPage, 8 * kPage}};
  PhysicalAddress freed_[14] = {};
};

TEST_F(HvoCorners, TailsKeepTheirOwnAttributes) {
  H hvo(rig_.table, {});  // says nothing of the memory type
  ASSERT_TRUE(hvo.share(pages_, kZone, freed_).ok());
  ASSERT_TRUE(hvo.restore(pages_, freed_).ok());
  const auto found = rig_.table.query(kVa + 3 * kPage);
  EXPECT_EQ(attributes_of(kGeometry, found->raw, 3), kMapped);
  rig_.expect_legal();
}

TEST_F(HvoCorners, SharingTwiceOrTwoTimesTheSameIsRefused) {
  H hvo(rig_.table, {});
  const HugePage twice[] = {pages_[0], pages_[0]};
  EXPECT_EQ(hvo.share(twice, kZone, freed_).error, Error::kOverlap);
  EXPECT_EQ(hvo.share(pages_, kZone + 1, freed_).error, Error::kMisaligned);
  ASSERT_TRUE(hvo.share(pages_, kZone, freed_).ok());
  EXPECT_EQ(hvo.share(pages_, kZone, freed_).error, Error::kShared);
  EXPECT_EQ(hvo.share(pages_, kZone + kPage, freed_).error, Error::kShared);
}

TEST_F(HvoCorners, RestoringBesideAHeadThatIsWrittenTakesABreak) {
  const H::Config still{.shared = SharedTail::kHeadPage, .heads_are_still = true};
  ASSERT_TRUE(H(rig_.table, still).share(pages_, 0, freed_).ok());
  H moving(rig_.table, {.shared = SharedTail::kHeadPage});
  EXPECT_EQ(moving.restore(pages_, freed_).error, Error::kNotPermitted);
  H stopping(rig_.table, {.shared = SharedTail::kHeadPage, .permits = {.stop_others = true}});
  ASSERT_TRUE(stopping.restore(pages_, freed_).ok());
  EXPECT_EQ(rig_.table.query(kVa + 9 * kPage)->output, freed_[7]);
  EXPECT_EQ(rig_.port.content_of(freed_[7]), rig_.port.content_of(kMemory + 8 * kPage));
  rig_.expect_legal();
}

TEST_F(HvoCorners, AHeadHasToBeMapped) {
  auto batch = rig_.table.batch();
  ASSERT_TRUE(rig_.table.unmap(kVa, kPage, batch).ok());
  batch.flush();
  H hvo(rig_.table, {.shared = SharedTail::kHeadPage, .heads_are_still = true});
  EXPECT_EQ(hvo.share(pages_, 0, freed_).error, Error::kNotMapped);
}

TEST(HvoTables, AreCountedOnceForHugePagesThatShareABlock) {
  Rig<kGeometry> rig(3);
  rig.map(kVa, kBlock, kMemory, kReadWrite, {});
  rig.go_live();
  std::vector<HugePage> pages;
  for (std::uint64_t i = 0; i < 64; ++i) pages.push_back({kVa + i * 8 * kPage, 8 * kPage});
  std::vector<PhysicalAddress> freed(64 * 7);
  Hvo<kGeometry, Rig<kGeometry>::Port> hvo(rig.table, {});
  rig.port.limit_pages(rig.port.pages() + 1);
  HvoCost cost;
  ASSERT_TRUE(hvo.share(pages, 0x90'0000'0000, freed, &cost).ok());
  EXPECT_EQ(cost.tables, 1U);
  rig.expect_legal();
}

}  // namespace
}  // namespace corner_test
}  // namespace amalgam::pgtable
