// What a CPU implements, read from its ID registers.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"

namespace amalgam::pgtable {

// The ID registers that say something of translation, as read.
struct IdRegisters {
  std::uint64_t mmfr0 = 0;  // ID_AA64MMFR0_EL1
  std::uint64_t mmfr1 = 0;
  std::uint64_t mmfr2 = 0;
  std::uint64_t isar0 = 0;  // ID_AA64ISAR0_EL1
  std::uint64_t isar1 = 0;
};

namespace cpu_features_detail {

constexpr unsigned field(std::uint64_t value, unsigned lo) {
  return static_cast<unsigned>(value >> lo & 15);
}

inline constexpr unsigned kNever = 16;  // more than a field holds

// Where MMFR0 tells of a granule, and by which values. Stage 2 has a field of its own, whose value
// 0 refers to the one of stage 1.
struct GranuleField {
  unsigned stage1_lo;
  unsigned stage1_absent;
  unsigned stage1_lpa2;  // this value or above it, short of absent
  unsigned stage2_lo;
  unsigned stage2_lpa2;
};

inline constexpr std::array<GranuleField, 3> kGranuleFields{{
    {28, 15, 1, 40, 3},            // 4K
    {20, 0, 2, 32, 3},             // 16K
    {24, 15, kNever, 36, kNever},  // 64K
}};

struct GranuleSupport {
  bool present = false;
  bool lpa2 = false;
};

constexpr GranuleSupport granule_support(const IdRegisters& ids, arch::Granule granule,
                                         arch::Stage stage) {
  const GranuleField& f = kGranuleFields[static_cast<unsigned>(granule)];
  const unsigned of_stage2 = field(ids.mmfr0, f.stage2_lo);
  if (stage == arch::Stage::kStage2 && of_stage2 != 0) {
    return {of_stage2 >= 2, of_stage2 >= f.stage2_lpa2};
  }
  const unsigned value = field(ids.mmfr0, f.stage1_lo);
  const bool present = value != f.stage1_absent;
  return {present, present && value >= f.stage1_lpa2};
}

// ETS 1 is retired and promises nothing.
constexpr arch::Ets ets(unsigned value) {
  if (value < 2) return arch::Ets::kNone;
  return value == 2 ? arch::Ets::kEts2 : arch::Ets::kEts3;
}

}  // namespace cpu_features_detail

constexpr bool supports_granule(const IdRegisters& ids, arch::Granule granule, arch::Stage stage) {
  return cpu_features_detail::granule_support(ids, granule, stage).present;
}

// Physical address bits that the CPU implements: 32 to 52. Reserved values count as 52.
constexpr unsigned physical_address_bits(const IdRegisters& ids) {
  constexpr std::array<std::uint8_t, 8> bits{32, 36, 40, 42, 44, 48, 52, 52};
  return bits[std::min(cpu_features_detail::field(ids.mmfr0, 0), 7u)];
}

// The features of one CPU for tables of `granule` at `stage`. What hardware could do is what it
// says: AF and dirty state are updated only where TCR.HA and TCR.HD are set too, and LPA2 only
// counts where TCR.DS is. Not in ID registers: whether level 2 is without conflict aborts (see
// arch/cpu_presets.hpp), and two IPA spaces.
// Source: Arm ARM (DDI 0487), ID_AA64MMFR0_EL1 to ID_AA64MMFR2_EL1, ID_AA64ISAR0_EL1 and 1.
constexpr arch::Features features_of(const IdRegisters& ids, arch::Granule granule,
                                     arch::Stage stage) {
  using cpu_features_detail::field;
  arch::Features f;
  f.bbm = static_cast<std::uint8_t>(std::min(field(ids.mmfr2, 52), 3u));
  f.ets = cpu_features_detail::ets(field(ids.mmfr1, 36));
  f.hardware_af = field(ids.mmfr1, 0) >= 1;
  f.hardware_dirty = field(ids.mmfr1, 0) >= 2;
  f.ttl = field(ids.mmfr2, 48) >= 1;
  f.tlbi_os = field(ids.isar0, 56) >= 1;
  f.tlbi_range = field(ids.isar0, 56) >= 2;
  f.xs = field(ids.isar1, 56) >= 1;
  f.lpa = physical_address_bits(ids) == 52;
  f.lpa2 = cpu_features_detail::granule_support(ids, granule, stage).lpa2;
  f.cnp = field(ids.mmfr2, 0) >= 1;
  f.fwb = field(ids.mmfr2, 40) >= 1;
  f.xnx = field(ids.mmfr1, 28) >= 1;
  return f;
}

// What tables may rely upon that are shared by CPUs with `a` and CPUs with `b`.
constexpr arch::Features weakest(const arch::Features& a, const arch::Features& b) {
  arch::Features f;
  // A level 2 without aborts is a level 3, whichever way a CPU says so.
  f.bbm = static_cast<std::uint8_t>(std::min(arch::effective_bbm(a), arch::effective_bbm(b)));
  f.no_conflict_abort = a.no_conflict_abort && b.no_conflict_abort;
  f.ets = std::min(a.ets, b.ets);
  f.hardware_af = a.hardware_af && b.hardware_af;
  f.hardware_dirty = a.hardware_dirty && b.hardware_dirty;
  f.ttl = a.ttl && b.ttl;
  f.tlbi_range = a.tlbi_range && b.tlbi_range;
  f.tlbi_os = a.tlbi_os && b.tlbi_os;
  f.xs = a.xs && b.xs;
  f.lpa = a.lpa && b.lpa;
  f.lpa2 = a.lpa2 && b.lpa2;
  f.cnp = a.cnp && b.cnp;
  f.fwb = a.fwb && b.fwb;
  f.xnx = a.xnx && b.xnx;
  f.two_ipa_spaces = a.two_ipa_spaces && b.two_ipa_spaces;
  return f;
}

#if defined(__aarch64__)
// Reads the ID registers of the calling CPU. At EL1 or above, or where the kernel emulates it.
// Spelled by encoding, for assemblers that know only the first Armv8.
inline IdRegisters read_id_registers() {
  IdRegisters ids;
  asm("mrs %0, s3_0_c0_c7_0" : "=r"(ids.mmfr0));
  asm("mrs %0, s3_0_c0_c7_1" : "=r"(ids.mmfr1));
  asm("mrs %0, s3_0_c0_c7_2" : "=r"(ids.mmfr2));
  asm("mrs %0, s3_0_c0_c6_0" : "=r"(ids.isar0));
  asm("mrs %0, s3_0_c0_c6_1" : "=r"(ids.isar1));
  return ids;
}
#endif

}  // namespace amalgam::pgtable
