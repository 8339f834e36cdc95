// What hardware may make of two values of one descriptor that it holds at once although
// break-before-make was owed between them (R_FVQCK): an entry that nobody wrote, or an abort.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "model/litmus/event.hpp"

namespace amalgam::model::litmus {

// One way for a walk to come out of a hazard. `value` is what it goes on with; of a conflict abort
// the first value.
struct HazardChoice {
  WalkHazard kind = WalkHazard::kMixture;
  Value value = 0;
  std::array<Value, 2> met{};
};

// All of them for a last-level descriptor that may hold `values`, each once: mixtures field by
// field (output address, permissions, memory attributes) that are neither value, and an abort for
// each pair. Which pairs owe a break is arch::classify's to say; the contents of two pages count as
// equal where the test starts them so.
[[nodiscard]] std::vector<HazardChoice> hazards_of(const Test& test, std::span<const Value> values);

}  // namespace amalgam::model::litmus
