#include "cli/values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace amalgam::cli {
namespace {

using arch::Ets;
using ::testing::ElementsAre;

TEST(ParseHex, TakesDescriptors) {
  EXPECT_EQ(parse_hex("0x60000080000703"), 0x60000080000703U);
  EXPECT_EQ(parse_hex("0XFF"), 0xffU);
  EXPECT_EQ(parse_hex("ffffffffffffffff"), ~std::uint64_t{0});
  EXPECT_EQ(parse_hex("-"), 0U);
}

TEST(ParseHex, RefusesEverythingElse) {
  for (const char* text :
       {"", "0x", "zz", "-1", "+1", " 1", "1 ", "0x1ffffffffffffffff", "0x0x1"}) {
    EXPECT_EQ(parse_hex(text), std::nullopt) << text;
  }
}

TEST(ParseBytes, KnowsUnits) {
  EXPECT_EQ(parse_bytes("1"), 1U);
  EXPECT_EQ(parse_bytes("2K"), 2048U);
  EXPECT_EQ(parse_bytes("500M"), 500U << 20);
  EXPECT_EQ(parse_bytes("3G"), std::uint64_t{3} << 30);
  EXPECT_EQ(parse_bytes("2T"), std::uint64_t{2} << 40);
  for (const char* text :
       {"", "K", "0", "-1", "1P", "1.5G", "99999999999999999999", "99999999999G"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(ParseCount, IsAtLeastOne) {
  EXPECT_EQ(parse_count("10"), 10U);
  for (const char* text : {"", "0", "-1", "ten", "1e6"}) EXPECT_EQ(parse_count(text), std::nullopt);
}

TEST(ParseLevels, TakesNumbersListsAndRanges) {
  EXPECT_THAT(*parse_bbm_levels("2"), ElementsAre(2));
  EXPECT_THAT(*parse_bbm_levels("3,0,3"), ElementsAre(0, 3));
  EXPECT_THAT(*parse_bbm_levels("0..3"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(*parse_bbm_levels("0..1,3"), ElementsAre(0, 1, 3));
  EXPECT_THAT(*parse_ets_levels("none..3"), ElementsAre(Ets::kNone, Ets::kEts2, Ets::kEts3));
  EXPECT_THAT(*parse_ets_levels("3,none"), ElementsAre(Ets::kNone, Ets::kEts3));
}

TEST(ParseLevels, RefusesEverythingElse) {
  for (const char* text : {"", "4", "-1", "0..", "..3", "3..0", "0,", ",0", "0...3", "a"}) {
    EXPECT_EQ(parse_bbm_levels(text), std::nullopt) << text;
  }
  for (const char* text : {"", "1", "0", "none,", "3..none"}) {
    EXPECT_EQ(parse_ets_levels(text), std::nullopt) << text;
  }
}

TEST(ParseAssumption, SplitsAtTheFirstEqualsSign) {
  const auto setting = parse_assumption("amalgamation=bit=x");
  ASSERT_TRUE(setting.has_value());
  EXPECT_EQ(setting->name, "amalgamation");
  EXPECT_EQ(setting->value, "bit=x");
  EXPECT_EQ(parse_assumption("amalgamation"), std::nullopt);
  EXPECT_EQ(parse_assumption("=bit"), std::nullopt);
}

}  // namespace
}  // namespace amalgam::cli
