// Moving.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using pgtable::Carry;
using pgtable::Permits;
using pgtable::Strategy;
using Batch = MutantTables::Batch;

// A page goes to page(kOther), and its own is freed.
Scene move_page(std::string name, Strategy strategy, const Permits& permits, Carry carry,
                bool writable = true) {
  Scene scene{.name = std::move(name)};
  scene.mapped_bytes = kPage;
  scene.observed_ranges = {{kVa, kVa + kPage}};
  const pgtable::Attributes attributes = writable ? kReadWrite : kReadOnly;
  scene.attributes = attributes;
  scene.change = [=](MutantTables& t, Batch& b, Machine& m) {
    const pgtable::Move to{m.page(kOther), attributes, carry};
    const bool planned = t.plan_remap(kVa, kPage, to, permits).strategy == strategy;
    const bool done = planned && t.remap(kVa, kPage, to, permits, b).ok();
    const auto found = t.query(kVa);
    return done && found && found->output == m.page(kOther) &&
           arch::is_writable(kSmall, {found->raw}, 3, true) == writable;
  };
  scene.afterwards = [](Machine& m) {
    m.free(m.page(0));
    m.load(kVa);
  };
  return scene;
}

Scene with_break() {
  return move_page("move a page and its contents with a break", Strategy::kBreakBeforeMake,
                   {.fault_window = true}, Carry::kContents);
}

Scene without_contents() {
  Scene scene = move_page("move an address with a break", Strategy::kBreakBeforeMake,
                          {.fault_window = true}, Carry::kNothing);
  scene.observed.may_be_lost = true;
  return scene;
}

Scene staged() {
  Scene scene = move_page("move a page by read-only staging", Strategy::kReadOnlyStaging,
                          {.read_only_window = true}, Carry::kContents);
  scene.loads_never_fault = scene.observed_ranges;
  return scene;
}

Scene stopped() {
  Scene scene = move_page("move a page with others stopped", Strategy::kStopOthers,
                          {.stop_others = true}, Carry::kContents);
  scene.observed.may_fault = false;
  return scene;
}

Scene read_only() {
  Scene scene =
      move_page("move a read-only page in place", Strategy::kInPlace, {}, Carry::kNothing, false);
  scene.known.contents = arch::Contents::kSame;
  scene.same_contents = 1;
  scene.observed = {.load = true};
  return scene;
}

Scene mirrored(Scene scene) {
  scene.has_mirror = true;
  scene.name += ", mirrored";
  return scene;
}

}  // namespace

std::vector<Operation> move_operations() {
  return {in_scene(with_break()),
          with_device(with_break()),
          in_scene(without_contents()),
          in_scene(staged()),
          with_device(staged()),
          in_scene(stopped()),
          in_scene(read_only()),
          with_device(read_only()),
          with_device(mirrored(with_break())),
          with_device(mirrored(staged()))};
}

}  // namespace amalgam::test
