// Collapsing, folding and unfolding.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using pgtable::Strategy;
using Batch = MutantTables::Batch;

constexpr const char* kAbort = "conflict-abort";
constexpr std::uint64_t kGroup = 16 * kPage;

const std::vector<Route>& group_routes() {
  static const std::vector<Route> kRoutes{
      {"in place", Strategy::kInPlace, {}, {3}, false},
      {"in place with aborts",
       Strategy::kInPlace,
       {.conflict_abort = true},
       {1, 2},
       false,
       {kAbort}},
      {"with a break", Strategy::kBreakBeforeMake, {.fault_window = true}, {0, 1, 2}},
      {"with others stopped", Strategy::kStopOthers, {.stop_others = true}, {0, 1, 2}, false},
  };
  return kRoutes;
}

const std::vector<Route>& table_routes() {
  static const std::vector<Route> kRoutes{
      {"in place", Strategy::kInPlace, {}, {3}, false},
      {"in place with aborts", Strategy::kInPlace, {.conflict_abort = true}, {2}, false, {kAbort}},
      {"by nT", Strategy::kNoTranslation, {.no_translation = true}, {1}, true, {kAbort}},
      {"with a break", Strategy::kBreakBeforeMake, {.fault_window = true}, {0, 1, 2}},
      {"with others stopped", Strategy::kStopOthers, {.stop_others = true}, {0, 1, 2}, false},
  };
  return kRoutes;
}

// Whether all members are mapped as they were, with or without the contiguous bit.
bool is_group(const MutantTables& t, bool grouped) {
  for (std::uint64_t va = kVa; va < kVa + kGroup; va += kPage) {
    const auto found = t.query(va);
    if (!found || ((found->raw & arch::bits::kContiguous) != 0) != grouped) return false;
  }
  return maps_pages(t, 0, kGroup / kPage - 1);
}

Scene fold(const Route& route) {
  Scene scene{.name = std::string("fold a group ") + route.name};
  scene.options.features.tlbi_range = scene.options.features.ttl = true;
  scene.mapped_bytes = kGroup;
  scene.sizes = {.blocks = false, .contiguous = false};
  take_route(scene, route);
  scene.change = [route](MutantTables& t, Batch& b, Machine&) {
    const bool planned = t.plan_fold(kVa, kGroup, route.permits).strategy == route.strategy;
    return planned && t.fold(kVa, kGroup, route.permits, b).ok();
  };
  scene.done = [](const MutantTables& t) { return is_group(t, true); };
  return scene;
}

Scene unfold(const Route& route) {
  Scene scene{.name = std::string("unfold a group ") + route.name};
  scene.options.features.tlbi_range = scene.options.features.ttl = true;
  scene.mapped_bytes = kGroup;
  take_route(scene, route);
  scene.change = [route](MutantTables& t, Batch& b, Machine&) {
    const bool planned = t.plan_unfold(kVa, kPage, route.permits).strategy == route.strategy;
    return planned && t.unfold(kVa, kPage, route.permits, b).ok();
  };
  scene.done = [](const MutantTables& t) { return is_group(t, false); };
  return scene;
}

Scene protect_member(const Route& route) {
  Scene scene{.name = std::string("protect a member of a group ") + route.name};
  scene.options.features.tlbi_range = scene.options.features.ttl = true;
  scene.mapped_bytes = kGroup;
  take_route(scene, route);
  if (!route.may_fault) scene.loads_never_fault = scene.observed_ranges;
  scene.observed.may_fault = true;
  scene.change = [route](MutantTables& t, Batch& b, Machine&) {
    return t.protect(kVa + kPage, kPage, kReadOnly, route.permits, b).ok();
  };
  scene.done = [](const MutantTables& t) {
    return is_group(t, false) && !arch::is_writable(kSmall, {t.query(kVa + kPage)->raw}, 3, true);
  };
  scene.afterwards = [](Machine& m) { m.copy(m.page(1), m.page(kOther)); };
  return scene;
}

Scene collapse(const Route& route) {
  Scene scene{.name = std::string("collapse a table ") + route.name};
  scene.options.features.ttl = true;
  scene.mapped_bytes = kBlock;
  scene.sizes = {.blocks = false, .contiguous = false};
  take_route(scene, route);
  scene.change = [route](MutantTables& t, Batch& b, Machine&) {
    const bool planned = t.plan_collapse(kVa, kBlock, route.permits).strategy == route.strategy;
    return planned && t.collapse(kVa, kBlock, route.permits, b).ok();
  };
  scene.observed_ranges.push_back({kVa + kBlock - kPage, kVa + kBlock});
  scene.done = [](const MutantTables& t) {
    const auto found = t.query(kVa);
    return maps_pages(t, 0, 3) && found->level == 2 && (found->raw & arch::bits::kNt) == 0;
  };
  return scene;
}

}  // namespace

std::vector<Operation> size_operations() {
  std::vector<Operation> all;
  for (const Route& route : group_routes()) {
    all.push_back(in_scene(fold(route)));
    all.push_back(in_scene(unfold(route)));
    all.push_back(in_scene(protect_member(route)));
  }
  for (const Route& route : table_routes()) {
    all.push_back(with_device(collapse(route)));
  }
  return all;
}

}  // namespace amalgam::test
