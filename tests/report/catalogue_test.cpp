#include "report/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "amalgam/arch/assumption.hpp"
#include "amalgam/arch/change_table.hpp"
#include "amalgam/arch/cpu_presets.hpp"
#include "model/assumptions.hpp"
#include "model/effect.hpp"
#include "model/rule.hpp"
#include "report/columns.hpp"

namespace amalgam::report {
namespace {

using ::testing::HasSubstr;

const Painter kPlain(false);

TEST(Catalogue, TextNamesEverything) {
  for (const auto& rule : model::kRules) {
    EXPECT_THAT(rules_text(kPlain), HasSubstr(std::string(rule.name)));
  }
  for (const auto& effect : model::kEffects) {
    EXPECT_THAT(effects_text(kPlain), HasSubstr(std::string(effect.name)));
  }
  for (const auto& assumption : model::kAssumptions) {
    EXPECT_THAT(assumptions_text(kPlain), HasSubstr(std::string(assumption.name)));
  }
  for (const auto& cpu : arch::kCpuPresets) {
    EXPECT_THAT(cpus_text(kPlain), HasSubstr(std::string(cpu.name)));
  }
}

TEST(Catalogue, TextKeepsToThePage) {
  for (const std::string& text :
       {rules_text(kPlain), effects_text(kPlain), assumptions_text(kPlain), cpus_text(kPlain)}) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), kPageWidth) << line;
  }
}

TEST(Catalogue, JsonHoldsTheTables) {
  EXPECT_EQ(rules_json()["rules"].size(), model::kRules.size());
  EXPECT_EQ(rules_json()["change_table"].size(), arch::kRowCount);
  EXPECT_EQ(rules_json()["change_table"][16]["answers_by_bbm"],
            Json::parse(R"(["yes", "break-or-nt", "no", "no"])"));
  EXPECT_EQ(effects_json()["effects"][1]["name"], "amalgamation");
  EXPECT_EQ(assumptions_json()["check"][0]["values"], Json::parse(R"(["field", "none", "bit"])"));
  EXPECT_EQ(assumptions_json()["check"][1]["values"], Json::parse(R"(["yes", "no"])"));
  EXPECT_EQ(assumptions_json()["change"].size(), arch::kAssumptions.size());
  EXPECT_EQ(cpus_json()["cpus"].size(), arch::kCpuPresets.size());
}

}  // namespace
}  // namespace amalgam::report
