#include "explore/layout.hpp"

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"
#include "explore/text.hpp"

namespace amalgam::explorer {

namespace {

constexpr std::size_t kMostWatched = 1024;

}  // namespace

Layout::Layout(const Session& session, const std::vector<const Path*>& paths)
    : session_(session), geometry_(session.options().geometry) {
  add_tables(paths);
  add_values(paths);
  place_roots(paths);
  place_tables();
  watch_accesses(paths);
  watch_changes(paths);
}

void Layout::add_root(PhysicalAddress address) {
  const std::uint64_t page_bytes = arch::page_bytes(geometry_.granule);
  for (std::size_t page = 0; page < session_.root_pages(); ++page) {
    ids_[address + page * page_bytes] = static_cast<std::uint32_t>(tables_.size());
  }
  tables_.push_back({address, false, arch::start_level(geometry_),
                     pgtable::half_bits(geometry_, session_.options().half)});
}

// Any other table that a root register names.
void Layout::place_roots(const std::vector<const Path*>& paths) {
  const auto place = [&](PhysicalAddress address) {
    const auto found = ids_.find(address);
    if (found == ids_.end()) return;
    TableInfo& table = tables_[found->second];
    if (table.address == address && table.level) return;
    if (table.level || session_.root_pages() > 1) {
      bounds_.push_back("a root at " + hex(address) + " of pages that are not one set-up root's");
      return;
    }
    table.level = arch::start_level(geometry_);
    table.base = pgtable::half_bits(geometry_, session_.options().half);
  };
  place(session_.setting().start.table);
  for (const Path* path : paths) {
    for (const Action& a : path->actions) {
      if (a.kind == ActionKind::kSetRoot) place(a.page);
    }
  }
}

void Layout::add_tables(const std::vector<const Path*>& paths) {
  for (const PhysicalAddress root : session_.setting().roots) add_root(root);
  for (const auto& [page, entries] : session_.setting().tables) {
    if (ids_.count(page) != 0) continue;
    ids_[page] = static_cast<std::uint32_t>(tables_.size());
    tables_.push_back({page, false, std::nullopt, 0});
  }
  for (const Path* path : paths) {
    for (const Action& a : path->actions) {
      if (a.kind != ActionKind::kTake) continue;
      ids_[a.page] = static_cast<std::uint32_t>(tables_.size());
      tables_.push_back({a.page, true, std::nullopt, 0});
    }
  }
}

std::optional<Slot> Layout::slot(PhysicalAddress page, std::size_t index) const {
  const auto found = ids_.find(page);
  if (found == ids_.end()) return std::nullopt;
  const std::uint64_t page_bytes = arch::page_bytes(geometry_.granule);
  const std::uint64_t before = (page - tables_[found->second].address) / page_bytes;
  return Slot{found->second,
              static_cast<std::uint32_t>(before * session_.entries_in_page() + index)};
}

void Layout::add_values(const std::vector<const Path*>& paths) {
  for (const auto& [page, entries] : session_.setting().tables) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i] != 0) values_[*slot(page, i)].insert(entries[i]);
    }
  }
  for (const Path* path : paths) {
    for (const Action& a : path->actions) {
      const bool writes = a.kind == ActionKind::kStore || a.kind == ActionKind::kExchange;
      const auto at = writes ? slot(a.page, a.index) : std::nullopt;
      if (at) values_[*at].insert(a.value);
    }
  }
}

const std::set<std::uint64_t>& Layout::values(const Slot& slot) const {
  static const std::set<std::uint64_t> kNothing;
  const auto found = values_.find(slot);
  return found == values_.end() ? kNothing : found->second;
}

std::uint64_t Layout::initial(const Slot& slot) const {
  const TableInfo& table = tables_[slot.table];
  const std::uint64_t page =
      table.address + slot.index / session_.entries_in_page() * arch::page_bytes(geometry_.granule);
  const auto found = session_.setting().tables.find(page);
  if (table.taken || found == session_.setting().tables.end()) return 0;
  return found->second[slot.index % session_.entries_in_page()];
}

std::optional<PhysicalAddress> Layout::initial_output(std::uint64_t va) const {
  const auto root = ids_.find(session_.setting().start.table);
  if (root == ids_.end()) return std::nullopt;
  std::uint32_t table = root->second;
  for (int own = arch::start_level(geometry_); own <= arch::kPageLevel; ++own) {
    const auto index = static_cast<std::uint32_t>(arch::table_index(geometry_, va, own));
    const arch::Descriptor found{initial({table, index})};
    if (!arch::is_valid(geometry_, found, own)) return std::nullopt;
    const PhysicalAddress output = arch::output_address(geometry_, found, own);
    if (arch::is_leaf(geometry_, found, own)) {
      const std::uint64_t offset = va & (arch::level_size_bytes(geometry_, own) - 1);
      return (output + offset) & ~(arch::page_bytes(geometry_.granule) - 1);
    }
    const auto next = ids_.find(output);
    if (next == ids_.end()) return std::nullopt;
    table = next->second;
  }
  return std::nullopt;
}

// Level by level: a table stands below the one that some value of a descriptor links it to.
void Layout::place_tables() {
  for (int level = arch::start_level(geometry_); level < arch::kPageLevel; ++level) {
    for (const auto& [at, raws] : values_) {
      if (tables_[at.table].level != level) continue;
      for (const std::uint64_t raw : raws) {
        if (!arch::is_table(geometry_, {raw}, level)) continue;
        const auto found = ids_.find(arch::output_address(geometry_, {raw}, level));
        if (found == ids_.end() || tables_[found->second].level) continue;
        tables_[found->second].level = level + 1;
        tables_[found->second].base = input(at);
      }
    }
  }
}

int Layout::level(std::uint32_t table) const {
  return tables_[table].level.value_or(arch::kPageLevel);
}

std::uint64_t Layout::input(const Slot& slot) const {
  return tables_[slot.table].base +
         slot.index * arch::level_size_bytes(geometry_, level(slot.table));
}

// --- what to look at -----------------------------------------------------------------------------

void Layout::add_range(std::uint64_t va, std::uint64_t bytes) {
  const std::uint64_t page_bytes = arch::page_bytes(geometry_.granule);
  const std::uint64_t first = va & ~(page_bytes - 1);
  const std::uint64_t pages = (va - first + std::max<std::uint64_t>(bytes, 1) - 1) / page_bytes + 1;
  for (std::uint64_t p = 0; p < pages; ++p) {
    if (watched_.size() >= kMostWatched) {
      bounds_.push_back("more than " + std::to_string(kMostWatched) + " input pages to look at");
      return;
    }
    watched_.insert(first + p * page_bytes);
  }
}

void Layout::watch_accesses(const std::vector<const Path*>& paths) {
  for (const Observed& o : session_.setting().observed) add_range(o.va, o.bytes);
  for (const ExpectedOrder& o : session_.setting().orders) {
    add_range(o.data, 1);
    add_range(o.flag, 1);
  }
  for (const Path* path : paths) {
    for (const Action& a : path->actions) {
      if (a.kind == ActionKind::kReadMemory || a.kind == ActionKind::kWriteMemory) {
        add_range(a.value, 1);
      }
    }
  }
}

void Layout::watch_changes(const std::vector<const Path*>& paths) {
  for (const Path* path : paths) {
    for (const Action& a : path->actions) {
      const bool writes = a.kind == ActionKind::kStore || a.kind == ActionKind::kExchange;
      const auto at = writes ? slot(a.page, a.index) : std::nullopt;
      if (at && tables_[at->table].level) watch_entry(*at);
      if (!bounds_.empty()) return;
    }
  }
}

void Layout::watch_entry(const Slot& slot) {
  const int own = level(slot.table);
  const std::uint64_t start = input(slot);
  const std::uint64_t last = start + arch::level_size_bytes(geometry_, own) - 1;
  const auto seen = watched_.lower_bound(start);
  if (seen != watched_.end() && *seen <= last) return;
  const std::set<std::uint64_t>& raws = values(slot);
  const bool leaf = std::any_of(raws.begin(), raws.end(), [&](std::uint64_t raw) {
    return arch::is_leaf(geometry_, {raw}, own);
  });
  const auto below = leaf ? std::optional(start) : first_leaf(slot);
  if (below) add_range(*below, 1);
}

// The first input page below a descriptor that anybody ever maps.
std::optional<std::uint64_t> Layout::first_leaf(const Slot& slot) const {
  const int own = level(slot.table);
  for (const std::uint64_t raw : values(slot)) {
    if (arch::is_leaf(geometry_, {raw}, own)) return input(slot);
    if (!arch::is_table(geometry_, {raw}, own)) continue;
    const auto found = ids_.find(arch::output_address(geometry_, {raw}, own));
    if (found == ids_.end() || tables_[found->second].level != own + 1) continue;
    for (auto it = values_.lower_bound({found->second, 0});
         it != values_.end() && it->first.table == found->second; ++it) {
      if (const auto leaf = first_leaf(it->first)) return leaf;
    }
  }
  return std::nullopt;
}

}  // namespace amalgam::explorer
