#include "model/litmus/run_sets.hpp"

namespace amalgam::model::litmus {

RunSets::RunSets(const ThreadRun& r) : run(r), size(static_cast<unsigned>(r.events.size())) {
  all = size == kMaxRunEvents ? ~RunMask{0} : run_bit(size) - 1;
  earlier.resize(size);
  RunMask done = 0;
  RunMask current = 0;
  for (unsigned e = 0; e < size; ++e) {
    if (e > 0 && r.events[e].instruction != r.events[e - 1].instruction) {
      done |= current;
      current = 0;
    }
    current |= run_bit(e);
    earlier[e] = done;
    sort(e);
  }
  context = isb | faults | returns;
}

void RunSets::sort(unsigned e) {
  const Event& event = run.events[e];
  const RunMask self = run_bit(e);
  if (event.acquire) acquires |= self;
  if (event.acquire_pc) acquires_pc |= self;
  if (event.release && event.kind == EventKind::kWrite) releases |= self;
  switch (event.kind) {
    case EventKind::kRead:
      reads |= self;
      break;
    case EventKind::kWrite:
      writes |= self;
      break;
    case EventKind::kWalk:
      walks |= self;
      break;
    case EventKind::kHardwareUpdate:
      updates |= self;
      break;
    case EventKind::kFault:
      faults |= self;
      if (is_mmu_fault(event.fault.type)) mmu_faults |= self;
      break;
    case EventKind::kReturn:
      returns |= self;
      break;
    case EventKind::kBarrier:
      barriers |= self;
      sort_barrier(e);
      break;
    case EventKind::kTlbi:
      tlbis |= self;
      break;
    case EventKind::kDataCache:
      caches |= self;
      break;
    case EventKind::kWriteSystem:
      system_writes |= self;
      break;
  }
}

void RunSets::sort_barrier(unsigned e) {
  const arch::Barrier& b = run.events[e].barrier;
  const RunMask self = run_bit(e);
  if (b.kind == arch::BarrierKind::kIsb) {
    isb |= self;
    return;
  }
  const bool dsb_kind = b.kind == arch::BarrierKind::kDsb;
  switch (b.access) {
    case arch::Access::kAll:
      (dsb_kind ? dsb_full : dmb_full) |= self;
      break;
    case arch::Access::kLoad:
      (dsb_kind ? dsb_load : dmb_load) |= self;
      break;
    case arch::Access::kStore:
      (dsb_kind ? dsb_store : dmb_store) |= self;
      break;
  }
}

RunMask RunSets::later(unsigned e) const {
  RunMask found = 0;
  for (unsigned f = e + 1; f < size; ++f) {
    if ((earlier[f] & run_bit(e)) != 0) found |= run_bit(f);
  }
  return found;
}

RunMask RunSets::before_some(RunMask middle, unsigned e) const {
  RunMask found = 0;
  for_each_event(middle & earlier[e], [&](RunEvent m) { found |= earlier[m]; });
  return found;
}

RunMask RunSets::earlier_same_location(unsigned e) const {
  const Address address = run.events[e].address;
  RunMask found = 0;
  for_each_event(earlier[e] & (reads | writes | walks | updates), [&](RunEvent f) {
    if (run.events[f].address == address) found |= run_bit(f);
  });
  return found;
}

}  // namespace amalgam::model::litmus
