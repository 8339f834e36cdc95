#include "runner.hpp"

namespace bare_metal {

Totals run_16k_el2(bool paced) {
  constexpr arch::Geometry geometry{
      .granule = arch::Granule::k16K, .va_bits = 47, .regime = arch::Regime::kEl2};
  return Runner<geometry>("16K", paced).run();
}

}  // namespace bare_metal
