#include "amalgam/arch/memory_attributes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace amalgam::arch {
namespace {

// A short text for what the rules compare.
std::string text(const MemoryAttributes& a) {
  if (a.type == MemoryType::kDevice) return "device" + std::to_string(static_cast<int>(a.device));
  if (a.type == MemoryType::kFromStage1) return "stage1";
  constexpr std::array<char, 3> kCache{'N', 'T', 'B'};
  const std::string prefix = a.type == MemoryType::kNormalTagged ? "tagged" : "normal";
  return prefix + kCache[static_cast<int>(a.inner)] + kCache[static_cast<int>(a.outer)];
}

// The encoding of one nibble, value by value: transient and allocating forms included.
constexpr std::string_view kNibbles = "?TTTNBBBTTTTBBBB";

TEST(MemoryAttributes, EveryNormalMairByte) {
  for (unsigned byte = 0x10; byte < 0x100; ++byte) {
    if ((byte & 0xf) == 0) continue;  // reserved, but for the three of the next test
    const std::string expected = std::string("normal") + kNibbles[byte & 0xf] + kNibbles[byte >> 4];
    EXPECT_EQ(text(decode_mair_byte(static_cast<std::uint8_t>(byte))), expected) << byte;
  }
}

TEST(MemoryAttributes, SpecialMairBytes) {
  EXPECT_EQ(text(decode_mair_byte(0xf0)), "taggedBB");
  EXPECT_EQ(text(decode_mair_byte(0x40)), "normalNN");
  EXPECT_FALSE(decode_mair_byte(0x40).xs);
  EXPECT_TRUE(decode_mair_byte(0x44).xs);
  EXPECT_EQ(text(decode_mair_byte(0xa0)), "normalTT");
  for (unsigned subtype = 0; subtype < 4; ++subtype) {
    const auto byte = static_cast<std::uint8_t>(subtype << 2);
    EXPECT_EQ(text(decode_mair_byte(byte)), "device" + std::to_string(subtype));
    EXPECT_TRUE(decode_mair_byte(byte).xs);
    EXPECT_FALSE(decode_mair_byte(byte | 1).xs);
  }
}

TEST(MemoryAttributes, HintsTellAllocationApartButNotCacheability) {
  const MemoryAttributes all = decode_mair_byte(0xff);
  const MemoryAttributes read_only = decode_mair_byte(0xee);
  EXPECT_EQ(text(all), text(read_only));
  EXPECT_NE(all.hints, read_only.hints);
  EXPECT_EQ(decode_mair_byte(0x44).hints, 0);
}

TEST(MemoryAttributes, MemAttr) {
  constexpr std::array<std::string_view, 16> kPlain{"device0",  "device1",  "device2",  "device3",
                                                    "normalNN", "normalNN", "normalTN", "normalBN",
                                                    "normalNT", "normalNT", "normalTT", "normalBT",
                                                    "normalNB", "normalNB", "normalTB", "normalBB"};
  constexpr std::array<std::string_view, 8> kForced{"device0",  "device1",  "device2",  "device3",
                                                    "normalNN", "normalNN", "normalBB", "stage1"};
  for (unsigned attr = 0; attr < 16; ++attr) {
    EXPECT_EQ(text(decode_mem_attr(attr, false)), kPlain[attr]) << attr;
    EXPECT_EQ(text(decode_mem_attr(attr, true)), kForced[attr & 7]) << attr;
  }
}

TEST(MemoryAttributes, LinuxIndices) {
  constexpr std::array<std::string_view, 5> kExpected{"normalBB", "taggedBB", "normalNN", "device0",
                                                      "device1"};
  for (unsigned index = 0; index < kExpected.size(); ++index) {
    EXPECT_EQ(text(decode_mair_byte(mair_byte(kLinuxMair, index))), kExpected[index]);
  }
}

}  // namespace
}  // namespace amalgam::arch
