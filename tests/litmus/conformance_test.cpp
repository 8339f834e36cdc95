// Published tests are read, have herd's published verdicts and final states, and give the same by
// both engines.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "litmus/corpora_fixture.hpp"

namespace amalgam {
namespace {

namespace litmus = model::litmus;
using test::Corpora;
using test::CorpusTest;

TEST_F(Corpora, EveryTestIsRead) {
  const std::vector<CorpusTest> tests = test::both_corpora();
  EXPECT_GT(tests.size(), 700U);
  for (const CorpusTest& test : tests) expect_read(test);
}

TEST_F(Corpora, EveryPublishedVerdictIsOfATest) {
  const litmus::Expectations herd = test::published("herd");
  const litmus::Expectations rems = test::published("rems");
  EXPECT_GT(herd.size() + rems.size(), 700U);
  for (const CorpusTest& test : test::both_corpora()) {
    EXPECT_NE(find_expectation(test.corpus == "rems" ? rems : herd, test.file.string()), nullptr)
        << test.label;
  }
}

TEST_F(Corpora, HerdsVerdictsObservationsAndFlags) {
  const litmus::Expectations rows = test::published("herd");
  std::size_t compared = 0;
  for (const CorpusTest& test : test::herd_corpus()) {
    if (!test.read.test) continue;
    const litmus::Expectation* row = find_expectation(rows, test.file.string());
    ASSERT_NE(row, nullptr) << test.label;
    expect_published(test, *row, judge(*test.read.test, {}));
    ++compared;
  }
  EXPECT_GT(compared, 590U);
}

// Every final state, as herd prints it.
TEST_F(Corpora, HerdsFinalStates) {
  std::size_t compared = 0;
  const std::vector<CorpusTest> tests = test::herd_corpus();
  for (const std::string corpus : {"BBM", "ETS2", "ETS3", "KVM", "VMSA", "VMSA-extra"}) {
    for (const test::HerdOutcome& outcome : test::herd_outcomes(corpus)) {
      const auto found = std::ranges::find_if(tests, [&](const CorpusTest& test) {
        return test.corpus == corpus && test.read.test && test.read.test->name == outcome.test;
      });
      ASSERT_NE(found, tests.end()) << outcome.test;
      const litmus::Judgement judgement = judge(*found->read.test, {});
      EXPECT_EQ(test::normal_states(judgement.result), outcome.states) << found->label;
      EXPECT_EQ(judgement.result.flags, outcome.flags) << found->label;
      EXPECT_EQ(name(judgement.result.observation()), outcome.observation) << found->label;
      ++compared;
    }
  }
  EXPECT_GT(compared, 570U);
}

TEST_F(Corpora, BothEnginesAgree) {
  for (const CorpusTest& test : test::both_corpora()) {
    if (!test.read.test) continue;
    litmus::JudgeOptions options;
    options.engine = litmus::Engine::kBoth;
    const litmus::Judgement judgement = judge(*test.read.test, options);
    EXPECT_TRUE(judgement.decided()) << test.label << ": " << judgement.bound;
    for (const std::string& line : judgement.disagreements) {
      ADD_FAILURE() << test.label << ": " << line;
    }
  }
}

}  // namespace
}  // namespace amalgam
