// Looks names up. Every failure is noted where the name stands.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

using model::Location;

enum class SymbolKind : std::uint8_t { kFrame, kTable, kRegion };

// Frames, tables and regions share one space of names.
struct Symbol {
  SymbolKind kind = SymbolKind::kFrame;
  std::uint32_t first = 0;  // id of the first frame or table, or of the region
  std::uint32_t count = 1;  // frames, tables, or pages
  bool is_array = false;
};

// What an index counts: "`pt` has 512 entries".
struct MemberCount {
  std::string_view of;
  std::uint64_t count = 0;
  std::string_view noun;  // in the plural
};

// first .. first + count - 1
struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// Pages of a region, as seen from a root.
struct PageRange {
  model::RegionId region = model::kNone;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  model::RootId root = 0;
};

// The values of the loops around a step, outermost first.
using LoopValues = std::vector<std::int64_t>;

std::int64_t evaluate(const ast::Expression& expression, const LoopValues& loops);

// The first and last value of a loop whose variable is the last of `loops`; nothing if one is too
// large. A loop counts down where the last value is below the first.
struct LoopBounds {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
std::optional<LoopBounds> bounds_of(const ast::Loop& loop, const LoopValues& loops);

// Calls `body` with each value of the loop as the last of `loops`, as long as it returns true.
template <typename Body>
void for_each_value(const LoopBounds& bounds, LoopValues& loops, const Body& body) {
  const std::int64_t direction = bounds.first <= bounds.last ? 1 : -1;
  for (std::int64_t value = bounds.first;; value += direction) {
    loops.back() = value;
    if (!body() || value == bounds.last) return;
  }
}

class Names {
 public:
  Names(const model::Program& program, Diagnostics& diagnostics)
      : program_(program), diagnostics_(diagnostics), known_(std::make_shared<Known>()) {}
  // The same names, also those declared later; what goes wrong is noted elsewhere.
  Names(const Names& names, Diagnostics& diagnostics)
      : program_(names.program_), diagnostics_(diagnostics), known_(names.known_) {}

  // Notes an error if the name is taken.
  bool declare(const ast::Name& name, const Symbol& symbol);
  bool declare_root(const ast::Name& name, model::RootId root);

  [[nodiscard]] const Symbol* find(std::string_view name) const;
  [[nodiscard]] std::optional<model::RootId> root(const ast::Name& name) const;
  [[nodiscard]] std::optional<model::DeviceId> device(const ast::Name& name) const;

  [[nodiscard]] std::optional<model::FrameId> frame(const ast::Item& item,
                                                    const LoopValues& loops) const;
  // A bare array stands for all of it.
  [[nodiscard]] std::optional<IdRange> frames(const ast::Item& item, const LoopValues& loops) const;
  [[nodiscard]] std::optional<model::TableId> table(const ast::Item& item,
                                                    const LoopValues& loops) const;
  [[nodiscard]] std::optional<IdRange> tables(const ast::Item& item, const LoopValues& loops) const;
  // A bare region stands for its page 0.
  [[nodiscard]] std::optional<PageRange> pages(const ast::Page& page,
                                               const LoopValues& loops) const;
  [[nodiscard]] std::optional<PageRange> one_page(const ast::Page& page,
                                                  const LoopValues& loops) const;

  // An index in [0, count).
  [[nodiscard]] std::optional<std::uint32_t> index(const ast::Index& index, const LoopValues& loops,
                                                   const MemberCount& members) const;

  // The symbol of that kind; "no frame is named ..." or "... is a region, expected a frame".
  [[nodiscard]] const Symbol* symbol(const ast::Name& name, SymbolKind kind) const;

 private:
  struct Known {
    std::unordered_map<std::string_view, Symbol> symbols;
    std::vector<std::string_view> symbol_order;
    std::unordered_map<std::string_view, model::RootId> roots;
    std::vector<std::string_view> root_order;
  };

  void unknown(const ast::Name& name, std::string_view what,
               const std::vector<std::string_view>& known) const;
  [[nodiscard]] std::optional<IdRange> members(const ast::Item& item, SymbolKind kind,
                                               const LoopValues& loops) const;
  [[nodiscard]] std::optional<std::uint32_t> member(const ast::Item& item, SymbolKind kind,
                                                    const LoopValues& loops) const;
  [[nodiscard]] std::optional<IdRange> index_range(const ast::Index& index, const LoopValues& loops,
                                                   const MemberCount& members) const;

  const model::Program& program_;
  Diagnostics& diagnostics_;
  std::shared_ptr<Known> known_;
};

}  // namespace amalgam::lang::scenario
