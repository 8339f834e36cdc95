#pragma once

#include <cstdint>

namespace amalgam::arch {

// Ways in which two entries differ, as far as the rules tell them apart.
enum class Difference : std::uint32_t {
  kOutputAddress = 1u << 0,      // or the output address space (NS)
  kPermissionWidened = 1u << 1,  // some access is allowed now that was not
  kPermissionNarrowed = 1u << 2,
  kMemoryType = 1u << 3,
  kTagged = 1u << 4,  // Normal against Normal-Tagged
  kShareability = 1u << 5,
  kCacheability = 1u << 6,
  kSize = 1u << 7,
  kNt = 1u << 8,
  kContiguous = 1u << 9,
  kGlobal = 1u << 10,
  kAccessFlag = 1u << 11,
  kDirty = 1u << 12,
  kSoftware = 1u << 13,  // bits that no walk uses
  kOther = 1u << 14,     // PBHA, GP, FnXS
  kHints = 1u << 15,     // allocation hints, XS attribute
  kTablePointer = 1u << 16,
  kHierarchical = 1u << 17,
};

// A set of differences.
struct DiffMask {
  std::uint32_t bits = 0;

  constexpr bool has(Difference d) const { return (bits & static_cast<std::uint32_t>(d)) != 0; }
  constexpr bool any(DiffMask other) const { return (bits & other.bits) != 0; }
  constexpr bool empty() const { return bits == 0; }
  constexpr void set(Difference d, bool on = true) {
    if (on) bits |= static_cast<std::uint32_t>(d);
  }
  friend constexpr DiffMask operator|(DiffMask a, DiffMask b) { return {a.bits | b.bits}; }
  friend constexpr DiffMask operator-(DiffMask a, DiffMask b) { return {a.bits & ~b.bits}; }
  friend constexpr bool operator==(const DiffMask&, const DiffMask&) = default;
};

constexpr DiffMask operator|(Difference a, Difference b) {
  return {static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b)};
}

constexpr DiffMask operator|(DiffMask a, Difference b) {
  return {a.bits | static_cast<std::uint32_t>(b)};
}

constexpr DiffMask only(Difference d) { return {static_cast<std::uint32_t>(d)}; }

}  // namespace amalgam::arch
