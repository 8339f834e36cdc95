#pragma once

#include <cstdint>

#include "amalgam/arch/geometry.hpp"
#include "amalgam/arch/tlbi_operand.hpp"

namespace amalgam::arch {

// What a cached entry was made from.
enum class CachedFrom : std::uint8_t {
  kStage1,    // a stage 1 descriptor alone (all that EL2 has)
  kStage2,    // a stage 2 descriptor alone, found by IPA
  kCombined,  // both stages folded into one entry, found by VA
};

// The tag of one cached copy of a table entry, a walk cache included.
struct TlbEntryTag {
  std::uint64_t va_start = 0;  // first byte of what the entry translates; an IPA for kStage2
  int level = kPageLevel;
  bool leaf = true;  // false: a walk-cache entry, made from a table descriptor
  bool global = false;
  std::uint16_t asid = 0;
  std::uint16_t vmid = 0;
  CachedFrom from = CachedFrom::kStage1;
  Regime regime = Regime::kEl10;
  Granule granule = Granule::k4K;
  std::uint8_t merged_lg2 = 0;  // log2 of the contiguous entries that one TLB entry stands for
  bool non_secure_ipa = false;  // kStage2: which IPA space

  // The stage whose descriptor the entry is found by.
  constexpr Stage stage() const {
    return from == CachedFrom::kStage2 ? Stage::kStage2 : Stage::kStage1;
  }
  friend constexpr bool operator==(const TlbEntryTag&, const TlbEntryTag&) = default;
};

namespace covers_detail {

constexpr std::uint64_t size_bytes(const TlbEntryTag& tag) {
  Geometry g;
  g.granule = tag.granule;
  return std::uint64_t{1} << (level_size_lg2(g, tag.level) + tag.merged_lg2);
}

// Whether [va_start, va_end) of the operation meets what the entry translates. Compared through
// the last byte, so that a range that ends at the top of the address space needs no special case.
constexpr bool overlaps(const TlbiOperation& op, const TlbEntryTag& tag) {
  const std::uint64_t entry_last = tag.va_start + (size_bytes(tag) - 1);
  const std::uint64_t op_last = op.va_end - 1;
  return op.va_start <= entry_last && tag.va_start <= op_last;
}

// A hint names the level of the leaf; walk-cache entries on the way to it lie above. [inf] for the
// second part: no source says what a hint means for them.
constexpr bool hint_allows(const TlbiOperation& op, const TlbEntryTag& tag) {
  if (!op.hint) return true;
  if (op.hint->granule != tag.granule) return false;
  return tag.leaf ? op.hint->level == tag.level : op.hint->level > tag.level;
}

// A global leaf matches any ASID. A walk-cache entry is not global: nG is a field of the leaf.
constexpr bool asid_matches(const TlbiOperation& op, const TlbEntryTag& tag) {
  return tag.asid == op.asid || (tag.leaf && tag.global);
}

constexpr bool by_address_covers(const TlbiOperation& op, const TlbEntryTag& tag) {
  if (op.granule_mismatch || (op.last_level && !tag.leaf)) return false;
  return overlaps(op, tag) && hint_allows(op, tag);
}

constexpr bool stage2_covers(const TlbiOperation& op, const TlbEntryTag& tag) {
  if (tag.from != CachedFrom::kStage2 || tag.vmid != op.vmid) return false;
  return op.non_secure_ipa == tag.non_secure_ipa && by_address_covers(op, tag);
}

constexpr bool stage1_covers(const TlbiOperation& op, const TlbEntryTag& tag) {
  if (tag.from == CachedFrom::kStage2) return false;
  if (tag.regime == Regime::kEl10 && tag.vmid != op.vmid) return false;
  switch (op.kind) {
    case TlbiKind::kVa:
      return (op.regime == Regime::kEl2 || asid_matches(op, tag)) && by_address_covers(op, tag);
    case TlbiKind::kVaAllAsids:
      return by_address_covers(op, tag);
    case TlbiKind::kAsid:
      return tag.asid == op.asid && !(tag.leaf && tag.global);
    default:
      return op.kind == TlbiKind::kVmall;
  }
}

}  // namespace covers_detail

// Whether the operation is guaranteed to remove the entry, on a PE that it reaches. False means
// "not guaranteed", which a checker must read as "may stay":
// - a level hint other than the entry's level or granule voids the operation;
// - last-level forms leave walk caches;
// - by-address forms hit an entry of any size that holds the address;
// - a global entry matches any ASID, and ASIDE1 leaves it;
// - an IPA operation removes stage 2 entries alone, never combined ones;
// - VMALLE1 and the by-VA forms leave entries made from stage 2 alone.
// Which PEs the operation reaches (shareability) is the caller's affair.
constexpr bool covers(const TlbiOperation& op, const TlbEntryTag& tag) {
  if (op.undefined || op.regime != tag.regime) return false;
  if (op.kind == TlbiKind::kAll) return true;
  if (op.kind == TlbiKind::kVmallS12) return tag.vmid == op.vmid;
  if (op.kind == TlbiKind::kIpa) return covers_detail::stage2_covers(op, tag);
  return covers_detail::stage1_covers(op, tag);
}

// The same; the geometry is not needed because a tag carries its granule.
constexpr bool covers(const TlbiOperation& op, const TlbEntryTag& tag, const Geometry&) {
  return covers(op, tag);
}

}  // namespace amalgam::arch
