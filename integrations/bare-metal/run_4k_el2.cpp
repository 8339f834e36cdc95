#include "runner.hpp"

namespace bare_metal {

Totals run_4k_el2(bool paced) {
  constexpr arch::Geometry own{
      .granule = arch::Granule::k4K, .va_bits = 48, .regime = arch::Regime::kEl2};
  return Runner<own>(paced).run();
}

}  // namespace bare_metal
