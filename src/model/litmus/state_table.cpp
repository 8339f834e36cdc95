#include "model/litmus/state_table.hpp"

namespace amalgam::model::litmus {

StateTable::StateTable(const Test& test, const Runs& runs) : test_(test) {
  Looks looks;
  look_at(test.condition, looks);
  if (test.filter) look_at(*test.filter, looks);
  for (const Observable& observable : test.observed) look_at(observable, looks);
  locations_.assign(looks.locations.begin(), looks.locations.end());
  std::map<Key, std::uint64_t> numbers;
  for (std::uint32_t t = 0; t < runs.threads.size(); ++t) {
    for (const ThreadRun& run : runs.threads[t]) {
      const std::uint64_t next = numbers.size();
      endings_[&run] = numbers.try_emplace(ending_of(run, t, looks), next).first->second;
    }
  }
}

void StateTable::look_at(const Formula& formula, Looks& looks) const {
  for (const Formula& part : formula.parts) look_at(part, looks);
  if (formula.kind == Formula::Kind::kRegisterIs) {
    looks.registers.emplace(formula.thread, formula.reg);
  }
  if (formula.kind == Formula::Kind::kSystemIs) {
    looks.systems.emplace(formula.thread, formula.system);
  }
  if (formula.kind == Formula::Kind::kMemoryIs) looks.locations.insert(formula.address);
  if (formula.kind == Formula::Kind::kFault) looks.faults = true;
}

void StateTable::look_at(const Observable& observable, Looks& looks) const {
  switch (observable.kind) {
    case Observable::Kind::kRegister:
      looks.registers.emplace(observable.thread, observable.reg);
      return;
    case Observable::Kind::kMemory:
      looks.locations.insert(observable.address);
      return;
    case Observable::Kind::kSystem:
      looks.systems.emplace(observable.thread, observable.system);
      return;
    case Observable::Kind::kFault:
      looks.faults = true;
      return;
  }
}

StateTable::Key StateTable::ending_of(const ThreadRun& run, std::uint32_t thread,
                                      const Looks& looks) const {
  Key ending{thread};
  for (const auto& [of, reg] : looks.registers) {
    if (of != thread) continue;
    ending.push_back(run.registers_set >> reg & 1);
    ending.push_back(run.registers[reg]);
  }
  for (const auto& [of, system] : looks.systems) {
    if (of == thread) ending.push_back(run.system[static_cast<std::size_t>(system)]);
  }
  if (!looks.faults) return ending;
  for (const Event& e : run.events) {
    if (e.kind != EventKind::kFault) continue;
    ending.push_back(reinterpret_cast<std::uintptr_t>(e.source));
    ending.push_back(e.fault.va);
    ending.push_back(static_cast<std::uint64_t>(e.fault.type) << 1 |
                     (e.fault.is_instruction_abort ? 1U : 0U));
  }
  return ending;
}

StateTable::Key StateTable::key_of(std::span<const ThreadRun* const> runs) const {
  Key key;
  key.reserve(runs.size() + locations_.size());
  for (const ThreadRun* run : runs) key.push_back(endings_.at(run));
  return key;
}

FinalMemory StateTable::memory_of(const Key& key) const {
  FinalMemory memory;
  const std::size_t first = key.size() - locations_.size();
  for (std::size_t i = 0; i < locations_.size(); ++i) memory[locations_[i]] = key[first + i];
  return memory;
}

bool StateTable::counts(const Key& key, std::span<const ThreadRun* const> runs) {
  if (!test_.filter) return true;
  const auto [found, is_new] = counts_.try_emplace(key, false);
  if (is_new) found->second = passes_filter(test_, runs, memory_of(key));
  return found->second;
}

void StateTable::insert(const Key& key, std::span<const ThreadRun* const> runs) {
  if (!found_.insert(key).second) return;
  FinalState state = final_state(test_, runs, memory_of(key));
  states_.try_emplace({state.parts, state.satisfies}, state);
}

std::vector<FinalState> StateTable::states() const {
  std::vector<FinalState> all;
  all.reserve(states_.size());
  for (const auto& [key, state] : states_) all.push_back(state);
  return all;
}

}  // namespace amalgam::model::litmus
