// What the descriptors of a slice may hold, and what a TLB may hold of it.
#include "amalgam/arch/descriptor.hpp"
#include "model/slice_builder.hpp"

namespace amalgam::model {

// The byte that an access to the page lands at, through a leaf of any size. A companion's entry
// translates the page as its neighbour in the group.
std::uint64_t SliceBuilder::target_of(const CellDraft& d, std::uint64_t raw, int level) const {
  const arch::Geometry& g = program_.machine.geometry;
  const std::uint64_t va = slice_.va_points[d.va_point].address;
  const std::uint64_t size = arch::level_size_bytes(g, level);
  std::uint64_t address = arch::output_address(g, {raw}, level) + (va & (size - 1));
  if (d.companion) {
    const std::uint64_t own = arch::table_index(g, va, level);
    address += (own - program_.cells[d.cell].index) * size;
  }
  return address;
}

std::uint8_t SliceBuilder::raw_id(std::uint64_t raw) {
  const auto found = std::find(slice_.raws.begin(), slice_.raws.end(), raw);
  if (found != slice_.raws.end()) return static_cast<std::uint8_t>(found - slice_.raws.begin());
  if (slice_.raws.size() >= kMaxRaws) {
    slice_.bound = "more than 200 different descriptors concern one page";
    return 0;
  }
  slice_.raws.push_back(raw);
  return static_cast<std::uint8_t>(slice_.raws.size() - 1);
}

CellValue SliceBuilder::make_value(const CellDraft& d, std::uint64_t raw, bool junk) {
  CellValue value;
  value.raw = raw;
  if (junk) {
    value.kind = ValueKind::kJunk;
    value.raw_id = kNoIndex;
    return value;
  }
  value.raw_id = raw_id(raw);
  const arch::Geometry& g = program_.machine.geometry;
  const int level = program_.tables[program_.cells[d.cell].table].level;
  if (d.node == kNoIndex) return value;
  if (arch::is_table(g, {raw}, level)) {
    const auto next = index_.page_at(arch::output_address(g, {raw}, level));
    value.kind = ValueKind::kTable;
    if (next && next->is_table && !d.companion) {
      value.page = page_index(*next);
      value.node = trace(d.va_point, next->id, level + 1,
                         slice_.va_points[d.va_point].primary ? companion_ : kNoAddress);
    }
  } else if (arch::is_leaf(g, {raw}, level)) {
    const bool awaits = !arch::has_access_flag({raw});
    value.kind = ValueKind::kLeaf;
    if (awaits) {
      const bool hardware_sets = program_.machine.features.hardware_af &&
                                 settings_.assumptions.is_default(Assumption::kAfClearIsBreak);
      value.kind = hardware_sets ? ValueKind::kAwaitsAf : ValueKind::kFaulting;
    }
    const auto page = index_.page_at(target_of(d, raw, level));
    if (page) value.page = page_index(*page);
  }
  return value;
}

void SliceBuilder::freeze_cells() {
  const arch::Geometry& g = program_.machine.geometry;
  for (const CellDraft& d : drafts_) {
    SliceCell cell;
    cell.cell = d.cell;
    cell.va_point = d.va_point;
    cell.node = d.node;
    cell.companion = d.companion;
    for (const std::uint8_t other : indices(drafts_)) {
      if (drafts_[other].cell == d.cell) cell.same |= std::uint32_t{1} << other;
    }
    const Table& table = program_.tables[program_.cells[d.cell].table];
    cell.level = static_cast<std::int8_t>(table.level);
    cell.table_page = page_index({true, program_.cells[d.cell].table});
    if (d.may_be_junk) cell.values.push_back(make_value(d, 0, true));
    for (const std::uint64_t raw : raws_.at(d.cell))
      cell.values.push_back(make_value(d, raw, false));
    const auto find_raw = [&](std::uint64_t raw) {
      for (std::size_t i = 0; i < cell.values.size(); ++i) {
        if (cell.values[i].kind != ValueKind::kJunk && cell.values[i].raw == raw) {
          return static_cast<ValueIndex>(i);
        }
      }
      return kNoIndex;
    };
    for (CellValue& value : cell.values) {
      if (value.kind == ValueKind::kAwaitsAf)
        value.after_af = find_raw(arch::with_af({value.raw}).raw);
      const bool clean = (value.raw & arch::bits::kDbm) != 0 && !arch::is_dirty(g, {value.raw});
      if (value.kind == ValueKind::kLeaf && clean && program_.machine.features.hardware_dirty) {
        value.after_dirty = find_raw(arch::with_dirty(g, {value.raw}).raw);
      }
    }
    const bool junk = table.junk || table.free;
    cell.initial = junk ? ValueIndex{0} : find_raw(program_.cells[d.cell].initial);
    slice_.cells.push_back(std::move(cell));
  }
  for (Node& node : slice_.nodes) node.table_page = slice_.cells[node.cell].table_page;
  for (const std::uint8_t c : indices(slice_.cells)) add_entries(c);
}

std::set<std::uint16_t> SliceBuilder::tags_of(std::uint8_t va_point) const {
  std::set<std::uint16_t> tags;
  for (const SliceRoot& root : slice_.roots) {
    if (root.start[va_point] != kNoIndex) tags.insert(root.tag);
  }
  return tags;
}

void SliceBuilder::add_entries(std::uint8_t cell) {
  const SliceCell& c = slice_.cells[cell];
  if (c.node == kNoIndex) return;
  const arch::Geometry& g = program_.machine.geometry;
  for (const std::uint8_t v : indices(c.values)) {
    const CellValue& value = c.values[v];
    if (value.kind != ValueKind::kLeaf && value.kind != ValueKind::kTable) continue;
    if (c.companion && !arch::is_contiguous(g, {value.raw}, c.level)) continue;
    const bool global =
        value.kind == ValueKind::kLeaf && !slice_.stage2 && arch::is_global(g, {value.raw});
    // A table descriptor is global as far as tags go: which leaf it leads to decides.
    const bool untagged = global || value.kind == ValueKind::kTable;
    if (untagged) {
      add_entry(cell, v, 0, true);
    } else {
      for (const std::uint16_t tag : tags_of(c.va_point)) add_entry(cell, v, tag, false);
    }
  }
}

void SliceBuilder::add_entry(std::uint8_t cell, ValueIndex value, std::uint16_t tag, bool global) {
  if (slice_.entries.size() >= kMaxEntries) {
    slice_.bound = "more than 64 different TLB entries for one page";
    return;
  }
  const arch::Geometry& g = program_.machine.geometry;
  SliceCell& c = slice_.cells[cell];
  CellValue& v = c.values[value];
  Entry e;
  e.cell = cell;
  e.value = value;
  e.va_point = c.va_point;
  e.page = v.page;
  e.leaf = v.kind == ValueKind::kLeaf;
  e.global = global;
  e.tag = tag;
  e.node = v.node;
  const std::uint64_t va = slice_.va_points[c.va_point].address;
  const std::uint64_t size = arch::level_size_bytes(g, c.level);
  e.cover_start = va & ~(size - 1);
  e.cover_end = e.cover_start + size;
  if (e.leaf) {
    const CellDraft d{c.cell, c.va_point, c.node, c.companion, false};
    e.output_address = target_of(d, v.raw, c.level);
    const bool hardware_dirty = program_.machine.features.hardware_dirty;
    e.writable = arch::is_writable(g, {v.raw}, c.level, false);
    e.dirty_on_store = !e.writable && arch::is_writable(g, {v.raw}, c.level, hardware_dirty);
    e.readable = arch::is_readable(g, {v.raw}, c.level);
    e.block = c.level != 3;
    e.fault_possible = e.block && slice_.bbm >= 1 && (v.raw & arch::bits::kNt) != 0;
  }
  const auto id = static_cast<unsigned>(slice_.entries.size());
  slice_.entries.push_back(e);
  v.entries |= bit(id);
  c.entries |= bit(id);
  slice_.va_points[c.va_point].entries |= bit(id);
  if (!e.leaf) slice_.table_entries |= bit(id);
}

}  // namespace amalgam::model
