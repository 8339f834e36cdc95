#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/arch/change_types.hpp"
#include "amalgam/arch/descriptor.hpp"

namespace amalgam::arch {

// Which kernel's pgattr_change_is_safe.
enum class LinuxVersion : std::uint8_t { kV612, kV73 };  // 6.12 and 7.3

// MAIR indices that Linux gives to Normal and Normal-Tagged memory.
inline constexpr unsigned kLinuxNormalIndex = 0;
inline constexpr unsigned kLinuxTaggedIndex = 1;

namespace linux_detail {

// Bits that may differ between two valid entries.
inline constexpr std::uint64_t kFreeBits = bits::kPxn | bits::kAp2ReadOnly | bits::kDbm |
                                           bits::kNotGlobal | bits::kSoftware63 | bits::kSoftware;

constexpr bool is_normal_or_tagged(std::uint64_t raw) {
  const unsigned index = static_cast<unsigned>((raw & bits::kAttrIndx) >> 2);
  return index == kLinuxNormalIndex || index == kLinuxTaggedIndex;
}

constexpr std::uint64_t free_bits(std::uint64_t old_raw, std::uint64_t new_raw) {
  const bool tag_change = is_normal_or_tagged(old_raw) && is_normal_or_tagged(new_raw);
  return tag_change ? kFreeBits | bits::kAttrIndx : kFreeBits;
}

}  // namespace linux_detail

// What Linux's pgattr_change_is_safe answers for a stage 1 entry: a model of its behaviour, for
// comparison with classify. It looks at two values alone: no level, contents, history or TLBI.
// - either side invalid: safe;
// - non-global to global: unsafe;
// - 6.12: a contiguous entry on either side: unsafe;
// - else safe if nothing differs but AP[2], DBM, nG, PXN, software bits, and AttrIndx between
//   Normal and Normal-Tagged. The pfn comparison adds nothing: no address bit is free to differ.
constexpr bool linux_change_is_safe(Descriptor old_d, Descriptor new_d,
                                    LinuxVersion version = LinuxVersion::kV73) {
  const std::uint64_t a = old_d.raw;
  const std::uint64_t b = new_d.raw;
  if ((a & b & bits::kValid) == 0) return true;
  if (version == LinuxVersion::kV612 && ((a | b) & bits::kContiguous) != 0) return false;
  if ((a & ~b & bits::kNotGlobal) != 0) return false;
  return ((a ^ b) & ~linux_detail::free_bits(a, b)) == 0;
}

// How the predicate compares with what Arm requires.
enum class Comparison : std::uint8_t {
  kAccepts,    // both allow it in place, and no TLBI is owed before the change is relied on
  kRefuses,    // both refuse it
  kTooStrict,  // refuses what needs no break
  kBlind,      // accepts what needs a break
  kSilent,     // accepts rightly, but a TLBI is owed before the change is relied on
};

constexpr std::string_view comparison_name(Comparison comparison) {
  switch (comparison) {
    case Comparison::kAccepts:
      return "accepts rightly";
    case Comparison::kRefuses:
      return "refuses rightly";
    case Comparison::kTooStrict:
      return "too strict";
    case Comparison::kBlind:
      return "blind";
    case Comparison::kSilent:
      break;
  }
  return "silent on TLBI";
}

// Lays Linux's verdict beside ours.
constexpr Comparison compare_with_linux(const Change& ours, bool linux_says_safe) {
  if (!linux_says_safe) return ours.break_required ? Comparison::kRefuses : Comparison::kTooStrict;
  if (ours.break_required) return Comparison::kBlind;
  return ours.tlbi_may_wait ? Comparison::kAccepts : Comparison::kSilent;
}

}  // namespace amalgam::arch
