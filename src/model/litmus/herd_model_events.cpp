#include "model/litmus/herd_model_events.hpp"

namespace amalgam::model::litmus {

HerdEvents::HerdEvents(const Skeleton& skeleton)
    : exp_reads(skeleton.reads),
      exp_writes(skeleton.writes),
      exp(skeleton.reads | skeleton.writes),
      walks(skeleton.walks),
      updates(skeleton.updates),
      memory(exp | walks | updates),
      ifb(skeleton.faults | skeleton.returns),
      tlbis(skeleton.tlbis),
      caches(skeleton.caches) {
  exp.for_each([&](unsigned e) { add_access(e, skeleton.events[e]); });
  skeleton.faults.for_each([&](unsigned e) { add_fault(e, skeleton.events[e].fault); });
  skeleton.barriers.for_each([&](unsigned e) { add_barrier(e, skeleton.events[e].barrier); });
}

void HerdEvents::add_access(unsigned e, const Event& event) {
  if (event.kind == EventKind::kWrite) {
    if (event.release) releases.insert(e);
    return;
  }
  if (event.acquire) acquires.insert(e);
  if (event.acquire_pc) acquire_pcs.insert(e);
  if (!event.no_return) returning_reads.insert(e);
}

void HerdEvents::add_fault(unsigned e, const FaultInfo& fault) {
  if (!is_mmu_fault(fault.type)) return;
  mmu_faults.insert(e);
  if (fault.type != FaultType::kPermission) uncacheable_faults.insert(e);
}

void HerdEvents::add_barrier(unsigned e, const arch::Barrier& barrier) {
  if (barrier.kind == arch::BarrierKind::kIsb) {
    ifb.insert(e);
    return;
  }
  const bool is_dsb = barrier.kind == arch::BarrierKind::kDsb;
  switch (barrier.access) {
    case arch::Access::kAll:
      (is_dsb ? dsb_full : dmb_full).insert(e);
      break;
    case arch::Access::kLoad:
      (is_dsb ? dsb_ld : dmb_ld).insert(e);
      break;
    case arch::Access::kStore:
      (is_dsb ? dsb_st : dmb_st).insert(e);
      break;
  }
}

}  // namespace amalgam::model::litmus
