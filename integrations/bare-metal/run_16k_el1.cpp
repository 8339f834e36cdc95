#include "runner.hpp"

namespace bare_metal {

Totals run_16k_el1(bool paced) {
  constexpr arch::Geometry own{
      .granule = arch::Granule::k16K, .va_bits = 47, .regime = arch::Regime::kEl10};
  return Runner<own>(paced).run();
}

}  // namespace bare_metal
