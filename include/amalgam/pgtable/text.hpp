// Numbers as text, without a heap or a locale, for a sink that takes std::string_view. Literals are
// spelled "..."sv wherever text is made: the length of another one is found by strlen, which a
// freestanding program need not have.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace amalgam::pgtable {

namespace text_detail {

template <unsigned kBase, typename Sink>
void put(std::uint64_t value, std::size_t min_digits, Sink& sink) {
  std::array<char, 64> digits{};
  std::size_t at = digits.size();
  while (value != 0 || at + min_digits > digits.size()) {
    digits[--at] = "0123456789abcdef"[value % kBase];
    value /= kBase;
  }
  sink(std::string_view(digits.data() + at, digits.size() - at));
}

}  // namespace text_detail

template <typename Sink>
void put_decimal(std::uint64_t value, Sink& sink) {
  text_detail::put<10>(value, 1, sink);
}

// 0x and at least `min_digits` digits.
template <typename Sink>
void put_hex(std::uint64_t value, Sink& sink, std::size_t min_digits = 1) {
  using namespace std::string_view_literals;
  sink("0x"sv);
  text_detail::put<16>(value, min_digits, sink);
}

}  // namespace amalgam::pgtable
