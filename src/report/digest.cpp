#include "report/digest.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace amalgam::report {

namespace {

using model::Effect;
using model::Finding;
using model::LevelResult;

constexpr std::array<Effect, model::kEffects.size()> kMostTellingFirst{
    Effect::kAmalgamation,    Effect::kFreedPageWrite,       Effect::kWriteThroughStalePermission,
    Effect::kLostWrite,       Effect::kFreedTableWalk,       Effect::kUninitialisedTableWalk,
    Effect::kLostTableUpdate, Effect::kCoherenceViolation,   Effect::kStaleRead,
    Effect::kFreedPageRead,   Effect::kDeviceOrderViolation, Effect::kUnexpectedFault,
    Effect::kConflictAbort,
};

Level level_of(const LevelResult& result) { return {.ets = result.ets, .bbm = result.bbm}; }

bool same_place(const model::Location& a, const model::Location& b) {
  return a.line == b.line && a.column == b.column;
}

// Whether two levels found the same thing. The sentence of an effect tells its witness and may
// differ where only the witness does.
bool alike(const Finding& a, const Finding& b) {
  const auto key = [](const Finding& f) {
    return std::tie(f.rule, f.effect, f.subject, f.label, f.change_row, f.certainty);
  };
  return key(a) == key(b) && same_place(a.location, b.location) &&
         (a.effect.has_value() || a.why == b.why);
}

bool alike(const model::Dependence& a, const model::Dependence& b) {
  return std::tie(a.assumption, a.value, a.added, a.removed) ==
         std::tie(b.assumption, b.value, b.added, b.removed);
}

void share(std::vector<SharedFinding>& into, const std::vector<Finding>& findings, Level level) {
  for (const Finding& finding : findings) {
    const auto same = [&](const SharedFinding& s) { return alike(*s.finding, finding); };
    auto found = std::ranges::find_if(into, same);
    if (found == into.end()) found = into.insert(into.end(), {&finding, {}});
    found->levels.push_back(level);
  }
}

void share(std::vector<SharedDependence>& into, const std::vector<model::Dependence>& dependences,
           Level level) {
  for (const model::Dependence& dependence : dependences) {
    const auto same = [&](const SharedDependence& s) { return alike(*s.dependence, dependence); };
    auto found = std::ranges::find_if(into, same);
    if (found == into.end()) found = into.insert(into.end(), {&dependence, {}});
    found->levels.push_back(level);
  }
}

void share(std::vector<SharedSentence>& into, const std::vector<std::string>& bounds, Level level) {
  for (const std::string& bound : bounds) {
    auto found = std::ranges::find(into, bound, &SharedSentence::text);
    if (found == into.end()) found = into.insert(into.end(), {bound, {}});
    found->levels.push_back(level);
  }
}

void add(model::Coverage& total, const model::Coverage& level) {
  total.slices += level.slices;
  total.explored += level.explored;
  total.states += level.states;
  total.transitions += level.transitions;
  total.peak_bytes = std::max(total.peak_bytes, level.peak_bytes);
}

// The order of findings with one name.
auto order_of(const Finding& finding) {
  return std::tuple(finding.location.line, finding.location.column,
                    std::string_view(finding.subject), std::string_view(finding.why));
}

bool takes_away(std::vector<Level>& from, const std::vector<Level>& levels) {
  const auto covered = [&](const Level& level) {
    return std::ranges::find(levels, level) != levels.end();
  };
  return std::erase_if(from, covered) > 0;
}

}  // namespace

std::size_t telling_rank(Effect effect) {
  return static_cast<std::size_t>(std::ranges::find(kMostTellingFirst, effect) -
                                  kMostTellingFirst.begin());
}

std::string_view verdict_name(const LevelResult& level) {
  if (!level.rules.empty()) return "violation";
  if (!level.effects.empty()) return "harm";
  return level.decided() ? "clean" : "undecided";
}

std::string_view name_of(const Finding& finding) {
  if (finding.rule) return model::name(*finding.rule);
  return finding.effect ? model::name(*finding.effect) : std::string_view{};
}

Digest digest(const model::CheckResult& result) {
  Digest d;
  for (const LevelResult& level : result.levels) {
    const Level at = level_of(level);
    share(d.rules, level.rules, at);
    share(d.effects, level.effects, at);
    share(d.dependences, level.depends_on, at);
    share(d.bounds, level.bounds, at);
    add(d.total, level.coverage);
    d.tell_ets = d.tell_ets || level.ets != result.levels.front().ets;
    if (!level.clean()) d.found.push_back(at);
    if (level.clean() && level.decided()) d.clean.push_back(at);
  }
  std::ranges::sort(d.rules, {}, [](const SharedFinding& s) {
    return std::tuple(s.finding->rule, order_of(*s.finding));
  });
  std::ranges::sort(d.effects, {}, [](const SharedFinding& s) {
    return std::tuple(telling_rank(s.finding->effect.value_or(Effect::kConflictAbort)),
                      order_of(*s.finding));
  });
  return d;
}

std::vector<SharedFinding> telling_witnesses(const Digest& digest, bool all) {
  std::vector<SharedFinding> shown;
  std::vector<Level> uncovered = digest.found;
  for (const auto* findings : {&digest.effects, &digest.rules}) {
    for (const SharedFinding& candidate : *findings) {
      if (candidate.finding->witness.steps.empty()) continue;
      if (takes_away(uncovered, candidate.levels) || all) shown.push_back(candidate);
    }
  }
  return shown;
}

}  // namespace amalgam::report
