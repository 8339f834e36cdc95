#include "model/litmus/judge.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "model/litmus/litmus_machine.hpp"
#include "model/litmus/reference.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

namespace {

struct NamedModel {
  std::string_view name;
  ModelFamily family;
  bool cambridge_ets;
  arch::Ets ets;
};

constexpr std::array<NamedModel, 5> kModels{{
    {"herd", ModelFamily::kHerd, true, arch::Ets::kNone},
    {"herd-ets2", ModelFamily::kHerd, true, arch::Ets::kEts2},
    {"herd-ets3", ModelFamily::kHerd, true, arch::Ets::kEts3},
    {"ets", ModelFamily::kCambridge, true, arch::Ets::kNone},
    {"no-ets", ModelFamily::kCambridge, false, arch::Ets::kNone},
}};

constexpr std::array<std::string_view, 3> kEngines{"reference", "machine", "both"};

bool same_model(const NamedModel& known, const ModelOptions& model) {
  if (known.family != model.family) return false;
  return model.family == ModelFamily::kHerd ? known.ets == model.ets
                                            : known.cambridge_ets == model.cambridge_ets;
}

void add_only(const Result& from, std::string_view name, const Result& other,
              std::vector<std::string>& lines) {
  std::vector<FinalState> only;
  std::ranges::set_difference(from.states, other.states, std::back_inserter(only));
  for (const FinalState& state : only) {
    lines.push_back("only the " + std::string(name) + " has " + text_of(state));
  }
}

// The strong model's files say nothing of roots; its published verdicts come from a tool that lets
// a walk read TTBR as it was before. Herd's tests write no root.
bool reads_stale_roots(ModelFamily family) { return family == ModelFamily::kCambridge; }

// What the model does not speak of, so that no engine can answer; empty for nothing.
std::string outside(const Test& test, const ModelOptions& model) {
  if (model.family != ModelFamily::kCambridge) return {};
  const bool updates = std::ranges::any_of(
      test.threads, [](const Thread& t) { return t.hardware_af || t.hardware_dirty; });
  return updates ? "the strong model knows no hardware updates of descriptors" : "";
}

}  // namespace

ModelOptions default_model(const Test& test) {
  ModelOptions model;
  model.family = test.family == Family::kIsla ? ModelFamily::kCambridge : ModelFamily::kHerd;
  model.ets = test.ets;
  model.stale_roots = reads_stale_roots(model.family);
  return model;
}

std::optional<ModelOptions> model_named(std::string_view name) {
  const auto found = std::ranges::find(kModels, name, &NamedModel::name);
  if (found == kModels.end()) return std::nullopt;
  ModelOptions model;
  model.family = found->family;
  model.cambridge_ets = found->cambridge_ets;
  model.ets = found->ets;
  model.stale_roots = reads_stale_roots(model.family);
  return model;
}

std::string_view name_of(const ModelOptions& model) {
  const auto found =
      std::ranges::find_if(kModels, [&](const NamedModel& m) { return same_model(m, model); });
  return found == kModels.end() ? std::string_view("unnamed") : found->name;
}

std::vector<std::string_view> model_names() {
  std::vector<std::string_view> names;
  names.reserve(kModels.size());
  for (const NamedModel& model : kModels) names.push_back(model.name);
  return names;
}

std::string_view name(Engine engine) { return kEngines[static_cast<std::size_t>(engine)]; }

std::optional<Engine> engine_named(std::string_view name) {
  const auto found = std::ranges::find(kEngines, name);
  if (found == kEngines.end()) return std::nullopt;
  return static_cast<Engine>(found - kEngines.begin());
}

namespace {

constexpr std::string_view kBreakBeforeMakeFlag = "Warning-BBM-expected";

// The machine's final states with some of what the model leaves out.
Result with_hazards(const Test& test, ModelOptions model, bool mixtures, bool conflicts,
                    const Limits& limits) {
  model.mixtures = mixtures;
  model.conflicts = conflicts;
  const Runs runs = enumerate_runs(test, model, limits);
  Result result = run_machine(test, runs, model, limits);
  if (!runs.bound.empty()) result.bound = runs.bound;
  return result;
}

bool has(const Result& result, const FinalState& state) {
  return std::ranges::binary_search(result.states, state);
}

// What hardware may do beyond the model where a break is missing.
void look_beyond(const Test& test, const Limits& limits, Judgement& judgement) {
  const std::vector<std::string>& flags = judgement.result.flags;
  if (std::ranges::find(flags, kBreakBeforeMakeFlag) == flags.end()) return;
  const Result all = with_hazards(test, judgement.model, true, true, limits);
  const Result mixtures = with_hazards(test, judgement.model, true, false, limits);
  const Result conflicts = with_hazards(test, judgement.model, false, true, limits);
  judgement.beyond_bound = all.bound;
  for (const FinalState& state : all.states) {
    if (has(judgement.result, state)) continue;
    const std::string_view takes = has(mixtures, state)    ? "amalgamation"
                                   : has(conflicts, state) ? "conflict-abort"
                                                           : "both";
    judgement.beyond.push_back({state, takes});
  }
}

}  // namespace

Judgement judge(const Test& test, const JudgeOptions& options) {
  Judgement judgement;
  judgement.model = options.model.value_or(default_model(test));
  judgement.engine = options.engine;
  judgement.bound = outside(test, judgement.model);
  if (!judgement.decided()) return judgement;
  const Runs runs = enumerate_runs(test, judgement.model, options.limits);
  if (options.engine == Engine::kMachine) {
    judgement.result = run_machine(test, runs, judgement.model, options.limits);
  } else {
    judgement.result = run_reference(test, runs, judgement.model, options.limits);
  }
  judgement.bound = runs.bound.empty() ? judgement.result.bound : runs.bound;
  if (options.beyond && judgement.decided()) look_beyond(test, options.limits, judgement);
  if (options.engine == Engine::kBoth) {
    judgement.machine = run_machine(test, runs, judgement.model, options.limits);
    if (judgement.bound.empty()) judgement.bound = judgement.machine->bound;
    if (judgement.bound.empty()) {
      judgement.disagreements =
          differences(judgement.result, "reference", *judgement.machine, "machine");
    }
  }
  return judgement;
}

std::vector<std::string> differences(const Result& a, std::string_view name_a, const Result& b,
                                     std::string_view name_b) {
  std::vector<std::string> lines;
  add_only(a, name_a, b, lines);
  add_only(b, name_b, a, lines);
  return lines;
}

std::string text_of(const FinalState& state) {
  std::string text;
  for (const std::string& part : state.parts) {
    if (!text.empty()) text += ' ';
    text += part + ';';
  }
  return text;
}

}  // namespace amalgam::model::litmus
