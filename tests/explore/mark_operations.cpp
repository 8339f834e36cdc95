// Ageing and harvesting, while hardware marks what is used.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using Batch = MutantTables::Batch;

Scene with_hardware(std::string name) {
  Scene scene{.name = std::move(name)};
  scene.options.features.hardware_af = true;
  scene.options.features.hardware_dirty = true;
  scene.observed_ranges = {{kVa, kVa + kPage}};
  scene.mapped_bytes = kPage;
  scene.observed.may_fault = false;
  return scene;
}

constexpr pgtable::Attributes kDirty{.writable = true, .dirty_tracking = true};
constexpr pgtable::Attributes kClean{.writable = false, .dirty_tracking = true};

Scene age(const char* name, const pgtable::Attributes& attributes) {
  Scene scene = with_hardware(name);
  scene.attributes = attributes;
  scene.change = [](MutantTables& t, Batch& b, Machine&) {
    return t.age(kVa, kPage, b, [](std::uint64_t, std::uint64_t) {}).ok();
  };
  return scene;
}

Scene harvest(const char* name, const pgtable::Attributes& attributes) {
  Scene scene = with_hardware(name);
  scene.attributes = attributes;
  scene.change = [](MutantTables& t, Batch& b, Machine&) {
    return t.harvest_dirty(kVa, kPage, b, [](std::uint64_t, std::uint64_t) {}).ok();
  };
  return scene;
}

// What hardware marks meanwhile goes into the pieces.
Scene split(const char* name, std::uint8_t level, const pgtable::Permits& permits) {
  Scene scene = with_hardware(name);
  scene.attributes = kClean;
  scene.mapped_bytes = kBlock;
  scene.levels = {level};
  scene.observed.may_fault = permits.fault_window;
  scene.only = {Mistake::kBlindExchange};
  scene.change = [permits](MutantTables& t, Batch& b, Machine&) {
    return t.split(kVa + kPage, kPage, permits, b).ok();
  };
  return scene;
}

}  // namespace

std::vector<Operation> mark_operations() {
  return {
      in_scene(age("age a page", kReadWrite)),
      in_scene(age("age a page that hardware marks dirty", kClean)),
      in_scene(harvest("harvest a dirty page", kDirty)),
      in_scene(harvest("harvest a clean page", kClean)),
      in_scene(split("split a block that hardware marks in place", 3, {})),
      in_scene(split("split a block that hardware marks with a break", 0, {.fault_window = true}))};
}

}  // namespace amalgam::test
