#include "model/slice_invalidations.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

#include "amalgam/arch/descriptor.hpp"

namespace amalgam::model {

namespace {

// What an operation of a row of invalidations does.
struct RowMember {
  std::uint32_t op = 0;
  Mask cut = 0;
  Mask combined = 0;
  bool local = false;

  [[nodiscard]] bool does_no_more_than(const RowMember& other) const {
    const bool within = (cut & ~other.cut) == 0 && (combined & ~other.combined) == 0;
    return within && (local || !other.local);
  }
};

// Invalidations with no barrier between them may complete in any order, so one that removes no more
// than another adds nothing: where it came first or last, the other can come too.
void keep_widest(std::vector<RowMember>& row) {
  for (std::size_t i = 0; i < row.size();) {
    bool needless = false;
    for (std::size_t j = 0; j < row.size() && !needless; ++j) {
      const bool tie = row[i].does_no_more_than(row[j]) && row[j].does_no_more_than(row[i]);
      needless = i != j && row[i].does_no_more_than(row[j]) && (!tie || j < i);
    }
    if (needless) {
      row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

}  // namespace

// Leaves out invalidations that remove nothing or nothing more than their neighbours. In a row with
// barriers but nothing else of the slice between, those in the middle that remove the same as a few
// before and after them go too.
std::vector<std::uint32_t> Invalidations::thinned(
    std::uint32_t agent, const std::vector<std::uint32_t>& relevant) const {
  constexpr std::ptrdiff_t most = 4;
  const auto& barriers = index_.barriers(agent);
  std::vector<std::uint32_t> kept;
  std::vector<RowMember> row;
  std::map<std::tuple<Mask, Mask, bool>, std::vector<std::uint32_t>> rows;
  const auto end_row = [&] {
    keep_widest(row);
    for (const RowMember& m : row) rows[{m.cut, m.combined, m.local}].push_back(m.op);
    row.clear();
  };
  const auto end_rows = [&] {
    end_row();
    for (auto& [cuts, ops] : rows) {
      const auto size = static_cast<std::ptrdiff_t>(ops.size());
      if (size > 2 * most) ops.erase(ops.begin() + most, ops.end() - most);
      kept.insert(kept.end(), ops.begin(), ops.end());
    }
    rows.clear();
  };
  for (const std::uint32_t i : relevant) {
    const auto* tlbi = std::get_if<op::Tlbi>(&program_.agents[agent].ops[i].operation);
    if (tlbi == nullptr) {
      end_rows();
      kept.push_back(i);
      continue;
    }
    const auto operation = index_.decode(*tlbi);
    if (!operation) continue;
    const RowMember m{i, covered(*operation, false), slice_.stage2 ? covered(*operation, true) : 0,
                      operation->shareability == arch::Shareability::kLocal};
    if ((m.cut | m.combined) == 0) continue;
    const auto barrier =
        std::lower_bound(barriers.begin(), barriers.end(), row.empty() ? i : row.back().op);
    if (barrier != barriers.end() && *barrier < i) end_row();
    row.push_back(m);
  }
  end_rows();
  std::sort(kept.begin(), kept.end());
  return kept;
}

arch::TlbiOperation Invalidations::mutated(arch::TlbiOperation operation) const {
  if (settings_.mutation == Mutation::kLevelHintIgnored) operation.hint.reset();
  if (settings_.mutation == Mutation::kLastLevelCutsTables) operation.last_level = false;
  return operation;
}

Mask Invalidations::covered(const arch::TlbiOperation& operation, bool combined) const {
  const arch::Geometry& g = program_.machine.geometry;
  const bool group = !settings_.assumptions.is_default(Assumption::kContiguousTlbi);
  Mask mask = 0;
  for (std::size_t i = 0; i < slice_.entries.size(); ++i) {
    const Entry& e = slice_.entries[i];
    arch::TlbEntryTag tag;
    tag.va_start = e.cover_start;
    tag.level = int{slice_.cells[e.cell].level};
    tag.leaf = e.leaf;
    tag.global = e.global && arch::has_asid(g);
    tag.regime = g.regime;
    tag.granule = g.granule;
    tag.from = arch::CachedFrom::kStage1;
    if (slice_.stage2) {
      tag.from = combined ? arch::CachedFrom::kCombined : arch::CachedFrom::kStage2;
      tag.vmid = e.tag;
    } else {
      tag.asid = e.tag;
    }
    // A walk-cache entry belongs to the root that it was read under.
    const bool any_tag = !e.leaf && arch::has_asid(g);
    if (any_tag) tag.asid = operation.asid;
    if (group && arch::is_contiguous(g, {slice_.cells[e.cell].values[e.value].raw}, tag.level)) {
      const unsigned entries = arch::contiguous_entries(g, tag.level);
      tag.merged_lg2 = static_cast<std::uint8_t>(std::countr_zero(entries));
      tag.va_start &= ~((arch::level_size_bytes(g, tag.level) * entries) - 1);
    }
    // The stage 1 operations of a guest regime name any VA: combined entries of this VMID.
    arch::TlbiOperation op = mutated(operation);
    if (slice_.stage2) op.vmid = program_.roots[slice_.roots[0].root].tag;
    if (arch::covers(op, tag)) mask |= bit(static_cast<unsigned>(i));
  }
  return mask;
}

// The entries of a device's ATC that an invalidation of [start, end) surely drops. A device may
// keep a block as page-sized pieces, as a whole, or both. A table there stands for the leaves that
// were found through it.
Mask Invalidations::notified(const op::Notify& o, const Device& device) const {
  Mask mask = 0;
  for (std::size_t i = 0; i < slice_.entries.size(); ++i) {
    const Entry& e = slice_.entries[i];
    const std::uint64_t at = slice_.va_points[e.va_point].address;
    bool dropped = at >= o.start && at <= o.end - 1;
    if (e.leaf && e.block && device.caches_blocks && !device.mirrors) {
      const bool meets = e.cover_start <= o.end - 1 && o.start <= e.cover_end - 1;
      const bool whole = e.cover_start >= o.start && e.cover_end - 1 <= o.end - 1;
      const bool block_dropped = device.ignores_partial ? whole : meets;
      dropped = block_dropped && (dropped || !device.caches_pages);
    }
    if (dropped) mask |= bit(static_cast<unsigned>(i));
  }
  return mask;
}

}  // namespace amalgam::model
