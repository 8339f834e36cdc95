// The page table setup language of isla's tests: where things lie, and what tables hold.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "lang/isla_fixture.hpp"

namespace amalgam::test {
namespace {

using litmus::SystemRegister;

constexpr std::uint64_t kPage = 0x443;       // AF, AP=01, a page
constexpr std::uint64_t kCodePage = 0x4c3;   // AF, AP=11
constexpr std::uint64_t kPage2 = 0x4ff;      // stage 2: AF, S2AP=11, MemAttr=1111
constexpr std::uint64_t kCodePage2 = 0x43f;  // stage 2: S2AP=00

std::uint64_t va(const litmus::Test& test, const std::string& name) {
  const litmus::Symbol* symbol = test.find_symbol(name);
  EXPECT_NE(symbol, nullptr) << name;
  return symbol == nullptr ? 0 : symbol->va;
}

std::uint64_t pa(const litmus::Test& test, const std::string& name) {
  const litmus::Symbol* symbol = test.find_symbol(name);
  EXPECT_NE(symbol, nullptr) << name;
  return symbol == nullptr ? 0 : symbol->pa;
}

std::string hexadecimal(std::uint64_t value) {
  std::ostringstream text;
  text << "0x" << std::hex << value;
  return text.str();
}

TEST(IslaSetup, NamesAreNumberedInTheirSpace) {
  const litmus::Test test =
      parse_isla_parts({.setup = "physical pa1 pa2; physical pa3; x |-> pa2;"});
  EXPECT_EQ(va(test, "x"), 0x600000U);
  EXPECT_EQ(va(test, "y"), 0x601000U);
  EXPECT_EQ(pa(test, "pa1"), 0x600000U);
  EXPECT_EQ(pa(test, "pa2"), 0x601000U);
  EXPECT_EQ(pa(test, "pa3"), 0x602000U);
  EXPECT_EQ(pa(test, "x"), 0x601000U);
  EXPECT_EQ(test.find_symbol("x")->descriptor, entry_at(test, kStage1Root, 0x600000, 3));
  EXPECT_FALSE(test.translation.two_stages);
  EXPECT_EQ(test.translation.start_level, 0);
}

TEST(IslaSetup, TheRootsAndCodeAreMapped) {
  const litmus::Test test = parse_isla_parts({});
  EXPECT_EQ(test.threads.at(0).code.base, 0x400000U);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000), 0x600000 | kPage);
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x600000), 0x600000 | kPage2);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x400000), 0x400000 | kCodePage);
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x400000), 0x400000 | kCodePage2);
  for (const std::uint64_t table : {kStage1Root, kStage1Root + 0x3000, kStage2Root}) {
    EXPECT_EQ(descriptor_at(test, kStage1Root, table), table | kPage);
    EXPECT_EQ(descriptor_at(test, kStage2Root, table), table | kPage2);
  }
  EXPECT_EQ(system_of(test, SystemRegister::kTtbr0El1), kStage1Root);
  EXPECT_EQ(system_of(test, SystemRegister::kTtbr0El2), kStage1Root);
  EXPECT_EQ(system_of(test, SystemRegister::kVttbrEl2), kStage2Root);
}

TEST(IslaSetup, MayMapToAddsNothingButItsTables) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "physical pa1 pa2; x |-> invalid; x ?-> pa1; x ?-> raw(2); y |-> pa2;"});
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000), 0U);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x601000), 0x601000 | kPage);
  // Its output address can be reached through stage 2 all the same.
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x600000), 0x600000 | kPage2);
}

TEST(IslaSetup, LevelsMakeBlocksAndTables) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "physical pa1; aligned 2097152 virtual x y; x |-> pa1 at level 2;"
                "y |-> table(0x283000) at level 2; identity 0x40000000 with default at level 1;",
       .reset = "R1 = \"pte2(x, page_table_base)\"\nR2 = \"pte3(y, page_table_base)\"\n"
                "R3 = \"pte1(0x40000000, page_table_base)\""});
  EXPECT_EQ(va(test, "y"), 0x800000U);
  EXPECT_EQ(word(test, register_of(test, 1)), 0x600000U | 0x441);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x800000, 2), 0x283003U);
  EXPECT_EQ(register_of(test, 2), 0x283000U);
  EXPECT_EQ(word(test, register_of(test, 3)), 0x40000441U);
}

TEST(IslaSetup, BlocksDropTheLowBitsOfTheirAddress) {
  const litmus::Test test =
      parse_isla_parts({.setup = "physical pa1 pa2; x |-> pa2 at level 2; *x = 5;"});
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000, 2), 0x600441U);
  EXPECT_EQ(word(test, 0x600000), 5U);
}

TEST(IslaSetup, AttributesOfEachStage) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "physical pa1 pa2; x |-> pa1 with [AP = 0b11, nG = 0b1, UXN = 0b1] and default;"
                "y |-> pa2 with default and [S2AP = 0b01, XN = 0b1];"});
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000), 0x600000U | 0xcc3 | std::uint64_t{1} << 54);
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x600000), 0x600000 | kPage2);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x601000), 0x601000 | kPage);
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x601000), 0x601000U | 0x47f | std::uint64_t{1} << 54);
  EXPECT_TRUE(test.translation.two_stages);
}

TEST(IslaSetup, ASingleAttributeListIsOfTheMappingsOwnStage) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "physical pa1 pa2; intermediate ipa1 ipa2; x |-> pa1 with [AP = 0b10];"
                "ipa2 |-> pa2 with [AP = 0b00];"});
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000), 0x600000U | 0x483);
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x600000), 0x600000 | kPage2);
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x601000), 0x601000U | 0x43f);
}

TEST(IslaSetup, StageTwoMattersWhereSomethingMayChangeIt) {
  const auto two = [](std::string_view setup, std::string_view reset = "",
                      std::string_view code = "NOP") {
    return parse_isla_parts({.setup = setup, .code = code, .reset = reset}).translation.two_stages;
  };
  EXPECT_FALSE(two("physical pa1; intermediate ipa1; x |-> pa1; x ?-> invalid;"));
  EXPECT_FALSE(
      two("physical pa1; intermediate ipa1; assert pa1 == ipa1; ipa1 |-> pa1;"
          "x |-> ipa1;"));
  EXPECT_TRUE(two("physical pa1; intermediate ipa1; x |-> ipa1;"));
  EXPECT_TRUE(two("physical pa1; intermediate ipa1; ipa1 |-> pa1; ipa1 ?-> invalid;"));
  EXPECT_TRUE(two("physical pa1; intermediate ipa1; ipa1 |-> invalid;"));
  EXPECT_TRUE(two("physical pa1 pa2; intermediate ipa1; ipa1 |-> pa2;"));
  EXPECT_TRUE(two("s2table other 0x240000 { }"));
  EXPECT_TRUE(two("", "R1 = \"pte3(0x200000, s2_page_table_base)\""));
  EXPECT_TRUE(two("", "VTTBR_EL2 = \"ttbr(vmid=0x01, base=s2_page_table_base)\""));
  EXPECT_TRUE(two("", "", "MSR VTTBR_EL2,X1"));
}

// isla lets its solver choose; names of the same number are equal, so that an IPA is its VA too.
TEST(IslaSetup, SpacesAreNumberedAlikeUnlessTheyClash) {
  const litmus::Test alike = parse_isla_parts(
      {.setup = "physical pa1; intermediate ipa1; x |-> ipa1; ipa1 |-> pa1; ipa1 ?-> invalid;",
       .reset = "R1 = \"extz(ipa1, 64)\""});
  EXPECT_EQ(register_of(alike, 1), 0x600000U);
  const litmus::Test apart = parse_isla_parts(
      {.setup = "physical pa1; intermediate ipa1; x |-> ipa1; ipa1 |-> invalid; ipa1 ?-> pa1;"
                "y |-> pa1;",
       .reset = "R1 = \"extz(ipa1, 64)\""});
  EXPECT_EQ(register_of(apart, 1), 0x601000U);
  EXPECT_EQ(descriptor_at(apart, kStage2Root, 0x600000), 0x600000 | kPage2);
  EXPECT_EQ(descriptor_at(apart, kStage2Root, 0x601000), 0U);
}

TEST(IslaSetup, AssertionsMoveNames) {
  const litmus::Test far = parse_isla_parts(
      {.setup = "virtual x y; physical pa1; assert x[48..21] != y[48..21]; x |-> pa1;"});
  EXPECT_NE(va(far, "x") >> 21, va(far, "y") >> 21);

  const litmus::Test near =
      parse_isla_parts({.setup = "virtual x y; physical pa1 pa2;"
                                 "assert x[48..12] == add_bits_int(y[48..12], 1);"
                                 "assert pa1[48..12] == add_bits_int(pa2[48..12], 1);"});
  EXPECT_EQ(va(near, "x"), va(near, "y") + 0x1000);
  EXPECT_EQ(pa(near, "pa1"), pa(near, "pa2") + 0x1000);

  const litmus::Test named = parse_isla_parts(
      {.setup = "let block(a) = a[48..21]; physical pa1; physical pa2; assert block(x) != block(y)"
                " && pa1 == pa2;"});
  EXPECT_NE(va(named, "x") >> 21, va(named, "y") >> 21);
  EXPECT_EQ(pa(named, "pa1"), pa(named, "pa2"));
}

TEST(IslaSetup, NamedTablesLieWhereTheySayAndAreMappedInAllThatIsOpen) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "physical pa1;"
                "x |-> invalid at level 2;"
                "s1table new_table 0x280000 { x |-> pa1; x ?-> invalid; };",
       .reset = "R1 = \"pte3(x, new_table)\"\nR2 = \"mkdesc2(table=extz(0x283000, 64))\"\n"
                "R3 = \"bvor(extz(0x283000, 64), offset(level=3, va=x))\"\n"
                "R4 = \"extz(new_table, 64)\""});
  EXPECT_EQ(register_of(test, 1), 0x283000U);
  EXPECT_EQ(register_of(test, 2), 0x283003U);
  EXPECT_EQ(register_of(test, 3), 0x283000U);
  EXPECT_EQ(register_of(test, 4), 0x280000U);
  EXPECT_EQ(descriptor_at(test, 0x280000, 0x600000), 0x600000 | kPage);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000, 2), 0U);
  for (const std::uint64_t root : {std::uint64_t{0x280000}, kStage1Root}) {
    EXPECT_EQ(descriptor_at(test, root, 0x283000), 0x283000 | kPage) << root;
  }
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x283000), 0x283000 | kPage2);
  EXPECT_EQ(descriptor_at(test, 0x280000, 0x400000), 0x400000 | kCodePage);
}

constexpr std::string_view kNested = R"(
option default_tables = false;
physical pa1;
intermediate ipa1;
s1table stage1 0x2C0000 { x |-> invalid as walkx; x ?-> ipa1; identity 0x1000 with code; }
s2table stage2 0x240000 {
  ipa1 |-> pa1;
  s1table stage1;
  pa_to_ipa(table3(walkx)) ?-> invalid;
}
s1table hypervisor 0x200000 { x |-> invalid; s2table stage2; s1table stage1; }
*pa1 = 7;
)";

TEST(IslaSetup, TablesAreNestedAndOpenedOnceMore) {
  const litmus::Test test =
      parse_isla_parts({.setup = kNested, .reset = "R1 = \"pte3(extz(0x2C3000, 64), stage2)\""});
  EXPECT_EQ(register_of(test, 1), entry_at(test, 0x240000, 0x2c3000, 3));
  EXPECT_EQ(descriptor_at(test, 0x240000, 0x2c3000), 0x2c3000 | kPage2);
  EXPECT_EQ(descriptor_at(test, 0x240000, 0x600000), 0x600000 | kPage2);
  EXPECT_EQ(descriptor_at(test, 0x200000, 0x240000), 0x240000 | kPage);
  EXPECT_EQ(descriptor_at(test, 0x200000, 0x2c0000), 0x2c0000 | kPage);
  EXPECT_EQ(descriptor_at(test, 0x2c0000, 0x1000), 0x1000 | kCodePage);
  EXPECT_EQ(descriptor_at(test, 0x240000, 0x1000), 0U);
  EXPECT_EQ(word(test, kStage1Root), 0U);
  EXPECT_EQ(word(test, 0x600000), 7U);
  EXPECT_TRUE(test.translation.two_stages);
}

TEST(IslaSetup, WalksGiveTheirTablesAndEntries) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "physical pa1; x |-> pa1 as w; pa_to_va(table3(w)) |-> invalid;"
                "pa_to_ipa(s2table2(w)) |-> invalid; *pte3(w) = desc3(x, page_table_base);"});
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000), 0x600000 | kPage);
  EXPECT_TRUE(test.translation.two_stages);
}

TEST(IslaSetup, InitialDataGoesToWhereTheTablesLead) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "physical pa1 pa2; y |-> pa2; *y = 0x11; *pa1 = desc3(y, page_table_base);"
                "*va_to_pa(x) = 3;"});
  EXPECT_EQ(word(test, 0x601000), 0x11U);
  EXPECT_EQ(word(test, 0x600000), 3U);
}

TEST(IslaSetup, OptionsLeaveOutTables) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "option default_tables = false; option self_map = false; physical pa1;"
                "s1table only 0x2C0000 { x |-> pa1; }"});
  EXPECT_EQ(word(test, kStage1Root), 0U);
  EXPECT_EQ(word(test, kStage2Root), 0U);
  EXPECT_EQ(descriptor_at(test, 0x2c0000, 0x600000), 0x600000 | kPage);
  EXPECT_EQ(descriptor_at(test, 0x2c0000, 0x2c0000, 2), 0U);
}

TEST(IslaSetup, OfSetsInOnePlaceTheFirstCounts) {
  const litmus::Test test =
      parse_isla_parts({.setup = "physical pa1; y |-> pa1; s1table again 0x300000 { x |-> pa1; }"});
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x601000), 0x600000 | kPage);
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x600000), 0U);
}

TEST(IslaSetup, PagesInsideABlockOfStageTwoAreMappedAlready) {
  const litmus::Test test = parse_isla_parts(
      {.setup = "aligned 2097152 virtual x y; physical pa1 pa2; x |-> pa1 at level 2; y |-> pa2;"});
  EXPECT_EQ(descriptor_at(test, kStage1Root, 0x800000), 0x601000 | kPage);
  EXPECT_EQ(descriptor_at(test, kStage2Root, 0x601000, 2), 0x6004fdU);
}

// Any list of mappings, against the last one for each address.
RC_GTEST_PROP(IslaSetup, WalksFindWhatWasMappedLast, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 12);
  std::string setup = "physical pa0 pa1 pa2 pa3; ";
  std::map<std::uint64_t, std::uint64_t> expected;
  for (std::size_t i = 0; i < count; ++i) {
    const auto page = *rc::gen::inRange<std::uint64_t>(0, 8);
    const auto target = *rc::gen::inRange<std::uint64_t>(0, 5);
    const auto region = *rc::gen::element<std::uint64_t>(0x10'0000'0000, 0x800000, 0x80'0000'0000);
    const std::uint64_t address = region + page * 0x1000;
    setup += "pa_to_va(" + hexadecimal(address) + ") |-> " +
             (target == 4 ? "invalid" : "pa" + std::to_string(target)) + "; ";
    expected[address] = target == 4 ? 0 : (0x600000 + target * 0x1000) | kPage;
  }
  const lang::IslaResult result = lang::parse_isla(isla_text({.setup = setup}));
  RC_ASSERT(messages(result) == "");
  for (const auto& [address, descriptor] : expected) {
    RC_ASSERT(descriptor_at(*result.test, kStage1Root, address) == descriptor);
  }
}

// No two tables that a root leads to share memory.
TEST(IslaSetup, TablesDoNotOverlap) {
  const litmus::Test test = parse_isla_parts({});
  for (const std::uint64_t root : {kStage1Root, kStage2Root}) {
    std::set<std::uint64_t> tables{root};
    std::set<std::uint64_t> level{root};
    for (int l = 0; l < 3; ++l) {
      std::set<std::uint64_t> next;
      for (const std::uint64_t table : level) {
        for (std::uint64_t i = 0; i < 512; ++i) {
          const std::uint64_t d = word(test, table + 8 * i);
          const bool is_new = d == 0 || next.insert(d & 0xfffffffff000).second;
          EXPECT_TRUE(is_new);
        }
      }
      for (const std::uint64_t table : next) EXPECT_TRUE(tables.insert(table).second);
      level = next;
    }
    EXPECT_LT(*tables.rbegin(), root + 0x10000);
  }
}

}  // namespace
}  // namespace amalgam::test
