#pragma once

#include <cstdint>

#include "amalgam/arch/geometry.hpp"
#include "amalgam/pgtable/status.hpp"

namespace amalgam::pgtable {

// Which half of a regime's input addresses a root translates: TTBR0's from 0 upwards, or TTBR1's,
// whose unused upper bits are all ones.
enum class Half : std::uint8_t { kLower, kUpper };

// A run of input addresses as the tables see them: upper bits stripped, `end` exclusive.
struct Range {
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  constexpr bool empty() const { return start >= end; }
  constexpr std::uint64_t bytes() const { return end - start; }
  friend constexpr bool operator==(const Range&, const Range&) = default;
};

// The upper bits that an address of the half has, in place.
constexpr std::uint64_t half_bits(const arch::Geometry& g, Half half) {
  return half == Half::kUpper ? ~arch::low_mask(g.va_bits) : 0;
}

// Cuts [va, va + bytes) down to what tables of the half index by. Fails on anything that is not a
// whole number of pages of that half.
constexpr Status to_range(const arch::Geometry& g, Half half, std::uint64_t va, std::uint64_t bytes,
                          Range& range) {
  const std::uint64_t page_mask = arch::page_bytes(g.granule) - 1;
  if (bytes == 0) return {Error::kEmptyRange, va};
  if (((va | bytes) & page_mask) != 0) return {Error::kMisaligned, va};
  const std::uint64_t input_mask = arch::low_mask(g.va_bits);
  const std::uint64_t start = va & input_mask;
  if ((va & ~input_mask) != half_bits(g, half)) return {Error::kOutOfRange, va};
  if (bytes - 1 > input_mask - start) return {Error::kOutOfRange, va};
  range = {start, start + bytes};
  return {};
}

}  // namespace amalgam::pgtable
