// Finds the descriptor that an entry of a step names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "lang/scenario/names.hpp"
#include "lang/scenario/tables.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

struct FoundEntry {
  EntryPlace place;
  int level = 3;
  std::optional<PageRange> page;  // absent for an entry named by its table and index
};

int level_of(const ast::Level& level, const arch::Geometry& geometry);

class EntryFinder {
 public:
  EntryFinder(const model::Program& program, const Names& names, const TableLinks& links,
              Diagnostics& diagnostics)
      : program_(program), names_(names), links_(links), diagnostics_(diagnostics) {}

  // The place of the descriptor, or nothing with a note. `last`: what this agent has linked so far.
  [[nodiscard]] std::optional<FoundEntry> find(const ast::Entry& entry, const LoopValues& loops,
                                               const LinkedLast& last) const;

  // "pte vmemmap[3]", "pte pt[3]"
  [[nodiscard]] std::string name(const FoundEntry& entry) const;

 private:
  [[nodiscard]] std::optional<FoundEntry> find_in_table(const ast::Entry& entry, int level,
                                                        const Symbol& symbol,
                                                        const LoopValues& loops) const;
  [[nodiscard]] std::optional<FoundEntry> find_for_page(const ast::Entry& entry, int level,
                                                        const LoopValues& loops,
                                                        const LinkedLast& last) const;
  void note_walk_failure(const ast::Entry& entry, const WalkResult& walk) const;

  const model::Program& program_;
  const Names& names_;
  const TableLinks& links_;
  Diagnostics& diagnostics_;
};

// Adds the tables that steps link to `links`, so that entries below them have a place. Notes
// nothing: what is wrong with a step is noted when it is lowered. Returns whether a link is new.
bool collect_links(const std::vector<ast::Step>& steps, const model::Program& program,
                   const Names& names, TableLinks& links);

}  // namespace amalgam::lang::scenario
