// What HVO saves, by the published table: vmemmap_dedup.rst for 4K, and its arithmetic for others.
#include "hvo/saving.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace amalgam::hvo {
namespace {

using arch::Granule;
using testing::ElementsAre;

constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;

struct Published {
  Granule granule;
  std::uint64_t huge_page_bytes;
  std::uint64_t struct_pages;
  std::uint64_t vmemmap_bytes;
  std::uint64_t kept;
  std::uint64_t freed;
  double saved_percent;
  double before_percent;
  double after_percent;
};

constexpr Published kTable[] = {
    {Granule::k4K, 64 * kKiB, 16, 1 * kKiB, 0, 0, 0, 1.5625, 1.5625},
    {Granule::k4K, 2 * kMiB, 512, 32 * kKiB, 1, 7, 87.5, 1.5625, 0.195},
    {Granule::k4K, 32 * kMiB, 8192, 512 * kKiB, 1, 127, 99.22, 1.5625, 0.0122},
    {Granule::k4K, 1 * kGiB, 262144, 16 * kMiB, 1, 4095, 99.976, 1.5625, 0.0004},
    {Granule::k16K, 2 * kMiB, 128, 8 * kKiB, 0, 0, 0, 0.39, 0.39},
    {Granule::k16K, 32 * kMiB, 2048, 128 * kKiB, 1, 7, 87.5, 0.39, 0.049},
    {Granule::k16K, 1 * kGiB, 65536, 4 * kMiB, 1, 255, 99.61, 0.39, 0.0015},
    {Granule::k64K, 2 * kMiB, 32, 2 * kKiB, 0, 0, 0, 0.098, 0.098},
    {Granule::k64K, 512 * kMiB, 8192, 512 * kKiB, 1, 7, 87.5, 0.098, 0.012},
    {Granule::k64K, 16 * kGiB, 262144, 16 * kMiB, 1, 255, 99.61, 0.098, 0.0004},
};

TEST(Saving, IsAsPublishedForEveryGranuleAndSize) {
  for (const Published& row : kTable) {
    SCOPED_TRACE(row.huge_page_bytes / kKiB);
    const Saving s = saving(row.granule, row.huge_page_bytes);
    EXPECT_EQ(s.struct_pages, row.struct_pages);
    EXPECT_EQ(s.vmemmap_bytes, row.vmemmap_bytes);
    EXPECT_EQ(s.kept_pages, row.kept);
    EXPECT_EQ(s.freed_pages, row.freed);
    EXPECT_EQ(s.possible(), row.freed != 0);
    // To the digits that are published.
    EXPECT_NEAR(100 * s.saved_share(), row.saved_percent, 0.005);
    EXPECT_NEAR(100 * s.overhead_before(), row.before_percent, 0.001);
    EXPECT_NEAR(100 * s.overhead_after(), row.after_percent, row.freed != 0 ? 0.00055 : 0.001);
  }
}

TEST(Saving, OfATebibyte) {
  const Saving small = saving(Granule::k4K, 2 * kMiB);
  EXPECT_EQ(1024 * 512 * small.vmemmap_bytes, 16 * kGiB);
  EXPECT_EQ(1024 * 512 * small.left_bytes(), 2 * kGiB);
  const Saving large = saving(Granule::k4K, kGiB);
  EXPECT_EQ(1024 * large.vmemmap_bytes, 16 * kGiB);
  EXPECT_EQ(1024 * large.left_bytes(), 4 * kMiB);
}

TEST(Saving, IsNoneWhereAHugePageSharesItsLastPageWithTheNext) {
  EXPECT_FALSE(saving(Granule::k4K, 2 * kMiB, 60).possible());    // 7.5 pages
  EXPECT_EQ(saving(Granule::k4K, 2 * kMiB, 56).freed_pages, 6U);  // 7 pages
  EXPECT_FALSE(saving(Granule::k4K, 2 * kMiB, 8).possible());     // one page
}

TEST(HugePageSizes, AreThoseOfTheTable) {
  EXPECT_THAT(huge_page_sizes(Granule::k4K), ElementsAre(64 * kKiB, 2 * kMiB, 32 * kMiB, 1 * kGiB));
  EXPECT_THAT(huge_page_sizes(Granule::k16K), ElementsAre(2 * kMiB, 32 * kMiB, 1 * kGiB));
  EXPECT_THAT(huge_page_sizes(Granule::k64K), ElementsAre(2 * kMiB, 512 * kMiB, 16 * kGiB));
}

}  // namespace
}  // namespace amalgam::hvo
