// The preserved order of one PE, straight from its rules: barriers are nodes like all others, and
// two nodes are ordered if a rule says so or if a chain of rules does. Slow and plain, as an
// oracle.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/features.hpp"
#include "model/ordering.hpp"

namespace amalgam::test {

// An event, or a barrier. A non-shareable DSB orders earlier stores as the own PE sees them and no
// more; that half of it is a node of its own (`own_half`), and so is what an ISB makes of it.
struct OrderNode {
  std::uint16_t classes = 0;  // of model::EventClass; 0 for a barrier
  std::optional<arch::Barrier> barrier;
  bool own_half = false;

  [[nodiscard]] bool is(std::uint16_t any_of) const { return (classes & any_of) != 0; }
  [[nodiscard]] bool is(arch::BarrierKind kind) const { return barrier && barrier->kind == kind; }
};

namespace order_detail {

using arch::Access;
using arch::BarrierKind;
using arch::Domain;

inline bool is_full_dsb(const OrderNode& n) {
  return n.is(BarrierKind::kDsb) && n.barrier->access == Access::kAll && !n.own_half;
}
inline bool waits_for_loads(const OrderNode& n) {
  const bool memory = n.is(BarrierKind::kDmb) || n.is(BarrierKind::kDsb);
  return memory && !n.own_half && n.barrier->access != Access::kStore;
}
// A store is complete at the own PE (NSH) or at all of them.
inline bool waits_for_stores(const OrderNode& n) {
  const bool memory = n.is(BarrierKind::kDmb) || n.is(BarrierKind::kDsb);
  const bool own = memory && n.barrier->domain == Domain::kNsh;
  return memory && n.barrier->access != Access::kLoad && own == n.own_half;
}
// A context synchronisation event.
inline bool synchronises(const OrderNode& n) {
  return (n.is(BarrierKind::kIsb) && !n.own_half) || n.is(model::kSynchronises);
}

inline bool through_own_half(const OrderNode& a, const OrderNode& b, arch::Ets ets) {
  if (b.own_half) {
    if (b.is(BarrierKind::kDsb)) return a.is(model::kWrites) && waits_for_stores(b);
    return a.own_half;
  }
  if (a.is(BarrierKind::kIsb)) return b.is(model::kWalks);
  return b.is(model::kTlbiLocal) || (b.is(model::kWalks) && ets != arch::Ets::kNone);
}

inline bool through_barrier(const OrderNode& a, const OrderNode& b, arch::Ets ets) {
  using namespace model;
  const bool wide = b.barrier && b.barrier->domain != Domain::kNsh;
  // Row 5.
  if (a.is(kReads) && waits_for_loads(b)) return true;
  if (a.is(kWrites) && waits_for_stores(b)) return true;
  if (a.is(BarrierKind::kDmb)) {
    if (a.barrier->access != Access::kStore && b.is(kReads | kWrites)) {
      if (a.barrier->access == Access::kLoad || b.is(kWrites)) return true;
      return b.is(kReads);
    }
    if (a.barrier->access == Access::kStore && b.is(kWrites)) return true;
  }
  // Row 7.
  const bool finished = a.barrier || a.is(kTlbiLocal) || (a.is(kTlbiRemote) && wide);
  if (is_full_dsb(b) && finished) return true;
  if (a.is(BarrierKind::kDsb) && !b.is(kWalks)) return true;
  // Rows 10 and 11.
  return a.is(BarrierKind::kDsb) && b.is(kWalks) && ets != arch::Ets::kNone;
}

inline bool without_barrier(const OrderNode& a, const OrderNode& b) {
  using namespace model;
  const std::uint16_t accesses = kReads | kWrites;
  // Row 3: a walk may still fault.
  if (a.is(kWalks) && (b.is(kWrites | kWritesRoot) || synchronises(b))) return true;
  // Row 4.
  if (synchronises(a)) return true;
  if (a.is(kWritesRoot | kRootTakesEffect) && synchronises(b)) return true;
  // Handlers and stops take in accesses that are complete.
  if (a.is(accesses) && b.is(kSynchronises)) return true;
  // Row 6. A lock is taken in a loop, whose branch orders it before what synchronises, too.
  if (a.is(kAcquires) && (b.is(accesses) || b.barrier)) return true;
  if (a.is(kReleases) && b.is(kAcquires)) return true;
  return a.is(accesses) && b.is(kReleases);
}

}  // namespace order_detail

// Whether a rule orders `a` before `b`, which is later in program order. Not transitive.
inline bool ordered_by_rule(const OrderNode& a, const OrderNode& b, arch::Ets ets) {
  if (a.own_half || b.own_half) return order_detail::through_own_half(a, b, ets);
  return order_detail::through_barrier(a, b, ets) || order_detail::without_barrier(a, b);
}

// The nodes of a barrier. A non-shareable DMB is none: the own PE sees its accesses in order
// anyway.
inline std::vector<OrderNode> nodes_of(const arch::Barrier& barrier) {
  const bool own = barrier.domain == arch::Domain::kNsh;
  if (barrier.kind == arch::BarrierKind::kDmb && own) return {};
  std::vector<OrderNode> nodes{{0, barrier, false}};
  const bool has_own_half =
      barrier.kind == arch::BarrierKind::kIsb ||
      (barrier.kind == arch::BarrierKind::kDsb && own && barrier.access != arch::Access::kLoad);
  if (has_own_half) nodes.push_back({0, barrier, true});
  return nodes;
}

// One PE's program, node by node, and what is ordered before what.
class PreservedOrder {
 public:
  explicit PreservedOrder(arch::Ets ets) : ets_(ets) {}

  void add_barrier(const arch::Barrier& barrier) {
    for (const OrderNode& node : nodes_of(barrier)) add(node, 0);
  }
  // `extra_preds`: events, counted without barriers, that the event depends on besides.
  void add_event(std::uint16_t classes, std::uint64_t extra_preds) {
    add({classes, std::nullopt, false}, extra_preds);
    events_.push_back(nodes_.size() - 1);
  }

  // The events before event `i`, counted without barriers.
  [[nodiscard]] std::uint64_t preds(std::size_t i) const {
    std::uint64_t mask = 0;
    for (std::size_t e = 0; e < events_.size(); ++e) {
      if (before_[events_[i]][events_[e]]) mask |= std::uint64_t{1} << e;
    }
    return mask;
  }
  // Row 11: explicit accesses before event `i` in program order.
  [[nodiscard]] std::uint64_t earlier_accesses(std::size_t i) const {
    std::uint64_t mask = 0;
    for (std::size_t e = 0; e < i; ++e) {
      const bool access = nodes_[events_[e]].is(model::kReads | model::kWrites);
      if (access) mask |= std::uint64_t{1} << e;
    }
    return mask;
  }

 private:
  void add(const OrderNode& node, std::uint64_t extra_preds) {
    std::vector<bool> before(nodes_.size() + 1, false);
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (!ordered_by_rule(nodes_[n], node, ets_)) continue;
      take(before, n);
    }
    for (std::size_t e = 0; e < events_.size(); ++e) {
      if ((extra_preds >> e & 1) != 0) take(before, events_[e]);
    }
    nodes_.push_back(node);
    before_.push_back(std::move(before));
  }
  void take(std::vector<bool>& before, std::size_t n) const {
    before[n] = true;
    for (std::size_t m = 0; m < n; ++m) before[m] = before[m] || before_[n][m];
  }

  arch::Ets ets_;
  std::vector<OrderNode> nodes_;
  std::vector<std::vector<bool>> before_;  // [node][earlier node], transitively closed
  std::vector<std::size_t> events_;        // [event] its node
};

}  // namespace amalgam::test
