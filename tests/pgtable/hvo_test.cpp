// Sharing and restoring the tails of huge pages, on every granule and size of huge page.
#include "amalgam/pgtable/hvo.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "pgtable/rule_port.hpp"

namespace amalgam::pgtable {
namespace {

using arch::Geometry;
using arch::Granule;

constexpr std::uint64_t kVa = 0x4000'0000'0000;
constexpr PhysicalAddress kMemory = 0x8'0000'0000;  // what the vmemmap maps
constexpr PhysicalAddress kZone = 0x9'0000'0000;
constexpr PhysicalAddress kFresh = 0xa'0000'0000;
constexpr Attributes kKernel{.writable = true};

// A vmemmap of `huge_pages` huge pages, each with `pages` pages of page structures.
template <Geometry kGeometry>
class Vmemmap {
 public:
  using Port = test::RulePort<kGeometry>;
  using Table = PageTable<kGeometry, Port>;
  static constexpr std::uint64_t kPage = arch::page_bytes(kGeometry.granule);

  Vmemmap(std::uint8_t bbm, std::size_t huge_pages, std::uint64_t each, const LeafSizes& sizes)
      : port(1U << 14, features(bbm), false), table(port, make_root(), config(bbm)) {
    port.root_is(table.root());
    table.clear_root();
    for (std::size_t i = 0; i < huge_pages; ++i) {
      pages.push_back({kVa + i * each * kPage, each * kPage});
    }
    auto batch = table.batch();
    const std::uint64_t bytes = huge_pages * each * kPage;
    const std::uint64_t block = arch::level_size_bytes(kGeometry, 2);
    EXPECT_TRUE(
        table.map(kVa, (bytes + block - 1) & ~(block - 1), kMemory, kKernel, batch, sizes).ok());
    table.activate();
    port.now_live();
    freed.resize(huge_pages * (each - 1));
    for (std::size_t i = 0; i < freed.size(); ++i) fresh.push_back(kFresh + i * kPage);
  }

  // Whether every tail is at the shared page, read-only, and every head where it was, writable.
  void expect_shared(PhysicalAddress zone) const {
    for (const HugePage& page : pages) {
      EXPECT_EQ(table.query(page.vmemmap_va)->output, kMemory + (page.vmemmap_va - kVa));
      EXPECT_TRUE(writable(page.vmemmap_va));
      for (std::uint64_t at = kPage; at < page.vmemmap_bytes; at += kPage) {
        ASSERT_EQ(table.query(page.vmemmap_va + at)->output, zone);
        ASSERT_FALSE(writable(page.vmemmap_va + at));
      }
    }
  }
  [[nodiscard]] bool writable(std::uint64_t va) const {
    const auto found = table.query(va);
    return arch::is_writable(kGeometry, {found->raw}, found->level, true);
  }

  Port port;
  Table table;
  std::vector<HugePage> pages;
  std::vector<PhysicalAddress> freed;
  std::vector<PhysicalAddress> fresh;

 private:
  static arch::Features features(std::uint8_t bbm) {
    arch::Features f;
    f.bbm = bbm;
    f.tlbi_range = true;
    return f;
  }
  static typename Table::Config config(std::uint8_t bbm) {
    typename Table::Config c;
    c.features = features(bbm);
    return c;
  }
  PhysicalAddress make_root() {
    EXPECT_TRUE(port.reserve(1));
    return port.take();
  }
};

// The huge pages of the granule whose page structures take more than one page.
template <Geometry kValue, std::uint64_t kPages>
struct Case {
  static constexpr Geometry kGeometry = kValue;
  static constexpr std::uint64_t kVmemmapPages = kPages;
};
constexpr Geometry k4K{};
constexpr Geometry k16K{.granule = Granule::k16K};
constexpr Geometry k64K{.granule = Granule::k64K};
using Cases = testing::Types<Case<k4K, 8>,      // 2 MB
                             Case<k4K, 128>,    // 32 MB
                             Case<k4K, 4096>,   // 1 GB
                             Case<k16K, 8>,     // 32 MB
                             Case<k16K, 256>,   // 1 GB
                             Case<k64K, 8>,     // 512 MB
                             Case<k64K, 256>>;  // 16 GB

template <typename C>
class HvoOfEachSize : public testing::Test {};
TYPED_TEST_SUITE(HvoOfEachSize, Cases);

TYPED_TEST(HvoOfEachSize, SharesAndRestoresWithoutABreakWhereTheVmemmapIsPages) {
  constexpr Geometry g = TypeParam::kGeometry;
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    Vmemmap<g> v(bbm, 3, TypeParam::kVmemmapPages, {.blocks = false, .contiguous = false});
    Hvo<g, typename Vmemmap<g>::Port> hvo(v.table, {.attributes = kKernel});
    HvoCost cost;
    ASSERT_TRUE(hvo.share(v.pages, kZone, v.freed, &cost).ok());
    v.expect_shared(kZone);
    const std::uint64_t tails = 3 * (TypeParam::kVmemmapPages - 1);
    EXPECT_EQ(cost.pages, tails);
    EXPECT_EQ(cost.live_stores, 2 * tails);
    EXPECT_EQ(cost.copies, tails);
    EXPECT_EQ(cost.flushes, 2U);
    EXPECT_EQ(v.freed.front(), kMemory + v.kPage);
    EXPECT_EQ(v.freed.back(), kMemory + (3 * TypeParam::kVmemmapPages - 1) * v.kPage);
    ASSERT_TRUE(hvo.restore(v.pages, v.fresh, &cost).ok());
    EXPECT_EQ(cost.flushes, 2U);
    EXPECT_EQ(v.table.query(v.pages.back().vmemmap_va + v.kPage)->output,
              v.fresh[2 * (TypeParam::kVmemmapPages - 1)]);
    EXPECT_TRUE(v.writable(v.pages.front().vmemmap_va + v.kPage));
    EXPECT_EQ(v.port.content_of(v.fresh.back()), v.port.content_of(kZone));
    EXPECT_TRUE(v.port.offences.empty()) << v.port.offences.front();
    EXPECT_EQ(v.port.misuses, 0U);
  }
}

TYPED_TEST(HvoOfEachSize, SplitsBlocksWhereTheLevelAllowsAndSaysWhatItNeedsWhereNot) {
  constexpr Geometry g = TypeParam::kGeometry;
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    Vmemmap<g> v(bbm, 2, TypeParam::kVmemmapPages, {});
    Hvo<g, typename Vmemmap<g>::Port> hvo(v.table, {.attributes = kKernel});
    const auto before = v.port.contents();
    const Status status = hvo.share(v.pages, kZone, v.freed);
    EXPECT_EQ(status.ok(), bbm == 3);
    if (bbm == 3) {
      v.expect_shared(kZone);
    } else {
      EXPECT_EQ(status.error, Error::kNotPermitted);
      EXPECT_NE(status.row, arch::RowId::kNone);
      EXPECT_TRUE(before == v.port.contents());
      Hvo<g, typename Vmemmap<g>::Port> stopping(
          v.table, {.attributes = kKernel, .permits = {.stop_others = true}});
      ASSERT_TRUE(stopping.share(v.pages, kZone, v.freed).ok());
      v.expect_shared(kZone);
    }
    EXPECT_TRUE(v.port.offences.empty()) << v.port.offences.front();
    EXPECT_EQ(v.port.misuses, 0U);
    EXPECT_EQ(v.port.reserved(), 0U);
  }
}

TEST(Hvo, TakesTwoFlushesForABatchOfAThousand) {
  Vmemmap<k4K> v(0, 1000, 8, {.blocks = false, .contiguous = false});
  Hvo<k4K, Vmemmap<k4K>::Port> hvo(v.table, {.attributes = kKernel});
  HvoCost cost;
  ASSERT_TRUE(hvo.share(v.pages, kZone, v.freed, &cost).ok());
  EXPECT_EQ(cost.flushes, 2U);
  EXPECT_EQ(cost.flush.tlbis, 2U);
  EXPECT_EQ(cost.live_stores, 14'000U);
  v.expect_shared(kZone);
}

TEST(Hvo, CopiesNothingWhereTailsAreEqualAlready) {
  Vmemmap<k4K> v(0, 1, 8, {.blocks = false, .contiguous = false});
  for (std::uint64_t i = 1; i < 8; ++i) v.port.copy_page(kZone, kMemory + i * 0x1000);
  Hvo<k4K, Vmemmap<k4K>::Port> hvo(v.table, {.attributes = kKernel});
  HvoCost cost;
  ASSERT_TRUE(hvo.share(v.pages, kZone, v.freed, &cost).ok());
  EXPECT_EQ(cost.copies, 0U);
}

TEST(Hvo, SharesTheHeadOnlyWhereItIsStillOrABreakIsPermitted) {
  Vmemmap<k4K> v(3, 2, 8, {.blocks = false, .contiguous = false});
  using H = Hvo<k4K, Vmemmap<k4K>::Port>;
  H moving(v.table, {.attributes = kKernel, .shared = SharedTail::kHeadPage});
  const Status status = moving.share(v.pages, 0, v.freed);
  EXPECT_EQ(status.error, Error::kNotPermitted);
  EXPECT_EQ(status.row, arch::RowId::kAddressAndPermission);
  H still(v.table,
          {.attributes = kKernel, .shared = SharedTail::kHeadPage, .heads_are_still = true});
  ASSERT_TRUE(still.share({&v.pages[0], 1}, 0, v.freed).ok());
  EXPECT_EQ(v.table.query(kVa + 0x1000)->output, kMemory);
  H stopping(
      v.table,
      {.attributes = kKernel, .shared = SharedTail::kHeadPage, .permits = {.stop_others = true}});
  ASSERT_TRUE(stopping.share({&v.pages[1], 1}, 0, v.freed).ok());
  EXPECT_EQ(v.table.query(kVa + 0x9000)->output, kMemory + 0x8000);
  EXPECT_TRUE(v.port.offences.empty()) << v.port.offences.front();
}

TEST(Hvo, RestoresFromAHeadThatIsWrittenOnlyByABreak) {
  Vmemmap<k4K> v(3, 2, 8, {.blocks = false, .contiguous = false});
  using H = Hvo<k4K, Vmemmap<k4K>::Port>;
  H stopping(
      v.table,
      {.attributes = kKernel, .shared = SharedTail::kHeadPage, .permits = {.stop_others = true}});
  ASSERT_TRUE(stopping.share(v.pages, 0, v.freed).ok());
  const auto shared = v.port.contents();
  H moving(v.table, {.attributes = kKernel, .shared = SharedTail::kHeadPage});
  const Status status = moving.restore(v.pages, v.fresh);
  EXPECT_EQ(status.error, Error::kNotPermitted);
  EXPECT_EQ(status.row, arch::RowId::kAddressAndPermission);
  EXPECT_TRUE(shared == v.port.contents());
  HvoCost cost;
  ASSERT_TRUE(stopping.restore(v.pages, v.fresh, &cost).ok());
  EXPECT_EQ(cost.flushes, 2U);
  EXPECT_EQ(v.table.query(kVa + 0x9000)->output, v.fresh[7]);
  EXPECT_TRUE(v.writable(kVa + 0x9000));
  EXPECT_TRUE(v.port.offences.empty()) << v.port.offences.front();
  EXPECT_EQ(v.port.misuses, 0U);
}

TEST(Hvo, RefusesWhatCannotBeShared) {
  Vmemmap<k4K> v(0, 2, 8, {.blocks = false, .contiguous = false});
  Hvo<k4K, Vmemmap<k4K>::Port> hvo(v.table, {.attributes = kKernel});
  const auto before = v.port.contents();
  const HugePage one_page[] = {{kVa, 0x1000}};
  const HugePage elsewhere[] = {{kVa + 0x4000'0000, 0x8000}};
  EXPECT_EQ(hvo.share({}, kZone, v.freed).error, Error::kEmptyRange);
  EXPECT_EQ(hvo.share(one_page, kZone, v.freed).error, Error::kEmptyRange);
  EXPECT_EQ(hvo.share(elsewhere, kZone, v.freed).error, Error::kNotMapped);
  EXPECT_EQ(hvo.share(v.pages, kZone, std::span(v.freed).first(13)).error, Error::kNoMemory);
  EXPECT_EQ(hvo.restore(v.pages, v.fresh).error, Error::kNotShared);
  EXPECT_TRUE(before == v.port.contents());
}

}  // namespace
}  // namespace amalgam::pgtable
