// Walks the tables of one root and calls a visitor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "amalgam/arch/descriptor.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// What a walk does after a visit.
enum class Step : std::uint8_t {
  kDescend,  // into the table that the entry names; for anything but a table the same as kNext
  kNext,     // on to the entry after it
  kStop,     // no further
};

// One descriptor that translates part of the range of a walk.
template <Port P>
struct Visit {
  const OpenTable<P>& table;
  std::size_t index = 0;
  int level = arch::kPageLevel;
  std::uint64_t raw = 0;    // as loaded just before the visit
  std::uint64_t input = 0;  // the first address that the entry translates
  Range part;               // what of the walk's range the entry translates
};

namespace walk_detail {

template <arch::Geometry kGeometry, int kLevel, Port P, typename Visitor>
Step walk_table(P& port, PhysicalAddress table, const Range& range, Visitor& visitor);

template <arch::Geometry kGeometry, int kLevel, Port P, typename Visitor>
Step walk_entry(P& port, const Visit<P>& visit, Visitor& visitor) {
  const Step step = visitor(visit);
  if constexpr (kLevel < arch::kPageLevel) {
    const arch::Descriptor descriptor{visit.raw};
    if (step == Step::kDescend && arch::is_table(kGeometry, descriptor, kLevel)) {
      const PhysicalAddress next = arch::output_address(kGeometry, descriptor, kLevel);
      return walk_table<kGeometry, kLevel + 1>(port, next, visit.part, visitor);
    }
  }
  return step == Step::kDescend ? Step::kNext : step;
}

template <arch::Geometry kGeometry, int kLevel, Port P, typename Visitor>
Step walk_table(P& port, PhysicalAddress table, const Range& range, Visitor& visitor) {
  constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
  const OpenTable<P> view(port, table);
  for (std::uint64_t at = range.start; at < range.end;) {
    const std::uint64_t input = at & ~(size - 1);
    const std::uint64_t end = std::min<std::uint64_t>(range.end, input + size);
    const std::size_t index = index_in_page(kGeometry, at, kLevel);
    const Visit<P> visit{view, index, kLevel, view.load(index), input, {at, end}};
    if (walk_entry<kGeometry, kLevel>(port, visit, visitor) == Step::kStop) return Step::kStop;
    at = end;
  }
  return Step::kNext;
}

}  // namespace walk_detail

// Visits every descriptor that translates some address of `range`, tables before what is below
// them, in the order of addresses. `visitor(const Visit<P>&) -> Step` sees each descriptor as it
// was loaded then; what it does to a descriptor does not change how the walk goes on. One view is
// open for each level. Says kStop if the visitor did.
// Cost: one load a descriptor, one view a table.
template <arch::Geometry kGeometry, Port P, typename Visitor>
Step walk(P& port, PhysicalAddress root, const Range& range, Visitor&& visitor) {
  constexpr int start = arch::start_level(kGeometry);
  Step step = Step::kNext;
  for_each_root_page(kGeometry, root, range, [&](PhysicalAddress page, const Range& part) {
    step = walk_detail::walk_table<kGeometry, start>(port, page, part, visitor);
    return step != Step::kStop;
  });
  return step;
}

}  // namespace amalgam::pgtable
