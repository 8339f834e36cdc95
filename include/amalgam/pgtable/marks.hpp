// Access flags and dirty states: reading them out, and clearing them without losing what hardware
// sets at the same time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/group.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// The mark of a leaf that an operation reads and clears.
enum class Mark : std::uint8_t { kAccessed, kDirty };

// Whether the mark is set. A leaf that tracks no dirty state is never dirty in this sense.
constexpr bool is_marked(const arch::Geometry& g, std::uint64_t raw, Mark mark) {
  if (mark == Mark::kAccessed) return arch::has_access_flag({raw});
  return (raw & arch::bits::kDbm) != 0 && arch::is_dirty(g, {raw});
}

constexpr std::uint64_t without_mark(const arch::Geometry& g, std::uint64_t raw, Mark mark) {
  if (mark == Mark::kAccessed) return raw & ~arch::bits::kAccessFlag;
  if ((raw & arch::bits::kDbm) == 0) return raw;
  if (g.stage == arch::Stage::kStage2) return raw & ~arch::bits::kS2apWrite;
  return raw | arch::bits::kAp2ReadOnly;
}

// Clears the mark of every leaf, or group, of `range` that has it, and calls f(Range) with what the
// leaf or group translates. A group is marked if any member is: hardware may have used that
// member's entry for an access to any of them (R_JQQTC).
template <arch::Geometry kGeometry, Port P>
class Marker {
 public:
  using Batch = FlushBatch<kGeometry, P>;

  Marker(const Site<kGeometry, P>& site, Mark mark) : site_(site), mark_(mark) {}

  template <typename F>
  std::uint64_t harvest(const Range& range, Batch& batch, const F& f) const;

 private:
  bool clear(const Neighbours<P>& n) const;

  const Site<kGeometry, P>& site_;
  Mark mark_;
};

template <arch::Geometry kGeometry, Port P>
bool Marker<kGeometry, P>::clear(const Neighbours<P>& n) const {
  bool marked = false;
  const auto cleared = [&](std::uint64_t raw) { return without_mark(kGeometry, raw, mark_); };
  for (std::size_t i = n.index; i < n.index + n.count; ++i) {
    const std::uint64_t raw = n.view.load(i);
    if (!arch::is_leaf(kGeometry, {raw}, n.level) || !is_marked(kGeometry, raw, mark_)) continue;
    marked = true;
    (void)replace(n.view, i, raw, cleared);
  }
  return marked;
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
std::uint64_t Marker<kGeometry, P>::harvest(const Range& range, Batch& batch, const F& f) const {
  std::uint64_t found = 0;
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    const Leaf leaf{v.raw, v.level, v.input};
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const bool grouped = arch::is_contiguous(kGeometry, {v.raw}, v.level);
    const Neighbours<P> n = grouped ? group_of<kGeometry>(v.table, v.index, leaf)
                                    : Neighbours<P>{v.table, v.index, 1, v.level, v.input};
    if (!clear(n)) return Step::kNext;
    ++found;
    if (site_.live) batch.add(range_of<kGeometry>(n), v.level, false);
    f(range_of<kGeometry>(n));
    return Step::kNext;
  });
  return found;
}

}  // namespace amalgam::pgtable
