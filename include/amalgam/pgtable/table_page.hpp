#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "amalgam/arch/geometry.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::pgtable {

// Descriptors in one table page: 512, 2048 or 8192.
constexpr std::size_t entries_in_page(const arch::Geometry& g) {
  return std::size_t{1} << arch::bits_per_level(g.granule);
}

// Index, in its page, of the descriptor at `level` that translates `input`. A stage 2 root of
// several concatenated pages is taken page by page.
constexpr std::size_t index_in_page(const arch::Geometry& g, std::uint64_t input, int level) {
  const std::size_t index = static_cast<std::size_t>(input >> arch::level_size_lg2(g, level));
  return index & (entries_in_page(g) - 1);
}

// Pages that the root table consists of: 1, or up to 16 at stage 2.
constexpr std::size_t root_pages(const arch::Geometry& g) {
  const unsigned entries_lg2 = arch::table_entries_lg2(g, arch::start_level(g));
  const unsigned page_lg2 = arch::bits_per_level(g.granule);
  return entries_lg2 > page_lg2 ? std::size_t{1} << (entries_lg2 - page_lg2) : 1;
}

// Calls f(page, part) for each page of the root at `root` with its part of `range`, until f returns
// false.
template <typename F>
constexpr void for_each_root_page(const arch::Geometry& g, PhysicalAddress root, const Range& range,
                                  F&& f) {
  const unsigned covers_lg2 =
      arch::level_size_lg2(g, arch::start_level(g)) + arch::bits_per_level(g.granule);
  if (covers_lg2 >= 64 || root_pages(g) == 1) {
    f(root, range);
    return;
  }
  for (std::uint64_t at = range.start; at < range.end;) {
    const std::uint64_t page = at >> covers_lg2;
    const std::uint64_t end = std::min(range.end, (page + 1) << covers_lg2);
    if (!f(root + (page << arch::page_lg2(g.granule)), Range{at, end})) return;
    at = end;
  }
}

}  // namespace amalgam::pgtable
