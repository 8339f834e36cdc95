// Which reads a value comes from.
#pragma once

#include "model/litmus/event.hpp"

namespace amalgam::model::litmus {

// The reads that feed a register, a flag or a stored value.
struct Taint {
  RunMask data = 0;  // through registers and what instructions compute
  // The same, and through the choice of a conditional select or of a compare-exchange. Holds
  // `data`.
  RunMask pick = 0;
  // Whether the value differs from run to run: it comes from memory, or from whether a
  // store-exclusive succeeds, which no dependency tells.
  bool varies = false;

  Taint& operator|=(const Taint& o) {
    data |= o.data;
    pick |= o.pick;
    varies = varies || o.varies;
    return *this;
  }
  friend Taint operator|(Taint a, const Taint& b) { return a |= b; }

  // What is chosen by such a value depends on it by the choice alone.
  [[nodiscard]] Taint as_choice() const { return {0, pick, varies}; }

  static Taint of_event(RunEvent e) { return {run_bit(e), run_bit(e), true}; }
};

}  // namespace amalgam::model::litmus
