#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "amalgam/arch/text.hpp"

namespace amalgam::arch {

enum class BarrierKind : std::uint8_t { kDmb, kDsb, kIsb };
// From the narrowest domain to the widest, so that < means "covers fewer observers".
enum class Domain : std::uint8_t { kNsh, kIsh, kOsh, kSy };
// The accesses before the barrier that it orders. kLoad orders them before all later accesses.
enum class Access : std::uint8_t { kLoad, kStore, kAll };

struct Barrier {
  BarrierKind kind = BarrierKind::kDsb;
  Domain domain = Domain::kSy;
  Access access = Access::kAll;
  bool nxs = false;  // does not wait for accesses with the XS attribute

  friend constexpr bool operator==(const Barrier&, const Barrier&) = default;
};

struct BarrierName {
  std::string_view text;
  Barrier barrier;
};

// Every barrier that has an assembler name.
inline constexpr std::array<BarrierName, 29> kBarrierNames{{
    {"dmb sy", {BarrierKind::kDmb, Domain::kSy, Access::kAll, false}},
    {"dmb ld", {BarrierKind::kDmb, Domain::kSy, Access::kLoad, false}},
    {"dmb st", {BarrierKind::kDmb, Domain::kSy, Access::kStore, false}},
    {"dmb osh", {BarrierKind::kDmb, Domain::kOsh, Access::kAll, false}},
    {"dmb oshld", {BarrierKind::kDmb, Domain::kOsh, Access::kLoad, false}},
    {"dmb oshst", {BarrierKind::kDmb, Domain::kOsh, Access::kStore, false}},
    {"dmb ish", {BarrierKind::kDmb, Domain::kIsh, Access::kAll, false}},
    {"dmb ishld", {BarrierKind::kDmb, Domain::kIsh, Access::kLoad, false}},
    {"dmb ishst", {BarrierKind::kDmb, Domain::kIsh, Access::kStore, false}},
    {"dmb nsh", {BarrierKind::kDmb, Domain::kNsh, Access::kAll, false}},
    {"dmb nshld", {BarrierKind::kDmb, Domain::kNsh, Access::kLoad, false}},
    {"dmb nshst", {BarrierKind::kDmb, Domain::kNsh, Access::kStore, false}},
    {"dsb sy", {BarrierKind::kDsb, Domain::kSy, Access::kAll, false}},
    {"dsb ld", {BarrierKind::kDsb, Domain::kSy, Access::kLoad, false}},
    {"dsb st", {BarrierKind::kDsb, Domain::kSy, Access::kStore, false}},
    {"dsb osh", {BarrierKind::kDsb, Domain::kOsh, Access::kAll, false}},
    {"dsb oshld", {BarrierKind::kDsb, Domain::kOsh, Access::kLoad, false}},
    {"dsb oshst", {BarrierKind::kDsb, Domain::kOsh, Access::kStore, false}},
    {"dsb ish", {BarrierKind::kDsb, Domain::kIsh, Access::kAll, false}},
    {"dsb ishld", {BarrierKind::kDsb, Domain::kIsh, Access::kLoad, false}},
    {"dsb ishst", {BarrierKind::kDsb, Domain::kIsh, Access::kStore, false}},
    {"dsb nsh", {BarrierKind::kDsb, Domain::kNsh, Access::kAll, false}},
    {"dsb nshld", {BarrierKind::kDsb, Domain::kNsh, Access::kLoad, false}},
    {"dsb nshst", {BarrierKind::kDsb, Domain::kNsh, Access::kStore, false}},
    {"dsb synxs", {BarrierKind::kDsb, Domain::kSy, Access::kAll, true}},
    {"dsb oshnxs", {BarrierKind::kDsb, Domain::kOsh, Access::kAll, true}},
    {"dsb ishnxs", {BarrierKind::kDsb, Domain::kIsh, Access::kAll, true}},
    {"dsb nshnxs", {BarrierKind::kDsb, Domain::kNsh, Access::kAll, true}},
    {"isb", {BarrierKind::kIsb, Domain::kSy, Access::kAll, false}},
}};

// Parses "dsb ishst", "isb", "isb sy" in any letter case. The option must be spelled as the
// assembler spells it, one space after the mnemonic.
constexpr std::optional<Barrier> parse_barrier(std::string_view text) {
  if (equals_ignoring_case(text, "isb sy")) text = "isb";
  for (const BarrierName& row : kBarrierNames) {
    if (equals_ignoring_case(text, row.text)) return row.barrier;
  }
  return std::nullopt;
}

// Parses the option alone ("ishst") for a mnemonic that is already known. ISB takes "" or "sy".
constexpr std::optional<Barrier> parse_barrier(BarrierKind kind, std::string_view option) {
  for (const BarrierName& row : kBarrierNames) {
    if (row.barrier.kind != kind) continue;
    const std::string_view wanted = kind == BarrierKind::kIsb ? "sy" : row.text.substr(4);
    if (equals_ignoring_case(option, wanted)) return row.barrier;
  }
  if (kind == BarrierKind::kIsb && option.empty()) return Barrier{.kind = BarrierKind::kIsb};
  return std::nullopt;
}

// The assembler text, for example "dsb ishst"; empty for a combination that has none.
constexpr std::string_view name(const Barrier& barrier) {
  if (barrier.kind == BarrierKind::kIsb) return kBarrierNames.back().text;
  for (const BarrierName& row : kBarrierNames) {
    if (row.barrier == barrier) return row.text;
  }
  return {};
}

}  // namespace amalgam::arch
