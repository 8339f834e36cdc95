#include "lang/scenario/memory.hpp"

#include <algorithm>
#include <bit>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/descriptors.hpp"
#include "lang/scenario/lower.hpp"

namespace amalgam::lang::scenario {

namespace {

constexpr std::uint64_t kFirstFrame = 0x4000'0000;

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

std::string member_name(std::string_view array, bool is_array, std::uint32_t i) {
  return is_array ? std::string(array) + '[' + std::to_string(i) + ']' : std::string(array);
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
    for (std::size_t i = 0; i < pending.size() && program_.tables.size() <= kMaxTables; ++i) {
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
    if (too_many_cells(program_.regions[id].location)) return;
  }
}

bool MemoryBuilder::too_many_cells(const Location& location) {
  if (program_.cells.size() < kMaxCells) return false;
  diagnostics_.error(location, "the tables have more than " + std::to_string(kMaxCells) +
                                   " entries that the scenario may use");
  return true;
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
    if (too_many_cells(program_.tables[found->second.front()].location)) return;
    for (const model::TableId copy : found->second) {
      const std::uint32_t index = program_.cells[i].index;
      if (program_.find_cell(copy, index) != model::kNone) continue;
      program_.add_cell(copy, index, 0,
                        level_name(machine_.geometry, program_.tables[copy].level) + ' ' +
                            program_.tables[copy].name + '[' + std::to_string(index) + ']');
    }
  }
}

}  // namespace amalgam::lang::scenario
