// What makes the explorer fast does not change its answer: slices, symmetry, partial order,
// threads.
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "scenarios/program_generator.hpp"
#include "scenarios/scenario_files.hpp"
#include "scenarios/themed_generator.hpp"

namespace amalgam::test {
namespace {

using Names = std::set<std::string>;
using model::CheckOptions;

std::string to_text(const Names& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return '{' + text + '}';
}

// The answer at the program's only level, or nothing if a bound was hit.
std::optional<Names> answer(const model::Program& program, const CheckOptions& options) {
  const model::CheckResult result = check(program, options);
  EXPECT_EQ(result.levels.size(), 1U);
  if (result.levels.size() != 1 || !result.levels[0].decided()) return std::nullopt;
  return found_names(result.levels[0]);
}

class Equivalence : public testing::TestWithParam<std::tuple<std::size_t, unsigned>> {
 protected:
  static constexpr unsigned kPrograms = 40;

  // Calls `ask(program, text)` for each generated program; it says how two answers differ.
  template <typename F>
  void for_each_program(F&& ask) {
    const auto [theme, seed] = GetParam();
    ThemedGenerator generator(themes()[theme], seed * 100 + 7);
    const unsigned count = themes()[theme].few_pages ? kPrograms : kPrograms / 5;
    unsigned asked = 0;
    unsigned differing = 0;
    for (unsigned i = 0; i < count; ++i) {
      const std::string text = generator.next();
      const model::Program program = parse_or_fail(text);
      if (program.agents.empty()) {
        ADD_FAILURE() << text;
        return;
      }
      const std::optional<std::string> difference = ask(program);
      if (!difference) continue;
      ++asked;
      if (difference->empty() || ++differing > 3) continue;
      ADD_FAILURE() << text << *difference;
    }
    EXPECT_EQ(differing, 0U);
    EXPECT_GE(asked, count * 3 / 4);
  }

  // Compares the answer of `one` with that of `other`.
  void expect_same(const CheckOptions& one, const CheckOptions& other, const char* what) {
    for_each_program([&](const model::Program& program) -> std::optional<std::string> {
      const auto mine = answer(program, one);
      const auto theirs = answer(program, other);
      if (!mine || !theirs) return std::nullopt;
      if (*mine == *theirs) return "";
      return std::string("usual: ") + to_text(*mine) + '\n' + what + ": " + to_text(*theirs);
    });
  }
};

TEST_P(Equivalence, OfSymmetry) {
  CheckOptions off = verdict_only();
  off.symmetry = false;
  expect_same(verdict_only(), off, "like CPUs told apart");
}

TEST_P(Equivalence, OfPartialOrderReduction) {
  CheckOptions off = verdict_only();
  off.reduction = false;
  expect_same(verdict_only(), off, "without reduction");
}

TEST_P(Equivalence, OfSlicing) {
  if (!themes()[std::get<0>(GetParam())].few_pages) GTEST_SKIP() << "too many pages for one";
  CheckOptions off = verdict_only();
  off.slicing = false;
  off.max_states = 3'000'000;
  expect_same(verdict_only(), off, "all pages at once");
}

TEST_P(Equivalence, OfAllTogether) {
  if (!themes()[std::get<0>(GetParam())].few_pages) GTEST_SKIP() << "too many pages for one";
  CheckOptions off = verdict_only();
  off.slicing = off.symmetry = off.reduction = false;
  off.max_states = 3'000'000;
  CheckOptions on = verdict_only();
  on.jobs = 2;
  expect_same(on, off, "nothing spared");
}

INSTANTIATE_TEST_SUITE_P(Themes, Equivalence,
                         testing::Combine(testing::Range(std::size_t{0}, themes().size()),
                                          testing::Range(0U, 2U)),
                         [](const auto& param) {
                           return test_name(themes()[std::get<0>(param.param)].name + '_' +
                                            std::to_string(std::get<1>(param.param)));
                         });

// The tiny programs of the reference test, too.
TEST(EquivalenceOfTinyPrograms, OfEverything) {
  ProgramGenerator generator({77, 6, 3});
  CheckOptions off = verdict_only();
  off.slicing = off.symmetry = off.reduction = false;
  unsigned differing = 0;
  for (unsigned i = 0; i < 400; ++i) {
    const std::string text = generator.next();
    const model::Program program = parse_or_fail(text);
    const auto on = answer(program, verdict_only());
    const auto whole = answer(program, off);
    if (on == whole || ++differing > 3) continue;
    ADD_FAILURE() << text << "usual: " << to_text(on.value_or(Names{}))
                  << "\nnothing spared: " << to_text(whole.value_or(Names{"not decided"}));
  }
  EXPECT_EQ(differing, 0U);
}

}  // namespace
}  // namespace amalgam::test
