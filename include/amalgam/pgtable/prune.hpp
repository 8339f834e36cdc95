// Frees tables that hold nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// Unlinks the tables below a range, wholly covered or not, all of whose descriptors are zero, from
// the bottom up. Walks may use such a table, through a copy of its parent, until the flush: it goes
// back after that.
template <arch::Geometry kGeometry, Port P>
class Pruner {
 public:
  using Batch = FlushBatch<kGeometry, P>;

  Pruner(const Site<kGeometry, P>& site, Batch& batch) : site_(site), batch_(batch) {}

  // Says how many tables it has unlinked.
  std::uint64_t prune(const Range& range) {
    constexpr int start = arch::start_level(kGeometry);
    if constexpr (start < arch::kPageLevel) {
      for_each_root_page(kGeometry, site_.root, range,
                         [&](PhysicalAddress page, const Range& part) {
                           below<start>(page, part);
                           return true;
                         });
    }
    return unlinked_;
  }

 private:
  template <int kLevel>
  void below(PhysicalAddress table, const Range& range) {
    constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
    const OpenTable<P> view(site_.port, table);
    for (std::uint64_t at = range.start; at < range.end;) {
      const Range entry{at & ~(size - 1), (at & ~(size - 1)) + size};
      const Range part{at, std::min(range.end, entry.end)};
      const std::size_t index = index_in_page(kGeometry, at, kLevel);
      const arch::Descriptor found{view.load(index)};
      if (arch::is_table(kGeometry, found, kLevel)) {
        const PhysicalAddress next = arch::output_address(kGeometry, found, kLevel);
        if constexpr (kLevel + 1 < arch::kPageLevel) below<kLevel + 1>(next, part);
        if (is_empty(next)) unlink(view, index, entry, next);
      }
      at = part.end;
    }
  }

  [[nodiscard]] bool is_empty(PhysicalAddress table) const {
    const OpenTable<P> view(site_.port, table);
    for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) {
      if (view.load(i) != 0) return false;
    }
    return true;
  }

  void unlink(const OpenTable<P>& view, std::size_t index, const Range& entry,
              PhysicalAddress table) {
    view.store(index, 0);
    if (site_.live) batch_.add(entry, kAnyLevel, true);
    batch_.free_table(table);
    ++unlinked_;
  }

  const Site<kGeometry, P>& site_;
  Batch& batch_;
  std::uint64_t unlinked_ = 0;
};

}  // namespace amalgam::pgtable
