#pragma once

#include <cstdint>

#include "amalgam/arch/descriptor_layout.hpp"
#include "amalgam/arch/geometry.hpp"

namespace amalgam::arch {

// What a descriptor at `level` is. A level above the root or a block where none may stand is
// kReserved, which faults.
constexpr Kind kind(const Geometry& g, Descriptor d, int level) {
  if ((d.raw & bits::kValid) == 0) return Kind::kInvalid;
  const bool table_or_page = (d.raw & bits::kTableOrPage) != 0;
  if (level == kPageLevel) return table_or_page ? Kind::kPage : Kind::kReserved;
  if (table_or_page) return Kind::kTable;
  return block_allowed(g, level) ? Kind::kBlock : Kind::kReserved;
}

// Whether bit 0 is set and the encoding is not reserved: a walk can go on or end here.
constexpr bool is_valid(const Geometry& g, Descriptor d, int level) {
  const Kind k = kind(g, d, level);
  return k != Kind::kInvalid && k != Kind::kReserved;
}

constexpr bool is_table(const Geometry& g, Descriptor d, int level) {
  return kind(g, d, level) == Kind::kTable;
}

constexpr bool is_leaf(const Geometry& g, Descriptor d, int level) {
  const Kind k = kind(g, d, level);
  return k == Kind::kBlock || k == Kind::kPage;
}

// Descriptor bits that hold the address of a descriptor of this kind; 0 for one that faults.
constexpr std::uint64_t address_mask(const Geometry& g, Kind k, int level) {
  if (k == Kind::kTable) return table_address_mask(g);
  return k == Kind::kBlock || k == Kind::kPage ? output_address_mask(g, level) : 0;
}

// Output address of a block or page, next table address of a table; 0 for one that faults.
constexpr std::uint64_t output_address(const Geometry& g, Descriptor d, int level) {
  return gather_address(g, d.raw, address_mask(g, kind(g, d, level), level));
}

// The same descriptor with another address. Address bits below the entry's size are dropped.
constexpr Descriptor with_output_address(const Geometry& g, Descriptor d, int level,
                                         std::uint64_t address) {
  const std::uint64_t mask = address_mask(g, kind(g, d, level), level);
  return {(d.raw & ~mask) | scatter_address(g, address, mask)};
}

// Whether a walk that uses this address takes an Address size fault.
constexpr bool has_address_size_fault(const Geometry& g, Descriptor d, int level) {
  return (output_address(g, d, level) & ~low_mask(g.pa_bits)) != 0;
}

// All fields of `d`. Exact: encode(g, decode(g, d, level), level) == d for every value of d.
constexpr Fields decode(const Geometry& g, Descriptor d, int level) {
  Fields fields{.kind = kind(g, d, level)};
  std::uint64_t claimed = bits::kValid;
  if (fields.kind != Kind::kInvalid) claimed |= bits::kTableOrPage;
  const std::uint64_t address = address_mask(g, fields.kind, level);
  fields.address = gather_address(g, d.raw, address);
  claimed |= address;
  for (const FieldLayout& layout : kFieldLayouts) {
    if (!applies(layout, g, fields.kind)) continue;
    const std::uint64_t mask = bit_mask(layout.hi, layout.lo) & ~claimed;
    fields.*layout.member = static_cast<std::uint8_t>((d.raw & mask) >> layout.lo);
    claimed |= mask;
  }
  fields.ignored = d.raw & ~claimed;
  return fields;
}

// Bits [1:0] that stand for a kind.
constexpr std::uint64_t kind_bits(Kind k) {
  if (k == Kind::kInvalid) return 0;
  return k == Kind::kTable || k == Kind::kPage ? bits::kValid | bits::kTableOrPage : bits::kValid;
}

// The descriptor with these fields. Values too wide for their field, and fields that the kind does
// not have, are dropped. The caller chooses a kind that may stand at `level`.
constexpr Descriptor encode(const Geometry& g, const Fields& fields, int level) {
  std::uint64_t claimed = bits::kValid;
  if (fields.kind != Kind::kInvalid) claimed |= bits::kTableOrPage;
  const std::uint64_t address = address_mask(g, fields.kind, level);
  std::uint64_t raw = kind_bits(fields.kind) | scatter_address(g, fields.address, address);
  claimed |= address;
  for (const FieldLayout& layout : kFieldLayouts) {
    if (!applies(layout, g, fields.kind)) continue;
    const std::uint64_t mask = bit_mask(layout.hi, layout.lo) & ~claimed;
    raw |= (std::uint64_t{fields.*layout.member} << layout.lo) & mask;
    claimed |= mask;
  }
  return {raw | (fields.ignored & ~claimed)};
}

constexpr bool has_access_flag(Descriptor d) { return (d.raw & bits::kAccessFlag) != 0; }

// The contiguous bit of a leaf at a level that has groups. For tables it is not a field.
constexpr bool is_contiguous(const Geometry& g, Descriptor d, int level) {
  return (d.raw & bits::kContiguous) != 0 && contiguous_entries(g, level) > 1 &&
         is_leaf(g, d, level);
}

// Whether the entry matches every ASID. Always so where the regime has no ASID (EL2, stage 2).
constexpr bool is_global(const Geometry& g, Descriptor d) {
  return !has_asid(g) || (d.raw & bits::kNotGlobal) == 0;
}

// Whether a store may succeed through the leaf: AP[2] or S2AP[1], or DBM=1 while hardware dirty
// management is on. False for anything but a leaf.
constexpr bool is_writable(const Geometry& g, Descriptor d, int level, bool hardware_dirty) {
  if (!is_leaf(g, d, level)) return false;
  if (hardware_dirty && (d.raw & bits::kDbm) != 0) return true;
  if (g.stage == Stage::kStage2) return (d.raw & bits::kS2apWrite) != 0;
  return (d.raw & bits::kAp2ReadOnly) == 0;
}

// Whether a load may succeed at some Exception level.
constexpr bool is_readable(const Geometry& g, Descriptor d, int level) {
  if (!is_leaf(g, d, level)) return false;
  return g.stage == Stage::kStage1 || (d.raw & bits::kS2apRead) != 0;
}

// Whether EL0 may access the leaf. Stage 2 does not tell EL0 from EL1, EL2 has no EL0.
constexpr bool user_accessible(const Geometry& g, Descriptor d, int level) {
  if (!is_leaf(g, d, level)) return false;
  if (g.stage == Stage::kStage2) return (d.raw & (bits::kS2apRead | bits::kS2apWrite)) != 0;
  return g.regime != Regime::kEl2 && (d.raw & bits::kAp1User) != 0;
}

constexpr Descriptor with_af(Descriptor d, bool on = true) {
  return {on ? d.raw | bits::kAccessFlag : d.raw & ~bits::kAccessFlag};
}

// What hardware dirty management writes on a store: AP[2] 1 to 0, or S2AP[1] 0 to 1. The caller has
// checked that DBM is set.
constexpr Descriptor with_dirty(const Geometry& g, Descriptor d) {
  if (g.stage == Stage::kStage2) return {d.raw | bits::kS2apWrite};
  return {d.raw & ~bits::kAp2ReadOnly};
}

// Whether the hardware-visible dirty state is set: AP[2]=0 or S2AP[1]=1.
constexpr bool is_dirty(const Geometry& g, Descriptor d) {
  if (g.stage == Stage::kStage2) return (d.raw & bits::kS2apWrite) != 0;
  return (d.raw & bits::kAp2ReadOnly) == 0;
}

}  // namespace amalgam::arch
