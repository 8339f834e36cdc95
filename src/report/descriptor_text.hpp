// A descriptor in one line, and what it stands in.
#pragma once

#include <string>
#include <string_view>

#include "amalgam/arch/change_types.hpp"
#include "amalgam/arch/geometry.hpp"

namespace amalgam::report {

// "PAGE 0x40d29000 RW, user, AF, nG", "TABLE 0x40d2a000", "invalid". Attributes at their usual
// value (execute-never, inner shareable) are left out.
std::string summary(const arch::Entry& entry, const arch::ChangeContext& context);

// "level 3, stage 1 EL1&0, granule 4K, 48-bit input and output addresses, LPA2"
std::string setting(const arch::Geometry& geometry, int level);

// "4K", "16K", "64K".
std::string_view name(arch::Granule granule);

// "el1", "el2", "el20": as options name the regimes.
std::string_view name(arch::Regime regime);

}  // namespace amalgam::report
