// The final states found so far, looked up by what they are projected from rather than by text.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "model/litmus/final_state.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

class StateTable {
 public:
  // What a final state depends on: a number for each run (runs that end alike share it), then the
  // last values of the locations that the test looks at.
  using Key = std::vector<std::uint64_t>;

  // Both must outlive the table.
  StateTable(const Test& test, const Runs& runs);

  // The locations whose last values belong to a key, in its order.
  [[nodiscard]] const std::vector<Address>& locations() const { return locations_; }
  [[nodiscard]] Key key_of(std::span<const ThreadRun* const> runs) const;

  [[nodiscard]] bool contains(const Key& key) const { return found_.contains(key); }
  // Whether an execution that ends like this counts: what the test's filter says.
  [[nodiscard]] bool counts(const Key& key, std::span<const ThreadRun* const> runs);
  void insert(const Key& key, std::span<const ThreadRun* const> runs);

  // Sorted, each once.
  [[nodiscard]] std::vector<FinalState> states() const;

 private:
  struct Looks {
    std::set<std::pair<std::uint32_t, RegisterIndex>> registers;  // by thread
    std::set<std::pair<std::uint32_t, SystemRegister>> systems;
    std::set<Address> locations;
    bool faults = false;
  };

  void look_at(const Formula& formula, Looks& looks) const;
  void look_at(const Observable& observable, Looks& looks) const;
  [[nodiscard]] Key ending_of(const ThreadRun& run, std::uint32_t thread, const Looks& looks) const;
  [[nodiscard]] FinalMemory memory_of(const Key& key) const;

  const Test& test_;
  std::vector<Address> locations_;
  std::map<const ThreadRun*, std::uint64_t> endings_;
  std::set<Key> found_;
  std::map<Key, bool> counts_;
  std::map<std::pair<std::vector<std::string>, bool>, FinalState> states_;
};

}  // namespace amalgam::model::litmus
