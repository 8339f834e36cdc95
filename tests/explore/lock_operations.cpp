// Two updaters of the same tables, under a lock.
#include <mutex>

#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using explorer::Options;

// Two tasks, the first of them with the mistake, and a CPU that accesses what they change. `kept`:
// it is mapped when one of them is done.
template <typename First, typename Second>
Operation two_updaters(std::string name, bool kept, const First& first, const Second& second) {
  Operation operation{.name = std::move(name), .options = options(0, 3)};
  operation.others_change = true;
  operation.describe = [=](Machine& m, MutantPort& port, const Options& o) {
    Mapped<MutantPort> mapped(m, port, o, 2);
    auto mutex = m.mutex();
    m.observe(kVa, 2 * kPage,
              {.load = true, .store = true, .may_fault = true, .may_be_lost = true});
    m.spawn("first", [&] {
      const std::lock_guard<explorer::Mutex> guard(mutex);
      port.arm();
      const bool done = first(mapped.tables, m);
      port.finish();
      promise(m, done);
      m.load(kVa, {.may_fault = !kept});
    });
    m.spawn("second", [&] {
      const std::lock_guard<explorer::Mutex> guard(mutex);
      (void)second(mapped.tables, m);
      m.load(kVa, {.may_fault = !kept});
    });
  };
  return operation;
}

bool replace(MutantTables& t, explorer::PhysicalAddress page) {
  auto batch = t.batch();
  return t.unmap(kVa, kPage, batch).ok() && t.map(kVa, kPage, page, kReadWrite, batch).ok();
}

Operation replace_twice() {
  return two_updaters(
      "replace a page twice", true,
      [](MutantTables& t, Machine& m) { return replace(t, m.page(4)); },
      [](MutantTables& t, Machine& m) { return replace(t, m.page(5)); });
}

Operation unmap_and_map() {
  return two_updaters(
      "unmap a table while another maps in it", false,
      [](MutantTables& t, Machine&) {
        auto batch = t.batch();
        return t.unmap(kVa, kBlock, batch).ok();
      },
      [](MutantTables& t, Machine& m) {
        auto batch = t.batch();
        return t.map(kVa + 2 * kPage, kPage, m.page(6), kReadWrite, batch).ok();
      });
}

}  // namespace

std::vector<Operation> lock_operations() { return {replace_twice(), unmap_and_map()}; }

}  // namespace amalgam::test
