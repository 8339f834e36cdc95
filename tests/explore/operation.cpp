#include "explore/operation.hpp"

#include <algorithm>

namespace amalgam::test {

namespace {

// A port whose counts outlive the call that it was made in.
class CountingPort : public MutantPort {
 public:
  CountingPort(explorer::Port& port, Mutation mutation, Tried& tried)
      : MutantPort(port, mutation), tried_(tried) {}
  CountingPort(const CountingPort&) = delete;
  CountingPort& operator=(const CountingPort&) = delete;
  ~CountingPort() {
    tried_.applied |= applied();
    tried_.failed |= failed();
    for (std::size_t m = 0; m < kMistakes; ++m) {
      tried_.count[m] = std::max(tried_.count[m], count(static_cast<Mistake>(m)));
    }
  }

 private:
  Tried& tried_;
};

}  // namespace

Operation on_two_pages(const TwoPages& what) {
  Operation operation{.name = what.name, .options = what.options, .harmless = what.harmless};
  operation.describe = [=](explorer::Machine& m, MutantPort& port, const explorer::Options& o) {
    Mapped<MutantPort> mapped(m, port, o, 2, what.attributes);
    m.observe(kVa, 2 * kPage, what.observed);
    const pgtable::Range& also = what.also_observed;
    if (!also.empty()) m.observe(also.start, also.bytes(), what.observed);
    m.spawn(what.name, [&] {
      port.arm();
      {
        auto batch = mapped.tables.batch();
        what.change(mapped.tables, batch, m);
      }
      port.finish();
      if (what.done && !what.done(mapped.tables)) port.fail();
      if (what.afterwards) what.afterwards(m);
    });
  };
  return operation;
}

Tried try_out(const Operation& operation, std::uint8_t bbm, Mutation mutation) {
  Tried tried;
  explorer::Options o = operation.options;
  o.bbm = bbm;
  tried.result = explore(o, [&](explorer::Machine& machine) {
    CountingPort port(machine.port(), mutation, tried);
    operation.describe(machine, port, o);
  });
  return tried;
}

std::vector<Operation> operations() {
  std::vector<Operation> all;
  for (const auto& part : {map_operations, change_operations, shape_operations, lock_operations}) {
    for (Operation& o : part()) all.push_back(std::move(o));
  }
  return all;
}

}  // namespace amalgam::test
