#include "runner.hpp"

namespace bare_metal {

Totals run_4k_el1(bool paced) {
  constexpr arch::Geometry geometry{
      .granule = arch::Granule::k4K, .va_bits = 48, .regime = arch::Regime::kEl10};
  return Runner<geometry>("4K", paced).run();
}

}  // namespace bare_metal
