// Mapping, unmapping and looking. Part of page_table.hpp.
#pragma once

#include "amalgam/pgtable/install.hpp"
#include "amalgam/pgtable/page_table_declaration.hpp"

namespace amalgam::pgtable {

template <arch::Geometry kGeometry, Port P>
void PageTable<kGeometry, P>::clear_root() {
  for (std::size_t page = 0; page < root_pages(kGeometry); ++page) {
    const OpenTable<P> view(site_.port, site_.root + (page << arch::page_lg2(kGeometry.granule)));
    for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) view.store(i, 0);
  }
}

template <arch::Geometry kGeometry, Port P>
void PageTable<kGeometry, P>::activate() {
  site_.publish();
  site_.live = true;
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::count(const Range& range, const Mapping& mapping,
                                      std::uint64_t& tables) const {
  Status status;
  for_each_root_page(kGeometry, site_.root, range, [&](PhysicalAddress page, const Range& part) {
    status = map_detail::count_tables<kGeometry, kStart>(site_.port, page, part, mapping, tables);
    return status.ok();
  });
  return status;
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::check_output(std::uint64_t va, std::uint64_t bytes,
                                             std::uint64_t output) const {
  if ((output & (arch::page_bytes(kGeometry.granule) - 1)) != 0) return {Error::kMisaligned, va};
  const std::uint64_t last = arch::low_mask(kGeometry.pa_bits);
  if (output > last || bytes - 1 > last - output) return {Error::kOutOfRange, va};
  return {};
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::map(std::uint64_t va, std::uint64_t bytes, std::uint64_t output,
                                    const Attributes& attributes, Batch& batch,
                                    const LeafSizes& sizes, MapCost* cost) {
  Range range;
  Status status = range_of(va, bytes, range);
  if (status.ok()) status = check_output(va, bytes, output);
  if (!status.ok()) return status;
  const Mapping mapping{output - range.start, attributes, sizes};
  std::uint64_t tables = 0;
  status = count(range, mapping, tables);
  if (!status.ok()) return located(status);
  if (!site_.port.reserve(tables)) return {Error::kNoMemory, va};
  if (batch.is_pending(range)) batch.flush();
  MapCost spent;
  map_detail::Writer<kGeometry, P> writer(site_.port, mapping, site_.live, spent);
  for_each_root_page(kGeometry, site_.root, range, [&](PhysicalAddress page, const Range& part) {
    const OpenTable<P> view(site_.port, page);
    writer.template fill<kStart>(view, part, false);
    return true;
  });
  if (site_.live) site_.publish();
  if (cost != nullptr) *cost = spent;
  return {};
}

template <arch::Geometry kGeometry, Port P>
Plan PageTable<kGeometry, P>::plan_unmap(std::uint64_t va, std::uint64_t bytes,
                                         const Permits& permits) const {
  return planned(va, bytes, [&](const Range& range) {
    Plan plan;
    plan.strategy = site_.live ? Strategy::kInPlace : Strategy::kPlainStores;
    Splitter<kGeometry, P>(site_, permits).plan(range, plan);
    return plan;
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::unmap(std::uint64_t va, std::uint64_t bytes, Batch& batch,
                                      const Permits& permits) {
  const Plan plan = plan_unmap(va, bytes, permits);
  return commit(va, bytes, plan, permits, batch, [&](const Range& range) {
    unmap_detail::Clearer<kGeometry, P> clearer(site_.port, site_.live, batch);
    for_each_root_page(kGeometry, site_.root, range, [&](PhysicalAddress page, const Range& part) {
      clearer.template clear<kStart>(page, part);
      return true;
    });
  });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::prune(std::uint64_t va, std::uint64_t bytes, Batch& batch) {
  Plan plan;
  Range range;
  plan.status = range_of(va, bytes, range);
  return commit(va, bytes, plan, {}, batch,
                [&](const Range& r) { (void)Pruner<kGeometry, P>(site_, batch).prune(r); });
}

template <arch::Geometry kGeometry, Port P>
Status PageTable<kGeometry, P>::install(std::uint64_t va, int level, std::uint64_t output,
                                        const Attributes& attributes) {
  if (level < kStart || level > arch::kPageLevel || !arch::leaf_allowed(kGeometry, level)) {
    return {Error::kOutOfRange, va};
  }
  const std::uint64_t bytes = arch::level_size_bytes(kGeometry, level);
  Range range;
  Status status = range_of(va, bytes, range);
  if (status.ok()) status = check_output(va, bytes, output);
  if (!status.ok()) return status;
  if (((va | output) & (bytes - 1)) != 0) return {Error::kMisaligned, va};
  const std::uint64_t leaf = leaf_descriptor(kGeometry, level, output, attributes);
  Installer<kGeometry, P> installer(site_, range.start, level, leaf);
  if (!site_.port.reserve(installer.most_tables())) return {Error::kNoMemory, va};
  status = installer.install();
  if (status.ok() && site_.live) site_.publish();
  return located(status);
}

template <arch::Geometry kGeometry, Port P>
std::optional<Translation> PageTable<kGeometry, P>::query(std::uint64_t va) const {
  const std::uint64_t page = arch::page_bytes(kGeometry.granule);
  Range range;
  if (!range_of(va & ~(page - 1), page, range).ok()) return std::nullopt;
  std::optional<Translation> found;
  walk<kGeometry>(site_.port, site_.root, range, [&](const Visit<P>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const std::uint64_t size = arch::level_size_bytes(kGeometry, v.level);
    const std::uint64_t base = arch::output_address(kGeometry, {v.raw}, v.level);
    found = Translation{base + (va & (size - 1)), v.level, v.raw};
    return Step::kStop;
  });
  return found;
}

template <arch::Geometry kGeometry, Port P>
template <typename F>
Status PageTable<kGeometry, P>::for_each_mapping(std::uint64_t va, std::uint64_t bytes,
                                                 F&& f) const {
  Range range;
  const Status status = range_of(va, bytes, range);
  if (status.ok()) pgtable::for_each_mapping<kGeometry>(site_.port, site_.root, range, f);
  return status;
}

template <arch::Geometry kGeometry, Port P>
template <typename Sink>
Status PageTable<kGeometry, P>::dump(std::uint64_t va, std::uint64_t bytes, Sink&& sink) const {
  return for_each_mapping(
      va, bytes, [&](const MappedRun& run) { describe<kGeometry>(run, config_.half, sink); });
}

}  // namespace amalgam::pgtable
