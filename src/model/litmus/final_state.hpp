// The final state of an execution, and whether it satisfies the test's condition.
#pragma once

#include <map>
#include <span>
#include <string>

#include "model/litmus/event.hpp"
#include "model/litmus/result.hpp"

namespace amalgam::model::litmus {

// The last value of each location that any run wrote; others hold what Test::memory says.
using FinalMemory = std::map<Address, Value>;

// Projects on test.observed and evaluates test.condition. `runs` holds one run a thread.
[[nodiscard]] FinalState final_state(const Test& test, std::span<const ThreadRun* const> runs,
                                     const FinalMemory& memory);

// A value as herd prints it: a name, "PA(x)", "PTE(x)", a descriptor "(oa:PA(x), db:0)", a number.
[[nodiscard]] std::string print_value(const Test& test, Value value, PrintAs as);

}  // namespace amalgam::model::litmus
