#include "model/litmus/machine_order.hpp"
#include "model/litmus/machine_order_parts.hpp"
#include "model/litmus/run_sets.hpp"

namespace amalgam::model::litmus {

namespace {

// The dependencies of one event, in the two strengths that Arm's model knows.
struct Dependencies {
  RunMask address = 0, data = 0, control = 0;                 // decided by the value
  RunMask pick_address = 0, pick_data = 0, pick_control = 0;  // or by a choice that the value makes
};

// The order that Arm's model demands locally. Masks name the first event of a pair by the second.
class HerdOrder {
 public:
  HerdOrder(const ThreadRun& run, const ModelOptions& options)
      : options_(options), sets_(order_parts::sets_of(run, options)) {
    ets_ = options.ets >= arch::Ets::kEts2;
    find_forwarded_from();
    find_dependencies();
  }

  RunOrder order() const {
    RunOrder found = order_parts::empty_order(sets_);
    for (unsigned e = 0; e < sets_.size; ++e) {
      found.before[e] = locally_ordered(e);
      found.completes[e] = completes(e);
    }
    close(found.before);
    add_pick_order(found.before);
    return found;
  }

 private:
  [[nodiscard]] const Event& event(unsigned e) const { return sets_.run.events[e]; }
  [[nodiscard]] static bool in(RunMask set, unsigned e) { return (set & run_bit(e)) != 0; }
  [[nodiscard]] RunMask accesses() const { return sets_.reads | sets_.writes; }
  [[nodiscard]] RunMask implicit() const { return sets_.walks | sets_.updates; }
  [[nodiscard]] RunMask returning_reads() const {
    RunMask found = 0;
    for_each_event(sets_.reads, [&](RunEvent r) {
      if (!event(r).no_return) found |= run_bit(r);
    });
    return found;
  }

  // lmrs: the own store that a read would be served from if nobody else stored in between.
  void find_forwarded_from() {
    forwarded_from_.assign(sets_.size, kNoEvent);
    for_each_event(sets_.reads, [&](RunEvent r) {
      for_each_event(sets_.earlier_same_location(r) & (sets_.writes | sets_.updates),
                     [&](RunEvent w) { forwarded_from_[r] = w; });
    });
  }

  // A dependency goes on through an own store and the read that it serves.
  void find_dependencies() {
    dependencies_.resize(sets_.size);
    if (options_.mutation == LitmusMutation::kMachineDependenciesIgnored) return;
    std::vector<RunMask> carried(sets_.size, 0);
    const auto extend = [&](RunMask from) {
      RunMask found = from;
      for_each_event(from, [&](RunEvent r) { found |= carried[r]; });
      return found;
    };
    for (unsigned e = 0; e < sets_.size; ++e) {
      const Event& v = event(e);
      Dependencies& d = dependencies_[e];
      d = {v.address_from, v.data_from, v.control_from, 0, 0, 0};
      d.pick_address = extend(v.address_from | v.pick_address_from);
      d.pick_data = extend(v.data_from | v.pick_data_from);
      d.pick_control = extend(v.control_from | v.pick_control_from);
      if (forwarded_from_[e] == kNoEvent) continue;
      const Dependencies& stored = dependencies_[forwarded_from_[e]];
      carried[e] = stored.pick_address | stored.pick_data;
    }
  }

  // tr-ib
  [[nodiscard]] RunMask translation_first(unsigned e) const {
    return in(accesses() | sets_.mmu_faults, e) ? event(e).walks : 0;
  }

  // ets-ob
  [[nodiscard]] RunMask ets_order(unsigned e) const {
    if (!ets_ || !in(sets_.walks, e)) return 0;
    RunMask found = 0;
    for_each_event(sets_.mmu_faults, [&](RunEvent f) {
      const FaultType type = event(f).fault.type;
      const bool uncacheable = type == FaultType::kTranslation || type == FaultType::kAccessFlag;
      if ((event(f).walks & run_bit(e)) == 0) return;
      if (uncacheable || options_.ets >= arch::Ets::kEts3) found |= accesses() & sets_.earlier[f];
    });
    return found;
  }

  // DSB-ob
  [[nodiscard]] RunMask dsb_order(unsigned e) const {
    if (in(implicit(), e) && !ets_) return 0;
    const RunMask memory = accesses() | implicit() | sets_.caches | sets_.tlbis;
    return (memory & sets_.before_some(sets_.dsb_full, e)) |
           (returning_reads() & sets_.before_some(sets_.dsb_load, e)) |
           (sets_.writes & sets_.before_some(sets_.dsb_store, e));
  }

  // What has to be settled before a context synchronisation event `b` is.
  [[nodiscard]] RunMask settled_at(unsigned b) const {
    const Dependencies& d = dependencies_[b];
    RunMask found = d.control | d.pick_control | dsb_order(b);
    for_each_event(accesses() & sets_.earlier[b], [&](RunEvent m) {
      found |= dependencies_[m].address | dependencies_[m].pick_address | event(m).walks;
    });
    if (in(sets_.mmu_faults, b)) {
      for_each_event(event(b).walks,
                     [&](RunEvent w) { found |= run_bit(w) | dependencies_[w].pick_address; });
    }
    return found;
  }

  // IFB-ob
  [[nodiscard]] RunMask context_order(unsigned e) const {
    RunMask found = 0;
    for_each_event(sets_.context & sets_.earlier[e], [&](RunEvent b) { found |= settled_at(b); });
    return found;
  }

  // lmws
  [[nodiscard]] RunMask same_location(unsigned e) const {
    if (options_.mutation == LitmusMutation::kMachineNoLocalOrder) return 0;
    if (in(sets_.writes, e)) return sets_.earlier_same_location(e) & (accesses() | sets_.walks);
    return in(sets_.updates, e) ? sets_.earlier_same_location(e) & sets_.walks : 0;
  }

  // dob
  [[nodiscard]] RunMask dependency_order(unsigned e) const {
    const Dependencies& d = dependencies_[e];
    const RunMask acting = sets_.writes | sets_.updates | sets_.tlbis | sets_.caches;
    RunMask found = 0;
    if (in(acting | sets_.reads | sets_.walks, e)) found |= d.address;
    if (in(sets_.writes, e)) found |= d.data;
    if (in(acting, e)) found |= d.control;
    if (in(sets_.writes | sets_.updates, e)) {
      for_each_event(accesses() & sets_.earlier[e],
                     [&](RunEvent m) { found |= dependencies_[m].address | event(m).walks; });
    }
    if (in(sets_.reads, e) && forwarded_from_[e] != kNoEvent &&
        in(sets_.writes, forwarded_from_[e])) {
      const Dependencies& stored = dependencies_[forwarded_from_[e]];
      found |= stored.address | stored.data;
    }
    return found;
  }

  // pob
  [[nodiscard]] RunMask pick_order(unsigned e) const {
    const Dependencies& d = dependencies_[e];
    RunMask found = 0;
    if (in(sets_.writes | sets_.updates | sets_.tlbis | sets_.caches, e)) {
      found |= d.pick_address | d.pick_control;
    }
    if (in(sets_.writes, e)) found |= d.pick_data;
    if (in(sets_.writes | sets_.updates, e)) {
      for_each_event(accesses() & sets_.earlier[e],
                     [&](RunEvent m) { found |= dependencies_[m].pick_address; });
    }
    return found;
  }

  // aob
  [[nodiscard]] RunMask atomic_order(unsigned e) const {
    RunMask found = 0;
    if (in(sets_.writes | sets_.updates, e) && event(e).pair != kNoEvent) {
      found |= run_bit(event(e).pair);
    }
    if (in(sets_.reads & (sets_.acquires | sets_.acquires_pc), e) &&
        forwarded_from_[e] != kNoEvent) {
      const Event& stored = event(forwarded_from_[e]);
      if (stored.kind == EventKind::kWrite && stored.pair != kNoEvent) {
        found |= run_bit(stored.pair);
      }
    }
    return found;
  }

  // Releases of an atomic that acquires too: a full barrier for what comes later.
  [[nodiscard]] RunMask full_atomics() const {
    RunMask found = 0;
    for_each_event(sets_.releases, [&](RunEvent w) {
      const Event& v = event(w);
      if (v.atomic && v.pair != kNoEvent && event(v.pair).acquire) found |= run_bit(w);
    });
    return found;
  }

  // bob
  [[nodiscard]] RunMask barrier_order(unsigned e) const {
    const RunMask earlier = sets_.earlier[e];
    const RunMask before_full = sets_.before_some(sets_.dmb_full | sets_.dsb_full, e);
    RunMask found = 0;
    if (in(accesses() | sets_.mmu_faults, e)) {
      found |= accesses() & before_full;
      found |= returning_reads() & sets_.before_some(sets_.dmb_load | sets_.dsb_load, e);
      found |= (full_atomics() | sets_.acquires | sets_.acquires_pc) & earlier & accesses();
    }
    if (in(sets_.writes | sets_.mmu_faults, e)) {
      found |= sets_.writes & sets_.before_some(sets_.dmb_store | sets_.dsb_store, e);
    }
    if (in(sets_.caches, e)) found |= (accesses() | sets_.caches) & before_full;
    if (in(accesses(), e)) found |= sets_.caches & before_full;
    if (in(sets_.reads & sets_.acquires, e)) found |= sets_.releases & earlier;
    if (in(sets_.releases, e)) found |= accesses() & earlier;
    return found;
  }

  // lob, not yet closed
  [[nodiscard]] RunMask locally_ordered(unsigned e) const {
    const RunMask found = translation_first(e) | ets_order(e) | dsb_order(e) | context_order(e) |
                          same_location(e) | dependency_order(e) | pick_order(e) | atomic_order(e) |
                          barrier_order(e);
    return found & ~run_bit(e);
  }

  // TLBIs that DSB-ob or IFB-ob orders before the event, which is how they take effect.
  [[nodiscard]] RunMask completes(unsigned e) const {
    const RunMask acting = accesses() | implicit() | sets_.tlbis | sets_.caches | sets_.faults;
    if (!in(acting, e)) return 0;
    return (dsb_order(e) | context_order(e)) & sets_.tlbis;
  }

  void close(std::vector<RunMask>& before) const {
    for (bool changed = true; changed;) {
      changed = false;
      for (RunMask& row : before) {
        RunMask wider = row;
        for_each_event(row, [&](RunEvent f) { wider |= before[f]; });
        changed |= wider != row;
        row = wider;
      }
    }
  }

  // pick-lob: a choice orders what the chosen event is ordered before, if that is a store.
  void add_pick_order(std::vector<RunMask>& before) const {
    std::vector<RunMask> added = before;
    for_each_event(sets_.writes, [&](RunEvent w) {
      for_each_event(before[w], [&](RunEvent e) {
        const Dependencies& d = dependencies_[e];
        added[w] |= d.pick_address | d.pick_data | d.pick_control;
      });
    });
    before = std::move(added);
  }

  const ModelOptions& options_;
  RunSets sets_;
  bool ets_ = false;
  std::vector<RunEvent> forwarded_from_;
  std::vector<Dependencies> dependencies_;
};

}  // namespace

RunOrder herd_order(const ThreadRun& run, const ModelOptions& options) {
  return HerdOrder(run, options).order();
}

}  // namespace amalgam::model::litmus
