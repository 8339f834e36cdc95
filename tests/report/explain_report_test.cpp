#include "report/explain_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/descriptor_text.hpp"

namespace amalgam::report {
namespace {

using ::testing::HasSubstr;

const Painter kPlain(false);

TEST(ExplainText, HasALineForEveryField) {
  EXPECT_EQ(explain_text({{0x0068000080001f83}, 3}, {}, kPlain),
            R"(0x0068000080001f83  PAGE 0x80001000 RO, DBM, nG
level 3, stage 1 EL1&0, granule 4K, 48-bit input, 48-bit output addresses
  bits   field           value           meaning
  1:0    kind            0b11            page
  47:12  output address  0x80001000      address of the block or page
  4:2    AttrIndx        0b000           Normal, Write-Back (MAIR byte 0xff)
  5      NS              0b0             secure output address (ignored in Non-secure state)
  6      AP[1]           0b0             privileged only
  7      AP[2]           0b1             read-only (clean where DBM is in use)
  9:8    SH              0b11            inner shareable
  10     AF              0b1             accessed
  11     nG              0b1             tagged with the ASID
  50     GP              0b0             not guarded
  51     DBM             0b1             hardware may make it writable (dirty)
  52     contiguous      0b0             stands alone
  53     PXN             0b1             privileged execution denied
  54     UXN             0b1             execution denied (EL0, or all of EL2)
  58:55  software        0b0000
  62:59  PBHA            0b0000
  63     software63      0b0
  49:48  ignored         0b00
)");
}

TEST(ExplainText, StageTwoHasItsOwnFields) {
  arch::ChangeContext context;
  context.geometry.stage = arch::Stage::kStage2;
  const std::string text = explain_text({{0x00000000800007ff}, 3}, context, kPlain);
  EXPECT_THAT(text, HasSubstr("PAGE 0x80000000 RW, X, MemAttr 0b1111\n"));
  EXPECT_THAT(text, HasSubstr("  7:6    S2AP            0b11            read and write\n"));
  EXPECT_THAT(text, HasSubstr("Normal, Write-Back\n"));
}

TEST(ExplainJson, HoldsEveryField) {
  const Json json = explain_json({{0x0060000080000703}, 3}, {});
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["descriptor"], "0x0060000080000703");
  EXPECT_EQ(json["summary"], "PAGE 0x80000000 RW");
  std::uint64_t bits = 0;
  for (const Json& field : json["fields"]) {
    const auto high = field["high_bit"].get<unsigned>();
    const auto low = field["low_bit"].get<unsigned>();
    for (unsigned bit = low; bit <= high; ++bit) bits |= std::uint64_t{1} << bit;
  }
  EXPECT_EQ(bits, ~std::uint64_t{0});
}

TEST(Summary, NamesWhatIsNotUsual) {
  const arch::ChangeContext context;
  EXPECT_EQ(summary({{0}, 3}, context), "invalid");
  EXPECT_EQ(summary({{1}, 3}, context), "reserved");
  EXPECT_EQ(summary({{0x80200003}, 2}, context), "TABLE 0x80200000");
  EXPECT_EQ(summary({{0x0060000080000701}, 2}, context), "BLOCK 0x80000000 RW");
  EXPECT_EQ(summary({{0x0060000080000303}, 3}, context), "PAGE 0x80000000 RW, AF=0");
  EXPECT_EQ(summary({{0x0070000080000743}, 3}, context), "PAGE 0x80000000 RW, user, contiguous");
}

}  // namespace
}  // namespace amalgam::report
