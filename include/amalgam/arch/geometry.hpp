#pragma once

#include <algorithm>
#include <cstdint>

#include "amalgam/arch/granule.hpp"

namespace amalgam::arch {

enum class Stage : std::uint8_t { kStage1, kStage2 };

// Translation regime. Stage 2 belongs to kEl10. kEl2 has one VA range, no ASID and no EL0.
enum class Regime : std::uint8_t { kEl10, kEl2, kEl20 };

// The shape of one translation: everything that decides how an input address is cut into indices
// and how a descriptor is laid out. `va_bits` is the input size (the IPA size at stage 2).
struct Geometry {
  Granule granule = Granule::k4K;
  std::uint8_t va_bits = 48;
  std::uint8_t pa_bits = 48;
  bool lpa2 = false;  // TCR.DS = 1: 52-bit descriptor layout for 4K and 16K
  Stage stage = Stage::kStage1;
  Regime regime = Regime::kEl10;
  // Stage 2 only: start as deep as up to 16 concatenated root tables allow.
  bool concatenated_root = true;

  friend constexpr bool operator==(const Geometry&, const Geometry&) = default;
};

inline constexpr unsigned kMaxConcatenationLg2 = 4;

constexpr std::uint64_t low_mask(unsigned bits) {
  return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

// Mask of bits hi..lo inclusive.
constexpr std::uint64_t bit_mask(unsigned hi, unsigned lo) {
  return hi < lo ? 0 : low_mask(hi + 1) & ~low_mask(lo);
}

// log2 of the bytes that one entry at `level` covers.
constexpr unsigned level_size_lg2(const Geometry& g, int level) {
  return page_lg2(g.granule) +
         static_cast<unsigned>(kPageLevel - level) * bits_per_level(g.granule);
}

constexpr std::uint64_t level_size_bytes(const Geometry& g, int level) {
  return std::uint64_t{1} << level_size_lg2(g, level);
}

// The level of the root table, -1..3.
constexpr int start_level(const Geometry& g) {
  const bool concatenated = g.stage == Stage::kStage2 && g.concatenated_root;
  const unsigned spare = concatenated ? kMaxConcatenationLg2 : 0;
  const unsigned floor = page_lg2(g.granule) + 1;
  const unsigned resolved =
      std::max<unsigned>(g.va_bits, floor + spare) - spare - page_lg2(g.granule);
  const unsigned bits = bits_per_level(g.granule);
  return kPageLevel + 1 - static_cast<int>((resolved + bits - 1) / bits);
}

// log2 of the number of entries of a table at `level`. A root may be smaller than a full table or,
// at stage 2, up to 16 tables side by side.
constexpr unsigned table_entries_lg2(const Geometry& g, int level) {
  if (level != start_level(g)) return bits_per_level(g.granule);
  const unsigned entry = level_size_lg2(g, level);
  return g.va_bits > entry ? g.va_bits - entry : 0;
}

// Index of the entry that translates `va` in the table at `level`.
constexpr std::uint64_t table_index(const Geometry& g, std::uint64_t va, int level) {
  return (va >> level_size_lg2(g, level)) & low_mask(table_entries_lg2(g, level));
}

// Whether a 52-bit output address is spread over the descriptor as FEAT_LPA does for 64K.
constexpr bool uses_lpa_layout(const Geometry& g) {
  return g.granule == Granule::k64K && g.pa_bits > 48;
}

constexpr bool uses_lpa2_layout(const Geometry& g) { return g.lpa2 && g.granule != Granule::k64K; }

// Whether a block descriptor may stand at `level`. Level 3 holds pages, never blocks.
constexpr bool block_allowed(const Geometry& g, int level) {
  if (level == 2) return true;
  if (level == 1) {
    return g.granule == Granule::k4K || uses_lpa2_layout(g) || uses_lpa_layout(g);
  }
  return level == 0 && g.granule == Granule::k4K && uses_lpa2_layout(g);
}

constexpr bool leaf_allowed(const Geometry& g, int level) {
  return level == kPageLevel || block_allowed(g, level);
}

// Entries in a group formed by the contiguous bit; 1 where the level has no such groups.
constexpr unsigned contiguous_entries(const Geometry& g, int level) {
  if (level != 1 && level != 2 && level != 3) return 1;
  if (g.granule == Granule::k4K) return 16;
  if (level == 1) return 1;
  if (g.granule == Granule::k16K) return level == 3 ? 128 : 32;
  return 32;
}

// Descriptor bits that hold the address bits below bit 48 (50 with LPA2) of an address aligned
// to 2^align_lg2 bytes.
constexpr std::uint64_t address_low_mask(const Geometry& g, unsigned align_lg2) {
  return bit_mask(uses_lpa2_layout(g) ? 49 : 47, align_lg2);
}

// Descriptor bits that hold the topmost address bits: 15:12 with LPA, 9:8 with LPA2, else none.
constexpr std::uint64_t address_high_mask(const Geometry& g) {
  if (uses_lpa_layout(g)) return bit_mask(15, 12);
  return uses_lpa2_layout(g) ? bit_mask(9, 8) : 0;
}

// Bits of a block or page descriptor at `level` that hold the output address.
constexpr std::uint64_t output_address_mask(const Geometry& g, int level) {
  return address_low_mask(g, level_size_lg2(g, level)) | address_high_mask(g);
}

// Bits of a table descriptor that hold the next table's address.
constexpr std::uint64_t table_address_mask(const Geometry& g) {
  return address_low_mask(g, page_lg2(g.granule)) | address_high_mask(g);
}

// Gathers an address out of the descriptor bits in `mask` (an output_address_mask or a
// table_address_mask).
constexpr std::uint64_t gather_address(const Geometry& g, std::uint64_t raw, std::uint64_t mask) {
  const std::uint64_t high = address_high_mask(g) & mask;
  const std::uint64_t low = raw & mask & ~high;
  if (high == 0) return low;
  return low | ((raw & high) << (uses_lpa_layout(g) ? 48 - 12 : 50 - 8));
}

// Inverse of gather_address; address bits that the mask cannot hold are dropped.
constexpr std::uint64_t scatter_address(const Geometry& g, std::uint64_t address,
                                        std::uint64_t mask) {
  const std::uint64_t high = address_high_mask(g) & mask;
  const std::uint64_t low = address & mask & ~high;
  if (high == 0) return low;
  return low | ((address >> (uses_lpa_layout(g) ? 48 - 12 : 50 - 8)) & high);
}

// Whether the regime tags its entries with an ASID.
constexpr bool has_asid(const Geometry& g) {
  return g.stage == Stage::kStage1 && g.regime != Regime::kEl2;
}

}  // namespace amalgam::arch
