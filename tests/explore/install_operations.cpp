// Installing without a lock.
#include "explore/operation.hpp"

namespace amalgam::test {

namespace {

using explorer::Machine;
using explorer::Options;

constexpr std::uint64_t kFault = kVa + kBlock;  // no table leads there yet

// Two CPUs that fault at the same time, each with a page of its own; a third accesses what they
// install. `apart`: on neighbouring pages, else on one.
Operation install(std::string name, bool apart) {
  Operation operation{.name = std::move(name), .options = options(0, 3)};
  operation.others_change = true;
  operation.describe = [apart](Machine& m, MutantPort& port, const Options& o) {
    Mapped<MutantPort> mapped(m, port, o, 1);
    m.observe(kFault, 4 * kPage, {.load = true, .store = true, .may_fault = true});
    for (std::uint64_t n = 0; n < 2; ++n) {
      m.spawn(n == 0 ? "first" : "second", [&, n] {
        const std::uint64_t va = kFault + (apart ? n * kPage : 0);
        port.arm();
        const pgtable::Status status = mapped.tables.install(va, 3, m.page(1 + n), kReadWrite);
        port.finish();
        promise(m, status.ok() || !apart);
        if (status.ok()) m.store(va);
      });
    }
  };
  return operation;
}

}  // namespace

std::vector<Operation> install_operations() {
  return {install("install one page twice", false), install("install neighbours at once", true)};
}

}  // namespace amalgam::test
