#include "cli/check_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "run_program.hpp"

namespace amalgam::cli {
namespace {

using test::kBroken;
using test::kClean;
using test::Ran;
using test::run_program;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Check : public test::InDirectory {};

std::string expecting(const std::string& scenario, const std::string& expectation) {
  return scenario + "\nexpect\n    " + expectation + '\n';
}

TEST_F(Check, CleanIsStatusZero) {
  const Ran ran = run_program({"check", file("clean.scn", kClean)});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("clean.scn: clean at BBM 0 1 2 3\n"));
  EXPECT_THAT(ran.out, HasSubstr("  covered   exhaustive: "));
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(Check, AViolationIsStatusOne) {
  const std::string name = file("broken.scn", kBroken);
  const Ran ran = run_program({"check", name});
  EXPECT_EQ(ran.status, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out,
              HasSubstr(name + ":9:5: violation at BBM 0 1 2 3: break-before-make required"));
  EXPECT_THAT(ran.out, HasSubstr("    9 |     set   pte x = b ro\n      |     ^"));
  EXPECT_THAT(ran.out, HasSubstr("step  line  "));
}

TEST_F(Check, WhatIsExpectedIsStatusZeroAndWhatIsNotStatusOne) {
  const std::string broken = file("e.scn", expecting(kBroken, "bbm 0..3: clean"));
  const Ran refuted = run_program({"check", broken});
  EXPECT_EQ(refuted.status, 1);
  EXPECT_THAT(refuted.out, HasSubstr("NOT as the file says at BBM 0 1 2 3: not expected "));
  const std::string clean = file("f.scn", expecting(kClean, "bbm 0..3: clean"));
  const Ran met = run_program({"check", clean});
  EXPECT_EQ(met.status, 0) << met.out << met.err;
  EXPECT_THAT(met.out, HasSubstr("  expected  as the file says\n"));
}

TEST_F(Check, OtherLevelsOnRequest) {
  const std::string name = file("clean.scn", kClean);
  EXPECT_THAT(run_program({"check", name, "--bbm", "1,2"}).out, HasSubstr("clean at BBM 1 2\n"));
  EXPECT_THAT(run_program({"check", name, "--bbm", "1", "--ets", "none,3"}).out,
              HasSubstr("clean at BBM 1 ETS none 3\n"));
}

TEST_F(Check, AMalformedFileIsStatusTwoWithItsPlace) {
  const std::string name = file("bad.scn", std::string(kClean) + "    lode x\n");
  const Ran ran = run_program({"check", name});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, StartsWith(name + ":13:5: error: "));
  EXPECT_THAT(ran.err, HasSubstr("\n   13 |     lode x\n      |     ^"));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST_F(Check, AnythingThatIsNoScenarioIsStatusTwo) {
  const std::string zeros(1000, '\0');
  for (const std::string& text : {std::string(), zeros, std::string("\xff\xfe\x01"),
                                  std::string(100000, '('), std::string("case\n")}) {
    const Ran ran = run_program({"check", file("bad.scn", text)});
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, HasSubstr("bad.scn:"));
  }
}

TEST_F(Check, FilesThatCannotBeReadAreStatusTwo) {
  const Ran missing = run_program({"check", path("none.scn")});
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.err, path("none.scn") + ": error: cannot be read: No such file or directory\n");
  const Ran empty = run_program({"check", path("")});
  EXPECT_EQ(empty.status, 2);
  EXPECT_THAT(empty.err, HasSubstr("has no file that ends in .scn"));
}

TEST_F(Check, ABoundIsStatusThreeAndSaysWhich) {
  const Ran ran = run_program({"check", file("broken.scn", kBroken), "--max-states", "3"});
  EXPECT_EQ(ran.status, 3) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("not decided at BBM 0 1 2 3: "));
  EXPECT_THAT(ran.out, HasSubstr("  covered   not exhaustive: "));
}

TEST_F(Check, OfSeveralFilesTheWorstCounts) {
  const std::string clean = file("clean.scn", kClean);
  const std::string broken = file("broken.scn", kBroken);
  const std::string bad = file("bad.scn", "x\n");
  EXPECT_EQ(run_program({"check", clean, broken}).status, 1);
  EXPECT_EQ(run_program({"check", broken, bad, clean}).status, 2);
  EXPECT_EQ(run_program({"check", broken, bad, clean, "--max-states", "3"}).status, 2);
  EXPECT_EQ(run_program({"check", broken, clean, "--max-states", "3"}).status, 3);
}

TEST(Worse, OrdersStatuses) {
  EXPECT_EQ(worse(kFine, kViolation), kViolation);
  EXPECT_EQ(worse(kUndecided, kViolation), kUndecided);
  EXPECT_EQ(worse(kUndecided, kUnusable), kUnusable);
  EXPECT_EQ(worse(kUnusable, kFine), kUnusable);
}

TEST_F(Check, ADirectoryStandsForItsScenariosInOrder) {
  (void)file("b.scn", kClean);
  (void)file("a.scn", kBroken);
  (void)file("c.txt", "not looked at");
  const Ran ran = run_program({"check", path(""), "--table"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_LT(ran.out.find("\na "), ran.out.find("\nb "));
  EXPECT_THAT(ran.out, HasSubstr("\n2 cases: 1 clean, 1 with a violation or effect\n"));
  EXPECT_THAT(run_program({"check", path("")}).out,
              HasSubstr("2 cases: 1 clean, 1 with a violation or effect\n"));
}

TEST_F(Check, JsonIsOneDocumentOrOneALine) {
  const std::string clean = file("clean.scn", kClean);
  const std::string broken = file("broken.scn", kBroken);
  const auto one = nlohmann::json::parse(run_program({"check", broken, "--json"}).out);
  EXPECT_EQ(one["schema"], 1);
  EXPECT_EQ(one["outcome"], "violation");
  EXPECT_EQ(one["levels"].size(), 4U);
  EXPECT_EQ(one["levels"][0]["rules"][0]["rule"], "break-before-make");
  EXPECT_FALSE(one["levels"][0]["rules"][0]["witness"]["steps"].empty());
  std::istringstream lines(run_program({"check", clean, broken, path("no.scn"), "--json"}).out);
  std::vector<std::string> outcomes;
  for (std::string line; std::getline(lines, line);) {
    outcomes.push_back(nlohmann::json::parse(line)["outcome"]);
  }
  EXPECT_THAT(outcomes, testing::ElementsAre("clean", "violation", "unusable"));
}

TEST_F(Check, WitnessesAsAskedFor) {
  const std::string name = file("broken.scn", kBroken);
  EXPECT_THAT(run_program({"check", name, "--no-witness"}).out, Not(HasSubstr("step  line")));
  EXPECT_GT(run_program({"check", name, "--all-witnesses"}).out.size(),
            run_program({"check", name}).out.size());
}

TEST_F(Check, TheAnswerDoesNotDependOnJobsOrShortcuts) {
  const std::string name = file("broken.scn", kBroken);
  const std::string answer = run_program({"check", name, "--json", "--jobs", "1"}).out;
  EXPECT_EQ(run_program({"check", name, "--json", "--jobs", "3"}).out, answer);
  const auto verdict = [](const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    std::vector<std::string> names;
    for (const auto& level : json["levels"]) {
      for (const auto& rule : level["rules"]) names.push_back(rule["rule"]);
      for (const auto& effect : level["effects"]) names.push_back(effect["effect"]);
    }
    return names;
  };
  for (const char* option : {"--no-slice", "--no-symmetry", "--no-reduction", "--no-sensitivity"}) {
    EXPECT_EQ(verdict(run_program({"check", name, "--json", option}).out), verdict(answer))
        << option;
  }
}

TEST_F(Check, OptionsThatMakeNoSenseAreStatusTwo) {
  const std::string name = file("clean.scn", kClean);
  const std::vector<std::vector<std::string>> lines{
      {"--bbm", "4"},          {"--ets", "1"},
      {"--max-states", "0"},   {"--memory", "lots"},
      {"--jobs", "0"},         {"--assume", "amalgamation"},
      {"--assume", "no=such"}, {"--assume", "amalgamation=no"},
      {"--json", "--table"},   {"--frobnicate"},
      {"--color", "blue"}};
  for (std::vector<std::string> line : lines) {
    line.insert(line.begin(), {"check", name});
    const Ran ran = run_program(line);
    EXPECT_EQ(ran.status, 2) << line[2];
    EXPECT_THAT(ran.err, StartsWith("amalgam: ")) << line[2];
    EXPECT_THAT(ran.out, IsEmpty());
  }
  EXPECT_EQ(run_program({"check"}).status, 2);
}

TEST_F(Check, AnAssumptionChangesTheAnswer) {
  const std::string name = file("broken.scn", kBroken);
  EXPECT_THAT(run_program({"check", name, "--no-witness"}).out, HasSubstr("  amalgamation  "));
  EXPECT_THAT(run_program({"check", name, "--no-witness", "--assume", "amalgamation=none"}).out,
              Not(HasSubstr("  amalgamation  ")));
}

TEST_F(Check, ColourWhereItIsATerminalOrAskedFor) {
  const std::string name = file("clean.scn", kClean);
  EXPECT_THAT(run_program({"check", name}, false).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run_program({"check", name}, true).out, HasSubstr("\x1b[32m"));
  EXPECT_THAT(run_program({"check", name, "--color", "never"}, true).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run_program({"--color", "always", "check", name}, false).out, HasSubstr("\x1b"));
  EXPECT_THAT(run_program({"check", name, "--json"}, true).out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace amalgam::cli
