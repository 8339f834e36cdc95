#include "report/levels.hpp"

#include <algorithm>
#include <array>

namespace amalgam::report {

namespace {

// The ETS values that share one list of BBM levels.
struct Block {
  std::string bbm;
  std::string ets;
};

void add_value(std::vector<Block>& blocks, std::string bbm, arch::Ets ets) {
  for (Block& block : blocks) {
    if (block.bbm != bbm) continue;
    block.ets += ' ';
    block.ets += name(ets);
    return;
  }
  blocks.push_back({std::move(bbm), std::string(name(ets))});
}

std::vector<Block> blocks_of(const std::vector<Level>& levels) {
  std::vector<Block> blocks;
  for (auto at = levels.begin(); at != levels.end();) {
    const arch::Ets ets = at->ets;
    std::string bbm = "BBM";
    for (; at != levels.end() && at->ets == ets; ++at) bbm += ' ' + std::to_string(at->bbm);
    add_value(blocks, std::move(bbm), ets);
  }
  return blocks;
}

}  // namespace

std::string_view name(arch::Ets ets) {
  static constexpr std::array<std::string_view, 3> kNames{"none", "2", "3"};
  return kNames[static_cast<std::size_t>(ets)];
}

std::string level_list(std::vector<Level> levels, bool tell_ets) {
  std::ranges::sort(levels);
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  std::string result;
  for (const Block& block : blocks_of(levels)) {
    if (!result.empty()) result += "; ";
    result += block.bbm;
    if (tell_ets) result += " ETS " + block.ets;
  }
  return result;
}

}  // namespace amalgam::report
