#include "model/litmus/cambridge_model.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace amalgam::model::litmus {
namespace {

// The relations of one candidate, by their names in the cat files, and its axioms.
class Axioms {
 public:
  Axioms(const CambridgeBase& base, const Candidate& candidate)
      : base_(base),
        rf_(candidate.rf.to(base.r)),
        trf_(candidate.rf.to(base.t)),
        co_(candidate.co),
        fr_(rf_.inverse().then(co_)),
        tfr_(trf_.inverse().then(co_)) {}

  // Internal visibility: the explicit accesses to a location look as if made one by one.
  [[nodiscard]] bool internal() const {
    return drops(LitmusMutation::kReferenceDropSameLocation) || internal_order().acyclic();
  }
  [[nodiscard]] Relation internal_order() const {
    return base_.po_loc.restricted(base_.r | base_.w, base_.r | base_.w) | fr_ | co_ | rf_;
  }

  // Nobody writes between the two halves of an exclusive or atomic access.
  [[nodiscard]] bool atomic() const {
    return (base_.rmw & (fr_ - base_.internal).then(co_ - base_.internal)).empty();
  }

  // No write is forwarded to a translation that comes before it in program order.
  [[nodiscard]] bool translation_internal() const {
    const Relation po_pa = (base_.instruction_order | base_.iio) & base_.loc;
    return (po_pa | trfi()).acyclic();
  }

  // A cycle of ordered-before where external() finds no wco.
  [[nodiscard]] std::vector<std::uint8_t> external_cycle() const {
    Relation ob = base_.ob | Relation::product(base_.size, base_.iw, base_.tlbi) | obs() | dob() |
                  aob() | tob();
    while (ob.acyclic()) {
      const Relation before = ob;
      const PartialOrder known(ob);
      ob |= obtlbi(wco_in(known));
      if (ob != before) continue;
      const std::pair<unsigned, unsigned> open = undecided(known);
      if (open.first == open.second) break;
      ob.add(open.second, open.first);
    }
    return ob.shortest_cycle();
  }

  // Ordered-before is irreflexive for some wco. `fixed` holds what does not depend on rf and co.
  [[nodiscard]] bool external(const PartialOrder& fixed) const {
    PartialOrder ob = fixed;
    return ob.add(obs()) && ob.add(dob()) && ob.add(aob()) && ob.add(tob()) && some_wco(ob);
  }

 private:
  [[nodiscard]] bool drops(LitmusMutation part) const { return base_.mutation == part; }

  [[nodiscard]] Relation rfi() const { return rf_ & base_.internal; }
  [[nodiscard]] Relation trfi() const { return trf_ & base_.internal; }

  // wco but for co comes in some_wco.
  [[nodiscard]] Relation obs() const {
    const Relation without_trfe = (rf_ - base_.internal) | fr_ | co_;
    if (drops(LitmusMutation::kReferenceDropTrfe)) return without_trfe;
    return without_trfe | (trf_ - base_.internal);
  }

  [[nodiscard]] Relation dob() const { return (base_.addr | base_.data).then(rfi() | trfi()); }

  [[nodiscard]] Relation aob() const {
    return rfi().restricted(base_.rmw.range(), base_.a | base_.q);
  }

  // A faulting translation reads from memory, and nothing is forwarded from speculative writes.
  [[nodiscard]] Relation tob() const {
    const Relation not_forwarded = base_.speculative.then(trfi());
    if (drops(LitmusMutation::kReferenceDropFaultOrder)) return not_forwarded;
    return tfr_.from(base_.t_f) | not_forwarded;
  }

  [[nodiscard]] Relation tlb_barriered(const Relation& wco) const {
    return tfr_.then(wco.to(base_.tlbi)) & base_.tlb_affects.inverse();
  }

  [[nodiscard]] Relation maybe_tlb_cached(const Relation& wco) const {
    return trf_.inverse().then(wco.to(base_.tlbi_s1)) & base_.tlb_affects.inverse();
  }

  // Of stage 2, the TLBI of stage 2 is not enough: if the stage 1 part of the translation may come
  // from a TLB, only the TLBI of stage 1 after it completes the translation.
  [[nodiscard]] Relation obtlbi_translate(const Relation& wco) const {
    const Relation barriered = tlb_barriered(wco);
    const Relation stage1_of = base_.same_translation.restricted(base_.stage2, base_.stage1);
    const Relation stage2_first = barriered.restricted(base_.stage2, base_.tlbi_s2);
    const Relation newer = stage1_of.then(trf_.inverse()).then(wco.inverse());
    const Relation then_stage1 = stage2_first | stage2_first.then(wco);
    return barriered.restricted(base_.stage1, base_.tlbi_s1) | (stage2_first & newer) |
           (then_stage1.to(base_.tlbi_s1) & stage1_of.then(maybe_tlb_cached(wco)));
  }

  // Another PE's accesses and faults that used a translation are over when the TLBI is that
  // removes it.
  [[nodiscard]] Relation obtlbi(const Relation& wco) const {
    const Relation translate = obtlbi_translate(wco);
    const Relation users = base_.iio.inverse().from(base_.r | base_.w | base_.te);
    return translate | users.then(translate - base_.internal);
  }

  // What is known of wco: just what `ob` orders, since wco is part of ob and ob has no cycle.
  [[nodiscard]] Relation wco_in(const PartialOrder& ob) const {
    const EventSet ordered = base_.w | base_.iw | base_.tlbi;
    return ob.relation().restricted(ordered, ordered);
  }

  // Whether wco can be completed. obtlbi grows with wco, so that a cycle at any time stays one.
  [[nodiscard]] bool some_wco(const PartialOrder& known) const {
    if (base_.tlbi.empty() || drops(LitmusMutation::kReferenceDropTlbiOrder)) return true;
    PartialOrder ob = known;
    for (;;) {
      const PartialOrder before = ob;
      if (!ob.add(obtlbi(wco_in(ob)))) return false;
      if (ob.relation() == before.relation()) break;
    }
    const std::pair<unsigned, unsigned> open = undecided(ob);
    if (open.first == open.second) return true;
    // The TLBI first: an entry that is made later is not its concern.
    PartialOrder tlbi_first = ob;
    if (tlbi_first.add(open.second, open.first) && some_wco(tlbi_first)) return true;
    return ob.add(open.first, open.second) && some_wco(ob);
  }

  // A write or TLBI and a TLBI that wco has yet to order, where the order matters: writes of
  // locations that translations read, and TLBIs of both stages. Two equal numbers: none.
  [[nodiscard]] std::pair<unsigned, unsigned> undecided(const PartialOrder& ob) const {
    EventSet relevant = (base_.loc.from(base_.t).range() & (base_.w | base_.iw));
    if (!base_.stage2.empty()) relevant |= base_.tlbi;
    std::pair<unsigned, unsigned> found{0, 0};
    relevant.for_each([&](unsigned x) {
      base_.tlbi.for_each([&](unsigned y) {
        if (x != y && !ob.has(x, y) && !ob.has(y, x)) found = {x, y};
      });
    });
    return found;
  }

  const CambridgeBase& base_;
  Relation rf_;
  Relation trf_;
  Relation co_;
  Relation fr_;
  Relation tfr_;
};

Relation with_initial_writes_first(const CambridgeBase& base) {
  return base.ob | Relation::product(base.size, base.iw, base.tlbi);
}

}  // namespace

CambridgeModel::CambridgeModel(const Skeleton& skeleton, const ModelOptions& options)
    : base_(skeleton, options), fixed_(with_initial_writes_first(base_)) {}

Refusal CambridgeModel::judge(const Candidate& candidate) const {
  const Axioms axioms(base_, candidate);
  if (!axioms.internal()) return {"internal", {}};
  if (!axioms.atomic()) return {"atomic", {}};
  if (!axioms.translation_internal()) return {"translation-internal", {}};
  if (!axioms.external(fixed_)) return {"external", {}};
  return {};
}

Refusal CambridgeModel::explain(const Candidate& candidate) const {
  Refusal refusal = judge(candidate);
  if (refusal.axiom == nullptr) return refusal;
  const Axioms axioms(base_, candidate);
  const std::string_view axiom = refusal.axiom;
  if (axiom == "internal") refusal.cycle = axioms.internal_order().shortest_cycle();
  if (axiom == "external") refusal.cycle = axioms.external_cycle();
  return refusal;
}

}  // namespace amalgam::model::litmus
