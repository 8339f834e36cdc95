#include "report/check_table.hpp"

#include <gtest/gtest.h>

#include "report/sample_case.hpp"

namespace amalgam::report {
namespace {

using test::broken_level;
using test::case_of;
using test::clean_level;
using test::expected_case_of;

const Painter kPlain(false);

Case undecided_case() {
  model::LevelResult bounded = clean_level(2);
  bounded.bounds = {"10 states"};
  return expected_case_of({broken_level(0), bounded});
}

Case case_by_ets() {
  model::LevelResult later = clean_level(0);
  later.ets = arch::Ets::kEts2;
  Case checked = case_of({broken_level(0), later});
  checked.file = "scenarios/late.scn";
  return checked;
}

TEST(CheckTable, HasARowForEachCase) {
  CheckTable table({"scenarios/remap.scn", "scenarios/late-mapping.scn"}, kPlain);
  std::string text = table.header();
  text += table.row(expected_case_of({broken_level(0), broken_level(1), clean_level(3)}));
  text += table.row(case_of({clean_level(0)}));
  text += table.row(undecided_case());
  text += table.row(case_by_ets());
  text += table.totals();
  EXPECT_EQ(text,
            R"(case in scenarios/*.scn  BBM 0 BBM 1 BBM 2 BBM 3 exp.  effects
remap                    viol. viol. -     clean yes   amalgamation, conflict-abort
remap                    clean -     -     -     -     -
remap                    viol. -     ?     -     ?     amalgamation, conflict-abort
late
  ETS none               viol. -     -     -     -     amalgamation, conflict-abort
  ETS 2                  clean -     -     -     -     -

4 cases: 1 clean, 1 as expected, 1 with a violation or effect, 1 undecided
clean: no rule broken and no effect; viol.: a rule is broken; harm: none is, but a user sees
an effect; ?: a bound was hit; -: not checked. exp.: whether it is as the file expects
)");
}

TEST(CheckTable, LevelsThatDifferOnlyInEtsShareARow) {
  model::LevelResult later = broken_level(0);
  later.ets = arch::Ets::kEts3;
  CheckTable table({"remap.scn"}, kPlain);
  Case checked = case_of({broken_level(0), later});
  checked.file = "remap.scn";
  EXPECT_EQ(table.row(checked),
            "remap  viol. -     -     -     -     amalgamation, conflict-abort\n");
}

TEST(CheckTable, SaysWhatIsNotAsExpectedAndWhatCannotBeUsed) {
  CheckTable table({"a.scn"}, kPlain);
  Case checked = expected_case_of({clean_level(0)});
  checked.file = "a.scn";
  checked.mismatches.push_back({.location = {}, .missing = {"lost-write"}, .unexpected = {}});
  EXPECT_EQ(table.row(checked), "a     clean -     -     -     NO    -\n");
  checked.diagnostics.push_back({{1, 1, 1}, "expected `case`"});
  EXPECT_EQ(table.row(checked), "a     cannot be used\n");
  EXPECT_EQ(totals_text({0, 0, 0, 1, 0, 1}), "2 cases: 1 NOT as expected, 1 that cannot be used");
}

TEST(CheckTable, LongNamesStandOnALineOfTheirOwn) {
  const std::string name(60, 'n');
  CheckTable table({name}, kPlain);
  Case checked = case_of({clean_level(0)});
  checked.file = name;
  EXPECT_EQ(table.row(checked).substr(0, 61), name + '\n');
}

}  // namespace
}  // namespace amalgam::report
