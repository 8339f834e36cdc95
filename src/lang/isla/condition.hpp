// The final condition of a test.
#pragma once

#include <string>
#include <vector>

#include "lang/isla/document.hpp"
#include "lang/isla/evaluator.hpp"
#include "lang/isla/world.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::lang::isla {

// Reads `final.assertion` into test.condition, test.condition_location and test.observed. Values
// are what `evaluator` makes of them; threads are found by their name in test.threads.
void read_condition(const Document& document, const World& world, Evaluator& evaluator,
                    model::litmus::Test& test, Diagnostics& diagnostics);

// The general register that X0, R0 or W0 name; nothing if it is none.
std::optional<model::litmus::RegisterIndex> general_register(std::string_view name);

}  // namespace amalgam::lang::isla
