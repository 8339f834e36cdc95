#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "amalgam/arch/geometry.hpp"
#include "amalgam/arch/text.hpp"

namespace amalgam::arch {

// What a TLBI selects entries by.
enum class TlbiKind : std::uint8_t {
  kVa,          // VA and ASID
  kVaAllAsids,  // VA, any ASID
  kAsid,        // every VA of one ASID
  kVmall,       // all of stage 1 for the current VMID
  kVmallS12,    // all of both stages for the current VMID
  kAll,         // every VMID and ASID of the regime
  kIpa,         // IPA, stage 2 alone
};

// Which PEs it reaches.
enum class Shareability : std::uint8_t { kLocal, kInner, kOuter };

// An operation without suffixes and without the r of the range forms.
struct TlbiBase {
  std::string_view name;
  TlbiKind kind;
  bool last_level;
  Regime regime;
  bool has_range;
};

// The table of operations. While HCR_EL2.{E2H,TGE} is {1,1}, EL2 is the EL2&0 regime: decode takes
// that from the geometry.
inline constexpr std::array<TlbiBase, 13> kTlbiBases{{
    {"vae1", TlbiKind::kVa, false, Regime::kEl10, true},
    {"vale1", TlbiKind::kVa, true, Regime::kEl10, true},
    {"vaae1", TlbiKind::kVaAllAsids, false, Regime::kEl10, true},
    {"vaale1", TlbiKind::kVaAllAsids, true, Regime::kEl10, true},
    {"aside1", TlbiKind::kAsid, false, Regime::kEl10, false},
    {"vmalle1", TlbiKind::kVmall, false, Regime::kEl10, false},
    {"vmalls12e1", TlbiKind::kVmallS12, false, Regime::kEl10, false},
    {"alle1", TlbiKind::kAll, false, Regime::kEl10, false},
    {"ipas2e1", TlbiKind::kIpa, false, Regime::kEl10, true},
    {"ipas2le1", TlbiKind::kIpa, true, Regime::kEl10, true},
    {"vae2", TlbiKind::kVa, false, Regime::kEl2, true},
    {"vale2", TlbiKind::kVa, true, Regime::kEl2, true},
    {"alle2", TlbiKind::kAll, false, Regime::kEl2, false},
}};

// A full TLBI mnemonic: the base operation with its prefix and suffixes.
struct TlbiMnemonic {
  TlbiKind kind = TlbiKind::kVa;
  bool last_level = false;
  Regime regime = Regime::kEl10;
  bool range = false;
  Shareability shareability = Shareability::kLocal;
  bool nxs = false;

  constexpr Stage stage() const { return kind == TlbiKind::kIpa ? Stage::kStage2 : Stage::kStage1; }
  friend constexpr bool operator==(const TlbiMnemonic&, const TlbiMnemonic&) = default;
};

// Whether the operation takes a register operand.
constexpr bool has_operand(TlbiKind kind) {
  return kind == TlbiKind::kVa || kind == TlbiKind::kVaAllAsids || kind == TlbiKind::kAsid ||
         kind == TlbiKind::kIpa;
}

constexpr bool is_by_address(TlbiKind kind) {
  return kind == TlbiKind::kVa || kind == TlbiKind::kVaAllAsids || kind == TlbiKind::kIpa;
}

// Takes `suffix` off the end of `text` if it is there.
constexpr bool consume_suffix(std::string_view& text, std::string_view suffix) {
  if (!ends_with_ignoring_case(text, suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

constexpr std::optional<TlbiMnemonic> find_tlbi_base(std::string_view name, bool range) {
  for (const TlbiBase& base : kTlbiBases) {
    if (!equals_ignoring_case(name, base.name) || (range && !base.has_range)) continue;
    return TlbiMnemonic{
        .kind = base.kind, .last_level = base.last_level, .regime = base.regime, .range = range};
  }
  return std::nullopt;
}

// Parses "vae1is", "rvaale1osnxs" and so on, in any letter case; nothing for any other text.
constexpr std::optional<TlbiMnemonic> parse_mnemonic(std::string_view text) {
  const bool nxs = consume_suffix(text, "nxs");
  auto shareability = Shareability::kLocal;
  if (consume_suffix(text, "is")) {
    shareability = Shareability::kInner;
  } else if (consume_suffix(text, "os")) {
    shareability = Shareability::kOuter;
  }
  const bool range = !text.empty() && to_lower(text.front()) == 'r';
  if (range) text.remove_prefix(1);
  auto mnemonic = find_tlbi_base(text, range);
  if (!mnemonic) return std::nullopt;
  mnemonic->shareability = shareability;
  mnemonic->nxs = nxs;
  return mnemonic;
}

// The longest text that mnemonic_text can produce, for example "rvaale1osnxs".
inline constexpr std::size_t kMaxMnemonicLength = 16;

// Assembler text of a mnemonic, without allocation.
struct MnemonicText {
  std::array<char, kMaxMnemonicLength> chars{};
  std::size_t length = 0;

  constexpr void append(std::string_view text) {
    for (const char c : text) {
      if (length < chars.size()) chars[length++] = c;
    }
  }
  constexpr std::string_view view() const { return {chars.data(), length}; }
};

// Inverse of parse_mnemonic; empty for a combination that has no name.
constexpr MnemonicText mnemonic_text(const TlbiMnemonic& m) {
  using namespace std::string_view_literals;
  MnemonicText text;
  for (const TlbiBase& base : kTlbiBases) {
    if (base.kind != m.kind || base.last_level != m.last_level || base.regime != m.regime) continue;
    if (m.range && !base.has_range) continue;
    if (m.range) text.append("r"sv);
    text.append(base.name);
    if (m.shareability == Shareability::kInner) text.append("is"sv);
    if (m.shareability == Shareability::kOuter) text.append("os"sv);
    if (m.nxs) text.append("nxs"sv);
    break;
  }
  return text;
}

}  // namespace amalgam::arch
