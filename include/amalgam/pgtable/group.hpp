// Neighbouring leaves that change together: contiguous groups, and the leaves of a whole table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// `count` descriptors at `level` from `index` of an open table on; the first translates `input`.
template <Port P>
struct Neighbours {
  const OpenTable<P>& view;
  std::size_t index = 0;
  std::size_t count = 0;
  int level = arch::kPageLevel;
  std::uint64_t input = 0;
};

template <arch::Geometry kGeometry, Port P>
constexpr Range range_of(const Neighbours<P>& n) {
  return {n.input, n.input + (n.count << arch::level_size_lg2(kGeometry, n.level))};
}

// The contiguous group around a leaf in an open table.
template <arch::Geometry kGeometry, Port P>
Neighbours<P> group_of(const OpenTable<P>& view, std::size_t index, const Leaf& leaf) {
  const std::size_t entries = arch::contiguous_entries(kGeometry, leaf.level);
  return {view, index & ~(entries - 1), entries, leaf.level, group_range(kGeometry, leaf).start};
}

// Flipping the contiguous bit of the group around `leaf`. Judged as if all its members were
// accessed: an entry made from one that is translates the others' addresses too.
template <arch::Geometry kGeometry, Port P>
arch::Change contiguous_flip(const Site<kGeometry, P>& site, const Leaf& leaf) {
  const std::uint64_t raw = leaf.raw | arch::bits::kAccessFlag;
  const std::uint64_t flipped = raw ^ arch::bits::kContiguous;
  return site.classify({{raw}, leaf.level}, {{flipped}, leaf.level}, leaf.input);
}

// What a run of neighbours maps.
struct Run {
  std::uint64_t raw = 0;  // the first leaf, with the access flag and the dirty state of all
  bool is_even = true;    // all have the same of those
};

// The neighbours as one run: leaves alike, to output addresses that follow one another from a
// multiple of their size on. Access flags, dirty states and contiguous bits may differ.
template <arch::Geometry kGeometry, Port P>
std::optional<Run> run_of(const Neighbours<P>& n) {
  const std::uint64_t size = arch::level_size_bytes(kGeometry, n.level);
  const std::uint64_t first = n.view.load(n.index);
  if (!arch::is_leaf(kGeometry, {first}, n.level)) return std::nullopt;
  const std::uint64_t output = arch::output_address(kGeometry, {first}, n.level);
  if ((output & (n.count * size - 1)) != 0) return std::nullopt;
  const std::uint64_t may_differ = hardware_bits(kGeometry, first) | arch::bits::kContiguous;
  Run run{first};
  for (std::size_t i = 1; i < n.count; ++i) {
    const std::uint64_t raw = n.view.load(n.index + i);
    const std::uint64_t alike =
        arch::with_output_address(kGeometry, {first}, n.level, output + i * size).raw;
    if (((raw ^ alike) & ~may_differ) != 0) return std::nullopt;
    run.is_even &= ((raw ^ alike) & hardware_bits(kGeometry, first)) == 0;
    run.raw = with_history_of(kGeometry, run.raw, raw);
  }
  return run;
}

// What a leaf has to be taken for that hardware may go on marking while it is replaced: marked.
template <arch::Geometry kGeometry>
constexpr std::uint64_t as_if_marked(const arch::ChangeContext& c, std::uint64_t raw) {
  if (c.any_hardware_af) raw |= arch::bits::kAccessFlag;
  const bool tracked = c.any_hardware_dirty && (raw & arch::bits::kDbm) != 0;
  return tracked ? arch::with_dirty(kGeometry, {raw}).raw : raw;
}

// Gives all the access flag and the dirty state of `raw`. On return the copies without are gone,
// for a change of size beside a change of permission is one that Arm has not made clear (row 20).
template <arch::Geometry kGeometry, Port P>
void make_even(const Site<kGeometry, P>& site, const Neighbours<P>& n, std::uint64_t raw,
               FlushBatch<kGeometry, P>& batch) {
  bool changed = false;
  for (std::size_t i = 0; i < n.count; ++i) {
    const auto marked = [&](std::uint64_t was) { return with_history_of(kGeometry, was, raw); };
    const std::uint64_t was = n.view.load(n.index + i);
    if (marked(was) == was) continue;
    changed = true;
    (void)replace(n.view, n.index + i, was, marked);
  }
  if (!changed || !site.live) return;
  batch.add(range_of<kGeometry>(n), n.level, false);
  batch.flush_within();
}

// Replaces each leaf by f(what it is), all of them by `strategy`; what is no leaf stays. On return
// what is stale is in `batch`; where they were broken, the new ones are visible to walks.
template <arch::Geometry kGeometry, Port P, typename F>
void change_together(const Site<kGeometry, P>& site, const Neighbours<P>& n, const F& f,
                     Strategy strategy, FlushBatch<kGeometry, P>& batch) {
  if (strategy == Strategy::kRefused) return;  // planned otherwise
  const bool breaks = strategy > Strategy::kInPlace;
  std::array<std::uint64_t, 2> broken{};  // a bit a member; groups have at most 128
  const StoppedOthers<P> stopped(site.port, strategy == Strategy::kStopOthers);
  for (std::size_t i = n.index; i < n.index + n.count; ++i) {
    const std::uint64_t seen = n.view.load(i);
    if (!arch::is_leaf(kGeometry, {seen}, n.level)) continue;
    const auto next = [&](std::uint64_t was) {
      return breaks ? was & ~arch::bits::kValid : f(was);
    };
    (void)replace(n.view, i, seen, next);
    broken[(i - n.index) / 64] |= std::uint64_t{1} << ((i - n.index) % 64);
  }
  if (site.live) batch.add(range_of<kGeometry>(n), n.level, false);
  if (!breaks) return;
  batch.flush_within();
  for (std::size_t i = 0; i < n.count; ++i) {
    if ((broken[i / 64] >> (i % 64) & 1) == 0) continue;
    n.view.store(n.index + i, f(n.view.load(n.index + i) | arch::bits::kValid));
  }
  site.publish();
}

}  // namespace amalgam::pgtable
