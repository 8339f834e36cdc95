#include "report/change_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace amalgam::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Painter kPlain(false);

ChangeAnswer answer_for(std::uint64_t old_value, std::uint64_t new_value, int level = 3,
                        arch::Contents contents = arch::Contents::kUnknown) {
  ChangeAnswer answer;
  answer.old_entry = {{old_value}, level};
  answer.new_entry = {{new_value}, level};
  answer.context.contents = contents;
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    arch::ChangeContext context = answer.context;
    context.features.bbm = bbm;
    answer.levels.push_back({bbm, arch::classify(answer.old_entry, answer.new_entry, context)});
  }
  return answer;
}

TEST(ChangeText, TellsRequirementReasonAndSequence) {
  EXPECT_EQ(change_text(answer_for(0x0060000080000703, 0x0060000080001783), kPlain),
            R"(  old       0x0060000080000703  PAGE 0x80000000 RW
  new       0x0060000080001783  PAGE 0x80001000 RO
  at        level 3, stage 1 EL1&0, granule 4K, 48-bit input, 48-bit output addresses
  differ in output address, permission narrowed
BBM 0 1 2 3: break-before-make required
  change    output address and write permission in one store
  why       the output address changes and one side is writable, however briefly; no level relaxes
            this [R_WHZWS (2), R_PVTFW; row 13 of docs/change-table.md; confidence high]
  tlbi      vaale1is, of the leaf: inside the break-before-make sequence
  otherwise an access may mix fields of both entries, or take a TLB conflict abort
  depends   at BBM 1 2 3 on mixture-at-every-level: a change that no level relaxes can give mixtures
            at levels 1 to 3 too
  instead   1  store 0 (invalid)
            2  dsb ishst
            3  tlbi vaale1is, the address
            4  dsb ish
            5  store 0x0060000080001783
            6  dsb ishst; isb
  or        1  store 0x0060000080000783: the old address, read-only
            2  dsb ishst
            3  tlbi vaale1is, the address
            4  dsb ish
            5  make the contents of the new page equal; nobody may write either page
            6  dsb ishst
            7  store 0x0060000080001783: the new address, read-only
            8  dsb ishst
            9  tlbi vaale1is, the address
            10  dsb ish
)");
}

TEST(ChangeText, SeparatesLevelsThatAnswerDifferently) {
  const std::string text =
      change_text(answer_for(0x0060000080000701, 0x80200003, 2, arch::Contents::kSame), kPlain);
  EXPECT_THAT(text, HasSubstr("\nBBM 0: break-before-make required\n"));
  EXPECT_THAT(text, HasSubstr("\nBBM 1: break-before-make or the nT protocol required\n"));
  EXPECT_THAT(text, HasSubstr("\nBBM 2: no break needed: one store is legal\n"));
  EXPECT_THAT(text, HasSubstr("\nBBM 3: no break needed: one store is legal\n"));
  EXPECT_THAT(text, HasSubstr("  sequence  as above\n"));
}

TEST(ChangeText, OfTheSameDescriptorAsksNothing) {
  const std::string text = change_text(answer_for(0x703, 0x703), kPlain);
  EXPECT_THAT(text, HasSubstr("BBM 0 1 2 3: no break needed"));
  EXPECT_THAT(text, HasSubstr("  tlbi      none owed\n"));
  EXPECT_THAT(text, Not(HasSubstr("dsb")));
}

TEST(ChangeJson, HoldsWhatTheTextShows) {
  const Json json = change_json(answer_for(0x0060000080000703, 0x0060000080001783));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["old"]["descriptor"], "0x0060000080000703");
  EXPECT_EQ(json["new"]["summary"], "PAGE 0x80001000 RO");
  EXPECT_EQ(json["differs"], Json::parse(R"(["output address", "permission narrowed"])"));
  ASSERT_EQ(json["levels"].size(), 4U);
  const Json& level = json["levels"][2];
  EXPECT_EQ(level["bbm"], 2);
  EXPECT_EQ(level["break_required"], true);
  EXPECT_EQ(level["row"], 13);
  EXPECT_EQ(level["label"], "R_WHZWS (2), R_PVTFW");
  EXPECT_EQ(level["confidence"], "high");
  EXPECT_EQ(level["tlbi"], "last-level");
  EXPECT_EQ(level["tlbi_operation"], "vaale1is");
  EXPECT_EQ(level["tlbi_when"], "in-sequence");
  EXPECT_EQ(level["hazard"], "mixture-or-abort");
  EXPECT_EQ(level["depends_on"], "mixture-at-every-level");
  EXPECT_EQ(level["sequence"][4]["store"], "0x0060000080001783");
  EXPECT_EQ(level["alternative"][0]["store"], "0x0060000080000783");
}

TEST(ChangeNames, AreDistinct) {
  std::set<std::string_view> owed;
  for (int i = 0; i < 8; ++i) owed.insert(name(static_cast<arch::TlbiOwed>(i)));
  EXPECT_EQ(owed.size(), 8U);
  std::set<std::string_view> when;
  for (int i = 0; i < 6; ++i) when.insert(name(static_cast<arch::TlbiWhen>(i)));
  EXPECT_EQ(when.size(), 6U);
  EXPECT_EQ(name(arch::Confidence::kHigh), "high");
  EXPECT_EQ(name(arch::Confidence::kLow), "low");
  EXPECT_EQ(name(arch::TlbiOwed::kWholeRegime), "whole-regime");
  EXPECT_EQ(name(arch::TlbiWhen::kInSequence), "in-sequence");
  EXPECT_EQ(name(arch::Hazard::kMixtureOrAbort), "mixture-or-abort");
  EXPECT_EQ(name(arch::LevelAnswer::kDoesNotApply), "does-not-apply");
}

}  // namespace
}  // namespace amalgam::report
