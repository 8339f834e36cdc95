// The registers that turn translation on.
#pragma once

#include <cstdint>

#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"

namespace bare_metal {

// MAIR: what the index in a descriptor stands for.
inline constexpr std::uint8_t kNormal = 0;  // write-back
inline constexpr std::uint8_t kDevice = 1;  // nGnRE
inline constexpr std::uint64_t kMair = 0x04ff;

// What stands for the same in a leaf of stage 2, which has the attributes themselves.
constexpr std::uint8_t normal_memory(const amalgam::arch::Geometry& g) {
  return g.stage == amalgam::arch::Stage::kStage2 ? 15 : kNormal;
}
constexpr std::uint8_t device_memory(const amalgam::arch::Geometry& g) {
  return g.stage == amalgam::arch::Stage::kStage2 ? 1 : kDevice;
}

// TG0 and TG1 number the granules differently.
constexpr std::uint64_t tg0(amalgam::arch::Granule granule) {
  constexpr std::uint64_t codes[] = {0, 2, 1};
  return codes[static_cast<unsigned>(granule)];
}
constexpr std::uint64_t tg1(amalgam::arch::Granule granule) {
  constexpr std::uint64_t codes[] = {2, 1, 3};
  return codes[static_cast<unsigned>(granule)];
}

// IPS or PS: the encoding of a physical address size.
constexpr std::uint64_t size_code(unsigned pa_bits) {
  constexpr unsigned sizes[] = {32, 36, 40, 42, 44, 48, 52};
  std::uint64_t code = 0;
  while (code < 6 && sizes[code] < pa_bits) ++code;
  return code;
}

// Walks through write-back memory, inner shareable: IRGN, ORGN and SH of TTBR0's half.
inline constexpr std::uint64_t kWalks = 1ull << 8 | 1ull << 10 | 3ull << 12;

// TCR_EL1 with both halves of one geometry.
// Source: Arm ARM (DDI 0487), TCR_EL1.
constexpr std::uint64_t tcr_el1(const amalgam::arch::Geometry& g,
                                const amalgam::arch::Features& f) {
  const std::uint64_t t0sz = 64u - g.va_bits;
  const std::uint64_t lower = t0sz | kWalks | tg0(g.granule) << 14;
  const std::uint64_t upper = t0sz << 16 | kWalks << 16 | tg1(g.granule) << 30;
  return lower | upper | size_code(g.pa_bits) << 32 | (f.hardware_af ? 1ull << 39 : 0) |
         (f.hardware_dirty ? 1ull << 40 : 0) | (g.lpa2 ? 1ull << 59 : 0);
}

// TCR_EL2 of a regime with one half.
constexpr std::uint64_t tcr_el2(const amalgam::arch::Geometry& g,
                                const amalgam::arch::Features& f) {
  const std::uint64_t res1 = 1ull << 31 | 1ull << 23;
  const std::uint64_t t0sz = 64u - g.va_bits;
  return res1 | t0sz | kWalks | tg0(g.granule) << 14 | size_code(g.pa_bits) << 16 |
         (f.hardware_af ? 1ull << 21 : 0) | (f.hardware_dirty ? 1ull << 22 : 0) |
         (g.lpa2 ? 1ull << 32 : 0);
}

// VTCR_EL2. SL0 counts start levels from the deepest that a granule may have upwards.
constexpr std::uint64_t vtcr_el2(const amalgam::arch::Geometry& g,
                                 const amalgam::arch::Features& f) {
  const int deepest = g.granule == amalgam::arch::Granule::k4K ? 2 : 3;
  const auto sl0 = static_cast<std::uint64_t>(deepest - amalgam::arch::start_level(g));
  const std::uint64_t res1 = 1ull << 31;
  const std::uint64_t t0sz = 64u - g.va_bits;
  return res1 | t0sz | sl0 << 6 | kWalks | tg0(g.granule) << 14 | size_code(g.pa_bits) << 16 |
         (f.hardware_af ? 1ull << 21 : 0) | (f.hardware_dirty ? 1ull << 22 : 0);
}
inline constexpr std::uint16_t kVmid = 9;

// VM, DC and RW: stage 2 is on, stage 1 is off and its memory write-back, EL1 is AArch64.
inline constexpr std::uint64_t kGuestHcr = 1ull << 0 | 1ull << 12 | 1ull << 31;
inline constexpr std::uint64_t kGuestSctlr = 0x30d0'0800;

inline constexpr std::uint64_t kMmuAndCaches = 1 << 0 | 1 << 2 | 1 << 12;  // M, C, I
inline constexpr std::uint64_t kSctlrEl1 = 0x30d0'0800 | kMmuAndCaches;    // with its RES1 bits
inline constexpr std::uint64_t kSctlrEl2 = 0x30c5'0830 | kMmuAndCaches;

// Stage 2. A `vtcr` of 0: there is none.
struct GuestTranslation {
  std::uint64_t vtcr = 0;
  std::uint64_t vttbr = 0;
};

// What a CPU writes to turn translation on. CPU 1 reads it with its caches off.
struct Translation {
  std::uint64_t tcr = 0;
  std::uint64_t ttbr0 = 0;
  std::uint64_t ttbr1 = 0;  // EL1 only
  GuestTranslation guest;
};

// Turns the MMU and the caches of this CPU on, at its exception level. What runs and the stack are
// mapped where they are.
void turn_translation_on(const Translation& translation);

// At EL2: stage 2 for EL1, with stage 1 off. EL2 itself is not affected.
void turn_guest_translation_on(const GuestTranslation& guest);

// At EL2: goes on at EL1 with `entry`, on another stack.
[[noreturn]] void enter_guest(void (*entry)(), std::uint64_t stack);

}  // namespace bare_metal
