#include "explore/text.hpp"

#include <array>
#include <charconv>

namespace amalgam::explorer {

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return "0x" + std::string(digits.data(), end);
}

bool parse_hex(const std::string& text, std::uint64_t& value) {
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, 16);
  return error == std::errc{} && end == last;
}

}  // namespace amalgam::explorer
