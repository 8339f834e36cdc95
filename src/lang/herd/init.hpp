// The initial state of a herd test.
#pragma once

#include <string_view>

#include "lang/herd/context.hpp"

namespace amalgam::lang::herd {

// Reads the items between the braces into registers and memory and declares types. The threads
// of the test are there already, since registers may hold the addresses of labels.
void read_init(std::string_view init, Context& context);

}  // namespace amalgam::lang::herd
