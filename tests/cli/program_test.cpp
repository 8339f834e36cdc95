#include "cli/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "report/columns.hpp"
#include "run_program.hpp"

namespace amalgam::cli {
namespace {

using test::Ran;
using test::run_program;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kCommands[] = {"check", "change",  "explain",     "hvo", "fmt",
                                     "rules", "effects", "assumptions", "cpus"};

TEST(Program, HelpNamesEveryCommandAndTheStatuses) {
  const Ran ran = run_program({"--help"});
  EXPECT_EQ(ran.status, 0);
  for (const char* command : kCommands)
    EXPECT_THAT(ran.out, HasSubstr(std::string("\n  ") + command));
  EXPECT_THAT(ran.out,
              HasSubstr("Exit status, every command: 0 clean or as expected; 1 a violation"));
}

TEST(Program, EveryCommandHasHelpThatFitsThePage) {
  for (const char* command : kCommands) {
    const Ran ran = run_program({command, "--help"});
    EXPECT_EQ(ran.status, 0) << command;
    EXPECT_THAT(ran.out, HasSubstr("Usage: amalgam " + std::string(command)));
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(report::width(line), report::kPageWidth) << line;
    }
  }
}

TEST(Program, SaysItsVersion) {
  const Ran ran = run_program({"--version"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "amalgam " AMALGAM_VERSION "\n");
}

TEST(Program, WithoutACommandShowsHelpAndIsStatusTwo) {
  const Ran nothing = run_program({});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_THAT(nothing.out, IsEmpty());
  EXPECT_THAT(nothing.err, HasSubstr("Commands:"));
  const Ran unknown = run_program({"chekc"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, StartsWith("amalgam: no command is named 'chekc'"));
  EXPECT_EQ(run_program({"--color", "never"}).status, 2);
}

TEST(Program, ListsNamesAsTextAndAsJson) {
  for (const char* command : {"rules", "effects", "assumptions", "cpus"}) {
    EXPECT_GT(run_program({command}).out.size(), 200U);
    const Ran ran = run_program({command, "--json"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(nlohmann::json::parse(ran.out)["schema"], 1) << command;
  }
}

TEST(Program, AnAnswerThatCannotBeWrittenIsNoAnswer) {
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  Terminal terminal{out, err, false};
  const char* const argv[] = {"amalgam", "effects", nullptr};
  EXPECT_EQ(run(2, argv, terminal), 2);
  EXPECT_THAT(err.str(), HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace amalgam::cli
