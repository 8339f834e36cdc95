// What a scenario is, and what all of them share.
#pragma once

#include <cstdint>
#include <string_view>

#include "bench.hpp"

namespace bare_metal {

// A scenario sets up what is there before, says what is watched, and makes one change. What it has
// mapped is taken away after it.
template <arch::Geometry kGeometry>
struct Scenario {
  using B = Bench<kGeometry>;

  std::string_view name;
  void (*run)(B&);
  // Whether the CPU, and the level that is tried, have what it takes.
  bool (*applies)(const B&);
};

// Names for scenarios of one geometry.
template <arch::Geometry kGeometry>
struct ScenarioBase {
  using B = Bench<kGeometry>;
  using S = Scenario<kGeometry>;
  using Batch = typename B::Batch;
  static constexpr std::uint64_t kPage = B::kPage;
  static constexpr std::uint64_t kBlock = B::kBlock;
  static constexpr std::uint64_t kGroup = B::kGroup;
  static constexpr pgtable::LeafSizes kPagesOnly{.blocks = false, .contiguous = false};
  static constexpr pgtable::LeafSizes kNoGroups{.blocks = true, .contiguous = false};
  // Runs of a few pages that cross from one table into the next.
  static constexpr std::uint64_t kCross = kBlock - 2 * kPage;

  static bool always(const B&) { return true; }
  static bool with_af(const B& b) { return b.features().hardware_af; }
  static bool with_dirty(const B& b) { return b.features().hardware_dirty; }
  static bool at_stage1(const B&) { return !B::kStage2; }

  // What a caller permits who has nothing but the level: a break, nT, or abort and go on.
  static pgtable::Permits by_level(const B& b) {
    pgtable::Permits permits;
    permits.fault_window = b.features().bbm == 0;
    permits.no_translation = b.features().bbm == 1;
    permits.conflict_abort = b.features().bbm >= 2;
    return permits;
  }
  // The same for contiguous groups, which nT does not help.
  static pgtable::Permits by_level_for_groups(const B& b) {
    pgtable::Permits permits;
    permits.fault_window = has_window(b);
    permits.conflict_abort = !has_window(b);
    return permits;
  }
  static bool has_window(const B& b) { return b.features().bbm < 2; }
  static constexpr pgtable::Permits stopping() {
    pgtable::Permits permits;
    permits.stop_others = true;
    return permits;
  }
};

}  // namespace bare_metal
