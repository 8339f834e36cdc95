// The tables of one root.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/pgtable/attributes.hpp"
#include "amalgam/pgtable/change.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/map.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"
#include "amalgam/pgtable/status.hpp"
#include "amalgam/pgtable/unmap.hpp"
#include "amalgam/pgtable/walk.hpp"

namespace amalgam::pgtable {

// What an input address leads to.
struct Translation {
  std::uint64_t output = 0;
  int level = arch::kPageLevel;
  std::uint64_t raw = 0;  // the leaf
};

// One root and everything below it. The geometry is fixed at compile time, so that levels that it
// folds away cost nothing.
//
// Before activate() nobody walks the tables, and every change is a plain store. From then on the
// rules for live tables hold. Callers serialise changes to one root by a lock of theirs; hardware
// may walk, and update AF and dirty state, all the time.
//
// Addresses are input addresses as the CPU sees them, canonical for their half; sizes are bytes.
template <arch::Geometry kGeometry, Port P>
class PageTable {
 public:
  struct Config {
    Half half = Half::kLower;
    arch::Features features;
    TlbContext tlb;
    Knowledge knowledge;
  };
  using Batch = FlushBatch<kGeometry, P>;

  // Tables whose root is the page, or the concatenated pages, at `root`. `config.tlb.half` is taken
  // from `config.half`.
  PageTable(P& port, PhysicalAddress root, const Config& config)
      : port_(port), root_(root), config_(config) {
    config_.tlb.half = config.half;
  }

  // Zeroes the root. Only before activate().
  void clear_root();

  // From here on hardware may walk the tables. On return everything written so far is visible to
  // walks of every CPU (DSB ISHST) and of this one (ISB).
  void activate();
  [[nodiscard]] bool is_live() const { return live_; }

  // A batch for changes to these tables. It must not outlive them.
  [[nodiscard]] Batch batch() { return Batch(port_, config_.features, config_.tlb); }

  // Maps [va, va + bytes) to `output` on, with the largest leaves that addresses and `sizes` allow.
  // Fails, with nothing changed, where something is mapped already or table pages run out. `batch`
  // is flushed first if it holds anything of the range, for the old and the new leaf would else be
  // one direct change. On return walks of every CPU see the mapping (DSB ISHST), and this CPU's
  // later instructions use it (ISB). Cost: one load for each descriptor on the way, one store for
  // each that is written, one view and at most one barrier for each new table.
  Status map(std::uint64_t va, std::uint64_t bytes, std::uint64_t output,
             const Attributes& attributes, Batch& batch, const LeafSizes& sizes = {},
             MapCost* cost = nullptr);

  // Takes away whatever [va, va + bytes) maps; holes are fine. Tables that the range covers wholly
  // are freed once the batch is flushed. Until then accesses may still succeed. Fails, with nothing
  // changed, where the range cuts through a block or a contiguous group.
  Status unmap(std::uint64_t va, std::uint64_t bytes, Batch& batch);

  // Gives every leaf of [va, va + bytes) the attributes, whatever it maps to. What is not mapped
  // stays so. Narrower permissions may be relied upon once the batch is flushed. Which routes are
  // taken, and refused, is plan_change's to say.
  Status protect(std::uint64_t va, std::uint64_t bytes, const Attributes& attributes,
                 const Permits& permits, Batch& batch);

  // Any change of leaves that keeps their sizes: f(const Leaf&) -> new descriptor.
  template <typename F>
  [[nodiscard]] ChangePlan plan_change(std::uint64_t va, std::uint64_t bytes, const F& f,
                                       const Permits& permits) const;
  template <typename F>
  Status change(std::uint64_t va, std::uint64_t bytes, const F& f, const Permits& permits,
                Batch& batch);

  // What `va` leads to now, by a walk of memory; nothing where a walk would fault.
  [[nodiscard]] std::optional<Translation> query(std::uint64_t va) const;

  [[nodiscard]] PhysicalAddress root() const { return root_; }

 private:
  static constexpr int kStart = arch::start_level(kGeometry);

  [[nodiscard]] Status range_of(std::uint64_t va, std::uint64_t bytes, Range& range) const {
    return to_range(kGeometry, config_.half, va, bytes, range);
  }
  [[nodiscard]] Changer<kGeometry, P> changer(const Permits& permits) const {
    return {port_, root_, config_.features, live_, permits, config_.knowledge};
  }
  void publish();
  Status count(const Range& range, const Mapping& mapping, std::uint64_t& tables) const;

  P& port_;
  PhysicalAddress root_;
  Config config_;
  bool live_ = false;
};

template <arch::Geometry kGeometry, Port P>
void PageTable<kGeometry, P>::clear_root() {
  for (std::size_t page = 0; page < root_pages(kGeometry); ++page) {
    const OpenTable<P> view(port_, root_ + (page << arch::page_lg2(kGeometry.granule)));
    for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) view.store(i, 0);
  }
}

template <arch::Geometry kGeometry, Port P>
void PageTable<kGeometry, P>::publish() {
  const arch::Domain domain = config_.tlb.single_cpu ? arch::Domain::kNsh : arch::Domain::kIsh;
  port_.barrier({arch::BarrierKind::kDsb, domain, arch::Access::kStore});
  port_.barrier({arch::BarrierKind::kIsb, arch::Domain::kSy, arch::Access::kAll});
}

template <arch::Geometry kGeometry, Port P>
void PageTable<kGeometry, P>::activate() {
  publish();
  live_ = true;
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::count(const Range& range, const Mapping& mapping,
                                      std::uint64_t& tables) const {
  Status status;
  for_each_root_page(kGeometry, root_, range, [&](PhysicalAddress page, const Range& part) {
    status = map_detail::count_tables<kGeometry, kStart>(port_, page, part, mapping, tables);
    return status.ok();
  });
  return status;
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::map(std::uint64_t va, std::uint64_t bytes, std::uint64_t output,
                                    const Attributes& attributes, Batch& batch,
                                    const LeafSizes& sizes, MapCost* cost) {
  Range range;
  Status status = range_of(va, bytes, range);
  if (!status.ok()) return status;
  if ((output & (arch::page_bytes(kGeometry.granule) - 1)) != 0) return {Error::kMisaligned, va};
  const std::uint64_t output_last = arch::low_mask(kGeometry.pa_bits);
  if (output > output_last || bytes - 1 > output_last - output) return {Error::kOutOfRange, va};
  const Mapping mapping{output - range.start, attributes, sizes};
  std::uint64_t tables = 0;
  status = count(range, mapping, tables);
  if (!status.ok()) return {status.error, status.va | half_bits(kGeometry, config_.half)};
  if (!port_.reserve(tables)) return {Error::kNoMemory, va};
  if (batch.is_pending(range)) batch.flush();
  MapCost spent;
  map_detail::Writer<kGeometry, P> writer(port_, mapping, live_, spent);
  for_each_root_page(kGeometry, root_, range, [&](PhysicalAddress page, const Range& part) {
    const OpenTable<P> view(port_, page);
    writer.template fill<kStart>(view, part, false);
    return true;
  });
  if (live_) publish();
  if (cost != nullptr) *cost = spent;
  return {};
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::unmap(std::uint64_t va, std::uint64_t bytes, Batch& batch) {
  Range range;
  Status status = range_of(va, bytes, range);
  if (!status.ok()) return status;
  status = unmap_detail::check<kGeometry>(port_, root_, range);
  if (!status.ok()) return {status.error, status.va | half_bits(kGeometry, config_.half)};
  unmap_detail::Clearer<kGeometry, P> clearer(port_, batch);
  for_each_root_page(kGeometry, root_, range, [&](PhysicalAddress page, const Range& part) {
    clearer.template clear<kStart>(page, part);
    return true;
  });
  return {};
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
ChangePlan PageTable<kGeometry, P>::plan_change(std::uint64_t va, std::uint64_t bytes, const F& f,
                                                const Permits& permits) const {
  Range range;
  const Status status = range_of(va, bytes, range);
  if (!status.ok()) {
    ChangePlan refused;
    refused.status = status;
    return refused;
  }
  ChangePlan plan = changer(permits).plan(range, f);
  if (!plan.status.ok()) plan.status.va |= half_bits(kGeometry, config_.half);
  return plan;
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Status PageTable<kGeometry, P>::change(std::uint64_t va, std::uint64_t bytes, const F& f,
                                       const Permits& permits, Batch& batch) {
  const ChangePlan plan = plan_change(va, bytes, f, permits);
  if (!plan.status.ok()) return plan.status;
  Range range;
  (void)range_of(va, bytes, range);
  changer(permits).commit(range, f, plan, batch);
  // What waits in the batch is ordered by its flush.
  const bool flushed = plan.strategy == Strategy::kBreakBeforeMake || batch.empty();
  if (live_ && plan.changed != 0 && flushed) publish();
  return {};
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::protect(std::uint64_t va, std::uint64_t bytes,
                                        const Attributes& attributes, const Permits& permits,
                                        Batch& batch) {
  const auto with_attributes = [&](const Leaf& leaf) {
    const std::uint64_t output = arch::output_address(kGeometry, {leaf.raw}, leaf.level);
    const std::uint64_t raw = leaf_descriptor(kGeometry, leaf.level, output, attributes);
    return raw | (leaf.raw & arch::bits::kContiguous);
  };
  return change(va, bytes, with_attributes, permits, batch);
}

template <arch::Geometry kGeometry, Port P>
std::optional<Translation> PageTable<kGeometry, P>::query(std::uint64_t va) const {
  const std::uint64_t page = arch::page_bytes(kGeometry.granule);
  Range range;
  if (!range_of(va & ~(page - 1), page, range).ok()) return std::nullopt;
  std::optional<Translation> found;
  walk<kGeometry>(port_, root_, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const std::uint64_t size = arch::level_size_bytes(kGeometry, v.level);
    const std::uint64_t base = arch::output_address(kGeometry, {v.raw}, v.level);
    found = Translation{base + (va & (size - 1)), v.level, v.raw};
    return Step::kStop;
  });
  return found;
}

}  // namespace amalgam::pgtable
