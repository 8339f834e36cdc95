#include "amalgam/arch/descriptor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "amalgam/arch/descriptor_explain.hpp"
#include "arch/spaces.hpp"

namespace amalgam::arch {
namespace {

// Raw values that reach every bit alone, in pairs, and at random, with every kind.
template <typename Check>
void for_each_raw(Check check) {
  for (std::uint64_t low = 0; low < 4; ++low) {
    for (unsigned i = 2; i < 64; ++i) {
      check(low | 1ull << i);
      check(~(1ull << i) & (~3ull | low));
      for (unsigned j = i + 1; j < 64; ++j) check(low | 1ull << i | 1ull << j);
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 500; ++i) check(random());
}

TEST(Descriptor, EncodeInvertsDecodeForEveryLayoutAndLevel) {
  for (const Geometry& g : all_layouts()) {
    for (const int level : kLevels) {
      for_each_raw([&](std::uint64_t raw) {
        const Fields fields = decode(g, {raw}, level);
        ASSERT_EQ(encode(g, fields, level).raw, raw);
        ASSERT_EQ(decode(g, encode(g, fields, level), level), fields);
      });
    }
  }
}

// The other direction: each field set alone comes back alone, at its full width.
TEST(Descriptor, EveryFieldIsIndependent) {
  for (const Geometry& g : all_layouts()) {
    for (const int level : kLevels) {
      for (const Kind k : {Kind::kTable, Kind::kBlock, Kind::kPage}) {
        if (kind(g, {kind_bits(k)}, level) != k) continue;
        for (const FieldLayout& layout : kFieldLayouts) {
          if (!applies(layout, g, k)) continue;
          Fields fields{.kind = k};
          fields.*layout.member = static_cast<std::uint8_t>(low_mask(layout.hi - layout.lo + 1u));
          EXPECT_EQ(decode(g, encode(g, fields, level), level), fields) << layout.name;
        }
      }
    }
  }
}

TEST(Descriptor, FieldsDoNotOverlap) {
  for (const Geometry& g : all_layouts()) {
    for (const int level : kLevels) {
      for (const Kind k : {Kind::kTable, Kind::kBlock, Kind::kPage}) {
        if (kind(g, {kind_bits(k)}, level) != k) continue;
        std::uint64_t claimed = 3 | address_mask(g, k, level);
        for (const FieldLayout& layout : kFieldLayouts) {
          if (!applies(layout, g, k)) continue;
          const std::uint64_t mask = bit_mask(layout.hi, layout.lo);
          EXPECT_EQ(claimed & mask, 0u) << layout.name;
          claimed |= mask;
        }
      }
    }
  }
}

TEST(Descriptor, KindByLevel) {
  const Geometry g{};
  EXPECT_EQ(kind(g, {0}, 3), Kind::kInvalid);
  EXPECT_EQ(kind(g, {2}, 3), Kind::kInvalid);
  EXPECT_EQ(kind(g, {1}, 3), Kind::kReserved);
  EXPECT_EQ(kind(g, {3}, 3), Kind::kPage);
  EXPECT_EQ(kind(g, {1}, 2), Kind::kBlock);
  EXPECT_EQ(kind(g, {3}, 2), Kind::kTable);
  EXPECT_EQ(kind(g, {1}, 0), Kind::kReserved);
  EXPECT_FALSE(is_valid(g, {1}, 0));
}

// A kernel page as Linux writes it, field by field.
TEST(Descriptor, DecodesALinuxKernelPage) {
  const Geometry g{};
  const Fields fields = decode(g, {0x00e8'0000'4123'4f03}, 3);
  EXPECT_EQ(fields.kind, Kind::kPage);
  EXPECT_EQ(fields.address, 0x4123'4000u);
  EXPECT_EQ(fields.attr_indx, 0);
  EXPECT_EQ(fields.shareability, 3);
  EXPECT_EQ(fields.access_flag, 1);
  EXPECT_EQ(fields.not_global, 1);
  EXPECT_EQ(fields.dbm, 1);
  EXPECT_EQ(fields.pxn, 1);
  EXPECT_EQ(fields.uxn, 1);
  EXPECT_EQ(fields.software, 1);
  EXPECT_EQ(fields.ignored, 0u);
}

TEST(Descriptor, HierarchicalFieldsOfATable) {
  const Fields fields = decode({}, {0xf800'0000'4123'4003}, 2);
  EXPECT_EQ(fields.kind, Kind::kTable);
  EXPECT_EQ(fields.address, 0x4123'4000u);
  EXPECT_EQ(fields.ns_table, 1);
  EXPECT_EQ(fields.ap_table, 3);
  EXPECT_EQ(fields.xn_table, 1);
  EXPECT_EQ(fields.pxn_table, 1);
}

TEST(Descriptor, StageTwoHasNoHierarchyAndItsOwnPermissions) {
  const Geometry g{.stage = Stage::kStage2};
  EXPECT_EQ(decode(g, {0xf800'0000'4123'4003}, 2).ap_table, 0);
  const Fields fields = decode(g, {0x0040'0000'4123'47ff}, 3);
  EXPECT_EQ(fields.mem_attr, 0xf);
  EXPECT_EQ(fields.s2ap, 3);
  EXPECT_EQ(fields.s2_xn, 2);
}

TEST(Descriptor, NtIsAFieldOfBlocksAlone) {
  EXPECT_EQ(decode({}, {bits::kNt | 1}, 2).nt, 1);
  EXPECT_EQ(decode({}, {bits::kNt | 3}, 3).nt, 0);
}

TEST(Descriptor, AddressHelpersAgreeWithDecode) {
  for (const Geometry& g : all_layouts()) {
    for (const int level : kLevels) {
      for_each_raw([&](std::uint64_t raw) {
        const Descriptor d{raw};
        ASSERT_EQ(output_address(g, d, level), decode(g, d, level).address);
        if (!is_valid(g, d, level)) return;
        const Descriptor moved = with_output_address(g, d, level, 0x0000'1540'0000'0000);
        Fields expected = decode(g, d, level);
        expected.address = gather_address(
            g, scatter_address(g, 0x0000'1540'0000'0000, address_mask(g, expected.kind, level)),
            address_mask(g, expected.kind, level));
        ASSERT_EQ(decode(g, moved, level), expected);
      });
    }
  }
}

TEST(Descriptor, WritableByPermissionOrByHardwareDirty) {
  const Geometry s1{};
  const Geometry s2{.stage = Stage::kStage2};
  EXPECT_TRUE(is_writable(s1, {0x403}, 3, false));
  EXPECT_FALSE(is_writable(s1, {0x483}, 3, true));
  EXPECT_FALSE(is_writable(s1, {0x483 | bits::kDbm}, 3, false));
  EXPECT_TRUE(is_writable(s1, {0x483 | bits::kDbm}, 3, true));
  EXPECT_FALSE(is_writable(s1, {0x403}, 2, true)) << "a table is not writable memory";
  EXPECT_FALSE(is_writable(s1, {0x402}, 3, true)) << "invalid";
  EXPECT_TRUE(is_writable(s2, {0x4c3}, 3, false));
  EXPECT_FALSE(is_writable(s2, {0x443}, 3, false));
  EXPECT_TRUE(is_writable(s2, {0x443 | bits::kDbm}, 3, true));
}

TEST(Descriptor, HardwareDirtyUpdateMakesItWritable) {
  const Geometry s1{};
  const Geometry s2{.stage = Stage::kStage2};
  EXPECT_EQ(with_dirty(s1, {0x483}).raw, 0x403u);
  EXPECT_EQ(with_dirty(s2, {0x443}).raw, 0x4c3u);
  EXPECT_EQ(with_af({0x3}).raw, 0x403u);
  EXPECT_EQ(with_af({0x403}, false).raw, 0x3u);
}

TEST(Descriptor, GlobalAndUserByRegime) {
  EXPECT_TRUE(is_global({}, {0x403}));
  EXPECT_FALSE(is_global({}, {0xc03}));
  EXPECT_TRUE(is_global({.regime = Regime::kEl2}, {0xc03}));
  EXPECT_TRUE(is_global({.stage = Stage::kStage2}, {0xc03}));
  EXPECT_TRUE(user_accessible({}, {0x443}, 3));
  EXPECT_FALSE(user_accessible({}, {0x403}, 3));
  EXPECT_FALSE(user_accessible({.regime = Regime::kEl2}, {0x443}, 3));
}

TEST(Descriptor, ContiguousOnlyWhereGroupsExist) {
  EXPECT_TRUE(is_contiguous({}, {0x403 | bits::kContiguous}, 3));
  EXPECT_FALSE(is_contiguous({}, {0x403 | bits::kContiguous}, 2)) << "a table";
  const Geometry lpa2_16k{.granule = Granule::k16K, .pa_bits = 52, .lpa2 = true};
  EXPECT_FALSE(is_contiguous(lpa2_16k, {0x401 | bits::kContiguous}, 1));
}

TEST(Descriptor, AddressSizeFault) {
  EXPECT_TRUE(has_address_size_fault({.pa_bits = 40}, {0x0000'0100'0000'0403}, 3));
  EXPECT_FALSE(has_address_size_fault({.pa_bits = 40}, {0x0000'0080'0000'0403}, 3));
}

// Every bit is explained exactly once, and the rows carry the descriptor's value.
TEST(Explain, RowsTileTheDescriptor) {
  for (const Geometry& g : all_layouts()) {
    for (const int level : kLevels) {
      for_each_raw([&](std::uint64_t raw) {
        std::array<FieldRow, kMaxFieldRows> rows;
        const std::size_t count = explain(g, {raw}, level, rows);
        ASSERT_LE(count, rows.size());
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < count; ++i) {
          const std::uint64_t mask = bit_mask(rows[i].hi, rows[i].lo);
          ASSERT_EQ(seen & mask, 0u) << rows[i].name;
          seen |= mask;
          const bool address = rows[i].name == "output address" || rows[i].name == "next table";
          if (address) continue;
          ASSERT_EQ(rows[i].value, (raw & mask) >> rows[i].lo) << rows[i].name;
        }
        ASSERT_EQ(seen, ~0ull);
      });
    }
  }
}

TEST(Explain, NamesMeaningsAndCounts) {
  std::array<FieldRow, kMaxFieldRows> rows;
  const std::size_t count = explain({}, {0x0060'0000'4123'4f83}, 3, rows);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += std::string(rows[i].name) + ": " + std::string(rows[i].meaning) + "\n";
  }
  EXPECT_NE(text.find("kind: page"), std::string::npos) << text;
  EXPECT_NE(text.find("AP[2]: read-only"), std::string::npos) << text;
  EXPECT_NE(text.find("SH: inner shareable"), std::string::npos) << text;
  EXPECT_NE(text.find("nG: tagged with the ASID"), std::string::npos) << text;
}

TEST(Explain, ReportsTheNeedWhenTheSpanIsShort) {
  std::array<FieldRow, kMaxFieldRows> all;
  const std::size_t need = explain({}, {0x403}, 3, all);
  std::array<FieldRow, 2> few;
  EXPECT_EQ(explain({}, {0x403}, 3, few), need);
  EXPECT_EQ(few[0].name, all[0].name);
}

constexpr std::size_t explained_at_compile_time() {
  std::array<FieldRow, kMaxFieldRows> rows;
  return explain({}, {0x403}, 3, rows);
}
static_assert(explained_at_compile_time() > 0);

}  // namespace
}  // namespace amalgam::arch
