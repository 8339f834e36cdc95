// The sets of events that herd's AArch64 model is written with.
#pragma once

#include "model/litmus/execution.hpp"

namespace amalgam::model::litmus {

// Named as in the cat files where they have a name. Initial writes are in none of the sets: nothing
// is ordered before them, so no cycle goes through one.
struct HerdEvents {
  explicit HerdEvents(const Skeleton& skeleton);

  EventSet exp_reads;   // Exp & R
  EventSet exp_writes;  // Exp & W
  EventSet exp;         // Exp & M
  EventSet walks;       // Imp & TTD & R
  EventSet updates;     // HU
  EventSet memory;      // M

  EventSet mmu_faults;          // MMU & FAULT
  EventSet uncacheable_faults;  // TLBUncacheable & FAULT: translation and access flag
  EventSet ifb;                 // IFB: ISB, exception entry, exception return

  EventSet acquires;         // Exp & R & A
  EventSet acquire_pcs;      // Exp & R & Q
  EventSet releases;         // Exp & W & L
  EventSet returning_reads;  // Exp & (R \ NoRet)

  // All domains alike: the model has one inner shareable domain that every observer is in.
  EventSet dmb_full, dmb_ld, dmb_st;
  EventSet dsb_full, dsb_ld, dsb_st;

  EventSet tlbis;
  EventSet caches;  // DC

 private:
  void add_fault(unsigned e, const FaultInfo& fault);
  void add_barrier(unsigned e, const arch::Barrier& barrier);
  void add_access(unsigned e, const Event& event);
};

}  // namespace amalgam::model::litmus
