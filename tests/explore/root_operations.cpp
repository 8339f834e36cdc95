// Copying tables and switching every CPU to the copy.
#include "amalgam/pgtable/root_copy.hpp"
#include "amalgam/pgtable/roots.hpp"
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using explorer::Options;
using pgtable::Half;
using pgtable::TagHistory;
using MutantCopy = pgtable::RootCopy<kSmall, MutantPort>;

// What is done to the copy.
using Edit = std::function<bool(MutantTables&, MutantTables::Batch&)>;

bool split(MutantTables& t, MutantTables::Batch& b) {
  return t.split(kVa + kPage, kPage, {}, b).ok() && maps_pages(t, 0, 3);
}

bool protect(MutantTables& t, MutantTables::Batch& b) {
  const bool done = t.protect(kVa + 3 * kPage, kPage, kReadOnly, {}, b).ok();
  const auto found = t.query(kVa + 3 * kPage);
  return done && found && !arch::is_writable(kSmall, {found->raw}, 3, true) && maps_pages(t, 2, 3);
}

// A block, or two pages, changed in a copy of the tables, without a break and without a fault.
Operation copy_and_switch(std::string name, const pgtable::Range& range, const Edit& edit,
                          TagHistory history, std::vector<std::uint8_t> levels,
                          bool relies = false) {
  Operation operation{.name = std::move(name), .options = options()};
  operation.levels = std::move(levels);
  operation.describe = [=](Machine& m, MutantPort& port, const Options& o) {
    MutantTables tables(port, m.root(), config<MutantPort>(o));
    const auto empty = m.root(1);
    auto set_up = tables.batch();
    (void)tables.map(range.start, range.bytes(), m.page(), kReadWrite, set_up);
    tables.activate();
    m.observe(range.start, kPage, {.load = true, .store = true, .add = true});
    m.observe(range.start + kPage, kPage, {.load = true});
    m.observe(range.start + kPage, kPage, {.store = true, .may_fault = true});
    m.spawn("switch", [&, empty] {
      port.arm();
      MutantCopy copy(tables);
      auto batch = tables.batch();
      const bool made = copy.make(range.start, range.bytes()).ok() && edit(copy.tables(), batch);
      copy.tables().activate();
      const pgtable::Root to{copy.tables().root(), 0};
      const auto enter = [&] {
        pgtable::switch_root<kSmall>(port, Half::kLower, to, history, empty);
      };
      m.interrupt_others(enter);
      enter();
      copy.finish(batch);
      port.finish();
      promise(m, made);
      if (relies) m.copy(m.page(1), m.page(kOther));
    });
  };
  return operation;
}

}  // namespace

std::vector<Operation> root_operations() {
  const std::vector<std::uint8_t> all{0, 1, 2, 3};
  const pgtable::Range block{kVa, kVa + kBlock};
  // Not the first two: the list of freed tables runs through descriptor 0.
  const pgtable::Range pages{kVa + 2 * kPage, kVa + 4 * kPage};
  return {
      copy_and_switch("split in a copy and switch by an empty root", block, split,
                      TagHistory::kOthers, all),
      copy_and_switch("split in a copy and switch directly", block, split, TagHistory::kCopy, {3}),
      copy_and_switch("protect in a copy and switch by an empty root", pages, protect,
                      TagHistory::kOthers, all, true),
      copy_and_switch("protect in a copy and switch directly", pages, protect, TagHistory::kCopy,
                      all, true)};
}

}  // namespace amalgam::test
