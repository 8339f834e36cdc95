#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "report/columns.hpp"
#include "report/hvo_report.hpp"
#include "run_program.hpp"

namespace amalgam::cli {
namespace {

using test::Ran;
using test::run_program;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Ran hvo(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"hvo", "--memory", "64G"});
  return run_program(arguments);
}

nlohmann::json hvo_json(std::vector<std::string> arguments, int status) {
  arguments.emplace_back("--json");
  const Ran ran = hvo(arguments);
  EXPECT_EQ(ran.status, status) << ran.err;
  return nlohmann::json::parse(ran.out);
}

TEST(Hvo, OfATebibyteAsSmallHugePages) {
  const Ran ran = run_program({"hvo", "--memory", "1T", "--page", "2M"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("87.5%  1.5625%, 0.19531%      16G, 2G\n"));
  EXPECT_THAT(ran.out, HasSubstr("524,288, in batches of 1,000"));
  EXPECT_THAT(ran.out, HasSubstr("  stores to live tables          14       14,000      7,340,032"
                                 "      8        8,000      4,194,304\n"));
  EXPECT_THAT(ran.out, HasSubstr("read-only staging"));
}

TEST(Hvo, TellsOfEverySizeWhereNoneIsNamed) {
  const auto json = hvo_json({"--granule", "16K", "--batch", "2"}, 0);
  EXPECT_EQ(json["schema"], 1);
  std::vector<std::uint64_t> sizes;
  std::vector<bool> possible;
  for (const auto& size : json["sizes"]) {
    sizes.push_back(size["huge_page_bytes"]);
    possible.push_back(!size["hvo"].is_null());
  }
  EXPECT_THAT(sizes, ElementsAre(2U << 20, 32U << 20, 1U << 30));
  EXPECT_THAT(possible, ElementsAre(false, true, true));
  EXPECT_EQ(json["sizes"][2]["saving"]["freed_pages"], 255);
}

TEST(Hvo, JsonHasWhatTheTextHas) {
  const auto json = hvo_json({"--page", "2M", "--vmemmap", "blocks", "--bbm", "3"}, 0);
  const auto& size = json["sizes"][0];
  EXPECT_EQ(size["huge_pages"], 32768);
  EXPECT_EQ(size["before_bytes"], 1U << 30);
  EXPECT_EQ(size["after_bytes"], 128U << 20);
  const auto& answer = size["hvo"];
  EXPECT_EQ(answer["strategy"], "read-only staging");
  EXPECT_EQ(answer["split_strategy"], "in place");
  EXPECT_EQ(answer["share"]["batch"]["tables"], 16);
  EXPECT_EQ(answer["share"]["one"]["live_stores"], 15);
  EXPECT_EQ(answer["restore"]["all"]["copies"], 32768 * 7);
  EXPECT_EQ(answer["linux_7_3"]["share"]["one"]["live_stores"], 9);
  EXPECT_EQ(answer["linux_7_3"]["steps"][0]["break_required"], false);
  EXPECT_EQ(answer["linux_7_3"]["steps"][1]["break_required"], true);
}

TEST(Hvo, SaysWhichRuleForbidsItAndWhatWouldMakeItLegal) {
  const Ran ran = hvo({"--page", "2M", "--vmemmap", "blocks"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("refused   BBM 0: block to table"));
  EXPECT_THAT(ran.out, HasSubstr("row 17 of"));
  EXPECT_THAT(ran.out, HasSubstr("legal by  --vmemmap pages; --permit stop-others; --permit "
                                 "fault-window; --bbm 3\n"));
  const auto json = hvo_json({"--page", "2M", "--vmemmap", "blocks", "--bbm", "1"}, 1);
  const auto& answer = json["sizes"][0]["hvo"];
  EXPECT_EQ(answer["legal"], false);
  EXPECT_EQ(answer["refusal"]["error"], "not permitted by the caller");
  EXPECT_TRUE(answer["share"].is_null());
  for (const auto& remedy : answer["legal_by"]) {
    std::istringstream words(remedy.get<std::string>());
    std::vector<std::string> arguments{"--page", "2M"};
    std::string option;
    words >> option;
    if (option != "--vmemmap") arguments.insert(arguments.end(), {"--vmemmap", "blocks"});
    if (option != "--bbm") arguments.insert(arguments.end(), {"--bbm", "1"});
    arguments.push_back(option);
    for (std::string word; words >> word;) arguments.push_back(word);
    EXPECT_EQ(hvo(arguments).status, 0) << remedy;
  }
}

TEST(Hvo, OfAHeadThatIsWrittenTakesABreak) {
  EXPECT_EQ(hvo({"--page", "2M", "--shared", "head"}).status, 1);
  EXPECT_EQ(hvo({"--page", "2M", "--shared", "head", "--heads-still"}).status, 0);
  const auto json =
      hvo_json({"--page", "2M", "--shared", "head", "--permit", "stop-others", "--batch", "8"}, 0);
  EXPECT_EQ(json["sizes"][0]["hvo"]["strategy"], "stop the other CPUs");
  EXPECT_EQ(json["sizes"][0]["hvo"]["share"]["batch"]["stops"], 8);
  EXPECT_EQ(json["sizes"][0]["hvo"]["restore"]["batch"]["stops"], 8);
}

TEST(Hvo, OfASizeWithoutTailsIsNothingToDo) {
  const Ran ran = hvo({"--page", "64K"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("none"));
  EXPECT_THAT(ran.out, Not(HasSubstr("restore")));
}

TEST(Hvo, FitsThePage) {
  for (const char* vmemmap : {"pages", "blocks"}) {
    std::istringstream lines(
        hvo({"--vmemmap", vmemmap, "--permit", "fault-window", "--batch", "10"}).out +
        hvo({"--granule", "64K", "--vmemmap", vmemmap, "--batch", "2"}).out);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(report::width(line), report::kPageWidth) << line;
    }
  }
}

TEST(Hvo, RefusesWhatItCannotUse) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--page", "3M"},
                                             {"--page", "2M", "--granule", "64k", "--bbm", "4"},
                                             {"--struct-page", "60"},
                                             {"--batch", "0"},
                                             {"--permit", "everything"},
                                             {"--page", "2M", "--vmemmap", "sections"}}) {
    const Ran ran = hvo(arguments);
    EXPECT_EQ(ran.status, 2) << arguments.back();
    EXPECT_THAT(ran.out, IsEmpty());
  }
  EXPECT_EQ(run_program({"hvo"}).status, 2);
  EXPECT_EQ(run_program({"hvo", "--memory", "1K"}).status, 2);
  EXPECT_EQ(run_program({"hvo", "--memory", "64T", "--page", "2M", "--batch", "9999999"}).status,
            2);
}

TEST(SizeText, IsInPowersOf1024) {
  EXPECT_EQ(report::size_text(64), "64");
  EXPECT_EQ(report::size_text(28 << 10), "28K");
  EXPECT_EQ(report::size_text((16 << 20) - 4096), "15.996M");
  EXPECT_EQ(report::size_text(std::uint64_t{1} << 40), "1T");
}

}  // namespace
}  // namespace amalgam::cli
