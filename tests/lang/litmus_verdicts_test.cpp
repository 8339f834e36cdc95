#include "lang/litmus_verdicts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace amalgam::lang {
namespace {

namespace litmus = model::litmus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::SizeIs;

TEST(LitmusVerdicts, ReadsHerdsColumnsInAnyOrder) {
  const VerdictsResult read = parse_verdicts(
      "corpus,test,file,flags,kind,observation,positive,states\n"
      "BBM,T,f.litmus,Z;A,Allowed,Sometimes,1,4\r\n"
      "KVM,U,\"g,\"\"1\"\".litmus\",,Required,Always,1,1\n");
  ASSERT_TRUE(read.diagnostics.empty());
  ASSERT_THAT(read.rows, SizeIs(2));
  const litmus::Expectation& first = read.rows.find("f.litmus")->second;
  EXPECT_EQ(first.folder, "BBM");
  EXPECT_THAT(first.kind, Optional(litmus::Kind::kAllowed));
  EXPECT_THAT(first.observation, Optional(litmus::Observation::kSometimes));
  EXPECT_THAT(first.states, Optional(4U));
  EXPECT_THAT(first.flags, Optional(ElementsAre("A", "Z")));
  EXPECT_EQ(first.ets_allows, std::nullopt);
  EXPECT_THAT(read.rows.find("g,\"1\".litmus")->second.flags, Optional(SizeIs(0)));
}

TEST(LitmusVerdicts, AnUnfinishedRowSaysNothingOfFlags) {
  const VerdictsResult read =
      parse_verdicts("file,kind,observation,states,flags\nf.litmus,Allowed,,,\n");
  const litmus::Expectation& row = read.rows.begin()->second;
  EXPECT_THAT(row.kind, Optional(litmus::Kind::kAllowed));
  EXPECT_EQ(row.observation, std::nullopt);
  EXPECT_EQ(row.states, std::nullopt);
  EXPECT_EQ(row.flags, std::nullopt);
}

TEST(LitmusVerdicts, ReadsTheStrongModelsColumns) {
  const VerdictsResult read =
      parse_verdicts("test,folder,ets,no_ets\nMP+x,pgtable/HAND,forbidden,allowed\nLB,a,,\n");
  ASSERT_TRUE(read.diagnostics.empty());
  const litmus::Expectation& row = read.rows.find("MP+x.litmus.toml")->second;
  EXPECT_THAT(row.ets_allows, Optional(false));
  EXPECT_THAT(row.no_ets_allows, Optional(true));
  EXPECT_EQ(read.rows.find("LB.litmus.toml")->second.ets_allows, std::nullopt);
}

struct Bad {
  const char* text;
  std::uint32_t line;
  std::uint32_t column;
  const char* message;
};

class BadVerdicts : public ::testing::TestWithParam<Bad> {};

TEST_P(BadVerdicts, AreLocated) {
  const VerdictsResult read = parse_verdicts(GetParam().text);
  EXPECT_TRUE(read.rows.empty());
  ASSERT_THAT(read.diagnostics, SizeIs(1));
  EXPECT_EQ(read.diagnostics[0].location.line, GetParam().line);
  EXPECT_EQ(read.diagnostics[0].location.column, GetParam().column);
  EXPECT_THAT(read.diagnostics[0].message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Tables, BadVerdicts,
    ::testing::Values(
        Bad{"", 1, 1, "expected a header"}, Bad{"\n\n", 1, 1, "expected a header"},
        Bad{"name,kind\n", 1, 1, "column 'file' or 'test'"},
        Bad{"file,states\n", 1, 1, "expected a column 'kind'"},
        Bad{"file,kind\nf.litmus\n", 2, 1, "expected 2 cells, not 1"},
        Bad{"file,kind\n\nf.litmus,allowed\n", 3, 10, "expected Allowed or Forbidden or Required"},
        Bad{"file,observation\nf,Seldom\n", 2, 3, "expected Never or Sometimes or Always"},
        Bad{"file,kind,states\nf,Allowed,4x\n", 2, 11, "expected a number, not '4x'"},
        Bad{"file,kind,states\nf,,99999999999999999999\n", 2, 4, "expected a number"},
        Bad{"test,ets\nt,Allowed\n", 2, 3, "expected forbidden or allowed"},
        Bad{"file,kind\n,Allowed\n", 2, 1, "expected the name of a file"}));

}  // namespace
}  // namespace amalgam::lang
