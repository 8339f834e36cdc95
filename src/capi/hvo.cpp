// HVO, of every stage 1 geometry that is built.
#include "amalgam/pgtable/hvo.hpp"

#include <span>

#include "amalgam/pgtable.h"
#include "capi/convert.hpp"
#include "capi/geometries.hpp"
#include "capi/port.hpp"
#include "capi/tables.hpp"

namespace amalgam::capi {
namespace {

template <arch::Geometry kGeometry>
using HvoOf = pgtable::Hvo<kGeometry, CallbackPort>;

template <arch::Geometry kGeometry>
HvoOf<kGeometry> hvo_on(Tables& tables, const amalgam_hvo_config& c) {
  typename HvoOf<kGeometry>::Config config;
  config.attributes = from_c(c.attributes);
  config.shared = c.share_head ? pgtable::SharedTail::kHeadPage : pgtable::SharedTail::kZonePage;
  config.heads_are_still = c.heads_are_still;
  config.permits = permits_on(tables, &c.permits);
  return {tables.as<kGeometry>(), config};
}

// Why these tables cannot share tails at all.
amalgam_error obstacle(const Tables& tables) {
  if (kGeometries[tables.geometry].stage == arch::Stage::kStage2) return AMALGAM_BAD_CONFIG;
  return tables.port.can_copy() ? AMALGAM_OK : AMALGAM_CANNOT_COPY;
}

// f(an Hvo), where the tables can have one.
template <typename R, typename F>
R with_hvo(Tables& tables, const amalgam_hvo_config& config, F&& f) {
  return with_geometry<R>(tables.geometry, [&]<arch::Geometry kGeometry>() {
    if constexpr (kGeometry.stage == arch::Stage::kStage1) {
      HvoOf<kGeometry> hvo = hvo_on<kGeometry>(tables, config);
      return f(hvo);
    } else {
      return R{};
    }
  });
}

}  // namespace
}  // namespace amalgam::capi

using namespace amalgam::capi;  // the interface is global

uint64_t amalgam_hvo_tails(const amalgam_tables* t, const amalgam_huge_page* pages, size_t count) {
  return with_geometry<uint64_t>(tables_in(t).geometry, [&]<amalgam::arch::Geometry kGeometry>() {
    return HvoOf<kGeometry>::tails(huge_pages(pages, count));
  });
}

amalgam_plan amalgam_hvo_plan_share(amalgam_tables* t, const amalgam_hvo_config* config,
                                    const amalgam_huge_page* pages, size_t count) {
  Tables& tables = tables_in(t);
  const amalgam_error error = obstacle(tables);
  if (error != AMALGAM_OK) {
    amalgam_plan refused{};
    refused.status = refusal(error);
    refused.strategy = AMALGAM_REFUSED;
    return refused;
  }
  return to_c(with_hvo<amalgam::pgtable::Plan>(
      tables, *config, [&](auto& hvo) { return hvo.plan_share(huge_pages(pages, count)); }));
}

amalgam_status amalgam_hvo_share(amalgam_tables* t, const amalgam_hvo_config* config,
                                 const amalgam_huge_page* pages, size_t count, uint64_t zone_page,
                                 uint64_t* freed, size_t freed_count, amalgam_hvo_cost* cost) {
  Tables& tables = tables_in(t);
  const amalgam_error error = obstacle(tables);
  if (error != AMALGAM_OK) return refusal(error);
  amalgam::pgtable::HvoCost spent;
  const auto status = with_hvo<amalgam::pgtable::Status>(tables, *config, [&](auto& hvo) {
    return hvo.share(huge_pages(pages, count), zone_page, std::span(freed, freed_count), &spent);
  });
  if (cost != nullptr) *cost = to_c(spent);
  return to_c(status);
}

amalgam_status amalgam_hvo_restore(amalgam_tables* t, const amalgam_hvo_config* config,
                                   const amalgam_huge_page* pages, size_t count,
                                   const uint64_t* fresh, size_t fresh_count,
                                   amalgam_hvo_cost* cost) {
  Tables& tables = tables_in(t);
  const amalgam_error error = obstacle(tables);
  if (error != AMALGAM_OK) return refusal(error);
  amalgam::pgtable::HvoCost spent;
  const auto status = with_hvo<amalgam::pgtable::Status>(tables, *config, [&](auto& hvo) {
    return hvo.restore(huge_pages(pages, count), std::span(fresh, fresh_count), &spent);
  });
  if (cost != nullptr) *cost = to_c(spent);
  return to_c(status);
}
