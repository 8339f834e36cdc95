// The part of herd's AArch64 model that guesses: the order between TLBIs and descriptor reads.
#pragma once

#include <functional>
#include <vector>

#include "model/litmus/execution.hpp"
#include "model/litmus/herd_model_events.hpp"
#include "model/litmus/herd_model_local.hpp"
#include "model/litmus/herd_model_parts.hpp"

namespace amalgam::model::litmus {

// A strict partial order that grows and stays transitively closed.
class OrderedBefore {
 public:
  // Takes the closure of what is given.
  explicit OrderedBefore(const Relation& edges) : closed_(edges.closure()) {}

  [[nodiscard]] const Relation& relation() const { return closed_; }
  [[nodiscard]] bool irreflexive() const { return closed_.irreflexive(); }
  // Whether each event of `first` may come before each event of `then`, and whether it does.
  [[nodiscard]] bool allows(const EventSet& first, const EventSet& then) const;
  [[nodiscard]] bool implies(const EventSet& first, const EventSet& then) const;
  // Orders them. Expects allows(first, then). Cost: an operation an event.
  void add(const EventSet& first, const EventSet& then);

 private:
  Relation closed_;
};

// TLBI-after (enumerations.cat) and what follows from it (TLBI-ob and TLBI-ca of aarch64.cat).
//
// herd tries both orders of each TLBI that a full DSB completes and each descriptor read in its
// scope, which makes 2^n candidates. Here an order is taken when the other one would close a cycle
// or when what it implies is so anyway, and both are tried only where neither is the case.
class TlbiAfter {
 public:
  using Worth = std::function<bool(const Relation& ob)>;

  TlbiAfter(const Skeleton& skeleton, const HerdEvents& events, const HerdLocal& local,
            HerdParts parts);

  // What TLBI-ob says of descriptor reads that local-hw-reqs puts before a TLBI.
  [[nodiscard]] const Relation& forced() const { return forced_; }

  // Whether some choice of all open orders keeps `ob` a strict order and `worth` true of it. `ob`
  // holds everything but what this class adds; `ca` is coherence-after. Once `worth` is false it
  // must stay so for wider orders.
  [[nodiscard]] bool some_order(OrderedBefore ob, const Relation& ca, const Worth& worth) const;

  // Whether forced orders alone rule out every choice: a quick half of some_order.
  [[nodiscard]] bool may_have_order(OrderedBefore ob, const Relation& ca) const;

 private:
  // A TLBI and a descriptor read that may come in either order. If the read comes first, then each
  // event of `first` comes before each of `then`.
  struct Pair {
    unsigned tlbi = 0;
    unsigned walk = 0;
    EventSet first;
    EventSet then;
  };
  void add_pair(const Skeleton& skeleton, const HerdLocal& local, unsigned tlbi, unsigned walk);
  [[nodiscard]] EventSet first_of(const Skeleton& skeleton, const HerdLocal& local, unsigned tlbi,
                                  unsigned walk) const;
  // TLBI-ca: the writes that come after the TLBI if the TLBI comes before the read.
  [[nodiscard]] EventSet writes_after(const Pair& pair, const Relation& ca) const;
  // Adds what needs no choice; false if that closes a cycle.
  [[nodiscard]] bool add_forced(OrderedBefore& ob, const Relation& ca) const;
  // Takes the orders that are forced by `ob` until none is; false if a pair has no order left.
  [[nodiscard]] bool propagate(OrderedBefore& ob, const Relation& ca,
                               std::vector<const Pair*>& open) const;
  [[nodiscard]] bool search(OrderedBefore ob, const Relation& ca, std::vector<const Pair*> open,
                            const Worth& worth) const;
  [[nodiscard]] std::vector<const Pair*> open_pairs() const;

  EventSet writes_;  // W, without initial writes: nothing is coherence-before those
  HerdParts parts_;
  Relation forced_;
  std::vector<Pair> tlbi_first_;  // local-hw-reqs puts the TLBI first
  std::vector<Pair> open_;
};

// inv-scope: whether the TLBI is for the page that the descriptor translates, or for all pages. It
// says nothing of which CPUs the operation reaches.
[[nodiscard]] bool in_invalidation_scope(const Skeleton& skeleton, unsigned tlbi, unsigned event);

}  // namespace amalgam::model::litmus
