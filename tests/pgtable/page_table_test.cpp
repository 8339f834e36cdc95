// Random changes to tables of many geometries, against a plain map from pages to what they map to.
#include "amalgam/pgtable/page_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "pgtable/memory_port.hpp"

namespace amalgam::pgtable {
namespace {

using arch::Geometry;
using arch::Granule;
using test::MemoryPort;

template <Geometry kValue>
struct Shape {
  static constexpr Geometry kGeometry = kValue;
};

// A table, its port and the oracle, over a window of 4,096 pages somewhere in the address space.
template <Geometry kGeometry>
class World {
 public:
  using Table = PageTable<kGeometry, MemoryPort>;
  static constexpr std::uint64_t kPage = arch::page_bytes(kGeometry.granule);
  static constexpr std::uint64_t kWindowPages = 4096;

  World(std::uint64_t seed, bool live, Half half = Half::kLower)
      : random_(seed),
        port_(entries_in_page(kGeometry), kManyPages),
        table_(port_, make_root(), config(half)),
        base_(half_bits(kGeometry, half) | window_start()) {
    table_.clear_root();
    if (live) table_.activate();
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      ASSERT_EQ(port_.misuses, 0U);
      ASSERT_EQ(port_.reserved(), 0U);
      ASSERT_EQ(port_.views_open(), 0U);
      compare(20);
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_LE(port_.max_open,
              static_cast<std::size_t>(arch::kPageLevel + 2 - arch::start_level(kGeometry)));
    EXPECT_GT(done_, steps / 4);
    EXPECT_GT(refused_, 0);
  }

  // Takes everything away and expects that the root alone is left.
  void empty_out() {
    auto batch = table_.batch();
    ASSERT_TRUE(table_.unmap(base_ & ~whole_mask(), whole_mask() + 1, batch).ok());
    batch.flush();
    EXPECT_EQ(port_.pages(), root_pages(kGeometry));
  }

 private:
  struct Page {
    std::uint64_t output = 0;
    bool writable = false;
  };
  static constexpr std::size_t kManyPages = 1U << 16;

  static typename Table::Config config(Half half) {
    typename Table::Config c;
    c.half = half;
    c.features.tlbi_range = true;
    return c;
  }
  static constexpr std::uint64_t whole_mask() { return arch::low_mask(kGeometry.va_bits); }

  PhysicalAddress make_root() {
    EXPECT_TRUE(port_.reserve(root_pages(kGeometry)));
    const PhysicalAddress root = port_.take();
    for (std::size_t i = 1; i < root_pages(kGeometry); ++i) (void)port_.take();
    return root;
  }
  std::uint64_t window_start() { return random_() & whole_mask() & ~(kWindowPages * kPage - 1); }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void step() {
    const std::uint64_t most = below(4) == 0 ? kWindowPages / 2 : 40;
    const std::uint64_t pages = 1 + below(most);
    std::uint64_t first = below(kWindowPages - pages + 1);
    if (below(2) == 0) first &= ~std::uint64_t{15};
    auto batch = table_.batch();
    switch (below(3)) {
      case 0:
        map(first, pages, batch);
        break;
      case 1:
        unmap(first, pages, batch);
        break;
      default:
        protect(first, pages, batch);
    }
  }

  void note(const Status& status) { ++(status.ok() ? done_ : refused_); }

  void map(std::uint64_t first, std::uint64_t pages, typename World::Table::Batch& batch) {
    const std::uint64_t va = base_ + first * kPage;
    std::uint64_t output = below(1U << 18) * kPage;
    const std::uint64_t block_mask = entries_in_page(kGeometry) * kPage - 1;
    if (below(2) == 0) output = (output & ~block_mask) | (va & block_mask);
    const Attributes attributes{.writable = below(2) == 0};
    const auto from = oracle_.lower_bound(first);
    const bool is_free = from == oracle_.end() || from->first >= first + pages;
    // Now and then the port runs dry at some table: then nothing may have changed.
    const auto before = port_.contents();
    const bool scarce = below(8) == 0;
    if (scarce) port_.limit_pages(port_.pages() + below(3));
    const LeafSizes sizes{.blocks = below(2) == 0, .contiguous = below(2) == 0};
    const Status status = table_.map(va, pages * kPage, output, attributes, batch, sizes, nullptr);
    port_.limit_pages(kManyPages);
    note(status);
    if (!status.ok()) {
      EXPECT_EQ(status.error, is_free ? Error::kNoMemory : Error::kAlreadyMapped);
      EXPECT_TRUE(before == port_.contents());
      return;
    }
    EXPECT_TRUE(is_free);
    for (std::uint64_t i = 0; i < pages; ++i) {
      oracle_[first + i] = {output + i * kPage, attributes.writable};
    }
  }

  void unmap(std::uint64_t first, std::uint64_t pages, typename World::Table::Batch& batch) {
    const Status status = table_.unmap(base_ + first * kPage, pages * kPage, batch);
    note(status);
    if (!status.ok()) {
      EXPECT_EQ(status.error, Error::kPartialBlock);
      return;
    }
    oracle_.erase(oracle_.lower_bound(first), oracle_.lower_bound(first + pages));
  }

  void protect(std::uint64_t first, std::uint64_t pages, typename World::Table::Batch& batch) {
    const Attributes attributes{.writable = below(2) == 0};
    const Status status =
        table_.protect(base_ + first * kPage, pages * kPage, attributes, {}, batch);
    note(status);
    if (!status.ok()) {
      EXPECT_EQ(status.error, Error::kPartialBlock);
      return;
    }
    const auto end = oracle_.lower_bound(first + pages);
    for (auto p = oracle_.lower_bound(first); p != end; ++p) {
      p->second.writable = attributes.writable;
    }
  }

  void compare(int samples) {
    for (int i = 0; i < samples; ++i) {
      const std::uint64_t page = below(kWindowPages);
      const std::uint64_t offset = below(kPage);
      const auto found = table_.query(base_ + page * kPage + offset);
      const auto expected = oracle_.find(page);
      ASSERT_EQ(found.has_value(), expected != oracle_.end()) << page;
      if (!found) continue;
      ASSERT_EQ(found->output, expected->second.output + offset);
      const Attributes a = attributes_of(kGeometry, found->raw, found->level);
      ASSERT_EQ(a.writable, expected->second.writable);
    }
  }

  std::mt19937_64 random_;
  MemoryPort port_;
  Table table_;
  std::uint64_t base_;
  std::map<std::uint64_t, Page> oracle_;
  int done_ = 0;
  int refused_ = 0;
};

template <typename S>
class PageTables : public testing::Test {};

using Shapes = testing::Types<
    Shape<Geometry{}>, Shape<Geometry{.va_bits = 39}>, Shape<Geometry{.va_bits = 36}>,
    Shape<Geometry{.va_bits = 52, .pa_bits = 52, .lpa2 = true}>,
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 47}>,
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 36}>,
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 52, .pa_bits = 52, .lpa2 = true}>,
    Shape<Geometry{.granule = Granule::k64K, .va_bits = 48, .pa_bits = 48}>,
    Shape<Geometry{.granule = Granule::k64K, .va_bits = 52, .pa_bits = 52}>,
    Shape<Geometry{.granule = Granule::k64K, .va_bits = 42}>,
    Shape<Geometry{.regime = arch::Regime::kEl2}>,
    Shape<Geometry{.va_bits = 40, .pa_bits = 40, .stage = arch::Stage::kStage2}>,
    Shape<Geometry{.va_bits = 48, .stage = arch::Stage::kStage2}>,
    Shape<Geometry{.granule = Granule::k16K, .va_bits = 40, .stage = arch::Stage::kStage2}>,
    Shape<Geometry{.granule = Granule::k64K, .va_bits = 44, .stage = arch::Stage::kStage2}>>;
TYPED_TEST_SUITE(PageTables, Shapes);

constexpr int kSteps = 400;

TYPED_TEST(PageTables, BehaveLikeAMapBeforeTheyAreLive) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    World<TypeParam::kGeometry> world(seed, false);
    world.run(kSteps);
    world.empty_out();
    if (this->HasFatalFailure()) return;
  }
}

TYPED_TEST(PageTables, BehaveLikeAMapWhenLive) {
  for (std::uint64_t seed = 10; seed < 14; ++seed) {
    World<TypeParam::kGeometry> world(seed, true);
    world.run(kSteps);
    world.empty_out();
    if (this->HasFatalFailure()) return;
  }
}

TEST(PageTable, TranslatesTheUpperHalf) {
  for (std::uint64_t seed = 20; seed < 24; ++seed) {
    World<Geometry{}> world(seed, true, Half::kUpper);
    world.run(kSteps);
  }
}

}  // namespace
}  // namespace amalgam::pgtable
