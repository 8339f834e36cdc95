// Which table hangs below which entry, at the start and by the scenario's steps.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "amalgam/arch/geometry.hpp"
#include "lang/scenario/ast.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

// The place of a descriptor.
struct EntryPlace {
  model::TableId table = model::kNone;
  std::uint32_t index = 0;

  friend bool operator==(const EntryPlace&, const EntryPlace&) = default;
};

constexpr std::uint64_t entry_key(const EntryPlace& entry) {
  return (static_cast<std::uint64_t>(entry.table) << 32) | entry.index;
}

// Tables that one agent has linked last, by entry.
using LinkedLast = std::unordered_map<std::uint64_t, model::TableId>;

// Why a walk over the links finds no entry.
enum class WalkFailure : std::uint8_t { kNoTable, kAmbiguous, kAboveRoot };

struct WalkResult {
  EntryPlace entry;
  std::optional<WalkFailure> failure;
  int level = 0;  // of the entry that the failure is about
};

class TableLinks {
 public:
  TableLinks(const arch::Geometry& geometry, model::Program& program)
      : geometry_(geometry), program_(program) {}

  // A link that exists at the start, or, in a table that is a copy, one that copying makes.
  void link_at_start(const EntryPlace& entry, model::TableId table);
  // A link that a step makes. Returns whether it is new.
  bool link_by_step(const EntryPlace& entry, model::TableId table);

  // The table linked at the start, or kNone.
  [[nodiscard]] model::TableId linked_at_start(const EntryPlace& entry) const;

  // The entry for `address` at `level` below `root`: where `last` knows no link, by those of the
  // start, and else by what steps link if that is one table only. Cost: one look-up a level.
  [[nodiscard]] WalkResult walk(model::RootId root, std::uint64_t address, int level,
                                const LinkedLast& last) const;

  // Gives every entry that translates a page of `region` below `root` a cell, along all links.
  void add_cells(model::RootId root, model::RegionId region);

 private:
  struct Links {
    model::TableId at_start = model::kNone;
    std::vector<model::TableId> by_step;
  };

  void add_cells_below(model::RootId root, const model::Region& region, model::TableId table,
                       std::uint64_t first, std::uint64_t last);

  const arch::Geometry& geometry_;
  model::Program& program_;
  std::unordered_map<std::uint64_t, Links> links_;
  std::set<std::pair<std::uint64_t, model::TableId>> linked_by_step_;
};

// "pte", "pmd", "pud"; "pgd" for a root at level 0 or -1.
std::string level_name(const arch::Geometry& geometry, int level);

// "pte vmemmap[3]", "pte other:vmemmap[3]".
std::string entry_name(const model::Program& program, int level, model::RootId root,
                       const model::Region& region, std::uint64_t page);

}  // namespace amalgam::lang::scenario
