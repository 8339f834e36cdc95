// The steps of HVO. Part of hvo.hpp.
#pragma once

#include "amalgam/pgtable/hvo_declaration.hpp"

namespace amalgam::pgtable {

template <arch::Geometry kGeometry, CopiesPages P>
std::uint64_t Hvo<kGeometry, P>::tails(std::span<const HugePage> pages) {
  std::uint64_t count = 0;
  for (const HugePage& page : pages) count += page.vmemmap_bytes / kPage - 1;
  return count;
}

template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::tail_range(const HugePage& page, Range& range) const {
  Range all;
  const Half half = table_.config().half;
  const Status status = to_range(kGeometry, half, page.vmemmap_va, page.vmemmap_bytes, all);
  if (!status.ok()) return status;
  if (all.bytes() < 2 * kPage) return {Error::kEmptyRange, page.vmemmap_va};
  range = {all.start + kPage, all.end};
  return {};
}

template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::check_page(PhysicalAddress page) const {
  if ((page & (kPage - 1)) != 0) return {Error::kMisaligned, page};
  if ((page & ~arch::low_mask(kGeometry.pa_bits)) != 0) return {Error::kOutOfRange, page};
  return {};
}

// The huge pages are ranges in ascending order, apart from one another, and there is room for their
// tails.
template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::check(std::span<const HugePage> pages, std::size_t room) const {
  if (pages.empty()) return {Error::kEmptyRange};
  std::uint64_t end = 0;
  for (const HugePage& page : pages) {
    Range range;
    const Status status = tail_range(page, range);
    if (!status.ok()) return status;
    if (range.start - kPage < end) return {Error::kOverlap, page.vmemmap_va};
    end = range.end;
  }
  if (room < tails(pages)) return {Error::kNoMemory, pages.front().vmemmap_va};
  return {};
}

template <arch::Geometry kGeometry, CopiesPages P>
template <typename F>
void Hvo<kGeometry, P>::for_each_huge_page(std::span<const HugePage> pages, const F& f) const {
  std::size_t first = 0;
  for (const HugePage& page : pages) {
    Tails tails{.head_va = page.vmemmap_va, .first = first};
    if (!tail_range(page, tails.range).ok()) continue;
    f(static_cast<const Tails&>(tails));
    first += tails.range.bytes() / kPage;
  }
}

// Calls f(leaf, number among all tails) for each page of the tails that is mapped by a leaf of any
// size, with the descriptor that the page has or would have.
template <arch::Geometry kGeometry, CopiesPages P>
template <typename F>
void Hvo<kGeometry, P>::for_each_tail(const Tails& tails, const F& f) const {
  walk<kGeometry>(equal_.port, equal_.root, tails.range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const Leaf leaf{v.raw, v.level, v.input};
    for (std::uint64_t at = v.part.start; at < v.part.end; at += kPage) {
      const std::uint64_t raw =
          v.level == arch::kPageLevel ? v.raw : piece_of(kGeometry, leaf, arch::kPageLevel, at);
      f(Leaf{raw, arch::kPageLevel, at}, tails.number(at));
    }
    return Step::kNext;
  });
}

template <arch::Geometry kGeometry, CopiesPages P>
std::optional<PhysicalAddress> Hvo<kGeometry, P>::shared_page(const Tails& tails,
                                                              PhysicalAddress zone) const {
  if (config_.shared == SharedTail::kZonePage) return zone;
  const std::optional<Translation> head = table_.query(tails.head_va);
  return head ? std::optional(head->output) : std::nullopt;
}

// Every tail is mapped, to a page of its own as far as its neighbour shows, and there is a page to
// share.
template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::check_unshared(const Tails& tails, PhysicalAddress zone) const {
  const std::optional<PhysicalAddress> shared = shared_page(tails, zone);
  if (!shared) return {Error::kNotMapped, tails.head_va};
  Status status = check_page(*shared);
  std::uint64_t mapped = 0;
  std::optional<PhysicalAddress> before = shared;
  for_each_tail(tails, [&](const Leaf& leaf, std::size_t) {
    const PhysicalAddress page = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    if (page == *shared || page == *before) status = {Error::kShared, tails.head_va};
    before = page;
    mapped += kPage;
  });
  return mapped == tails.range.bytes() ? status : Status{Error::kNotMapped, tails.head_va};
}

// Every tail is mapped, read-only, to the page that the first is mapped to.
template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::check_shared(const Tails& tails) const {
  std::uint64_t alike = 0;
  std::optional<PhysicalAddress> first;
  for_each_tail(tails, [&](const Leaf& leaf, std::size_t) {
    const PhysicalAddress page = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    if (!first) first = page;
    const bool writable = arch::is_writable(kGeometry, {leaf.raw}, leaf.level, true);
    alike += page == *first && !writable ? kPage : 0;
  });
  return alike == tails.range.bytes() ? Status{} : Status{Error::kNotShared, tails.head_va};
}

// A tail with a page of its own, as it is to be at last.
template <arch::Geometry kGeometry, CopiesPages P>
std::uint64_t Hvo<kGeometry, P>::restored(std::uint64_t raw) const {
  if (config_.attributes.writable) raw = arch::with_dirty(kGeometry, {raw}).raw;
  return config_.attributes.dirty_tracking ? raw | arch::bits::kDbm : raw;
}

// What splitting takes. Huge pages side by side are planned as one range, for they share blocks.
template <arch::Geometry kGeometry, CopiesPages P>
Plan Hvo<kGeometry, P>::plan_split(std::span<const HugePage> pages) const {
  Plan plan;
  Range run;
  const Splitter<kGeometry, P> splitter(table_.site(), config_.permits);
  const auto end_run = [&] {
    if (!run.empty() && plan.status.ok()) splitter.plan_refine(run, arch::kPageLevel, plan);
  };
  for_each_huge_page(pages, [&](const Tails& tails) {
    if (run.end + kPage == tails.range.start) {
      run.end = tails.range.end;
      return;
    }
    end_run();
    run = tails.range;
  });
  end_run();
  return plan;
}

// Judges the moves of tails between their own pages and a shared one by what they are mapped as.
// Where the head is written all the while, contents are never known to be equal.
template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::plan_moves(std::span<const HugePage> pages, bool to_shared,
                                   Plan& plan) const {
  const Site<kGeometry, P>& site = table_.site();
  plan.strategy = !site.live ? Strategy::kPlainStores
                  : stages() ? Strategy::kReadOnlyStaging
                             : Strategy::kInPlace;
  for_each_huge_page(pages, [&](const Tails& tails) {
    for_each_tail(tails, [&](const Leaf& leaf, std::size_t) {
      ++plan.leaves;
      ++plan.changed;
      if (!site.live || stages()) return;
      const std::uint64_t own = to_shared ? leaf.raw : restored(leaf.raw);
      const std::uint64_t other =
          arch::with_output_address(kGeometry, {read_only(kGeometry, leaf.raw)}, leaf.level,
                                    ~arch::output_address(kGeometry, {leaf.raw}, leaf.level) &
                                        arch::low_mask(kGeometry.pa_bits))
              .raw;
      arch::ChangeContext c = site.context;
      c.contents = arch::Contents::kUnknown;
      const arch::Change change = arch::classify({{own}, leaf.level}, {{other}, leaf.level}, c);
      const Strategy route = site.route(change, config_.permits);
      plan.breaks += route > Strategy::kInPlace ? 1 : 0;
      plan.row = change.row;
      plan.strategy = std::max(plan.strategy, route);
      if (route != Strategy::kRefused || !plan.status.ok()) return;
      plan.status = {Error::kNotPermitted, tails.head_va, change.row};
    });
  });
}

template <arch::Geometry kGeometry, CopiesPages P>
Plan Hvo<kGeometry, P>::plan_share(std::span<const HugePage> pages) const {
  return plan_share(pages, static_cast<std::size_t>(tails(pages)), kLastPage);
}

template <arch::Geometry kGeometry, CopiesPages P>
Plan Hvo<kGeometry, P>::plan_share(std::span<const HugePage> pages, std::size_t room,
                                   PhysicalAddress zone) const {
  Plan plan;
  plan.status = check(pages, room);
  for_each_huge_page(pages, [&](const Tails& tails) {
    if (plan.status.ok()) plan.status = check_unshared(tails, zone);
  });
  if (!plan.status.ok()) return plan;
  plan = plan_split(pages);
  if (plan.status.ok()) plan_moves(pages, true, plan);
  return plan;
}

template <arch::Geometry kGeometry, CopiesPages P>
Plan Hvo<kGeometry, P>::plan_restore(std::span<const HugePage> pages) const {
  Plan plan;
  plan.status = check(pages, static_cast<std::size_t>(tails(pages)));
  for_each_huge_page(pages, [&](const Tails& tails) {
    if (plan.status.ok()) plan.status = check_shared(tails);
  });
  if (plan.status.ok()) plan_moves(pages, false, plan);
  return plan;
}

template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::flush(Batch& batch, HvoCost& cost) const {
  if (batch.is_stale()) ++cost.flushes;
  batch.flush_within();
}

// Changes all tails by f(leaf, number) in one way.
template <arch::Geometry kGeometry, CopiesPages P>
template <typename F>
void Hvo<kGeometry, P>::change(std::span<const HugePage> pages, Strategy strategy, const F& f,
                               Batch& batch) const {
  const Changer<kGeometry, P> changer(equal_, config_.permits);
  for_each_huge_page(pages, [&](const Tails& tails) {
    const auto one = [&](const Leaf& leaf) { return f(leaf, tails.number(leaf.input)); };
    changer.commit(tails.range, one, strategy, batch);
  });
}

// Neighbouring huge pages may lie in one block, so that fewer tables are taken than were counted.
template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::refine(std::span<const HugePage> pages, const Plan& plan, Batch& batch,
                               HvoCost& cost) {
  const Splitter<kGeometry, P> splitter(table_.site(), config_.permits);
  for_each_huge_page(pages, [&](const Tails& tails) {
    cost.tables += splitter.refine(tails.range, arch::kPageLevel, batch);
  });
  equal_.port.release(plan.tables - cost.tables);
  cost.private_stores += cost.tables * entries_in_page(kGeometry);
  cost.live_stores += cost.tables;
  flush(batch, cost);
}

template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::make_equal(const Tails& tails, PhysicalAddress page, HvoCost& cost) const {
  for_each_tail(tails, [&](const Leaf& leaf, std::size_t) {
    const PhysicalAddress own = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    if (equal_.port.same_contents(page, own)) return;
    equal_.port.copy_page(page, own);
    ++cost.copies;
  });
}

template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::share(std::span<const HugePage> pages, PhysicalAddress zone_page,
                                std::span<PhysicalAddress> freed, HvoCost* cost) {
  const Plan plan = plan_share(pages, freed.size(), zone_page);
  if (!plan.status.ok()) return plan.status;
  if (!equal_.port.reserve(plan.tables)) return {Error::kNoMemory, pages.front().vmemmap_va};
  equal_.live = table_.is_live();
  HvoCost spent;
  spent.pages = tails(pages);
  Batch batch = table_.batch();
  if (equal_.live) batch.open(hull(pages));
  refine(pages, plan, batch, spent);
  for_each_huge_page(pages, [&](const Tails& tails) {
    for_each_tail(tails, [&](const Leaf& leaf, std::size_t n) {
      freed[n] = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    });
  });
  share_tails(pages, zone_page, plan, batch, spent);
  spent.flush = batch.cost();
  if (cost != nullptr) *cost = spent;
  return {};
}

template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::share_tails(std::span<const HugePage> pages, PhysicalAddress zone_page,
                                    const Plan& plan, Batch& batch, HvoCost& cost) {
  const Changer<kGeometry, P> changer(table_.site(), config_.permits);
  const bool staged = plan.strategy <= Strategy::kInPlace || stages();
  cost.live_stores += 2 * cost.pages;
  const auto stage = [](const Leaf& leaf, std::size_t) { return read_only(kGeometry, leaf.raw); };
  if (staged) change(pages, Strategy::kInPlace, stage, batch);
  flush(batch, cost);
  for_each_huge_page(pages, [&](const Tails& tails) {
    if (staged) make_equal(tails, *shared_page(tails, zone_page), cost);
  });
  if (equal_.live) equal_.order_before_link();
  for_each_huge_page(pages, [&](const Tails& tails) {
    const PhysicalAddress page = *shared_page(tails, zone_page);
    const auto redirect = [&](const Leaf& leaf) {
      const std::uint64_t raw = read_only(kGeometry, leaf.raw);
      return arch::with_output_address(kGeometry, {raw}, leaf.level, page).raw;
    };
    const Changer<kGeometry, P> in_place(equal_, config_.permits);
    const Strategy strategy = staged ? Strategy::kInPlace : plan.strategy;
    (staged ? in_place : changer).commit(tails.range, redirect, strategy, batch);
    cost.flushes += staged ? 0 : 1;
  });
  flush(batch, cost);
}

template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::restore(std::span<const HugePage> pages,
                                  std::span<const PhysicalAddress> fresh, HvoCost* cost) {
  Status status = check(pages, fresh.size());
  for (const PhysicalAddress page : fresh) {
    if (status.ok()) status = check_page(page);
  }
  if (!status.ok()) return status;
  const Plan plan = plan_restore(pages);
  if (!plan.status.ok()) return plan.status;
  equal_.live = table_.is_live();
  HvoCost spent;
  spent.pages = tails(pages);
  spent.live_stores = 2 * spent.pages;
  spent.copies = spent.pages;
  Batch batch = table_.batch();
  if (equal_.live) batch.open(hull(pages));
  restore_tails(pages, fresh, plan, batch, spent);
  spent.flush = batch.cost();
  if (cost != nullptr) *cost = spent;
  return {};
}

// With the head written all the while, a tail is copied when nobody can use it, and so after its
// break.
template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::restore_tails(std::span<const HugePage> pages,
                                      std::span<const PhysicalAddress> fresh, const Plan& plan,
                                      Batch& batch, HvoCost& cost) {
  const auto to_own = [&](const Leaf& leaf, std::size_t n) {
    return arch::with_output_address(kGeometry, {leaf.raw}, leaf.level, fresh[n]).raw;
  };
  const auto copy = [&](const Leaf& leaf, std::size_t n) {
    equal_.port.copy_page(arch::output_address(kGeometry, {leaf.raw}, leaf.level), fresh[n]);
  };
  if (plan.strategy > Strategy::kInPlace && !stages()) {
    const Changer<kGeometry, P> changer(table_.site(), config_.permits);
    for_each_huge_page(pages, [&](const Tails& tails) {
      const auto own = [&](const Leaf& leaf) {
        return restored(to_own(leaf, tails.number(leaf.input)));
      };
      changer.commit(tails.range, own, plan.strategy, batch,
                     [&](const Leaf& leaf) { copy(leaf, tails.number(leaf.input)); });
      ++cost.flushes;
    });
    return;
  }
  for_each_huge_page(pages, [&](const Tails& tails) { for_each_tail(tails, copy); });
  if (equal_.live) equal_.order_before_link();
  change(pages, Strategy::kInPlace, to_own, batch);
  flush(batch, cost);
  const auto release = [&](const Leaf& leaf, std::size_t) { return restored(leaf.raw); };
  change(pages, Strategy::kInPlace, release, batch);
  flush(batch, cost);
}

// The range around all tails.
template <arch::Geometry kGeometry, CopiesPages P>
Range Hvo<kGeometry, P>::hull(std::span<const HugePage> pages) const {
  Range first;
  Range last;
  (void)tail_range(pages.front(), first);
  (void)tail_range(pages.back(), last);
  return {first.start, last.end};
}

}  // namespace amalgam::pgtable
