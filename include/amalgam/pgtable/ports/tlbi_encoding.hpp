// How TLBI instructions are encoded: as data, so that issuing one needs no assembler that knows its
// name.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/arch/tlbi_mnemonic.hpp"

namespace amalgam::pgtable {

// The operands of SYS #op1, Cn, Cm, #op2, Xt.
struct SystemOperation {
  std::uint8_t op1 = 0;
  std::uint8_t crn = 0;
  std::uint8_t crm = 0;
  std::uint8_t op2 = 0;

  friend constexpr bool operator==(const SystemOperation&, const SystemOperation&) = default;
};

// Xt of an operation that takes no operand.
inline constexpr unsigned kNoRegister = 31;

// The instruction word of SYS with register Xt.
constexpr std::uint32_t instruction_word(const SystemOperation& op, unsigned xt) {
  return 0xd508'0000u | static_cast<std::uint32_t>(op.op1) << 16 |
         static_cast<std::uint32_t>(op.crn) << 12 | static_cast<std::uint32_t>(op.crm) << 8 |
         static_cast<std::uint32_t>(op.op2) << 5 | xt;
}

// Its inverse, whatever the register.
constexpr SystemOperation system_operation(std::uint32_t word) {
  return {static_cast<std::uint8_t>(word >> 16 & 7), static_cast<std::uint8_t>(word >> 12 & 15),
          static_cast<std::uint8_t>(word >> 8 & 15), static_cast<std::uint8_t>(word >> 5 & 7)};
}

namespace tlbi_encoding_detail {

// CRn: the nXS forms are the same operations one further.
inline constexpr std::uint8_t kTlbi = 8;
inline constexpr std::uint8_t kTlbiNxs = 9;

inline constexpr std::uint8_t kNone = 0xff;

// op1 and op2 of an operation by VA or on everything, for all levels and for the last alone. CRm
// says how far it reaches.
struct Row {
  std::uint8_t op1 = 0;
  std::uint8_t op2 = kNone;
  std::uint8_t op2_last_level = kNone;
};

// By TlbiKind.
inline constexpr std::array<Row, 6> kEl10Rows{{
    {0, 1, 5},      // VA
    {0, 3, 7},      // VA, all ASIDs
    {0, 2, kNone},  // ASID
    {0, 0, kNone},  // VMALL
    {4, 6, kNone},  // VMALLS12
    {4, 4, kNone},  // ALL
}};
inline constexpr std::array<Row, 6> kEl2Rows{{
    {4, 1, 5},
    {},
    {},
    {},
    {},
    {4, 0, kNone},
}};

// CRm by Shareability: local, inner, outer.
inline constexpr std::array<std::uint8_t, 3> kSingleReach{7, 3, 1};
inline constexpr std::array<std::uint8_t, 3> kRangeReach{6, 2, 5};

// The operations by IPA break the pattern: the outer-shareable forms share CRm 4 with the local
// ones.
constexpr SystemOperation by_ipa(const arch::TlbiMnemonic& m) {
  const bool inner = m.shareability == arch::Shareability::kInner;
  const bool outer = m.shareability == arch::Shareability::kOuter;
  const unsigned first = m.last_level ? 4 : 0;
  const unsigned form = outer ? (m.range ? 3 : 0) : (m.range ? 2 : 1);
  return {4, kTlbi, static_cast<std::uint8_t>(inner ? 0 : 4),
          static_cast<std::uint8_t>(first + form)};
}

constexpr std::optional<SystemOperation> without_nxs(const arch::TlbiMnemonic& m) {
  const bool el2 = m.regime == arch::Regime::kEl2;
  if ((!el2 && m.regime != arch::Regime::kEl10) || (m.range && !arch::is_by_address(m.kind))) {
    return std::nullopt;
  }
  if (m.kind == arch::TlbiKind::kIpa) return el2 ? std::nullopt : std::optional(by_ipa(m));
  const Row row = (el2 ? kEl2Rows : kEl10Rows)[static_cast<std::size_t>(m.kind)];
  const std::uint8_t op2 = m.last_level ? row.op2_last_level : row.op2;
  if (op2 == kNone) return std::nullopt;
  const auto reach = static_cast<std::size_t>(m.shareability);
  return SystemOperation{row.op1, kTlbi, (m.range ? kRangeReach : kSingleReach)[reach], op2};
}

}  // namespace tlbi_encoding_detail

// The encoding of a TLBI; nothing for a combination that has no mnemonic.
// Source: Arm ARM (DDI 0487), A64 System instruction class, CRn 8 and 9.
constexpr std::optional<SystemOperation> encoding_of(const arch::TlbiMnemonic& m) {
  auto operation = tlbi_encoding_detail::without_nxs(m);
  if (operation && m.nxs) operation->crn = tlbi_encoding_detail::kTlbiNxs;
  return operation;
}

namespace tlbi_encoding_detail {

// Calls f(mnemonic) for every TLBI that has a name.
template <typename F>
constexpr void for_each_tlbi(const F& f) {
  for (const arch::TlbiBase& base : arch::kTlbiBases) {
    for (unsigned form = 0; form < 12; ++form) {
      const arch::TlbiMnemonic m{.kind = base.kind,
                                 .last_level = base.last_level,
                                 .regime = base.regime,
                                 .range = form % 2 != 0,
                                 .shareability = static_cast<arch::Shareability>(form / 4),
                                 .nxs = form / 2 % 2 != 0};
      if (!m.range || base.has_range) f(m);
    }
  }
}

constexpr std::size_t count_tlbis() {
  std::size_t count = 0;
  for_each_tlbi([&](const arch::TlbiMnemonic&) { ++count; });
  return count;
}

constexpr auto all_words() {
  std::array<std::uint32_t, count_tlbis()> all{};
  std::size_t count = 0;
  for_each_tlbi([&](const arch::TlbiMnemonic& m) {
    all[count++] = instruction_word(*encoding_of(m), kNoRegister);
  });
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace tlbi_encoding_detail

// Every TLBI that has a name, without a register, in ascending order.
inline constexpr auto kTlbiWords = tlbi_encoding_detail::all_words();

}  // namespace amalgam::pgtable
