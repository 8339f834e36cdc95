// Copy and switch: changes a copy of the tables, which nobody walks yet, and lets CPUs go over to
// it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/page_table.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// A second root for live tables, with copies of the tables that lead to a range and of those below;
// all other tables belong to both roots. The order is:
//   1. make(); the callers' lock is held from here to finish(), or what others change in a table
//   that
//      has been copied is lost (changes below shared tables are seen through both roots);
//   2. plain changes to tables(), of the range alone;
//   3. tables().activate(), then switch_root() on every CPU, one by one, and every device. While
//   some
//      use the old root and some the new, both are live: what the copy says of the range may differ
//      in size, permissions and contiguous bits, but not in output address of anything writable;
//   4. finish().
template <arch::Geometry kGeometry, Port P>
class RootCopy {
 public:
  using Table = PageTable<kGeometry, P>;
  using Batch = typename Table::Batch;

  explicit RootCopy(Table& from) : from_(from), copy_(from.site().port, 0, from.config()) {}

  // Copies what leads to [va, va + bytes) and is below. Fails, with nothing changed, without the
  // memory for it, and for a root of several concatenated pages (kOutOfRange). Cost: a load and a
  // store for each descriptor of a copied table.
  Status make(std::uint64_t va, std::uint64_t bytes);

  // The copy: not live, so that every change to it is a plain store.
  [[nodiscard]] Table& tables() { return copy_; }

  // Gives up the copy, which nobody has walked: frees its tables. Tables that were made for the
  // range since go with it.
  void discard(Batch& batch);

  // When nobody uses the old root any more: removes every entry made from it, then gives access
  // flags and dirty states that hardware has set in it meanwhile to the copy, and frees the tables
  // that only it had. tables() goes on under the lock.
  void finish(Batch& batch);

 private:
  static constexpr int kStart = arch::start_level(kGeometry);

  template <int kLevel>
  std::uint64_t count(PhysicalAddress table, const Range& range) const;
  template <int kLevel>
  PhysicalAddress copy(PhysicalAddress table, const Range& range);
  template <int kLevel>
  void free_below(PhysicalAddress table, const Range& range, Batch& batch);
  template <int kLevel, typename F>
  void for_each_table_in(const OpenTable<P>& view, const Range& range, const F& f) const;
  template <int kLevel>
  void absorb_marks(PhysicalAddress table, std::uint64_t input);
  void mark(const Leaf& was);

  Table& from_;
  Table copy_;
  Range range_;
};

// Calls f(index, address of the table, its part of the range) for each table that has a part.
template <arch::Geometry kGeometry, Port P>
template <int kLevel, typename F>
void RootCopy<kGeometry, P>::for_each_table_in(const OpenTable<P>& view, const Range& range,
                                               const F& f) const {
  constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
  for (std::uint64_t at = range.start; at < range.end;) {
    const std::uint64_t end = std::min<std::uint64_t>(range.end, (at & ~(size - 1)) + size);
    const std::size_t index = index_in_page(kGeometry, at, kLevel);
    const arch::Descriptor found{view.load(index)};
    if (arch::is_table(kGeometry, found, kLevel)) {
      f(index, arch::output_address(kGeometry, found, kLevel), Range{at, end});
    }
    at = end;
  }
}

template <arch::Geometry kGeometry, Port P>
template <int kLevel>
std::uint64_t RootCopy<kGeometry, P>::count(PhysicalAddress table, const Range& range) const {
  std::uint64_t tables = 1;
  if constexpr (kLevel < arch::kPageLevel) {
    const OpenTable<P> view(from_.site().port, table);
    for_each_table_in<kLevel>(view, range, [&](std::size_t, PhysicalAddress next, const Range& r) {
      tables += count<kLevel + 1>(next, r);
    });
  }
  return tables;
}

template <arch::Geometry kGeometry, Port P>
template <int kLevel>
PhysicalAddress RootCopy<kGeometry, P>::copy(PhysicalAddress table, const Range& range) {
  P& port = from_.site().port;
  const PhysicalAddress page = port.take();
  const OpenTable<P> from(port, table);
  {
    const OpenTable<P> to(port, page);
    for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) to.store(i, from.load(i));
  }
  if constexpr (kLevel < arch::kPageLevel) {
    for_each_table_in<kLevel>(
        from, range, [&](std::size_t i, PhysicalAddress next, const Range& r) {
          const PhysicalAddress below = copy<kLevel + 1>(next, r);
          const OpenTable<P> to(port, page);
          const std::uint64_t raw = from.load(i);
          to.store(i, arch::with_output_address(kGeometry, {raw}, kLevel, below).raw);
        });
  }
  return page;
}

template <arch::Geometry kGeometry, Port P>
Status RootCopy<kGeometry, P>::make(std::uint64_t va, std::uint64_t bytes) {
  const Status status = to_range(kGeometry, from_.config().half, va, bytes, range_);
  if (!status.ok()) return status;
  if (root_pages(kGeometry) > 1) return {Error::kOutOfRange, va};
  if (!from_.site().port.reserve(count<kStart>(from_.root(), range_))) {
    return {Error::kNoMemory, va};
  }
  copy_.site().root = copy<kStart>(from_.root(), range_);
  return {};
}

template <arch::Geometry kGeometry, Port P>
template <int kLevel>
void RootCopy<kGeometry, P>::free_below(PhysicalAddress table, const Range& range, Batch& batch) {
  if constexpr (kLevel < arch::kPageLevel) {
    const OpenTable<P> view(from_.site().port, table);
    for_each_table_in<kLevel>(view, range, [&](std::size_t, PhysicalAddress next, const Range& r) {
      free_below<kLevel + 1>(next, r, batch);
    });
  }
  batch.free_table(table);
}

// A leaf of the old tables may be part of a larger one now, or many smaller ones.
template <arch::Geometry kGeometry, Port P>
void RootCopy<kGeometry, P>::mark(const Leaf& was) {
  const auto marked = [&](std::uint64_t raw) { return with_history_of(kGeometry, raw, was.raw); };
  walk<kGeometry>(copy_.site().port, copy_.root(), own_range(kGeometry, was),
                  [&](const Visit<P>& v) {
                    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
                    if (marked(v.raw) != v.raw) (void)replace(v.table, v.index, v.raw, marked);
                    return Step::kNext;
                  });
}

// Takes the marks of every leaf of a copied table, also of those beside the range. The table is in
// view only while one of its descriptors is read, so that walking the copy does not add to its
// views.
template <arch::Geometry kGeometry, Port P>
template <int kLevel>
void RootCopy<kGeometry, P>::absorb_marks(PhysicalAddress table, std::uint64_t input) {
  constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
  const std::size_t entries = std::size_t{1}
                              << std::min<unsigned>(arch::table_entries_lg2(kGeometry, kLevel),
                                                    arch::bits_per_level(kGeometry.granule));
  for (std::size_t i = 0; i < entries; ++i) {
    const Range entry{input + i * size, input + (i + 1) * size};
    std::uint64_t raw = 0;
    {
      const OpenTable<P> view(from_.site().port, table);
      raw = view.load(i);
    }
    if (arch::is_leaf(kGeometry, {raw}, kLevel)) mark({raw, kLevel, entry.start});
    if constexpr (kLevel < arch::kPageLevel) {
      const bool copied = entry.start < range_.end && range_.start < entry.end;
      if (!copied || !arch::is_table(kGeometry, {raw}, kLevel)) continue;
      absorb_marks<kLevel + 1>(arch::output_address(kGeometry, {raw}, kLevel), entry.start);
    }
  }
}

template <arch::Geometry kGeometry, Port P>
void RootCopy<kGeometry, P>::discard(Batch& batch) {
  free_below<kStart>(copy_.root(), range_, batch);
  copy_.site().root = 0;
  batch.flush();
}

template <arch::Geometry kGeometry, Port P>
void RootCopy<kGeometry, P>::finish(Batch& batch) {
  batch.open(range_);
  batch.add({0, arch::low_mask(kGeometry.va_bits) + 1}, kAnyLevel, true);
  batch.flush_within();
  absorb_marks<kStart>(from_.root(), 0);
  free_below<kStart>(from_.root(), range_, batch);
  from_.site().root = 0;
  batch.flush();
}

}  // namespace amalgam::pgtable
