#pragma once

#include <cstdint>
#include <string>

namespace amalgam::explorer {

// "0x40001000".
std::string hex(std::uint64_t value);

// The number that `text` is in base 16 without a prefix, all of it; false for any other text.
bool parse_hex(const std::string& text, std::uint64_t& value);

}  // namespace amalgam::explorer
