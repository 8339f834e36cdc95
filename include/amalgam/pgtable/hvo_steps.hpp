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

// Everything that has to hold before anything is changed, and the range around all tails.
template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::check(std::span<const HugePage> pages, std::size_t room,
                                Range& hull) const {
  if (pages.empty()) return {Error::kEmptyRange};
  hull = {~std::uint64_t{0}, 0};
  for (const HugePage& page : pages) {
    Range range;
    const Status status = tail_range(page, range);
    if (!status.ok()) return status;
    hull = {std::min(hull.start, range.start), std::max(hull.end, range.end)};
  }
  if (room < tails(pages)) return {Error::kNoMemory, pages.front().vmemmap_va};
  return {};
}

template <arch::Geometry kGeometry, CopiesPages P>
template <typename F>
void Hvo<kGeometry, P>::for_each_tail_range(std::span<const HugePage> pages, const F& f) const {
  for (const HugePage& page : pages) {
    Range range;
    if (tail_range(page, range).ok()) f(page, range);
  }
}

// Calls f(leaf, n) for the n-th page of a range that is mapped by pages.
template <arch::Geometry kGeometry, CopiesPages P>
template <typename F>
void Hvo<kGeometry, P>::for_each_tail(const Range& range, const F& f) const {
  const Site<kGeometry, P>& site = table_.site();
  walk<kGeometry>(site.port, site.root, range, [&](const Visit<P>& v) {
    if (v.level == arch::kPageLevel) {
      f(Leaf{v.raw, v.level, v.input}, static_cast<std::size_t>((v.input - range.start) / kPage));
    }
    return Step::kDescend;
  });
}

template <arch::Geometry kGeometry, CopiesPages P>
auto Hvo<kGeometry, P>::to_shared(PhysicalAddress page) const -> Mover<kGeometry, P, ToPage> {
  Attributes a = config_.attributes;
  a.writable = a.dirty_tracking = false;
  return {table_.site(), config_.permits, ToPage{page}, a, Carry::kNothing};
}

template <arch::Geometry kGeometry, CopiesPages P>
auto Hvo<kGeometry, P>::to_own(const PhysicalAddress* pages, const Range& range) const
    -> Mover<kGeometry, P, ToPages> {
  return {table_.site(), config_.permits, ToPages{pages, range.start}, config_.attributes,
          Carry::kNothing};
}

template <arch::Geometry kGeometry, CopiesPages P>
PhysicalAddress Hvo<kGeometry, P>::shared_page(const HugePage& page, PhysicalAddress zone) const {
  if (config_.shared == SharedTail::kZonePage) return zone;
  const std::optional<Translation> head = table_.query(page.vmemmap_va);
  return head ? head->output : zone;
}

// Splitting what the tails lie in, and moving one of them, which stands for all.
template <arch::Geometry kGeometry, CopiesPages P>
Plan Hvo<kGeometry, P>::plan_one(const Range& range) const {
  const Site<kGeometry, P>& site = table_.site();
  Plan plan;
  std::uint64_t mapped = 0;
  walk<kGeometry>(site.port, site.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    mapped += v.part.bytes();
    return Step::kNext;
  });
  if (mapped != range.bytes()) plan.status = {Error::kNotMapped, range.start};
  if (plan.status.ok()) {
    Splitter<kGeometry, P>(site, config_.permits).plan_refine(range, arch::kPageLevel, plan);
  }
  if (!plan.status.ok()) return plan;
  const std::uint64_t count = range.bytes() / kPage;
  plan.leaves = plan.changed = count;
  plan.strategy = site.live ? Strategy::kReadOnlyStaging : Strategy::kPlainStores;
  if (!site.live || stages()) return plan;
  plan_break(range, plan);
  return plan;
}

// The head is written all the while: the contents are never known to be equal.
template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::plan_break(const Range& range, Plan& plan) const {
  const Site<kGeometry, P>& site = table_.site();
  const std::uint64_t was = leaf_descriptor(kGeometry, arch::kPageLevel, 0, config_.attributes);
  const std::uint64_t is = read_only(kGeometry, was) | kPage;
  const arch::Change change =
      site.classify({{was}, arch::kPageLevel}, {{is}, arch::kPageLevel}, range.start);
  plan.strategy = site.route(change, config_.permits);
  plan.breaks = range.bytes() / kPage;
  plan.row = change.row;
  if (plan.strategy == Strategy::kRefused) {
    plan.status = {Error::kNotPermitted, range.start, change.row};
  }
}

template <arch::Geometry kGeometry, CopiesPages P>
Plan Hvo<kGeometry, P>::plan_share(std::span<const HugePage> pages) const {
  Plan all;
  Range hull;
  all.status = check(pages, static_cast<std::size_t>(tails(pages)), hull);
  if (!all.status.ok()) return all;
  for_each_tail_range(pages, [&](const HugePage& page, const Range& range) {
    if (!all.status.ok()) return;
    Plan one = plan_one(range);
    if (!one.status.ok()) one.status.va = page.vmemmap_va;
    add(all, one);
  });
  return all;
}

template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::flush(Batch& batch, HvoCost& cost) const {
  if (batch.is_stale()) ++cost.flushes;
  batch.flush_within();
}

// Neighbouring huge pages may lie in one block, so that fewer tables are taken than were counted.
template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::refine(std::span<const HugePage> pages, const Plan& plan, Batch& batch,
                               HvoCost& cost) {
  Site<kGeometry, P>& site = table_.site();
  const Splitter<kGeometry, P> splitter(site, config_.permits);
  for_each_tail_range(pages, [&](const HugePage&, const Range& range) {
    cost.tables += splitter.refine(range, arch::kPageLevel, batch);
  });
  site.port.release(plan.tables - cost.tables);
  cost.private_stores += cost.tables * entries_in_page(kGeometry);
  cost.live_stores += cost.tables;
  flush(batch, cost);
}

template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::make_equal(const Range& range, PhysicalAddress page, HvoCost& cost) const {
  P& port = table_.site().port;
  for_each_tail(range, [&](const Leaf& leaf, std::size_t) {
    const PhysicalAddress own = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    if (own == page || port.same_contents(page, own)) return;
    port.copy_page(page, own);
    ++cost.copies;
  });
}

template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::share(std::span<const HugePage> pages, PhysicalAddress zone_page,
                                std::span<PhysicalAddress> freed, HvoCost* cost) {
  Range hull;
  const Status status = check(pages, freed.size(), hull);
  const Plan plan = status.ok() ? plan_share(pages) : Plan{.status = status};
  if (!plan.status.ok()) return plan.status;
  Site<kGeometry, P>& site = table_.site();
  if (!site.port.reserve(plan.tables)) return {Error::kNoMemory, pages.front().vmemmap_va};
  HvoCost spent;
  spent.pages = tails(pages);
  Batch batch = table_.batch();
  if (site.live) batch.open(hull);
  refine(pages, plan, batch, spent);
  PhysicalAddress* out = freed.data();
  for_each_tail_range(pages, [&](const HugePage&, const Range& range) {
    for_each_tail(range, [&](const Leaf& leaf, std::size_t n) {
      out[n] = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    });
    out += range.bytes() / kPage;
  });
  share_tails(pages, zone_page, plan, batch, spent);
  spent.flush = batch.cost();
  if (cost != nullptr) *cost = spent;
  return {};
}

template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::share_tails(std::span<const HugePage> pages, PhysicalAddress zone_page,
                                    const Plan& plan, Batch& batch, HvoCost& cost) {
  const bool live = table_.is_live();
  cost.live_stores += 2 * cost.pages;
  if (plan.strategy > Strategy::kInPlace && plan.strategy != Strategy::kReadOnlyStaging) {
    for_each_tail_range(pages, [&](const HugePage& page, const Range& range) {
      to_shared(shared_page(page, zone_page)).move_by(range, plan.strategy, batch);
      cost.flushes += 1;
    });
    return;
  }
  for_each_tail_range(pages, [&](const HugePage& page, const Range& range) {
    to_shared(shared_page(page, zone_page)).stage(range, batch);
  });
  flush(batch, cost);
  for_each_tail_range(pages, [&](const HugePage& page, const Range& range) {
    make_equal(range, shared_page(page, zone_page), cost);
  });
  if (live) table_.site().order_before_link();
  for_each_tail_range(pages, [&](const HugePage& page, const Range& range) {
    to_shared(shared_page(page, zone_page)).redirect(range, batch);
  });
  flush(batch, cost);
}

// A tail that does not share, or is not mapped by a page, was never shared.
template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::check_shared(const Range& range) const {
  std::uint64_t alike = 0;
  PhysicalAddress first = 0;
  for_each_tail(range, [&](const Leaf& leaf, std::size_t n) {
    if (!arch::is_leaf(kGeometry, {leaf.raw}, leaf.level)) return;
    const PhysicalAddress page = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    if (n == 0) first = page;
    const bool writable = arch::is_writable(kGeometry, {leaf.raw}, leaf.level, true);
    alike += page == first && !writable ? 1 : 0;
  });
  return alike * kPage == range.bytes() ? Status{} : Status{Error::kNotShared, range.start};
}

template <arch::Geometry kGeometry, CopiesPages P>
Status Hvo<kGeometry, P>::restore(std::span<const HugePage> pages,
                                  std::span<const PhysicalAddress> fresh, HvoCost* cost) {
  Range hull;
  Status status = check(pages, fresh.size(), hull);
  for_each_tail_range(pages, [&](const HugePage& page, const Range& range) {
    if (status.ok() && !check_shared(range).ok()) status = {Error::kNotShared, page.vmemmap_va};
  });
  Plan plan;
  plan.strategy = Strategy::kReadOnlyStaging;
  if (table_.is_live() && !stages()) plan_break(hull, plan);
  if (status.ok()) status = plan.status;
  if (!status.ok()) return status;
  HvoCost spent;
  spent.pages = tails(pages);
  spent.live_stores = 2 * spent.pages;
  spent.copies = spent.pages;
  Batch batch = table_.batch();
  if (table_.is_live()) batch.open(hull);
  restore_tails(pages, fresh.data(), plan.strategy, batch, spent);
  spent.flush = batch.cost();
  if (cost != nullptr) *cost = spent;
  return {};
}

template <arch::Geometry kGeometry, CopiesPages P>
void Hvo<kGeometry, P>::restore_tails(std::span<const HugePage> pages, const PhysicalAddress* fresh,
                                      Strategy strategy, Batch& batch, HvoCost& cost) {
  P& port = table_.site().port;
  const PhysicalAddress* own = fresh;
  for_each_tail_range(pages, [&](const HugePage&, const Range& range) {
    for_each_tail(range, [&](const Leaf& leaf, std::size_t n) {
      port.copy_page(arch::output_address(kGeometry, {leaf.raw}, leaf.level), own[n]);
    });
    own += range.bytes() / kPage;
  });
  if (table_.is_live()) table_.site().order_before_link();
  own = fresh;
  if (strategy != Strategy::kReadOnlyStaging) {
    for_each_tail_range(pages, [&](const HugePage&, const Range& range) {
      to_own(own, range).move_by(range, strategy, batch);
      own += range.bytes() / kPage;
      cost.flushes += 1;
    });
    return;
  }
  for_each_tail_range(pages, [&](const HugePage&, const Range& range) {
    to_own(own, range).redirect(range, batch);
    own += range.bytes() / kPage;
  });
  flush(batch, cost);
  own = fresh;
  for_each_tail_range(pages, [&](const HugePage&, const Range& range) {
    to_own(own, range).release(range, batch);
    own += range.bytes() / kPage;
  });
  flush(batch, cost);
}

}  // namespace amalgam::pgtable
