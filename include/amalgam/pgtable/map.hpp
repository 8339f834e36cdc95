// Maps ranges: first a pass that checks and counts, then one that cannot fail.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/attributes.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// Which sizes of leaf a mapping may use.
struct LeafSizes {
  bool blocks = true;
  bool contiguous = true;

  friend constexpr bool operator==(const LeafSizes&, const LeafSizes&) = default;
};

// What a mapping is made of: `offset` added to an input address, modulo 2^64, is the output
// address.
struct Mapping {
  std::uint64_t offset = 0;
  Attributes attributes;
  LeafSizes sizes;
};

// What it took to make a mapping.
struct MapCost {
  std::uint64_t tables = 0;       // table pages created
  std::uint64_t descriptors = 0;  // descriptors written into tables that may be live, or created
  std::uint64_t barriers = 0;
};

namespace map_detail {

// Whether whole entries at `level` may be leaves.
constexpr bool allows_leaves(const arch::Geometry& g, int level, const Mapping& mapping) {
  if (level == arch::kPageLevel) return true;
  return mapping.sizes.blocks && arch::block_allowed(g, level) &&
         (mapping.offset & (arch::level_size_bytes(g, level) - 1)) == 0;
}

// Whether the whole entry at `level` lies in `part` and may be one leaf.
constexpr bool fits_leaf(const arch::Geometry& g, int level, const Range& part,
                         const Mapping& mapping) {
  return part.bytes() == arch::level_size_bytes(g, level) && allows_leaves(g, level, mapping);
}

// Whether a contiguous group may begin at `at`: aligned on both sides, and all of it in `range`.
constexpr bool begins_group(const arch::Geometry& g, int level, std::uint64_t at,
                            const Range& range, const Mapping& mapping) {
  const std::uint64_t entries = arch::contiguous_entries(g, level);
  if (!mapping.sizes.contiguous || entries == 1) return false;
  const std::uint64_t bytes = entries << arch::level_size_lg2(g, level);
  return ((at | (at + mapping.offset)) & (bytes - 1)) == 0 && bytes <= range.end - at;
}

// The part of `range` that the entry at `level` around `at` translates, from `at` on.
constexpr Range part_from(const arch::Geometry& g, int level, std::uint64_t at,
                          const Range& range) {
  const std::uint64_t size = arch::level_size_bytes(g, level);
  return {at, std::min<std::uint64_t>(range.end, (at & ~(size - 1)) + size)};
}

// Tables that a mapping of `range` needs below entries at kLevel where there are none. Where whole
// entries are leaves, only those that the ends of the range cut need one. Cost: constant.
template <arch::Geometry kGeometry, int kLevel>
constexpr std::uint64_t tables_below(const Range& range, const Mapping& mapping) {
  if constexpr (kLevel == arch::kPageLevel) {
    return 0;
  } else {
    constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
    const std::uint64_t first = range.start / size;
    const std::uint64_t last = (range.end - 1) / size;
    if (!allows_leaves(kGeometry, kLevel, mapping)) {
      return last - first + 1 + tables_below<kGeometry, kLevel + 1>(range, mapping);
    }
    const auto below = [&](const Range& part) {
      if (part.bytes() == size) return std::uint64_t{0};
      return 1 + tables_below<kGeometry, kLevel + 1>(part, mapping);
    };
    if (first == last) return below(range);
    return below({range.start, (first + 1) * size}) + below({last * size, range.end});
  }
}

// Counts the tables that are missing in what is there, and fails where something is mapped.
template <arch::Geometry kGeometry, int kLevel, Port P>
Status count_tables(P& port, PhysicalAddress table, const Range& range, const Mapping& mapping,
                    std::uint64_t& tables) {
  constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
  const OpenTable<P> view(port, table);
  std::size_t index = index_in_page(kGeometry, range.start, kLevel);
  for (std::uint64_t at = range.start; at < range.end; at = (at & ~(size - 1)) + size, ++index) {
    const arch::Descriptor found{view.load(index)};
    if (arch::is_leaf(kGeometry, found, kLevel)) return {Error::kAlreadyMapped, at};
    if (found.raw != 0 && !arch::is_table(kGeometry, found, kLevel)) {
      return {Error::kForeignEntry, at};
    }
    if constexpr (kLevel < arch::kPageLevel) {
      const Range part = part_from(kGeometry, kLevel, at, range);
      if (arch::is_table(kGeometry, found, kLevel)) {
        const PhysicalAddress next = arch::output_address(kGeometry, found, kLevel);
        const Status status =
            count_tables<kGeometry, kLevel + 1>(port, next, part, mapping, tables);
        if (!status.ok()) return status;
      } else if (!fits_leaf(kGeometry, kLevel, part, mapping)) {
        tables += 1 + tables_below<kGeometry, kLevel + 1>(part, mapping);
      }
    }
  }
  return {};
}

// Writes the descriptors. Tables that it creates are complete before their parent names them.
template <arch::Geometry kGeometry, Port P>
class Writer {
 public:
  Writer(P& port, const Mapping& mapping, bool live, MapCost& cost)
      : port_(port),
        mapping_(mapping),
        page_bits_(leaf_descriptor(kGeometry, arch::kPageLevel, 0, mapping.attributes)),
        block_bits_(page_bits_ & ~arch::bits::kTableOrPage),
        live_(live),
        cost_(cost) {}

  template <int kLevel>
  void fill(const OpenTable<P>& view, const Range& range, bool is_private) {
    for (std::uint64_t at = range.start; at < range.end;) {
      bool group = false;
      const std::uint64_t end = end_of_run<kLevel>(view, at, range, is_private, group);
      if (end != at) {
        store_run<kLevel>(view, {at, end}, group);
        at = end;
        continue;
      }
      const Range part = part_from(kGeometry, kLevel, at, range);
      if constexpr (kLevel < arch::kPageLevel) fill_below<kLevel>(view, part, is_private);
      at = part.end;
    }
  }

 private:
  // Whether one of the `count` entries from `index` on is a table. A table that earlier unmapping
  // left empty stays in use: what it could be replaced by is not worth a break.
  template <int kLevel>
  bool holds_table(const OpenTable<P>& view, std::size_t index, std::size_t count,
                   bool is_private) const {
    if (kLevel == arch::kPageLevel || is_private) return false;
    for (std::size_t i = index; i < index + count; ++i) {
      if (arch::is_table(kGeometry, {view.load(i)}, kLevel)) return true;
    }
    return false;
  }

  // Where the leaves end that can be stored from `at` on in one run: contiguous groups, or single
  // leaves up to where a group might begin. `at` itself if there is no leaf to store.
  template <int kLevel>
  std::uint64_t end_of_run(const OpenTable<P>& view, std::uint64_t at, const Range& range,
                           bool is_private, bool& group) const {
    constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
    constexpr std::size_t entries = arch::contiguous_entries(kGeometry, kLevel);
    constexpr std::uint64_t group_bytes = entries * size;
    if (!fits_leaf(kGeometry, kLevel, part_from(kGeometry, kLevel, at, range), mapping_)) return at;
    const std::size_t index = index_in_page(kGeometry, at, kLevel);
    group = begins_group(kGeometry, kLevel, at, range, mapping_) &&
            !holds_table<kLevel>(view, index, entries, is_private);
    std::uint64_t end = range.end & ~(size - 1);
    if (group) {
      end = at + ((end - at) & ~(group_bytes - 1));
    } else if (mapping_.sizes.contiguous && entries > 1) {
      end = std::min<std::uint64_t>(end, (at & ~(group_bytes - 1)) + group_bytes);
    }
    if (kLevel == arch::kPageLevel || is_private) return end;
    const std::size_t step = group ? entries : 1;
    std::size_t clear = group ? entries : 0;
    const auto count = static_cast<std::size_t>((end - at) / size);
    while (clear < count && !holds_table<kLevel>(view, index + clear, step, false)) clear += step;
    return at + clear * size;
  }

  template <int kLevel>
  void store_run(const OpenTable<P>& view, const Range& run, bool group) {
    constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
    [[maybe_unused]] constexpr std::uint64_t mask = arch::output_address_mask(kGeometry, kLevel);
    const std::uint64_t bits = (kLevel == arch::kPageLevel ? page_bits_ : block_bits_) |
                               (group ? arch::bits::kContiguous : 0);
    const std::size_t first = index_in_page(kGeometry, run.start, kLevel);
    const std::size_t end = first + static_cast<std::size_t>(run.bytes() / size);
    std::uint64_t output = run.start + mapping_.offset;
    cost_.descriptors += end - first;
    if constexpr (arch::address_high_mask(kGeometry) == 0) {
      // The address stands in the descriptor as it is: one addition a descriptor.
      for (std::size_t i = first; i < end; ++i, output += size) view.store(i, bits | output);
    } else {
      for (std::size_t i = first; i < end; ++i, output += size) {
        view.store(i, bits | arch::scatter_address(kGeometry, output, mask));
      }
    }
  }

  template <int kLevel>
  void fill_below(const OpenTable<P>& view, const Range& part, bool is_private) {
    const std::size_t index = index_in_page(kGeometry, part.start, kLevel);
    const arch::Descriptor found{is_private ? 0 : view.load(index)};
    if (arch::is_table(kGeometry, found, kLevel)) {
      const OpenTable<P> next(port_, arch::output_address(kGeometry, found, kLevel));
      fill<kLevel + 1>(next, part, false);
      return;
    }
    const PhysicalAddress created = create<kLevel + 1>(part);
    // A walk that finds the new table must not find it unfinished: everything below is ordered
    // before the store that links it into tables that hardware may walk. Inside a subtree that is
    // itself still private no order is needed.
    if (live_ && !is_private) publish();
    view.store(index, table_descriptor<kGeometry>(created));
    ++cost_.descriptors;
  }

  // A new table at kLevel, complete: what the mapping needs and zeros around it.
  template <int kLevel>
  PhysicalAddress create(const Range& part) {
    const PhysicalAddress page = port_.take();
    const OpenTable<P> view(port_, page);
    ++cost_.tables;
    const std::size_t first = index_in_page(kGeometry, part.start, kLevel);
    const std::size_t last = index_in_page(kGeometry, part.end - 1, kLevel);
    for (std::size_t i = 0; i < first; ++i) view.store(i, 0);
    fill<kLevel>(view, part, true);
    for (std::size_t i = last + 1; i < entries_in_page(kGeometry); ++i) view.store(i, 0);
    return page;
  }

  void publish() {
    port_.barrier({arch::BarrierKind::kDmb, arch::Domain::kIsh, arch::Access::kStore});
    ++cost_.barriers;
  }

  P& port_;
  const Mapping& mapping_;
  const std::uint64_t page_bits_;
  const std::uint64_t block_bits_;  // at every level
  const bool live_;
  MapCost& cost_;
};

}  // namespace map_detail

}  // namespace amalgam::pgtable
