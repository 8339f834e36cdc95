#include "report/check_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "report/columns.hpp"
#include "report/sample_case.hpp"

namespace amalgam::report {
namespace {

using test::broken_level;
using test::case_of;
using test::clean_level;
using test::expected_case_of;
using ::testing::HasSubstr;
using ::testing::Not;

const Painter kPlain(false);

std::string text_of(const Case& checked, Witnesses witnesses = Witnesses::kTelling) {
  return check_text(checked, witnesses, kPlain);
}

Case mixed_case() {
  model::LevelResult last = broken_level(3);
  last.effects.erase(last.effects.begin());
  last.depends_on = {{model::Assumption::kAmalgamation, 1, {}, {"amalgamation"}}};
  return case_of({broken_level(0), broken_level(1), broken_level(2), last});
}

TEST(CheckText, TellsRuleEffectsRunAndWhatTheVerdictDependsOn) {
  EXPECT_EQ(text_of(mixed_case()), R"(scenarios/remap.scn: Remap in one store
scenarios/remap.scn:4:5: violation at BBM 0 1 2 3: break-before-make required
    4 |     set   pte vmemmap[1] = head ro
      |     ^~~ PAGE tail[0] RW  ->  PAGE head RO
  rule      the output address changes and the old entry is writable [R_WHZWS (2); row 13 of
            docs/change-table.md]
  at        vmemmap[1], and the same on 6 more pages
  effects   amalgamation                    cpu 1 adds through tail[0]'s permission to head
            conflict-abort                  cpu 1 takes an abort (BBM 0 1 2)

  run       shortest that shows amalgamation, at BBM 0
    step  line  cpu 0  remap                  cpu 1  pfn_walker
       1                                      translate vmemmap[1]  -> tail[0] RW (kept in TLB)
       2     4  set pte vmemmap[1] = head ro
       3                                      add vmemmap[1]
                                                two entries may match: address of the new (head),
                                                permission of the old (RW)
                                                head changes

  covered   exhaustive: 4,816 states, 28 slices, 4 of them different; at 4 levels
  depends   --assume amalgamation=none removes amalgamation at BBM 3: what an access matching two
            entries may get: fields mixed freely, whole entries only, or output address bits mixed
            too (R_FVQCK does not say which)
)");
}

TEST(CheckText, OfACleanCaseSaysWhatWasCovered) {
  EXPECT_EQ(text_of(case_of({clean_level(0), clean_level(1)})),
            R"(scenarios/remap.scn: Remap in one store
scenarios/remap.scn: clean at BBM 0 1
  covered   exhaustive: 200 states, 14 slices, 2 of them different; at 2 levels
)");
}

TEST(CheckText, SaysWhetherItIsAsExpected) {
  Case met = expected_case_of({broken_level(0)});
  EXPECT_THAT(text_of(met), HasSubstr("  expected  as the file says\n"));
  met.mismatches.push_back({.bbm = 0,
                            .ets = arch::Ets::kNone,
                            .location = {6, 1, 6},
                            .missing = {"lost-write"},
                            .unexpected = {"amalgamation", "conflict-abort"}});
  EXPECT_THAT(
      text_of(met),
      HasSubstr("  expected  NOT as the file says at BBM 0: missing lost-write; not expected "
                "amalgamation,\n            conflict-abort (line 6)\n"));
}

TEST(CheckText, EndsWithTheReasonThatTheFileGives) {
  Case checked = case_of({clean_level(0)});
  checked.program.reason = "nothing moves";
  EXPECT_TRUE(text_of(checked).ends_with("\n  reason    of the file: nothing moves\n"));
}

TEST(CheckText, NamesTheBoundThatWasHit) {
  model::LevelResult bounded = clean_level(2);
  bounded.bounds = {"slice vmemmap[1]: more than 10 states"};
  const std::string text = text_of(case_of({clean_level(0), bounded}));
  EXPECT_THAT(text, HasSubstr("scenarios/remap.scn: clean at BBM 0\n"));
  EXPECT_THAT(text, HasSubstr("scenarios/remap.scn: not decided at BBM 2: slice vmemmap[1]: more "
                              "than 10 states\n"));
  EXPECT_THAT(text, HasSubstr("  covered   not exhaustive: 200 states"));
}

TEST(CheckText, DoesNotMissWhatABoundKeptAway) {
  model::LevelResult bounded = clean_level(0);
  bounded.bounds = {"10 states"};
  Case checked = expected_case_of({bounded});
  checked.mismatches.push_back(
      {.location = {6, 1, 6}, .missing = {"lost-write"}, .unexpected = {}});
  EXPECT_THAT(text_of(checked), Not(HasSubstr("missing")));
}

TEST(CheckText, ShowsHarmThatBreaksNoRule) {
  model::LevelResult harm = clean_level(1);
  harm.effects.push_back(test::conflict_abort());
  EXPECT_THAT(text_of(case_of({harm})),
              HasSubstr("scenarios/remap.scn:4:5: effect at BBM 1: no rule is broken, but a user "
                        "sees this\n    4 |     set   pte"));
}

TEST(CheckText, NamesTheLineOfAnEffectThatNoBlockShows) {
  model::LevelResult level = broken_level(0);
  level.effects.front().location = {5, 5, 4};
  EXPECT_THAT(text_of(case_of({level})), HasSubstr("cpu 1 takes an abort (line 5)\n"));
  level.rules.clear();
  level.effects.pop_back();
  EXPECT_THAT(text_of(case_of({level})), HasSubstr("cpu 1 takes an abort\n"));
}

TEST(CheckText, WitnessesAsAskedFor) {
  const Case checked = case_of({broken_level(0)});
  EXPECT_THAT(text_of(checked, Witnesses::kNone), Not(HasSubstr("step")));
  const std::string all = text_of(checked, Witnesses::kAll);
  EXPECT_THAT(all, HasSubstr("shortest that shows amalgamation"));
  EXPECT_THAT(all, HasSubstr("shortest that shows conflict-abort"));
  EXPECT_THAT(all, HasSubstr("shortest that shows break-before-make"));
}

TEST(CheckText, TellsDoubt) {
  model::LevelResult level = broken_level(0);
  level.rules.front().certainty = model::Certainty::kLow;
  EXPECT_THAT(text_of(case_of({level})), HasSubstr("inferred: no source confirms it]"));
}

TEST(CheckText, OfAnUnusableCaseIsItsDiagnostics) {
  Case unusable;
  unusable.file = "bad.scn";
  unusable.text = "cas \"x\"\n";
  unusable.diagnostics.push_back({{1, 1, 3}, "expected `case`"});
  EXPECT_EQ(text_of(unusable),
            "bad.scn:1:1: error: expected `case`\n    1 | cas \"x\"\n      | ^~~\n");
}

TEST(CheckText, ColourOnlyAddsEscapes) {
  const std::string plain = text_of(mixed_case());
  std::string painted = check_text(mixed_case(), Witnesses::kTelling, Painter(true));
  EXPECT_NE(painted, plain);
  for (std::size_t at = painted.find('\x1b'); at != std::string::npos; at = painted.find('\x1b')) {
    painted.erase(at, painted.find('m', at) - at + 1);
  }
  EXPECT_EQ(painted, plain);
}

TEST(CheckText, KeepsToThePage) {
  Case checked = mixed_case();
  for (model::LevelResult& level : checked.result.levels) {
    level.rules.front().why = std::string(30, 'w') + ' ' + std::string(300, 'y');
    level.rules.front().subject = "PAGE " + std::string(200, 'x');
  }
  std::istringstream lines(text_of(checked));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), kPageWidth) << line;
}

}  // namespace
}  // namespace amalgam::report
