#include "hvo/linux_counts.hpp"

#include <algorithm>

#include "amalgam/arch/tlbi_range.hpp"
#include "amalgam/pgtable/move.hpp"
#include "amalgam/pgtable/site.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::hvo {

namespace {

constexpr std::uint64_t kBarriersOfFlush = 3;

arch::Geometry geometry_of(const Question& q) { return {.granule = q.granule}; }

std::uint64_t block_bytes(const Question& q) { return arch::level_size_bytes(geometry_of(q), 2); }

// TLBIs for `pages` pages of kernel addresses; of everything where Linux prefers that.
std::uint64_t range_tlbis(const Question& q, std::uint64_t pages) {
  arch::Features features;
  features.tlbi_range = q.tlbi_range;
  const arch::RangeRequest request{.start = block_bytes(q), .pages = pages};
  arch::RangeSplitter splitter({.kind = arch::TlbiKind::kVaAllAsids}, request, geometry_of(q),
                               features);
  if (splitter.prefers_whole_context()) return 1;
  std::uint64_t tlbis = 0;
  while (splitter.next()) ++tlbis;
  return tlbis;
}

Counts flushes(std::uint64_t count, std::uint64_t tlbis_each) {
  Counts c;
  c.flushes = count;
  c.tlbis = count * tlbis_each;
  c.barriers = count * kBarriersOfFlush;
  return c;
}

Counts splits(const Question& q, std::uint64_t huge_pages) {
  Counts c;
  if (!q.blocks) return c;
  const std::uint64_t block = block_bytes(q);
  const std::uint64_t each =
      saving(q.granule, q.huge_page_bytes, q.struct_page_bytes).vmemmap_bytes;
  c.tables = c.live_stores = (huge_pages * each + block - 1) / block;
  c.private_stores = c.tables * pgtable::entries_in_page(geometry_of(q));
  return c;
}

std::uint64_t pages_of_each(const Question& q) {
  return saving(q.granule, q.huge_page_bytes, q.struct_page_bytes).vmemmap_pages();
}

std::uint64_t batches_of(const Question& q) { return (q.huge_pages + q.batch - 1) / q.batch; }

// Stores and copies of sharing or restoring that flushes do not add to.
Counts stores_of(const Question& q, std::uint64_t huge_pages, bool share) {
  Counts c;
  const std::uint64_t pages = pages_of_each(q);
  c.live_stores = huge_pages * (share ? pages : pages - 1);
  c.copies = huge_pages * (share ? 1 : pages - 1);
  return c;
}

arch::Change classified(const Question& q, const arch::Entry& was, const arch::Entry& is,
                        arch::Contents contents) {
  arch::ChangeContext context;
  context.geometry = geometry_of(q);
  context.features.bbm = q.bbm;
  context.contents = contents;
  return arch::classify(was, is, context);
}

}  // namespace

Costs linux_share(const Question& q) {
  Costs costs;
  const Counts split = splits(q, 1);
  const std::uint64_t block_pages = block_bytes(q) / arch::page_bytes(q.granule);
  costs.one = split + flushes(split.tables, range_tlbis(q, block_pages)) + stores_of(q, 1, true) +
              flushes(1, range_tlbis(q, pages_of_each(q)));
  const Counts everything = flushes(2, 1);
  costs.batch = splits(q, q.batch) + stores_of(q, q.batch, true) + everything;
  costs.all =
      splits(q, q.huge_pages) + stores_of(q, q.huge_pages, true) + everything * batches_of(q);
  return costs;
}

Costs linux_restore(const Question& q) {
  Costs costs;
  const Counts everything = flushes(1, 1);
  costs.one = stores_of(q, 1, false) + flushes(1, range_tlbis(q, pages_of_each(q) - 1));
  costs.batch = stores_of(q, q.batch, false) + everything;
  costs.all = stores_of(q, q.huge_pages, false) + everything * batches_of(q);
  return costs;
}

std::vector<LinuxStep> linux_steps(const Question& q) {
  const arch::Geometry g = geometry_of(q);
  const std::uint64_t page = arch::page_bytes(q.granule);
  const pgtable::Attributes kernel{.writable = true};
  const auto leaf = [&](int level, std::uint64_t at) {
    return arch::Entry{{pgtable::leaf_descriptor(g, level, at, kernel)}, level};
  };
  const auto read_only = [&](arch::Entry entry) {
    entry.descriptor.raw = pgtable::read_only(g, entry.descriptor.raw);
    return entry;
  };
  const arch::Entry own = leaf(arch::kPageLevel, page);
  const arch::Entry other = leaf(arch::kPageLevel, 2 * page);
  const auto same = arch::Contents::kSame;
  std::vector<LinuxStep> steps;
  if (q.blocks) {
    const arch::Fields table{.kind = arch::Kind::kTable, .address = page};
    steps.push_back(
        {"split: block to table", classified(q, leaf(2, 0), {arch::encode(g, table, 2), 2}, same)});
  }
  steps.push_back({"head: to a copy, writable before and after", classified(q, own, other, same)});
  steps.push_back({"tail: writable to read-only and elsewhere",
                   classified(q, own, read_only(other), arch::Contents::kUnknown)});
  steps.push_back(
      {"restore: read-only to writable and elsewhere", classified(q, read_only(own), other, same)});
  return steps;
}

}  // namespace amalgam::hvo
