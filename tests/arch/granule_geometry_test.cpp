#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "amalgam/arch/geometry.hpp"

namespace amalgam::arch {
namespace {

struct ShapeCase {
  Granule granule;
  int level;
  unsigned size_lg2;
  unsigned contiguous;
};

TEST(Geometry, EntrySizesAndGroups) {
  constexpr std::array<ShapeCase, 10> kCases{{
      {Granule::k4K, 3, 12, 16},
      {Granule::k4K, 2, 21, 16},
      {Granule::k4K, 1, 30, 16},
      {Granule::k4K, 0, 39, 1},
      {Granule::k16K, 3, 14, 128},
      {Granule::k16K, 2, 25, 32},
      {Granule::k16K, 1, 36, 1},
      {Granule::k64K, 3, 16, 32},
      {Granule::k64K, 2, 29, 32},
      {Granule::k64K, 1, 42, 1},
  }};
  for (const ShapeCase& c : kCases) {
    const Geometry g{.granule = c.granule};
    EXPECT_EQ(level_size_lg2(g, c.level), c.size_lg2);
    EXPECT_EQ(contiguous_entries(g, c.level), c.contiguous);
  }
}

struct RootCase {
  Geometry geometry;
  int start;
  unsigned root_lg2;
};

constexpr Geometry stage2(Granule granule, std::uint8_t bits, bool concatenated) {
  return {.granule = granule,
          .va_bits = bits,
          .stage = Stage::kStage2,
          .concatenated_root = concatenated};
}

TEST(Geometry, RootLevelAndSize) {
  constexpr std::array<RootCase, 16> kCases{{
      {{.granule = Granule::k4K, .va_bits = 48}, 0, 9},
      {{.granule = Granule::k4K, .va_bits = 39}, 1, 9},
      {{.granule = Granule::k4K, .va_bits = 40}, 0, 1},
      {{.granule = Granule::k4K, .va_bits = 52, .pa_bits = 52, .lpa2 = true}, -1, 4},
      {{.granule = Granule::k16K, .va_bits = 48}, 0, 1},
      {{.granule = Granule::k16K, .va_bits = 47}, 1, 11},
      {{.granule = Granule::k16K, .va_bits = 52, .pa_bits = 52, .lpa2 = true}, 0, 5},
      {{.granule = Granule::k16K, .va_bits = 36}, 2, 11},
      {{.granule = Granule::k64K, .va_bits = 48}, 1, 6},
      {{.granule = Granule::k64K, .va_bits = 52, .pa_bits = 52}, 1, 10},
      {{.granule = Granule::k64K, .va_bits = 42}, 2, 13},
      {stage2(Granule::k4K, 40, true), 1, 10},  // two tables side by side
      {stage2(Granule::k4K, 43, true), 1, 13},  // sixteen, the most there are
      {stage2(Granule::k4K, 44, true), 0, 5},   // one more bit needs a level
      {stage2(Granule::k4K, 40, false), 0, 1},
      {stage2(Granule::k64K, 46, true), 2, 17},
  }};
  for (const RootCase& c : kCases) {
    EXPECT_EQ(start_level(c.geometry), c.start) << int{c.geometry.va_bits};
    EXPECT_EQ(table_entries_lg2(c.geometry, c.start), c.root_lg2) << int{c.geometry.va_bits};
  }
}

// The indices of all levels and the page offset put together are the address again, for every
// granule, input size and stage.
TEST(Geometry, IndicesTileTheInputAddress) {
  for (const Granule granule : {Granule::k4K, Granule::k16K, Granule::k64K}) {
    for (unsigned bits = 25; bits <= 52; ++bits) {
      for (const Stage stage : {Stage::kStage1, Stage::kStage2}) {
        const Geometry g{
            .granule = granule, .va_bits = static_cast<std::uint8_t>(bits), .stage = stage};
        const std::uint64_t va = 0x9e37'79b9'7f4a'7c15 & low_mask(bits);
        std::uint64_t rebuilt = va & low_mask(page_lg2(granule));
        for (int level = start_level(g); level <= kPageLevel; ++level) {
          const std::uint64_t index = table_index(g, va, level);
          EXPECT_LT(index, std::uint64_t{1} << table_entries_lg2(g, level));
          rebuilt |= index << level_size_lg2(g, level);
        }
        EXPECT_EQ(rebuilt, va) << bits;
      }
    }
  }
}

TEST(Geometry, ConcatenationIsAtMostSixteenTables) {
  for (const Granule granule : {Granule::k4K, Granule::k16K, Granule::k64K}) {
    for (unsigned bits = 25; bits <= 52; ++bits) {
      const Geometry g = stage2(granule, static_cast<std::uint8_t>(bits), true);
      EXPECT_LE(table_entries_lg2(g, start_level(g)),
                bits_per_level(granule) + kMaxConcatenationLg2);
    }
  }
}

TEST(Geometry, WhereBlocksMayStand) {
  const Geometry plain{};
  EXPECT_FALSE(block_allowed(plain, 3));
  EXPECT_TRUE(block_allowed(plain, 2));
  EXPECT_TRUE(block_allowed(plain, 1));
  EXPECT_FALSE(block_allowed(plain, 0));
  EXPECT_TRUE(block_allowed({.pa_bits = 52, .lpa2 = true}, 0));
  EXPECT_FALSE(block_allowed({.pa_bits = 52, .lpa2 = true}, -1));
  EXPECT_FALSE(block_allowed({.granule = Granule::k16K}, 1));
  EXPECT_TRUE(block_allowed({.granule = Granule::k16K, .pa_bits = 52, .lpa2 = true}, 1));
  EXPECT_FALSE(block_allowed({.granule = Granule::k64K}, 1));
  EXPECT_TRUE(block_allowed({.granule = Granule::k64K, .pa_bits = 52}, 1));
  EXPECT_FALSE(block_allowed({.granule = Granule::k64K, .pa_bits = 52, .lpa2 = true}, 0));
}

TEST(Geometry, OutputAddressMasks) {
  EXPECT_EQ(output_address_mask({}, 3), 0x0000'ffff'ffff'f000u);
  EXPECT_EQ(output_address_mask({}, 2), 0x0000'ffff'ffe0'0000u);
  EXPECT_EQ(output_address_mask({.pa_bits = 52, .lpa2 = true}, 3), 0x0003'ffff'ffff'f300u);
  EXPECT_EQ(output_address_mask({.granule = Granule::k64K, .pa_bits = 52}, 3),
            0x0000'ffff'ffff'f000u);
  EXPECT_EQ(output_address_mask({.granule = Granule::k64K, .pa_bits = 52}, 2),
            0x0000'ffff'e000'f000u);
  EXPECT_EQ(output_address_mask({.granule = Granule::k64K, .pa_bits = 48}, 3),
            0x0000'ffff'ffff'0000u);
}

TEST(Geometry, FiftyTwoBitAddressesSurviveTheDescriptor) {
  const std::uint64_t address = 0x000a'5555'aaaa'0000;
  for (const Geometry& g : {Geometry{.granule = Granule::k4K, .pa_bits = 52, .lpa2 = true},
                            Geometry{.granule = Granule::k16K, .pa_bits = 52, .lpa2 = true},
                            Geometry{.granule = Granule::k64K, .pa_bits = 52}}) {
    const std::uint64_t mask = output_address_mask(g, 3);
    const std::uint64_t raw = scatter_address(g, address, mask);
    EXPECT_EQ(raw & ~mask, 0u);
    EXPECT_EQ(gather_address(g, raw, mask), address);
  }
}

}  // namespace
}  // namespace amalgam::arch
