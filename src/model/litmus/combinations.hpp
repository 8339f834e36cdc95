// Which runs of the threads may go together: those that read only what somebody stores.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

// One run a thread.
using Combination = std::vector<const ThreadRun*>;

// Finds every combination of runs in which each value that is read is there at the start or is
// stored by some run. A necessary condition only: the order of events is not looked at.
class Combinations {
 public:
  Combinations(const Test& test, const Runs& runs);

  // Calls `f` with each, until it returns false. `f` also gets the index of each thread's run.
  void for_each(const std::function<bool(const std::vector<std::uint32_t>&)>& f) const;

 private:
  static constexpr unsigned kMaxPairs = 512;
  using Pairs = std::array<std::uint64_t, kMaxPairs / 64>;  // a set of (location, value)
  struct Summary {
    Pairs needs{};   // read, and neither initial nor stored by the run itself
    Pairs offers{};  // stored
  };

  static bool includes(const Pairs& all, const Pairs& some);
  static void add(Pairs& to, const Pairs& from);
  [[nodiscard]] bool is_initial(Address address, Value value) const;
  [[nodiscard]] bool is_spurious(Address address) const;
  std::uint32_t pair_of(Address address, Value value);
  void offer(Summary& s, Address address, Value value);
  Summary summarise(const ThreadRun& run);
  bool extend(std::vector<std::uint32_t>& chosen, const Pairs& needs, const Pairs& offers,
              const std::function<bool(const std::vector<std::uint32_t>&)>& f) const;

  const Test& test_;
  const Runs& runs_;
  std::map<std::pair<Address, Value>, std::uint32_t> pair_ids_;
  std::vector<std::vector<Summary>> summaries_;  // by thread, by run
  std::vector<Pairs> later_offers_;              // by thread: what this and later threads offer
};

}  // namespace amalgam::model::litmus
