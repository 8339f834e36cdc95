#include "model/litmus/litmus_machine.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "model/litmus/combinations.hpp"
#include "model/litmus/final_state.hpp"
#include "model/litmus/machine_explorer.hpp"

namespace amalgam::model::litmus {

namespace {

// Runs the machine on each combination of runs, and gathers the final states.
class MachineEngine {
 public:
  MachineEngine(const Test& test, const Runs& runs, const ModelOptions& options,
                const Limits& limits)
      : test_(test), runs_(runs), options_(options), limits_(limits) {
    for (const auto& thread : runs.threads) orders_.emplace_back(thread.size());
    find_observed_locations();
  }

  Result result() {
    result_.bound = runs_.bound;
    for (const auto& thread : runs_.threads) {
      result_.statistics.runs += thread.size();
      for (const ThreadRun& run : thread) result_.loop_cut |= run.hit_loop_bound;
    }
    Combinations(test_, runs_).for_each([&](const std::vector<std::uint32_t>& chosen) {
      explore(chosen);
      return result_.bound.empty();
    });
    result_.states.assign(found_.begin(), found_.end());
    return std::move(result_);
  }

 private:
  void find_observed_locations() {
    for (const Observable& o : test_.observed) {
      if (o.kind == Observable::Kind::kMemory) observed_.insert(o.address);
    }
    add_locations_of(test_.condition);
  }

  void add_locations_of(const Formula& formula) {
    if (formula.kind == Formula::Kind::kMemoryIs) observed_.insert(formula.address);
    for (const Formula& part : formula.parts) add_locations_of(part);
  }

  const RunOrder& order_of(std::size_t thread, std::uint32_t run) {
    std::optional<RunOrder>& order = orders_[thread][run];
    if (!order) order = machine_order(runs_.threads[thread][run], options_);
    return *order;
  }

  // The values that a location may end with: the last store of some thread, for all that is known
  // without running.
  [[nodiscard]] std::vector<Value> last_values(const Combination& combination,
                                               Address address) const {
    std::set<Value> values;
    for (const ThreadRun* run : combination) {
      std::optional<Value> last;
      for (const Event& e : run->events) {
        if (!writes_memory(e) || e.address != address) continue;
        if (e.kind == EventKind::kWrite) last = e.value;
        // Nothing keeps a hardware update behind an earlier store of its thread.
        if (e.kind == EventKind::kHardwareUpdate) values.insert(e.value);
      }
      if (last) values.insert(*last);
    }
    return {values.begin(), values.end()};
  }

  // Every final state that the combination may have; nothing if there are too many to list.
  [[nodiscard]] std::optional<std::set<FinalState>> conceivable(
      const Combination& combination) const {
    if (!runs_.spurious_af.empty()) return std::nullopt;
    std::vector<FinalMemory> memories{{}};
    for (const Address address : observed_) {
      const std::vector<Value> values = last_values(combination, address);
      if (values.empty()) continue;
      std::vector<FinalMemory> wider;
      for (const FinalMemory& memory : memories) {
        for (const Value value : values) wider.emplace_back(memory)[address] = value;
      }
      memories = std::move(wider);
      if (memories.size() > kMaxConceivable) return std::nullopt;
    }
    std::set<FinalState> states;
    for (const FinalMemory& memory : memories) {
      if (passes_filter(test_, combination, memory)) {
        states.insert(final_state(test_, combination, memory));
      }
    }
    return states;
  }

  [[nodiscard]] bool all_found(const std::optional<std::set<FinalState>>& wanted) const {
    return wanted &&
           std::ranges::all_of(*wanted, [&](const FinalState& s) { return found_.contains(s); });
  }

  // A run that the bound on loops cut off has no final state.
  static bool is_whole(const Combination& combination) {
    return std::ranges::none_of(combination, &ThreadRun::hit_loop_bound);
  }

  void explore(const std::vector<std::uint32_t>& chosen) {
    Combination combination;
    std::vector<const RunOrder*> orders;
    for (std::size_t t = 0; t < chosen.size(); ++t) {
      combination.push_back(&runs_.threads[t][chosen[t]]);
    }
    if (!is_whole(combination)) return;
    const auto wanted = conceivable(combination);
    if (all_found(wanted)) return;
    orders.reserve(chosen.size());
    for (std::size_t t = 0; t < chosen.size(); ++t) orders.push_back(&order_of(t, chosen[t]));
    const MachineProgram program(test_, runs_, combination, std::move(orders));
    result_.bound = program.bound;
    if (!program.bound.empty()) return;
    explore(program, wanted);
  }

  void explore(const MachineProgram& program, const std::optional<std::set<FinalState>>& wanted) {
    const std::size_t left =
        limits_.max_states -
        std::min<std::size_t>(limits_.max_states, result_.statistics.candidates);
    MachineExplorer explorer(program, options_, left);
    const bool complete = explorer.explore([&](const MachineState& state) {
      ++result_.statistics.consistent;
      const FinalMemory memory = explorer.final_memory(state);
      if (passes_filter(test_, program.runs, memory)) {
        found_.insert(final_state(test_, program.runs, memory));
      }
      return !all_found(wanted);
    });
    result_.statistics.candidates += explorer.states();
    if (!complete) result_.bound = std::to_string(limits_.max_states) + " states of the machine";
  }

  static constexpr std::size_t kMaxConceivable = 64;

  const Test& test_;
  const Runs& runs_;
  const ModelOptions& options_;
  const Limits& limits_;
  std::vector<std::vector<std::optional<RunOrder>>> orders_;  // by thread, by run
  std::set<Address> observed_;
  std::set<FinalState> found_;
  Result result_;
};

}  // namespace

Result run_machine(const Test& test, const Runs& runs, const ModelOptions& options,
                   const Limits& limits) {
  return MachineEngine(test, runs, options, limits).result();
}

}  // namespace amalgam::model::litmus
