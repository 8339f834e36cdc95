// What is wrong in a herd test is refused where it stands, and what is not supported by its name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lang/herd.hpp"

namespace amalgam::lang {
namespace {

using ::testing::HasSubstr;

struct Bad {
  std::string_view text;
  unsigned line;
  unsigned column;
  std::string_view message;
};

constexpr Bad kBad[] = {
    // The shape of the file.
    {"", 1, 1, "expected `AArch64` and the name of the test"},
    {"X86 t\n{}\nP0;\nNOP;\n", 1, 1, "expected `AArch64` and the name of the test"},
    {"AArch64\n{}\nP0;\nNOP;\n", 1, 1, "expected the name of the test after `AArch64`"},
    {"AArch64 t\nVariant=vmsa\n", 3, 1, "expected the initial state in braces"},
    {"AArch64 t\n{ x=1;\nP0;\nNOP;\n", 2, 1, "the initial state does not end in `}`"},
    {"AArch64 t\n(* one (* two *)\n{}\nP0;\n", 2, 1, "a comment that starts in this line"},
    {"AArch64 t\n{}\n", 2, 3, "expected the program"},
    {"AArch64 t\n{}\nP0\n", 3, 1, "expected the program: a row of thread names"},
    // The header.
    {"AArch64 t u\n{}\nP0;\nNOP;\n", 1, 11, "expected KEY=VALUE"},
    {"AArch64 t\nhello\n{}\nP0;\nNOP;\n", 2, 1, "expected KEY=VALUE"},
    {"AArch64 t\nVariant=vmsa,memtag\n{}\nP0;\nNOP;\n", 2, 14, "variant `memtag` is not supported"},
    {"AArch64 t\nvariant = pte2\n{}\nP0;\nNOP;\n", 2, 11, "variant `pte2` is not supported"},
    {"AArch64 t\nTTHM=XX\n{}\nP0;\nNOP;\n", 2, 6, "expected HA, HD or SW"},
    {"AArch64 t\nTTHM=HA P7:HD\n{}\nP0;\nNOP;\n", 2, 9, "the test has no thread 7"},
    {"AArch64 t\nTTHM=Q1:HA\n{}\nP0;\nNOP;\n", 2, 6, "expected HA, HD or SW"},
    {"AArch64 t\nEL0=P0,1\n{}\nP0;\nNOP;\n", 2, 8, "expected a thread such as P0"},
    {"AArch64 t\nEL0=P1\n{}\nP0;\nNOP;\n", 2, 5, "the test has no thread 1"},
    // The program.
    {"AArch64 t\n{}\nP1;\nNOP;\n", 3, 1, "expected the column P0"},
    {"AArch64 t\n{}\nP0|P0;\nNOP|NOP;\n", 3, 4, "expected the column P1"},
    {"AArch64 t\n{}\nP0|P1.F;\nNOP|NOP;\n", 3, 4, "a handler of a thread that has no column"},
    {"AArch64 t\n{}\nP0.G;\nNOP;\n", 3, 1, "`.G` is not supported"},
    {"AArch64 t\n{}\nP0;\nNOP|NOP;\n", 4, 1, "more cells than columns"},
    {"AArch64 t\n{}\nP0;\nNOP\n", 4, 1, "expected a row of the program or a condition"},
    {"AArch64 t\n{}\nP0|P1;\nNOP| LDP X0,X1,[X2];\n", 4, 6, "`LDP` is not an instruction"},
    {"AArch64 t\n{}\nP0;\n STG X0,[X1] ;\n", 4, 2, "`STG` is not an instruction"},
    {"AArch64 t\n{}\nP0;\nLDR W0,[X40];\n", 4, 9, "expected a register, found `X40`"},
    {"AArch64 t\n{}\nP0;\nB L7;\n", 4, 1, "there is no label `L7`"},
    {"AArch64 t\n{}\nP0;\nL0: NOP;\nL0: NOP;\n", 5, 1, "label `L0` is there already"},
    {"AArch64 t\n{}\nP0|P0.F;\nL0:NOP|B L0;\n", 4, 8, "a branch between a thread and its handler"},
    // The initial state.
    {"AArch64 t\n{ 1:X0=x; }\nP0;\nNOP;\n", 2, 3, "the test has no such thread"},
    {"AArch64 t\n{ 0:X31=x; }\nP0;\nNOP;\n", 2, 5, "`X31` is not a register that is supported"},
    {"AArch64 t\n{ 0:X0=; }\nP0;\nNOP;\n", 2, 8, "expected a value, found the end"},
    {"AArch64 t\n{ 0:X0=1 2; }\nP0;\nNOP;\n", 2, 10, "expected `;`, found `2`"},
    {"AArch64 t\n{ 0:X0=12ab; }\nP0;\nNOP;\n", 2, 8, "`12ab` is not a number"},
    {"AArch64 t\n{ 0:X0=0x10000000000000000; }\nP0;\nNOP;\n", 2, 8, "number of at most 64 bits"},
    {"AArch64 t\n{ x=1; x=2; }\nP0;\nNOP;\n", 2, 8, "x has an initial value already"},
    {"AArch64 t\n{ x:red; }\nP0;\nNOP;\n", 2, 4, "memory tagging is not supported"},
    {"AArch64 t\n{ 0:X0=x:red; }\nP0;\nNOP;\n", 2, 9, "memory tagging is not supported"},
    {"AArch64 t\n{ [tag(x)]=:red; }\nP0;\nNOP;\n", 2, 7, "expected `]`, found `(`"},
    {"AArch64 t\n{ float x=1; }\nP0;\nNOP;\n", 2, 3, "`float` is not a type that is supported"},
    {"AArch64 t\n{ int x[2]={1,2,3}; }\nP0;\nNOP;\n", 2, 16, "expected `}`, found `,`"},
    {"AArch64 t\n{ int x[2]={1}; }\nP0;\nNOP;\n", 2, 14, "expected 2 values"},
    {"AArch64 t\n{ int x[0]; }\nP0;\nNOP;\n", 2, 7, "expected an array of 1 to 256 elements"},
    {"AArch64 t\n{ x ? 1; }\nP0;\nNOP;\n", 2, 5, "unexpected character"},
    {"AArch64 t\n{ = 1; }\nP0;\nNOP;\n", 2, 3, "expected a register or a name, found `=`"},
    {"AArch64 t\n{ pte_x=(valid:2); }\nP0;\nNOP;\n", 2, 16, "expected 0 or 1"},
    {"AArch64 t\n{ pte_x=(val:0); }\nP0;\nNOP;\n", 2, 10, "`val` is not a field of a descriptor"},
    {"AArch64 t\n{ pte_x=(valid:0; }\nP0;\nNOP;\n", 2, 17, "expected `)`, found the end"},
    {"AArch64 t\n{ 0:X0=(valid:0); }\nP0;\nNOP;\n", 2, 8, "a descriptor without `oa`"},
    {"AArch64 t\n{ 0:X0=(oa:x); }\nP0;\nNOP;\n", 2, 12, "expected a page such as PA(x)"},
    {"AArch64 t\n{ 0:X0=(oa:PTE(x)); }\nP0;\nNOP;\n", 2, 12, "expected a page such as PA(x)"},
    {"AArch64 t\n{ pte_x=(attrs:(Strange)); }\nP0;\nNOP;\n", 2, 17, "`Strange` is not a memory"},
    {"AArch64 t\n{ pte_x=(attrs:(Device-GRE,iWB)); }\nP0;\nNOP;\n", 2, 28, "Device memory has no"},
    {"AArch64 t\n{ 0:X0=PTE(PTE(x)); }\nP0;\nNOP;\n", 2, 12, "descriptors of descriptors"},
    {"AArch64 t\n{ 0:X0=pte_pte_x; }\nP0;\nNOP;\n", 2, 8, "the descriptor or the page of `pte_x`"},
    {"AArch64 t\n{ 0:X0=label:\"P0:L9\"; }\nP0;\nNOP;\n", 2, 14, "there is no label `L9`"},
    {"AArch64 t\n{ 0:X0=label:\"here\"; }\nP0;\nNOP;\n", 2, 14, "expected a label of a thread"},
    // What follows the program.
    {"AArch64 t\n{}\nP0;\nNOP;\nexists 0:X0\n", 5, 12, "expected `=`, found the end"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists (0:X0=1\n", 5, 15, "expected `)`, found the end"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists 0:X0=1 /\\\n", 5, 17, "expected a condition, found the end"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists 1:X0=1\n", 5, 8, "the test has no such thread"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists 0:X0=1 0:X1=2\n", 5, 15, "expected the end of the test"},
    {"AArch64 t\n{}\nP0;\nNOP;\n~forall 0:X0=1\n", 5, 2, "expected `exists`, found `forall`"},
    {"AArch64 t\n{}\nP0;\nNOP;\nobserved 0:X0=1;\n", 5, 1,
     "expected `exists`, `~exists` or `forall`"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists 0:X0=0:X1\n", 5, 13, "comparing two locations is not"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists fault(x)\n", 5, 14, "expected a thread, found `x`"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists fault(P0,PA(x))\n", 5, 17, "no fault is at a page"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists fault(P0,x,MMU:Odd)\n", 5, 19, "`MMU:Odd` is not a type"},
    {"AArch64 t\n{}\nP0;\nNOP;\nexists fault(P0:L0,x,I-MMU:Permission)\n", 5, 22, "not a type"},
    {"AArch64 t\n{int a[2];}\nP0;\nNOP;\nlocations [a;]\n", 5, 12,
     "a whole array is not supported"},
    {"AArch64 t\n{int a[2];}\nP0;\nNOP;\nexists a[2]=0\n", 5, 8, "the array has no element 2"},
    {"AArch64 t\n{}\nP0;\nNOP;\nlocations [0:X0 0:X1]\n", 5, 17, "expected `;`, found `0`"},
    {"AArch64 t\n{}\nP0;\nNOP;\nlocations [0:X0 float;]\n", 5, 17, "`float` is not a type"},
};

TEST(HerdBad, ThereAreManyCases) { EXPECT_GE(std::size(kBad), 60U); }

TEST(HerdBad, EachIsRefusedWhereItStands) {
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(std::string(bad.text));
    const HerdResult result = parse_herd(bad.text);
    EXPECT_FALSE(result.test.has_value());
    ASSERT_FALSE(result.diagnostics.empty());
    const Diagnostic& first = result.diagnostics.front();
    EXPECT_THAT(first.message, HasSubstr(bad.message));
    EXPECT_EQ(first.location.line, bad.line);
    EXPECT_EQ(first.location.column, bad.column);
  }
}

TEST(HerdBad, VariantsFromOutsideAreRefusedWithoutAPlace) {
  const HerdResult result = parse_herd("AArch64 t\n{}\nP0;\nNOP;\n", {{"vmsa,morello"}});
  ASSERT_EQ(result.diagnostics.size(), 1U);
  EXPECT_EQ(result.diagnostics[0].message, "variant `morello` is not supported");
  EXPECT_EQ(result.diagnostics[0].location.line, 0U);
}

std::string with_init(const std::string& init) { return "AArch64 t\n{" + init + "}\nP0;\nNOP;\n"; }

TEST(HerdBad, SizesAreBounded) {
  std::string names;
  for (int i = 0; i < 600; ++i) names += "n" + std::to_string(i) + "=1;";
  EXPECT_THAT(parse_herd(with_init(names)).diagnostics.at(0).message, HasSubstr("500 names"));

  const std::string deep = "exists " + std::string(5000, '(') + "0:X0=1";
  EXPECT_THAT(parse_herd(with_init("") + deep).diagnostics.at(0).message,
              HasSubstr("nested too deep"));
  const std::string negated = "exists " + std::string(5000, '~') + "0:X0=1";
  EXPECT_THAT(parse_herd(with_init("") + negated).diagnostics.at(0).message,
              HasSubstr("nested too deep"));
  std::string implied = "exists 0:X0=1";
  for (int i = 0; i < 5000; ++i) implied += " => 0:X0=1";
  EXPECT_THAT(parse_herd(with_init("") + implied).diagnostics.at(0).message,
              HasSubstr("nested too deep"));

  EXPECT_THAT(parse_herd(std::string((1 << 20) + 1, ' ')).diagnostics.at(0).message,
              HasSubstr("more than 1 MiB"));
  std::string rows = "AArch64 t\n{}\nP0;\n";
  for (int i = 0; i < 10'001; ++i) rows += "NOP;\n";
  EXPECT_THAT(parse_herd(rows).diagnostics.at(0).message, HasSubstr("too many instructions"));
  const std::string kinds =
      "pte_a=(attrs:(Device-GRE)); pte_b=(attrs:(Device-nGRE)); pte_c=(attrs:(Device-nGnRE));"
      "pte_d=(attrs:(Device-nGnRnE)); pte_e=(attrs:(Normal,iNC,oNC)); pte_f=(attrs:(Normal,iWT));"
      "pte_g=(attrs:(Normal,oWT)); pte_h=(attrs:(Normal,oNC));";
  EXPECT_THAT(parse_herd(with_init(kinds)).diagnostics.at(0).message,
              HasSubstr("eight kinds of memory"));
}

}  // namespace
}  // namespace amalgam::lang
