// The FEAT_BBM and FEAT_ETS levels that an answer holds at, as text.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amalgam/arch/features.hpp"

namespace amalgam::report {

struct Level {
  arch::Ets ets = arch::Ets::kNone;
  std::uint8_t bbm = 0;

  friend auto operator<=>(const Level&, const Level&) = default;
};

// "none", "2", "3".
std::string_view name(arch::Ets ets);

// "BBM 0 1 2"; with `tell_ets` also for which FEAT_ETS: "BBM 0 1 ETS none 2; BBM 0 ETS 3". In
// ascending order whatever the order of `levels`.
std::string level_list(std::vector<Level> levels, bool tell_ets);

}  // namespace amalgam::report
