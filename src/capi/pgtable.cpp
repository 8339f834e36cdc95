// Tables and their operations, of every geometry that is built.
#include "amalgam/pgtable.h"

#include <new>
#include <optional>
#include <string_view>

#include "amalgam/pgtable/table_page.hpp"
#include "capi/convert.hpp"
#include "capi/geometries.hpp"
#include "capi/port.hpp"
#include "capi/tables.hpp"

namespace amalgam::capi {
namespace {

pgtable::Half half_of(const amalgam_config& config) {
  return config.upper_half ? pgtable::Half::kUpper : pgtable::Half::kLower;
}

template <arch::Geometry kGeometry>
typename TablesOf<kGeometry>::Config config_of(const amalgam_config& c) {
  typename TablesOf<kGeometry>::Config config;
  config.half = half_of(c);
  config.features = from_c(c.features);
  config.tlb = from_c(c.tlb);
  config.knowledge = from_c(c.knowledge);
  return config;
}

amalgam_status check_config(const amalgam_port& port, const amalgam_config& config) {
  if (!is_built(config.geometry)) return refusal(AMALGAM_NO_SUCH_GEOMETRY);
  if (!is_complete(port)) return refusal(AMALGAM_MISSING_CALLBACK);
  const arch::Geometry& g = kGeometries[config.geometry];
  const std::uint64_t root_bytes = pgtable::root_pages(g) * arch::page_bytes(g.granule);
  if ((config.root & (root_bytes - 1)) != 0) return refusal(AMALGAM_MISALIGNED);
  if (config.root > arch::low_mask(g.pa_bits)) return refusal(AMALGAM_OUT_OF_RANGE);
  const bool one_half = g.regime == arch::Regime::kEl2 || g.stage == arch::Stage::kStage2;
  const bool known = config.knowledge.contents <= AMALGAM_UNKNOWN;
  return refusal((config.upper_half && one_half) || !known ? AMALGAM_BAD_CONFIG : AMALGAM_OK);
}

pgtable::LeafSizes sizes_of(const amalgam_leaf_sizes* sizes) {
  return sizes == nullptr ? pgtable::LeafSizes{} : from_c(*sizes);
}

pgtable::Move move_of(const amalgam_move& m) {
  return {m.output, from_c(m.attributes),
          m.carry_contents ? pgtable::Carry::kContents : pgtable::Carry::kNothing};
}

// What would carry contents without a way to copy them.
bool lacks_copy(const Tables& tables, const amalgam_move& move) {
  return move.carry_contents && !tables.port.can_copy();
}

// A visitor of C that may be NULL.
struct RangeVisitor {
  amalgam_range_visitor visit;
  void* context;

  void operator()(std::uint64_t va, std::uint64_t bytes) const {
    if (visit != nullptr) visit(context, va, bytes);
  }
};

template <typename F>
amalgam_plan planned(const amalgam_tables* t, F&& f) {
  return to_c(with_tables<pgtable::Plan>(tables_in(t), f));
}

}  // namespace
}  // namespace amalgam::capi

using namespace amalgam::capi;  // the interface is global

amalgam_status amalgam_init(amalgam_tables* t, const amalgam_port* port,
                            const amalgam_config* config) {
  const amalgam_status status = check_config(*port, *config);
  if (status.error != AMALGAM_OK) return status;
  auto* tables = new (t->opaque.bytes) Tables{CallbackPort(*port), config->geometry, {}};
  return to_c(with_geometry<amalgam::pgtable::Status>(
      config->geometry, [&]<amalgam::arch::Geometry kGeometry>() {
        new (tables->bytes.data())
            TablesOf<kGeometry>(tables->port, config->root, config_of<kGeometry>(*config));
        return amalgam::pgtable::Status{};
      }));
}

void amalgam_clear_root(amalgam_tables* t) {
  (void)with_tables<bool>(tables_in(t), [](auto& table) {
    table.clear_root();
    return true;
  });
}

void amalgam_activate(amalgam_tables* t) {
  (void)with_tables<bool>(tables_in(t), [](auto& table) {
    table.activate();
    return true;
  });
}

bool amalgam_is_live(const amalgam_tables* t) {
  return with_tables<bool>(tables_in(t), [](const auto& table) { return table.is_live(); });
}

void amalgam_batch_begin(amalgam_batch* b, amalgam_tables* t) {
  Tables& tables = tables_in(t);
  auto* batch = new (b->opaque.bytes) Batch{&tables, {}};
  (void)with_geometry<bool>(tables.geometry, [&]<amalgam::arch::Geometry kGeometry>() {
    const auto& config = tables.as<kGeometry>().config();
    new (batch->bytes.data()) BatchOf<kGeometry>(tables.port, config.features, config.tlb);
    return true;
  });
}

void amalgam_batch_flush(amalgam_batch* b) {
  Batch& batch = batch_in(b);
  (void)with_geometry<bool>(batch.tables->geometry, [&]<amalgam::arch::Geometry kGeometry>() {
    batch.as<kGeometry>().flush();
    return true;
  });
}

void amalgam_batch_end(amalgam_batch* b) { amalgam_batch_flush(b); }

bool amalgam_batch_is_stale(const amalgam_batch* b) {
  const Batch& batch = batch_in(b);
  return with_geometry<bool>(batch.tables->geometry, [&]<amalgam::arch::Geometry kGeometry>() {
    return batch.as<kGeometry>().is_stale();
  });
}

amalgam_flush_cost amalgam_batch_cost(const amalgam_batch* b) {
  const Batch& batch = batch_in(b);
  return with_geometry<amalgam_flush_cost>(
      batch.tables->geometry,
      [&]<amalgam::arch::Geometry kGeometry>() { return to_c(batch.as<kGeometry>().cost()); });
}

amalgam_status amalgam_map(amalgam_tables* t, uint64_t va, uint64_t bytes, uint64_t output,
                           const amalgam_attributes* attributes, const amalgam_leaf_sizes* sizes,
                           amalgam_batch* batch) {
  return with_batch(t, batch, [&](auto& table, auto& b) {
    return table.map(va, bytes, output, from_c(*attributes), b, sizes_of(sizes));
  });
}

amalgam_status amalgam_install(amalgam_tables* t, uint64_t va, int level, uint64_t output,
                               const amalgam_attributes* attributes) {
  return to_c(with_tables<amalgam::pgtable::Status>(tables_in(t), [&](auto& table) {
    return table.install(va, level, output, from_c(*attributes));
  }));
}

amalgam_status amalgam_unmap(amalgam_tables* t, uint64_t va, uint64_t bytes,
                             const amalgam_permits* permits, amalgam_batch* batch) {
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(t, batch,
                    [&](auto& table, auto& b) { return table.unmap(va, bytes, b, allowed); });
}

amalgam_plan amalgam_plan_unmap(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                                const amalgam_permits* permits) {
  const auto allowed = permits_on(tables_in(t), permits);
  return planned(t, [&](auto& table) { return table.plan_unmap(va, bytes, allowed); });
}

amalgam_status amalgam_protect(amalgam_tables* t, uint64_t va, uint64_t bytes,
                               const amalgam_attributes* attributes, const amalgam_permits* permits,
                               amalgam_batch* batch) {
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(t, batch, [&](auto& table, auto& b) {
    return table.protect(va, bytes, from_c(*attributes), allowed, b);
  });
}

amalgam_plan amalgam_plan_protect(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                                  const amalgam_attributes* attributes,
                                  const amalgam_permits* permits) {
  const auto allowed = permits_on(tables_in(t), permits);
  return planned(
      t, [&](auto& table) { return table.plan_protect(va, bytes, from_c(*attributes), allowed); });
}

amalgam_status amalgam_remap(amalgam_tables* t, uint64_t va, uint64_t bytes,
                             const amalgam_move* move, const amalgam_permits* permits,
                             amalgam_batch* batch) {
  if (lacks_copy(tables_in(t), *move)) return refusal(AMALGAM_CANNOT_COPY, va);
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(t, batch, [&](auto& table, auto& b) {
    return table.remap(va, bytes, move_of(*move), allowed, b);
  });
}

amalgam_plan amalgam_plan_remap(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                                const amalgam_move* move, const amalgam_permits* permits) {
  const Tables& tables = tables_in(t);
  if (lacks_copy(tables, *move)) {
    return to_c(amalgam::pgtable::Plan{
        .status = {amalgam::pgtable::Error::kCannotCopy, va},
        .strategy = amalgam::pgtable::Strategy::kRefused,
    });
  }
  const auto allowed = permits_on(tables, permits);
  return planned(t,
                 [&](auto& table) { return table.plan_remap(va, bytes, move_of(*move), allowed); });
}

amalgam_status amalgam_split(amalgam_tables* t, uint64_t va, uint64_t bytes,
                             const amalgam_permits* permits, amalgam_batch* batch) {
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(t, batch,
                    [&](auto& table, auto& b) { return table.split(va, bytes, allowed, b); });
}

amalgam_plan amalgam_plan_split(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                                const amalgam_permits* permits) {
  const auto allowed = permits_on(tables_in(t), permits);
  return planned(t, [&](auto& table) { return table.plan_split(va, bytes, allowed); });
}

amalgam_status amalgam_refine(amalgam_tables* t, uint64_t va, uint64_t bytes, int level,
                              const amalgam_permits* permits, amalgam_batch* batch) {
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(
      t, batch, [&](auto& table, auto& b) { return table.refine(va, bytes, level, allowed, b); });
}

amalgam_plan amalgam_plan_refine(const amalgam_tables* t, uint64_t va, uint64_t bytes, int level,
                                 const amalgam_permits* permits) {
  const auto allowed = permits_on(tables_in(t), permits);
  return planned(t, [&](auto& table) { return table.plan_refine(va, bytes, level, allowed); });
}

amalgam_status amalgam_collapse(amalgam_tables* t, uint64_t va, uint64_t bytes,
                                const amalgam_permits* permits, amalgam_batch* batch) {
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(t, batch,
                    [&](auto& table, auto& b) { return table.collapse(va, bytes, allowed, b); });
}

amalgam_plan amalgam_plan_collapse(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                                   const amalgam_permits* permits) {
  const auto allowed = permits_on(tables_in(t), permits);
  return planned(t, [&](auto& table) { return table.plan_collapse(va, bytes, allowed); });
}

amalgam_status amalgam_fold(amalgam_tables* t, uint64_t va, uint64_t bytes,
                            const amalgam_permits* permits, amalgam_batch* batch) {
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(t, batch,
                    [&](auto& table, auto& b) { return table.fold(va, bytes, allowed, b); });
}

amalgam_plan amalgam_plan_fold(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                               const amalgam_permits* permits) {
  const auto allowed = permits_on(tables_in(t), permits);
  return planned(t, [&](auto& table) { return table.plan_fold(va, bytes, allowed); });
}

amalgam_status amalgam_unfold(amalgam_tables* t, uint64_t va, uint64_t bytes,
                              const amalgam_permits* permits, amalgam_batch* batch) {
  const auto allowed = permits_on(tables_in(t), permits);
  return with_batch(t, batch,
                    [&](auto& table, auto& b) { return table.unfold(va, bytes, allowed, b); });
}

amalgam_plan amalgam_plan_unfold(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                                 const amalgam_permits* permits) {
  const auto allowed = permits_on(tables_in(t), permits);
  return planned(t, [&](auto& table) { return table.plan_unfold(va, bytes, allowed); });
}

amalgam_status amalgam_age(amalgam_tables* t, uint64_t va, uint64_t bytes,
                           amalgam_range_visitor visit, void* context, amalgam_batch* batch) {
  return with_batch(t, batch, [&](auto& table, auto& b) {
    return table.age(va, bytes, b, RangeVisitor{visit, context});
  });
}

amalgam_status amalgam_harvest_dirty(amalgam_tables* t, uint64_t va, uint64_t bytes,
                                     amalgam_range_visitor visit, void* context,
                                     amalgam_batch* batch) {
  return with_batch(t, batch, [&](auto& table, auto& b) {
    return table.harvest_dirty(va, bytes, b, RangeVisitor{visit, context});
  });
}

bool amalgam_query(const amalgam_tables* t, uint64_t va, amalgam_translation* translation) {
  const auto found = with_tables<std::optional<amalgam::pgtable::Translation>>(
      tables_in(t), [&](const auto& table) { return table.query(va); });
  if (!found) return false;
  *translation = {found->output, found->raw, found->level};
  return true;
}

amalgam_status amalgam_for_each_mapping(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                                        amalgam_mapping_visitor visit, void* context) {
  const Tables& tables = tables_in(t);
  return to_c(with_geometry<amalgam::pgtable::Status>(
      tables.geometry, [&]<amalgam::arch::Geometry kGeometry>() {
        const auto& table = tables.as<kGeometry>();
        const std::uint64_t upper = amalgam::pgtable::half_bits(kGeometry, table.config().half);
        return table.for_each_mapping(va, bytes, [&](const amalgam::pgtable::MappedRun& run) {
          const amalgam_mapping mapping{
              run.range.start | upper, upper + run.range.end, run.output, run.level,
              run.contiguous,          to_c(run.attributes)};
          visit(context, &mapping);
        });
      }));
}

amalgam_status amalgam_dump(const amalgam_tables* t, uint64_t va, uint64_t bytes,
                            amalgam_text_sink sink, void* context) {
  return to_c(with_tables<amalgam::pgtable::Status>(tables_in(t), [&](const auto& table) {
    return table.dump(va, bytes,
                      [&](std::string_view text) { sink(context, text.data(), text.size()); });
  }));
}
