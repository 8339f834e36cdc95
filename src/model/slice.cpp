#include "model/slice.hpp"

namespace amalgam::model {

std::vector<std::uint64_t> root_trees(const Slice& slice) {
  std::vector<std::uint64_t> trees;
  for (const SliceRoot& root : slice.roots) {
    std::uint64_t nodes = 0;
    for (const std::uint8_t start : root.start) {
      if (start != kNoIndex) nodes |= std::uint64_t{1} << start;
    }
    for (unsigned n = 0; n < slice.nodes.size(); ++n) {
      if ((nodes >> n & 1) == 0) continue;
      for (const CellValue& value : slice.cells[slice.nodes[n].cell].values) {
        if (value.kind == ValueKind::kTable && value.node != kNoIndex) {
          nodes |= std::uint64_t{1} << value.node;
        }
      }
    }
    trees.push_back(nodes);
  }
  return trees;
}

}  // namespace amalgam::model
