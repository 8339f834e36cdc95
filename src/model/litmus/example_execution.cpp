#include "model/litmus/example_execution.hpp"

#include <optional>

#include "model/litmus/cambridge_model.hpp"
#include "model/litmus/candidates.hpp"
#include "model/litmus/final_state.hpp"
#include "model/litmus/herd_model.hpp"
#include "model/litmus/run_join.hpp"

namespace amalgam::model::litmus {

namespace {

FinalMemory final_memory(const Candidate& candidate) {
  FinalMemory memory;
  const Skeleton& skeleton = *candidate.skeleton;
  const EventSet writes = skeleton.writes | skeleton.updates | skeleton.initial;
  writes.for_each([&](unsigned w) {
    const Event& event = skeleton.events[w];
    if (candidate.co.row(w).empty()) memory[event.address] = event.value;
  });
  return memory;
}

enum class Wanted : std::uint8_t { kConsistent, kRefusedByCycle, kRefused };

// Looks for the first candidate of one sort that satisfies the condition.
template <typename Model>
class ExampleSearch final : public CandidateVisitor {
 public:
  ExampleSearch(const Test& test, const ModelOptions& options, const Limits& limits, Wanted wanted,
                const ShowExecution& show)
      : test_(test), options_(options), limits_(limits), wanted_(wanted), show_(show) {}

  bool found(const Runs& runs) {
    RunJoin(test_, runs).for_each([&](auto combination, auto spurious) {
      const std::optional<Skeleton> skeleton = build_skeleton(test_, combination, spurious);
      if (!skeleton) return true;
      runs_ = combination;
      model_.emplace(*skeleton, options_);
      return CandidateSearch(*skeleton, *this).run();
    });
    return found_;
  }

  bool may_be_consistent(const Candidate& part, bool complete) override {
    if (wanted_ != Wanted::kConsistent || !complete) return true;
    return model_->may_be_consistent(part);
  }

  bool visit(const Candidate& candidate) override {
    const FinalMemory memory = final_memory(candidate);
    if (!passes_filter(test_, runs_, memory)) return true;
    if (!final_state(test_, runs_, memory).satisfies) return true;
    if (++candidates_ > limits_.max_candidates) return false;
    const bool asks_why = wanted_ != Wanted::kConsistent;
    const Refusal refusal = asks_why ? model_->explain(candidate) : model_->judge(candidate);
    if (!is_wanted(refusal)) return true;
    found_ = true;
    show_(candidate, refusal);
    return false;
  }

 private:
  [[nodiscard]] bool is_wanted(const Refusal& refusal) const {
    if (wanted_ == Wanted::kConsistent) return refusal.axiom == nullptr;
    if (refusal.axiom == nullptr) return false;
    return wanted_ == Wanted::kRefused || !refusal.cycle.empty();
  }

  const Test& test_;
  const ModelOptions& options_;
  const Limits& limits_;
  Wanted wanted_;
  const ShowExecution& show_;
  std::size_t candidates_ = 0;
  bool found_ = false;

  // Of the combination at hand.
  std::span<const ThreadRun* const> runs_;
  std::optional<Model> model_;
};

template <typename Model>
Example show_by(const Test& test, const Runs& runs, const ModelOptions& options,
                const Limits& limits, const ShowExecution& show) {
  const auto finds = [&](Wanted wanted) {
    return ExampleSearch<Model>(test, options, limits, wanted, show).found(runs);
  };
  if (finds(Wanted::kConsistent)) return Example::kConsistent;
  const bool refused = finds(Wanted::kRefusedByCycle) || finds(Wanted::kRefused);
  return refused ? Example::kRefused : Example::kNone;
}

}  // namespace

Example show_example(const Test& test, const Runs& runs, const ModelOptions& options,
                     const Limits& limits, const ShowExecution& show) {
  return options.family == ModelFamily::kHerd
             ? show_by<HerdModel>(test, runs, options, limits, show)
             : show_by<CambridgeModel>(test, runs, options, limits, show);
}

}  // namespace amalgam::model::litmus
