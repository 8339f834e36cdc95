#pragma once

#include <vector>

#include "amalgam/arch/geometry.hpp"

namespace amalgam::arch {

// Every descriptor layout: granule, address size, stage and regime.
inline std::vector<Geometry> all_layouts() {
  std::vector<Geometry> layouts;
  const auto add_regimes = [&](Geometry g) {
    layouts.push_back(g);
    g.regime = Regime::kEl2;
    layouts.push_back(g);
    g.regime = Regime::kEl20;
    layouts.push_back(g);
    g.regime = Regime::kEl10;
    g.stage = Stage::kStage2;
    layouts.push_back(g);
  };
  for (const Granule granule : {Granule::k4K, Granule::k16K, Granule::k64K}) {
    add_regimes({.granule = granule});
    add_regimes(
        {.granule = granule, .va_bits = 52, .pa_bits = 52, .lpa2 = granule != Granule::k64K});
  }
  return layouts;
}

inline constexpr int kLevels[] = {-1, 0, 1, 2, 3};

}  // namespace amalgam::arch
