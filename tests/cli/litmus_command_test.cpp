#include "cli/litmus_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "run_program.hpp"

namespace amalgam::cli {
namespace {

using test::Ran;
using test::run_program;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Message passing from the one who breaks a page to the one who reads it. Without the barrier of
// the reader the outcome is allowed.
std::string message_passing(const std::string& barrier) {
  return R"(AArch64 passing
{
 [x]=1; [flag]=0;
 0:X0=PTE(x); 0:X1=(oa:PA(x), valid:0); 0:X2=flag; 0:X3=1; 0:X5=x;
 1:X0=x; 1:X2=flag;
}
 P0                 | P1              ;
 STR X1,[X0]        | LDR W4,[X2]     ;
 DSB ISH            | )" +
         barrier + R"( ;
 LSR X6,X5,#12      | L0: LDR W5,[X0] ;
 TLBI VAAE1IS,X6    |                 ;
 DSB ISH            |                 ;
 STR W3,[X2]        |                 ;
exists (1:X4=1 /\ 1:X5=1)
)";
}

constexpr const char* kLoop = R"(AArch64 spinning
{
 0:X0=x; 1:X0=x; 1:X1=1;
}
 P0            | P1          ;
 C: LDR W2,[X0] | STR W1,[X0] ;
 CBZ W2,C      |             ;
exists (0:X2=0)
)";

constexpr const char* kIsla = R"(arch = "AArch64"
name = "reading"
symbolic = ["x"]
page_table_setup = """
    physical pa1;
    x |-> pa1;
    *pa1 = 3;
"""
[thread.0]
init = {}
code = """
    LDR X0,[X1]
"""
[thread.0.reset]
R0 = "0x0"
R1 = "x"
"PSTATE.EL" = "0b01"
[final]
assertion = "0:X0 = 3"
)";

class Litmus : public test::InDirectory {
 protected:
  [[nodiscard]] std::string forbidden() const {
    return file("forbidden.litmus", message_passing("DSB SY"));
  }
  [[nodiscard]] std::string allowed() const {
    return file("allowed.litmus", message_passing("      "));
  }
};

nlohmann::json json_of(const std::string& text) { return nlohmann::json::parse(text); }

std::string without_micros(const std::string& text) {
  return std::regex_replace(text, std::regex("\"micros\":[0-9]+"), "\"micros\":0");
}

TEST_F(Litmus, OneFileGivesItsVerdictAndEveryFinalState) {
  const Ran ran = run_program({"litmus", allowed()});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\nallowed    Sometimes "));
  EXPECT_THAT(ran.out, HasSubstr("\n    satisfies  1:X4=1; 1:X5=1;\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n    covered    exhaustive: "));
  EXPECT_THAT(ran.out, HasSubstr("\n1 test: 1 allowed, 0 forbidden\n"));
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(Litmus, DirectoriesAreSearchedAndGiveALineATest) {
  std::filesystem::create_directories(path("a/b"));
  (void)file("a/b/z.litmus", message_passing("DSB SY"));
  (void)file("a/c.litmus.toml", kIsla);
  (void)file("a/notes.txt", "not looked at");
  (void)forbidden();
  const Ran ran = run_program({"litmus", path("")});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_LT(ran.out.find("a/b/z.litmus"), ran.out.find("a/c.litmus.toml"));
  EXPECT_LT(ran.out.find("a/c.litmus.toml"), ran.out.find("forbidden.litmus"));
  EXPECT_THAT(ran.out, HasSubstr("\n3 tests: 1 allowed, 2 forbidden\n"));
  EXPECT_THAT(ran.out, Not(HasSubstr("satisfies")));
  EXPECT_THAT(run_program({"litmus", path(""), "--states"}).out, HasSubstr("satisfies  0:X0=3;"));
}

TEST_F(Litmus, JsonIsADocumentALine) {
  std::istringstream lines(run_program({"litmus", allowed(), forbidden(), "--json"}).out);
  std::vector<std::string> verdicts;
  for (std::string line; std::getline(lines, line);) {
    const auto json = json_of(line);
    verdicts.push_back(json["verdict"]);
    EXPECT_EQ(json["schema"], 1);
    EXPECT_EQ(json["test"], "passing");
    EXPECT_EQ(json["engine"], "reference");
    EXPECT_EQ(json["model"], "herd");
    EXPECT_FALSE(json["states"].empty());
  }
  EXPECT_THAT(verdicts, ElementsAre("allowed", "forbidden"));
  EXPECT_EQ(json_of(run_program({"litmus", forbidden(), "--json"}).out)["kind"], "Forbidden");
}

TEST_F(Litmus, TheAnswerDoesNotDependOnJobs) {
  for (int i = 0; i < 30; ++i) {
    (void)file("t" + std::to_string(i) + ".litmus", message_passing(i % 3 == 0 ? "DSB SY" : "ISB"));
  }
  const std::string one = run_program({"litmus", path(""), "--json"}).out;
  const std::string five = run_program({"litmus", path(""), "--json", "--jobs", "5"}).out;
  EXPECT_EQ(without_micros(one), without_micros(five));
  EXPECT_EQ(run_program({"litmus", path("")}).out,
            run_program({"litmus", path(""), "-j", "3"}).out);
}

TEST_F(Litmus, EnginesAgree) {
  for (const std::string& name : {allowed(), forbidden(), file("i.litmus.toml", kIsla)}) {
    const Ran ran = run_program({"litmus", name, "--engine", "both"});
    EXPECT_EQ(ran.status, 0) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("engines agree on 1"));
    const auto json = json_of(run_program({"litmus", name, "--engine", "both", "--json"}).out);
    EXPECT_EQ(json["machine"]["states"], json["states"]);
    EXPECT_EQ(json_of(run_program({"litmus", name, "--engine", "machine", "--json"}).out)["states"],
              json["states"]);
  }
}

TEST_F(Litmus, TheModelIsThatOfTheTestUnlessNamed) {
  const std::string isla = file("i.litmus.toml", kIsla);
  const auto model = [&](const std::string& name, const std::vector<std::string>& options) {
    std::vector<std::string> line{"litmus", name, "--json"};
    line.insert(line.end(), options.begin(), options.end());
    return json_of(run_program(line).out)["model"].get<std::string>();
  };
  EXPECT_EQ(model(isla, {}), "ets");
  EXPECT_EQ(model(isla, {"--model", "no-ets"}), "no-ets");
  EXPECT_EQ(model(allowed(), {}), "herd");
  EXPECT_EQ(model(allowed(), {"--variant", "vmsa,fatal,ets2"}), "herd-ets2");
  EXPECT_EQ(model(allowed(), {"--model", "herd-ets3"}), "herd-ets3");
}

TEST_F(Litmus, WhatIsPublishedIsStatusZeroAndWhatIsNotStatusOne) {
  (void)allowed();
  (void)forbidden();
  const std::string header = "corpus,test,file,kind,observation,states,flags\n";
  const std::string right = file("right.csv", header +
                                                  "C,p,allowed.litmus,Allowed,Sometimes,,\n"
                                                  "C,p,forbidden.litmus,Forbidden,Never,,\n");
  const Ran met = run_program({"litmus", path(""), "--expect", right});
  EXPECT_EQ(met.status, 0) << met.out << met.err;
  EXPECT_THAT(met.out, HasSubstr("; 2 as published\n"));
  const std::string wrong =
      file("wrong.csv", header + "C,p,forbidden.litmus,Allowed,Sometimes,9,Some-flag\n");
  const Ran refuted = run_program({"litmus", path(""), "--expect", wrong});
  EXPECT_EQ(refuted.status, 1);
  EXPECT_THAT(refuted.out, HasSubstr("NOT as published: kind Forbidden, published Allowed\n"));
  EXPECT_THAT(refuted.out, HasSubstr("NOT as published: observation Never, published Sometimes\n"));
  EXPECT_THAT(refuted.out, HasSubstr(", published 9\n"));
  EXPECT_THAT(refuted.out, HasSubstr("NOT as published: flags none, published Some-flag\n"));
  EXPECT_THAT(refuted.out, HasSubstr("; 0 as published, 1 NOT as published\n"));
}

TEST_F(Litmus, TheStrongModelsTableIsReadByModel) {
  (void)file("i.litmus.toml", kIsla);
  const std::string table = file("v.csv", "test,folder,ets,no_ets\ni,,allowed,forbidden\n");
  EXPECT_EQ(run_program({"litmus", path(""), "--expect", table}).status, 0);
  const Ran other = run_program({"litmus", path(""), "--expect", table, "--model", "no-ets"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.out, HasSubstr("NOT as published: verdict allowed, published forbidden\n"));
}

TEST_F(Litmus, AMalformedFileIsStatusTwoAndTheOthersAreJudged) {
  const std::string bad =
      file("bad.litmus", "AArch64 bad\n{\n}\n P0 ;\n FROB X1 ;\nexists (0:X1=0)\n");
  const Ran ran = run_program({"litmus", bad, allowed()});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, StartsWith(bad + ":5:2: error: "));
  EXPECT_THAT(ran.out, HasSubstr("\ncannot be used"));
  EXPECT_THAT(ran.out, HasSubstr("\n2 tests: 1 allowed, 0 forbidden, 1 that cannot be used\n"));
  const auto json = json_of(run_program({"litmus", bad, "--json"}).out);
  EXPECT_EQ(json["outcome"], "unusable");
  EXPECT_EQ(json["diagnostics"][0]["location"]["line"], 5);
}

TEST_F(Litmus, AnythingThatIsNoTestIsStatusTwo) {
  const std::string zeros(1000, '\0');
  for (const std::string& text : {std::string(), zeros, std::string("\xff\xfe\x01"),
                                  std::string(100000, '('), std::string("AArch64")}) {
    for (const char* name : {"bad.litmus", "bad.litmus.toml", "bad"}) {
      const Ran ran = run_program({"litmus", file(name, text)});
      EXPECT_EQ(ran.status, 2) << name;
      EXPECT_THAT(ran.err, StartsWith(path(name) + ":"));
    }
  }
}

TEST_F(Litmus, WhatCannotBeReadIsStatusTwo) {
  const Ran missing = run_program({"litmus", path("none.litmus")});
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.err,
            path("none.litmus") + ": error: cannot be read: No such file or directory\n");
  EXPECT_THAT(run_program({"litmus", path("")}).err,
              HasSubstr("has no file that ends in .litmus or .litmus.toml"));
  EXPECT_EQ(run_program({"litmus", allowed(), "--expect", path("none.csv")}).status, 2);
  const std::string bad = file("bad.csv", "file,kind\nx.litmus,Perhaps\n");
  const Ran table = run_program({"litmus", allowed(), "--expect", bad});
  EXPECT_EQ(table.status, 2);
  EXPECT_THAT(table.err, StartsWith(bad + ":2:10: error: expected Allowed"));
}

TEST_F(Litmus, ABoundIsStatusThreeAndSaysWhich) {
  const Ran ran = run_program({"litmus", allowed(), "--limit", "candidates=1"});
  EXPECT_EQ(ran.status, 3) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("    not decided: 1 candidate"));
  EXPECT_THAT(ran.out, HasSubstr("1 test: 0 allowed, 0 forbidden, 1 not decided\n"));
  EXPECT_EQ(run_program({"litmus", allowed(), "--limit", "states=2", "--engine", "machine"}).status,
            3);
}

TEST_F(Litmus, CutLoopsLeaveNeverUndecided) {
  const std::string name = file("loop.litmus", kLoop);
  const Ran ran = run_program({"litmus", name});
  EXPECT_EQ(ran.status, 3) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("    loops cut: "));
  EXPECT_EQ(json_of(run_program({"litmus", name, "--json"}).out)["loop_cut"], true);
}

TEST_F(Litmus, TheStrongModelIsNotAskedAboutHardwareUpdates) {
  std::string text = message_passing("DSB SY");
  text.insert(text.find('\n') + 1, "TTHM=HA\n");
  const std::string name = file("ha.litmus", text);
  EXPECT_EQ(run_program({"litmus", name}).status, 0);
  const Ran ran = run_program({"litmus", name, "--model", "ets"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.out, HasSubstr("not decided: the strong model knows no hardware updates"));
}

TEST_F(Litmus, DrawsAnAllowedOrARefusedExecution) {
  const Ran drawn = run_program({"litmus", allowed(), "--dot"});
  EXPECT_EQ(drawn.status, 0) << drawn.err;
  EXPECT_THAT(drawn.out, StartsWith("digraph \"passing: allowed\" {\n"));
  EXPECT_THAT(drawn.out, HasSubstr("label=\"thread 1\""));
  EXPECT_THAT(drawn.out, HasSubstr("[label=\"rf\""));
  EXPECT_THAT(drawn.out, HasSubstr("TLBI VAAE1IS"));
  const Ran refused = run_program({"litmus", forbidden(), "--dot"});
  EXPECT_THAT(refused.out, StartsWith("digraph \"passing: refused by external\""));
}

TEST_F(Litmus, DrawsTheCycleThatRefuses) {
  const std::string name = file("data.litmus", R"(AArch64 data
{
 0:X0=x; 0:X1=1; 0:X2=flag; 1:X0=x; 1:X2=flag;
}
 P0          | P1          ;
 STR W1,[X0] | LDR W4,[X2] ;
 DMB SY      | DMB SY      ;
 STR W1,[X2] | LDR W5,[X0] ;
exists (1:X4=1 /\ 1:X5=0)
)");
  const Ran ran = run_program({"litmus", name, "--dot"});
  EXPECT_THAT(ran.out, StartsWith("digraph \"data: refused by external\""));
  EXPECT_THAT(ran.out, HasSubstr("[label=\"external\", color=red"));
}

TEST_F(Litmus, OptionsThatMakeNoSenseAreStatusTwo) {
  const std::string name = allowed();
  const std::vector<std::vector<std::string>> lines{
      {"--engine", "steam"},  {"--model", "weak"},
      {"--limit", "time=3"},  {"--limit", "candidates="},
      {"--limit", "states"},  {"--unroll", "0"},
      {"--jobs", "0"},        {"--json", "--dot"},
      {"--states", "--json"}, {"--frobnicate"}};
  for (std::vector<std::string> line : lines) {
    line.insert(line.begin(), {"litmus", name});
    const Ran ran = run_program(line);
    EXPECT_EQ(ran.status, 2) << line[2];
    EXPECT_THAT(ran.err, StartsWith("amalgam: ")) << line[2];
    EXPECT_THAT(ran.out, IsEmpty());
  }
  EXPECT_EQ(run_program({"litmus"}).status, 2);
  EXPECT_EQ(run_program({"litmus", name, "--variant", "steam"}).status, 2);
}

}  // namespace
}  // namespace amalgam::cli
