// Changes to a program whose effect on the answer is known without an oracle: a stronger step never
// adds harm, a step that does nothing changes nothing, more that may happen never hides anything.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "scenarios/scenario_files.hpp"
#include "scenarios/themed_generator.hpp"

namespace amalgam::test {
namespace {

using Names = std::set<std::string>;
using model::CheckOptions;

// What is left behind at the end is told only where no other rule is broken, so it may come and go.
std::optional<Names> answer(const std::string& text, CheckOptions options = verdict_only()) {
  options.max_states = 400'000;
  const model::Program program = parse_or_fail(text);
  if (program.title.empty()) return std::nullopt;
  const model::CheckResult result = check(program, options);
  if (result.levels.size() != 1 || !result.levels[0].decided()) return std::nullopt;
  Names names = found_names(result.levels[0]);
  names.erase("invalidate-before-end");
  return names;
}

// Rewrites each line.
template <typename F>
std::string per_line(const std::string& text, F&& rewrite) {
  std::istringstream in(text);
  std::string result;
  for (std::string line; std::getline(in, line);) result += rewrite(line) + '\n';
  return result;
}

std::size_t indentation(const std::string& line) { return line.find_first_not_of(' '); }

bool is_step(const std::string& line, std::string_view keyword) {
  const std::size_t at = indentation(line);
  return at != std::string::npos && at > 0 && line.compare(at, keyword.size(), keyword) == 0;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// --- the changes ---------------------------------------------------------------------------------

std::string with_full_barriers(const std::string& text) {
  return per_line(text, [](const std::string& line) {
    const bool barrier = is_step(line, "dsb ") || is_step(line, "dmb ");
    return barrier ? std::string(indentation(line), ' ') + "dsb sy" : line;
  });
}

// Rewrites the operation of each TLBI ("vaae1is").
template <typename F>
std::string per_tlbi(const std::string& text, F&& rewrite) {
  return per_line(text, [&](const std::string& line) {
    if (!is_step(line, "tlbi ")) return line;
    std::istringstream words(line.substr(indentation(line)));
    std::string tlbi;
    std::string operation;
    std::string rest;
    words >> tlbi >> operation;
    std::getline(words, rest);
    return std::string(indentation(line), ' ') + tlbi + ' ' + rewrite(operation) + rest;
  });
}

std::string with_broadcast(const std::string& text) {
  return per_tlbi(text, [](const std::string& operation) {
    return operation.ends_with("is") ? operation : operation + "is";
  });
}

std::string without_broadcast(const std::string& text) {
  return per_tlbi(text, [](const std::string& operation) {
    return operation.ends_with("is") ? operation.substr(0, operation.size() - 2) : operation;
  });
}

std::string with_each_tlbi_twice(const std::string& text) {
  return per_line(text, [](const std::string& line) {
    return is_step(line, "tlbi ") ? line + '\n' + line : line;
  });
}

// Each TLBI in a row of so many, with barriers between.
std::string with_flushes(const std::string& text, unsigned count) {
  return per_line(text, [&](const std::string& line) {
    if (!is_step(line, "tlbi ")) return line;
    std::string row = line;
    const std::string next = '\n' + std::string(indentation(line), ' ') + "dsb ish\n" + line;
    for (unsigned i = 1; i < count; ++i) row += next;
    return row;
  });
}

std::string with_another_cpu(const std::string& text) { return replaced(text, "cpus 3", "cpus 4"); }

std::string with_another_page(const std::string& text) {
  const std::size_t at = text.find("agent ");
  return text.substr(0, at) + "frame unrelated contents distinct\nmap elsewhere = unrelated rw\n" +
         text.substr(at);
}

// Observers' contracts: the lines after an observer's head.
std::string without_contracts(const std::string& text) {
  bool observer = false;
  return per_line(text, [&](const std::string& line) {
    if (indentation(line) == 0) observer = line.starts_with("observer");
    if (!observer) return line;
    return replaced(replaced(line, " may fault", ""), " may be lost", "");
  });
}

std::string with_another_observer(const std::string& text) {
  return text + "observer another on cpu 2\n    load or add x may fault\n";
}

std::string at_ets(const std::string& text, const std::string& level) {
  std::string result = text;
  for (const char* other : {"ets none", "ets 2", "ets 3"}) {
    result = replaced(result, other, "ets " + level);
  }
  return result;
}

// --- the relations -------------------------------------------------------------------------------

class Monotony : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr unsigned kPrograms = 50;
  using Change = std::function<std::string(const std::string&)>;
  using Relation = std::function<bool(const Names& before, const Names& after)>;

  static bool grows(const Names& before, const Names& after) {
    return std::includes(after.begin(), after.end(), before.begin(), before.end());
  }
  static bool shrinks(const Names& before, const Names& after) { return grows(after, before); }
  static bool stays(const Names& before, const Names& after) { return before == after; }

  static std::string to_text(const Names& names) {
    return join(std::vector<std::string>(names.begin(), names.end()));
  }

  void expect(const Relation& relation, const Change& before, const Change& after,
              const CheckOptions& options_before = verdict_only(),
              const CheckOptions& options_after = verdict_only()) {
    const Theme& theme = themes()[GetParam()];
    ThemedGenerator generator(theme, 4'000 + static_cast<unsigned>(GetParam()));
    unsigned compared = 0;
    unsigned failing = 0;
    for (unsigned i = 0; i < (theme.few_pages ? kPrograms : kPrograms / 5); ++i) {
      const std::string text = generator.next();
      const auto first = answer(before(text), options_before);
      const auto second = answer(after(text), options_after);
      if (!first || !second) continue;
      ++compared;
      if (relation(*first, *second) || ++failing > 3) continue;
      ADD_FAILURE() << text << "before: " << to_text(*first) << "\nafter:  " << to_text(*second);
    }
    EXPECT_EQ(failing, 0U);
    EXPECT_GT(compared, 5U);
  }
  static std::string same(const std::string& text) { return text; }
};

TEST_P(Monotony, FullBarriersDoNoHarm) { expect(shrinks, same, with_full_barriers); }
TEST_P(Monotony, BroadcastDoesNoHarm) { expect(shrinks, same, with_broadcast); }
TEST_P(Monotony, ATlbiTwiceIsATlbi) { expect(stays, same, with_each_tlbi_twice); }

// Long rows of invalidations are cut short, short ones are not. Rows may mix local and broadcast
// ones.
TEST_P(Monotony, AFewFlushesAreAsGoodAsMany) {
  for (const auto& kind : {same, with_broadcast, without_broadcast}) {
    const auto few = [&](const std::string& text) { return with_flushes(kind(text), 3); };
    const auto many = [&](const std::string& text) { return with_flushes(kind(text), 14); };
    expect(stays, few, many);
  }
}

TEST_P(Monotony, AnUnrelatedPageChangesNothing) { expect(stays, same, with_another_page); }
TEST_P(Monotony, AnotherObserverHidesNothing) { expect(grows, same, with_another_observer); }
TEST_P(Monotony, StricterContractsHideNothing) { expect(grows, same, without_contracts); }

TEST_P(Monotony, AnotherIdleCpuChangesNothing) {
  if (themes()[GetParam()].name == "roots") GTEST_SKIP() << "each CPU has its own root";
  expect(stays, same, with_another_cpu);
}

TEST_P(Monotony, MoreOrderFromTheCpuDoesNoHarm) {
  const auto none = [](const std::string& text) { return at_ets(text, "none"); };
  const auto two = [](const std::string& text) { return at_ets(text, "2"); };
  const auto three = [](const std::string& text) { return at_ets(text, "3"); };
  expect(shrinks, none, two);
  expect(shrinks, two, three);
}

// One side of each of these assumptions allows more than the other.
TEST_P(Monotony, AssumptionsThatAllowMoreHideNothing) {
  struct Row {
    const char* name;
    const char* less;
    const char* more;
  };
  constexpr std::array<Row, 9> kRows{{{"amalgamation", "none", "field"},
                                      {"amalgamation", "field", "bit"},
                                      {"abort-at-level-3", "no", "yes"},
                                      {"tlbi-broadcast", "atomic", "per-recipient"},
                                      {"same-offset-order", "yes", "no"},
                                      {"walk-forwarding", "no", "yes"},
                                      {"contiguous-tlbi", "group", "page"},
                                      {"ets2-order", "program-order", "ordered-before"},
                                      {"mixture-at-every-level", "no", "yes"}}};
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    CheckOptions less = verdict_only();
    less.assumptions.push_back({row.name, row.less, {}});
    CheckOptions more = verdict_only();
    more.assumptions.push_back({row.name, row.more, {}});
    expect(grows, same, same, less, more);
  }
}

INSTANTIATE_TEST_SUITE_P(Themes, Monotony, testing::Range(std::size_t{0}, themes().size()),
                         [](const auto& param) { return test_name(themes()[param.param].name); });

}  // namespace
}  // namespace amalgam::test
