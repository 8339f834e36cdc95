#pragma once

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

// What the leaf translates together with its contiguous group: what changes as a whole or not at
// all.
constexpr Range whole_leaf(const arch::Geometry& g, const Leaf& leaf) {
  const bool group = arch::is_contiguous(g, {leaf.raw}, leaf.level);
  const std::uint64_t entries = group ? arch::contiguous_entries(g, leaf.level) : 1;
  const std::uint64_t bytes = entries << arch::level_size_lg2(g, leaf.level);
  const std::uint64_t start = leaf.input & ~(bytes - 1);
  return {start, start + bytes};
}

// Whether part of the leaf, or of its group, lies outside `range`.
constexpr bool sticks_out(const arch::Geometry& g, const Leaf& leaf, const Range& range) {
  const Range all = whole_leaf(g, leaf);
  return all.start < range.start || all.end > range.end;
}

}  // namespace amalgam::pgtable
