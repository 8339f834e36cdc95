#include "lang/scenario/tables.hpp"

#include <algorithm>

#include "lang/scenario/lower.hpp"

namespace amalgam::lang::scenario {

namespace {

std::uint32_t index_of(const arch::Geometry& geometry, std::uint64_t address, int level) {
  return static_cast<std::uint32_t>(arch::table_index(geometry, address, level));
}

}  // namespace

void TableLinks::link_at_start(const EntryPlace& entry, model::TableId table) {
  links_[entry_key(entry)].at_start = table;
}

bool TableLinks::link_by_step(const EntryPlace& entry, model::TableId table) {
  if (!linked_by_step_.emplace(entry_key(entry), table).second) return false;
  links_[entry_key(entry)].by_step.push_back(table);
  return true;
}

model::TableId TableLinks::linked_at_start(const EntryPlace& entry) const {
  const auto found = links_.find(entry_key(entry));
  return found == links_.end() ? model::kNone : found->second.at_start;
}

WalkResult TableLinks::walk(model::RootId root, std::uint64_t address, int level,
                            const LinkedLast& last) const {
  const int start = arch::start_level(geometry_);
  if (level < start) return {{}, WalkFailure::kAboveRoot, level};
  EntryPlace entry{program_.roots[root].table, index_of(geometry_, address, start)};
  for (int at = start; at < level; ++at) {
    model::TableId next = model::kNone;
    if (const auto own = last.find(entry_key(entry)); own != last.end()) {
      next = own->second;
    } else if (const auto found = links_.find(entry_key(entry)); found != links_.end()) {
      const Links& links = found->second;
      if (links.at_start == model::kNone && links.by_step.size() > 1) {
        return {entry, WalkFailure::kAmbiguous, at};
      }
      next = links.at_start != model::kNone || links.by_step.empty() ? links.at_start
                                                                     : links.by_step.front();
    }
    if (next == model::kNone) return {entry, WalkFailure::kNoTable, at};
    entry = {next, index_of(geometry_, address, at + 1)};
  }
  return {entry, std::nullopt, level};
}

void TableLinks::add_cells(model::RootId root, model::RegionId region_id) {
  const model::Region region = program_.regions[region_id];
  const std::uint64_t bytes = std::uint64_t{region.pages} << arch::page_lg2(geometry_.granule);
  add_cells_below(root, region, program_.roots[root].table, region.base, region.base + bytes - 1);
}

// `first` and `last` are input addresses, last inclusive, below one entry of the level above.
void TableLinks::add_cells_below(model::RootId root, const model::Region& region,
                                 model::TableId table, std::uint64_t first, std::uint64_t last) {
  const int level = program_.tables[table].level;
  const std::uint64_t span = arch::level_size_bytes(geometry_, level);
  const std::uint64_t entries = ((last & ~(span - 1)) - (first & ~(span - 1))) / span + 1;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t from = i == 0 ? first : (first & ~(span - 1)) + i * span;
    const std::uint64_t to = i + 1 == entries ? last : from | (span - 1);
    const EntryPlace entry{table, index_of(geometry_, from, level)};
    if (program_.cells.size() >= kMaxCells) return;
    if (program_.find_cell(entry.table, entry.index) == model::kNone) {
      const std::uint64_t page = (from - region.base) >> arch::page_lg2(geometry_.granule);
      program_.add_cell(entry.table, entry.index, 0,
                        entry_name(program_, level, root, region, page));
    }
    const auto links = links_.find(entry_key(entry));
    if (links == links_.end()) continue;
    if (links->second.at_start != model::kNone) {
      add_cells_below(root, region, links->second.at_start, from, to);
    }
    for (const model::TableId linked : links->second.by_step) {
      if (linked != links->second.at_start) add_cells_below(root, region, linked, from, to);
    }
  }
}

std::string level_name(const arch::Geometry& geometry, int level) {
  if (level == arch::start_level(geometry) && level <= 0) return "pgd";
  switch (level) {
    case 3:
      return "pte";
    case 2:
      return "pmd";
    case 1:
      return "pud";
    default:
      return "p4d";
  }
}

std::string entry_name(const model::Program& program, int level, model::RootId root,
                       const model::Region& region, std::uint64_t page) {
  std::string name = level_name(program.machine.geometry, level) + ' ';
  if (root != region.root) name += program.roots[root].name + ':';
  return name + region.name + '[' + std::to_string(page) + ']';
}

}  // namespace amalgam::lang::scenario
