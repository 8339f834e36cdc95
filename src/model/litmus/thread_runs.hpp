// All ways in which each thread of a litmus test may run, for the values that memory may hold.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/litmus/event.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

// By location, every value that it may ever hold: what it starts with and what any run stores.
using Domains = std::map<Address, std::vector<Value>>;

struct Runs {
  std::vector<std::vector<ThreadRun>> threads;  // by thread
  // Accesses that no thread makes: each is a read of a descriptor and its hardware update that sets
  // AF, spuriously; any subset of them may happen. `address` names the descriptor.
  std::vector<Address> spurious_af;
  Domains domains;
  std::string bound;  // not empty: the limit that was hit, and so the runs are not all there are
};

// Whether hardware of any thread sets AF, and so may do so on any descriptor.
[[nodiscard]] bool hardware_sets_af(const Test& test);

// Runs every thread over the least domains that are closed under its stores.
//
// A walk shows only the descriptor reads that can tell executions apart. With real tables these are
// the reads of what may change and the one that faults, and with two stages one read of stage 1
// that never changes, if there is one, for what says of the combined entry. In herd's abstraction a
// read is left out if its descriptor never changes, the access goes through, hardware updates
// nothing and all descriptors have the same memory attributes. A read that is left out takes its
// value from the start, nothing is stored after it, and what is ordered before or after it is so
// ordered with its access anyway. Cost: the product, over the reads of a thread, of the values of
// their locations.
[[nodiscard]] Runs enumerate_runs(const Test& test, const ModelOptions& options,
                                  const Limits& limits);

}  // namespace amalgam::model::litmus
