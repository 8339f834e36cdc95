#include "model/litmus/herd_model.hpp"

#include <utility>
#include <vector>

namespace amalgam::model::litmus {
namespace {

constexpr std::string_view kBbmFlag = "Warning-BBM-expected";

// f(read, write) for the reads of a set whose write is known.
template <typename F>
void for_each_rf(const Candidate& candidate, const EventSet& reads, F&& f) {
  reads.for_each([&](unsigned r) {
    const unsigned w = candidate.reads_from[r];
    if (w < kMaxEvents) f(r, w);
  });
}

}  // namespace

HerdModel::HerdModel(const Skeleton& skeleton, const ModelOptions& options)
    : HerdModel(skeleton, options, HerdParts::without(options.mutation)) {}

HerdModel::HerdModel(const Skeleton& skeleton, const ModelOptions& options, HerdParts parts)
    : skeleton_(skeleton),
      parts_(parts),
      events_(skeleton),
      local_(skeleton, events_, options.ets, parts),
      tlbi_after_(skeleton, events_, local_, parts),
      bbm_(skeleton),
      writes_(events_.exp_writes | events_.updates),
      uncacheable_walks_(local_.tr_ib().to(events_.uncacheable_faults).domain()),
      read_read_(local_.po_same_loc().restricted(events_.exp_reads, events_.exp_reads)),
      read_write_(local_.po_same_loc().restricted(events_.exp_reads, events_.exp_writes)),
      write_write_(local_.po_same_loc().restricted(events_.exp_writes, events_.exp_writes)),
      write_read_(local_.po_same_loc().restricted(events_.exp_writes, events_.exp_reads)),
      exp_rmw_(skeleton.rmw.restricted(events_.exp_reads, events_.exp_writes)),
      always_(local_.local_hw_reqs() | tlbi_after_.forced()) {}

Relation HerdModel::least_co(Relation co) const {
  if (has(HerdPart::kCoWw)) co |= write_write_;
  skeleton_.initial.for_each(
      [&](unsigned i) { co.row(i) |= skeleton_.same_address.row(i) & writes_; });
  return co;
}

Relation HerdModel::coherence_after(const Candidate& candidate, const Relation& co) const {
  Relation ca = co;
  for_each_rf(candidate, events_.exp_reads | events_.walks,
              [&](unsigned r, unsigned w) { ca.row(r) = co.row(w); });
  return ca;
}

// Explicit-hazard-ordered-before: [Exp & R]; (po & same-loc); [Exp & R]; (ca & ext); [Exp & W | HU]
void HerdModel::add_exp_haz_ob(const Relation& ca, Relation& ob) const {
  events_.exp_reads.for_each([&](unsigned first) {
    read_read_.row(first).for_each([&](unsigned second) {
      ob.row(first) |= (ca.row(second) & writes_) - skeleton_.internal.row(second);
    });
  });
}

// Explicitly-observed-by: [Exp & M]; rf & ext; [Exp & M] | [Exp & M]; ca & ext; [Exp & M]
void HerdModel::add_exp_obs(const Candidate& candidate, const Relation& ca, Relation& ob) const {
  for_each_rf(candidate, events_.exp_reads, [&](unsigned r, unsigned w) {
    if (events_.exp_writes.contains(w) && !skeleton_.internal.has(w, r)) ob.add(w, r);
  });
  events_.exp.for_each([&](unsigned e) {
    ob.row(e) |= (ca.row(e) & events_.exp_writes) - skeleton_.internal.row(e);
  });
}

// TTD-observed-by, without TLBI-ca
void HerdModel::add_ttd_obs(const Candidate& candidate, const Relation& ca, Relation& ob) const {
  if (has(HerdPart::kTtdRf)) {
    for_each_rf(candidate, events_.walks | events_.exp_reads, [&](unsigned r, unsigned w) {
      if (events_.updates.contains(w) || (events_.walks.contains(r) && writes_.contains(w))) {
        ob.add(w, r);
      }
    });
  }
  if (has(HerdPart::kTlbUncacheableCa)) {
    uncacheable_walks_.for_each([&](unsigned r) { ob.row(r) |= ca.row(r) & writes_; });
  }
  if (has(HerdPart::kHuCa)) {
    events_.exp_reads.for_each([&](unsigned r) { ob.row(r) |= ca.row(r) & events_.updates; });
  }
  if (has(HerdPart::kHuCoherence)) {
    events_.updates.for_each([&](unsigned u) { ob.row(u) |= ca.row(u) & writes_; });
    writes_.for_each([&](unsigned w) { ob.row(w) |= ca.row(w) & events_.updates; });
  }
}

Relation HerdModel::ordered(const Candidate& candidate, const Relation& ca) const {
  Relation ob = always_;
  if (has(HerdPart::kExpHazOb)) add_exp_haz_ob(ca, ob);
  if (has(HerdPart::kExpObs)) add_exp_obs(candidate, ca, ob);
  add_ttd_obs(candidate, ca, ob);
  return ob;
}

// irreflexive [Exp & R]; before; [Exp & W]; rf
bool HerdModel::breaks_co_rw1(const Candidate& candidate, const Relation& before) const {
  bool broken = false;
  for_each_rf(candidate, events_.exp_reads,
              [&](unsigned r, unsigned w) { broken = broken || before.has(r, w); });
  return broken;
}

// empty (rmw & (fr; co)) \ (([Exp]; rmw; [Exp]) & (fri; [Exp & W]; coi)): nobody writes in between,
// but a thread's own explicit write to the location lets an exclusive pair off.
bool HerdModel::breaks_atomic(const Relation& ca) const {
  bool broken = false;
  skeleton_.rmw.domain().for_each([&](unsigned r) {
    skeleton_.rmw.row(r).for_each([&](unsigned w) {
      EventSet between;  // fr from the read, co to the write
      (ca.row(r) & writes_).for_each([&](unsigned m) {
        if (ca.has(m, w)) between.insert(m);
      });
      const EventSet own = between & events_.exp_writes & skeleton_.internal.row(r);
      const bool excused = events_.exp.contains(r) && !own.empty();
      broken = broken || (!between.empty() && !excused);
    });
  });
  return broken;
}

const char* HerdModel::broken_internally(const Candidate& candidate, const Relation& ca) const {
  const auto goes_back = [&](const Relation& before) {  // before; ca is not irreflexive
    bool broken = false;
    events_.exp_writes.for_each([&](unsigned w) {
      before.row(w).for_each([&](unsigned e) { broken = broken || ca.has(e, w); });
    });
    return broken;
  };
  if (has(HerdPart::kCoRw1) && breaks_co_rw1(candidate, read_write_)) return "coRW1-Exp";
  if (has(HerdPart::kCoRw1Rmw) && breaks_co_rw1(candidate, exp_rmw_)) return "coRW1-Exp-rmw";
  if (has(HerdPart::kCoWw) && goes_back(write_write_)) return "coWW-Exp";
  if (has(HerdPart::kCoWr) && goes_back(write_read_)) return "coWR-Exp";
  return nullptr;
}

Refusal HerdModel::judge(const Candidate& candidate) const {
  const Relation ca = coherence_after(candidate, candidate.co);
  if (const char* axiom = broken_internally(candidate, ca)) return {axiom, {}};
  if (has(HerdPart::kAtomic) && breaks_atomic(ca)) return {"atomic", {}};
  const OrderedBefore ob(ordered(candidate, ca));
  const auto any = [](const Relation&) { return true; };
  if (!tlbi_after_.some_order(ob, ca, any)) return {"external", {}};
  return {};
}

Refusal HerdModel::explain(const Candidate& candidate) const {
  Refusal refusal = judge(candidate);
  if (refusal.axiom == nullptr || refusal.axiom != std::string_view("external")) return refusal;
  const Relation edges = ordered(candidate, coherence_after(candidate, candidate.co));
  refusal.cycle = edges.shortest_cycle();
  return refusal;
}

bool HerdModel::may_be_consistent(const Candidate& part) const {
  // These axioms only grow stricter with co, so what breaks them with the least co breaks them with
  // any. Not so `atomic`, which a write in between may excuse.
  const Relation ca = coherence_after(part, least_co(part.co));
  if (broken_internally(part, ca) != nullptr) return false;
  return tlbi_after_.may_have_order(OrderedBefore(ordered(part, ca)), ca);
}

void HerdModel::add_flags(const Candidate& candidate, std::set<std::string_view>& flags) const {
  if (!bbm_.can_be_needed() || flags.contains(kBbmFlag)) return;
  const Relation ca = coherence_after(candidate, candidate.co);
  const Relation needed = bbm_.update_needs_bbm(ca);
  if (needed.empty()) return;
  const OrderedBefore ob(ordered(candidate, ca));
  const auto lacks = [&](const Relation& order) { return bbm_.lacks_bbm(needed, ca, order); };
  if (tlbi_after_.some_order(ob, ca, lacks)) flags.insert(kBbmFlag);
}

}  // namespace amalgam::model::litmus
