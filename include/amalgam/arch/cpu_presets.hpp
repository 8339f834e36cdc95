#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "amalgam/arch/features.hpp"
#include "amalgam/arch/text.hpp"

namespace amalgam::arch {

// What is known of one CPU. Only what a named source says is here; the rest is unknown, and
// features_of leaves it at the weakest value.
struct CpuPreset {
  std::string_view name;
  std::optional<std::uint8_t> bbm;        // ID_AA64MMFR2_EL1.BBM
  std::optional<bool> no_conflict_abort;  // behaves as level 3, whatever the ID field says
  std::string_view revisions;             // those that the statement holds for; empty: all
  std::string_view source;
};

namespace preset_detail {
inline constexpr std::string_view kQemu = "QEMU virt machine: ID registers of the CPU model";
inline constexpr std::string_view kLinux =
    "Linux 7.3-rc7 arch/arm64/kernel/cpufeature.c: list of CPUs for HAS_BBML3";
}  // namespace preset_detail

inline constexpr std::array<CpuPreset, 27> kCpuPresets{{
    {"max", 2, std::nullopt, "", preset_detail::kQemu},
    {"neoverse-v1", 2, std::nullopt, "", preset_detail::kQemu},
    {"neoverse-n2", 2, std::nullopt, "", preset_detail::kQemu},
    {"cortex-a710", 2, std::nullopt, "", preset_detail::kQemu},
    {"cortex-a35", 0, std::nullopt, "", preset_detail::kQemu},
    {"cortex-a53", 0, std::nullopt, "", preset_detail::kQemu},
    {"cortex-a55", 0, std::nullopt, "", preset_detail::kQemu},
    {"cortex-a57", 0, std::nullopt, "", preset_detail::kQemu},
    {"cortex-a72", 0, std::nullopt, "", preset_detail::kQemu},
    {"cortex-a76", 0, std::nullopt, "", preset_detail::kQemu},
    {"a64fx", 0, std::nullopt, "", preset_detail::kQemu},
    {"neoverse-n1", 0, std::nullopt, "", preset_detail::kQemu},
    {"cortex-x4", std::nullopt, true, "r0p3 and later", preset_detail::kLinux},
    {"neoverse-v3", std::nullopt, true, "r0p2 and later", preset_detail::kLinux},
    {"neoverse-v3ae", std::nullopt, true, "r0p2 and later", preset_detail::kLinux},
    {"olympus", std::nullopt, true, "", preset_detail::kLinux},
    {"ampereone", std::nullopt, true, "", preset_detail::kLinux},
    {"ampereone-a", std::nullopt, true, "", preset_detail::kLinux},
    {"cortex-a520ae", std::nullopt, true, "", preset_detail::kLinux},
    {"cortex-a715", std::nullopt, true, "", preset_detail::kLinux},
    {"cortex-a720ae", std::nullopt, true, "", preset_detail::kLinux},
    {"cortex-a725", std::nullopt, true, "", preset_detail::kLinux},
    {"neoverse-n3", std::nullopt, true, "", preset_detail::kLinux},
    {"c1-nano", std::nullopt, true, "", preset_detail::kLinux},
    {"c1-pro", std::nullopt, true, "", preset_detail::kLinux},
    {"c1-ultra", std::nullopt, true, "r1p1 only (erratum 3683289)", preset_detail::kLinux},
    {"c1-premium", std::nullopt, true, "r1p1 only (erratum 3683289)", preset_detail::kLinux},
}};

// The preset with this name, in any letter case.
constexpr const CpuPreset* find_preset(std::string_view name) {
  for (const CpuPreset& preset : kCpuPresets) {
    if (equals_ignoring_case(preset.name, name)) return &preset;
  }
  return nullptr;
}

// Features to check against for this CPU. What the preset does not know stays at the default, which
// promises least. A CPU that is known never to raise a conflict abort counts as level 3.
constexpr Features features_of(const CpuPreset& preset) {
  Features features;
  if (preset.bbm) features.bbm = *preset.bbm;
  if (preset.no_conflict_abort.value_or(false)) {
    features.no_conflict_abort = true;
    if (features.bbm < 2) features.bbm = 3;
  }
  return features;
}

}  // namespace amalgam::arch
