#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/litmus_case.hpp"
#include "report/litmus_json.hpp"
#include "report/litmus_text.hpp"

namespace amalgam::report {
namespace {

namespace litmus = model::litmus;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A test with two final states, one of which satisfies its condition.
LitmusCase sample(const std::string& file = "tests/one.litmus") {
  LitmusCase judged;
  judged.file = file;
  judged.test.name = "one";
  judged.test.quantifier = litmus::Quantifier::kExists;
  judged.judgement.result.states = {{{"0:X1=0", "[x]=1"}, false}, {{"0:X1=1", "[x]=1"}, true}};
  judged.judgement.result.flags = {"Warning-BBM-expected"};
  judged.judgement.result.statistics = {.runs = 4, .candidates = 1200, .consistent = 2};
  judged.micros = 7;
  return judged;
}

LitmusCase by_both() {
  LitmusCase judged = sample();
  judged.judgement.engine = litmus::Engine::kBoth;
  judged.judgement.machine = judged.judgement.result;
  return judged;
}

LitmusCase unusable() {
  LitmusCase judged;
  judged.file = "tests/bad.litmus";
  judged.text = "AArch64 bad\n{\n";
  judged.diagnostics.push_back({{.line = 2, .column = 1, .length = 1}, "expected '}'"});
  return judged;
}

TEST(LitmusOutcome, SaysWhatOutweighs) {
  LitmusCase judged = by_both();
  EXPECT_EQ(outcome(judged), LitmusOutcome::kJudged);
  judged.has_published = true;
  EXPECT_EQ(outcome(judged), LitmusOutcome::kAsPublished);
  judged.mismatches = {"observation Never, published Always"};
  EXPECT_EQ(outcome(judged), LitmusOutcome::kNotAsPublished);
  judged.judgement.disagreements = {"only the machine has 0:X1=1;"};
  EXPECT_EQ(outcome(judged), LitmusOutcome::kDisagreement);
  judged.judgement.bound = "1 candidate execution";
  EXPECT_EQ(outcome(judged), LitmusOutcome::kUndecided);
  EXPECT_EQ(outcome(unusable()), LitmusOutcome::kUnusable);
}

TEST(LitmusOutcome, CutLoopsMatterWhereMoreRunsCouldOverturnTheVerdict) {
  LitmusCase judged = sample();
  judged.judgement.result.loop_cut = true;
  EXPECT_FALSE(is_exhaustive(judged));
  EXPECT_EQ(outcome(judged), LitmusOutcome::kJudged);  // Sometimes stays
  judged.judgement.result.states[1].satisfies = false;
  EXPECT_EQ(outcome(judged), LitmusOutcome::kUndecided);  // Never may not
  judged.has_published = true;
  EXPECT_EQ(outcome(judged), LitmusOutcome::kAsPublished);
}

TEST(LitmusJson, HasWhatTextShows) {
  const Json json = litmus_json(by_both());
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["file"], "tests/one.litmus");
  EXPECT_EQ(json["test"], "one");
  EXPECT_EQ(json["verdict"], "allowed");
  EXPECT_EQ(json["kind"], "Allowed");
  EXPECT_EQ(json["observation"], "Sometimes");
  EXPECT_EQ(json["states"], Json::array({"0:X1=0; [x]=1;", "0:X1=1; [x]=1;"}));
  EXPECT_EQ(json["flags"], Json::array({"Warning-BBM-expected"}));
  EXPECT_EQ(json["engine"], "both");
  EXPECT_EQ(json["model"], "herd");
  EXPECT_EQ(json["micros"], 7);
  EXPECT_EQ(json["exhaustive"], true);
  EXPECT_EQ(json["bound"], nullptr);
  EXPECT_EQ(json["statistics"]["candidates"], 1200);
  EXPECT_EQ(json["machine"]["observation"], "Sometimes");
}

TEST(LitmusJson, OfAnUnusableFileHasItsDiagnostics) {
  const Json json = litmus_json(unusable());
  EXPECT_EQ(json["outcome"], "unusable");
  EXPECT_EQ(json["diagnostics"][0]["location"]["line"], 2);
  EXPECT_EQ(json["diagnostics"][0]["source_line"], "{");
  EXPECT_FALSE(json.contains("verdict"));
}

TEST(LitmusTable, HasALineATestAndTotals) {
  LitmusTable table({"tests/one.litmus", "tests/bad.litmus"}, Painter(false));
  EXPECT_EQ(table.header(), "verdict    observation  states  test in tests/; flags\n");
  EXPECT_EQ(table.row(sample()),
            "allowed    Sometimes         2  one.litmus  Warning-BBM-expected\n");
  EXPECT_EQ(table.row(unusable()), "cannot be used                  bad.litmus\n");
  EXPECT_EQ(table.totals(), "2 tests: 1 allowed, 0 forbidden, 1 that cannot be used\n");
}

TEST(LitmusTable, SaysWhatDiffersBelowTheLine) {
  LitmusTable table({"one.litmus"}, Painter(false));
  LitmusCase judged = by_both();
  judged.judgement.disagreements = {"only the machine has 0:X1=1;"};
  judged.has_published = true;
  judged.mismatches = {"states 2, published 3"};
  const std::string row = table.row(judged);
  EXPECT_THAT(row, HasSubstr("\n    engines differ: only the machine has 0:X1=1;\n"));
  EXPECT_THAT(row, HasSubstr("\n    NOT as published: states 2, published 3\n"));
  EXPECT_THAT(table.totals(), HasSubstr("engines agree on 0, DIFFER on 1"));
}

TEST(LitmusTable, NamesTheBoundAndCutLoops) {
  LitmusTable table({"one.litmus"}, Painter(false));
  LitmusCase judged = sample();
  judged.judgement.result.loop_cut = true;
  EXPECT_THAT(table.row(judged), HasSubstr("\n    loops cut: runs with more rounds"));
  judged.judgement.bound = "20 states";
  EXPECT_THAT(table.row(judged), HasSubstr("\n    not decided: 20 states\n"));
  EXPECT_THAT(table.totals(), HasSubstr("2 tests: 1 allowed, 0 forbidden, 1 not decided\n"));
}

TEST(LitmusTable, CountsWhatIsAsPublished) {
  LitmusTable table({"one.litmus"}, Painter(false));
  LitmusCase judged = by_both();
  (void)table.row(judged);
  judged.has_published = true;
  (void)table.row(judged);
  judged.mismatches = {"states 2, published 3"};
  (void)table.row(judged);
  EXPECT_EQ(table.totals(),
            "3 tests: 3 allowed, 0 forbidden; engines agree on 3; 1 as published, 1 NOT as "
            "published\n");
}

TEST(LitmusTable, LetsNoInputMoveTheCursor) {
  LitmusTable table({"a\x1b[2J.litmus"}, Painter(false));
  EXPECT_THAT(table.row(sample("a\x1b[2J.litmus")), Not(HasSubstr("\x1b")));
}

TEST(LitmusDetails, ListEveryFinalState) {
  const std::string text = litmus_details(by_both(), Painter(false));
  EXPECT_THAT(text, HasSubstr("    state      0:X1=0; [x]=1;\n    satisfies  0:X1=1; [x]=1;\n"));
  EXPECT_THAT(text, HasSubstr("    kind       Allowed\n    model      herd, both engines\n"));
  EXPECT_THAT(text, HasSubstr("    covered    exhaustive: 4 runs of threads, 1,200 candidates, 2 "
                              "consistent\n"));
  EXPECT_THAT(text, HasSubstr("    machine    "));
  EXPECT_THAT(litmus_details(unusable(), Painter(false)), IsEmpty());
}

}  // namespace
}  // namespace amalgam::report
