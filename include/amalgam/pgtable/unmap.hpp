// Takes mappings away, and the tables that they leave empty.
#pragma once

#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

namespace unmap_detail {

// Unlinks and clears below one table.
template <arch::Geometry kGeometry, Port P>
class Clearer {
 public:
  Clearer(P& port, bool live, FlushBatch<kGeometry, P>& batch)
      : port_(port), live_(live), batch_(batch) {}

  template <int kLevel>
  void clear(PhysicalAddress table, const Range& range) {
    constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
    const OpenTable<P> view(port_, table);
    for (std::uint64_t at = range.start; at < range.end;) {
      const Range entry{at & ~(size - 1), (at & ~(size - 1)) + size};
      const Range part{at, range.end < entry.end ? range.end : entry.end};
      clear_entry<kLevel>(view, index_in_page(kGeometry, at, kLevel), entry, part);
      at = part.end;
    }
  }

 private:
  template <int kLevel>
  void clear_entry(const OpenTable<P>& view, std::size_t index, const Range& entry,
                   const Range& part) {
    const arch::Descriptor found{view.load(index)};
    if (found.raw == 0) return;
    if constexpr (kLevel < arch::kPageLevel) {
      if (arch::is_table(kGeometry, found, kLevel)) {
        const PhysicalAddress below = arch::output_address(kGeometry, found, kLevel);
        if (part == entry) {
          view.store(index, 0);
          free_below<kLevel + 1>(below, entry);
        } else {
          clear<kLevel + 1>(below, part);
        }
        return;
      }
    }
    view.store(index, 0);
    if (live_ && arch::is_valid(kGeometry, found, kLevel)) batch_.add(part, kLevel, false);
  }

  // The table at `table` has just been unlinked: nothing of it needs clearing, but every copy of
  // what it held, and of the descriptors that led to it, has to go before it is free.
  template <int kLevel>
  void free_below(PhysicalAddress table, const Range& range) {
    if (live_) batch_.add(range, arch::kPageLevel, true);
    if constexpr (kLevel < arch::kPageLevel) {
      constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
      const OpenTable<P> view(port_, table);
      for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) {
        const arch::Descriptor found{view.load(i)};
        if (!arch::is_table(kGeometry, found, kLevel)) continue;
        const std::uint64_t start = range.start + i * size;
        free_below<kLevel + 1>(arch::output_address(kGeometry, found, kLevel),
                               {start, start + size});
      }
    }
    batch_.free_table(table);
  }

  P& port_;
  bool live_;
  FlushBatch<kGeometry, P>& batch_;
};

}  // namespace unmap_detail

}  // namespace amalgam::pgtable
