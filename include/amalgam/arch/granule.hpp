#pragma once

#include <cstdint>

namespace amalgam::arch {

// Translation granule: the size of a page and of a full translation table.
enum class Granule : std::uint8_t { k4K, k16K, k64K };

inline constexpr int kFirstLevel = -1;  // only with LPA2 and the 4K granule
inline constexpr int kPageLevel = 3;
inline constexpr unsigned kDescriptorLg2 = 3;  // a descriptor is 8 bytes

// log2 of the page size in bytes: 12, 14 or 16.
constexpr unsigned page_lg2(Granule granule) { return 12 + 2 * static_cast<unsigned>(granule); }

constexpr std::uint64_t page_bytes(Granule granule) {
  return std::uint64_t{1} << page_lg2(granule);
}

// Input-address bits that one full table resolves: 9, 11 or 13.
constexpr unsigned bits_per_level(Granule granule) { return page_lg2(granule) - kDescriptorLg2; }

}  // namespace amalgam::arch
