// What a translation table base register holds.
#pragma once

#include <cstdint>

#include "amalgam/arch/geometry.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::pgtable {

enum class RootRegister : std::uint8_t {
  kTtbr0El1,
  kTtbr1El1,
  kTtbr0El2,
  kTtbr1El2,
  kVttbrEl2,
};

// The register of tables of this geometry and half.
constexpr RootRegister root_register(const arch::Geometry& g, Half half) {
  if (g.stage == arch::Stage::kStage2) return RootRegister::kVttbrEl2;
  const bool upper = half == Half::kUpper;
  if (g.regime == arch::Regime::kEl10) {
    return upper ? RootRegister::kTtbr1El1 : RootRegister::kTtbr0El1;
  }
  return upper && g.regime == arch::Regime::kEl20 ? RootRegister::kTtbr1El2
                                                  : RootRegister::kTtbr0El2;
}

// Its value for a root at `root` and an ASID or VMID. With 52-bit addresses bits 51:48 stand in
// bits 5:2, so that such a root is aligned to 64 bytes at least, as a whole page is. `cnp`: CPUs
// that have the same value may share TLB entries. Source: Arm ARM (DDI 0487), TTBR0_EL1, VTTBR_EL2.
constexpr std::uint64_t root_value(const arch::Geometry& g, PhysicalAddress root, std::uint16_t tag,
                                   bool cnp = false) {
  constexpr unsigned tag_lo = 48;
  constexpr unsigned high_address_lo = 48;
  constexpr unsigned high_field_lo = 2;
  const std::uint64_t low = root & arch::bit_mask(47, 1);
  const std::uint64_t high = arch::uses_lpa_layout(g) || arch::uses_lpa2_layout(g)
                                 ? root >> high_address_lo << high_field_lo
                                 : 0;
  const bool tagged = g.stage == arch::Stage::kStage2 || arch::has_asid(g);
  return low | high | (tagged ? std::uint64_t{tag} << tag_lo : 0) | (cnp ? 1 : 0);
}

}  // namespace amalgam::pgtable
