// The part of Cambridge's strong model that depends neither on rf nor on co.
//
// Names are those of the published cat files: aarch64_mmu_strong.cat and aarch64_mmu_strong_ETS.cat
// with translation-common.cat and barriers.cat.
#pragma once

#include "model/litmus/execution.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

struct CambridgeBase {
  CambridgeBase(const Skeleton& skeleton, const ModelOptions& options);

  unsigned size;
  LitmusMutation mutation;                    // a deliberate mistake, for tests
  EventSet r, w, iw, t, t_f, stage1, stage2;  // w: of threads and hardware; iw: initial writes
  EventSet a, q, l;                           // acquire, acquire-PC, release
  EventSet tlbi, tlbi_s1, tlbi_s2, tlbi_is, c;
  EventSet f, isb, dmbst, dmbld, dsb, dsbst, dsbsy;
  EventSet te, eret, msr, cse, context_change;
  EventSet fault_t, fault_from_r, fault_from_w, fault_from_release_w;

  Relation iio, instruction_order, po, loc, internal, same_translation, rmw;
  Relation po_loc, addr, data, speculative, tlb_affects;
  Relation ob;  // the fixed part of ordered-before: dob, bob, aob, iio, ctxob, obfault, obETS

 private:
  void name_sets(const Skeleton& skeleton);
  void name_access(unsigned e, const Event& event);
  void name_barrier(unsigned e, const arch::Barrier& barrier);
  void name_tlbi(unsigned e, const TlbiInfo& info);
  void name_fault(unsigned e, const FaultInfo& info);
  void name_relations(const Skeleton& skeleton);

  [[nodiscard]] Relation find_speculative(const Relation& ctrl) const;
  [[nodiscard]] Relation tlb_might_affect(const Skeleton& skeleton) const;
  [[nodiscard]] Relation find_tlb_affects(const Skeleton& skeleton) const;
  [[nodiscard]] Relation dob() const;
  [[nodiscard]] Relation bob() const;
  [[nodiscard]] Relation ctxob() const;
  [[nodiscard]] Relation obfault() const;
  [[nodiscard]] Relation obets() const;
};

}  // namespace amalgam::model::litmus
