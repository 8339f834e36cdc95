// The machine on litmus tests: flat memory, events that run early, and sets of translations that a
// TLB may hold, explored state by state.
#pragma once

#include "model/litmus/options.hpp"
#include "model/litmus/result.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

// All final states that the machine reaches. Flags are those that the machine can see by itself.
[[nodiscard]] Result run_machine(const Test& test, const Runs& runs, const ModelOptions& options,
                                 const Limits& limits);

}  // namespace amalgam::model::litmus
