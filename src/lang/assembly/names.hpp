// The names that operands of instructions may have.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "amalgam/arch/text.hpp"
#include "model/litmus/instruction.hpp"

namespace amalgam::lang::assembly {

using model::litmus::Condition;
using model::litmus::SystemRegister;

template <typename T>
struct Named {
  std::string_view text;
  T value;
};

// The carry and overflow conditions are missing: no litmus test of page tables uses them.
inline constexpr std::array kConditions = std::to_array<Named<Condition>>({
    {"eq", Condition::kEq},
    {"ne", Condition::kNe},
    {"ge", Condition::kGe},
    {"lt", Condition::kLt},
    {"gt", Condition::kGt},
    {"le", Condition::kLe},
    {"al", Condition::kAlways},
});

inline constexpr std::array kSystemRegisters = std::to_array<Named<SystemRegister>>({
    {"elr_el1", SystemRegister::kElrEl1},
    {"elr_el2", SystemRegister::kElrEl2},
    {"spsr_el1", SystemRegister::kSpsrEl1},
    {"spsr_el2", SystemRegister::kSpsrEl2},
    {"esr_el1", SystemRegister::kEsrEl1},
    {"esr_el2", SystemRegister::kEsrEl2},
    {"far_el1", SystemRegister::kFarEl1},
    {"hpfar_el2", SystemRegister::kHpfarEl2},
    {"par_el1", SystemRegister::kParEl1},
    {"vbar_el1", SystemRegister::kVbarEl1},
    {"vbar_el2", SystemRegister::kVbarEl2},
    {"ttbr0_el1", SystemRegister::kTtbr0El1},
    {"ttbr1_el1", SystemRegister::kTtbr1El1},
    {"ttbr0_el2", SystemRegister::kTtbr0El2},
    {"vttbr_el2", SystemRegister::kVttbrEl2},
    {"currentel", SystemRegister::kCurrentEl},
});

// By virtual address alone: an operation by set and way names no location.
inline constexpr std::array<std::string_view, 6> kDataCacheOperations{"civac", "cvac",  "cvau",
                                                                      "ivac",  "cvadp", "cvap"};

// The value of the row named `text`, in any letter case.
template <typename T, std::size_t kSize>
constexpr std::optional<T> find_named(const std::array<Named<T>, kSize>& table,
                                      std::string_view text) {
  for (const Named<T>& row : table) {
    if (arch::equals_ignoring_case(row.text, text)) return row.value;
  }
  return std::nullopt;
}

}  // namespace amalgam::lang::assembly
