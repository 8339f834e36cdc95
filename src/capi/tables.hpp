// What the memory that C programs provide for tables and batches holds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "amalgam/pgtable.h"
#include "amalgam/pgtable/page_table.hpp"
#include "capi/convert.hpp"
#include "capi/geometries.hpp"
#include "capi/port.hpp"

namespace amalgam::capi {

template <arch::Geometry kGeometry>
using TablesOf = pgtable::PageTable<kGeometry, CallbackPort>;
template <arch::Geometry kGeometry>
using BatchOf = typename TablesOf<kGeometry>::Batch;

namespace tables_detail {

template <std::size_t... kIndices>
constexpr std::size_t most_table_bytes(std::index_sequence<kIndices...>) {
  return std::max({sizeof(TablesOf<kGeometries[kIndices]>)...});
}

template <std::size_t... kIndices>
constexpr std::size_t most_batch_bytes(std::index_sequence<kIndices...>) {
  return std::max({sizeof(BatchOf<kGeometries[kIndices]>)...});
}

inline constexpr auto kIndices = std::make_index_sequence<kGeometries.size()>();

}  // namespace tables_detail

// Tables of one of the geometries, with the Port that they refer to.
struct Tables {
  CallbackPort port;
  std::uint32_t geometry;
  alignas(std::uint64_t)
      std::array<std::byte, tables_detail::most_table_bytes(tables_detail::kIndices)> bytes;

  template <arch::Geometry kGeometry>
  TablesOf<kGeometry>& as() {
    return *std::launder(reinterpret_cast<TablesOf<kGeometry>*>(bytes.data()));
  }
  template <arch::Geometry kGeometry>
  const TablesOf<kGeometry>& as() const {
    return *std::launder(reinterpret_cast<const TablesOf<kGeometry>*>(bytes.data()));
  }
};

struct Batch {
  Tables* tables;
  alignas(std::uint64_t)
      std::array<std::byte, tables_detail::most_batch_bytes(tables_detail::kIndices)> bytes;

  template <arch::Geometry kGeometry>
  BatchOf<kGeometry>& as() {
    return *std::launder(reinterpret_cast<BatchOf<kGeometry>*>(bytes.data()));
  }
  template <arch::Geometry kGeometry>
  const BatchOf<kGeometry>& as() const {
    return *std::launder(reinterpret_cast<const BatchOf<kGeometry>*>(bytes.data()));
  }
};

static_assert(sizeof(Tables) <= AMALGAM_TABLES_BYTES && alignof(Tables) <= alignof(amalgam_tables));
static_assert(sizeof(Batch) <= AMALGAM_BATCH_BYTES && alignof(Batch) <= alignof(amalgam_batch));
static_assert(sizeof(amalgam_tables) == AMALGAM_TABLES_BYTES &&
              sizeof(amalgam_batch) == AMALGAM_BATCH_BYTES);

inline Tables& tables_in(amalgam_tables* t) {
  return *std::launder(reinterpret_cast<Tables*>(t->opaque.bytes));
}
inline const Tables& tables_in(const amalgam_tables* t) {
  return *std::launder(reinterpret_cast<const Tables*>(t->opaque.bytes));
}
inline Batch& batch_in(amalgam_batch* b) {
  return *std::launder(reinterpret_cast<Batch*>(b->opaque.bytes));
}
inline const Batch& batch_in(const amalgam_batch* b) {
  return *std::launder(reinterpret_cast<const Batch*>(b->opaque.bytes));
}

// f(the PageTable); `T` is Tables or const Tables.
template <typename R, typename T, typename F>
R with_tables(T& tables, F&& f) {
  return with_geometry<R>(tables.geometry, [&]<arch::Geometry kGeometry>() {
    return f(tables.template as<kGeometry>());
  });
}

// f(the PageTable, a batch of it): the caller's, or one that is flushed on the way out.
template <typename F>
amalgam_status with_batch(amalgam_tables* t, amalgam_batch* b, F&& f) {
  Tables& tables = tables_in(t);
  if (b != nullptr && batch_in(b).tables != &tables) return refusal(AMALGAM_WRONG_BATCH);
  return to_c(with_geometry<pgtable::Status>(tables.geometry, [&]<arch::Geometry kGeometry>() {
    TablesOf<kGeometry>& table = tables.as<kGeometry>();
    BatchOf<kGeometry> own = table.batch();
    return f(table, b != nullptr ? batch_in(b).as<kGeometry>() : own);
  }));
}

// What the caller permits and the port makes possible.
inline pgtable::Permits permits_on(const Tables& tables, const amalgam_permits* permits) {
  pgtable::Permits p = permits == nullptr ? pgtable::Permits{} : from_c(*permits);
  p.stop_others = p.stop_others && tables.port.can_stop();
  return p;
}

}  // namespace amalgam::capi
