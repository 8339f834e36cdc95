// The explorer: every state of a slice, breadth first, so that the first run that shows something
// is a shortest one. Deterministic.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/machine.hpp"
#include "model/state_set.hpp"

namespace amalgam::model {

struct ExploreLimits {
  std::uint64_t max_states = 50'000'000;
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;
  bool reduction = true;
};

// The first sighting of one rule or effect, and the run that led to it.
struct Found {
  Sighting sighting;
  std::vector<State> states;            // from the start; one more than transitions
  std::vector<Transition> transitions;  // the last one may be the sighting's own
  bool has_final = false;               // the last transition is the sighting's own
};

struct Exploration {
  std::vector<Found> found;
  std::vector<Refutation> refuted;  // ascending, each once
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint64_t bytes = 0;
  std::string bound;  // not empty: not exhaustive, and what was hit
};

// Explores a slice. Cost: linear in the transitions.
Exploration explore(const Slice& slice, const ExploreLimits& limits);

}  // namespace amalgam::model
