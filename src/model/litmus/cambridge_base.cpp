#include "model/litmus/cambridge_base.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr unsigned kPageBits = 12;

// TLBIs by address are compared by the 4 KB page at every level of the walk, as the model does.
bool same_page(Address a, Address b) { return a >> kPageBits == b >> kPageBits; }

// The entries that a TLBI may remove, on whichever PE: stage, address, ASID and VMID match. EL2
// has no VMID, and its entries are none of a TLBI's for EL1.
bool might_affect(const TlbiInfo& info, const WalkInfo& walk) {
  if (info.mnemonic.regime != walk.regime) return false;
  const bool stage1 = walk.stage == arch::Stage::kStage1;
  const bool same_vmid = walk.regime == arch::Regime::kEl2 || info.vmid == walk.vmid;
  switch (info.mnemonic.kind) {
    case arch::TlbiKind::kVa:
      return stage1 && same_vmid && info.asid == walk.asid && same_page(info.va, walk.va);
    case arch::TlbiKind::kVaAllAsids:
      return stage1 && same_vmid && same_page(info.va, walk.va);
    case arch::TlbiKind::kAsid:
      return stage1 && same_vmid && info.asid == walk.asid;
    case arch::TlbiKind::kVmall:
      return stage1 && same_vmid;
    case arch::TlbiKind::kVmallS12:
      return same_vmid;
    case arch::TlbiKind::kAll:
      return true;
    case arch::TlbiKind::kIpa:
      return !stage1 && same_vmid && same_page(info.va, walk.ipa);
  }
  return false;
}

bool affects_stage1(arch::TlbiKind kind) { return kind != arch::TlbiKind::kIpa; }

bool affects_stage2(arch::TlbiKind kind) {
  return kind == arch::TlbiKind::kIpa || kind == arch::TlbiKind::kVmallS12 ||
         kind == arch::TlbiKind::kAll;
}

EventSet all_events(unsigned size) {
  EventSet all;
  for (unsigned e = 0; e < size; ++e) all.insert(e);
  return all;
}

}  // namespace

CambridgeBase::CambridgeBase(const Skeleton& skeleton, const ModelOptions& options)
    : size(skeleton.size()), mutation(options.mutation) {
  name_sets(skeleton);
  name_relations(skeleton);
  const bool drops_dependencies = mutation == LitmusMutation::kReferenceDropDependencies;
  if (drops_dependencies) addr = data = Relation(size);
  speculative = find_speculative(drops_dependencies ? Relation(size) : skeleton.ctrl);
  tlb_affects = find_tlb_affects(skeleton);
  ob = dob() | bob() | rmw | iio | ctxob() | obfault();
  if (options.cambridge_ets) ob |= obets();
}

void CambridgeBase::name_sets(const Skeleton& skeleton) {
  r = skeleton.reads;
  w = skeleton.writes | skeleton.updates;
  iw = skeleton.initial;
  t = skeleton.walks;
  tlbi = skeleton.tlbis;
  c = tlbi | skeleton.caches;
  f = skeleton.barriers;
  te = skeleton.faults;
  eret = skeleton.returns;
  msr = skeleton.system_writes;
  for (unsigned e = 0; e < size; ++e) {
    const Event& event = skeleton.events[e];
    if (is_memory(event)) name_access(e, event);
    if (f.contains(e)) name_barrier(e, event.barrier);
    if (tlbi.contains(e)) name_tlbi(e, event.tlbi);
    if (te.contains(e)) name_fault(e, event.fault);
  }
  cse = isb | te | eret;
  context_change = msr | te | eret;
}

void CambridgeBase::name_access(unsigned e, const Event& event) {
  if (t.contains(e)) {
    if (event.walk.faulting) t_f.insert(e);
    (event.walk.stage == arch::Stage::kStage1 ? stage1 : stage2).insert(e);
  }
  if (r.contains(e) && event.acquire) a.insert(e);
  if (r.contains(e) && event.acquire_pc) q.insert(e);
  if (w.contains(e) && event.release) l.insert(e);
}

// Non-shareable barriers count as full-system ones in the published files.
void CambridgeBase::name_barrier(unsigned e, const arch::Barrier& barrier) {
  if (barrier.kind == arch::BarrierKind::kIsb) {
    isb.insert(e);
    return;
  }
  if (mutation == LitmusMutation::kReferenceDropBarriers) return;
  if (barrier.access != arch::Access::kLoad) dmbst.insert(e);
  if (barrier.access != arch::Access::kStore) dmbld.insert(e);
  if (barrier.kind != arch::BarrierKind::kDsb) return;
  dsb.insert(e);
  if (barrier.access != arch::Access::kLoad) dsbst.insert(e);
  if (barrier.access == arch::Access::kAll) dsbsy.insert(e);
}

void CambridgeBase::name_tlbi(unsigned e, const TlbiInfo& info) {
  if (affects_stage1(info.mnemonic.kind)) tlbi_s1.insert(e);
  if (affects_stage2(info.mnemonic.kind)) tlbi_s2.insert(e);
  if (info.mnemonic.shareability != arch::Shareability::kLocal) tlbi_is.insert(e);
}

// FaultFromReleaseW stays empty: the interface tells releases by the flag of atomic accesses, which
// a store-release does not set, and the published verdicts (tests named +popl) show that.
void CambridgeBase::name_fault(unsigned e, const FaultInfo& info) {
  if (info.type != FaultType::kTranslation) return;
  fault_t.insert(e);
  if (info.from_read) fault_from_r.insert(e);
  if (info.from_write) fault_from_w.insert(e);
}

void CambridgeBase::name_relations(const Skeleton& skeleton) {
  const EventSet not_t = all_events(size) - t;
  iio = skeleton.iio;
  instruction_order = skeleton.po;
  po = instruction_order.restricted(not_t, not_t);
  loc = skeleton.same_address;
  internal = skeleton.internal;
  same_translation = skeleton.same_translation;
  rmw = skeleton.rmw;
  po_loc = po & loc;
  // A dependency into an address reaches the access and, where the walk faults, what it read: a
  // translation that does not fault may have been made before the address was known.
  addr = skeleton.addr.to(r | w | t_f);
  data = skeleton.data.to(w | te);
}

Relation CambridgeBase::find_speculative(const Relation& ctrl) const {
  return ctrl | addr.then(po) | instruction_order.from(t);
}

Relation CambridgeBase::tlb_might_affect(const Skeleton& skeleton) const {
  Relation result(size);
  tlbi.for_each([&](unsigned x) {
    t.for_each([&](unsigned y) {
      if (might_affect(skeleton.events[x].tlbi, skeleton.events[y].walk)) result.add(x, y);
    });
  });
  return result;
}

Relation CambridgeBase::find_tlb_affects(const Skeleton& skeleton) const {
  const Relation might = tlb_might_affect(skeleton);
  return might.from(tlbi_is) | (might.from(tlbi - tlbi_is) & internal);
}

Relation CambridgeBase::dob() const {
  return addr | data | speculative.to(w) | addr.then(po.to(w));
}

Relation CambridgeBase::bob() const {
  return po.restricted(r, dmbld) | po.restricted(w, dmbst) | po.restricted(dmbst, w) |
         po.restricted(dmbld, r | w) | po.restricted(l, a) | po.restricted(a | q, r | w) |
         po.restricted(r | w, l) | po.restricted(f | c, dsbsy) | po.from(dsb);
}

Relation CambridgeBase::ctxob() const {
  if (mutation == LitmusMutation::kReferenceDropContextOrder) return Relation(size);
  return speculative.to(msr) | instruction_order.from(cse) | po.restricted(context_change, cse) |
         speculative.to(cse);
}

Relation CambridgeBase::obfault() const {
  const EventSet from_w = fault_t & fault_from_w;
  const EventSet from_any = fault_t & (fault_from_w | fault_from_r);
  return data.to(from_w) | speculative.to(from_w) | po.restricted(dmbst, from_w) |
         po.restricted(dmbld, from_any) | po.restricted(a | q, from_any) |
         po.restricted(r | w, from_w & fault_from_release_w);
}

Relation CambridgeBase::obets() const {
  const Relation fault_to_t_f = iio.inverse().restricted(fault_t, t_f);
  const Relation after_dsb = po.restricted(tlbi, dsb).then(instruction_order.to(t)) & tlb_affects;
  return obfault().to(fault_t).then(fault_to_t_f) | after_dsb;
}

}  // namespace amalgam::model::litmus
