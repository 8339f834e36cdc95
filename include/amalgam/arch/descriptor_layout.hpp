#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "amalgam/arch/geometry.hpp"

namespace amalgam::arch {

// One 64-bit translation table entry, as stored.
struct Descriptor {
  std::uint64_t raw = 0;

  friend constexpr bool operator==(const Descriptor&, const Descriptor&) = default;
};

// kReserved: bits [1:0] ask for a block where none may stand. It faults like kInvalid.
enum class Kind : std::uint8_t { kInvalid, kTable, kBlock, kPage, kReserved };

namespace bits {
inline constexpr std::uint64_t kValid = 1ull << 0;
inline constexpr std::uint64_t kTableOrPage = 1ull << 1;
inline constexpr std::uint64_t kAttrIndx = bit_mask(4, 2);
inline constexpr std::uint64_t kNs = 1ull << 5;
inline constexpr std::uint64_t kMemAttr = bit_mask(5, 2);
inline constexpr std::uint64_t kAp1User = 1ull << 6;
inline constexpr std::uint64_t kAp2ReadOnly = 1ull << 7;
inline constexpr std::uint64_t kS2apRead = 1ull << 6;
inline constexpr std::uint64_t kS2apWrite = 1ull << 7;
inline constexpr std::uint64_t kShareability = bit_mask(9, 8);
inline constexpr std::uint64_t kAccessFlag = 1ull << 10;
inline constexpr std::uint64_t kNotGlobal = 1ull << 11;
inline constexpr std::uint64_t kFnxs = 1ull << 11;
inline constexpr std::uint64_t kNt = 1ull << 16;
inline constexpr std::uint64_t kGuarded = 1ull << 50;
inline constexpr std::uint64_t kDbm = 1ull << 51;
inline constexpr std::uint64_t kContiguous = 1ull << 52;
inline constexpr std::uint64_t kPxn = 1ull << 53;
inline constexpr std::uint64_t kUxn = 1ull << 54;
inline constexpr std::uint64_t kS2Xn = bit_mask(54, 53);
inline constexpr std::uint64_t kSoftware = bit_mask(58, 55);
inline constexpr std::uint64_t kPbha = bit_mask(62, 59);
inline constexpr std::uint64_t kSoftware63 = 1ull << 63;
inline constexpr std::uint64_t kPxnTable = 1ull << 59;
inline constexpr std::uint64_t kXnTable = 1ull << 60;
inline constexpr std::uint64_t kApTable = bit_mask(62, 61);
inline constexpr std::uint64_t kNsTable = 1ull << 63;
}  // namespace bits

// Every field of a descriptor. What the descriptor's kind or the geometry does not have stays 0,
// and bits that no field claims are in `ignored`, so that decode and encode are exact inverses.
struct Fields {
  Kind kind = Kind::kInvalid;      // bits [1:0]
  std::uint64_t address = 0;       // output address, or the next table's address
  std::uint8_t attr_indx = 0;      // stage 1: index into MAIR
  std::uint8_t mem_attr = 0;       // stage 2
  std::uint8_t ns = 0;             // stage 1 leaf: non-secure output address
  std::uint8_t ap1_user = 0;       // AP[1]: EL0 may access
  std::uint8_t ap2_read_only = 0;  // AP[2]: no write (with DBM: clean)
  std::uint8_t s2ap = 0;           // stage 2: bit 0 read, bit 1 write
  std::uint8_t shareability = 0;   // SH; 0 with LPA2, where TCR holds it
  std::uint8_t access_flag = 0;    // AF
  std::uint8_t not_global = 0;     // nG
  std::uint8_t fnxs = 0;           // stage 2, FEAT_XS
  std::uint8_t nt = 0;             // nT of a block, FEAT_BBML1
  std::uint8_t guarded = 0;        // GP, FEAT_BTI
  std::uint8_t dbm = 0;            // dirty bit modifier
  std::uint8_t contiguous = 0;
  std::uint8_t pxn = 0;
  std::uint8_t uxn = 0;          // UXN; XN in the EL2 regime
  std::uint8_t s2_xn = 0;        // stage 2 XN[1:0]
  std::uint8_t software = 0;     // bits 58:55
  std::uint8_t pbha = 0;         // bits 62:59; also POIndex and software use
  std::uint8_t software_63 = 0;  // bit 63 of a leaf
  std::uint8_t pxn_table = 0;
  std::uint8_t xn_table = 0;
  std::uint8_t ap_table = 0;
  std::uint8_t ns_table = 0;
  std::uint64_t ignored = 0;  // reserved and ignored bits, in place

  constexpr bool valid() const { return kind != Kind::kInvalid; }
  friend constexpr bool operator==(const Fields&, const Fields&) = default;
};

// Which descriptors a field occurs in.
enum Format : std::uint8_t {
  kFormatS1Leaf = 1,
  kFormatEl2Leaf = 2,
  kFormatS2Leaf = 4,
  kFormatS1Table = 8,
  kFormatEl2Table = 16,
  kFormatS2Table = 32,
};

enum class FieldCondition : std::uint8_t { kAlways, kBlockOnly, kNotLpa2 };

// What the values 0..3 of a field mean; empty where nothing needs saying.
struct Meanings {
  std::string_view zero = {};
  std::string_view one = {};
  std::string_view two = {};
  std::string_view three = {};

  constexpr std::string_view of(std::uint64_t value) const {
    switch (value) {
      case 0:
        return zero;
      case 1:
        return one;
      case 2:
        return two;
      case 3:
        return three;
      default:
        return {};
    }
  }
};

// One field of the layout table: where it is, in which formats, and what its values mean.
struct FieldLayout {
  std::string_view name;
  std::uint8_t hi;
  std::uint8_t lo;
  std::uint8_t formats;
  FieldCondition condition;
  std::uint8_t Fields::* member;
  Meanings meanings;
};

namespace layout_detail {
inline constexpr std::uint8_t kS1Leaves = kFormatS1Leaf | kFormatEl2Leaf;
inline constexpr std::uint8_t kLeaves = kS1Leaves | kFormatS2Leaf;
inline constexpr std::uint8_t kS1Tables = kFormatS1Table | kFormatEl2Table;
inline constexpr auto kAlways = FieldCondition::kAlways;
}  // namespace layout_detail

// The one statement of where each field lives. decode, encode and explain all follow it.
inline constexpr std::array<FieldLayout, 26> kFieldLayouts{{
    {"AttrIndx", 4, 2, layout_detail::kS1Leaves, layout_detail::kAlways, &Fields::attr_indx, {}},
    {"MemAttr", 5, 2, kFormatS2Leaf, layout_detail::kAlways, &Fields::mem_attr, {}},
    {"NS",
     5,
     5,
     layout_detail::kS1Leaves,
     layout_detail::kAlways,
     &Fields::ns,
     {"secure output address (ignored in Non-secure state)", "non-secure output address"}},
    {"AP[1]",
     6,
     6,
     kFormatS1Leaf,
     layout_detail::kAlways,
     &Fields::ap1_user,
     {"privileged only", "EL0 may access"}},
    {"AP[1]",
     6,
     6,
     kFormatEl2Leaf,
     layout_detail::kAlways,
     &Fields::ap1_user,
     {"RES1 in this regime, but 0", "RES1 in this regime"}},
    {"AP[2]",
     7,
     7,
     layout_detail::kS1Leaves,
     layout_detail::kAlways,
     &Fields::ap2_read_only,
     {"writable (dirty)", "read-only (clean where DBM is in use)"}},
    {"S2AP",
     7,
     6,
     kFormatS2Leaf,
     layout_detail::kAlways,
     &Fields::s2ap,
     {"no access", "read-only", "write-only", "read and write"}},
    {"SH",
     9,
     8,
     layout_detail::kLeaves,
     FieldCondition::kNotLpa2,
     &Fields::shareability,
     {"non-shareable", "reserved", "outer shareable", "inner shareable"}},
    {"AF",
     10,
     10,
     layout_detail::kLeaves,
     layout_detail::kAlways,
     &Fields::access_flag,
     {"not accessed: an access faults or hardware sets it", "accessed"}},
    {"nG",
     11,
     11,
     kFormatS1Leaf,
     layout_detail::kAlways,
     &Fields::not_global,
     {"global: matches every ASID", "tagged with the ASID"}},
    {"nG",
     11,
     11,
     kFormatEl2Leaf,
     layout_detail::kAlways,
     &Fields::not_global,
     {"no ASID in this regime", "RES0 in this regime, but 1"}},
    {"FnXS",
     11,
     11,
     kFormatS2Leaf,
     layout_detail::kAlways,
     &Fields::fnxs,
     {"XS as stage 1 says", "XS forced to 0"}},
    {"nT",
     16,
     16,
     layout_detail::kLeaves,
     FieldCondition::kBlockOnly,
     &Fields::nt,
     {"normal block", "block in a size change (FEAT_BBML1): an access may fault"}},
    {"GP",
     50,
     50,
     layout_detail::kS1Leaves,
     layout_detail::kAlways,
     &Fields::guarded,
     {"not guarded", "guarded page (BTI)"}},
    {"DBM",
     51,
     51,
     layout_detail::kLeaves,
     layout_detail::kAlways,
     &Fields::dbm,
     {"no dirty state by hardware", "hardware may make it writable (dirty)"}},
    {"contiguous",
     52,
     52,
     layout_detail::kLeaves,
     layout_detail::kAlways,
     &Fields::contiguous,
     {"stands alone", "one of a group that may share a TLB entry"}},
    {"PXN",
     53,
     53,
     layout_detail::kS1Leaves,
     layout_detail::kAlways,
     &Fields::pxn,
     {"privileged execution allowed", "privileged execution denied"}},
    {"UXN",
     54,
     54,
     layout_detail::kS1Leaves,
     layout_detail::kAlways,
     &Fields::uxn,
     {"execution allowed (EL0, or all of EL2)", "execution denied (EL0, or all of EL2)"}},
    {"XN",
     54,
     53,
     kFormatS2Leaf,
     layout_detail::kAlways,
     &Fields::s2_xn,
     {"execution allowed", "EL0 execution only (with FEAT_XNX)", "execution denied",
      "EL1 execution only (with FEAT_XNX)"}},
    {"software", 58, 55, layout_detail::kLeaves, layout_detail::kAlways, &Fields::software, {}},
    {"PBHA", 62, 59, layout_detail::kLeaves, layout_detail::kAlways, &Fields::pbha, {}},
    {"software63",
     63,
     63,
     layout_detail::kLeaves,
     layout_detail::kAlways,
     &Fields::software_63,
     {}},
    {"PXNTable",
     59,
     59,
     layout_detail::kS1Tables,
     layout_detail::kAlways,
     &Fields::pxn_table,
     {"no effect", "no privileged execution below"}},
    {"XNTable",
     60,
     60,
     layout_detail::kS1Tables,
     layout_detail::kAlways,
     &Fields::xn_table,
     {"no effect", "no (EL0) execution below"}},
    {"APTable",
     62,
     61,
     layout_detail::kS1Tables,
     layout_detail::kAlways,
     &Fields::ap_table,
     {"no effect", "no EL0 access below", "no write below", "no write and no EL0 access below"}},
    {"NSTable",
     63,
     63,
     layout_detail::kS1Tables,
     layout_detail::kAlways,
     &Fields::ns_table,
     {"no effect (ignored in Non-secure state)", "tables below are non-secure"}},
}};

// The format of a descriptor of this kind; 0 for one that faults and so has no fields.
constexpr std::uint8_t format_of(const Geometry& g, Kind kind) {
  const bool stage2 = g.stage == Stage::kStage2;
  const bool el2 = g.regime == Regime::kEl2;
  if (kind == Kind::kTable) {
    return stage2 ? kFormatS2Table : el2 ? kFormatEl2Table : kFormatS1Table;
  }
  if (kind != Kind::kBlock && kind != Kind::kPage) return 0;
  return stage2 ? kFormatS2Leaf : el2 ? kFormatEl2Leaf : kFormatS1Leaf;
}

// Whether `layout` describes a field of descriptors of this kind.
constexpr bool applies(const FieldLayout& layout, const Geometry& g, Kind kind) {
  if ((layout.formats & format_of(g, kind)) == 0) return false;
  switch (layout.condition) {
    case FieldCondition::kBlockOnly:
      return kind == Kind::kBlock;
    case FieldCondition::kNotLpa2:
      return !uses_lpa2_layout(g);
    case FieldCondition::kAlways:
      break;
  }
  return true;
}

}  // namespace amalgam::arch
