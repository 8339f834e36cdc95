#include "model/litmus/litmus_machine.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/litmus/machine_explorer.hpp"
#include "model/litmus/run_join.hpp"
#include "model/litmus/state_table.hpp"

namespace amalgam::model::litmus {

namespace {

using Combination = std::vector<const ThreadRun*>;
using Key = StateTable::Key;

// Runs the machine on each combination of runs, and gathers the final states.
class MachineEngine {
 public:
  MachineEngine(const Test& test, const Runs& runs, const ModelOptions& options,
                const Limits& limits)
      : test_(test), runs_(runs), options_(options), limits_(limits), states_(test, runs) {}

  Result result() {
    result_.bound = runs_.bound;
    for (const auto& thread : runs_.threads) {
      result_.statistics.runs += thread.size();
      for (const ThreadRun& run : thread) result_.loop_cut |= run.hit_loop_bound;
    }
    Combination last;
    // The machine makes spurious updates by itself, so that their combinations are all one.
    RunJoin(test_, runs_).for_each([&](std::span<const ThreadRun* const> runs, const auto&) {
      if (std::ranges::equal(last, runs)) return true;
      last.assign(runs.begin(), runs.end());
      explore(last);
      return result_.bound.empty();
    });
    result_.states = states_.states();
    return std::move(result_);
  }

 private:
  static constexpr std::size_t kMaxConceivable = 64;

  const RunOrder* order_of(const ThreadRun* run) {
    const auto [found, is_new] = orders_.try_emplace(run);
    if (is_new) found->second = machine_order(*run, options_);
    return &found->second;
  }

  [[nodiscard]] Value initial(Address address) const {
    const auto found = test_.memory.find(address);
    return found == test_.memory.end() ? 0 : found->second;
  }

  // The values that a location may end with: the last store of some thread, for all that is known
  // without running.
  [[nodiscard]] std::set<Value> last_values(const Combination& combination, Address address) const {
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
    if (values.empty()) values.insert(initial(address));
    return values;
  }

  // The keys of all final states that the combination may have; nothing if there are too many to
  // list.
  [[nodiscard]] std::optional<std::vector<Key>> conceivable(const Combination& combination) {
    if (!runs_.spurious_af.empty()) return std::nullopt;
    std::vector<Key> keys{states_.key_of(combination)};
    for (const Address address : states_.locations()) {
      std::vector<Key> longer;
      const std::set<Value> values = last_values(combination, address);
      for (const Key& key : keys) {
        for (const Value value : values) longer.emplace_back(key).push_back(value);
      }
      keys = std::move(longer);
      if (keys.size() > kMaxConceivable) return std::nullopt;
    }
    std::erase_if(keys, [&](const Key& key) { return !states_.counts(key, combination); });
    return keys;
  }

  [[nodiscard]] bool all_found(const std::optional<std::vector<Key>>& wanted) const {
    return wanted &&
           std::ranges::all_of(*wanted, [&](const Key& key) { return states_.contains(key); });
  }

  void explore(const Combination& combination) {
    const auto wanted = conceivable(combination);
    if (all_found(wanted)) return;
    std::vector<const RunOrder*> orders;
    orders.reserve(combination.size());
    for (const ThreadRun* run : combination) orders.push_back(order_of(run));
    const MachineProgram program(test_, runs_, combination, std::move(orders));
    result_.bound = program.bound;
    if (program.bound.empty()) explore(program, wanted);
  }

  void explore(const MachineProgram& program, const std::optional<std::vector<Key>>& wanted) {
    const std::size_t used = result_.statistics.candidates;
    const std::size_t left = limits_.max_states - std::min(limits_.max_states, used);
    MachineExplorer explorer(program, options_, left);
    const bool complete = explorer.explore([&](const MachineState& state) {
      ++result_.statistics.consistent;
      insert(program.runs, explorer.final_memory(state));
      return !all_found(wanted);
    });
    result_.statistics.candidates += explorer.states();
    if (!complete) result_.bound = std::to_string(limits_.max_states) + " states of the machine";
  }

  void insert(const Combination& combination, const FinalMemory& memory) {
    Key key = states_.key_of(combination);
    for (const Address address : states_.locations()) {
      const auto found = memory.find(address);
      key.push_back(found == memory.end() ? initial(address) : found->second);
    }
    if (states_.counts(key, combination)) states_.insert(key, combination);
  }

  const Test& test_;
  const Runs& runs_;
  const ModelOptions& options_;
  const Limits& limits_;
  StateTable states_;
  std::unordered_map<const ThreadRun*, RunOrder> orders_;
  Result result_;
};

}  // namespace

Result run_machine(const Test& test, const Runs& runs, const ModelOptions& options,
                   const Limits& limits) {
  return MachineEngine(test, runs, options, limits).result();
}

}  // namespace amalgam::model::litmus
