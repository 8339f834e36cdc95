#include "report/case.hpp"

#include <algorithm>
#include <array>

namespace amalgam::report {

namespace {

constexpr std::array<std::string_view, 6> kNames{"clean",           "as-expected", "violation",
                                                 "not-as-expected", "undecided",   "unusable"};

bool speaks_of(const model::Expectation& expectation, const model::LevelResult& level) {
  const auto names = [](const auto& levels, auto wanted) {
    return levels.empty() || std::ranges::find(levels, wanted) != levels.end();
  };
  return names(expectation.bbm_levels, level.bbm) && names(expectation.ets_levels, level.ets);
}

bool is_expected(const model::Program& program, const model::LevelResult& level) {
  return std::ranges::any_of(program.expectations,
                             [&](const auto& expected) { return speaks_of(expected, level); });
}

}  // namespace

Outcome outcome(const Case& checked) {
  if (!checked.diagnostics.empty()) return Outcome::kUnusable;
  const auto& levels = checked.result.levels;
  if (!std::ranges::all_of(levels, &model::LevelResult::decided)) return Outcome::kUndecided;
  if (!checked.mismatches.empty()) return Outcome::kNotAsExpected;
  const bool surprising = std::ranges::any_of(levels, [&](const model::LevelResult& level) {
    return !level.clean() && !is_expected(checked.program, level);
  });
  if (surprising) return Outcome::kViolation;
  return checked.program.expectations.empty() ? Outcome::kClean : Outcome::kAsExpected;
}

std::string_view name(Outcome outcome) { return kNames[static_cast<std::size_t>(outcome)]; }

}  // namespace amalgam::report
