// Choices where the architecture's text is silent, unclear or second-hand. Each has a name and can
// be switched, and a verdict that changes with one says so.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace amalgam::model {

enum class Assumption : std::uint8_t {
  kAmalgamation,
  kAbortAtLevel3,
  kTlbiBroadcast,
  kSameOffsetOrder,
  kWalkForwarding,
  kAfClearIsBreak,
  kContiguousTlbi,
  kEts2Order,
  kSizeAndPermission,
  kTableCopyNeedsBreak,
  kTaggedIsPermission,
  kHintsAreNotCacheability,
  kMixtureAtEveryLevel,
  kGlobalToNonGlobalInPlace,
  kHierarchicalIsPermission,
  kOtherIsPermission,
};

struct AssumptionInfo {
  Assumption assumption;
  std::string_view name;
  std::array<std::string_view, 3> values;  // the first is the default; unused ones are empty
  std::string_view why;
};

inline constexpr std::array<AssumptionInfo, 16> kAssumptions{{
    {Assumption::kAmalgamation,
     "amalgamation",
     {"field", "none", "bit"},
     "what an access matching two entries may get: fields mixed freely, whole entries only, or "
     "output "
     "address bits mixed too (R_FVQCK does not say which)"},
    {Assumption::kAbortAtLevel3,
     "abort-at-level-3",
     {"yes", "no", ""},
     "whether a CPU of level 3 may still abort for what no level relaxes (R_FVQCK)"},
    {Assumption::kTlbiBroadcast,
     "tlbi-broadcast",
     {"per-recipient", "atomic", ""},
     "whether a broadcast TLBI reaches the CPUs one by one or all at once"},
    {Assumption::kSameOffsetOrder,
     "same-offset-order",
     {"yes", "no", ""},
     "whether a TLBI of another CPU waits for the walks of program-order-earlier accesses at the "
     "same "
     "page offset (herd7 yes, Cambridge no)"},
    {Assumption::kWalkForwarding,
     "walk-forwarding",
     {"yes", "no", ""},
     "whether a walk may read an own store before it is in memory (Cambridge yes, herd7 no)"},
    {Assumption::kAfClearIsBreak,
     "af-clear-is-break",
     {"no", "yes", ""},
     "whether AF=0 counts as the break while hardware manages AF"},
    {Assumption::kContiguousTlbi,
     "contiguous-tlbi",
     {"page", "group", ""},
     "whether a TLBI of one page of a contiguous group removes what was cached for that page only "
     "or "
     "for the whole group"},
    {Assumption::kEts2Order,
     "ets2-order",
     {"program-order", "ordered-before", ""},
     "what orders earlier accesses before a faulting walk under FEAT_ETS2 (herd7's form, or the "
     "weaker text)"},
    {Assumption::kSizeAndPermission,
     "size-and-permission",
     {"legal", "illegal", ""},
     "whether size and permission may change in one store at levels 2 and 3"},
    {Assumption::kTableCopyNeedsBreak,
     "table-copy-needs-break",
     {"no", "yes", ""},
     "whether repointing a table descriptor to an identical copy needs break-before-make"},
    {Assumption::kTaggedIsPermission,
     "tagged-is-permission",
     {"yes", "no", ""},
     "whether Normal to Normal-Tagged is permission-like (Linux yes)"},
    {Assumption::kHintsAreNotCacheability,
     "hints-are-not-cacheability",
     {"yes", "no", ""},
     "whether allocation hints and XS are left out of memory type and cacheability"},
    {Assumption::kMixtureAtEveryLevel,
     "mixture-at-every-level",
     {"yes", "no", ""},
     "whether what no level relaxes can give mixtures at levels 1 to 3 too"},
    {Assumption::kGlobalToNonGlobalInPlace,
     "global-to-non-global-in-place",
     {"yes", "no", ""},
     "whether global to non-global needs no break, as the rule does not list it"},
    {Assumption::kHierarchicalIsPermission,
     "hierarchical-is-permission",
     {"yes", "no", ""},
     "whether a table's hierarchical attributes change as permissions do"},
    {Assumption::kOtherIsPermission,
     "other-is-permission",
     {"yes", "no", ""},
     "whether PBHA, GP and permission-overlay bits change as permissions do"},
}};

// The value chosen for every assumption, as an index into AssumptionInfo::values.
class Assumptions {
 public:
  [[nodiscard]] std::uint8_t choice(Assumption a) const { return choice_[index(a)]; }
  [[nodiscard]] bool is_default(Assumption a) const { return choice(a) == 0; }
  void choose(Assumption a, std::uint8_t value) { choice_[index(a)] = value; }
  friend bool operator==(const Assumptions&, const Assumptions&) = default;

 private:
  static constexpr std::size_t index(Assumption a) { return static_cast<std::size_t>(a); }
  std::array<std::uint8_t, kAssumptions.size()> choice_{};
};

constexpr const AssumptionInfo& info(Assumption a) {
  return kAssumptions[static_cast<std::size_t>(a)];
}

// The assumption of that name, or nothing.
constexpr std::optional<Assumption> assumption_named(std::string_view wanted) {
  for (const AssumptionInfo& candidate : kAssumptions) {
    if (candidate.name == wanted) return candidate.assumption;
  }
  return std::nullopt;
}

// The index of `value` among the values of `a`, or nothing.
constexpr std::optional<std::uint8_t> assumption_value(Assumption a, std::string_view value) {
  const auto& values = info(a).values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].empty() && values[i] == value) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

}  // namespace amalgam::model
