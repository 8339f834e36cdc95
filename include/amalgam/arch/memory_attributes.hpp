#pragma once

#include <cstdint>

namespace amalgam::arch {

// kFromStage1 is a stage 2 entry that leaves the type to stage 1 (FEAT_S2FWB).
enum class MemoryType : std::uint8_t { kDevice, kNormal, kNormalTagged, kFromStage1 };
enum class DeviceType : std::uint8_t { kNGnRnE, kNGnRE, kNGRE, kGRE };
enum class Cacheability : std::uint8_t { kNonCacheable, kWriteThrough, kWriteBack };

// What a memory-attribute encoding means to the rules. Fields that the type does not use stay at
// their defaults, so equality is equality of meaning.
struct MemoryAttributes {
  MemoryType type = MemoryType::kNormal;
  DeviceType device = DeviceType::kNGnRnE;
  Cacheability inner = Cacheability::kNonCacheable;
  Cacheability outer = Cacheability::kNonCacheable;
  // Allocation and transient hints, raw, and the XS attribute: neither is a type nor a
  // cacheability.
  std::uint8_t hints = 0;
  bool xs = true;

  friend constexpr bool operator==(const MemoryAttributes&, const MemoryAttributes&) = default;
};

// MAIR_EL1 as Linux programs it: 0 Normal, 1 Normal-Tagged, 2 Normal non-cacheable,
// 3 Device-nGnRnE, 4 Device-nGnRE.
inline constexpr std::uint64_t kLinuxMair = 0x04'0044'f0ff;

// The MAIR byte that AttrIndx selects.
constexpr std::uint8_t mair_byte(std::uint64_t mair, unsigned index) {
  return static_cast<std::uint8_t>(mair >> (8 * (index & 7)));
}

// One nibble of a Normal MAIR byte: 01xx except 0100 and 11xx are Write-Back, 00xx (not 0000) and
// 10xx are Write-Through, 0100 is Non-cacheable.
constexpr Cacheability nibble_cacheability(unsigned nibble) {
  if (nibble == 0b0100) return Cacheability::kNonCacheable;
  return (nibble & 0b0100) != 0 ? Cacheability::kWriteBack : Cacheability::kWriteThrough;
}

constexpr std::uint8_t nibble_hints(unsigned nibble) {
  return static_cast<std::uint8_t>(nibble == 0b0100 ? 0 : (nibble & 0b0011) | (nibble & 0b1000));
}

constexpr MemoryAttributes device_attributes(unsigned subtype, bool xs) {
  return {.type = MemoryType::kDevice, .device = static_cast<DeviceType>(subtype & 3), .xs = xs};
}

// Meaning of one MAIR byte. Encodings that are reserved are read as the nearest Normal encoding.
constexpr MemoryAttributes decode_mair_byte(std::uint8_t byte) {
  if ((byte & 0xf0) == 0) return device_attributes(byte >> 2, (byte & 1) == 0);
  using enum Cacheability;
  if (byte == 0xf0) {
    return {.type = MemoryType::kNormalTagged,
            .inner = kWriteBack,
            .outer = kWriteBack,
            .hints = 0xff,
            .xs = false};
  }
  if (byte == 0x40) return {.xs = false};
  if (byte == 0xa0)
    return {.inner = kWriteThrough, .outer = kWriteThrough, .hints = 0b1010, .xs = false};
  const unsigned outer = byte >> 4;
  const unsigned inner = byte & 0xf;
  const auto inner_cache = nibble_cacheability(inner);
  const auto outer_cache = nibble_cacheability(outer);
  return {.inner = inner_cache,
          .outer = outer_cache,
          .hints = static_cast<std::uint8_t>(nibble_hints(outer) << 4 | nibble_hints(inner)),
          .xs = inner_cache != kWriteBack || outer_cache != kWriteBack};
}

// Stage 2 MemAttr without FEAT_S2FWB: 00dd Device, else outer in [3:2] and inner in [1:0] with
// 01 Non-cacheable, 10 Write-Through, 11 Write-Back.
constexpr MemoryAttributes decode_mem_attr_plain(unsigned mem_attr) {
  const unsigned outer = (mem_attr >> 2) & 3;
  if (outer == 0) return device_attributes(mem_attr & 3, true);
  const unsigned inner = (mem_attr & 3) == 0 ? 1 : mem_attr & 3;  // 00 is reserved
  return {.inner = static_cast<Cacheability>(inner - 1),
          .outer = static_cast<Cacheability>(outer - 1)};
}

// Stage 2 MemAttr with FEAT_S2FWB: 0dd Device, 101 Non-cacheable, 110 forced Write-Back, 111 as
// stage 1 says.
constexpr MemoryAttributes decode_mem_attr_fwb(unsigned mem_attr) {
  const unsigned low = mem_attr & 7;
  if (low < 4) return device_attributes(low, true);
  if (low == 6) return {.inner = Cacheability::kWriteBack, .outer = Cacheability::kWriteBack};
  if (low == 7) return {.type = MemoryType::kFromStage1};
  return {};
}

constexpr MemoryAttributes decode_mem_attr(unsigned mem_attr, bool fwb) {
  return fwb ? decode_mem_attr_fwb(mem_attr) : decode_mem_attr_plain(mem_attr);
}

}  // namespace amalgam::arch
