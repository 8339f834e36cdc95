// What HVO saves: arithmetic on sizes alone.
#pragma once

#include <cstdint>
#include <vector>

#include "amalgam/arch/geometry.hpp"

namespace amalgam::hvo {

inline constexpr std::uint64_t kLinuxStructPageBytes = 64;

// The page structures of one huge page.
struct Saving {
  arch::Granule granule = arch::Granule::k4K;
  std::uint64_t huge_page_bytes = 0;
  std::uint64_t struct_page_bytes = kLinuxStructPageBytes;
  std::uint64_t struct_pages = 0;
  std::uint64_t vmemmap_bytes = 0;
  std::uint64_t kept_pages = 0;   // of the granule; 0 where nothing is shared
  std::uint64_t freed_pages = 0;  // tails that share a page from then on

  [[nodiscard]] std::uint64_t page_bytes() const { return arch::page_bytes(granule); }
  [[nodiscard]] std::uint64_t freed_bytes() const { return freed_pages * page_bytes(); }
  [[nodiscard]] std::uint64_t left_bytes() const { return vmemmap_bytes - freed_bytes(); }
  [[nodiscard]] std::uint64_t vmemmap_pages() const { return kept_pages + freed_pages; }
  // Pages shared by all huge pages of a zone and size are not counted.
  [[nodiscard]] bool possible() const { return freed_pages != 0; }
  [[nodiscard]] double saved_share() const { return ratio(freed_bytes(), vmemmap_bytes); }
  // Memory that page structures take of the memory that they describe.
  [[nodiscard]] double overhead_before() const { return ratio(vmemmap_bytes, huge_page_bytes); }
  [[nodiscard]] double overhead_after() const { return ratio(left_bytes(), huge_page_bytes); }

 private:
  static double ratio(std::uint64_t a, std::uint64_t b) {
    return static_cast<double>(a) / static_cast<double>(b);
  }
};

// The sizes of huge page that a CPU maps by one entry or by one contiguous group and Linux has for
// the granule, in ascending order: groups of pages, blocks of level 2, groups of these, and with 4K
// blocks of level 1.
std::vector<std::uint64_t> huge_page_sizes(arch::Granule granule);

// What sharing the tails of one huge page saves. Nothing where its page structures are not whole
// pages, or one page alone: then other huge pages have theirs in the same page.
Saving saving(arch::Granule granule, std::uint64_t huge_page_bytes,
              std::uint64_t struct_page_bytes = kLinuxStructPageBytes);

}  // namespace amalgam::hvo
