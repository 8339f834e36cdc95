// The rules that a sequence can break. Each invariant has one name, in code, docs and reports.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace amalgam::model {

enum class Rule : std::uint8_t {
  kBreakBeforeMake,
  kInvalidateBeforeFree,
  kInvalidateBeforeReliance,
  kInvalidateBeforeTagReuse,
  kInvalidateBeforeEnd,
  kInitialiseBeforePublish,
  kNotifyBeforeMake,
};

struct RuleInfo {
  Rule rule;
  std::string_view name;
  std::string_view label;  // the architecture's rule label, or where the rule comes from
  std::string_view meaning;
};

inline constexpr std::array<RuleInfo, 7> kRules{{
    {Rule::kBreakBeforeMake, "break-before-make", "R_WHZWS",
     "two descriptors between which break-before-make is required may be cached at once"},
    {Rule::kInvalidateBeforeFree, "invalidate-before-free", "R_GPPYH",
     "a page or table is freed while a TLB may still lead to it"},
    {Rule::kInvalidateBeforeReliance, "invalidate-before-reliance", "R_GPPYH",
     "a narrower permission is relied upon while a TLB may still hold the wider one"},
    {Rule::kInvalidateBeforeTagReuse, "invalidate-before-tag-reuse", "R_NWYRD",
     "an ASID or VMID names new tables while a TLB may still hold entries of the old ones"},
    {Rule::kInvalidateBeforeEnd, "invalidate-before-end", "R_GPPYH",
     "an update ends while a TLB may still hold the replaced entry and an invalidation is owed"},
    {Rule::kInitialiseBeforePublish, "initialise-before-publish", "thread 4, R_WHZWS",
     "a table becomes reachable before its descriptors are initialised"},
    {Rule::kNotifyBeforeMake, "notify-before-make", "mmu_notifier contract",
     "an entry is repointed while a device may still hold the old translation"},
}};

constexpr std::string_view name(Rule rule) { return kRules[static_cast<std::size_t>(rule)].name; }

// The rule of that name, or nothing.
constexpr std::optional<Rule> rule_named(std::string_view wanted) {
  for (const RuleInfo& info : kRules) {
    if (info.name == wanted) return info.rule;
  }
  return std::nullopt;
}

}  // namespace amalgam::model
