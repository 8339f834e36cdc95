#include "lang/scenario/regions.hpp"

#include <algorithm>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/descriptors.hpp"
#include "lang/scenario/lower.hpp"

namespace amalgam::lang::scenario {

namespace {

constexpr std::uint64_t kFirstGuestAddress = 0x8000'0000;

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

// The input addresses that a root's tables translate, and where regions start.
struct AddressRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t regions = 0;
};

// Regions start away from the ends of the range where there is room.
AddressRange range_of(const arch::Geometry& g, bool upper, std::uint64_t unit) {
  constexpr std::uint64_t room_units = 64;
  const std::uint64_t half = std::uint64_t{1} << (g.va_bits - 1);
  const std::uint64_t first = upper ? ~arch::low_mask(g.va_bits) : 0;
  const bool guest = g.stage == arch::Stage::kStage2 && g.va_bits > 32;
  const std::uint64_t offset = upper ? half : guest ? kFirstGuestAddress : 2 * unit;
  return {first, first + arch::low_mask(g.va_bits),
          half / room_units < unit ? first : first + offset};
}

bool has_upper_range(const arch::Geometry& g) {
  return g.stage == arch::Stage::kStage1 && g.regime != arch::Regime::kEl2;
}

}  // namespace

RegionBuilder::RegionBuilder(const ast::Machine& machine, model::Program& program, Names& names,
                             TableLinks& links, MemoryBuilder& memory, Diagnostics& diagnostics)
    : machine_(machine),
      program_(program),
      names_(names),
      links_(links),
      memory_(memory),
      diagnostics_(diagnostics) {}

std::uint64_t RegionBuilder::page_bytes() const {
  return arch::page_bytes(machine_.geometry.granule);
}

std::uint64_t RegionBuilder::region_bytes(const Leaves& leaves) const {
  return leaves.pages * page_bytes();
}

// Regions whose places nobody says start at multiples of this, so that they share no last table.
std::uint64_t RegionBuilder::unit_bytes() const {
  const int level = arch::kPageLevel - 1;
  return level < arch::start_level(machine_.geometry)
             ? page_bytes()
             : arch::level_size_bytes(machine_.geometry, level);
}

void RegionBuilder::add(const std::vector<ast::Map>& maps) {
  taken_.resize(program_.roots.size());
  for (const ast::Map& map : maps) {
    if (diagnostics_.full() || program_.tables.size() > kMaxTables) return;
    add_map(map);
  }
}

void RegionBuilder::add_map(const ast::Map& map) {
  std::optional<model::RootId> root = 0;
  if (map.root) root = names_.root(*map.root);
  const std::optional<Leaves> leaves = leaves_of(map);
  if (!root || !leaves) return;
  if (program_.roots[*root].table == model::kNone) {
    diagnostics_.error(map.root->location,
                       "the tables of a copy are uninitialised; map in the original");
    return;
  }
  region_pages_ += leaves->pages;
  if (region_pages_ > kMaxRegionPages) {
    diagnostics_.error(map.name.location, "the regions of a scenario have " +
                                              std::to_string(kMaxRegionPages) + " pages at most");
    return;
  }
  const std::optional<Placement> placement = place(map, *leaves, *root);
  if (!placement || !check_place(map, placement->base, *leaves, *root)) return;
  const auto id = static_cast<model::RegionId>(program_.regions.size());
  if (!names_.declare(map.name, {SymbolKind::kRegion, id, leaves->pages, leaves->pages > 1}))
    return;
  taken_[*root].emplace(placement->base, placement->base + region_bytes(*leaves) - 1);
  program_.regions.push_back({.name = std::string(map.name.text),
                              .base = placement->base,
                              .pages = leaves->pages,
                              .root = *root,
                              .location = map.name.location});
  fill(map, *leaves, *placement, id);
}

// The number of pages, from what is mapped and what is said.
std::optional<std::uint32_t> RegionBuilder::pages_of(const ast::Map& map) const {
  std::uint64_t pages = 0;
  for (const ast::Backing& backing : map.backing) {
    const Symbol* symbol = backing.pages ? names_.find(backing.pages->name.text) : nullptr;
    if (symbol != nullptr && symbol->kind == SymbolKind::kTable) {
      if (!names_.table(*backing.pages, {})) return std::nullopt;
      ++pages;
    } else if (backing.pages) {
      const auto frames = names_.frames(*backing.pages, {});
      if (!frames) return std::nullopt;
      pages += frames->count;
    } else {
      ++pages;
    }
  }
  const bool repeats = map.backing.size() == 1 && pages == 1 && map.pages;
  if (repeats) pages = *map.pages;
  if ((map.pages && *map.pages != pages) || pages > kMaxRegionPages) {
    diagnostics_.error(map.name.location,
                       pages > kMaxRegionPages
                           ? "a region has " + std::to_string(kMaxRegionPages) + " pages at most"
                           : "the region has " + std::to_string(*map.pages) + " pages, but " +
                                 std::to_string(pages) + " are mapped");
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(pages);
}

std::optional<RegionBuilder::Leaves> RegionBuilder::leaves_of(const ast::Map& map) const {
  const auto pages = pages_of(map);
  if (!pages) return std::nullopt;
  Leaves result{arch::kPageLevel, *pages};
  if (map.block) {
    const auto level = block_level(map, *pages);
    if (!level) return std::nullopt;
    result.level = *level;
  } else if (map.level) {
    result.level = map.level->number.value_or(arch::start_level(machine_.geometry));
    const bool only_none = map.backing.size() == 1 && !map.backing.front().pages;
    if (result.level != arch::kPageLevel && !only_none) {
      diagnostics_.error(map.level->location,
                         "what a level above 3 maps is a block: write `= block`");
      return std::nullopt;
    }
  }
  if (result.level < arch::start_level(machine_.geometry)) {
    diagnostics_.error(map.level->location,
                       "the tables of this machine start at level " +
                           std::to_string(arch::start_level(machine_.geometry)));
    return std::nullopt;
  }
  const std::uint64_t leaf = arch::level_size_bytes(machine_.geometry, result.level) / page_bytes();
  if (*pages % leaf == 0) return result;
  diagnostics_.error(map.name.location, "an entry at level " + std::to_string(result.level) +
                                            " covers " + std::to_string(leaf) + " pages, found " +
                                            std::to_string(*pages));
  return std::nullopt;
}

// The level that is said, or else the one whose blocks have this size.
std::optional<int> RegionBuilder::block_level(const ast::Map& map, std::uint32_t pages) const {
  const arch::Geometry& g = machine_.geometry;
  const Location& where = map.level ? map.level->location : map.name.location;
  if (map.backing.size() != 1 || !map.backing.front().pages) {
    diagnostics_.error(where, "expected one array of frames that fills the block");
    return std::nullopt;
  }
  if (map.level) {
    const int level = map.level->number.value_or(arch::start_level(g));
    if (arch::block_allowed(g, level)) return level;
    diagnostics_.error(where, "level " + std::to_string(level) + " has no blocks");
    return std::nullopt;
  }
  std::string sizes;
  for (int level = 2; level >= arch::start_level(g) && level >= 0; --level) {
    if (!arch::block_allowed(g, level)) continue;
    const std::uint64_t needed = arch::level_size_bytes(g, level) / page_bytes();
    if (needed == pages) return level;
    sizes += (sizes.empty() ? "" : " or ") + std::to_string(needed);
  }
  diagnostics_.error(map.backing.front().location,
                     "a block covers " + sizes + " pages, found " + std::to_string(pages));
  return std::nullopt;
}

std::optional<std::uint64_t> RegionBuilder::said_address(const ast::Map& map) const {
  if (map.at_address) return map.at_address;
  if (!map.at_region) return std::nullopt;
  const Symbol* symbol = names_.symbol(*map.at_region, SymbolKind::kRegion);
  return symbol == nullptr ? std::nullopt : std::optional(program_.regions[symbol->first].base);
}

std::optional<RegionBuilder::Placement> RegionBuilder::place(const ast::Map& map,
                                                             const Leaves& leaves,
                                                             model::RootId root) {
  if (map.in_table) return place_in_table(map, leaves, root);
  const bool said = map.at_region || map.at_address;
  const auto base = said ? said_address(map) : free_unit(map, leaves, root);
  return base ? std::optional(Placement{*base, model::kNone}) : std::nullopt;
}

std::optional<RegionBuilder::Placement> RegionBuilder::place_in_table(const ast::Map& map,
                                                                      const Leaves& leaves,
                                                                      model::RootId root) {
  const auto table = names_.table(*map.in_table, {});
  if (!table) return std::nullopt;
  const Location& where = map.in_table->name.location;
  const auto refuse = [&](std::string message) {
    diagnostics_.error(where, std::move(message));
    return std::nullopt;
  };
  const model::Table& info = program_.tables[*table];
  if (info.level != leaves.level) {
    return refuse("the table has level " + std::to_string(info.level) +
                  ", the region's entries level " + std::to_string(leaves.level));
  }
  if (info.level == arch::start_level(machine_.geometry))
    return refuse("a table at the root's level is linked nowhere");
  if (info.junk || info.free)
    return refuse("a region cannot start in a table that is junk or free");

  const std::uint64_t span = arch::level_size_bytes(machine_.geometry, info.level - 1);
  const bool said = map.at_region || map.at_address;
  const auto home = homes_.find(*table);
  if (home != homes_.end() && home->second.root != root)
    return refuse("the table is linked in another root");
  const auto base = said                   ? said_address(map)
                    : home != homes_.end() ? std::optional(home->second.next_free)
                                           : free_unit(map, leaves, root);
  if (!base) return std::nullopt;
  const std::uint64_t start = home != homes_.end() ? home->second.base : *base & ~(span - 1);
  if (*base < start || *base - start + region_bytes(leaves) > span) {
    return refuse("the region does not fit the rest of the table");
  }
  homes_[*table] = {root, start, *base + region_bytes(leaves)};
  return Placement{*base, *table};
}

// The first unit behind all regions that nobody placed, free of those that somebody did.
std::optional<std::uint64_t> RegionBuilder::free_unit(const ast::Map& map, const Leaves& leaves,
                                                      model::RootId root) {
  const std::uint64_t leaf = arch::level_size_bytes(machine_.geometry, leaves.level);
  const std::uint64_t unit = std::max(unit_bytes(), leaf);
  const bool upper = root == 0 && has_upper_range(machine_.geometry);
  const AddressRange range = range_of(machine_.geometry, upper, unit_bytes());
  const std::uint64_t bytes = align_up(region_bytes(leaves), unit);
  std::uint64_t base = align_up(std::max(next_unit_[upper ? 1 : 0], range.regions), unit);
  while (base >= range.regions && bytes - 1 <= range.last - base) {
    const auto after = taken_[root].upper_bound(base + (bytes - 1));
    if (after == taken_[root].begin() || std::prev(after)->second < base) {
      next_unit_[upper ? 1 : 0] = base + bytes;
      return base;
    }
    base = align_up(std::prev(after)->second + 1, unit);
  }
  diagnostics_.error(map.name.location, "no input addresses are left for the region");
  return std::nullopt;
}

bool RegionBuilder::check_place(const ast::Map& map, std::uint64_t base, const Leaves& leaves,
                                model::RootId root) const {
  const Location& where = map.at_location.line != 0 ? map.at_location : map.name.location;
  const std::uint64_t leaf = arch::level_size_bytes(machine_.geometry, leaves.level);
  const std::uint64_t last = base + (region_bytes(leaves) - 1);
  const auto refuse = [&](std::string message) {
    diagnostics_.error(where, std::move(message));
    return false;
  };
  if (base % leaf != 0) {
    return refuse("the address is not a multiple of " + std::to_string(leaf) +
                  ", the size of an entry");
  }
  const bool in_upper = has_upper_range(machine_.geometry) &&
                        base >= range_of(machine_.geometry, true, unit_bytes()).first;
  const bool in_lower = last <= range_of(machine_.geometry, false, unit_bytes()).last;
  if (last < base || (!in_upper && !in_lower)) {
    return refuse("the region lies outside the input addresses of " +
                  std::to_string(machine_.geometry.va_bits) + " bits");
  }
  const auto after = taken_[root].upper_bound(last);
  if (after == taken_[root].begin() || std::prev(after)->second < base) return true;
  return refuse("the region overlaps another one of its root");
}

void RegionBuilder::fill(const ast::Map& map, const Leaves& leaves, const Placement& placement,
                         model::RegionId region_id) {
  const model::Region region = program_.regions[region_id];
  std::uint32_t page = 0;
  for (const ast::Backing& backing : map.backing) {
    std::uint32_t count = 1;
    const Symbol* symbol = backing.pages ? names_.find(backing.pages->name.text) : nullptr;
    if (map.backing.size() == 1) {
      count = leaves.pages;
    } else if (symbol != nullptr && symbol->kind == SymbolKind::kFrame) {
      count = names_.frames(*backing.pages, {})->count;
    }
    if (!write_leaves(map, leaves, backing, page, page + count, placement, region)) return;
  }
}

// Writes the descriptors of pages `page` up to `end`, which becomes `page`.
bool RegionBuilder::write_leaves(const ast::Map& map, const Leaves& leaves,
                                 const ast::Backing& backing, std::uint32_t& page,
                                 std::uint32_t end, const Placement& placement,
                                 const model::Region& region) {
  const arch::Geometry& g = machine_.geometry;
  const auto step =
      static_cast<std::uint32_t>(arch::level_size_bytes(g, leaves.level) / page_bytes());
  const std::uint32_t begin = page;
  std::optional<model::TableId> table;
  for (; page < end; page += step) {
    const std::uint64_t address = region.base + page * page_bytes();
    const auto index = static_cast<std::uint32_t>(arch::table_index(g, address, leaves.level));
    if (!table || index == 0) table = make_path(map, region, page, leaves.level, placement);
    if (!table) return false;
    std::uint64_t value = 0;
    if (backing.pages) {
      const auto output = output_address(leaves, backing, page - begin);
      if (!output) return false;
      const auto leaf = leaf_value(machine_, leaves.level, *output, backing.attributes,
                                   backing.location, diagnostics_);
      if (!leaf) return false;
      value = *leaf;
    }
    const EntryPlace entry{*table, index};
    if (links_.linked_at_start(entry) != model::kNone) {
      diagnostics_.error(map.name.location, "the block covers a table of another region");
      return false;
    }
    const model::CellId cell = program_.add_cell(
        entry.table, entry.index, 0, entry_name(program_, leaves.level, region.root, region, page));
    program_.cells[cell].initial = value;
  }
  return true;
}

std::optional<std::uint64_t> RegionBuilder::output_address(const Leaves& leaves,
                                                           const ast::Backing& backing,
                                                           std::uint32_t offset) {
  const Symbol* symbol = names_.find(backing.pages->name.text);
  if (symbol->kind == SymbolKind::kTable) {
    return program_.tables[*names_.table(*backing.pages, {})].address;
  }
  const IdRange frames = *names_.frames(*backing.pages, {});
  const std::uint64_t address = program_.frames[frames.first + offset % frames.count].address;
  if (address % arch::level_size_bytes(machine_.geometry, leaves.level) == 0) return address;
  diagnostics_.error(
      backing.location,
      "the block is misaligned: its first frame does not stand at a multiple of its size");
  return std::nullopt;
}

// The table at `level` that translates a page, made and linked where there is none.
std::optional<model::TableId> RegionBuilder::make_path(const ast::Map& map,
                                                       const model::Region& region,
                                                       std::uint64_t page, int level,
                                                       const Placement& placement) {
  const arch::Geometry& g = machine_.geometry;
  const std::uint64_t address = region.base + page * page_bytes();
  model::TableId table = program_.roots[region.root].table;
  for (int at = arch::start_level(g); at < level; ++at) {
    const EntryPlace entry{table, static_cast<std::uint32_t>(arch::table_index(g, address, at))};
    model::TableId next = links_.linked_at_start(entry);
    const model::TableId wanted = at + 1 == level ? placement.table : model::kNone;
    const model::CellId cell = program_.find_cell(entry.table, entry.index);
    const bool is_block =
        next == model::kNone && cell != model::kNone && program_.cells[cell].initial != 0;
    if (is_block || (next != model::kNone && wanted != model::kNone && next != wanted)) {
      diagnostics_.error(map.name.location, is_block
                                                ? "the region lies below a block of another one"
                                                : "another table is linked where the region lies");
      return std::nullopt;
    }
    if (next == model::kNone) next = link_new_table(region, page, entry, at, wanted);
    table = next;
  }
  return table;
}

model::TableId RegionBuilder::link_new_table(const model::Region& region, std::uint64_t page,
                                             const EntryPlace& entry, int level,
                                             model::TableId wanted) {
  model::TableId table = wanted;
  if (table == model::kNone) {
    const std::string prefix = region.root == 0 ? "" : program_.roots[region.root].name + ':';
    const std::string first_page = page == 0 ? "" : '[' + std::to_string(page) + ']';
    table = memory_.add_table(
        prefix + level_name(machine_.geometry, level + 1) + " table of " + region.name + first_page,
        level + 1, region.location);
  }
  const model::CellId cell = program_.add_cell(
      entry.table, entry.index, 0, entry_name(program_, level, region.root, region, page));
  program_.cells[cell].initial = table_value(machine_, level, program_.tables[table].address);
  links_.link_at_start(entry, table);
  return table;
}

}  // namespace amalgam::lang::scenario
