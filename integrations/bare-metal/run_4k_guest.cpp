#include "runner.hpp"

namespace bare_metal {

Totals run_4k_guest(bool paced) {
  constexpr arch::Geometry own{
      .granule = arch::Granule::k4K, .va_bits = 48, .regime = arch::Regime::kEl2};
  constexpr arch::Geometry guest{
      .granule = arch::Granule::k4K, .va_bits = 40, .pa_bits = 40, .stage = arch::Stage::kStage2};
  return Runner<own>(paced).run_guest<guest>();
}

}  // namespace bare_metal
