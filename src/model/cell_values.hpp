// Every value that each descriptor of a program may come to hold, whoever stores it: constants,
// what read-modify-writes and registers make of other values, table copies, hardware.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/program.hpp"

namespace amalgam::model {

class ProgramIndex;

class CellValues {
 public:
  // `index` must know the program's operations and pages. Cost: linear in the operations, and in
  // the values of those descriptors that others are made from.
  void find(const Program& program, const ProgramIndex& index);

  // The values besides the initial one, each once. At most as many as a slice can take, so that the
  // slice of a descriptor with more is refused.
  [[nodiscard]] const std::vector<std::uint64_t>& of(CellId cell) const;

 private:
  // A step that makes a value of `target` from a value of another descriptor, or of the same.
  struct Step {
    CellId target = kNone;
    std::uint64_t clear = 0;
    std::uint64_t set = 0;
    RootId copied_to = kNone;  // a table copy instead
  };

  void add_operation(const Op& op, std::uint32_t agent);
  void add_expression(CellId target, const DescriptorExpr& value, std::uint32_t agent);
  void add_copies(const op::CopyTables& copy);
  void add_copied_table(TableId from, TableId to, int level, RootId root);
  void add(CellId cell, std::uint64_t raw);
  void spread(CellId cell, std::uint64_t raw);
  void add_by_hardware(CellId cell, std::uint64_t raw);

  const Program* program_ = nullptr;
  const ProgramIndex* index_ = nullptr;
  std::unordered_map<CellId, std::vector<std::uint64_t>> values_;
  std::unordered_map<CellId, std::vector<Step>> steps_;
  std::vector<std::vector<CellId>> cells_of_table_;  // where tables are copied or cleared
  std::vector<std::pair<CellId, std::uint64_t>> open_;
};

}  // namespace amalgam::model
