#pragma once

#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/arch/geometry.hpp"

namespace amalgam::pgtable {

// What a mapping permits and how it is cached, for every stage and regime. What a regime does not
// have is ignored there (user at EL2, global at stage 2).
struct Attributes {
  bool readable = true;  // stage 2 only: stage 1 leaves are always readable
  bool writable = false;
  bool user = false;
  bool executable = false;       // by the privileged level; at stage 2 and EL2 by any
  bool user_executable = false;  // stage 1 of EL1&0
  bool global = true;
  bool accessed = true;         // false: the first access faults, or hardware notes it
  bool dirty_tracking = false;  // DBM: hardware makes a clean mapping writable and so notes a store
  bool guarded = false;         // BTI
  std::uint8_t memory = 0;      // index into MAIR; at stage 2 the MemAttr field
  std::uint8_t shareability = 3;  // inner shareable; ignored with LPA2, where TCR holds it
  std::uint8_t software = 0;      // bits 58:55, free for the caller

  friend constexpr bool operator==(const Attributes&, const Attributes&) = default;
};

namespace attributes_detail {

constexpr void set_stage1(arch::Fields& f, const arch::Geometry& g, const Attributes& a) {
  const bool el2 = g.regime == arch::Regime::kEl2;
  f.attr_indx = a.memory & 7;
  f.ap1_user = el2 || a.user ? 1 : 0;  // RES1 at EL2
  f.ap2_read_only = a.writable ? 0 : 1;
  f.not_global = arch::has_asid(g) && !a.global ? 1 : 0;
  f.guarded = a.guarded ? 1 : 0;
  f.uxn = (el2 ? a.executable : a.user_executable) ? 0 : 1;
  f.pxn = !el2 && !a.executable ? 1 : 0;
}

constexpr void set_stage2(arch::Fields& f, const Attributes& a) {
  f.mem_attr = a.memory & 15;
  f.s2ap = static_cast<std::uint8_t>((a.readable ? 1 : 0) | (a.writable ? 2 : 0));
  f.s2_xn = a.executable ? 0 : 2;
}

}  // namespace attributes_detail

// The fields of a leaf of `kind` that maps to `output_address` with these attributes.
constexpr arch::Fields leaf_fields(const arch::Geometry& g, arch::Kind kind,
                                   std::uint64_t output_address, const Attributes& a) {
  arch::Fields f{.kind = kind, .address = output_address};
  f.shareability = a.shareability & 3;
  f.access_flag = a.accessed ? 1 : 0;
  f.dbm = a.dirty_tracking ? 1 : 0;
  f.software = a.software & 15;
  if (g.stage == arch::Stage::kStage2) {
    attributes_detail::set_stage2(f, a);
  } else {
    attributes_detail::set_stage1(f, g, a);
  }
  return f;
}

// The descriptor of a leaf at `level`: a page at level 3, a block above.
constexpr std::uint64_t leaf_descriptor(const arch::Geometry& g, int level,
                                        std::uint64_t output_address, const Attributes& a) {
  const arch::Kind kind = level == arch::kPageLevel ? arch::Kind::kPage : arch::Kind::kBlock;
  return arch::encode(g, leaf_fields(g, kind, output_address, a), level).raw;
}

// The attributes of a leaf; what Attributes does not name (contiguous, nT, PBHA) is left out.
constexpr Attributes attributes_of(const arch::Geometry& g, std::uint64_t raw, int level) {
  const arch::Fields f = arch::decode(g, {raw}, level);
  Attributes a;
  a.accessed = f.access_flag != 0;
  a.dirty_tracking = f.dbm != 0;
  a.software = f.software;
  a.shareability = f.shareability;
  if (g.stage == arch::Stage::kStage2) {
    a.readable = (f.s2ap & 1) != 0;
    a.writable = (f.s2ap & 2) != 0;
    a.executable = (f.s2_xn & 2) == 0;
    a.memory = f.mem_attr;
    return a;
  }
  const bool el2 = g.regime == arch::Regime::kEl2;
  a.writable = f.ap2_read_only == 0;
  a.user = !el2 && f.ap1_user != 0;
  a.executable = el2 ? f.uxn == 0 : f.pxn == 0;
  a.user_executable = !el2 && f.uxn == 0;
  a.global = arch::is_global(g, {raw});
  a.guarded = f.guarded != 0;
  a.memory = f.attr_indx;
  return a;
}

}  // namespace amalgam::pgtable
