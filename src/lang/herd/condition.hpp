// What a herd test asks of the final state, and what of the final state it shows.
#pragma once

#include <string_view>

#include "lang/herd/context.hpp"

namespace amalgam::lang::herd {

// Reads what follows the program: locations, filter, condition. Sets quantifier, condition,
// filter and observed of the test; observed is in the order in which herd prints.
void read_condition(std::string_view text, Context& context);

}  // namespace amalgam::lang::herd
