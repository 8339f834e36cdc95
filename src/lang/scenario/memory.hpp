// Lays memory out: frames, tables and roots.
#pragma once

#include <cstdint>
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

  // In this order. What refers to what comes later in the file is found all the same.
  void add_frames(const std::vector<ast::Frames>& frames);
  void add_roots(const std::vector<ast::Root>& roots);
  void add_tables(const std::vector<ast::Tables>& tables);

  // A table linked nowhere.
  model::TableId add_table(std::string name, int level, const Location& location);

  // The tables of roots `like` another. Call when all maps are made.
  void copy_roots(const std::vector<ast::Root>& roots);
  // Cells of all regions, in all roots that translate them. Call when all links are known.
  void add_cells();
  // Gives each table that is a copy the cells of its original. Call when no cell is added any more.
  void mirror_cells();

 private:
  bool too_many_cells(const Location& location);
  void add_frame_group(const ast::Frames& group);
  void add_frame_array(const ast::DeclaredFrames& array, const ast::Frames& group);
  void set_contents(const ast::Frames& group, model::FrameId first, std::uint32_t count);

  std::uint64_t allocate(std::uint64_t bytes, std::uint64_t alignment, const Location& location);

  [[nodiscard]] std::uint64_t page_bytes() const;

  const ast::Machine& machine_;
  model::Program& program_;
  Names& names_;
  TableLinks& links_;
  ValueNames& values_;
  Diagnostics& diagnostics_;
  std::uint64_t next_address_;
  bool memory_full_ = false;
};

}  // namespace amalgam::lang::scenario
