// Changes leaves of live tables, without changing their sizes, by the cheapest route that is legal
// and permitted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// Does nothing between break and make.
struct NothingBetween {
  constexpr void operator()(const Leaf&) const {}
};

// A change is a function `std::uint64_t f(const Leaf&)` from what a leaf is to what it is to be. It
// is asked again where hardware updates the leaf meanwhile, and must depend on its argument alone.
// Of a leaf that a range cuts, the part inside is asked about as a page; f keeps the leaf's level.
// It does the same to all members of a contiguous group: what does not is refused, for a lookup may
// use any member's descriptor for any of their addresses (R_JQQTC, row 24).
template <arch::Geometry kGeometry, Port P>
class Changer {
 public:
  using Batch = FlushBatch<kGeometry, P>;

  Changer(const Site<kGeometry, P>& site, const Permits& permits)
      : site_(site), permits_(permits) {}

  // Asks classify about every leaf of `range`. Fails, with the row that forbids it, where no
  // permitted route is legal, and where a break would meet an invalid entry that is not zero.
  // Leaves that stick out of the range are taken as split already. Cost: one walk.
  template <typename F>
  Plan plan(const Range& range, const F& f) const;

  // Carries out what plan() said for the same range and function, once no leaf sticks out; it does
  // not fail. What has to leave the TLBs is in `batch` on return, except that a break is flushed
  // before its make, and the make is visible to walks on return. With a `between(const Leaf&)`
  // a break breaks every leaf, and it is called with each, as it was, once nobody can use it and
  // before any is made; what it writes to memory is there before the new leaf is.
  template <typename F, typename Between = NothingBetween>
  void commit(const Range& range, const F& f, Strategy strategy, Batch& batch,
              const Between& between = {}) const;

 private:
  [[nodiscard]] arch::Change classify(const Leaf& leaf, std::uint64_t raw) const {
    return site_.classify({{leaf.raw}, leaf.level}, {{raw}, leaf.level}, leaf.input);
  }
  [[nodiscard]] arch::Change classify_group(const Leaf& leaf, std::uint64_t raw) const;
  [[nodiscard]] bool needs_break(const Leaf& leaf, std::uint64_t raw) const {
    return site_.route(classify_group(leaf, raw), permits_) > Strategy::kInPlace;
  }

  template <typename F>
  [[nodiscard]] static bool is_uniform(const Visit<P>& visit, const F& f);
  template <typename F>
  void judge(const Visit<P>& visit, const Range& range, const F& f, Plan& plan) const;
  [[nodiscard]] Status check_markers(const Range& range) const;
  template <typename Visitor>
  void for_each_leaf(const Range& range, Visitor&& visitor) const;
  template <typename F>
  void change(const Visit<P>& visit, const F& f, Batch& batch, bool all_asids = false) const;
  template <typename F>
  void break_leaves(const Range& range, const F& f, bool all, Batch& batch) const;
  template <typename Visitor>
  void for_each_broken(const Range& range, Visitor&& visitor) const;

  const Site<kGeometry, P>& site_;
  Permits permits_;
};

template <arch::Geometry kGeometry, Port P>
template <typename Visitor>
void Changer<kGeometry, P>::for_each_leaf(const Range& range, Visitor&& visitor) const {
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    return visitor(v) ? Step::kNext : Step::kStop;
  });
}

// A member of a group is judged as accessed, whether it is or not: an entry made from one that is
// translates its addresses too.
template <arch::Geometry kGeometry, Port P>
arch::Change Changer<kGeometry, P>::classify_group(const Leaf& leaf, std::uint64_t raw) const {
  if (!arch::is_contiguous(kGeometry, {leaf.raw}, leaf.level)) return classify(leaf, raw);
  const std::uint64_t flag =
      arch::is_leaf(kGeometry, {raw}, leaf.level) ? arch::bits::kAccessFlag : 0;
  return classify({leaf.raw | arch::bits::kAccessFlag, leaf.level, leaf.input}, raw | flag);
}

// Whether f does to every member of the group, of which `visit` is one, what it does to this one:
// the same bits come out, or flip, and the output addresses move alike. Asked of the first member.
template <arch::Geometry kGeometry, Port P>
template <typename F>
bool Changer<kGeometry, P>::is_uniform(const Visit<P>& visit, const F& f) {
  const Leaf leaf{visit.raw, visit.level, visit.input};
  const std::uint64_t size = arch::level_size_bytes(kGeometry, leaf.level);
  const std::size_t first = visit.index & ~(arch::contiguous_entries(kGeometry, leaf.level) - 1);
  const std::uint64_t address = arch::output_address_mask(kGeometry, leaf.level);
  const auto moved_by = [&](std::uint64_t from, std::uint64_t to) {
    return arch::gather_address(kGeometry, to, address) -
           arch::gather_address(kGeometry, from, address);
  };
  const std::uint64_t raw = f(leaf);
  const std::uint64_t flips = (leaf.raw ^ raw) & ~address & ~arch::bits::kAccessFlag;
  for (std::size_t i = first; i < first + arch::contiguous_entries(kGeometry, leaf.level); ++i) {
    const std::uint64_t was = visit.table.load(i);
    if (!arch::is_leaf(kGeometry, {was}, leaf.level)) continue;
    if (i < visit.index) return true;
    const std::uint64_t is = f(Leaf{was, leaf.level, leaf.input + (i - visit.index) * size});
    const std::uint64_t matters = ~address & ~hardware_bits(kGeometry, was);
    if (((is ^ raw) & matters) != 0 && ((was ^ is ^ flips) & matters) != 0) return false;
    if (moved_by(was, is) != moved_by(leaf.raw, raw)) return false;
  }
  return true;
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::judge(const Visit<P>& visit, const Range& range, const F& f,
                                  Plan& plan) const {
  const Leaf leaf = inside(kGeometry, {visit.raw, visit.level, visit.input}, range);
  ++plan.leaves;
  const std::uint64_t raw = f(leaf);
  if (arch::is_contiguous(kGeometry, {leaf.raw}, leaf.level) && !is_uniform(visit, f)) {
    plan.status = {Error::kPartialBlock, leaf.input, arch::RowId::kGroupMemberAlone};
    return;
  }
  if (raw == leaf.raw) return;
  ++plan.changed;
  const arch::Change change = classify_group(leaf, raw);
  const Strategy route = site_.route(change, permits_);
  if (route > Strategy::kInPlace) ++plan.breaks;
  note_route(plan, &Plan::strategy, route, change.row, leaf.input);
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Plan Changer<kGeometry, P>::plan(const Range& range, const F& f) const {
  Plan plan;
  plan.strategy = site_.live ? Strategy::kInPlace : Strategy::kPlainStores;
  for_each_leaf(range, [&](const Visit<P>& v) {
    judge(v, range, f, plan);
    return plan.status.ok();
  });
  if (plan.status.ok() && plan.breaks != 0) plan.status = check_markers(range);
  return plan;
}

// A break marks a leaf by taking its valid bit away and nothing else. Something of the caller's
// that is invalid and not zero could not be told from that.
template <arch::Geometry kGeometry, Port P>
Status Changer<kGeometry, P>::check_markers(const Range& range) const {
  Status status;
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (v.raw == 0 || (v.raw & arch::bits::kValid) != 0) return Step::kDescend;
    status = {Error::kForeignEntry, v.input};
    return Step::kStop;
  });
  return status;
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::change(const Visit<P>& visit, const F& f, Batch& batch,
                                   bool all_asids) const {
  const auto changed = [&](std::uint64_t raw) { return f(Leaf{raw, visit.level, visit.input}); };
  if (changed(visit.raw) == visit.raw) return;
  const std::uint64_t was = replace(visit.table, visit.index, visit.raw, changed);
  if (!site_.live) return;
  const Leaf leaf{was, visit.level, visit.input};
  const arch::Change change = classify(leaf, changed(was));
  if (change.tlbi == arch::TlbiOwed::kNone) return;
  batch.add(change.tlbi_whole_group ? group_range(kGeometry, leaf) : visit.part, visit.level, false,
            all_asids || change.tlbi == arch::TlbiOwed::kAllAsids);
}

// The break leaves everything but the valid bit in place, so that the make finds what was there. A
// leaf that needs no break is changed in place on the way, unless `all` are to be broken.
template <arch::Geometry kGeometry, Port P>
template <typename F>
void Changer<kGeometry, P>::break_leaves(const Range& range, const F& f, bool all,
                                         Batch& batch) const {
  for_each_leaf(range, [&](const Visit<P>& v) {
    const Leaf leaf{v.raw, v.level, v.input};
    const auto broken = [](const Leaf& l) { return l.raw & ~arch::bits::kValid; };
    const std::uint64_t raw = f(leaf);
    if ((all && raw != v.raw) || needs_break(leaf, raw)) {
      change(v, broken, batch, classify(leaf, raw).tlbi == arch::TlbiOwed::kAllAsids);
    } else {
      change(v, f, batch);
    }
    return true;
  });
}

// Calls visitor(view, index, leaf as it was) for what break_leaves has broken.
template <arch::Geometry kGeometry, Port P>
template <typename Visitor>
void Changer<kGeometry, P>::for_each_broken(const Range& range, Visitor&& visitor) const {
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    const std::uint64_t was = v.raw | arch::bits::kValid;
    const bool broken =
        v.raw != 0 && (v.raw & arch::bits::kValid) == 0 && arch::is_leaf(kGeometry, {was}, v.level);
    if (broken) visitor(v.table, v.index, Leaf{was, v.level, v.input});
    return Step::kDescend;
  });
}

template <arch::Geometry kGeometry, Port P>
template <typename F, typename Between>
void Changer<kGeometry, P>::commit(const Range& range, const F& f, Strategy strategy, Batch& batch,
                                   const Between& between) const {
  if (strategy <= Strategy::kInPlace) {
    for_each_leaf(range, [&](const Visit<P>& v) {
      change(v, f, batch);
      return true;
    });
    return;
  }
  const StoppedOthers<P> stopped(site_.port, strategy == Strategy::kStopOthers);
  constexpr bool has_between = !std::is_same_v<Between, NothingBetween>;
  break_leaves(range, f, has_between, batch);
  batch.flush_within();
  if constexpr (has_between) {
    for_each_broken(range,
                    [&](const OpenTable<P>&, std::size_t, const Leaf& leaf) { between(leaf); });
    site_.order_before_link();
  }
  for_each_broken(range, [&](const OpenTable<P>& view, std::size_t index, const Leaf& leaf) {
    view.store(index, f(leaf));
  });
  site_.publish();
}

}  // namespace amalgam::pgtable
