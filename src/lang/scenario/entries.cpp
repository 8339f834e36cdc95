#include "lang/scenario/entries.hpp"

#include <algorithm>
#include <utility>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/lower.hpp"

namespace amalgam::lang::scenario {

int level_of(const ast::Level& level, const arch::Geometry& geometry) {
  return level.number.value_or(arch::start_level(geometry));
}

std::optional<FoundEntry> EntryFinder::find(const ast::Entry& entry, const LoopValues& loops,
                                            const LinkedLast& last) const {
  const int level = level_of(entry.level, program_.machine.geometry);
  const Symbol* symbol = names_.find(entry.page.item.name.text);
  const bool in_table = symbol != nullptr && symbol->kind == SymbolKind::kTable;
  return in_table ? find_in_table(entry, level, *symbol, loops)
                  : find_for_page(entry, level, loops, last);
}

std::string EntryFinder::name(const FoundEntry& entry) const {
  if (entry.page) {
    return entry_name(program_, entry.level, entry.page->root, program_.regions[entry.page->region],
                      entry.page->first);
  }
  return level_name(program_.machine.geometry, entry.level) + ' ' +
         program_.tables[entry.place.table].name + '[' + std::to_string(entry.place.index) + ']';
}

// "pte pt[3]", "pte pts[2][3]": an entry of a table by its index.
std::optional<FoundEntry> EntryFinder::find_in_table(const ast::Entry& entry, int level,
                                                     const Symbol& symbol,
                                                     const LoopValues& loops) const {
  const ast::Item& item = entry.page.item;
  const std::string_view needed = symbol.is_array ? "[0][3]" : "[3]";
  if (entry.page.root || item.indices.size() != (symbol.is_array ? 2 : 1)) {
    diagnostics_.error(item.name.location,
                       "expected an entry of the table, for example " +
                           quoted(std::string(item.name.text) + std::string(needed)));
    return std::nullopt;
  }
  ast::Item table_item{item.name, {}};
  if (symbol.is_array) table_item.indices.push_back(item.indices.front());
  const auto table = names_.table(table_item, loops);
  if (!table) return std::nullopt;
  const model::Table& found = program_.tables[*table];
  const std::uint64_t entries = std::uint64_t{1}
                                << arch::table_entries_lg2(program_.machine.geometry, found.level);
  const auto index = names_.index(item.indices.back(), loops, {item.name.text, entries, "entries"});
  if (!index) return std::nullopt;
  if (found.level == level) return FoundEntry{{*table, *index}, level, std::nullopt};
  diagnostics_.error(entry.level.location, "the table has level " + std::to_string(found.level) +
                                               ", not " + std::to_string(level));
  return std::nullopt;
}

std::optional<FoundEntry> EntryFinder::find_for_page(const ast::Entry& entry, int level,
                                                     const LoopValues& loops,
                                                     const LinkedLast& last) const {
  const auto page = names_.one_page(entry.page, loops);
  if (!page) return std::nullopt;
  const unsigned page_lg2 = arch::page_lg2(program_.machine.geometry.granule);
  const std::uint64_t address =
      program_.regions[page->region].base + (std::uint64_t{page->first} << page_lg2);
  const WalkResult walk = links_.walk(page->root, address, level, last);
  if (!walk.failure) return FoundEntry{walk.entry, level, page};
  note_walk_failure(entry, walk);
  return std::nullopt;
}

void EntryFinder::note_walk_failure(const ast::Entry& entry, const WalkResult& walk) const {
  const int start = arch::start_level(program_.machine.geometry);
  std::string message;
  switch (*walk.failure) {
    case WalkFailure::kAboveRoot:
      message = "the tables of this machine start at level " + std::to_string(start);
      break;
    case WalkFailure::kNoTable:
      message = "no table of level " + std::to_string(walk.level + 1) +
                " is linked for this page: a block is above it, or nothing";
      break;
    case WalkFailure::kAmbiguous:
      message = "several tables of level " + std::to_string(walk.level + 1) +
                " are linked for this page by other agents: name the table, as in `pte pt[3]`";
      break;
  }
  diagnostics_.error(entry.location, std::move(message));
}

namespace {

class LinkCollector {
 public:
  LinkCollector(const model::Program& program, const Names& names, TableLinks& links)
      : program_(program),
        names_(names, unheard_),
        links_(links),
        finder_(program, names_, links, unheard_) {}

  bool collect(const std::vector<ast::Step>& steps) {
    bool found = false;
    for (const ast::Step& step : steps) found = collect(step) || found;
    return found;
  }

 private:
  struct Link {
    const ast::Entry* entry = nullptr;
    const ast::LinkTable* table = nullptr;
  };

  static Link link_of(const ast::Step& step) {
    if (const auto* set = std::get_if<ast::SetEntry>(&step.what)) {
      return {&set->entry, std::get_if<ast::LinkTable>(&set->value)};
    }
    if (const auto* cas = std::get_if<ast::CompareExchange>(&step.what)) {
      return {&cas->entry, std::get_if<ast::LinkTable>(&cas->desired)};
    }
    return {};
  }

  // Whether the step, or one in its block, links a table. Looked at once for each step.
  bool has_link(const ast::Step& step) {
    const auto known = has_link_.find(&step);
    if (known != has_link_.end()) return known->second;
    const auto any = [this](const std::vector<ast::Step>& steps) {
      return std::ranges::any_of(steps, [this](const ast::Step& inner) { return has_link(inner); });
    };
    bool found = link_of(step).table != nullptr;
    if (const auto* loop = std::get_if<ast::Loop>(&step.what)) found = any(loop->body);
    if (const auto* interrupt = std::get_if<ast::Interrupt>(&step.what))
      found = any(interrupt->body);
    has_link_.emplace(&step, found);
    return found;
  }

  bool collect(const ast::Step& step) {
    if (--steps_left_ < 0 || !has_link(step)) return false;
    if (const auto* loop = std::get_if<ast::Loop>(&step.what)) return collect_loop(*loop);
    if (const auto* interrupt = std::get_if<ast::Interrupt>(&step.what)) {
      return collect(interrupt->body);
    }
    return collect_link(link_of(step));
  }

  bool collect_loop(const ast::Loop& loop) {
    const auto bounds = bounds_of(loop, loops_);
    if (!bounds) return false;
    bool found = false;
    loops_.push_back(0);
    for_each_value(*bounds, loops_, [&] {
      found = collect(loop.body) || found;
      return steps_left_ > 0;
    });
    loops_.pop_back();
    return found;
  }

  bool collect_link(const Link& link) {
    const auto entry = finder_.find(*link.entry, loops_, last_);
    const auto table = names_.table(link.table->table, loops_);
    if (!entry || !table || program_.tables[*table].level != entry->level + 1) return false;
    last_[entry_key(entry->place)] = *table;
    return links_.link_by_step(entry->place, *table);
  }

  Diagnostics unheard_;
  const model::Program& program_;
  Names names_;
  TableLinks& links_;
  EntryFinder finder_;
  std::int64_t steps_left_ = kMaxSteps;
  std::unordered_map<const ast::Step*, bool> has_link_;
  LoopValues loops_;
  LinkedLast last_;
};

}  // namespace

bool collect_links(const std::vector<ast::Step>& steps, const model::Program& program,
                   const Names& names, TableLinks& links) {
  return LinkCollector(program, names, links).collect(steps);
}

}  // namespace amalgam::lang::scenario
