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

// Whether the whole entry at `level` lies in `part` and may be one leaf.
constexpr bool fits_leaf(const arch::Geometry& g, int level, const Range& part,
                         const Mapping& mapping) {
  if (level == arch::kPageLevel) return true;
  if (!mapping.sizes.blocks || !arch::block_allowed(g, level)) return false;
  const std::uint64_t size = arch::level_size_bytes(g, level);
  return part.bytes() == size && ((part.start + mapping.offset) & (size - 1)) == 0;
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

// Tables below one entry at kLevel that a mapping of `range` needs where there are none.
template <arch::Geometry kGeometry, int kLevel>
constexpr std::uint64_t tables_below(const Range& range, const Mapping& mapping) {
  if constexpr (kLevel == arch::kPageLevel) {
    return 0;
  } else {
    std::uint64_t tables = 0;
    for (std::uint64_t at = range.start; at < range.end;) {
      const Range part = part_from(kGeometry, kLevel, at, range);
      if (!fits_leaf(kGeometry, kLevel, part, mapping)) {
        tables += 1 + tables_below<kGeometry, kLevel + 1>(part, mapping);
      }
      at = part.end;
    }
    return tables;
  }
}

// Counts the tables that are missing in what is there, and fails where something is mapped.
template <arch::Geometry kGeometry, int kLevel, Port P>
Status count_tables(P& port, PhysicalAddress table, const Range& range, const Mapping& mapping,
                    std::uint64_t& tables) {
  const OpenTable<P> view(port, table);
  for (std::uint64_t at = range.start; at < range.end;) {
    const Range part = part_from(kGeometry, kLevel, at, range);
    const arch::Descriptor found{view.load(index_in_page(kGeometry, at, kLevel))};
    const bool leaf = fits_leaf(kGeometry, kLevel, part, mapping);
    if (arch::is_leaf(kGeometry, found, kLevel)) return {Error::kAlreadyMapped, at};
    if constexpr (kLevel < arch::kPageLevel) {
      if (arch::is_table(kGeometry, found, kLevel)) {
        const PhysicalAddress next = arch::output_address(kGeometry, found, kLevel);
        const Status status =
            count_tables<kGeometry, kLevel + 1>(port, next, part, mapping, tables);
        if (!status.ok()) return status;
      } else if (!leaf) {
        tables += 1 + tables_below<kGeometry, kLevel + 1>(part, mapping);
      }
    }
    at = part.end;
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
        block_bits_(leaf_descriptor(kGeometry, kBlockLevel, 0, mapping.attributes)),
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

  // Where the leaves end that can be stored from `at` on in one run: a contiguous group, or single
  // leaves up to where a group might begin. `at` itself if there is no leaf to store.
  template <int kLevel>
  std::uint64_t end_of_run(const OpenTable<P>& view, std::uint64_t at, const Range& range,
                           bool is_private, bool& group) const {
    constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
    constexpr std::size_t entries = arch::contiguous_entries(kGeometry, kLevel);
    const std::size_t index = index_in_page(kGeometry, at, kLevel);
    if (!fits_leaf(kGeometry, kLevel, part_from(kGeometry, kLevel, at, range), mapping_)) return at;
    if (holds_table<kLevel>(view, index, 1, is_private)) return at;
    group = begins_group(kGeometry, kLevel, at, range, mapping_) &&
            !holds_table<kLevel>(view, index, entries, is_private);
    if (group) return at + entries * size;
    if (kLevel < arch::kPageLevel && !is_private) return at + size;
    const std::uint64_t next_group = (at & ~(entries * size - 1)) + entries * size;
    const bool groups = mapping_.sizes.contiguous && entries > 1;
    const std::uint64_t last = groups ? std::min<std::uint64_t>(range.end, next_group) : range.end;
    return at + ((last - at) & ~(size - 1));
  }

  template <int kLevel>
  void store_run(const OpenTable<P>& view, const Range& run, bool group) {
    constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
    constexpr std::uint64_t mask = arch::output_address_mask(kGeometry, kLevel);
    const std::uint64_t bits = (kLevel == arch::kPageLevel ? page_bits_ : block_bits_) |
                               (group ? arch::bits::kContiguous : 0);
    std::size_t index = index_in_page(kGeometry, run.start, kLevel);
    std::uint64_t output = run.start + mapping_.offset;
    cost_.descriptors += run.bytes() / size;
    for (std::uint64_t at = run.start; at < run.end; at += size, output += size) {
      view.store(index++, bits | arch::scatter_address(kGeometry, output, mask));
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

  // A block looks alike at every level but for its address.
  static constexpr int kBlockLevel = 2;

  P& port_;
  const Mapping& mapping_;
  const std::uint64_t page_bits_;
  const std::uint64_t block_bits_;
  const bool live_;
  MapCost& cost_;
};

}  // namespace map_detail

}  // namespace amalgam::pgtable
