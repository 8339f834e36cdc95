#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "run_program.hpp"

namespace amalgam::cli {
namespace {

using test::Ran;
using test::run_program;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

nlohmann::json change(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "change");
  arguments.emplace_back("--json");
  const Ran ran = run_program(arguments);
  EXPECT_EQ(ran.status, 0) << ran.err;
  return nlohmann::json::parse(ran.out);
}

// For each level, whether it requires a break.
std::vector<int> breaks(const nlohmann::json& json) {
  std::vector<int> required;
  for (const auto& level : json["levels"]) required.push_back(level["break_required"].get<bool>());
  return required;
}

using testing::ElementsAre;

TEST(Change, AnswersForEveryLevel) {
  const auto json = change({"60000080000703", "60000080001783", "--level", "3"});
  EXPECT_THAT(breaks(json), ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(json["levels"][0]["row"], 13);
}

TEST(Change, OfSizeDependsOnTheLevel) {
  const auto json = change({"60000080000701", "80200003", "-l", "2", "--contents", "same"});
  EXPECT_THAT(breaks(json), ElementsAre(1, 1, 0, 0));
  EXPECT_EQ(json["levels"][1]["in_place_with_nt"], true);
}

TEST(Change, ContentsDecideForReadOnlyPages) {
  const std::vector<std::string> move{"60000080000783", "60000080001783", "--level", "3"};
  auto with = [&](const char* contents) {
    std::vector<std::string> arguments = move;
    arguments.insert(arguments.end(), {"--contents", contents, "--bbm", "0"});
    return breaks(change(arguments)).front();
  };
  EXPECT_FALSE(with("same"));
  EXPECT_TRUE(with("different"));
  EXPECT_TRUE(with("unknown"));
}

TEST(Change, HardwareDirtyMakesDbmWritable) {
  const std::vector<std::string> move{"68000080000783", "68000080001783", "--level", "3",
                                      "--contents",     "same",           "--bbm",   "3"};
  EXPECT_FALSE(breaks(change(move)).front());
  std::vector<std::string> with_hd = move;
  with_hd.emplace_back("--hd");
  EXPECT_TRUE(breaks(change(with_hd)).front());
}

TEST(Change, ACpuChoosesTheLevel) {
  const auto json =
      change({"60000080000703", "60000080001783", "--level", "3", "--cpu", "olympus"});
  ASSERT_EQ(json["levels"].size(), 1U);
  EXPECT_EQ(json["levels"][0]["bbm"], 3);
  EXPECT_THAT(json["cpu"].get<std::string>(), StartsWith("olympus"));
}

TEST(Change, StageTwoNeedsItsOwnTlbi) {
  const auto json = change({"800007ff", "800017ff", "--level", "3", "--stage", "2"});
  EXPECT_EQ(json["levels"][0]["tlbi_operation"], "ipas2le1is");
}

TEST(Change, AnAssumptionChangesTheAnswer) {
  const std::vector<std::string> copy{"80200003",   "80201003", "--level", "2",
                                      "--contents", "same",     "--bbm",   "0"};
  EXPECT_FALSE(breaks(change(copy)).front());
  std::vector<std::string> strict = copy;
  strict.insert(strict.end(), {"--assume", "table-copy-needs-break=yes"});
  EXPECT_TRUE(breaks(change(strict)).front());
}

TEST(Change, TakesTheInvalidDescriptor) {
  EXPECT_THAT(breaks(change({"-", "60000080000703", "--level", "3"})), ElementsAre(0, 0, 0, 0));
}

TEST(Change, EntriesAtTwoLevelsAreComparedAtAnAddress) {
  const auto json = change({"60000080000701", "60000080005703", "--level", "2", "--new-level", "3",
                            "--va", "5000", "--bbm", "2"});
  EXPECT_FALSE(breaks(json).front());
  const auto moved = change({"60000080000701", "60000080005703", "--level", "2", "--new-level", "3",
                             "--va", "6000", "--bbm", "2"});
  EXPECT_TRUE(breaks(moved).front());
}

TEST(Change, ArgumentsThatMakeNoSenseAreStatusTwo) {
  const std::vector<std::vector<std::string>> lines{
      {"change"},
      {"change", "1", "--level", "3"},
      {"change", "1", "2"},
      {"change", "zz", "2", "--level", "3"},
      {"change", "1", "0x10000000000000000", "--level", "3"},
      {"change", "1", "2", "--level", "4"},
      {"change", "1", "2", "--level", "-1"},
      {"change", "1", "2", "--level", "3", "--new-level", "-1"},
      {"change", "1", "2", "--level", "0", "--granule", "64K"},
      {"change", "1", "2", "--level", "3", "--granule", "8K"},
      {"change", "1", "2", "--level", "3", "--stage", "3"},
      {"change", "1", "2", "--level", "3", "--stage", "2", "--regime", "el2"},
      {"change", "1", "2", "--level", "3", "--contents", "maybe"},
      {"change", "1", "2", "--level", "3", "--cpu", "z80"},
      {"change", "1", "2", "--level", "3", "--va-bits", "52"},
      {"change", "1", "2", "--level", "3", "--assume", "x=yes"},
      {"change", "1", "2", "--level", "3", "--assume", "table-copy-needs-break=perhaps"},
      {"explain", "zz", "--level", "3"},
      {"explain", "1"},
      {"explain", "1", "--level", "0", "--granule", "16K", "--va-bits", "47"},
  };
  for (const std::vector<std::string>& line : lines) {
    const Ran ran = run_program(line);
    EXPECT_EQ(ran.status, 2) << testing::PrintToString(line);
    EXPECT_THAT(ran.err, StartsWith("amalgam: ")) << testing::PrintToString(line);
    EXPECT_THAT(ran.out, IsEmpty());
  }
}

TEST(Explain, DecodesWhatTheTablesAre) {
  EXPECT_THAT(run_program({"explain", "0x60000080000703", "--level", "3"}).out,
              HasSubstr("PAGE 0x80000000 RW\n"));
  EXPECT_THAT(run_program({"explain", "60000080000701", "--level", "2"}).out,
              HasSubstr("BLOCK 0x80000000 RW\n"));
  EXPECT_THAT(run_program({"explain", "800007ff", "--level", "3", "--stage", "2"}).out,
              HasSubstr("S2AP"));
  EXPECT_THAT(run_program({"explain", "400000000003c3", "--level", "-1", "--lpa2"}).out,
              HasSubstr("LPA2"));
  EXPECT_THAT(run_program({"explain", "703", "--level", "3", "--mair", "0"}).out,
              HasSubstr("Device-nGnRnE"));
}

TEST(Explain, JsonHoldsTheFields) {
  const Ran ran = run_program({"explain", "0x60000080000703", "--level", "3", "--json"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(nlohmann::json::parse(ran.out)["summary"], "PAGE 0x80000000 RW");
}

}  // namespace
}  // namespace amalgam::cli
