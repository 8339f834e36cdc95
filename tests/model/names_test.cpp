// Names that users see and type: rules, effects, assumptions, mutations.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "model/assumptions.hpp"
#include "model/effect.hpp"
#include "model/mutation.hpp"
#include "model/rule.hpp"

namespace amalgam::test {
namespace {

using namespace model;

// Lower-case words joined by hyphens: what can be typed after --assume and read in JSON.
bool is_well_formed(std::string_view name) {
  if (name.empty() || name.front() == '-' || name.back() == '-') return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!word && (c != '-' || name[i - 1] == '-')) return false;
  }
  return true;
}

TEST(RuleNames, AreUniqueAndFound) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    const RuleInfo& info = kRules[i];
    EXPECT_EQ(static_cast<std::size_t>(info.rule), i) << "the table is in the order of the type";
    EXPECT_TRUE(is_well_formed(info.name)) << info.name;
    EXPECT_TRUE(seen.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.label.empty());
    EXPECT_FALSE(info.meaning.empty());
    EXPECT_EQ(name(info.rule), info.name);
    EXPECT_EQ(rule_named(info.name), info.rule);
    EXPECT_FALSE(effect_named(info.name)) << "no rule has the name of an effect";
  }
  EXPECT_EQ(static_cast<std::size_t>(Rule::kNotifyBeforeMake) + 1, kRules.size());
}

TEST(EffectNames, AreUniqueAndFound) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < kEffects.size(); ++i) {
    const EffectInfo& info = kEffects[i];
    EXPECT_EQ(static_cast<std::size_t>(info.effect), i);
    EXPECT_TRUE(is_well_formed(info.name)) << info.name;
    EXPECT_TRUE(seen.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.meaning.empty());
    EXPECT_EQ(name(info.effect), info.name);
    EXPECT_EQ(effect_named(info.name), info.effect);
  }
  EXPECT_EQ(static_cast<std::size_t>(Effect::kLostTableUpdate) + 1, kEffects.size());
}

TEST(EffectNames, AreThoseOfTheDesign) {
  for (const char* wanted :
       {"conflict-abort", "amalgamation", "write-through-stale-permission", "lost-write",
        "stale-read", "coherence-violation", "freed-page-read", "freed-page-write",
        "freed-table-walk", "unexpected-fault", "device-order-violation",
        "uninitialised-table-walk", "lost-table-update"}) {
    EXPECT_TRUE(effect_named(wanted)) << wanted;
  }
}

TEST(Names, OfNothingAreNotFound) {
  for (const char* text :
       {"", " ", "break", "break-before-make ", "Break-Before-Make", "lost_write"}) {
    EXPECT_FALSE(rule_named(text)) << text;
    EXPECT_FALSE(effect_named(text)) << text;
    EXPECT_FALSE(assumption_named(text)) << text;
  }
}

TEST(MutationNames, AreUnique) {
  std::set<std::string_view> seen;
  for (const std::string_view name : kMutationNames) {
    EXPECT_TRUE(is_well_formed(name)) << name;
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_EQ(static_cast<std::size_t>(Mutation::kFreeHappensEarly) + 1, kMutationNames.size());
  EXPECT_GE(kMutationNames.size(), 11U) << "ten mistakes and none";
}

}  // namespace
}  // namespace amalgam::test
