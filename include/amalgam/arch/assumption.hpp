#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace amalgam::arch {

// Points that no available text settles. Each can be switched, and a Change says which one its
// answer hangs on.
enum class Assumption : std::uint8_t {
  kSizeAndPermissionLegalAt2,
  kTaggedIsPermissionLike,
  kTableCopyNeedsBreak,
  kAfClearIsBreakWithHardwareAf,
  kHintsAreNotCacheability,
  kMixtureAtEveryLevel,
  kGlobalToNonGlobalInPlace,
  kHierarchicalIsPermissionLike,
  kOtherIsPermissionLike,
};

struct Assumptions {
  bool size_and_permission_legal_at_2 = true;
  bool tagged_is_permission_like = true;
  bool table_copy_needs_break = false;
  bool af_clear_is_break_with_hardware_af = false;
  bool hints_are_not_cacheability = true;
  bool mixture_at_every_level = true;
  bool global_to_non_global_in_place = true;
  bool hierarchical_is_permission_like = true;
  bool other_is_permission_like = true;

  friend constexpr bool operator==(const Assumptions&, const Assumptions&) = default;
};

struct AssumptionInfo {
  Assumption id;
  std::string_view name;  // as in options and reports
  bool Assumptions::* member;
  std::string_view statement;  // what is assumed when it is on
};

inline constexpr std::array<AssumptionInfo, 9> kAssumptions{{
    {Assumption::kSizeAndPermissionLegalAt2, "size-and-permission",
     &Assumptions::size_and_permission_legal_at_2,
     "from level 2 a size change and a permission change may be made in one store"},
    {Assumption::kTaggedIsPermissionLike, "tagged-is-permission",
     &Assumptions::tagged_is_permission_like,
     "Normal to or from Normal-Tagged is not a change of memory type"},
    {Assumption::kTableCopyNeedsBreak, "table-copy-needs-break",
     &Assumptions::table_copy_needs_break,
     "a table pointer to a copy with equal translations requires break-before-make"},
    {Assumption::kAfClearIsBreakWithHardwareAf, "af-clear-is-break",
     &Assumptions::af_clear_is_break_with_hardware_af,
     "AF=0 counts as the break although hardware may set it"},
    {Assumption::kHintsAreNotCacheability, "hints-are-not-cacheability",
     &Assumptions::hints_are_not_cacheability,
     "allocation hints and the XS attribute are no part of type or cacheability"},
    {Assumption::kMixtureAtEveryLevel, "mixture-at-every-level",
     &Assumptions::mixture_at_every_level,
     "a change that no level relaxes can give mixtures at levels 1 to 3 too"},
    {Assumption::kGlobalToNonGlobalInPlace, "global-to-non-global-in-place",
     &Assumptions::global_to_non_global_in_place,
     "global to non-global needs no break, because the rule does not list it"},
    {Assumption::kHierarchicalIsPermissionLike, "hierarchical-is-permission",
     &Assumptions::hierarchical_is_permission_like,
     "a table's hierarchical attributes change as permissions do"},
    {Assumption::kOtherIsPermissionLike, "other-is-permission",
     &Assumptions::other_is_permission_like,
     "PBHA, GP and permission-overlay bits change as permissions do"},
}};

constexpr const AssumptionInfo& info(Assumption a) {
  return kAssumptions[static_cast<std::size_t>(a)];
}

constexpr std::string_view name(Assumption a) { return info(a).name; }

constexpr std::optional<Assumption> parse_assumption(std::string_view text) {
  for (const AssumptionInfo& entry : kAssumptions) {
    if (entry.name == text) return entry.id;
  }
  return std::nullopt;
}

constexpr bool holds(const Assumptions& assumptions, Assumption a) {
  return assumptions.*info(a).member;
}

// The same assumptions with one of them set to `value`.
constexpr Assumptions with(Assumptions assumptions, Assumption a, bool value) {
  assumptions.*info(a).member = value;
  return assumptions;
}

}  // namespace amalgam::arch
