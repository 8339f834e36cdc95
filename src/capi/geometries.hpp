// The geometries that C programs choose from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "amalgam/arch/geometry.hpp"
#include "amalgam/pgtable.h"

// Bit n: the geometry that enum amalgam_geometry numbers n is built.
#if !defined(AMALGAM_C_GEOMETRIES)
#define AMALGAM_C_GEOMETRIES 0xffffffffU
#endif

namespace amalgam::capi {

inline constexpr std::array<arch::Geometry, AMALGAM_GEOMETRY_COUNT> kGeometries{{
    {},
    {.va_bits = 52, .pa_bits = 52, .lpa2 = true},
    {.granule = arch::Granule::k16K},
    {.granule = arch::Granule::k64K, .va_bits = 52, .pa_bits = 52},
    {.regime = arch::Regime::kEl2},
    {.va_bits = 40, .stage = arch::Stage::kStage2},
}};

constexpr bool is_built(std::uint32_t geometry) {
  return geometry < kGeometries.size() && (AMALGAM_C_GEOMETRIES >> geometry & 1U) != 0;
}

namespace geometries_detail {

template <typename R, std::size_t kIndex, typename F>
bool call_if(std::uint32_t geometry, F& f, R& result) {
  if constexpr (is_built(kIndex)) {
    if (geometry != kIndex) return false;
    result = f.template operator()<kGeometries[kIndex]>();
    return true;
  } else {
    return false;
  }
}

template <typename R, typename F, std::size_t... kIndices>
R call(std::uint32_t geometry, F& f, std::index_sequence<kIndices...>) {
  R result{};
  (void)(call_if<R, kIndices>(geometry, f, result) || ...);
  return result;
}

}  // namespace geometries_detail

// f<kGeometry>() for the geometry of this number; R{} where it is not built.
template <typename R, typename F>
R with_geometry(std::uint32_t geometry, F&& f) {
  return geometries_detail::call<R>(geometry, f, std::make_index_sequence<kGeometries.size()>());
}

}  // namespace amalgam::capi
