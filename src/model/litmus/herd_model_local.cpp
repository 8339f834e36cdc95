#include "model/litmus/herd_model_local.hpp"

namespace amalgam::model::litmus {

HerdLocal::HerdLocal(const Skeleton& skeleton, const HerdEvents& events, arch::Ets ets,
                     HerdParts parts)
    : skeleton_(skeleton), events_(events), ets_(ets), parts_(parts) {
  tr_ib_ = find_tr_ib();
  po_same_loc_ = skeleton.po & skeleton.same_address;
  lmrs_ = find_lmrs();
  find_dependencies();
  dsb_ob_ = find_dsb_ob();
  ifb_ob_ = find_ifb_ob();
  local_hw_reqs_ = find_local_hw_reqs();
}

Relation HerdLocal::across(const EventSet& before, const EventSet& barriers,
                           const EventSet& after) const {
  Relation result(skeleton_.size());
  barriers.for_each([&](unsigned b) {
    const EventSet later = skeleton_.po.row(b) & after;
    before.for_each([&](unsigned e) {
      if (skeleton_.po.has(e, b)) result.row(e) |= later;
    });
  });
  return result;
}

// tr-ib: a descriptor read comes before what the check of it lets happen, the accesses of its
// instruction or their fault. A hardware update is not among these.
Relation HerdLocal::find_tr_ib() const {
  return skeleton_.iio.restricted(events_.walks, events_.exp | events_.mmu_faults);
}

// Local-memory-read-successor: the last write of the location before a read in program order.
// [W]; (po & same-loc) \ intervening W; [R]
Relation HerdLocal::find_lmrs() const {
  const EventSet writes = events_.exp_writes | events_.updates;
  const Relation served = po_same_loc_.restricted(writes, events_.exp_reads | events_.walks);
  return served - po_same_loc_.restricted(writes, writes).then(served);
}

// Local-memory-write-successor:
// [Exp & M]; (po & same-loc); [Exp & W] | [Imp & TTD & R]; (po & same-loc); [Exp & W | HU]
Relation HerdLocal::find_lmws() const {
  return po_same_loc_.restricted(events_.exp, events_.exp_writes) |
         po_same_loc_.restricted(events_.walks, events_.exp_writes | events_.updates);
}

// The dependencies as the interpreter finds them run through registers only; the cat files let
// them run through memory too (dtrm, pick-dtrm): from what a write depends on to the read of the
// same location that follows it, or through a descriptor to the access that it translates.
void HerdLocal::find_dependencies() {
  addr_ = skeleton_.addr;
  data_ = skeleton_.data;
  ctrl_ = skeleton_.ctrl;
  pick_addr_ = skeleton_.pick_addr | addr_;
  pick_data_ = skeleton_.pick_data | data_;
  pick_ctrl_ = skeleton_.pick_ctrl | ctrl_;

  const Relation from_written =
      lmrs_.restricted(events_.exp_writes, events_.exp_reads) |
      lmrs_.restricted(events_.exp_writes, events_.walks).then(tr_ib_.to(events_.exp_reads));
  if (from_written.empty()) return;

  const auto carry = [&](Relation& addr, Relation& data, Relation& ctrl) {
    const Relation stored = (addr | data).to(events_.exp_writes);
    const Relation carried = stored.then(from_written).closure();
    addr |= carried.then(addr);
    data |= carried.then(data);
    ctrl |= carried.then(ctrl);
  };
  carry(addr_, data_, ctrl_);
  carry(pick_addr_, pick_data_, pick_ctrl_);
}

// DSB-ordered-before. Implicit accesses to descriptors come after a DSB only under ETS2 and ETS3.
Relation HerdLocal::find_dsb_ob() const {
  Relation result(skeleton_.size());
  if (!has(HerdPart::kDsbOb)) return result;
  EventSet later;
  for (unsigned e = 0; e < skeleton_.size(); ++e) later.insert(e);
  if (ets_ == arch::Ets::kNone) later -= events_.walks | events_.updates;
  result |= across(events_.memory | events_.caches | events_.tlbis, events_.dsb_full, later);
  result |= across(events_.returning_reads, events_.dsb_ld, later);
  result |= across(events_.exp_writes, events_.dsb_st, later);
  return result;
}

// IFB-ordered-before: what has to be known for sure at a context synchronisation event comes
// before everything after it, descriptor reads included.
Relation HerdLocal::find_ifb_ob() const {
  Relation to_ifb(skeleton_.size());
  if (!has(HerdPart::kIfbOb)) return to_ifb;
  const Relation po_to_ifb = skeleton_.po.to(events_.ifb);
  const EventSet& exp = events_.exp;
  to_ifb |= ctrl_.to(events_.ifb);
  to_ifb |= pick_ctrl_.to(events_.ifb);
  to_ifb |= addr_.to(exp).then(po_to_ifb);
  to_ifb |= pick_addr_.to(exp).then(po_to_ifb);
  to_ifb |= pick_addr_.then(tr_ib_.to(events_.ifb));
  to_ifb |= dsb_ob_.to(events_.ifb);
  to_ifb |= tr_ib_.to(events_.ifb);
  to_ifb |= tr_ib_.to(exp).then(po_to_ifb);
  return to_ifb.then(skeleton_.po.from(events_.ifb));
}

// ETS-ordered-before: [Exp & M]; po; [a fault]; tr-ib^-1; [Imp & TTD & R], where ETS2 means faults
// that no TLB may hold and ETS3 every MMU fault.
Relation HerdLocal::ets_ob() const {
  if (ets_ == arch::Ets::kNone) return Relation(skeleton_.size());
  const EventSet& faults =
      ets_ == arch::Ets::kEts3 ? events_.mmu_faults : events_.uncacheable_faults;
  return skeleton_.po.restricted(events_.exp, faults).then(tr_ib_.inverse());
}

// Dependency-ordered-before
Relation HerdLocal::dob() const {
  const EventSet writes = events_.exp_writes | events_.updates;
  const EventSet effects = writes | events_.tlbis | events_.caches;
  const Relation po_to_write = skeleton_.po.to(writes);
  return addr_.to(events_.exp | events_.walks | effects) | data_.to(events_.exp_writes) |
         ctrl_.to(effects) | addr_.to(events_.exp).then(po_to_write) |
         (addr_ | data_).to(events_.exp).then(lmrs_.to(events_.exp_reads)) |
         tr_ib_.to(events_.exp).then(po_to_write);
}

// Pick-ordered-before
Relation HerdLocal::pob() const {
  const EventSet writes = events_.exp_writes | events_.updates;
  const EventSet effects = writes | events_.tlbis | events_.caches;
  return pick_addr_.to(effects) | pick_data_.to(events_.exp_writes) | pick_ctrl_.to(effects) |
         pick_addr_.to(events_.exp).then(skeleton_.po.to(writes));
}

// Atomic-ordered-before
Relation HerdLocal::aob() const {
  const Relation exp_rmw = skeleton_.rmw.restricted(events_.exp, events_.exp);
  return exp_rmw | exp_rmw.then(lmrs_.to(events_.acquires | events_.acquire_pcs)) |
         skeleton_.rmw.restricted(events_.walks, events_.updates);
}

// Barrier-ordered-before. A DSB does what the DMB of its kind does by DSB-ob alone.
Relation HerdLocal::bob() const {
  const EventSet after = events_.exp | events_.mmu_faults;
  const EventSet acquires = events_.acquires | events_.acquire_pcs;
  EventSet full_atomics;  // range([A]; amo; [L])
  skeleton_.rmw.restricted(events_.acquires, events_.releases).range().for_each([&](unsigned e) {
    if (skeleton_.events[e].atomic) full_atomics.insert(e);
  });
  return across(events_.exp, events_.dmb_full, after | events_.caches) |
         across(events_.caches, events_.dmb_full, events_.exp | events_.caches) |
         across(events_.returning_reads, events_.dmb_ld, after) |
         across(events_.exp_writes, events_.dmb_st, events_.exp_writes | events_.mmu_faults) |
         skeleton_.po.restricted(full_atomics | acquires, after) |
         skeleton_.po.restricted(events_.releases, events_.acquires) |
         skeleton_.po.restricted(events_.exp, events_.releases);
}

// Locally-ordered-before, closed. The single-copy-atomic class of an access is the access itself:
// no instruction here makes two accesses at once.
Relation HerdLocal::lob() const {
  Relation result = dsb_ob_ | ifb_ob_;
  if (has(HerdPart::kTrIb)) result |= tr_ib_;
  if (has(HerdPart::kEtsOb)) result |= ets_ob();
  if (has(HerdPart::kLmws)) result |= find_lmws();
  if (has(HerdPart::kDob)) result |= dob();
  if (has(HerdPart::kPob)) result |= pob();
  if (has(HerdPart::kAob)) result |= aob();
  if (has(HerdPart::kBob)) result |= bob();
  return result.closure();
}

// pick-lob: a pick dependency into a write that serves a later read; what that read is ordered
// before comes after the pick if it is a write. (Pick dependencies that end in anything else are
// in pob.)
Relation HerdLocal::pick_lob(const Relation& lob) const {
  const Relation picked = pick_data_.to(events_.exp_writes).then(lmrs_.to(events_.exp_reads));
  return picked.then(lob.to(events_.exp_writes));
}

Relation HerdLocal::find_local_hw_reqs() const {
  const Relation ordered = lob();
  if (!has(HerdPart::kPickLob)) return ordered;
  const Relation picked = pick_lob(ordered);
  return picked.empty() ? ordered : (ordered | picked).closure();
}

}  // namespace amalgam::model::litmus
