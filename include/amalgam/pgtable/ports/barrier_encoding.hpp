// How barriers are encoded: as data, so that DSB nXS needs no assembler that knows it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/arch/barrier.hpp"

namespace amalgam::pgtable {

namespace barrier_encoding_detail {

// CRm without its low two bits: the domain. OSH 0, NSH 4, ISH 8, SY 12.
constexpr std::uint32_t domain_bits(arch::Domain domain) {
  switch (domain) {
    case arch::Domain::kOsh:
      return 0;
    case arch::Domain::kNsh:
      return 4;
    case arch::Domain::kIsh:
      return 8;
    case arch::Domain::kSy:
      break;
  }
  return 12;
}

constexpr std::uint32_t access_bits(arch::Access access) {
  if (access == arch::Access::kLoad) return 1;
  return access == arch::Access::kStore ? 2 : 3;
}

inline constexpr std::uint32_t kDsb = 0xd503'309f;
inline constexpr std::uint32_t kDmb = 0xd503'30bf;
inline constexpr std::uint32_t kIsb = 0xd503'3fdf;
inline constexpr std::uint32_t kDsbNxs = 0xd503'323f;
inline constexpr unsigned kCrmLo = 8;

}  // namespace barrier_encoding_detail

// The instruction word of a barrier; nothing for a combination that has no name. An ISB has one
// form, whatever its domain and access say.
// Source: Arm ARM (DDI 0487), barriers and CLREX.
constexpr std::optional<std::uint32_t> instruction_word(const arch::Barrier& b) {
  using namespace barrier_encoding_detail;
  if (b.kind == arch::BarrierKind::kIsb) return kIsb;
  const bool dsb = b.kind == arch::BarrierKind::kDsb;
  const std::uint32_t domain = domain_bits(b.domain);
  if (!b.nxs) return (dsb ? kDsb : kDmb) | (domain | access_bits(b.access)) << kCrmLo;
  if (!dsb || b.access != arch::Access::kAll) return std::nullopt;
  return kDsbNxs | domain << kCrmLo;
}

namespace barrier_encoding_detail {

constexpr auto all_words() {
  std::array<std::uint32_t, arch::kBarrierNames.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = *instruction_word(arch::kBarrierNames[i].barrier);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace barrier_encoding_detail

// Every barrier that has a name, in ascending order.
inline constexpr auto kBarrierWords = barrier_encoding_detail::all_words();

}  // namespace amalgam::pgtable
