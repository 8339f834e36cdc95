#include "model/cell_values.hpp"

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"
#include "model/program_index.hpp"
#include "model/slice.hpp"

namespace amalgam::model {

const std::vector<std::uint64_t>& CellValues::of(CellId cell) const {
  static const std::vector<std::uint64_t> kEmpty;
  const auto found = values_.find(cell);
  return found == values_.end() ? kEmpty : found->second;
}

void CellValues::find(const Program& program, const ProgramIndex& index) {
  program_ = &program;
  index_ = &index;
  for (std::uint32_t a = 0; a < program.agents.size(); ++a) {
    for (const Op& op : program.agents[a].ops) {
      for_each_op(op, [&](const Op& inner) { add_operation(inner, a); });
    }
  }
  for (const auto& [cell, steps] : steps_) open_.emplace_back(cell, program.cells[cell].initial);
  while (!open_.empty()) {
    const auto [cell, raw] = open_.back();
    open_.pop_back();
    spread(cell, raw);
  }
}

void CellValues::add(CellId cell, std::uint64_t raw) {
  if (program_->cells[cell].initial == raw) return;
  auto& values = values_[cell];
  const bool known = std::find(values.begin(), values.end(), raw) != values.end();
  if (known || values.size() >= kMaxCellValues) return;
  values.push_back(raw);
  open_.emplace_back(cell, raw);
}

void CellValues::spread(CellId cell, std::uint64_t raw) {
  const auto found = steps_.find(cell);
  if (found == steps_.end()) return;
  add_by_hardware(cell, raw);
  const int level = program_->tables[program_->cells[cell].table].level;
  for (const Step& step : found->second) {
    const bool copies = step.copied_to != kNone;
    add(step.target,
        copies ? index_->copied(raw, level, step.copied_to) : (raw & ~step.clear) | step.set);
  }
}

void CellValues::add_by_hardware(CellId cell, std::uint64_t raw) {
  const arch::Geometry& g = program_->machine.geometry;
  const arch::Features& features = program_->machine.features;
  const int level = program_->tables[program_->cells[cell].table].level;
  if (!arch::is_leaf(g, {raw}, level)) return;
  if (features.hardware_af && !arch::has_access_flag({raw})) add(cell, arch::with_af({raw}).raw);
  const bool clean = (raw & arch::bits::kDbm) != 0 && !arch::is_dirty(g, {raw});
  if (features.hardware_dirty && clean) add(cell, arch::with_dirty(g, {raw}).raw);
}

void CellValues::add_expression(CellId target, const DescriptorExpr& value, std::uint32_t agent) {
  if (value.source == kNone) {
    add(target, value.set);
    return;
  }
  for (const OpRef ref : index_->reads_into(agent, value.source)) {
    for_each_op(program_->agents[ref.agent].ops[ref.op], [&](const Op& op) {
      const auto* read = std::get_if<op::ReadDescriptor>(&op.operation);
      if (read == nullptr || read->into != value.source) return;
      steps_[read->cell].push_back({target, value.clear, value.set, kNone});
    });
  }
}

void CellValues::add_operation(const Op& op, std::uint32_t agent) {
  if (const auto* write = std::get_if<op::WriteDescriptor>(&op.operation)) {
    add_expression(write->cell, write->value, agent);
  } else if (const auto* cas = std::get_if<op::CompareExchangeDescriptor>(&op.operation)) {
    add_expression(cas->cell, cas->desired, agent);
  } else if (const auto* update = std::get_if<op::UpdateDescriptor>(&op.operation)) {
    steps_[update->cell].push_back({update->cell, update->clear, update->set, kNone});
  } else if (const auto* zero = std::get_if<op::ZeroTable>(&op.operation)) {
    for (CellId c = 0; c < program_->cells.size(); ++c) {
      if (program_->cells[c].table == zero->table) add(c, 0);
    }
  } else if (const auto* copy = std::get_if<op::CopyTables>(&op.operation)) {
    add_copies(*copy);
  }
}

void CellValues::add_copies(const op::CopyTables& copy) {
  if (cells_of_table_.empty()) {
    cells_of_table_.resize(program_->tables.size());
    for (CellId c = 0; c < program_->cells.size(); ++c) {
      cells_of_table_[program_->cells[c].table].push_back(c);
    }
  }
  const int level = arch::start_level(program_->machine.geometry);
  add_copied_table(program_->roots[copy.from].table, program_->roots[copy.to].table, level,
                   copy.to);
}

// Tables below are taken to be those that the program starts with, as the copy itself does.
void CellValues::add_copied_table(TableId from, TableId to, int level, RootId root) {
  for (const CellId source : cells_of_table_[from]) {
    const CellId target = program_->find_cell(to, program_->cells[source].index);
    if (target == kNone) continue;
    steps_[source].push_back({target, 0, 0, root});
    const std::uint64_t raw = program_->cells[source].initial;
    const TableId below = index_->table_below(raw, level);
    const TableId below_copy = index_->table_below(index_->copied(raw, level, root), level);
    if (below == kNone || below_copy == kNone || below == below_copy) continue;
    add_copied_table(below, below_copy, level + 1, root);
  }
}

}  // namespace amalgam::model
