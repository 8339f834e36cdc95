#pragma once

// How two entries differ, in the terms of the rules. Part of change.hpp.

#include <cstdint>

#include "amalgam/arch/change_types.hpp"

namespace amalgam::arch::change_detail {

// Reads assumptions and remembers which were asked for.
class Asker {
 public:
  constexpr explicit Asker(const Assumptions& assumptions) : assumptions_(assumptions) {}

  constexpr bool ask(Assumption a) {
    asked_ |= 1u << static_cast<unsigned>(a);
    return holds(assumptions_, a);
  }
  constexpr bool was_asked(Assumption a) const {
    return (asked_ >> static_cast<unsigned>(a) & 1u) != 0;
  }

 private:
  const Assumptions& assumptions_;
  std::uint32_t asked_ = 0;
};

// Accesses that a leaf permits, as a set of bits.
enum Permission : std::uint8_t {
  kPrivilegedRead = 1,
  kPrivilegedWrite = 2,
  kUserRead = 4,
  kUserWrite = 8,
  kPrivilegedExecute = 16,
  kUserExecute = 32,
};

constexpr unsigned when(bool condition, unsigned permissions) {
  return condition ? permissions : 0;
}

// Stage 2 XN: 00 all, 01 EL0 only, 10 none, 11 EL1 only; without FEAT_XNX bit 1 alone decides.
constexpr unsigned stage2_execute(const Features& f, Descriptor d) {
  const unsigned xn = static_cast<unsigned>((d.raw & bits::kS2Xn) >> 53);
  if (!f.xnx) return when((xn & 2) == 0, kPrivilegedExecute | kUserExecute);
  return when(xn == 0 || xn == 3, kPrivilegedExecute) | when(xn == 0 || xn == 1, kUserExecute);
}

// What the leaf permits. Rules outside the descriptor (WXN, PAN, hierarchical attributes, the loss
// of privileged execution from pages that EL0 may write) are left out: they act alike on both
// entries of a pair or depend on state that the tables do not show.
constexpr unsigned permissions(const ChangeContext& c, const Entry& e) {
  const Geometry& g = c.geometry;
  const Descriptor d = e.descriptor;
  const bool write = is_writable(g, d, e.level, c.any_hardware_dirty);
  if (g.stage == Stage::kStage2) {
    return when(is_readable(g, d, e.level), kPrivilegedRead | kUserRead) |
           when(write, kPrivilegedWrite | kUserWrite) | stage2_execute(c.features, d);
  }
  const unsigned data = kPrivilegedRead | when(write, kPrivilegedWrite);
  const bool uxn = (d.raw & bits::kUxn) != 0;
  if (g.regime == Regime::kEl2) return data | when(!uxn, kPrivilegedExecute);
  const bool user = user_accessible(g, d, e.level);
  return data | when(user, kUserRead) | when(user && write, kUserWrite) | when(!uxn, kUserExecute) |
         when((d.raw & bits::kPxn) == 0, kPrivilegedExecute);
}

constexpr MemoryAttributes attributes(const ChangeContext& c, Descriptor d) {
  if (c.geometry.stage == Stage::kStage2) {
    return decode_mem_attr(static_cast<unsigned>((d.raw & bits::kMemAttr) >> 2), c.features.fwb);
  }
  return decode_mair_byte(mair_byte(c.mair, static_cast<unsigned>((d.raw & bits::kAttrIndx) >> 2)));
}

// Where the entry sends `c.va`.
constexpr std::uint64_t address_at(const ChangeContext& c, const Entry& e) {
  const std::uint64_t offset = c.va & low_mask(level_size_lg2(c.geometry, e.level));
  return output_address(c.geometry, e.descriptor, e.level) + offset;
}

constexpr bool addresses_differ(const ChangeContext& c, const Entry& a, const Entry& b) {
  if (address_at(c, a) != address_at(c, b)) return true;
  const bool has_space = c.secure_state && c.geometry.stage == Stage::kStage1;
  return has_space && ((a.descriptor.raw ^ b.descriptor.raw) & bits::kNs) != 0;
}

constexpr bool is_normal(const MemoryAttributes& m) {
  return m.type == MemoryType::kNormal || m.type == MemoryType::kNormalTagged;
}

constexpr bool is_tagged_pair(const MemoryAttributes& a, const MemoryAttributes& b) {
  const bool one_tagged = (a.type == MemoryType::kNormal && b.type == MemoryType::kNormalTagged) ||
                          (a.type == MemoryType::kNormalTagged && b.type == MemoryType::kNormal);
  return one_tagged && a.inner == b.inner && a.outer == b.outer;
}

constexpr DiffMask attribute_differences(const MemoryAttributes& a, const MemoryAttributes& b) {
  DiffMask mask;
  if (is_tagged_pair(a, b)) return only(Difference::kTagged);
  mask.set(Difference::kMemoryType, a.type != b.type || a.device != b.device);
  const bool both_normal = is_normal(a) && is_normal(b);
  mask.set(Difference::kCacheability, both_normal && (a.inner != b.inner || a.outer != b.outer));
  mask.set(Difference::kHints, mask.empty() && (a.hints != b.hints || a.xs != b.xs));
  return mask;
}

// AP[2] or S2AP[1] differs while hardware owns it on both sides.
constexpr bool dirty_differs(const ChangeContext& c, Descriptor a, Descriptor b) {
  const bool owned = c.any_hardware_dirty && (a.raw & b.raw & bits::kDbm) != 0;
  return owned && is_dirty(c.geometry, a) != is_dirty(c.geometry, b);
}

// Bits outside the address that the comparison of leaves gives a meaning to.
constexpr std::uint64_t meaningful_bits(const ChangeContext& c) {
  const Geometry& g = c.geometry;
  std::uint64_t mask = bits::kValid | bits::kTableOrPage | bits::kAp2ReadOnly | bits::kAccessFlag |
                       bits::kContiguous | bits::kPbha | bits::kUxn;
  if (!uses_lpa2_layout(g)) mask |= bits::kShareability;
  if (c.any_hardware_dirty) mask |= bits::kDbm;
  if (g.stage == Stage::kStage2) {
    return mask | bits::kMemAttr | bits::kS2apRead | bits::kFnxs |
           (c.features.xnx ? bits::kS2Xn : 0);
  }
  mask |= bits::kAttrIndx | bits::kGuarded | (c.secure_state ? bits::kNs : 0);
  if (g.regime == Regime::kEl2) return mask;
  return mask | bits::kAp1User | bits::kNotGlobal | bits::kPxn;
}

constexpr bool other_differs(const ChangeContext& c, std::uint64_t flips) {
  const bool stage2 = c.geometry.stage == Stage::kStage2;
  return (flips & (bits::kPbha | (stage2 ? bits::kFnxs : bits::kGuarded))) != 0;
}

constexpr bool is_block(const ChangeContext& c, const Entry& e) {
  return kind(c.geometry, e.descriptor, e.level) == Kind::kBlock;
}

// nT has a meaning in blocks from level 1 of FEAT_BBM on.
constexpr bool has_nt(const ChangeContext& c, const Entry& e) {
  return effective_bbm(c.features) >= 1 && is_block(c, e) && (e.descriptor.raw & bits::kNt) != 0;
}

// Flipped bits of two leaves of one size that nothing else accounts for.
constexpr bool software_differs(const ChangeContext& c, const Entry& a, const Entry& b,
                                std::uint64_t flips) {
  if (a.level != b.level) return (flips & (bits::kSoftware | bits::kSoftware63)) != 0;
  std::uint64_t known = meaningful_bits(c) | output_address_mask(c.geometry, a.level);
  if (effective_bbm(c.features) >= 1 && is_block(c, a)) known |= bits::kNt;
  const bool same_meaning = attributes(c, a.descriptor) == attributes(c, b.descriptor);
  const std::uint64_t index = c.geometry.stage == Stage::kStage2 ? bits::kMemAttr : bits::kAttrIndx;
  return (flips & ~known) != 0 || (same_meaning && (flips & index & known) != 0);
}

// All differences of two leaves.
constexpr DiffMask leaf_differences(const ChangeContext& c, const Entry& a, const Entry& b) {
  const Descriptor old_d = a.descriptor;
  const Descriptor new_d = b.descriptor;
  const std::uint64_t flips = old_d.raw ^ new_d.raw;
  DiffMask mask = attribute_differences(attributes(c, old_d), attributes(c, new_d));
  const unsigned before = permissions(c, a);
  const unsigned after = permissions(c, b);
  mask.set(Difference::kOutputAddress, addresses_differ(c, a, b));
  mask.set(Difference::kPermissionWidened, (after & ~before) != 0);
  mask.set(Difference::kPermissionNarrowed, (before & ~after) != 0);
  mask.set(Difference::kShareability,
           !uses_lpa2_layout(c.geometry) && (flips & bits::kShareability) != 0);
  mask.set(Difference::kSize, a.level != b.level);
  mask.set(Difference::kNt, a.level == b.level && has_nt(c, a) != has_nt(c, b));
  mask.set(Difference::kContiguous,
           a.level == b.level && is_contiguous(c.geometry, old_d, a.level) !=
                                     is_contiguous(c.geometry, new_d, b.level));
  mask.set(Difference::kGlobal, is_global(c.geometry, old_d) != is_global(c.geometry, new_d));
  mask.set(Difference::kAccessFlag, (flips & bits::kAccessFlag) != 0);
  mask.set(Difference::kDirty, dirty_differs(c, old_d, new_d));
  mask.set(Difference::kOther, other_differs(c, flips));
  // Bits that have a meaning, but in this combination none: DBM of an entry that is writable
  // anyway.
  const bool nothing_else = mask.empty() && flips != 0;
  mask.set(Difference::kSoftware, nothing_else || software_differs(c, a, b, flips));
  return mask;
}

// All differences of two table descriptors at one level.
constexpr DiffMask table_differences(const ChangeContext& c, const Entry& a, const Entry& b) {
  const std::uint64_t flips = a.descriptor.raw ^ b.descriptor.raw;
  const std::uint64_t pointer = table_address_mask(c.geometry);
  std::uint64_t hierarchical = 0;
  if (c.geometry.stage == Stage::kStage1) {
    hierarchical = bits::kXnTable | bits::kApTable | bits::kPxnTable;
    if (c.secure_state) hierarchical |= bits::kNsTable;
  }
  DiffMask mask;
  mask.set(Difference::kTablePointer, (flips & pointer) != 0);
  mask.set(Difference::kHierarchical, (flips & hierarchical) != 0);
  mask.set(Difference::kSoftware, (flips & ~(pointer | hierarchical)) != 0);
  return mask;
}

}  // namespace amalgam::arch::change_detail
