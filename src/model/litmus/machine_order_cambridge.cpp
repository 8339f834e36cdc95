#include "model/litmus/machine_order.hpp"
#include "model/litmus/machine_order_parts.hpp"
#include "model/litmus/run_sets.hpp"
#include "model/litmus/tlbi_scope.hpp"

namespace amalgam::model::litmus {

namespace {

// The rows of the machine's preserved order that Cambridge's model gives, one function a group.
class CambridgeOrder {
 public:
  CambridgeOrder(const ThreadRun& run, const ModelOptions& options)
      : options_(options), sets_(order_parts::sets_of(run, options)) {}

  RunOrder order() const {
    RunOrder found = order_parts::empty_order(sets_);
    for (unsigned e = 0; e < sets_.size; ++e) {
      found.before[e] = before(e);
      found.hides[e] = address(e) | data(e) | speculative(e);
    }
    return found;
  }

 private:
  [[nodiscard]] const Event& event(unsigned e) const { return sets_.run.events[e]; }
  [[nodiscard]] bool in(RunMask set, unsigned e) const { return (set & run_bit(e)) != 0; }
  [[nodiscard]] bool keeps_dependencies() const {
    return options_.mutation != LitmusMutation::kMachineDependenciesIgnored;
  }
  [[nodiscard]] RunMask address(unsigned e) const {
    return keeps_dependencies() ? event(e).address_from : 0;
  }
  [[nodiscard]] RunMask data(unsigned e) const {
    return keeps_dependencies() ? event(e).data_from : 0;
  }
  [[nodiscard]] RunMask control(unsigned e) const {
    return keeps_dependencies() ? event(e).control_from : 0;
  }

  // What `e` is conditional upon: branches, addresses of earlier accesses, earlier walks.
  [[nodiscard]] RunMask speculative(unsigned e) const {
    RunMask found = control(e) | (sets_.walks & sets_.earlier[e]);
    for_each_event((sets_.reads | sets_.writes) & sets_.earlier[e],
                   [&](RunEvent m) { found |= address(m); });
    return found;
  }

  [[nodiscard]] RunMask load_barriers() const {
    return sets_.dmb_load | sets_.dmb_full | sets_.dsb_load | sets_.dsb_full;
  }
  [[nodiscard]] RunMask store_barriers() const {
    return sets_.dmb_store | sets_.dmb_full | sets_.dsb_store | sets_.dsb_full;
  }

  // dob and aob
  [[nodiscard]] RunMask dependencies(unsigned e) const {
    RunMask found = 0;
    const bool faulting_walk = in(sets_.walks, e) && event(e).walk.faulting;
    if (in(sets_.reads | sets_.writes, e) || faulting_walk) found |= address(e);
    if (in(sets_.writes | sets_.faults, e)) found |= data(e);
    if (in(sets_.writes, e)) found |= speculative(e);
    if (in(sets_.writes | sets_.updates, e) && event(e).pair != kNoEvent) {
      found |= run_bit(event(e).pair);
    }
    return found;
  }

  // ctxob
  [[nodiscard]] RunMask context(unsigned e) const {
    RunMask found = sets_.context & sets_.earlier[e];
    const RunMask changes = sets_.system_writes | sets_.faults | sets_.returns;
    if (in(sets_.system_writes | sets_.context, e)) found |= speculative(e);
    if (in(sets_.context, e)) found |= changes & sets_.earlier[e];
    return found;
  }

  // bob
  [[nodiscard]] RunMask barriers(unsigned e) const {
    const RunMask earlier = sets_.earlier[e];
    const RunMask accesses = sets_.reads | sets_.writes;
    RunMask found = 0;
    if (in(load_barriers(), e)) found |= sets_.reads & earlier;
    if (in(store_barriers(), e)) found |= sets_.writes & earlier;
    if (in(sets_.dsb_full, e)) found |= (sets_.barriers | sets_.tlbis | sets_.caches) & earlier;
    if (in(sets_.writes, e)) found |= store_barriers() & earlier;
    if (in(accesses, e)) {
      found |= (load_barriers() | sets_.acquires | sets_.acquires_pc) & earlier;
    }
    if (in(sets_.reads & sets_.acquires, e)) found |= sets_.releases & earlier;
    if (in(sets_.releases, e)) found |= accesses & earlier;
    if (!in(sets_.walks, e)) found |= sets_.dsb() & earlier;
    return found;
  }

  // The accesses of one location: a later store does not overtake.
  [[nodiscard]] RunMask coherence(unsigned e) const {
    if (options_.mutation == LitmusMutation::kMachineNoLocalOrder) return 0;
    if (!in(sets_.writes, e)) return 0;
    return sets_.earlier_same_location(e) & (sets_.reads | sets_.writes);
  }

  // obfault. A store-release that faults is not held back by earlier accesses: the published
  // results permit it, although the text read literally does not.
  [[nodiscard]] RunMask before_fault(unsigned e) const {
    const FaultInfo& fault = event(e).fault;
    const RunMask earlier = sets_.earlier[e];
    if (fault.type != FaultType::kTranslation) return 0;
    RunMask found = 0;
    if (fault.from_write) found |= data(e) | speculative(e) | (store_barriers() & earlier);
    if (fault.from_write || fault.from_read) {
      found |= (load_barriers() | sets_.acquires | sets_.acquires_pc) & earlier;
    }
    return found;
  }

  // obETS, and what ETS2 adds
  [[nodiscard]] RunMask ets(unsigned e) const {
    if (!in(sets_.walks, e)) return 0;
    RunMask found = 0;
    if (options_.cambridge_ets) {
      if (event(e).walk.faulting) found |= before_faults_of(e);
      found |= completed_tlbis(e);
    }
    if (options_.ets >= arch::Ets::kEts2) {
      found |= sets_.dsb() & sets_.earlier[e];
      if (event(e).walk.faulting) found |= (sets_.reads | sets_.writes) & sets_.earlier[e];
    }
    return found;
  }

  [[nodiscard]] RunMask before_faults_of(unsigned walk) const {
    RunMask found = 0;
    for_each_event(sets_.faults, [&](RunEvent f) {
      const RunMask walks = event(f).walks | event(f).before_in_instruction;
      if ((walks & run_bit(walk)) != 0) found |= before_fault(f);
    });
    return found;
  }

  [[nodiscard]] RunMask completed_tlbis(unsigned walk) const {
    RunMask found = 0;
    for_each_event(sets_.tlbis & sets_.before_some(sets_.dsb(), walk), [&](RunEvent t) {
      if (affects(event(t), event(walk), true)) found |= run_bit(t);
    });
    return found;
  }

  [[nodiscard]] RunMask before(unsigned e) const {
    RunMask found = event(e).before_in_instruction | dependencies(e) | context(e) | barriers(e) |
                    coherence(e) | ets(e);
    if (in(sets_.faults, e)) found |= before_fault(e);
    return found & ~run_bit(e);
  }

  const ModelOptions& options_;
  RunSets sets_;
};

}  // namespace

RunOrder cambridge_order(const ThreadRun& run, const ModelOptions& options) {
  return CambridgeOrder(run, options).order();
}

}  // namespace amalgam::model::litmus
