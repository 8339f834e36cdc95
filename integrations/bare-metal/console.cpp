#include "console.hpp"

#include "machine.hpp"

namespace bare_metal {

namespace {

constexpr std::uint64_t kFlags = kUart + 0x18;
constexpr std::uint32_t kTransmitFull = 1 << 5;

void print_char(char c) {
  while ((*reinterpret_cast<volatile std::uint32_t*>(kFlags) & kTransmitFull) != 0) {
  }
  *reinterpret_cast<volatile std::uint32_t*>(kUart) = static_cast<unsigned char>(c);
}

void pad(std::size_t used, unsigned width) {
  for (; used < width; ++used) print_char(' ');
}

// The digits of a number, least first, into `digits`; how many.
unsigned digits_of(std::uint64_t value, unsigned base, char (&digits)[20]) {
  unsigned count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  return count;
}

void print_digits(std::uint64_t value, unsigned base, unsigned width) {
  char digits[20];
  unsigned count = digits_of(value, base, digits);
  pad(count, width);
  while (count > 0) print_char(digits[--count]);
}

}  // namespace

void print(std::string_view text) {
  for (const char c : text) print_char(c);
}

void print_hex(std::uint64_t value) {
  print("0x");
  print_digits(value, 16, 0);
}

void print_padded(std::string_view text, unsigned width) {
  print(text);
  pad(text.size(), width);
}

void print_number(std::uint64_t value, unsigned width) { print_digits(value, 10, width); }

}  // namespace bare_metal
