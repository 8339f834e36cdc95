// The events of a run, sorted into the sets that ordering rules speak of.
#pragma once

#include <vector>

#include "model/litmus/event.hpp"

namespace amalgam::model::litmus {

struct RunSets {
  explicit RunSets(const ThreadRun& run);

  const ThreadRun& run;
  unsigned size = 0;
  RunMask all = 0;
  RunMask reads = 0, writes = 0, walks = 0, updates = 0, faults = 0, returns = 0;
  RunMask tlbis = 0, caches = 0, system_writes = 0, barriers = 0;
  RunMask mmu_faults = 0;
  RunMask dmb_full = 0, dmb_load = 0, dmb_store = 0;  // DMB of exactly that kind
  RunMask dsb_full = 0, dsb_load = 0, dsb_store = 0;
  RunMask isb = 0;
  RunMask context = 0;  // context synchronisation: exceptions taken, returned from, and ISB
  RunMask acquires = 0, acquires_pc = 0, releases = 0;
  std::vector<RunMask> earlier;  // by event: events of earlier instructions

  [[nodiscard]] RunMask dsb() const { return dsb_full | dsb_load | dsb_store; }
  [[nodiscard]] RunMask later(unsigned e) const;

  // Events that lie in program order before some event of `middle` that lies before `e`.
  [[nodiscard]] RunMask before_some(RunMask middle, unsigned e) const;
  // Events of earlier instructions than `e` at the same location.
  [[nodiscard]] RunMask earlier_same_location(unsigned e) const;

 private:
  void sort(unsigned e);
  void sort_barrier(unsigned e);
};

}  // namespace amalgam::model::litmus
