// The known name that a misspelt one is nearest to.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amalgam::lang::scenario {

// "; did you mean `NAME`?", or an empty text if nothing known is near. Cost: the product of the
// lengths for each known name; only a bounded number of known names is looked at.
std::string suggestion(std::string_view wanted, std::span<const std::string_view> known);

}  // namespace amalgam::lang::scenario
