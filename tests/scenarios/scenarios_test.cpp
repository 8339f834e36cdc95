// Every scenario file comes out as it says, and would not if it said anything else.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using model::CheckResult;
using model::Expectation;
using model::LevelResult;
using model::Program;

class ScenarioFile : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { program_ = scenario_program(GetParam()); }
  Program program_;
};

bool applies(const Expectation& e, const LevelResult& level) {
  const auto names = [](const auto& list, auto value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  return names(e.bbm_levels, level.bbm) && names(e.ets_levels, level.ets);
}

// The expectation for this level alone.
Expectation only_at(Expectation e, const LevelResult& level) {
  e.bbm_levels = {level.bbm};
  e.ets_levels = {level.ets};
  return e;
}

// Every expectation that differs from `right` by one rule or effect, and the opposite verdict.
std::vector<Expectation> turned_around(const Expectation& right) {
  std::vector<Expectation> wrong;
  const auto vary = [&](std::vector<std::string> Expectation::* list, const auto& infos) {
    for (std::size_t i = 0; i < (right.*list).size(); ++i) {
      Expectation e = right;
      (e.*list).erase((e.*list).begin() + static_cast<std::ptrdiff_t>(i));
      wrong.push_back(std::move(e));
    }
    for (const auto& info : infos) {
      const auto& present = right.*list;
      const std::string name(info.name);
      if (std::find(present.begin(), present.end(), name) != present.end()) continue;
      Expectation e = right;
      e.clean = false;
      (e.*list).push_back(name);
      wrong.push_back(std::move(e));
    }
  };
  vary(&Expectation::rules, model::kRules);
  vary(&Expectation::effects, model::kEffects);
  if (!right.clean) {
    Expectation clean = right;
    clean.clean = true;
    clean.rules.clear();
    clean.effects.clear();
    wrong.push_back(std::move(clean));
  }
  return wrong;
}

std::string describe(const CheckResult& result) {
  std::string text;
  for (const LevelResult& level : result.levels) {
    text += "bbm " + std::to_string(level.bbm) + " ets " +
            std::to_string(static_cast<unsigned>(level.ets)) + ':';
    for (const auto* findings : {&level.rules, &level.effects}) {
      for (const model::Finding& f : *findings) {
        text += ' ' + std::string(f.rule ? name(*f.rule) : name(*f.effect)) + " at " + f.page +
                " x" + std::to_string(f.pages) + " line " + std::to_string(f.location.line) + " (" +
                f.subject + "; " + f.why + ')';
        for (const std::string& column : f.witness.columns) text += " | " + column;
        for (const model::Step& step : f.witness.steps) {
          text += " / " + std::to_string(step.column) + ' ' + step.text + " -> " + join(step.notes);
        }
      }
    }
    for (const model::Dependence& d : level.depends_on) {
      text += " depends " + std::string(model::info(d.assumption).name) + '=' +
              std::to_string(d.value) + " +{" + join(d.added) + "} -{" + join(d.removed) + '}';
    }
    text += " slices " + std::to_string(level.coverage.slices) + " explored " +
            std::to_string(level.coverage.explored) + " states " +
            std::to_string(level.coverage.states) + " transitions " +
            std::to_string(level.coverage.transitions) + " bounds " + join(level.bounds) + '\n';
  }
  return text;
}

TEST_P(ScenarioFile, SaysWhatItIsAbout) {
  EXPECT_NE(program_.title, "");
  EXPECT_NE(program_.question, "");
  EXPECT_NE(program_.source, "");
  EXPECT_NE(program_.reason, "");
}

TEST_P(ScenarioFile, ComesOutAsExpected) {
  const CheckResult result = model::check(program_, verdict_only());
  ASSERT_FALSE(result.levels.empty());
  for (const LevelResult& level : result.levels) {
    EXPECT_TRUE(level.decided()) << "bbm " << unsigned{level.bbm} << ": " << join(level.bounds);
    EXPECT_GT(level.coverage.states, 0U);
    const auto expected = std::count_if(program_.expectations.begin(), program_.expectations.end(),
                                        [&](const Expectation& e) { return applies(e, level); });
    EXPECT_EQ(expected, 1) << "bbm " << unsigned{level.bbm};
  }
  for (const model::Mismatch& m : compare(program_, result)) ADD_FAILURE() << to_text(m);
}

TEST_P(ScenarioFile, NoticesAnyOtherExpectation) {
  const CheckResult result = model::check(program_, verdict_only());
  Program asked = program_;
  for (const LevelResult& level : result.levels) {
    for (const Expectation& e : program_.expectations) {
      if (!applies(e, level)) continue;
      const Expectation right = only_at(e, level);
      asked.expectations = {right};
      EXPECT_TRUE(compare(asked, result).empty());
      for (const Expectation& wrong : turned_around(right)) {
        asked.expectations = {wrong};
        const auto mismatches = compare(asked, result);
        ASSERT_EQ(mismatches.size(), 1U)
            << "bbm " << unsigned{level.bbm} << " rules {" << join(wrong.rules) << "} effects {"
            << join(wrong.effects) << '}';
        EXPECT_EQ(mismatches[0].bbm, level.bbm);
        EXPECT_EQ(mismatches[0].ets, level.ets);
      }
    }
  }
}

TEST_P(ScenarioFile, GivesTheSameTwiceAndOnTwoThreads) {
  // The witnesses and dependences of the largest cases take their time and are those of others.
  model::CheckOptions options;
  options.sensitivity = !GetParam().starts_with("hvo-1g");
  const std::string once = describe(model::check(program_, options));
  EXPECT_EQ(once, describe(model::check(program_, options)));
  options.jobs = 2;
  EXPECT_EQ(once, describe(model::check(program_, options)));
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ScenarioFile, testing::ValuesIn(scenario_names()),
                         [](const auto& file) { return test_name(file.param); });

TEST(ScenarioFiles, AreAllThere) { EXPECT_GE(scenario_names().size(), 85U); }

}  // namespace
}  // namespace amalgam::test
