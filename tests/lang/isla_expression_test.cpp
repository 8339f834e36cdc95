// The functions that reset values and conditions of isla's tests call.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lang/isla_fixture.hpp"

namespace amalgam::test {
namespace {

constexpr std::string_view kSetup =
    "physical pa1 pa2; intermediate ipa1; x |-> pa1; y |-> pa2 with [AP = 0b11] and default;"
    "ipa1 |-> pa1; let PLUS(a, b) = add_bits_int(a, b);";

std::uint64_t value_of(std::string_view expression) {
  const std::string reset = "R1 = \"" + std::string(expression) + '"';
  return register_of(parse_isla_parts({.setup = kSetup, .reset = reset}), 1);
}

struct Row {
  std::string_view expression;
  std::uint64_t value;
};

TEST(IslaExpression, Values) {
  const Row rows[] = {
      {"0", 0},
      {"0x1f", 0x1f},
      {"0b101", 5},
      {"12345678901234567890", 12345678901234567890U},
      {"x", 0x600000},
      {"ipa1", 0x600000},
      {"pa2", 0x601000},
      {"page_table_base", 0x300000},
      {"s2_page_table_base", 0x200000},
      {"(x)", 0x600000},
      {"L1:", 0x400000},
      {"extz(0xff, 64)", 0xff},
      {"extz(0xfff, 8)", 0xff},
      {"exts(0xff, 64)", ~std::uint64_t{0}},
      {"exts(0x7f, 64)", 0x7f},
      {"exts(0b10, 8)", 0xfe},
      {"page(y)", 0x601},
      {"extz(page(extz(0x2C3000, 64)), 64)", 0x2c3},
      {"asid(0x1)", std::uint64_t{1} << 48},
      {"vmid(0x2)", std::uint64_t{2} << 48},
      {"bvor(asid(0x1), extz(page(x), 64))", std::uint64_t{1} << 48 | 0x600},
      {"bvand(0xff, 0x0f)", 0xf},
      {"bvxor(0xff, 0x0f)", 0xf0},
      {"bvlshr(x, 0xc)", 0x600},
      {"bvshl(page(x), 0xc)", 0x600000},
      {"bvlshr(x, extz(0x40, 64))", 0},
      {"x[23..12]", 0x600},
      {"x[22..21]", 3},
      {"x & 0xfff000", 0x600000},
      {"x | 0x1 ^ 0x1", 0x600000},
      {"~0x0f", 0xf0},
      {"PLUS(x, 8)", 0x600008},
      {"add_bits_int(0xff, 1)", 0},
      {"sub_bits_int(0x10, 1)", 0xf},
      {"index(level=2, va=x)", 3},
      {"offset(level=2, va=x)", 24},
      {"offset(level=3, ipa=ipa1)", 0},
      {"pte3(x, page_table_base)", 0x303000},
      {"pte3(y, page_table_base)", 0x303008},
      {"pte2(x, page_table_base)", 0x302018},
      {"pte1(x, page_table_base)", 0x301000},
      {"pte0(x, page_table_base)", 0x300000},
      {"desc3(x, page_table_base)", 0x600443},
      {"desc3(y, page_table_base)", 0x6014c3},
      {"desc2(x, page_table_base)", 0x303003},
      {"pa(y, page_table_base)", 0x601000},
      {"pte3(ipa1, s2_page_table_base)", 0x203000},
      {"mkdesc3(oa=pa1)", 0x600443},
      {"mkdesc3(oa=pa2, AP=0b11)", 0x6014c3},
      {"mkdesc3(AP=0b10, oa=pa2, nG=0b1)", 0x601c83},
      {"mkdesc2(oa=pa2)", 0x600441},
      {"mkdesc1(oa=extz(0x40000000, 64))", 0x40000441},
      {"mkdesc2(table=extz(0x283000, 64))", 0x283003},
      {"s2mkdesc3(oa=pa1)", 0x6004ff},
      {"s2mkdesc3(oa=pa1, S2AP=0b01)", 0x60047f},
      {"ttbr(base=page_table_base, asid=0x00)", 0x300000},
      {"ttbr(asid=0x0001, base=page_table_base)", std::uint64_t{1} << 48 | 0x300000},
      {"ttbr(vmid=0x2, base=extz(0b0, 64), CnP=0b1)", std::uint64_t{2} << 48 | 1},
  };
  for (const Row& row : rows) {
    const std::string reset = "R1 = \"" + std::string(row.expression) + '"';
    const litmus::Test test =
        parse_isla_parts({.setup = kSetup, .code = "L1: NOP", .reset = reset});
    EXPECT_EQ(register_of(test, 1), row.value) << row.expression;
  }
}

TEST(IslaExpression, PrecedenceOfOperators) {
  EXPECT_EQ(value_of("0x1 | 0x2 & 0x6"), 3U);
  EXPECT_EQ(value_of("(0x1 | 0x2) & 0x6"), 2U);
  EXPECT_EQ(value_of("~0xf0 & 0xff"), 0xfU);
}

TEST(IslaExpression, WhatHasNoValueSaysWhy) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"q", "`q` is not a name of this test"},
      {"frob(x)", "no function `frob`"},
      {"page(x, x)", "expected 1 argument"},
      {"page()", "expected 1 argument"},
      {"page(x, level=3)", "`level=` is not an argument of this function"},
      {"page(x", "expected `)`, found the end of the text"},
      {"x x", "expected the end of the value, found `x`"},
      {"", "expected a value, found the end of the text"},
      {"ttbr(base=x)", "expected either `asid=` or `vmid=`"},
      {"ttbr(asid=0x1)", "`base=` is missing"},
      {"ttbr(base=x, asid=0x12345)", "an ASID or VMID has 16 bits"},
      {"mkdesc3(oa=pa1, AP=0b111)", "`AP` has 2 bits"},
      {"mkdesc3(oa=pa1, oa=pa1)", "`oa=` is given twice"},
      {"mkdesc3(oa=pa1, S2AP=0b11)", "`S2AP` is not an attribute of stage 1"},
      {"mkdesc3(table=pa1)", "level 3 has no tables"},
      {"mkdesc2(AP=0b11)", "expected either `oa=` or `table=`"},
      {"mkdesc2(table=pa1, AP=0b11)", "a table descriptor takes no attributes"},
      {"extz(x, 65)", "a width is 1 to 64"},
      {"x[3..4]", "a slice is `[high..low]`"},
      {"x[64..0]", "a slice is `[high..low]`"},
      {"pte3(0x80000000, page_table_base)", "the walk ends at level 1 at the start"},
      {"pte3(x)", "expected a walk, named by `as`"},
      {"offset(level=4, va=x)", "expected `level=` 0 to 3"},
      {"offset(level=3)", "expected either `va=` or `ipa=`"},
      {"va_to_pa(pa1)", "expected a virtual address"},
      {"L9:", "no label `L9`"},
      {"x == y", "expected a number or an address"},
      {"0x1 && 0x2", "expected two conditions"},
      {"0x12345678901234567", "a number of more than 64 bits"},
      {"x @ y", "a character that means nothing here"},
  };
  for (const auto& [expression, message] : rows) {
    const std::string reset = "R1 = \"" + std::string(expression) + '"';
    const std::string found = isla_messages({.setup = kSetup, .reset = reset});
    EXPECT_NE(found.find(": error: " + std::string(message) + '\n'), std::string::npos)
        << expression << '\n'
        << found;
  }
}

TEST(IslaExpression, EndlessOnesAreCut) {
  std::string deep(200, '(');
  EXPECT_NE(isla_messages({.reset = "R1 = \"" + deep + "\""}).find("nested too deep"),
            std::string::npos);
  EXPECT_NE(isla_messages({.setup = "let f(a) = f(a); assert f(x) == x;"}).find("takes too long"),
            std::string::npos);
}

}  // namespace
}  // namespace amalgam::test
