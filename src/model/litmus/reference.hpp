// The reference enumerator: every candidate execution against the axioms, as published.
#pragma once

#include "model/litmus/options.hpp"
#include "model/litmus/result.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

// All final states and flags of the executions that the axioms of options.family allow.
[[nodiscard]] Result run_reference(const Test& test, const Runs& runs, const ModelOptions& options,
                                   const Limits& limits);

}  // namespace amalgam::model::litmus
