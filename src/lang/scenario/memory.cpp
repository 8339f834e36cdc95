#include "lang/scenario/memory.hpp"

#include <algorithm>
#include <bit>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/descriptors.hpp"
#include "lang/scenario/lower.hpp"

namespace amalgam::lang::scenario {

namespace {

constexpr std::uint64_t kFirstFrame = 0x4000'0000;
constexpr std::uint64_t kFirstGuestAddress = 0x8000'0000;

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

std::string member_name(std::string_view array, bool is_array, std::uint32_t i) {
  return is_array ? std::string(array) + '[' + std::to_string(i) + ']' : std::string(array);
}

// The input addresses that a root's tables translate, and where regions start.
struct AddressRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t regions = 0;
};

// Regions start away from the ends of the range where there is room.
AddressRange range_of(const arch::Geometry& g, bool upper, std::uint64_t unit) {
  constexpr std::uint64_t kRoomUnits = 64;
  const std::uint64_t half = std::uint64_t{1} << (g.va_bits - 1);
  const std::uint64_t first = upper ? ~arch::low_mask(g.va_bits) : 0;
  const bool guest = g.stage == arch::Stage::kStage2 && g.va_bits > 32;
  const std::uint64_t offset = upper ? half : guest ? kFirstGuestAddress : 2 * unit;
  return {first, first + arch::low_mask(g.va_bits),
          half / kRoomUnits < unit ? first : first + offset};
}

bool has_upper_range(const arch::Geometry& g) {
  return g.stage == arch::Stage::kStage1 && g.regime != arch::Regime::kEl2;
}

}  // namespace

ValueNames::ValueNames(model::Program& program) : program_(program) { named("zero"); }

model::ValueId ValueNames::named(std::string_view name) {
  const auto next = static_cast<model::ValueId>(program_.value_names.size());
  const auto [at, added] = named_.try_emplace(std::string(name), next);
  if (added) program_.value_names.emplace_back(name);
  return at->second;
}

model::ValueId ValueNames::fresh(std::string name) {
  program_.value_names.push_back(std::move(name));
  return static_cast<model::ValueId>(program_.value_names.size() - 1);
}

MemoryBuilder::MemoryBuilder(const ast::Machine& machine, model::Program& program, Names& names,
                             TableLinks& links, ValueNames& values, Diagnostics& diagnostics)
    : machine_(machine),
      program_(program),
      names_(names),
      links_(links),
      values_(values),
      diagnostics_(diagnostics),
      next_address_(kFirstFrame) {}

std::uint64_t MemoryBuilder::page_bytes() const {
  return arch::page_bytes(machine_.geometry.granule);
}

std::uint64_t MemoryBuilder::region_bytes(const Leaves& leaves) const {
  return leaves.pages * page_bytes();
}

// Regions whose places nobody says start at multiples of this, so that they share no last table.
std::uint64_t MemoryBuilder::unit_bytes() const {
  const int level = arch::kPageLevel - 1;
  return level < arch::start_level(machine_.geometry)
             ? page_bytes()
             : arch::level_size_bytes(machine_.geometry, level);
}

std::uint64_t MemoryBuilder::allocate(std::uint64_t bytes, std::uint64_t alignment,
                                      const Location& location) {
  const std::uint64_t address = align_up(next_address_, alignment);
  next_address_ = address + bytes;
  if (next_address_ - 1 > arch::low_mask(machine_.geometry.pa_bits) && !memory_full_) {
    memory_full_ = true;
    diagnostics_.error(location, "the frames and tables do not fit output addresses of " +
                                     std::to_string(machine_.geometry.pa_bits) + " bits");
  }
  return address;
}

// --- frames --------------------------------------------------------------------------------------

void MemoryBuilder::add_frames(const std::vector<ast::Frames>& frames) {
  for (const ast::Frames& group : frames) add_frame_group(group);
  for (const ast::Frames& group : frames) {
    if (group.contents != ast::Contents::kAs) continue;
    const auto like = names_.frame(*group.same_as, {});
    if (!like) continue;
    for (const ast::DeclaredFrames& array : group.frames) {
      const Symbol* symbol = names_.find(array.name.text);
      if (symbol == nullptr || symbol->kind != SymbolKind::kFrame) continue;
      for (std::uint32_t i = 0; i < symbol->count; ++i) {
        program_.frames[symbol->first + i].contents = program_.frames[*like].contents;
      }
    }
  }
}

void MemoryBuilder::add_frame_group(const ast::Frames& group) {
  const auto first = static_cast<model::FrameId>(program_.frames.size());
  for (const ast::DeclaredFrames& array : group.frames) add_frame_array(array, group);
  const auto count = static_cast<std::uint32_t>(program_.frames.size() - first);
  set_contents(group, first, count);
}

void MemoryBuilder::add_frame_array(const ast::DeclaredFrames& array, const ast::Frames& group) {
  const auto first = static_cast<model::FrameId>(program_.frames.size());
  if (array.count > kMaxFrames - first) {
    diagnostics_.error(array.name.location,
                       "a scenario has " + std::to_string(kMaxFrames) + " frames at most");
    return;
  }
  if (!names_.declare(array.name, {SymbolKind::kFrame, first, array.count, array.is_array})) return;
  const std::uint64_t alignment = std::bit_ceil(array.count) * page_bytes();
  const std::uint64_t base = allocate(array.count * page_bytes(), alignment, array.name.location);
  for (std::uint32_t i = 0; i < array.count; ++i) {
    program_.frames.push_back({.name = member_name(array.name.text, array.is_array, i),
                               .address = base + i * page_bytes(),
                               .contents = {},
                               .free = group.free,
                               .location = array.name.location});
  }
}

void MemoryBuilder::set_contents(const ast::Frames& group, model::FrameId first,
                                 std::uint32_t count) {
  using C = ast::Contents;
  model::InitialContents shared;
  if (count > 0 && group.contents == C::kSame)
    shared.value = values_.fresh(program_.frames[first].name);
  for (model::FrameId id = first; id < first + count; ++id) {
    model::Frame& frame = program_.frames[id];
    const bool own = group.contents == C::kDistinct || group.contents == C::kUnknown;
    frame.contents =
        own ? model::InitialContents{values_.fresh(frame.name), group.contents != C::kUnknown}
            : shared;
  }
}

// --- roots and tables ----------------------------------------------------------------------------

model::TableId MemoryBuilder::add_table(std::string name, int level, const Location& location) {
  const auto id = static_cast<model::TableId>(program_.tables.size());
  if (id == kMaxTables) {
    diagnostics_.error(location,
                       "a scenario has " + std::to_string(kMaxTables) + " tables at most");
  }
  const std::uint64_t entries = std::uint64_t{1}
                                << arch::table_entries_lg2(machine_.geometry, level);
  const std::uint64_t bytes = std::max(page_bytes(), entries << arch::kDescriptorLg2);
  const std::uint64_t address = allocate(bytes, bytes, location);
  program_.tables.push_back(
      {.name = std::move(name), .address = address, .level = level, .location = location});
  return id;
}

void MemoryBuilder::add_roots(const std::vector<ast::Root>& roots) {
  const int start = arch::start_level(machine_.geometry);
  names_.declare_root({"init", {}}, 0);
  program_.roots.push_back({"init", add_table("init", start, machine_.location), 0});
  for (const ast::Root& root : roots) {
    if (!names_.declare_root(root.name, static_cast<model::RootId>(program_.roots.size())))
      continue;
    const model::TableId table =
        root.like ? model::kNone
                  : add_table(std::string(root.name.text), start, root.name.location);
    program_.roots.push_back({std::string(root.name.text), table, root.tag});
  }
  taken_.resize(program_.roots.size());
  next_unit_.resize(2);  // the lower and the upper range: regions of different roots keep apart too
}

void MemoryBuilder::add_tables(const std::vector<ast::Tables>& tables) {
  const int start = arch::start_level(machine_.geometry);
  for (const ast::Tables& array : tables) {
    const auto first = static_cast<model::TableId>(program_.tables.size());
    const int level = array.level.number.value_or(start);
    if (level < start) {
      diagnostics_.error(array.level.location,
                         "the tables of this machine start at level " + std::to_string(start));
      continue;
    }
    if (array.count > kMaxTables - first) {
      diagnostics_.error(array.name.location,
                         "a scenario has " + std::to_string(kMaxTables) + " tables at most");
      continue;
    }
    if (!names_.declare(array.name, {SymbolKind::kTable, first, array.count, array.is_array}))
      continue;
    for (std::uint32_t i = 0; i < array.count; ++i) {
      const model::TableId id =
          add_table(member_name(array.name.text, array.is_array, i), level, array.name.location);
      program_.tables[id].junk = array.junk;
      program_.tables[id].free = array.free;
    }
  }
}

void MemoryBuilder::copy_roots(const std::vector<ast::Root>& roots) {
  const std::size_t originals = program_.tables.size();
  std::vector<std::vector<std::pair<std::uint32_t, model::TableId>>> children(originals);
  for (const model::Cell& cell : program_.cells) {
    const model::TableId child = links_.linked_at_start({cell.table, cell.index});
    if (child != model::kNone) children[cell.table].emplace_back(cell.index, child);
  }
  for (const ast::Root& root : roots) {
    if (!root.like) continue;
    const auto from = names_.root(*root.like);
    const auto to = names_.root(root.name);
    if (!from || !to) continue;
    const model::TableId top = program_.roots[*from].table;
    if (top == model::kNone || top >= originals) {
      diagnostics_.error(root.like->location, "expected a root that is no copy itself");
      continue;
    }
    std::unordered_map<model::TableId, model::TableId> copies;
    std::vector<model::TableId> pending;
    const auto copy_of = [&](model::TableId original) {
      if (const auto known = copies.find(original); known != copies.end()) return known->second;
      const std::string name = std::string(root.name.text) + ':' + program_.tables[original].name;
      const model::TableId id =
          add_table(name, program_.tables[original].level, root.name.location);
      program_.tables[id].junk = true;
      program_.tables[id].like = original;
      copies.emplace(original, id);
      pending.push_back(original);
      return id;
    };
    program_.roots[*to].table = copy_of(top);
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const model::TableId original = pending[i];
      for (const auto& [index, child] : children[original]) {
        links_.link_at_start({copy_of(original), index}, copy_of(child));
      }
    }
  }
}

void MemoryBuilder::add_cells() {
  for (model::RegionId id = 0; id < program_.regions.size(); ++id) {
    const model::RootId own = program_.regions[id].root;
    links_.add_cells(own, id);
    for (model::RootId root = 0; root < program_.roots.size(); ++root) {
      const model::TableId top = program_.roots[root].table;
      if (top != model::kNone && program_.tables[top].like == program_.roots[own].table) {
        links_.add_cells(root, id);
      }
    }
  }
}

void MemoryBuilder::mirror_cells() {
  std::unordered_map<model::TableId, std::vector<model::TableId>> copies;
  for (model::TableId id = 0; id < program_.tables.size(); ++id) {
    if (program_.tables[id].like != model::kNone) copies[program_.tables[id].like].push_back(id);
  }
  if (copies.empty()) return;
  const std::size_t originals = program_.cells.size();
  for (std::size_t i = 0; i < originals; ++i) {
    const auto found = copies.find(program_.cells[i].table);
    if (found == copies.end()) continue;
    for (const model::TableId copy : found->second) {
      const std::uint32_t index = program_.cells[i].index;
      if (program_.find_cell(copy, index) != model::kNone) continue;
      program_.add_cell(copy, index, 0,
                        level_name(machine_.geometry, program_.tables[copy].level) + ' ' +
                            program_.tables[copy].name + '[' + std::to_string(index) + ']');
    }
  }
}

// --- regions -------------------------------------------------------------------------------------

void MemoryBuilder::add_maps(const std::vector<ast::Map>& maps) {
  for (const ast::Map& map : maps) add_map(map);
}

void MemoryBuilder::add_map(const ast::Map& map) {
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
std::optional<std::uint32_t> MemoryBuilder::pages_of(const ast::Map& map) const {
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

std::optional<MemoryBuilder::Leaves> MemoryBuilder::leaves_of(const ast::Map& map) const {
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
std::optional<int> MemoryBuilder::block_level(const ast::Map& map, std::uint32_t pages) const {
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

std::optional<std::uint64_t> MemoryBuilder::said_address(const ast::Map& map) const {
  if (map.at_address) return map.at_address;
  if (!map.at_region) return std::nullopt;
  const Symbol* symbol = names_.symbol(*map.at_region, SymbolKind::kRegion);
  return symbol == nullptr ? std::nullopt : std::optional(program_.regions[symbol->first].base);
}

std::optional<MemoryBuilder::Placement> MemoryBuilder::place(const ast::Map& map,
                                                             const Leaves& leaves,
                                                             model::RootId root) {
  if (map.in_table) return place_in_table(map, leaves, root);
  const bool said = map.at_region || map.at_address;
  const auto base = said ? said_address(map) : free_unit(map, leaves, root);
  return base ? std::optional(Placement{*base, model::kNone}) : std::nullopt;
}

std::optional<MemoryBuilder::Placement> MemoryBuilder::place_in_table(const ast::Map& map,
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
std::optional<std::uint64_t> MemoryBuilder::free_unit(const ast::Map& map, const Leaves& leaves,
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

bool MemoryBuilder::check_place(const ast::Map& map, std::uint64_t base, const Leaves& leaves,
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

void MemoryBuilder::fill(const ast::Map& map, const Leaves& leaves, const Placement& placement,
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
bool MemoryBuilder::write_leaves(const ast::Map& map, const Leaves& leaves,
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
      const auto output = output_address(map, leaves, backing, page - begin);
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

std::optional<std::uint64_t> MemoryBuilder::output_address(const ast::Map& map,
                                                           const Leaves& leaves,
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
  static_cast<void>(map);
  return std::nullopt;
}

// The table at `level` that translates a page, made and linked where there is none.
std::optional<model::TableId> MemoryBuilder::make_path(const ast::Map& map,
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

model::TableId MemoryBuilder::link_new_table(const model::Region& region, std::uint64_t page,
                                             const EntryPlace& entry, int level,
                                             model::TableId wanted) {
  model::TableId table = wanted;
  if (table == model::kNone) {
    const std::string prefix = region.root == 0 ? "" : program_.roots[region.root].name + ':';
    const std::string first_page = page == 0 ? "" : '[' + std::to_string(page) + ']';
    table = add_table(
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
