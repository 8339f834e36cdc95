// Makes contiguous groups of leaves, and takes them apart.
#pragma once

#include <cstdint>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/group.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// Sets or clears the contiguous bit of whole groups. While only some members have changed the group
// is mis-programmed (R_NGLXZ): each group goes through its change at once.
template <arch::Geometry kGeometry, Port P>
class Folder {
 public:
  using Batch = FlushBatch<kGeometry, P>;

  Folder(const Site<kGeometry, P>& site, const Permits& permits) : site_(site), permits_(permits) {}

  // Counts the groups of `range` that can be made, and says by which route, or why it is refused.
  [[nodiscard]] Plan plan_fold(const Range& range) const;
  void fold(const Range& range, Batch& batch) const;

  // The same for groups that have something in `range`.
  [[nodiscard]] Plan plan_unfold(const Range& range) const;
  void unfold(const Range& range, Batch& batch) const;

 private:
  // Adds to the plan what flipping the contiguous bit of a group takes.
  void judge(const Neighbours<P>& n, const Leaf& leaf, Plan& plan) const;
  [[nodiscard]] Strategy route(const Leaf& leaf) const {
    return site_.route(contiguous_flip(site_, leaf), permits_);
  }
  template <typename Visitor>
  void for_each_foldable(const Range& range, Visitor&& visitor) const;
  template <typename Visitor>
  void for_each_group(const Range& range, Visitor&& visitor) const;

  const Site<kGeometry, P>& site_;
  Permits permits_;
};

template <arch::Geometry kGeometry, Port P>
void Folder<kGeometry, P>::judge(const Neighbours<P>& n, const Leaf& leaf, Plan& plan) const {
  const arch::Change change = contiguous_flip(site_, leaf);
  const Strategy route = site_.route(change, permits_);
  note_route(plan, &Plan::strategy, route, change.row, leaf.input);
  plan.leaves += n.count;
  plan.changed += n.count;
  if (route > Strategy::kInPlace) plan.breaks += n.count;
}

template <arch::Geometry kGeometry, Port P>
template <typename Visitor>
void Folder<kGeometry, P>::for_each_foldable(const Range& range, Visitor&& visitor) const {
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    const Leaf leaf{v.raw, v.level, v.input};
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const Range group = group_range(kGeometry, leaf);
    const bool is_first = arch::contiguous_entries(kGeometry, v.level) > 1 &&
                          group.start == v.input && group.start >= range.start &&
                          group.end <= range.end;
    if (!is_first || arch::is_contiguous(kGeometry, {v.raw}, v.level)) return Step::kNext;
    const Neighbours<P> n = group_of<kGeometry>(v.table, v.index, leaf);
    if (const auto run = run_of<kGeometry>(n)) visitor(n, leaf, *run);
    return Step::kNext;
  });
}

template <arch::Geometry kGeometry, Port P>
Plan Folder<kGeometry, P>::plan_fold(const Range& range) const {
  Plan plan;
  for_each_foldable(range, [&](const Neighbours<P>& n, const Leaf& leaf, const Run&) {
    ++plan.folds;
    judge(n, leaf, plan);
  });
  return plan;
}

template <arch::Geometry kGeometry, Port P>
void Folder<kGeometry, P>::fold(const Range& range, Batch& batch) const {
  const auto grouped = [](std::uint64_t raw) { return raw | arch::bits::kContiguous; };
  for_each_foldable(range, [&](const Neighbours<P>& n, const Leaf& leaf, const Run& run) {
    const Strategy strategy = route(leaf);
    if (!run.is_even) make_even(site_, n, run.raw, batch);
    change_together(site_, n, grouped, strategy, batch);
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename Visitor>
void Folder<kGeometry, P>::for_each_group(const Range& range, Visitor&& visitor) const {
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    const Leaf leaf{v.raw, v.level, v.input};
    if (arch::is_table(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    if (arch::is_contiguous(kGeometry, {v.raw}, v.level)) {
      visitor(group_of<kGeometry>(v.table, v.index, leaf), leaf);
    }
    return Step::kNext;
  });
}

template <arch::Geometry kGeometry, Port P>
Plan Folder<kGeometry, P>::plan_unfold(const Range& range) const {
  Plan plan;
  for_each_group(range, [&](const Neighbours<P>& n, const Leaf& leaf) {
    if (leaf.input != n.input && leaf.input > range.start) return;  // counted at its first
    ++plan.unfolds;
    judge(n, leaf, plan);
  });
  return plan;
}

template <arch::Geometry kGeometry, Port P>
void Folder<kGeometry, P>::unfold(const Range& range, Batch& batch) const {
  const auto alone = [](std::uint64_t raw) { return raw & ~arch::bits::kContiguous; };
  for_each_group(range, [&](const Neighbours<P>& n, const Leaf& leaf) {
    change_together(site_, n, alone, route(leaf), batch);
  });
}

}  // namespace amalgam::pgtable
