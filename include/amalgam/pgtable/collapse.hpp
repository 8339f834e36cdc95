// Replaces tables by blocks that translate every address as their leaves do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/group.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// Collapses every table that a range covers wholly and whose leaves add up to one block, from the
// bottom up. A table with restrictions of its own (APTable, XNTable, ...) stays: the block would
// lack them. So does one that can collapse only after those below it have, where no route is
// permitted.
template <arch::Geometry kGeometry, Port P>
class Collapser {
 public:
  using Batch = FlushBatch<kGeometry, P>;

  Collapser(const Site<kGeometry, P>& site, const Permits& permits)
      : site_(site), permits_(permits) {}

  // Counts the tables of pages or blocks that collapse as they are; tables above them, which
  // collapse only after, are not counted. Says by which route, or why it is refused.
  [[nodiscard]] Plan plan(const Range& range) const;
  // What is stale, and the tables, are in `batch` on return, except where break-before-make or nT
  // has flushed it.
  void commit(const Range& range, Batch& batch) const;

 private:
  // The entry of an open table that names the table to collapse.
  static constexpr std::uint64_t kRestrictions =
      arch::bits::kPxnTable | arch::bits::kXnTable | arch::bits::kApTable | arch::bits::kNsTable;
  struct Parent {
    const OpenTable<P>& view;
    std::size_t index = 0;
    int level = 0;
    std::uint64_t raw = 0;
    std::uint64_t input = 0;
  };

  template <int kLevel, typename Visitor>
  void below(PhysicalAddress table, const Range& range, const Visitor& visitor) const;
  template <int kLevel, typename Visitor>
  void at_entry(const OpenTable<P>& view, std::uint64_t input, const Range& range,
                const Visitor& visitor) const;
  template <typename Visitor>
  void for_each_collapsible(const Range& range, const Visitor& visitor) const;
  [[nodiscard]] arch::Change collapsing(const Parent& parent, std::uint64_t block) const;
  [[nodiscard]] Neighbours<P> leaves_of(const Parent& parent, const OpenTable<P>& table) const {
    return {table, 0, entries_in_page(kGeometry), parent.level + 1, parent.input};
  }
  [[nodiscard]] static std::uint64_t block_of(const Parent& parent, std::uint64_t leaf);
  void collapse(const Parent& parent, PhysicalAddress table) const;
  void collapse_in_place(const Parent& parent, PhysicalAddress table, Batch& batch) const;
  void collapse_by_nt(const Parent& parent, PhysicalAddress table, Batch& batch) const;
  void collapse_broken(const Parent& parent, PhysicalAddress table, Batch& batch) const;
  std::uint64_t even_block(const Parent& parent, PhysicalAddress table, Batch& batch) const;

  const Site<kGeometry, P>& site_;
  Permits permits_;
};

// The block at the parent's level that begins where `leaf`, the table's first, does.
template <arch::Geometry kGeometry, Port P>
std::uint64_t Collapser<kGeometry, P>::block_of(const Parent& parent, std::uint64_t leaf) {
  const std::uint64_t output = arch::output_address(kGeometry, {leaf}, parent.level + 1);
  const std::uint64_t not_kept = arch::output_address_mask(kGeometry, parent.level + 1) |
                                 arch::bits::kContiguous | arch::bits::kTableOrPage;
  return (leaf & ~not_kept) |
         arch::scatter_address(kGeometry, output,
                               arch::output_address_mask(kGeometry, parent.level));
}

template <arch::Geometry kGeometry, Port P>
template <int kLevel, typename Visitor>
void Collapser<kGeometry, P>::at_entry(const OpenTable<P>& view, std::uint64_t input,
                                       const Range& range, const Visitor& visitor) const {
  const std::size_t index = index_in_page(kGeometry, input, kLevel);
  const Parent parent{view, index, kLevel, view.load(index), input};
  if (!arch::is_table(kGeometry, {parent.raw}, kLevel)) return;
  const PhysicalAddress next = arch::output_address(kGeometry, {parent.raw}, kLevel);
  const Range entry{input, input + arch::level_size_bytes(kGeometry, kLevel)};
  const Range part{std::max(entry.start, range.start), std::min(entry.end, range.end)};
  if constexpr (kLevel + 1 < arch::kPageLevel) below<kLevel + 1>(next, part, visitor);
  if (part != entry || !arch::block_allowed(kGeometry, kLevel)) return;
  if (kGeometry.stage == arch::Stage::kStage1 && (parent.raw & kRestrictions) != 0) return;
  std::optional<Run> run;
  {
    const OpenTable<P> table(site_.port, next);
    run = run_of<kGeometry>(leaves_of(parent, table));
  }
  if (run) visitor(parent, next, run->raw);
}

template <arch::Geometry kGeometry, Port P>
template <int kLevel, typename Visitor>
void Collapser<kGeometry, P>::below(PhysicalAddress table, const Range& range,
                                    const Visitor& visitor) const {
  constexpr std::uint64_t size = arch::level_size_bytes(kGeometry, kLevel);
  const OpenTable<P> view(site_.port, table);
  for (std::uint64_t at = range.start & ~(size - 1); at < range.end; at += size) {
    at_entry<kLevel>(view, at, range, visitor);
  }
}

template <arch::Geometry kGeometry, Port P>
template <typename Visitor>
void Collapser<kGeometry, P>::for_each_collapsible(const Range& range,
                                                   const Visitor& visitor) const {
  constexpr int start = arch::start_level(kGeometry);
  if constexpr (start < arch::kPageLevel) {
    for_each_root_page(kGeometry, site_.root, range, [&](PhysicalAddress page, const Range& part) {
      below<start>(page, part, visitor);
      return true;
    });
  }
}

template <arch::Geometry kGeometry, Port P>
arch::Change Collapser<kGeometry, P>::collapsing(const Parent& parent, std::uint64_t block) const {
  arch::ChangeContext c = site_.context;
  c.contents = arch::Contents::kSame;
  return arch::classify({{parent.raw}, parent.level}, {{block}, parent.level}, c);
}

template <arch::Geometry kGeometry, Port P>
Plan Collapser<kGeometry, P>::plan(const Range& range) const {
  Plan plan;
  for_each_collapsible(range, [&](const Parent& parent, PhysicalAddress, std::uint64_t leaf) {
    ++plan.collapses;
    ++plan.changed;
    plan.leaves += entries_in_page(kGeometry);
    const arch::Change change = collapsing(parent, block_of(parent, leaf));
    const Strategy route = site_.route(change, permits_);
    note_route(plan, &Plan::strategy, route, change.row, parent.input);
    if (route > Strategy::kInPlace) ++plan.breaks;
  });
  return plan;
}

template <arch::Geometry kGeometry, Port P>
void Collapser<kGeometry, P>::commit(const Range& range, Batch& batch) const {
  for_each_collapsible(range, [&](const Parent& parent, PhysicalAddress table, std::uint64_t leaf) {
    const Strategy strategy = site_.route(collapsing(parent, block_of(parent, leaf)), permits_);
    if (strategy == Strategy::kPlainStores) {
      parent.view.store(parent.index, block_of(parent, leaf));
      site_.port.give_back(table);
    } else if (strategy == Strategy::kInPlace) {
      collapse_in_place(parent, table, batch);
    } else if (strategy == Strategy::kNoTranslation) {
      collapse_by_nt(parent, table, batch);
    } else if (strategy != Strategy::kRefused) {
      const StoppedOthers<P> stopped(site_.port, strategy == Strategy::kStopOthers);
      collapse_broken(parent, table, batch);
    }
  });
}

// The block for a table that walks go on using for a while: hardware may mark its leaves accessed
// or dirty after they were read, so they are marked now, and the block with them.
template <arch::Geometry kGeometry, Port P>
std::uint64_t Collapser<kGeometry, P>::even_block(const Parent& parent, PhysicalAddress table,
                                                  Batch& batch) const {
  const OpenTable<P> view(site_.port, table);
  const Neighbours<P> leaves = leaves_of(parent, view);
  const Run run = *run_of<kGeometry>(leaves);
  const std::uint64_t marked = as_if_marked<kGeometry>(site_.context, run.raw);
  make_even(site_, leaves, marked, batch);
  return block_of(parent, marked);
}

template <arch::Geometry kGeometry, Port P>
void Collapser<kGeometry, P>::collapse_in_place(const Parent& parent, PhysicalAddress table,
                                                Batch& batch) const {
  parent.view.store(parent.index, even_block(parent, table, batch));
  const std::uint64_t end = parent.input + arch::level_size_bytes(kGeometry, parent.level);
  batch.add({parent.input, end}, kAnyLevel, true);
  batch.retire_table(table);
}

template <arch::Geometry kGeometry, Port P>
void Collapser<kGeometry, P>::collapse_by_nt(const Parent& parent, PhysicalAddress table,
                                             Batch& batch) const {
  const std::uint64_t with_nt = even_block(parent, table, batch) | arch::bits::kNt;
  const std::uint64_t end = parent.input + arch::level_size_bytes(kGeometry, parent.level);
  parent.view.store(parent.index, with_nt);
  batch.add({parent.input, end}, kAnyLevel, true);
  batch.retire_table(table);
  batch.flush_within();
  const auto without = [](std::uint64_t raw) { return raw & ~arch::bits::kNt; };
  (void)replace(parent.view, parent.index, with_nt, without);
  batch.add({parent.input, end}, parent.level, false);
  batch.flush_within();
}

template <arch::Geometry kGeometry, Port P>
void Collapser<kGeometry, P>::collapse_broken(const Parent& parent, PhysicalAddress table,
                                              Batch& batch) const {
  const std::uint64_t end = parent.input + arch::level_size_bytes(kGeometry, parent.level);
  parent.view.store(parent.index, parent.raw & ~arch::bits::kValid);
  batch.add({parent.input, end}, kAnyLevel, true);
  batch.flush_within();
  std::optional<Run> run;
  {
    const OpenTable<P> view(site_.port, table);
    run = run_of<kGeometry>(leaves_of(parent, view));
  }
  parent.view.store(parent.index, block_of(parent, run->raw));
  site_.publish();
  site_.port.give_back(table);
}

}  // namespace amalgam::pgtable
