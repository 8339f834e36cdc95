#pragma once

#include <algorithm>
#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::pgtable {

// A block or page descriptor, and where it stands.
struct Leaf {
  std::uint64_t raw = 0;
  int level = arch::kPageLevel;
  std::uint64_t input = 0;  // first address that it translates
};

// What the leaf alone translates.
constexpr Range own_range(const arch::Geometry& g, const Leaf& leaf) {
  return {leaf.input, leaf.input + arch::level_size_bytes(g, leaf.level)};
}

// What the contiguous group around the leaf would translate, whether or not the bit is set.
constexpr Range group_range(const arch::Geometry& g, const Leaf& leaf) {
  const std::uint64_t entries = arch::contiguous_entries(g, leaf.level);
  const std::uint64_t bytes = entries << arch::level_size_lg2(g, leaf.level);
  const std::uint64_t start = leaf.input & ~(bytes - 1);
  return {start, start + bytes};
}

// What the leaf translates together with its contiguous group: what changes as a whole or not at
// all.
constexpr Range whole_leaf(const arch::Geometry& g, const Leaf& leaf) {
  const bool grouped = arch::is_contiguous(g, {leaf.raw}, leaf.level);
  return grouped ? group_range(g, leaf) : own_range(g, leaf);
}

// Whether part of the leaf, or of its group, lies outside `range`.
constexpr bool sticks_out(const arch::Geometry& g, const Leaf& leaf, const Range& range) {
  const Range all = whole_leaf(g, leaf);
  return all.start < range.start || all.end > range.end;
}

// The descriptor at `level`, below the leaf's own, that translates `at` as the leaf does. It stands
// alone: neither in a group nor in the middle of a size change.
constexpr std::uint64_t piece_of(const arch::Geometry& g, const Leaf& leaf, int level,
                                 std::uint64_t at) {
  const std::uint64_t size = arch::level_size_bytes(g, level);
  const std::uint64_t output =
      arch::output_address(g, {leaf.raw}, leaf.level) + ((at & ~(size - 1)) - leaf.input);
  const std::uint64_t not_kept =
      arch::output_address_mask(g, leaf.level) | arch::bits::kNt | arch::bits::kContiguous;
  const std::uint64_t page = level == arch::kPageLevel ? arch::bits::kTableOrPage : 0;
  return (leaf.raw & ~not_kept) | page |
         arch::scatter_address(g, output, arch::output_address_mask(g, level));
}

// The leaf, or the first page inside `range` of one that sticks out: what a range that cuts it
// leaves to be judged.
constexpr Leaf inside(const arch::Geometry& g, const Leaf& leaf, const Range& range) {
  if (!sticks_out(g, leaf, range)) return leaf;
  const std::uint64_t at = std::max(leaf.input, range.start);
  return {piece_of(g, leaf, arch::kPageLevel, at), arch::kPageLevel, at};
}

// Bits of a leaf that hardware may set by itself, where software lets it.
constexpr std::uint64_t hardware_bits(const arch::Geometry& g, std::uint64_t raw) {
  const bool stage2 = g.stage == arch::Stage::kStage2;
  const std::uint64_t dirty = stage2 ? arch::bits::kS2apWrite : arch::bits::kAp2ReadOnly;
  return arch::bits::kAccessFlag | ((raw & arch::bits::kDbm) != 0 ? dirty : 0);
}

// The leaf with the access flag and the dirty state of another as well.
constexpr std::uint64_t with_history_of(const arch::Geometry& g, std::uint64_t raw,
                                        std::uint64_t other) {
  raw |= other & arch::bits::kAccessFlag;
  const bool tracked = (raw & other & arch::bits::kDbm) != 0;
  return tracked && arch::is_dirty(g, {other}) ? arch::with_dirty(g, {raw}).raw : raw;
}

// The leaf without any way to become writable: neither software nor hardware dirty management lets
// a store through.
constexpr std::uint64_t read_only(const arch::Geometry& g, std::uint64_t raw) {
  raw &= ~arch::bits::kDbm;
  return g.stage == arch::Stage::kStage2 ? raw & ~arch::bits::kS2apWrite
                                         : raw | arch::bits::kAp2ReadOnly;
}

}  // namespace amalgam::pgtable
