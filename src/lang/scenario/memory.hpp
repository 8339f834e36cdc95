// Lays memory out: frames, tables and their links, roots, and regions with their descriptors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "lang/scenario/names.hpp"
#include "lang/scenario/tables.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

// Data values by name. Value 0 is "zero", what zeroed memory holds.
class ValueNames {
 public:
  explicit ValueNames(model::Program& program);

  // The value of that name, made if there is none yet.
  model::ValueId named(std::string_view name);
  // A value unlike all others, whatever its name.
  model::ValueId fresh(std::string name);

 private:
  model::Program& program_;
  std::unordered_map<std::string, model::ValueId> named_;
};

class MemoryBuilder {
 public:
  MemoryBuilder(const ast::Machine& machine, model::Program& program, Names& names,
                TableLinks& links, ValueNames& values, Diagnostics& diagnostics);

  // In this order: frames, then init and other roots, tables, and maps. What refers to what comes
  // later in the file is found all the same, but for regions, which are laid out in file order.
  void add_frames(const std::vector<ast::Frames>& frames);
  void add_roots(const std::vector<ast::Root>& roots);
  void add_tables(const std::vector<ast::Tables>& tables);
  void add_maps(const std::vector<ast::Map>& maps);

  // The tables of roots `like` another. Call when all maps are made.
  void copy_roots(const std::vector<ast::Root>& roots);
  // Cells of all regions, in all roots that translate them. Call when all links are known.
  void add_cells();
  // Gives each table that is a copy the cells of its original. Call when no cell is added any more.
  void mirror_cells();

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

  void add_frame_group(const ast::Frames& group);
  void add_frame_array(const ast::DeclaredFrames& array, const ast::Frames& group);
  void set_contents(const ast::Frames& group, model::FrameId first, std::uint32_t count);

  model::TableId add_table(std::string name, int level, const Location& location);
  std::uint64_t allocate(std::uint64_t bytes, std::uint64_t alignment, const Location& location);

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
  std::optional<std::uint64_t> output_address(const ast::Map& map, const Leaves& leaves,
                                              const ast::Backing& backing, std::uint32_t offset);

  [[nodiscard]] std::uint64_t page_bytes() const;
  [[nodiscard]] std::uint64_t region_bytes(const Leaves& leaves) const;
  [[nodiscard]] std::uint64_t unit_bytes() const;

  const ast::Machine& machine_;
  model::Program& program_;
  Names& names_;
  TableLinks& links_;
  ValueNames& values_;
  Diagnostics& diagnostics_;
  std::uint64_t next_address_;
  bool memory_full_ = false;
  std::uint64_t region_pages_ = 0;
  std::vector<std::map<std::uint64_t, std::uint64_t>> taken_;  // by root: base -> last address
  std::unordered_map<model::TableId, TableHome> homes_;
  std::vector<std::uint64_t> next_unit_;
};

}  // namespace amalgam::lang::scenario
