#include "model/check.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <unordered_map>

#include "model/explorer.hpp"
#include "model/slice_plan.hpp"
#include "model/witness.hpp"

namespace amalgam::model {

namespace {

// Runs `work(i)` for i in [0, count) on at most `jobs` threads.
template <typename F>
void run_parallel(std::size_t count, unsigned jobs, F&& work) {
  const std::size_t threads = std::min<std::size_t>(std::max(1U, jobs), count);
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  std::atomic<std::size_t> next{0};
  const auto body = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> pool;
  for (std::size_t t = 1; t < threads; ++t) pool.emplace_back(body);
  body();
  for (std::thread& t : pool) t.join();
}

// A slice that stands for all that are equal to it.
struct Representative {
  SliceRequest request;
  std::uint64_t pages = 0;
};

struct Level {
  std::uint8_t bbm = 0;
  arch::Ets ets = arch::Ets::kNone;
};

// The names of what a set of explorations found.
struct Verdict {
  std::uint64_t rules = 0;
  std::uint64_t effects = 0;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

class Checker {
 public:
  Checker(const Program& program, const CheckOptions& options)
      : program_(program), options_(options), index_(program) {}

  CheckResult run();

 private:
  [[nodiscard]] std::vector<Level> levels() const;
  [[nodiscard]] Assumptions assumptions() const;
  [[nodiscard]] SliceSettings settings(const Level& level, const Assumptions& a) const;
  [[nodiscard]] ExploreLimits limits() const;
  void find_representatives(const std::vector<Level>& levels);
  LevelResult check_level(std::size_t level_index, const Level& level);
  void add_findings(const Slice& slice, const Exploration& e, std::uint64_t pages,
                    std::map<std::uint64_t, Finding>& findings) const;
  void add_bound(const Exploration& e, const Slice& slice, LevelResult& result) const;
  Verdict verdict_with(std::size_t level_index, const Level& level, const Assumptions& a) const;
  void find_dependences(std::size_t level_index, const Level& level, LevelResult& result) const;

  const Program& program_;
  const CheckOptions& options_;
  ProgramIndex index_;
  std::vector<SliceRequest> requests_;
  std::vector<std::vector<Representative>> representatives_;  // by level
};

std::vector<Level> Checker::levels() const {
  const auto& bbm = options_.bbm_levels.empty() ? program_.machine.bbm_levels : options_.bbm_levels;
  const auto& ets = options_.ets_levels.empty() ? program_.machine.ets_levels : options_.ets_levels;
  std::vector<Level> all;
  for (const arch::Ets e : ets.empty() ? std::vector<arch::Ets>{arch::Ets::kNone} : ets) {
    for (const std::uint8_t b : bbm.empty() ? std::vector<std::uint8_t>{0, 1, 2, 3} : bbm) {
      all.push_back({b, e});
    }
  }
  return all;
}

Assumptions Checker::assumptions() const {
  Assumptions chosen;
  const auto apply = [&](const std::vector<AssumptionSetting>& list) {
    for (const AssumptionSetting& setting : list) {
      const auto assumption = assumption_named(setting.name);
      if (!assumption) continue;
      const auto value = assumption_value(*assumption, setting.value);
      if (value) chosen.choose(*assumption, *value);
    }
  };
  apply(program_.assumptions);
  apply(options_.assumptions);
  return chosen;
}

SliceSettings Checker::settings(const Level& level, const Assumptions& a) const {
  return {level.bbm, level.ets, a, options_.symmetry, options_.mutation};
}

ExploreLimits Checker::limits() const {
  const std::uint64_t share = options_.memory_bytes / std::max(1U, options_.jobs);
  return {options_.max_states, share, options_.reduction};
}

// Equal slices are explored once. Which are equal can depend on the level.
void Checker::find_representatives(const std::vector<Level>& levels) {
  requests_ = plan_slices(index_, options_.slicing);
  representatives_.resize(levels.size());
  const Assumptions chosen = assumptions();
  run_parallel(levels.size(), options_.jobs, [&](std::size_t l) {
    std::unordered_map<std::string, std::size_t> known;
    std::vector<Representative>& unique = representatives_[l];
    const SliceSettings level_settings = settings(levels[l], chosen);
    for (const SliceRequest& request : requests_) {
      const Slice slice = build_slice(index_, level_settings, request);
      // A slice that does not fit is kept apart, so that its bound is told with its address; and
      // one that may refute what an operation assumes, so that the operation is told.
      const bool apart = !slice.bound.empty() || index_.has_assumptions();
      std::string key = apart ? "!" + std::to_string(unique.size()) : slice_key(slice);
      const auto [slot, added] = known.try_emplace(key, unique.size());
      if (added) unique.push_back({request, 0});
      ++unique[slot->second].pages;
    }
  });
}

// A finding of each kind: that of the shortest run, and of the lowest address among equals.
void Checker::add_findings(const Slice& slice, const Exploration& e, std::uint64_t pages,
                           std::map<std::uint64_t, Finding>& findings) const {
  for (const Found& found : e.found) {
    const std::uint64_t key =
        found.sighting.what + (found.sighting.is_rule ? 0U : std::uint64_t{1} << 32);
    const auto known = findings.find(key);
    if (known != findings.end()) known->second.pages += pages;
    const bool shorter =
        known == findings.end() || found.transitions.size() < known->second.witness.steps.size();
    if (!shorter) continue;
    Finding finding = make_finding(slice, found);
    if (known == findings.end()) {
      finding.pages = pages;
      findings.emplace(key, std::move(finding));
    } else if (finding.witness.steps.size() < known->second.witness.steps.size()) {
      finding.pages = known->second.pages;
      known->second = std::move(finding);
    }
  }
}

void Checker::add_bound(const Exploration& e, const Slice& slice, LevelResult& result) const {
  if (e.bound.empty()) return;
  std::string text = slice.va_points.empty() ? "?" : slice.va_points[0].name;
  text += ": ";
  if (e.bound == "states") {
    text.append("more than ").append(std::to_string(options_.max_states)).append(" states");
  } else if (e.bound == "memory") {
    text.append("more than ").append(std::to_string(limits().memory_bytes)).append(" bytes");
  } else {
    text += e.bound;
  }
  result.bounds.push_back(std::move(text));
}

LevelResult Checker::check_level(std::size_t level_index, const Level& level) {
  LevelResult result;
  result.bbm = level.bbm;
  result.ets = level.ets;
  std::map<std::uint64_t, Finding> findings;
  const SliceSettings level_settings = settings(level, assumptions());
  result.coverage.slices = requests_.size();
  result.coverage.explored = representatives_[level_index].size();
  for (const Representative& r : representatives_[level_index]) {
    const Slice slice = build_slice(index_, level_settings, r.request);
    const Exploration e = explore(slice, limits());
    result.coverage.states += e.states;
    result.coverage.transitions += e.transitions;
    result.coverage.peak_bytes = std::max(result.coverage.peak_bytes, e.bytes);
    add_findings(slice, e, r.pages, findings);
    for (const Refutation& refuted : e.refuted) {
      const Origin& origin = slice.origins[refuted.op];
      const auto op =
          static_cast<std::uint32_t>(origin.op - program_.agents[origin.agent].ops.data());
      result.refuted.push_back({origin.agent, op, refuted.raw});
    }
    add_bound(e, slice, result);
  }
  std::sort(result.refuted.begin(), result.refuted.end());
  result.refuted.erase(std::unique(result.refuted.begin(), result.refuted.end()),
                       result.refuted.end());
  for (auto& [key, finding] : findings) {
    (finding.rule ? result.rules : result.effects).push_back(std::move(finding));
  }
  // What is left behind at the end is told only where nothing else explains it.
  const bool other = result.rules.size() > 1;
  std::erase_if(result.rules,
                [&](const Finding& f) { return other && *f.rule == Rule::kInvalidateBeforeEnd; });
  return result;
}

Verdict Checker::verdict_with(std::size_t level_index, const Level& level,
                              const Assumptions& a) const {
  Verdict verdict;
  for (const Representative& r : representatives_[level_index]) {
    const Slice slice = build_slice(index_, settings(level, a), r.request);
    for (const Found& found : explore(slice, limits()).found) {
      std::uint64_t& set = found.sighting.is_rule ? verdict.rules : verdict.effects;
      set |= std::uint64_t{1} << found.sighting.what;
    }
  }
  const std::uint64_t end = std::uint64_t{1} << static_cast<unsigned>(Rule::kInvalidateBeforeEnd);
  if ((verdict.rules & ~end) != 0) verdict.rules &= ~end;
  return verdict;
}

void add_names(std::uint64_t rules, std::uint64_t effects, std::vector<std::string>& names) {
  for (const RuleInfo& info : kRules) {
    if ((rules >> static_cast<unsigned>(info.rule) & 1) != 0) names.emplace_back(info.name);
  }
  for (const EffectInfo& info : kEffects) {
    if ((effects >> static_cast<unsigned>(info.effect) & 1) != 0) names.emplace_back(info.name);
  }
}

// Tries every assumption's other values on the slices that stand for all.
void Checker::find_dependences(std::size_t level_index, const Level& level,
                               LevelResult& result) const {
  Verdict own;
  for (const Finding& f : result.rules)
    own.rules |= std::uint64_t{1} << static_cast<unsigned>(*f.rule);
  for (const Finding& f : result.effects) {
    own.effects |= std::uint64_t{1} << static_cast<unsigned>(*f.effect);
  }
  const Assumptions chosen = assumptions();
  for (const AssumptionInfo& info : kAssumptions) {
    for (const std::uint8_t value : indices(info.values)) {
      if (info.values[value].empty() || chosen.choice(info.assumption) == value) continue;
      Assumptions other = chosen;
      other.choose(info.assumption, value);
      const Verdict verdict = verdict_with(level_index, level, other);
      if (verdict == own) continue;
      Dependence dependence{info.assumption, value, {}, {}};
      add_names(verdict.rules & ~own.rules, verdict.effects & ~own.effects, dependence.added);
      add_names(own.rules & ~verdict.rules, own.effects & ~verdict.effects, dependence.removed);
      result.depends_on.push_back(std::move(dependence));
    }
  }
}

CheckResult Checker::run() {
  const std::vector<Level> all = levels();
  find_representatives(all);
  CheckResult result;
  result.levels.resize(all.size());
  run_parallel(all.size(), options_.jobs, [&](std::size_t i) {
    result.levels[i] = check_level(i, all[i]);
    if (options_.sensitivity && result.levels[i].decided()) {
      find_dependences(i, all[i], result.levels[i]);
    }
  });
  return result;
}

bool applies(const Expectation& e, const LevelResult& level) {
  const auto has = [](const auto& list, auto value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  return has(e.bbm_levels, level.bbm) && has(e.ets_levels, level.ets);
}

}  // namespace

CheckResult check(const Program& program, const CheckOptions& options) {
  return Checker(program, options).run();
}

std::vector<Mismatch> compare(const Program& program, const CheckResult& result) {
  std::vector<Mismatch> mismatches;
  for (const LevelResult& level : result.levels) {
    for (const Expectation& e : program.expectations) {
      if (!applies(e, level)) continue;
      std::set<std::string> expected(e.rules.begin(), e.rules.end());
      expected.insert(e.effects.begin(), e.effects.end());
      std::set<std::string> found;
      for (const Finding& f : level.rules) found.emplace(name(*f.rule));
      for (const Finding& f : level.effects) found.emplace(name(*f.effect));
      Mismatch m{level.bbm, level.ets, e.location, {}, {}};
      std::set_difference(expected.begin(), expected.end(), found.begin(), found.end(),
                          std::back_inserter(m.missing));
      std::set_difference(found.begin(), found.end(), expected.begin(), expected.end(),
                          std::back_inserter(m.unexpected));
      if (!m.missing.empty() || !m.unexpected.empty()) mismatches.push_back(std::move(m));
    }
  }
  return mismatches;
}

}  // namespace amalgam::model
