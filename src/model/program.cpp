#include "model/program.hpp"

#include <utility>

namespace amalgam::model {

namespace {

std::uint64_t cell_key(TableId table, std::uint32_t index) {
  return (static_cast<std::uint64_t>(table) << 32) | index;
}

}  // namespace

CellId Program::find_cell(TableId table, std::uint32_t index) const {
  const auto found = cell_index.find(cell_key(table, index));
  return found == cell_index.end() ? kNone : found->second;
}

CellId Program::add_cell(TableId table, std::uint32_t index, std::uint64_t initial,
                         std::string name) {
  const auto [slot, added] =
      cell_index.try_emplace(cell_key(table, index), static_cast<CellId>(cells.size()));
  if (added) cells.push_back({std::move(name), table, index, initial});
  return slot->second;
}

}  // namespace amalgam::model
