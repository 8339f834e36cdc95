// Changes of leaves that keep their sizes.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using explorer::Options;
using pgtable::Leaf;
using Batch = MutantTables::Batch;

constexpr std::uint64_t kReadOnlyBit = std::uint64_t{1} << 7;
constexpr pgtable::Attributes kCleanWritable{.writable = false, .dirty_tracking = true};

Options with_hardware_dirty() {
  Options o = options();
  o.features.hardware_af = true;
  o.features.hardware_dirty = true;
  return o;
}

// --- protect -------------------------------------------------------------------------------------

void rely_on_it(Machine& m) { m.copy(m.page(0), m.page(9)); }

Operation protect() {
  Scene what{.name = "protect a page"};
  what.change = [](MutantTables& t, Batch& b, Machine&) {
    return t.protect(kVa, kPage, kReadOnly, {}, b).ok();
  };
  what.done = [](const MutantTables& t) { return (t.query(kVa)->raw & kReadOnlyBit) != 0; };
  what.afterwards = rely_on_it;
  return in_scene(what);
}

// Whether it is dirty stays to be seen in a software bit.
std::uint64_t read_only(const Leaf& leaf) {
  const bool dirty = (leaf.raw & kReadOnlyBit) == 0;
  const std::uint64_t seen = dirty ? std::uint64_t{1} << 55 : 0;
  return (leaf.raw & ~arch::bits::kDbm) | kReadOnlyBit | seen;
}

Operation protect_with_hardware() {
  Scene what{.name = "protect a page that hardware marks dirty"};
  what.options = with_hardware_dirty();
  what.attributes = kCleanWritable;
  what.change = [](MutantTables& t, Batch& b, Machine&) {
    return t.change(kVa, kPage, read_only, {}, b).ok();
  };
  what.done = [](const MutantTables& t) {
    const std::uint64_t raw = t.query(kVa)->raw;
    return (raw & kReadOnlyBit) != 0 && (raw & arch::bits::kDbm) == 0;
  };
  what.afterwards = rely_on_it;
  return in_scene(what);
}

// --- move ----------------------------------------------------------------------------------------

Operation move() {
  Scene what{.name = "move a page with a break"};
  what.observed = {.load = true, .store = true, .may_fault = true, .may_be_lost = true};
  what.change = [](MutantTables& t, Batch& b, Machine&) {
    const auto moved = [](const Leaf& leaf) { return leaf.raw + 4 * kPage; };
    return t.change(kVa, kPage, moved, {.fault_window = true}, b).ok();
  };
  what.afterwards = [](Machine& m) {
    m.free(m.page(0));
    m.load(kVa);
  };
  return in_scene(what);
}

}  // namespace

std::vector<Operation> change_operations() { return {protect(), protect_with_hardware(), move()}; }

}  // namespace amalgam::test
