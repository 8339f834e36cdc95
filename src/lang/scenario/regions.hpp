// Lays regions out: their input addresses, the tables above them and their descriptors.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "lang/scenario/memory.hpp"
#include "lang/scenario/names.hpp"
#include "lang/scenario/tables.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

class RegionBuilder {
 public:
  RegionBuilder(const ast::Machine& machine, model::Program& program, Names& names,
                TableLinks& links, MemoryBuilder& memory, Diagnostics& diagnostics);

  // In the order of the file, since one may lie where an earlier one does. Call once.
  void add(const std::vector<ast::Map>& maps);

 private:
  // Where a region goes, and the table that its last entries are in, if the scenario names it.
  struct Placement {
    std::uint64_t base = 0;
    model::TableId table = model::kNone;
  };
  // A run of pages that one backing covers, and their leaf descriptors.
  struct Leaves {
    int level = 3;
    std::uint32_t pages = 0;
  };
  struct TableHome {
    model::RootId root = 0;
    std::uint64_t base = 0;       // input address of the table's entry 0
    std::uint64_t next_free = 0;  // behind the last region that was put in
  };

  void add_map(const ast::Map& map);
  std::optional<Leaves> leaves_of(const ast::Map& map) const;
  std::optional<int> block_level(const ast::Map& map, std::uint32_t pages) const;
  std::optional<std::uint32_t> pages_of(const ast::Map& map) const;
  std::optional<Placement> place(const ast::Map& map, const Leaves& leaves, model::RootId root);
  std::optional<std::uint64_t> said_address(const ast::Map& map) const;
  std::optional<Placement> place_in_table(const ast::Map& map, const Leaves& leaves,
                                          model::RootId root);
  std::optional<std::uint64_t> free_unit(const ast::Map& map, const Leaves& leaves,
                                         model::RootId root);
  bool check_place(const ast::Map& map, std::uint64_t base, const Leaves& leaves,
                   model::RootId root) const;
  void fill(const ast::Map& map, const Leaves& leaves, const Placement& placement,
            model::RegionId region);
  std::optional<model::TableId> make_path(const ast::Map& map, const model::Region& region,
                                          std::uint64_t page, int level,
                                          const Placement& placement);
  model::TableId link_new_table(const model::Region& region, std::uint64_t page,
                                const EntryPlace& entry, int level, model::TableId wanted);
  bool write_leaves(const ast::Map& map, const Leaves& leaves, const ast::Backing& backing,
                    std::uint32_t& page, std::uint32_t end, const Placement& placement,
                    const model::Region& region);
  std::optional<std::uint64_t> output_address(const Leaves& leaves, const ast::Backing& backing,
                                              std::uint32_t offset);

  [[nodiscard]] std::uint64_t page_bytes() const;
  [[nodiscard]] std::uint64_t region_bytes(const Leaves& leaves) const;
  [[nodiscard]] std::uint64_t unit_bytes() const;

  const ast::Machine& machine_;
  model::Program& program_;
  Names& names_;
  TableLinks& links_;
  MemoryBuilder& memory_;
  Diagnostics& diagnostics_;
  std::uint64_t region_pages_ = 0;
  std::vector<std::map<std::uint64_t, std::uint64_t>> taken_;  // by root: base -> last address
  std::unordered_map<model::TableId, TableHome> homes_;
  // Of the lower and the upper range. Regions of different roots keep apart too.
  std::array<std::uint64_t, 2> next_unit_{};
};

}  // namespace amalgam::lang::scenario
