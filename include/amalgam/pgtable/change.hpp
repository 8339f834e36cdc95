// Changes leaves of live tables by the cheapest route that is legal and permitted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// What making a change takes, found without changing anything.
struct ChangePlan {
  Status status;
  Strategy strategy = Strategy::kInPlace;
  std::uint64_t leaves = 0;              // that the change looks at
  std::uint64_t changed = 0;             // that it stores to
  std::uint64_t breaks = 0;              // of these, for which break-before-make is owed
  arch::RowId row = arch::RowId::kNone;  // the change-table row that owes it
};

// A change is a function `std::uint64_t f(const Leaf&)` from what a leaf is to what it is to be. It
// is asked again where hardware updates the leaf meanwhile, and must depend on its argument alone.
template <arch::Geometry kGeometry, Port P>
class Changer {
 public:
  Changer(P& port, PhysicalAddress root, const arch::Features& features, bool live,
          const Permits& permits, const Knowledge& knowledge)
      : port_(port),
        root_(root),
        live_(live),
        permits_(permits),
        context_(context(features, knowledge)) {}

  // Asks classify about every leaf of `range`. Fails, with the row that forbids it, where no
  // permitted route is legal, where the range cuts through a block or a contiguous group, and where
  // a break would meet an invalid entry that is not zero.
  // Cost: one walk.
  template <typename F>
  ChangePlan plan(const Range& range, const F& f) const;

  // Carries out what plan() said for the same range and function; it does not fail. What has to
  // leave the TLBs is in `batch` on return, except that a break is flushed before its make.
  template <typename F>
  void commit(const Range& range, const F& f, const ChangePlan& plan,
              FlushBatch<kGeometry, P>& batch) const;

 private:
  static arch::ChangeContext context(const arch::Features& features, const Knowledge& known) {
    arch::ChangeContext c;
    c.geometry = kGeometry;
    c.features = features;
    c.contents = known.contents;
    c.any_hardware_af = known.hardware_af;
    c.any_hardware_dirty = known.hardware_dirty;
    c.mair = known.mair;
    return c;
  }

  [[nodiscard]] arch::Change classify(const Leaf& leaf, std::uint64_t raw) const {
    arch::ChangeContext c = context_;
    c.va = leaf.input;
    return arch::classify({{leaf.raw}, leaf.level}, {{raw}, leaf.level}, c);
  }

  [[nodiscard]] bool needs_break(const Leaf& leaf, std::uint64_t raw) const {
    return live_ && classify(leaf, raw).break_required;
  }

  template <typename F>
  void judge(const Leaf& leaf, const Range& range, const F& f, ChangePlan& plan) const;
  [[nodiscard]] Status check_markers(const Range& range) const;
  template <typename Visitor>
  void for_each_leaf(const Range& range, Visitor&& visitor) const;
  template <typename F>
  void replace(const Visit<P>& visit, const F& f, FlushBatch<kGeometry, P>& batch) const;
  template <typename F>
  void break_leaves(const Range& range, const F& f, FlushBatch<kGeometry, P>& batch) const;
  template <typename F>
  void make_leaves(const Range& range, const F& f) const;

  P& port_;
  PhysicalAddress root_;
  bool live_;
  Permits permits_;
  arch::ChangeContext context_;
};

template <arch::Geometry kGeometry, Port P>
template <typename Visitor>
void Changer<kGeometry, P>::for_each_leaf(const Range& range, Visitor&& visitor) const {
  walk<kGeometry>(port_, root_, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    return visitor(v) ? Step::kNext : Step::kStop;
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::judge(const Leaf& leaf, const Range& range, const F& f,
                                  ChangePlan& plan) const {
  ++plan.leaves;
  const std::uint64_t raw = f(leaf);
  if (raw == leaf.raw) return;
  ++plan.changed;
  if (sticks_out(kGeometry, leaf, range)) {
    plan.status = {Error::kPartialBlock, leaf.input};
    return;
  }
  if (!needs_break(leaf, raw)) return;
  ++plan.breaks;
  plan.row = classify(leaf, raw).row;
  plan.strategy = Strategy::kBreakBeforeMake;
  if (!permits_.fault_window) plan.status = {Error::kNotPermitted, leaf.input, plan.row};
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
ChangePlan Changer<kGeometry, P>::plan(const Range& range, const F& f) const {
  ChangePlan plan;
  plan.strategy = live_ ? Strategy::kInPlace : Strategy::kPlainStores;
  for_each_leaf(range, [&](const Visit<P>& v) {
    judge({v.raw, v.level, v.input}, range, f, plan);
    return plan.status.ok();
  });
  if (plan.status.ok() && plan.strategy == Strategy::kBreakBeforeMake) {
    plan.status = check_markers(range);
  }
  return plan;
}

// A break marks a leaf by taking its valid bit away and nothing else. Something of the caller's
// that is invalid and not zero could not be told from that.
template <arch::Geometry kGeometry, Port P>
Status Changer<kGeometry, P>::check_markers(const Range& range) const {
  Status status;
  walk<kGeometry>(port_, root_, range, [&](const Visit<P>& v) {
    if (v.raw == 0 || (v.raw & arch::bits::kValid) != 0) return Step::kDescend;
    status = {Error::kForeignEntry, v.input};
    return Step::kStop;
  });
  return status;
}

// A compare-exchange rather than a store, because hardware may set AF or the dirty state between
// the load and the store, and a store would lose it.
template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::replace(const Visit<P>& visit, const F& f,
                                    FlushBatch<kGeometry, P>& batch) const {
  std::uint64_t old = visit.raw;
  std::uint64_t raw = 0;
  do {
    raw = f(Leaf{old, visit.level, visit.input});
    if (raw == old) return;
  } while (!visit.table.compare_exchange(visit.index, old, raw));
  if (!live_) return;
  const arch::Change change = classify({old, visit.level, visit.input}, raw);
  if (change.tlbi != arch::TlbiOwed::kNone) batch.add(visit.part, visit.level, false);
}

// The break leaves everything but the valid bit in place, so that the make finds what was there. A
// leaf that needs no break is changed in place on the way.
template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::break_leaves(const Range& range, const F& f,
                                         FlushBatch<kGeometry, P>& batch) const {
  for_each_leaf(range, [&](const Visit<P>& v) {
    const Leaf leaf{v.raw, v.level, v.input};
    const bool breaks = needs_break(leaf, f(leaf));
    const auto broken = [&](const Leaf& l) { return l.raw & ~arch::bits::kValid; };
    if (breaks) {
      replace(v, broken, batch);
    } else {
      replace(v, f, batch);
    }
    return true;
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::make_leaves(const Range& range, const F& f) const {
  walk<kGeometry>(port_, root_, range, [&](const Visit<P>& v) {
    const std::uint64_t was = v.raw | arch::bits::kValid;
    const bool broken =
        v.raw != 0 && (v.raw & arch::bits::kValid) == 0 && arch::is_leaf(kGeometry, {was}, v.level);
    if (broken) v.table.store(v.index, f(Leaf{was, v.level, v.input}));
    return Step::kDescend;
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::commit(const Range& range, const F& f, const ChangePlan& plan,
                                   FlushBatch<kGeometry, P>& batch) const {
  if (plan.strategy != Strategy::kBreakBeforeMake) {
    for_each_leaf(range, [&](const Visit<P>& v) {
      replace(v, f, batch);
      return true;
    });
    return;
  }
  break_leaves(range, f, batch);
  batch.flush();
  make_leaves(range, f);
}

}  // namespace amalgam::pgtable
