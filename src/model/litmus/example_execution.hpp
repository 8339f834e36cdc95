// One execution of a litmus test, to be looked at.
#pragma once

#include <functional>

#include "model/litmus/execution.hpp"
#include "model/litmus/options.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

// Sees an execution, and why the model refuses it if it does; neither outlives the call.
using ShowExecution = std::function<void(const Candidate&, const Refusal&)>;

enum class Example : std::uint8_t {
  kConsistent,  // shown: the model allows it, and it satisfies the condition
  kRefused,     // shown: it satisfies the condition, but the model refuses it
  kNone,        // no candidate satisfies the condition, or a limit was hit
};

// Shows one execution that satisfies the condition: an allowed one if there is one, else one that
// is refused, by a cycle where possible. Cost: at most three times that of run_reference().
Example show_example(const Test& test, const Runs& runs, const ModelOptions& options,
                     const Limits& limits, const ShowExecution& show);

}  // namespace amalgam::model::litmus
