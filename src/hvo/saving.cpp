#include "hvo/saving.hpp"

namespace amalgam::hvo {

std::vector<std::uint64_t> huge_page_sizes(arch::Granule granule) {
  const arch::Geometry g{.granule = granule};
  const auto size = [&](int level) { return arch::level_size_bytes(g, level); };
  const auto group = [&](int level) { return arch::contiguous_entries(g, level) * size(level); };
  std::vector<std::uint64_t> sizes{group(3), size(2), group(2)};
  if (arch::block_allowed(g, 1)) sizes.push_back(size(1));
  return sizes;
}

Saving saving(arch::Granule granule, std::uint64_t huge_page_bytes,
              std::uint64_t struct_page_bytes) {
  Saving s;
  s.granule = granule;
  s.huge_page_bytes = huge_page_bytes;
  s.struct_page_bytes = struct_page_bytes;
  s.struct_pages = huge_page_bytes / s.page_bytes();
  s.vmemmap_bytes = s.struct_pages * struct_page_bytes;
  const std::uint64_t pages = s.vmemmap_bytes / s.page_bytes();
  if (s.vmemmap_bytes % s.page_bytes() != 0 || pages < 2) return s;
  s.kept_pages = 1;
  s.freed_pages = pages - 1;
  return s;
}

}  // namespace amalgam::hvo
