// Takes blocks and contiguous groups apart, so that a range begins and ends between leaves.
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
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// Splits what is cut by an address. A cut through a block at level L makes tables at L+1 and, until
// the cut falls between two entries, below; a cut through a contiguous group takes its bit away.
template <arch::Geometry kGeometry, Port P>
class Splitter {
 public:
  using Batch = FlushBatch<kGeometry, P>;

  Splitter(const Site<kGeometry, P>& site, const Permits& permits)
      : site_(site), permits_(permits) {}

  // Adds to `plan` what cutting at both ends of `range` takes, or why it is refused. Where both
  // cuts share a block, more tables may be counted than are taken.
  void plan(const Range& range, Plan& plan) const;

  // Carries it out with reserved table pages, and says how many it took. What has been split in
  // place is stale in `batch`: flush it before a piece is changed, for a stale block beside a
  // changed piece is a change of size and of more (R_PVTFW).
  std::uint64_t commit(const Range& range, Batch& batch) const;

  // The same for leaving no leaf in `range` above `level`, and no group.
  void plan_refine(const Range& range, int level, Plan& plan) const;
  std::uint64_t refine(const Range& range, int level, Batch& batch) const;

  // Replaces the block that `view` has at `index` by a table of `strategy`, with a reserved page.
  void split_block(const OpenTable<P>& view, std::size_t index, const Leaf& block,
                   Strategy strategy, Batch& batch) const;

 private:
  // Leaf that `at` falls into the middle of, with or without its group.
  [[nodiscard]] std::optional<Leaf> cut_leaf(std::uint64_t at) const;
  void plan_cut(std::uint64_t at, std::uint64_t made, Plan& plan) const;
  void judge(const arch::Change& change, const Leaf& leaf, Plan& plan) const;
  [[nodiscard]] arch::Change splitting(const Leaf& leaf) const;
  std::uint64_t cut(std::uint64_t at, Batch& batch) const;
  // Takes the group apart that `at` is in, or else splits the block by one level, into a table page
  // that it counts. False where no route is permitted, which the plan would have said.
  bool divide(std::uint64_t at, std::uint64_t& taken, Batch& batch) const;
  [[nodiscard]] std::optional<std::uint64_t> next_to_divide(const Range& range, int level) const;
  [[nodiscard]] std::optional<Leaf> leaf_at(std::uint64_t at) const;
  void fill(PhysicalAddress page, const Leaf& block) const;
  void split_in_place(const OpenTable<P>& view, std::size_t index, const Leaf& block,
                      PhysicalAddress page, Batch& batch) const;
  void split_broken(const OpenTable<P>& view, std::size_t index, const Leaf& block,
                    PhysicalAddress page, Batch& batch) const;

  const Site<kGeometry, P>& site_;
  Permits permits_;
};

template <arch::Geometry kGeometry, Port P>
std::optional<Leaf> Splitter<kGeometry, P>::leaf_at(std::uint64_t at) const {
  std::optional<Leaf> found;
  if (at > arch::low_mask(kGeometry.va_bits)) return found;
  walk<kGeometry>(site_.port, site_.root, {at, at + 1}, [&](const Visit<P>& v) {
    if (arch::is_leaf(kGeometry, {v.raw}, v.level)) found = Leaf{v.raw, v.level, v.input};
    return Step::kDescend;
  });
  return found;
}

template <arch::Geometry kGeometry, Port P>
std::optional<Leaf> Splitter<kGeometry, P>::cut_leaf(std::uint64_t at) const {
  const std::optional<Leaf> found = leaf_at(at);
  return found && whole_leaf(kGeometry, *found).start != at ? found : std::nullopt;
}

// Judged by the table alone: its leaves translate every address as the block did.
template <arch::Geometry kGeometry, Port P>
arch::Change Splitter<kGeometry, P>::splitting(const Leaf& leaf) const {
  arch::ChangeContext c = site_.context;
  c.contents = arch::Contents::kSame;
  return arch::classify({{leaf.raw}, leaf.level}, {{table_descriptor<kGeometry>(0)}, leaf.level},
                        c);
}

template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::judge(const arch::Change& change, const Leaf& leaf, Plan& plan) const {
  note_route(plan, &Plan::split_strategy, site_.route(change, permits_), change.row, leaf.input);
}

// What the cut at `made`, 0 for none, has split already is not counted again.
template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::plan_cut(std::uint64_t at, std::uint64_t made, Plan& plan) const {
  const std::optional<Leaf> found = cut_leaf(at);
  if (!found) return;
  if (!permits_.split) {
    plan.status = {Error::kPartialBlock, found->input};
    return;
  }
  const Range whole = whole_leaf(kGeometry, *found);
  const bool grouped = arch::is_contiguous(kGeometry, {found->raw}, found->level);
  if (grouped && (made <= whole.start || made >= whole.end)) ++plan.unfolds;
  if (grouped) judge(contiguous_flip(site_, *found), *found, plan);
  for (int level = found->level; at % arch::level_size_bytes(kGeometry, level) != 0; ++level) {
    const unsigned size_lg2 = arch::level_size_lg2(kGeometry, level);
    const bool cut_before =
        made >> size_lg2 == at >> size_lg2 && made % arch::level_size_bytes(kGeometry, level) != 0;
    if (cut_before) continue;
    const Leaf piece{piece_of(kGeometry, *found, level, at), level, found->input};
    ++plan.splits;
    ++plan.tables;
    judge(splitting(level == found->level ? *found : piece), *found, plan);
  }
}

template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::plan(const Range& range, Plan& plan) const {
  plan_cut(range.start, 0, plan);
  if (plan.status.ok()) plan_cut(range.end, range.start, plan);
}

template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::fill(PhysicalAddress page, const Leaf& block) const {
  const OpenTable<P> view(site_.port, page);
  const std::uint64_t size = arch::level_size_bytes(kGeometry, block.level + 1);
  for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) {
    view.store(i, piece_of(kGeometry, block, block.level + 1, block.input + i * size));
  }
}

// Hardware may mark the block accessed or dirty until the table is linked: then the table is filled
// again, or the mark would be lost.
template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::split_in_place(const OpenTable<P>& view, std::size_t index,
                                            const Leaf& block, PhysicalAddress page,
                                            Batch& batch) const {
  Leaf seen = block;
  do {
    fill(page, seen);
    site_.order_before_link();
  } while (!view.compare_exchange(index, seen.raw, table_descriptor<kGeometry>(page)));
  batch.add(own_range(kGeometry, block), block.level, false);
}

// The table is filled before the break to keep the window short, and once more where hardware has
// marked the block in between.
template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::split_broken(const OpenTable<P>& view, std::size_t index,
                                          const Leaf& block, PhysicalAddress page,
                                          Batch& batch) const {
  fill(page, block);
  const auto broken = [](std::uint64_t raw) { return raw & ~arch::bits::kValid; };
  const std::uint64_t last = replace(view, index, block.raw, broken);
  batch.add(own_range(kGeometry, block), block.level, false);
  batch.flush_within();
  if (last != block.raw) fill(page, {last, block.level, block.input});
  site_.order_before_link();
  view.store(index, table_descriptor<kGeometry>(page));
  site_.publish();
}

template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::split_block(const OpenTable<P>& view, std::size_t index,
                                         const Leaf& block, Strategy strategy, Batch& batch) const {
  const PhysicalAddress page = site_.port.take();
  if (strategy == Strategy::kPlainStores) {
    fill(page, block);
    view.store(index, table_descriptor<kGeometry>(page));
  } else if (strategy == Strategy::kInPlace) {
    split_in_place(view, index, block, page, batch);
  } else if (strategy == Strategy::kNoTranslation) {
    const auto with_nt = [](std::uint64_t raw) { return raw | arch::bits::kNt; };
    const std::uint64_t was = replace(view, index, block.raw, with_nt);
    batch.add(own_range(kGeometry, block), block.level, false);
    batch.flush_within();
    split_in_place(view, index, {with_nt(was), block.level, block.input}, page, batch);
    batch.flush_within();
  } else {
    const StoppedOthers<P> stopped(site_.port, strategy == Strategy::kStopOthers);
    split_broken(view, index, block, page, batch);
  }
}

template <arch::Geometry kGeometry, Port P>
bool Splitter<kGeometry, P>::divide(std::uint64_t at, std::uint64_t& taken, Batch& batch) const {
  const auto alone = [](std::uint64_t raw) { return raw & ~arch::bits::kContiguous; };
  bool divided = false;
  walk<kGeometry>(site_.port, site_.root, {at, at + 1}, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const Leaf leaf{v.raw, v.level, v.input};
    const bool grouped = arch::is_contiguous(kGeometry, {v.raw}, v.level);
    const Strategy route =
        site_.route(grouped ? contiguous_flip(site_, leaf) : splitting(leaf), permits_);
    divided = route != Strategy::kRefused;
    if (divided && grouped) {
      const Neighbours<P> group = group_of<kGeometry>(v.table, v.index, leaf);
      change_together(site_, group, alone, route, batch);
    } else if (divided) {
      split_block(v.table, v.index, leaf, route, batch);
      ++taken;
    }
    return Step::kStop;
  });
  return divided;
}

template <arch::Geometry kGeometry, Port P>
std::uint64_t Splitter<kGeometry, P>::cut(std::uint64_t at, Batch& batch) const {
  std::uint64_t taken = 0;
  while (cut_leaf(at) && divide(at, taken, batch)) {
  }
  return taken;
}

template <arch::Geometry kGeometry, Port P>
std::uint64_t Splitter<kGeometry, P>::commit(const Range& range, Batch& batch) const {
  const std::uint64_t taken = cut(range.start, batch);
  return taken + cut(range.end, batch);
}

// Blocks at each level that have something in the range become tables; a block that sticks out is
// split in the part outside no further than its own table.
template <arch::Geometry kGeometry, Port P>
void Splitter<kGeometry, P>::plan_refine(const Range& range, int level, Plan& plan) const {
  if (level < arch::start_level(kGeometry) || level > arch::kPageLevel) {
    plan.status = {Error::kOutOfRange, range.start};
    return;
  }
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const Leaf leaf{v.raw, v.level, v.input};
    if (arch::is_contiguous(kGeometry, {v.raw}, v.level)) {
      ++plan.unfolds;  // once for each member in the range
      judge(contiguous_flip(site_, leaf), leaf, plan);
    }
    for (int at = v.level; at < level && plan.status.ok(); ++at) {
      const unsigned size_lg2 = arch::level_size_lg2(kGeometry, at);
      const std::uint64_t blocks = ((v.part.end - 1) >> size_lg2) - (v.part.start >> size_lg2) + 1;
      const Leaf piece{piece_of(kGeometry, leaf, at, v.input), at, v.input};
      plan.splits += blocks;
      plan.tables += blocks;
      judge(splitting(at == v.level ? leaf : piece), leaf, plan);
    }
    return plan.status.ok() ? Step::kNext : Step::kStop;
  });
}

// The first address of the range from `at` on whose leaf is too large, or in a group.
template <arch::Geometry kGeometry, Port P>
std::optional<std::uint64_t> Splitter<kGeometry, P>::next_to_divide(const Range& range,
                                                                    int level) const {
  std::optional<std::uint64_t> found;
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const bool grouped = arch::is_contiguous(kGeometry, {v.raw}, v.level);
    if (v.level >= level && !grouped) return Step::kNext;
    found = v.part.start;
    return Step::kStop;
  });
  return found;
}

template <arch::Geometry kGeometry, Port P>
std::uint64_t Splitter<kGeometry, P>::refine(const Range& range, int level, Batch& batch) const {
  std::uint64_t taken = 0;
  Range rest = range;
  while (const std::optional<std::uint64_t> at = next_to_divide(rest, level)) {
    if (!divide(*at, taken, batch)) break;
    rest.start = *at;
  }
  return taken;
}

}  // namespace amalgam::pgtable
