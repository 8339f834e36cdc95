// Splitting: blocks and groups that an operation cuts.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using pgtable::Strategy;
using Batch = MutantTables::Batch;

constexpr const char* kAbort = "conflict-abort";

// A block at kVa, of which the second page is cut out; its neighbours are looked at too.
Scene on_block(std::string name) {
  Scene scene{.name = std::move(name)};
  scene.options.features.ttl = true;
  scene.mapped_bytes = kBlock;
  scene.observed_ranges = {{kVa, kVa + 3 * kPage}};
  return scene;
}

std::vector<Route> routes() {
  return {
      {"in place", Strategy::kInPlace, {}, {3}, false},
      {"in place with aborts", Strategy::kInPlace, {.conflict_abort = true}, {2}, false, {kAbort}},
      {"by nT", Strategy::kNoTranslation, {.no_translation = true}, {1}, true, {kAbort}},
      {"with a break", Strategy::kBreakBeforeMake, {.fault_window = true}, {0, 1, 2}},
      {"with others stopped", Strategy::kStopOthers, {.stop_others = true}, {0, 1, 2}, false},
  };
}

bool is_page(const MutantTables& t, std::uint64_t va) {
  const auto found = t.query(va);
  return found && found->level == arch::kPageLevel;
}

Scene split(const Route& route) {
  Scene scene = on_block(std::string("split a block ") + route.name);
  take_route(scene, route);
  scene.change = [route](MutantTables& t, Batch& b, Machine&) {
    const bool planned =
        t.plan_split(kVa + kPage, kPage, route.permits).split_strategy == route.strategy;
    return planned && t.split(kVa + kPage, kPage, route.permits, b).ok();
  };
  scene.done = [](const MutantTables& t) { return is_page(t, kVa + kPage) && maps_pages(t, 0, 3); };
  return scene;
}

Scene protect_part(const Route& route) {
  Scene scene = on_block(std::string("protect part of a block ") + route.name);
  take_route(scene, route);
  if (!route.may_fault) scene.loads_never_fault = scene.observed_ranges;
  scene.observed.may_fault = true;
  scene.change = [route](MutantTables& t, Batch& b, Machine&) {
    return t.protect(kVa + kPage, kPage, kReadOnly, route.permits, b).ok();
  };
  scene.done = [](const MutantTables& t) {
    const auto raw = is_page(t, kVa + kPage) ? t.query(kVa + kPage)->raw : 0;
    return !arch::is_writable(kSmall, {raw}, 3, true) && maps_pages(t, 0, 3);
  };
  scene.afterwards = [](Machine& m) { m.copy(m.page(1), m.page(kOther)); };
  return scene;
}

Scene unmap_part(const Route& route) {
  Scene scene = on_block(std::string("unmap part of a block ") + route.name);
  take_route(scene, route);
  if (!route.may_fault) {
    scene.loads_never_fault = {{kVa, kVa + kPage}, {kVa + 2 * kPage, kVa + 3 * kPage}};
  }
  scene.observed.may_fault = true;
  scene.change = [route](MutantTables& t, Batch& b, Machine&) {
    return t.unmap(kVa + kPage, kPage, b, route.permits).ok();
  };
  scene.done = [](const MutantTables& t) {
    return !t.query(kVa + kPage) && maps_pages(t, 2, 3) && t.query(kVa);
  };
  scene.afterwards = [](Machine& m) { m.free(m.page(1)); };
  return scene;
}

}  // namespace

std::vector<Operation> split_operations() {
  std::vector<Operation> all;
  for (const Route& route : routes()) {
    all.push_back(in_scene(split(route)));
    all.push_back(in_scene(protect_part(route)));
    all.push_back(with_device(unmap_part(route)));
  }
  return all;
}

}  // namespace amalgam::test
