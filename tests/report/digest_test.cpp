#include "report/digest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "report/sample_case.hpp"

namespace amalgam::report {
namespace {

using arch::Ets;
using test::broken_level;
using test::clean_level;
using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<std::string> names(const std::vector<SharedFinding>& findings) {
  std::vector<std::string> result;
  for (const SharedFinding& shared : findings) result.emplace_back(name_of(*shared.finding));
  return result;
}

TEST(Digest, SaysOnceWhatLevelsSayAlike) {
  const model::CheckResult result{{broken_level(0), broken_level(1), clean_level(2)}};
  const Digest d = digest(result);
  ASSERT_THAT(d.rules, SizeIs(1));
  EXPECT_THAT(d.rules.front().levels, ElementsAre(Level{Ets::kNone, 0}, Level{Ets::kNone, 1}));
  EXPECT_THAT(d.clean, ElementsAre(Level{Ets::kNone, 2}));
  EXPECT_FALSE(d.tell_ets);
}

TEST(Digest, KeepsApartWhatLevelsSayDifferently) {
  model::LevelResult other = broken_level(1);
  other.rules.front().why = "another reason";
  const model::CheckResult result{{broken_level(0), other}};
  EXPECT_THAT(digest(result).rules, SizeIs(2));
}

TEST(Digest, ALevelThatHitABoundIsNotClean) {
  model::LevelResult bounded = clean_level(0);
  bounded.bounds = {"10 states"};
  const model::CheckResult result{{bounded, clean_level(1)}};
  const Digest d = digest(result);
  EXPECT_THAT(d.clean, ElementsAre(Level{Ets::kNone, 1}));
  ASSERT_THAT(d.bounds, SizeIs(1));
  EXPECT_EQ(d.bounds.front().text, "10 states");
}

TEST(Digest, PutsTheMostTellingEffectFirst) {
  const model::CheckResult result{{broken_level(0)}};
  EXPECT_THAT(names(digest(result).effects), ElementsAre("amalgamation", "conflict-abort"));
}

TEST(Digest, RanksEveryEffectOnce) {
  std::set<std::size_t> ranks;
  for (const model::EffectInfo& info : model::kEffects) ranks.insert(telling_rank(info.effect));
  EXPECT_EQ(ranks.size(), model::kEffects.size());
  EXPECT_EQ(*ranks.rbegin(), telling_rank(model::Effect::kConflictAbort));
  EXPECT_EQ(*ranks.begin(), telling_rank(model::Effect::kAmalgamation));
}

TEST(Digest, AddsCoverageUp) {
  const model::CheckResult result{{broken_level(0), clean_level(1)}};
  const Digest d = digest(result);
  EXPECT_EQ(d.total.states, 1304U);
  EXPECT_EQ(d.total.slices, 14U);
  EXPECT_EQ(d.total.explored, 2U);
  EXPECT_EQ(d.total.peak_bytes, 65536U);
}

TEST(Witnesses, OneForEachLevelByItsMostTellingEffect) {
  model::LevelResult abort_only = broken_level(1);
  abort_only.effects.pop_back();
  const model::CheckResult result{{broken_level(0), abort_only}};
  EXPECT_THAT(names(telling_witnesses(digest(result), false)),
              ElementsAre("amalgamation", "conflict-abort"));
}

TEST(Witnesses, TheRuleOnlyWhereNoEffectHasARun) {
  model::LevelResult bare = broken_level(0);
  bare.effects.clear();
  const model::CheckResult result{{bare}};
  EXPECT_THAT(names(telling_witnesses(digest(result), false)), ElementsAre("break-before-make"));
}

TEST(Witnesses, AllOnRequest) {
  const model::CheckResult result{{broken_level(0), broken_level(1)}};
  EXPECT_THAT(names(telling_witnesses(digest(result), true)),
              ElementsAre("amalgamation", "conflict-abort", "break-before-make"));
}

TEST(Verdict, NamesWhatALevelCameTo) {
  EXPECT_EQ(verdict_name(broken_level(0)), "violation");
  EXPECT_EQ(verdict_name(clean_level(0)), "clean");
  model::LevelResult level = clean_level(0);
  level.bounds = {"10 states"};
  EXPECT_EQ(verdict_name(level), "undecided");
  level.effects.push_back(test::conflict_abort());
  EXPECT_EQ(verdict_name(level), "harm");
}

}  // namespace
}  // namespace amalgam::report
