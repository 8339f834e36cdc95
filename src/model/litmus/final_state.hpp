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

// Projects on test.observed and evaluates test.condition. `runs` holds one run a thread. A register
// that nobody set satisfies no comparison, as isla has it.
[[nodiscard]] FinalState final_state(const Test& test, std::span<const ThreadRun* const> runs,
                                     const FinalMemory& memory);

// Whether the execution counts at all: what test.filter says.
[[nodiscard]] bool passes_filter(const Test& test, std::span<const ThreadRun* const> runs,
                                 const FinalMemory& memory);

struct IntegerType {
  bool is_64 = false;
  bool is_unsigned = false;
};

// A value as herd prints it: a name, "PA(x)", "PTE(x)", a descriptor "(oa:PA(x), db:0)", a label, a
// number of the given type.
[[nodiscard]] std::string print_value(const Test& test, Value value, PrintAs as,
                                      IntegerType type = {});

}  // namespace amalgam::model::litmus
