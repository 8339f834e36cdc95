#include "model/litmus/herd_model_tlbi.hpp"

#include <utility>

#include "model/litmus/tlbi_scope.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr unsigned kPageLg2 = 12;
constexpr Address kOffsetMask = (Address{1} << kPageLg2) - 1;

bool same_low_order_bits(const Event& a, const Event& b) {
  return ((a.address ^ b.address) & kOffsetMask) == 0;
}

// The descriptor that TLBI by address is for, 0 if no name of the test has that page.
Address descriptor_of(const Test& test, Address va) {
  for (const Symbol& symbol : test.symbols) {
    if (symbol.va != 0 && symbol.va >> kPageLg2 == va >> kPageLg2) return symbol.descriptor;
  }
  return 0;
}

EventSet all_writes(const HerdEvents& events) { return events.exp_writes | events.updates; }

}  // namespace

bool OrderedBefore::allows(const EventSet& first, const EventSet& then) const {
  bool allowed = (first & then).empty();
  then.for_each([&](unsigned t) { allowed = allowed && (closed_.row(t) & first).empty(); });
  return allowed;
}

bool OrderedBefore::implies(const EventSet& first, const EventSet& then) const {
  bool implied = true;
  first.for_each([&](unsigned f) { implied = implied && (then - closed_.row(f)).empty(); });
  return implied;
}

void OrderedBefore::add(const EventSet& first, const EventSet& then) {
  EventSet reached = then;
  then.for_each([&](unsigned t) { reached |= closed_.row(t); });
  for (unsigned e = 0; e < closed_.size(); ++e) {
    if (first.contains(e) || !(closed_.row(e) & first).empty()) closed_.row(e) |= reached;
  }
}

bool in_invalidation_scope(const Skeleton& skeleton, unsigned tlbi, unsigned event) {
  const Event& operation = skeleton.events[tlbi];
  const Event& access = skeleton.events[event];
  if (access.kind == EventKind::kWalk && skeleton.thread[event] < kSpuriousThread) {
    return matches(operation, access);
  }
  if (!operation.tlbi.has_address) return true;
  return descriptor_of(*skeleton.test, operation.tlbi.va) == access.address;
}

TlbiAfter::TlbiAfter(const Skeleton& skeleton, const HerdEvents& events, const HerdLocal& local,
                     HerdParts parts)
    : writes_(all_writes(events)), parts_(parts), forced_(skeleton.size()) {
  events.tlbis.for_each([&](unsigned tlbi) {
    // C_TLBI: a TLBI that no full DSB follows takes part in nothing.
    if ((skeleton.po.row(tlbi) & events.dsb_full).empty()) return;
    const bool broadcast =
        skeleton.events[tlbi].tlbi.mnemonic.shareability != arch::Shareability::kLocal;
    events.walks.for_each([&](unsigned walk) {
      if (!broadcast && !skeleton.internal.has(tlbi, walk)) return;
      if (in_invalidation_scope(skeleton, tlbi, walk)) add_pair(skeleton, local, tlbi, walk);
    });
  });
}

void TlbiAfter::add_pair(const Skeleton& skeleton, const HerdLocal& local, unsigned tlbi,
                         unsigned walk) {
  Pair pair{.tlbi = tlbi, .walk = walk, .first = {}, .then = {}};
  if (parts_.has(HerdPart::kTlbiOb)) {
    pair.first = first_of(skeleton, local, tlbi, walk);
    pair.then = local.dsb_ob().row(tlbi) | local.ifb_ob().row(tlbi);
  }
  if (local.local_hw_reqs().has(tlbi, walk)) {
    tlbi_first_.push_back(pair);
  } else if (local.local_hw_reqs().has(walk, tlbi)) {
    pair.first.for_each([&](unsigned f) { forced_.row(f) |= pair.then; });
  } else if (!pair.then.empty()) {
    open_.push_back(pair);
  }
}

// TLBI-ob, its left side: the descriptor read (TTD-read-ordered-before); and on another thread than
// the TLBI's the accesses or the fault that it serves, and the descriptor reads of accesses at the
// same offset that come before these in program order.
EventSet TlbiAfter::first_of(const Skeleton& skeleton, const HerdLocal& local, unsigned tlbi,
                             unsigned walk) const {
  EventSet first = EventSet::of(walk);
  if (skeleton.internal.has(tlbi, walk)) return first;
  const EventSet served = local.tr_ib().row(walk) & (skeleton.reads | skeleton.writes);
  first |= local.tr_ib().row(walk);
  skeleton.walks.for_each([&](unsigned earlier) {
    local.tr_ib().row(earlier).for_each([&](unsigned e) {
      if (!is_memory(skeleton.events[e])) return;
      (served & skeleton.po.row(e)).for_each([&](unsigned s) {
        if (same_low_order_bits(skeleton.events[e], skeleton.events[s])) first.insert(earlier);
      });
    });
  });
  return first;
}

EventSet TlbiAfter::writes_after(const Pair& pair, const Relation& ca) const {
  if (!parts_.has(HerdPart::kTlbiCa)) return {};
  return ca.row(pair.walk) & writes_;
}

bool TlbiAfter::add_forced(OrderedBefore& ob, const Relation& ca) const {
  for (const Pair& pair : tlbi_first_) {
    const EventSet tlbi = EventSet::of(pair.tlbi);
    const EventSet writes = writes_after(pair, ca);
    if (!ob.allows(tlbi, writes)) return false;
    ob.add(tlbi, writes);
  }
  return true;
}

bool TlbiAfter::propagate(OrderedBefore& ob, const Relation& ca,
                          std::vector<const Pair*>& open) const {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < open.size();) {
      const Pair& pair = *open[i];
      const EventSet tlbi = EventSet::of(pair.tlbi);
      const EventSet writes = writes_after(pair, ca);
      const bool walk_first = ob.allows(pair.first, pair.then);
      const bool tlbi_first = ob.allows(tlbi, writes);
      if (!walk_first && !tlbi_first) return false;
      const bool settled = ob.implies(pair.first, pair.then) || ob.implies(tlbi, writes);
      if (!settled && walk_first && tlbi_first) {
        ++i;
        continue;
      }
      if (!settled) {
        walk_first ? ob.add(pair.first, pair.then) : ob.add(tlbi, writes);
        changed = true;
      }
      open[i] = open.back();
      open.pop_back();
    }
  }
  return true;
}

bool TlbiAfter::search(OrderedBefore ob, const Relation& ca, std::vector<const Pair*> open,
                       const Worth& worth) const {
  if (!propagate(ob, ca, open) || !worth(ob.relation())) return false;
  if (open.empty()) return true;
  const Pair& pair = *open.back();
  open.pop_back();
  OrderedBefore tlbi_first = ob;
  tlbi_first.add(EventSet::of(pair.tlbi), writes_after(pair, ca));
  if (search(tlbi_first, ca, open, worth)) return true;
  ob.add(pair.first, pair.then);
  return search(ob, ca, std::move(open), worth);
}

std::vector<const TlbiAfter::Pair*> TlbiAfter::open_pairs() const {
  std::vector<const Pair*> open;
  open.reserve(open_.size());
  for (const Pair& pair : open_) open.push_back(&pair);
  return open;
}

bool TlbiAfter::some_order(OrderedBefore ob, const Relation& ca, const Worth& worth) const {
  if (!ob.irreflexive() || !add_forced(ob, ca)) return false;
  return search(ob, ca, open_pairs(), worth);
}

bool TlbiAfter::may_have_order(OrderedBefore ob, const Relation& ca) const {
  if (!ob.irreflexive() || !add_forced(ob, ca)) return false;
  std::vector<const Pair*> open = open_pairs();
  return propagate(ob, ca, open);
}

}  // namespace amalgam::model::litmus
