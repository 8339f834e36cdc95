// Isla's tests have the verdicts that were published for the strong model.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "litmus/corpora_fixture.hpp"

namespace amalgam {
namespace {

namespace litmus = model::litmus;
using test::Corpora;
using test::CorpusTest;

// Published otherwise than the text of the model says; docs/litmus-models.md argues each.
struct AgainstTheText {
  std::string_view model;
  std::string_view file;
};
constexpr std::array<AgainstTheText, 7> kAgainstTheText{{
    {"ets", "MP.RT.EL2+dsb-tlbiipa-dsb-tlbiis-dsb+dsb-isb.litmus.toml"},
    {"ets", "MP.RT.EL2+dsb-tlbiipais-dsb+dsb-isb.litmus.toml"},
    {"no-ets", "MP.RT.EL1+dsb-tlbiis-dsb+dmb.litmus.toml"},
    {"no-ets", "MP.RT.inv+dmb+ctrl-trfi.litmus.toml"},
    {"no-ets", "RDW.alias.litmus.toml"},
    {"no-ets", "pKVM.host_handle_trap.stage2_idmap.l3.litmus.toml"},
    {"no-ets", "pKVM.host_handle_trap_twice.stage2_idmap.l3.litmus.toml"},
}};

bool is_against_the_text(std::string_view model, const std::string& file) {
  return std::ranges::any_of(kAgainstTheText, [&](const AgainstTheText& row) {
    return row.model == model && row.file == file;
  });
}

TEST_F(Corpora, TheStrongModelsVerdictsWithAndWithoutEts) {
  const litmus::Expectations rows = test::published("rems");
  for (const std::string_view model : {"ets", "no-ets"}) {
    std::size_t compared = 0;
    for (const CorpusTest& test : test::rems_corpus()) {
      if (!test.read.test) continue;
      if (is_against_the_text(model, test.file.filename().string())) continue;
      litmus::JudgeOptions options;
      options.model = litmus::model_named(model);
      const litmus::Expectation* row = find_expectation(rows, test.file.string());
      ASSERT_NE(row, nullptr) << test.label;
      if (!speaks_of(*row, *test.read.test, *options.model)) continue;
      expect_published(test, *row, judge(*test.read.test, options));
      ++compared;
    }
    EXPECT_GT(compared, 60U) << model;
  }
}

}  // namespace
}  // namespace amalgam
