// What a user of the memory can see go wrong. The names are the same in code, reports, JSON and
// docs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace amalgam::model {

enum class Effect : std::uint8_t {
  kConflictAbort,
  kAmalgamation,
  kWriteThroughStalePermission,
  kLostWrite,
  kStaleRead,
  kCoherenceViolation,
  kFreedPageRead,
  kFreedPageWrite,
  kFreedTableWalk,
  kUnexpectedFault,
  kDeviceOrderViolation,
  kUninitialisedTableWalk,
  kLostTableUpdate,
};

struct EffectInfo {
  Effect effect;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array<EffectInfo, 13> kEffects{{
    {Effect::kConflictAbort, "conflict-abort",
     "an access matches two TLB entries and takes a TLB conflict abort instead of happening"},
    {Effect::kAmalgamation, "amalgamation",
     "an access is translated by a mixture of two entries that nobody wrote"},
    {Effect::kWriteThroughStalePermission, "write-through-stale-permission",
     "a store lands in a page through a permission that the page was never given or no longer has"},
    {Effect::kLostWrite, "lost-write",
     "a store that completed is missing from the page that the address maps to in the end"},
    {Effect::kStaleRead, "stale-read",
     "a load still returns the replaced page's contents after the update has finished"},
    {Effect::kCoherenceViolation, "coherence-violation",
     "one CPU reads the new value and then the old value of one address"},
    {Effect::kFreedPageRead, "freed-page-read", "a load reads a page after it was freed"},
    {Effect::kFreedPageWrite, "freed-page-write", "a store lands in a page after it was freed"},
    {Effect::kFreedTableWalk, "freed-table-walk",
     "a table walk reads a table page after it was freed"},
    {Effect::kUnexpectedFault, "unexpected-fault", "an access that must not fault takes a fault"},
    {Effect::kDeviceOrderViolation, "device-order-violation",
     "a device sees writes in another order than the CPU made them"},
    {Effect::kUninitialisedTableWalk, "uninitialised-table-walk",
     "a table walk reads a descriptor before the table's initialisation has reached it"},
    {Effect::kLostTableUpdate, "lost-table-update",
     "a descriptor update is overwritten or left behind in a table that is no longer used"},
}};

// The stable name of an effect. Constant time.
constexpr std::string_view name(Effect effect) {
  return kEffects[static_cast<std::size_t>(effect)].name;
}

// The effect of that name, or nothing.
constexpr std::optional<Effect> effect_named(std::string_view wanted) {
  for (const EffectInfo& info : kEffects) {
    if (info.name == wanted) return info.effect;
  }
  return std::nullopt;
}

}  // namespace amalgam::model
