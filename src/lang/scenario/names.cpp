#include "lang/scenario/names.hpp"

#include <array>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/read.hpp"
#include "lang/scenario/suggest.hpp"

namespace amalgam::lang::scenario {

namespace {

constexpr std::array<std::string_view, 3> kKindNames{"frame", "table", "region"};

std::string_view kind_name(SymbolKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

constexpr std::array<std::string_view, 3> kMemberNouns{"frames", "tables", "pages"};

// "`tail` has 7 frames"
std::string has_members(const MemberCount& members) {
  std::string text = quoted(members.of) + " has " + std::to_string(members.count) + ' ';
  text.append(members.noun);
  if (members.count == 1) text.pop_back();
  return text;
}

MemberCount members_of(const ast::Name& name, const Symbol& symbol) {
  return {name.text, symbol.count, kMemberNouns[static_cast<std::size_t>(symbol.kind)]};
}

}  // namespace

std::int64_t evaluate(const ast::Expression& expression, const LoopValues& loops) {
  std::int64_t result = expression.constant;
  for (const ast::Term& term : expression.terms) result += term.factor * loops[term.loop_depth];
  return result;
}

std::optional<LoopBounds> bounds_of(const ast::Loop& loop, const LoopValues& loops) {
  const LoopBounds bounds{evaluate(loop.first, loops), evaluate(loop.last, loops)};
  constexpr auto max = static_cast<std::int64_t>(kMaxIndexNumber);
  for (const std::int64_t value : {bounds.first, bounds.last}) {
    if (value > max || value < -max) return std::nullopt;
  }
  return bounds;
}

bool Names::declare(const ast::Name& name, const Symbol& symbol) {
  const auto [at, added] = known_->symbols.try_emplace(name.text, symbol);
  if (!added) {
    diagnostics_.error(name.location, "the name " + quoted(name.text) + " is taken by a " +
                                          std::string(kind_name(at->second.kind)));
    return false;
  }
  known_->symbol_order.push_back(name.text);
  return true;
}

bool Names::declare_root(const ast::Name& name, model::RootId root) {
  if (!known_->roots.try_emplace(name.text, root).second) {
    diagnostics_.error(name.location, "the name " + quoted(name.text) + " is taken by a root");
    return false;
  }
  known_->root_order.push_back(name.text);
  return true;
}

const Symbol* Names::find(std::string_view name) const {
  const auto found = known_->symbols.find(name);
  return found == known_->symbols.end() ? nullptr : &found->second;
}

std::optional<model::RootId> Names::root(const ast::Name& name) const {
  if (const auto found = known_->roots.find(name.text); found != known_->roots.end())
    return found->second;
  unknown(name, "root", known_->root_order);
  return std::nullopt;
}

std::optional<model::DeviceId> Names::device(const ast::Name& name) const {
  std::vector<std::string_view> known;
  for (const model::Device& device : program_.devices) {
    if (device.name == name.text) return static_cast<model::DeviceId>(known.size());
    known.push_back(device.name);
  }
  unknown(name, "device", known);
  return std::nullopt;
}

void Names::unknown(const ast::Name& name, std::string_view what,
                    const std::vector<std::string_view>& known) const {
  diagnostics_.error(name.location, "no " + std::string(what) + " is named " + quoted(name.text) +
                                        suggestion(name.text, known));
}

const Symbol* Names::symbol(const ast::Name& name, SymbolKind kind) const {
  const Symbol* found = find(name.text);
  if (found == nullptr && diagnostics_.full()) return nullptr;
  if (found == nullptr) {
    std::vector<std::string_view> known;
    for (const std::string_view other : known_->symbol_order) {
      if (find(other)->kind == kind) known.push_back(other);
    }
    unknown(name, kind_name(kind), known);
    return nullptr;
  }
  if (found->kind == kind) return found;
  diagnostics_.error(name.location, quoted(name.text) + " is a " +
                                        std::string(kind_name(found->kind)) + ", expected a " +
                                        std::string(kind_name(kind)));
  return nullptr;
}

std::optional<std::uint32_t> Names::index(const ast::Index& index, const LoopValues& loops,
                                          const MemberCount& members) const {
  if (index.any || index.last) {
    diagnostics_.error(index.location,
                       index.any ? "`any` stands in observers only; expected one index"
                                 : "expected one index, found a range; `for` makes a loop");
    return std::nullopt;
  }
  const auto range = index_range(index, loops, members);
  return range ? std::optional(range->first) : std::nullopt;
}

std::optional<IdRange> Names::index_range(const ast::Index& index, const LoopValues& loops,
                                          const MemberCount& members) const {
  if (index.any) return IdRange{0, static_cast<std::uint32_t>(members.count)};
  const std::int64_t first = evaluate(index.first, loops);
  const std::int64_t last = index.last ? evaluate(*index.last, loops) : first;
  for (const std::int64_t value : {first, last}) {
    if (value >= 0 && static_cast<std::uint64_t>(value) < members.count) continue;
    diagnostics_.error(index.location, "the index " + std::to_string(value) +
                                           " is out of range: " + has_members(members));
    return std::nullopt;
  }
  if (last < first) {
    diagnostics_.error(index.location, "a range of pages goes upwards");
    return std::nullopt;
  }
  return IdRange{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last - first + 1)};
}

std::optional<IdRange> Names::members(const ast::Item& item, SymbolKind kind,
                                      const LoopValues& loops) const {
  const Symbol* found = symbol(item.name, kind);
  if (found == nullptr) return std::nullopt;
  if (item.indices.empty()) return IdRange{found->first, found->count};
  if (item.indices.size() > 1 || item.indices.front().any) {
    diagnostics_.error(item.indices.back().location, "expected one index");
    return std::nullopt;
  }
  const auto range = index_range(item.indices.front(), loops, members_of(item.name, *found));
  if (!range) return std::nullopt;
  return IdRange{found->first + range->first, range->count};
}

std::optional<std::uint32_t> Names::member(const ast::Item& item, SymbolKind kind,
                                           const LoopValues& loops) const {
  const auto range = members(item, kind, loops);
  if (!range) return std::nullopt;
  if (range->count == 1) return range->first;
  if (item.indices.empty()) {
    diagnostics_.error(item.name.location,
                       has_members(members_of(item.name, *find(item.name.text))) +
                           "; expected one of them, for example " +
                           quoted(std::string(item.name.text) + "[0]"));
  } else {
    diagnostics_.error(item.indices.front().location,
                       "expected one index, found a range; `for` makes a loop");
  }
  return std::nullopt;
}

std::optional<model::FrameId> Names::frame(const ast::Item& item, const LoopValues& loops) const {
  return member(item, SymbolKind::kFrame, loops);
}

std::optional<IdRange> Names::frames(const ast::Item& item, const LoopValues& loops) const {
  return members(item, SymbolKind::kFrame, loops);
}

std::optional<model::TableId> Names::table(const ast::Item& item, const LoopValues& loops) const {
  return member(item, SymbolKind::kTable, loops);
}

std::optional<IdRange> Names::tables(const ast::Item& item, const LoopValues& loops) const {
  return members(item, SymbolKind::kTable, loops);
}

std::optional<PageRange> Names::pages(const ast::Page& page, const LoopValues& loops) const {
  const Symbol* found = symbol(page.item.name, SymbolKind::kRegion);
  if (found == nullptr) return std::nullopt;
  PageRange result{.region = found->first, .root = program_.regions[found->first].root};
  if (page.root) {
    const auto from = root(*page.root);
    if (!from) return std::nullopt;
    result.root = *from;
  }
  if (page.item.indices.empty()) return result;
  if (page.item.indices.size() > 1) {
    diagnostics_.error(page.item.indices.back().location, "expected one index");
    return std::nullopt;
  }
  const auto range =
      index_range(page.item.indices.front(), loops, members_of(page.item.name, *found));
  if (!range) return std::nullopt;
  result.first = range->first;
  result.last = range->first + range->count - 1;
  return result;
}

std::optional<PageRange> Names::one_page(const ast::Page& page, const LoopValues& loops) const {
  const auto result = pages(page, loops);
  const bool indexed = result && !page.item.indices.empty();
  if (!indexed) return result;
  const ast::Index& only = page.item.indices.front();
  if (!only.any && !only.last) return result;
  diagnostics_.error(only.location, only.any
                                        ? "`any` stands in observers only; expected one page"
                                        : "expected one page, found a range; `for` makes a loop");
  return std::nullopt;
}

}  // namespace amalgam::lang::scenario
