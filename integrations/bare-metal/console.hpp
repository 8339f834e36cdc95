// Text on the serial port.
#pragma once

#include <cstdint>
#include <string_view>

namespace bare_metal {

void print(std::string_view text);
void print_hex(std::uint64_t value);

// Text on the left or a number on the right of a column of this many characters.
void print_padded(std::string_view text, unsigned width);
void print_number(std::uint64_t value, unsigned width = 0);

}  // namespace bare_metal
