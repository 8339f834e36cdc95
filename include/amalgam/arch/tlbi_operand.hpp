#pragma once

#include <cstdint>
#include <optional>

#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"

namespace amalgam::arch {

// TTL: the operation's promise that the leaf entry to remove sits at `level` of tables of this
// granule. A wrong promise voids the invalidation.
struct LevelHint {
  std::int8_t level = 0;
  Granule granule = Granule::k4K;

  friend constexpr bool operator==(const LevelHint&, const LevelHint&) = default;
};

// What a TLBI does, as the hardware understands it from mnemonic and operand alone.
struct TlbiOperation {
  TlbiKind kind = TlbiKind::kVa;
  bool last_level = false;
  bool range = false;
  Shareability shareability = Shareability::kLocal;
  bool nxs = false;
  Regime regime = Regime::kEl10;
  Stage stage = Stage::kStage1;
  std::uint64_t va_start = 0;  // an IPA for kIpa
  std::uint64_t va_end = 0;    // exclusive; 0 with va_start != 0 means the top of the address space
  std::uint16_t asid = 0;
  std::uint16_t vmid = 0;  // of the issuing PE; decode leaves it to the caller
  std::optional<LevelHint> hint = std::nullopt;
  bool non_secure_ipa = false;
  bool undefined = false;         // the CPU does not implement the instruction: it traps
  bool granule_mismatch = false;  // a range operand whose TG is not the regime's: nothing promised

  friend constexpr bool operator==(const TlbiOperation&, const TlbiOperation&) = default;
};

// Fields of the register operand.
namespace operand {
inline constexpr unsigned kAsidLo = 48;
inline constexpr unsigned kTtlLo = 44;
inline constexpr std::uint64_t kTtlMask = bit_mask(47, 44);
inline constexpr std::uint64_t kVaMask = bit_mask(43, 0);   // VA[55:12]
inline constexpr std::uint64_t kIpaMask = bit_mask(39, 0);  // IPA[51:12]
inline constexpr unsigned kAddressShift = 12;               // whatever the granule
inline constexpr std::uint64_t kNonSecure = 1ull << 63;
inline constexpr unsigned kRangeTgLo = 46;
inline constexpr unsigned kRangeScaleLo = 44;
inline constexpr unsigned kRangeNumLo = 39;
inline constexpr unsigned kRangeTtlLo = 37;
inline constexpr unsigned kRangeBaseBits = 37;
inline constexpr std::uint64_t kRangeBaseMask = bit_mask(36, 0);
inline constexpr unsigned kLpa2BaseShift = 16;
}  // namespace operand

// TG of an operand: 4K 1, 16K 2, 64K 3.
constexpr std::uint64_t granule_code(Granule granule) {
  return static_cast<std::uint64_t>(granule) + 1;
}

constexpr std::optional<Granule> granule_from_code(std::uint64_t code) {
  if (code == 0 || code > 3) return std::nullopt;
  return static_cast<Granule>(code - 1);
}

constexpr std::uint64_t ttl_code(const LevelHint& hint) {
  return granule_code(hint.granule) << 2 | (static_cast<std::uint64_t>(hint.level) & 3);
}

// Level 0 is a leaf only with LPA2 and 4K, level 1 of 16K only with LPA2; other such codes are
// reserved and read as "no hint".
constexpr bool hint_is_reserved(const LevelHint& hint, bool lpa2) {
  if (hint.level == 0) return hint.granule != Granule::k4K || !lpa2;
  return hint.level == 1 && hint.granule == Granule::k16K && !lpa2;
}

constexpr std::optional<LevelHint> decode_ttl(std::uint64_t ttl, bool lpa2) {
  const auto granule = granule_from_code(ttl >> 2 & 3);
  if (!granule) return std::nullopt;
  const LevelHint hint{static_cast<std::int8_t>(ttl & 3), *granule};
  if (hint_is_reserved(hint, lpa2)) return std::nullopt;
  return hint;
}

// What an operand of a non-range operation says.
struct OperandRequest {
  std::uint64_t address = 0;  // VA or IPA, any byte in the page
  std::uint16_t asid = 0;
  std::optional<LevelHint> hint = std::nullopt;
  bool non_secure_ipa = false;
};

// The operand of a non-range operation; 0 for one that takes none. Address bits that the field
// cannot hold are masked off, so they never reach TTL; the shift is 12 for every granule.
constexpr std::uint64_t encode_operand(const TlbiMnemonic& m, const OperandRequest& request) {
  if (!has_operand(m.kind)) return 0;
  std::uint64_t value = 0;
  if (m.kind == TlbiKind::kVa || m.kind == TlbiKind::kAsid) {
    value |= std::uint64_t{request.asid} << operand::kAsidLo;
  }
  if (!is_by_address(m.kind)) return value;
  if (request.hint) value |= ttl_code(*request.hint) << operand::kTtlLo;
  const bool ipa = m.kind == TlbiKind::kIpa;
  value |= request.address >> operand::kAddressShift & (ipa ? operand::kIpaMask : operand::kVaMask);
  return ipa && request.non_secure_ipa ? value | operand::kNonSecure : value;
}

// Copies bit `top` into all bits above it, as the two VA ranges of a regime demand.
constexpr std::uint64_t sign_extend(std::uint64_t value, unsigned top) {
  const std::uint64_t low = value & low_mask(top + 1);
  return (low >> top & 1) != 0 ? low | ~low_mask(top + 1) : low;
}

namespace operand_detail {

constexpr bool is_undefined(const TlbiMnemonic& m, const Features& f) {
  return (m.range && !f.tlbi_range) || (m.nxs && !f.xs) ||
         (m.shareability == Shareability::kOuter && !f.tlbi_os);
}

// While EL2 hosts EL0, the stage 1 operations of EL1&0 and those of EL2 act on EL2&0.
constexpr Regime regime_of(const TlbiMnemonic& m, const Geometry& g) {
  const bool redirected = m.regime == Regime::kEl2 || m.kind == TlbiKind::kVa ||
                          m.kind == TlbiKind::kVaAllAsids || m.kind == TlbiKind::kAsid ||
                          m.kind == TlbiKind::kVmall;
  return g.regime == Regime::kEl20 && redirected ? Regime::kEl20 : m.regime;
}

constexpr void decode_single(TlbiOperation& op, std::uint64_t value, const Geometry& g,
                             const Features& f) {
  const bool ipa = op.kind == TlbiKind::kIpa;
  const std::uint64_t field = value & (ipa ? operand::kIpaMask : operand::kVaMask);
  const std::uint64_t address = field << operand::kAddressShift;
  const std::uint64_t start = ipa ? address : sign_extend(address, 55);
  op.va_start = start & ~(page_bytes(g.granule) - 1);
  op.va_end = op.va_start + page_bytes(g.granule);
  if (f.ttl) op.hint = decode_ttl((value & operand::kTtlMask) >> operand::kTtlLo, g.lpa2);
}

// Pages that NUM and SCALE of a range operand cover.
constexpr std::uint64_t range_pages(std::uint64_t num, std::uint64_t scale) {
  return (num + 1) << (5 * scale + 1);
}

constexpr std::optional<LevelHint> decode_range_ttl(std::uint64_t ttl, Granule granule, bool lpa2) {
  const LevelHint hint{static_cast<std::int8_t>(ttl), granule};
  if (ttl == 0 || hint_is_reserved(hint, lpa2)) return std::nullopt;
  return hint;
}

constexpr void decode_range(TlbiOperation& op, std::uint64_t value, const Geometry& g) {
  const auto granule = granule_from_code(value >> operand::kRangeTgLo & 3);
  op.granule_mismatch = granule != g.granule;
  const unsigned shift = g.lpa2 ? operand::kLpa2BaseShift : page_lg2(g.granule);
  const std::uint64_t base = (value & operand::kRangeBaseMask) << shift;
  const unsigned top = operand::kRangeBaseBits - 1 + shift;
  op.va_start = op.kind == TlbiKind::kIpa ? base : sign_extend(base, top);
  const std::uint64_t pages =
      range_pages(value >> operand::kRangeNumLo & 31, value >> operand::kRangeScaleLo & 3);
  op.va_end = op.va_start + (pages << page_lg2(g.granule));
  op.hint = decode_range_ttl(value >> operand::kRangeTtlLo & 3, g.granule, g.lpa2);
}

}  // namespace operand_detail

// Reads an operation as the hardware does: from the mnemonic, the 64 operand bits, the regime's
// geometry and what the CPU implements, never from what the caller meant. `g` is the geometry of
// the regime that the operation acts on (the stage 2 geometry for IPA operations).
constexpr TlbiOperation decode(const TlbiMnemonic& m, std::uint64_t value, const Geometry& g,
                               const Features& f) {
  TlbiOperation op{.kind = m.kind,
                   .last_level = m.last_level,
                   .range = m.range,
                   .shareability = m.shareability,
                   .nxs = m.nxs,
                   .regime = operand_detail::regime_of(m, g),
                   .stage = m.stage(),
                   .undefined = operand_detail::is_undefined(m, f)};
  if (m.kind == TlbiKind::kVa || m.kind == TlbiKind::kAsid) {
    op.asid = op.regime == Regime::kEl2 ? 0 : static_cast<std::uint16_t>(value >> operand::kAsidLo);
  }
  if (m.kind == TlbiKind::kIpa) {
    op.non_secure_ipa = f.two_ipa_spaces && (value & operand::kNonSecure) != 0;
  }
  if (!is_by_address(m.kind)) return op;
  if (m.range) {
    operand_detail::decode_range(op, value, g);
  } else {
    operand_detail::decode_single(op, value, g, f);
  }
  return op;
}

}  // namespace amalgam::arch
