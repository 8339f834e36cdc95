#include "report/check_json.hpp"

#include <gtest/gtest.h>

#include "report/sample_case.hpp"

namespace amalgam::report {
namespace {

using test::broken_level;
using test::case_of;
using test::clean_level;

TEST(CheckJson, OfACleanCase) {
  EXPECT_EQ(
      dump(check_json(case_of({clean_level(2)}), true), true),
      R"({"schema":1,"file":"scenarios/remap.scn","outcome":"clean","title":"Remap in one store",)"
      R"("question":null,"source":null,"reason":null,"has_expectations":false,"mismatches":[],)"
      R"("levels":[{"bbm":2,"ets":"none","verdict":"clean","rules":[],"effects":[],)"
      R"("depends_on":[],"exhaustive":true,"bounds":[],"coverage":{"slices":7,"explored":1,)"
      R"("states":100,"transitions":200,"peak_bytes":0}}]})"
      "\n");
}

TEST(CheckJson, HoldsEverythingOfAFinding) {
  const Json json = check_json(case_of({broken_level(0)}), true);
  EXPECT_EQ(json["outcome"], "violation");
  const Json& rule = json["levels"][0]["rules"][0];
  EXPECT_EQ(rule["rule"], "break-before-make");
  EXPECT_EQ(rule["location"], Json::parse(R"({"line":4,"column":5,"length":3})"));
  EXPECT_EQ(rule["source_line"], "    set   pte vmemmap[1] = head ro");
  EXPECT_EQ(rule["subject"], "PAGE tail[0] RW  ->  PAGE head RO");
  EXPECT_EQ(rule["label"], "R_WHZWS (2)");
  EXPECT_EQ(rule["change_row"], 13);
  EXPECT_EQ(rule["certainty"], "high");
  EXPECT_EQ(rule["address"], "0xffff800000001000");
  EXPECT_EQ(rule["page"], "vmemmap[1]");
  EXPECT_EQ(rule["pages"], 7);
  const Json& witness = json["levels"][0]["effects"][1]["witness"];
  EXPECT_EQ(witness["columns"][1], "cpu 1  pfn_walker");
  EXPECT_EQ(witness["steps"][0]["notes"][0], "-> tail[0] RW (kept in TLB)");
  EXPECT_EQ(witness["steps"][0]["location"], nullptr);
  EXPECT_EQ(witness["steps"][1]["location"]["line"], 4);
}

TEST(CheckJson, LeavesWitnessesOutOnRequest) {
  const Json json = check_json(case_of({broken_level(0)}), false);
  EXPECT_FALSE(json["levels"][0]["rules"][0].contains("witness"));
  EXPECT_FALSE(json["levels"][0]["effects"][0].contains("witness"));
}

TEST(CheckJson, TellsBoundsMismatchesAndDependences) {
  model::LevelResult level = broken_level(0);
  level.bounds = {"10 states"};
  level.depends_on = {{model::Assumption::kEts2Order, 1, {"unexpected-fault"}, {}}};
  Case checked = test::expected_case_of({level});
  checked.mismatches.push_back({.bbm = 0,
                                .ets = arch::Ets::kEts3,
                                .location = {6, 1, 6},
                                .missing = {"lost-write"},
                                .unexpected = {"amalgamation"}});
  const Json json = check_json(checked, true);
  EXPECT_EQ(json["outcome"], "undecided");
  EXPECT_EQ(json["levels"][0]["exhaustive"], false);
  EXPECT_EQ(json["levels"][0]["bounds"][0], "10 states");
  EXPECT_EQ(json["levels"][0]["depends_on"][0]["assumption"], "ets2-order");
  EXPECT_EQ(json["levels"][0]["depends_on"][0]["with"], "ordered-before");
  EXPECT_EQ(json["levels"][0]["depends_on"][0]["adds"][0], "unexpected-fault");
  EXPECT_EQ(json["has_expectations"], true);
  EXPECT_EQ(json["mismatches"][0]["ets"], "3");
  EXPECT_EQ(json["mismatches"][0]["missing"][0], "lost-write");
  EXPECT_EQ(json["mismatches"][0]["unexpected"][0], "amalgamation");
  EXPECT_EQ(json["mismatches"][0]["location"]["line"], 6);
}

TEST(CheckJson, OfAnUnusableCaseHasItsDiagnostics) {
  Case unusable;
  unusable.file = "bad.scn";
  unusable.text = "cas\n";
  unusable.diagnostics.push_back({{1, 1, 3}, "expected `case`"});
  EXPECT_EQ(dump(check_json(unusable, true), true),
            R"({"schema":1,"file":"bad.scn","outcome":"unusable","diagnostics":[{"location":)"
            R"({"line":1,"column":1,"length":3},"message":"expected `case`",)"
            R"("source_line":"cas"}]})"
            "\n");
}

TEST(CheckJson, ReplacesBytesThatAreNotText) {
  Case checked = case_of({clean_level(0)});
  checked.program.title = "\xff";
  EXPECT_NE(dump(check_json(checked, true), true).find("\xef\xbf\xbd"), std::string::npos);
}

}  // namespace
}  // namespace amalgam::report
