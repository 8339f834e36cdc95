#include "model/litmus/expectation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/litmus/judge.hpp"

namespace amalgam::model::litmus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Expectation row(const std::string& file, const std::string& folder) {
  Expectation expected;
  expected.file = file;
  expected.folder = folder;
  return expected;
}

Test test_with(Quantifier quantifier) {
  Test test;
  test.quantifier = quantifier;
  return test;
}

// Of so many final states so many satisfy the condition.
Result result_of(std::size_t states, std::size_t satisfying) {
  Result result;
  for (std::size_t i = 0; i < states; ++i) {
    result.states.push_back({{"0:X1=" + std::to_string(i)}, i < satisfying});
  }
  return result;
}

TEST(FindExpectation, TakesTheRowOfTheFilesFolder) {
  Expectations rows;
  rows.emplace("A.litmus", row("A.litmus", "KVM"));
  rows.emplace("A.litmus", row("A.litmus", "VMSA-extra"));
  rows.emplace("B.toml", row("B.toml", "pgtable/HAND"));
  EXPECT_EQ(find_expectation(rows, "x/VMSA-extra/A.litmus")->folder, "VMSA-extra");
  EXPECT_EQ(find_expectation(rows, "KVM/A.litmus")->folder, "KVM");
  EXPECT_EQ(find_expectation(rows, "A.litmus")->folder, "KVM");  // the first
  EXPECT_EQ(find_expectation(rows, "pgtable/HAND/B.toml")->folder, "pgtable/HAND");
  EXPECT_EQ(find_expectation(rows, "elsewhere/B.toml")->folder, "pgtable/HAND");
  EXPECT_EQ(find_expectation(rows, "C.litmus"), nullptr);
}

TEST(CompareWithHerd, SaysWhatDiffers) {
  Expectation expected;
  expected.kind = Kind::kForbidden;
  expected.observation = Observation::kNever;
  expected.states = 3;
  expected.flags = {"F"};
  const litmus::Test test = test_with(Quantifier::kExists);
  Result never = result_of(3, 0);
  never.flags = {"F"};
  EXPECT_THAT(compare(expected, test, default_model(test), never), IsEmpty());
  EXPECT_THAT(
      compare(expected, test, default_model(test), result_of(4, 1)),
      ElementsAre("kind Allowed, published Forbidden", "observation Sometimes, published Never",
                  "states 4, published 3", "flags none, published F"));
}

TEST(CompareWithHerd, ReadsKindsAsTheListsDo) {
  const auto agrees = [](Kind kind, Quantifier quantifier, std::size_t satisfying) {
    Expectation expected;
    expected.kind = kind;
    const litmus::Test test = test_with(quantifier);
    return compare(expected, test, default_model(test), result_of(2, satisfying)).empty();
  };
  EXPECT_TRUE(agrees(Kind::kAllowed, Quantifier::kExists, 1));
  EXPECT_TRUE(agrees(Kind::kAllowed, Quantifier::kExists, 2));
  EXPECT_FALSE(agrees(Kind::kAllowed, Quantifier::kExists, 0));
  EXPECT_TRUE(agrees(Kind::kAllowed, Quantifier::kForall, 1));
  EXPECT_TRUE(agrees(Kind::kRequired, Quantifier::kForall, 2));
  EXPECT_FALSE(agrees(Kind::kRequired, Quantifier::kForall, 1));
  EXPECT_TRUE(agrees(Kind::kForbidden, Quantifier::kNotExists, 0));
  EXPECT_FALSE(agrees(Kind::kForbidden, Quantifier::kExists, 1));
}

TEST(CompareWithHerd, AKindThatItsObservationContradictsIsTheQuantifiers) {
  Expectation expected;
  expected.kind = Kind::kAllowed;
  expected.observation = Observation::kNever;
  const litmus::Test exists = test_with(Quantifier::kExists);
  EXPECT_THAT(compare(expected, exists, default_model(exists), result_of(2, 0)), IsEmpty());
  const litmus::Test not_exists = test_with(Quantifier::kNotExists);
  EXPECT_THAT(compare(expected, not_exists, default_model(not_exists), result_of(2, 0)),
              ElementsAre("kind Forbidden, published Allowed"));
}

TEST(CompareWithHerd, SaysNothingOfAnotherModel) {
  Expectation expected;
  expected.observation = Observation::kAlways;
  const litmus::Test test = test_with(Quantifier::kExists);
  EXPECT_TRUE(speaks_of(expected, test, *model_named("herd")));
  for (const char* other : {"herd-ets2", "ets"}) {
    EXPECT_FALSE(speaks_of(expected, test, *model_named(other))) << other;
    EXPECT_THAT(compare(expected, test, *model_named(other), result_of(2, 0)), IsEmpty());
  }
  EXPECT_FALSE(speaks_of(Expectation{}, test, *model_named("herd")));
}

TEST(CompareWithTheStrongModel, TakesTheColumnOfTheModel) {
  Expectation expected;
  expected.ets_allows = false;
  litmus::Test test = test_with(Quantifier::kExists);
  test.family = Family::kIsla;
  EXPECT_EQ(name_of(default_model(test)), "ets");
  EXPECT_THAT(compare(expected, test, *model_named("ets"), result_of(2, 1)),
              ElementsAre("verdict allowed, published forbidden"));
  EXPECT_THAT(compare(expected, test, *model_named("ets"), result_of(2, 0)), IsEmpty());
  EXPECT_FALSE(speaks_of(expected, test, *model_named("no-ets")));
}

TEST(Models, AreFoundByTheNamesThatTheyHave) {
  for (const std::string_view name : model_names()) {
    ASSERT_TRUE(model_named(name)) << name;
    EXPECT_EQ(name_of(*model_named(name)), name);
  }
  EXPECT_EQ(model_named("weak"), std::nullopt);
  for (const char* engine : {"reference", "machine", "both"}) {
    EXPECT_EQ(name(*engine_named(engine)), engine);
  }
  EXPECT_EQ(engine_named("steam"), std::nullopt);
}

TEST(Differences, NameWhoHasWhatAlone) {
  const Result a = result_of(3, 0);
  Result b = result_of(2, 0);
  b.states.push_back({{"0:X1=7", "[x]=1"}, false});
  EXPECT_THAT(differences(a, "reference", b, "machine"),
              ElementsAre("only the reference has 0:X1=2;", "only the machine has 0:X1=7; [x]=1;"));
  EXPECT_THAT(differences(a, "a", a, "b"), IsEmpty());
}

}  // namespace
}  // namespace amalgam::model::litmus
