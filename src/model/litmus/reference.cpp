#include "model/litmus/reference.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

#include "model/litmus/cambridge_model.hpp"
#include "model/litmus/candidates.hpp"
#include "model/litmus/herd_model.hpp"
#include "model/litmus/run_join.hpp"
#include "model/litmus/state_table.hpp"

namespace amalgam::model::litmus {
namespace {

// The deprecated spelling that a barrier shows; empty for none.
std::string_view spelling_flag(const arch::Barrier& barrier) {
  if (barrier.kind == arch::BarrierKind::kIsb || barrier.domain == arch::Domain::kSy) return {};
  if (barrier.kind == arch::BarrierKind::kDmb) {
    return "Shareability-argument-for-DMB-is-deprecated";
  }
  if (barrier.access == arch::Access::kLoad) return "Maintenance-scope-for-DSB-LD-is-deprecated";
  if (barrier.access == arch::Access::kStore) return "Maintenance-scope-for-DSB-ST-is-deprecated";
  return {};
}

constexpr std::string_view kBreakBeforeMakeFlag = "Warning-BBM-expected";

// Flags that are known to be raised, and whether anything is left that could be.
class Flags {
 public:
  explicit Flags(const Test& test) : test_(test) {}

  // Whether consistent executions of these runs raise no spelling flag that is not known yet.
  [[nodiscard]] bool knows_spellings(std::span<const ThreadRun* const> runs) const {
    bool known = true;
    for_each_spelling(runs, [&](std::string_view flag) { known = known && found_.contains(flag); });
    return known;
  }

  [[nodiscard]] bool knows_break_before_make() const {
    return found_.contains(kBreakBeforeMakeFlag);
  }

  void add_spellings(std::span<const ThreadRun* const> runs) {
    for_each_spelling(runs, [&](std::string_view flag) { found_.insert(flag); });
  }

  std::set<std::string_view>& found() { return found_; }

 private:
  template <typename F>
  void for_each_spelling(std::span<const ThreadRun* const> runs, F&& f) const {
    if (test_.spelling_flags.empty()) return;
    for (const ThreadRun* run : runs) {
      for (const Event& e : run->events) {
        if (e.kind != EventKind::kBarrier) continue;
        const std::string_view flag = spelling_flag(e.barrier);
        if (std::ranges::find(test_.spelling_flags, flag) != test_.spelling_flags.end()) f(flag);
      }
    }
  }

  const Test& test_;
  std::set<std::string_view> found_;
};

// Judges what the search finds, and leaves alone what can neither end in a new state nor raise a
// new flag.
template <typename Model>
class Reference final : public CandidateVisitor {
 public:
  Reference(const Test& test, const Runs& runs, const ModelOptions& options, const Limits& limits)
      : test_(test), options_(options), limits_(limits), states_(test, runs), flags_(test) {
    for (const auto& thread : runs.threads) {
      result_.statistics.runs += thread.size();
      result_.loop_cut =
          result_.loop_cut || std::ranges::any_of(thread, &ThreadRun::hit_loop_bound);
    }
  }

  // False: a limit is hit.
  bool combine(std::span<const ThreadRun* const> runs, std::span<const SpuriousUpdate> spurious) {
    runs_ = runs;
    key_ = states_.key_of(runs);
    const bool ends_are_known = states_.locations().empty() && is_settled(key_);
    if (ends_are_known && (!kHasFlags || flags_.knows_break_before_make())) return true;
    const std::optional<Skeleton> skeleton = build_skeleton(test_, runs, spurious);
    if (!skeleton) return give_up(std::to_string(kMaxEvents) + " events in one execution");
    skeleton_ = &*skeleton;
    can_lack_break_ = kHasFlags && BreakBeforeMake(*skeleton).can_be_needed();
    if (ends_are_known && !can_lack_break_) return true;
    model_.emplace(*skeleton, options_);
    return CandidateSearch(*skeleton, *this).run();
  }

  bool may_be_consistent(const Candidate& part, bool complete) override {
    if (!complete && kHasFlags) return true;
    return model_->may_be_consistent(part);
  }

  bool visit(const Candidate& candidate) override {
    StateTable::Key key = key_;
    for (const Address location : states_.locations()) {
      key.push_back(last_value(candidate, location));
    }
    if (!states_.counts(key, runs_)) return true;
    const bool may_raise_flag = can_lack_break_ && !flags_.knows_break_before_make();
    if (is_settled(key) && !may_raise_flag) return true;
    if (++result_.statistics.candidates > limits_.max_candidates) {
      return give_up(std::to_string(limits_.max_candidates) + " candidate executions");
    }
    if (model_->judge(candidate).axiom != nullptr) return true;
    ++result_.statistics.consistent;
    states_.insert(key, runs_);
    flags_.add_spellings(runs_);
    if constexpr (kHasFlags) {
      if (can_lack_break_) model_->add_flags(candidate, flags_.found());
    }
    return true;
  }

  Result finish() {
    result_.states = states_.states();
    for (const std::string_view flag : flags_.found()) result_.flags.emplace_back(flag);
    return std::move(result_);
  }

 private:
  static constexpr bool kHasFlags = std::is_same_v<Model, HerdModel>;

  // Nothing but the flag for a missing break-before-make can come of executions that end so.
  [[nodiscard]] bool is_settled(const StateTable::Key& key) const {
    return states_.contains(key) && flags_.knows_spellings(runs_);
  }

  [[nodiscard]] Value last_value(const Candidate& candidate, Address location) const {
    const EventSet writes = skeleton_->writes | skeleton_->updates | skeleton_->initial;
    std::optional<Value> last;
    writes.for_each([&](unsigned w) {
      const Event& e = skeleton_->events[w];
      if (e.address == location && candidate.co.row(w).empty()) last = e.value;
    });
    if (last) return *last;
    const auto found = test_.memory.find(location);
    return found == test_.memory.end() ? 0 : found->second;
  }

  bool give_up(std::string bound) {
    result_.bound = std::move(bound);
    return false;
  }

  const Test& test_;
  const ModelOptions& options_;
  const Limits& limits_;
  StateTable states_;
  Flags flags_;
  Result result_;

  // Of the combination at hand.
  std::span<const ThreadRun* const> runs_;
  StateTable::Key key_;
  const Skeleton* skeleton_ = nullptr;
  std::optional<Model> model_;
  bool can_lack_break_ = false;
};

template <typename Model>
Result run_family(const Test& test, const Runs& runs, const ModelOptions& options,
                  const Limits& limits) {
  Reference<Model> reference(test, runs, options, limits);
  RunJoin(test, runs).for_each([&](auto combination, auto spurious) {
    return reference.combine(combination, spurious);
  });
  return reference.finish();
}

}  // namespace

Result run_reference(const Test& test, const Runs& runs, const ModelOptions& options,
                     const Limits& limits) {
  Result result = options.family == ModelFamily::kHerd
                      ? run_family<HerdModel>(test, runs, options, limits)
                      : run_family<CambridgeModel>(test, runs, options, limits);
  if (result.bound.empty()) result.bound = runs.bound;
  return result;
}

}  // namespace amalgam::model::litmus
