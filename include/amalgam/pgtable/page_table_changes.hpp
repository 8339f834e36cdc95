// Changes to what is mapped. Part of page_table.hpp.
#pragma once

#include <algorithm>

#include "amalgam/pgtable/page_table_declaration.hpp"

namespace amalgam::pgtable {

// What plan(range) says of the addresses, or why they make no range.
template <arch::Geometry kGeometry, Port P>
template <typename F>
Plan PageTable<kGeometry, P>::planned(std::uint64_t va, std::uint64_t bytes, const F& f) const {
  Plan plan;
  Range range;
  plan.status = range_of(va, bytes, range);
  if (!plan.status.ok()) return plan;
  plan = f(range);
  plan.status = located(plan.status);
  return plan;
}

// Splits what the plan found to stick out, and then lets f(range) change what is left. A stale
// block must be gone before its pieces change, hence the flush between; and so must what an earlier
// operation has left stale in the same batch, for the plan was made from what the tables hold now.
template <arch::Geometry kGeometry, Port P>
template <typename F>
Status PageTable<kGeometry, P>::commit(std::uint64_t va, std::uint64_t bytes, const Plan& plan,
                                       const Permits& permits, Batch& batch, const F& f) {
  if (!plan.status.ok()) return plan.status;
  if (!site_.port.reserve(plan.tables)) return {Error::kNoMemory, va};
  Range range;
  (void)range_of(va, bytes, range);
  if (batch.is_pending(range)) batch.flush();
  if (site_.live) batch.open(with_whole_leaves(range));
  if (plan.splits + plan.unfolds != 0) {
    const std::uint64_t taken = Splitter<kGeometry, P>(site_, permits).commit(range, batch);
    site_.port.release(plan.tables - taken);
    batch.flush_within();
  }
  f(range);
  // What is stale is ordered by the flush that it waits for, and a make has been by its own
  // barrier.
  const bool in_place = plan.strategy == Strategy::kInPlace;
  if (in_place && plan.changed != 0 && !batch.is_stale()) site_.publish();
  return {};
}

// The range and the rest of the leaves and groups that it cuts: splitting changes all of them.
template <arch::Geometry kGeometry, Port P>
Range PageTable<kGeometry, P>::with_whole_leaves(const Range& range) const {
  Range all = range;
  for (const std::uint64_t at : {range.start, range.end - 1}) {
    walk<kGeometry>(site_.port, site_.root, {at, at + 1}, [&](const Visit<P>& v) {
      if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
      const Range leaf = whole_leaf(kGeometry, {v.raw, v.level, v.input});
      all = {std::min(all.start, leaf.start), std::max(all.end, leaf.end)};
      return Step::kStop;
    });
  }
  return all;
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Plan PageTable<kGeometry, P>::plan_change(std::uint64_t va, std::uint64_t bytes, const F& f,
                                          const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    Plan plan = Changer<kGeometry, P>(site_, permits).plan(range, f);
    const bool changes = plan.status.ok() && plan.changed != 0;
    if (changes) Splitter<kGeometry, P>(site_, permits).plan(range, plan);
    return plan;
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Status PageTable<kGeometry, P>::change(std::uint64_t va, std::uint64_t bytes, const F& f,
                                       const Permits& permits, Batch& batch) {
  const Plan plan = plan_change(va, bytes, f, permits);
  return commit(va, bytes, plan, permits, batch, [&](const Range& range) {
    Changer<kGeometry, P>(site_, permits).commit(range, f, plan.strategy, batch);
  });
}

template <arch::Geometry kGeometry, Port P>
auto PageTable<kGeometry, P>::with_attributes(const Attributes& attributes) const {
  return [attributes](const Leaf& leaf) {
    const std::uint64_t output = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    const std::uint64_t raw = leaf_descriptor(kGeometry, leaf.level, output, attributes);
    return with_history_of(kGeometry, raw, leaf.raw) | (leaf.raw & arch::bits::kContiguous);
  };
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_protect(std::uint64_t va, std::uint64_t bytes,
                                           const Attributes& attributes,
                                           const Permits& permits) const {
  return plan_change(va, bytes, with_attributes(attributes), permits);
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::protect(std::uint64_t va, std::uint64_t bytes,
                                        const Attributes& attributes, const Permits& permits,
                                        Batch& batch) {
  return change(va, bytes, with_attributes(attributes), permits, batch);
}

template <arch::Geometry kGeometry, Port P>
auto PageTable<kGeometry, P>::mover(const Range& range, const Move& move,
                                    const Permits& permits) const -> RangeMover {
  return {site_, permits, RemapTarget{move.output - range.start}, move.attributes, move.carry};
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_remap(std::uint64_t va, std::uint64_t bytes, const Move& move,
                                         const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    Plan plan;
    plan.status = check_output(va, bytes, move.output);
    if (!plan.status.ok()) return plan;
    plan = mover(range, move, permits).plan(range);
    if (plan.status.ok()) Splitter<kGeometry, P>(site_, permits).plan(range, plan);
    return plan;
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::remap(std::uint64_t va, std::uint64_t bytes, const Move& move,
                                      const Permits& permits, Batch& batch) {
  const Plan plan = plan_remap(va, bytes, move, permits);
  return commit(va, bytes, plan, permits, batch, [&](const Range& range) {
    mover(range, move, permits).commit(range, plan, batch);
  });
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_split(std::uint64_t va, std::uint64_t bytes,
                                         const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    Plan plan;
    Splitter<kGeometry, P>(site_, permits).plan(range, plan);
    plan.strategy = plan.split_strategy;
    return plan;
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::split(std::uint64_t va, std::uint64_t bytes, const Permits& permits,
                                      Batch& batch) {
  const Plan plan = plan_split(va, bytes, permits);
  Plan rest = plan;
  rest.splits = rest.unfolds = 0;
  return commit(va, bytes, rest, permits, batch, [&](const Range& range) {
    const std::uint64_t taken = Splitter<kGeometry, P>(site_, permits).commit(range, batch);
    site_.port.release(plan.tables - taken);
  });
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_refine(std::uint64_t va, std::uint64_t bytes, int level,
                                          const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    Plan plan;
    Splitter<kGeometry, P>(site_, permits).plan_refine(range, level, plan);
    plan.strategy = plan.split_strategy;
    return plan;
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::refine(std::uint64_t va, std::uint64_t bytes, int level,
                                       const Permits& permits, Batch& batch) {
  const Plan plan = plan_refine(va, bytes, level, permits);
  Plan rest = plan;
  rest.splits = rest.unfolds = 0;
  return commit(va, bytes, rest, permits, batch, [&](const Range& range) {
    const Splitter<kGeometry, P> splitter(site_, permits);
    const std::uint64_t taken = splitter.refine(range, level, batch);
    site_.port.release(plan.tables - taken);
  });
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_collapse(std::uint64_t va, std::uint64_t bytes,
                                            const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    return Collapser<kGeometry, P>(site_, permits).plan(range);
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::collapse(std::uint64_t va, std::uint64_t bytes,
                                         const Permits& permits, Batch& batch) {
  const Plan plan = plan_collapse(va, bytes, permits);
  return commit(va, bytes, plan, permits, batch, [&](const Range& range) {
    Collapser<kGeometry, P>(site_, permits).commit(range, batch);
  });
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_fold(std::uint64_t va, std::uint64_t bytes,
                                        const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    return Folder<kGeometry, P>(site_, permits).plan_fold(range);
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::fold(std::uint64_t va, std::uint64_t bytes, const Permits& permits,
                                     Batch& batch) {
  const Plan plan = plan_fold(va, bytes, permits);
  return commit(va, bytes, plan, permits, batch, [&](const Range& range) {
    Folder<kGeometry, P>(site_, permits).fold(range, batch);
  });
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_unfold(std::uint64_t va, std::uint64_t bytes,
                                          const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    return Folder<kGeometry, P>(site_, permits).plan_unfold(range);
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::unfold(std::uint64_t va, std::uint64_t bytes,
                                       const Permits& permits, Batch& batch) {
  Plan plan = plan_unfold(va, bytes, permits);
  plan.unfolds = 0;
  return commit(va, bytes, plan, permits, batch, [&](const Range& range) {
    Folder<kGeometry, P>(site_, permits).unfold(range, batch);
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Status PageTable<kGeometry, P>::harvest(Mark mark, std::uint64_t va, std::uint64_t bytes,
                                        Batch& batch, const F& f) {
  Plan plan;
  Range range;
  plan.status = range_of(va, bytes, range);
  const std::uint64_t upper = half_bits(kGeometry, config_.half);
  return commit(va, bytes, plan, {}, batch, [&](const Range& r) {
    (void)Marker<kGeometry, P>(site_, mark).harvest(r, batch, [&](const Range& marked) {
      f(marked.start | upper, marked.bytes());
    });
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Status PageTable<kGeometry, P>::age(std::uint64_t va, std::uint64_t bytes, Batch& batch,
                                    const F& f) {
  return harvest(Mark::kAccessed, va, bytes, batch, f);
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Status PageTable<kGeometry, P>::harvest_dirty(std::uint64_t va, std::uint64_t bytes, Batch& batch,
                                              const F& f) {
  return harvest(Mark::kDirty, va, bytes, batch, f);
}

}  // namespace amalgam::pgtable
