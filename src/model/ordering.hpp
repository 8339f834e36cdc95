// Preserved order: which events of one PE must have executed before an event may.
//
// An event may run before what precedes it in program order unless something orders the two. The
// rules are rows 1 to 12 of the machine (docs/machine.md). Barriers are not events: they are folded
// into the order of the events around them, which is exact because a barrier does nothing else.
#pragma once

#include <cstdint>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/features.hpp"
#include "model/mutation.hpp"

namespace amalgam::model {

// What an event counts as. An event may be several (a compare-exchange reads and writes).
enum EventClass : std::uint16_t {
  kReads = 1 << 0,       // an explicit read
  kWrites = 1 << 1,      // an explicit write
  kWalks = 1 << 2,       // the table walk of a later access of the same instruction
  kTlbiLocal = 1 << 3,   // the part of a TLBI that acts on the own PE
  kTlbiRemote = 1 << 4,  // the part that acts on other PEs
  kWritesRoot = 1 << 5,  // a write of a translation table base register
  kRootTakesEffect = 1 << 6,
  kAcquires = 1 << 7,  // ordered before every later access
  kReleases = 1 << 8,  // ordered after every earlier access
  kSynchronises =
      1 << 9,  // everything earlier that is complete is before it, it is before everything
};

// Builds the order of one PE, event by event in program order. At most 64 events.
class OrderBuilder {
 public:
  OrderBuilder(arch::Ets ets, bool ets2_program_order, Mutation mutation = Mutation::kNoMutation)
      : ets_(ets), ets2_program_order_(ets2_program_order), mutation_(mutation) {}

  static constexpr unsigned kMaxEvents = 64;

  // Adds the next event. `extra_preds`: earlier events that it depends on besides (data, same
  // location, same instruction). Cost: linear in the events before it.
  void add_event(std::uint16_t classes, std::uint64_t extra_preds);

  // Adds a barrier at this point. Cost: linear in the events before it.
  void add_barrier(const arch::Barrier& barrier);

  // Whether another barrier of any of `kinds` (as bits, see barrier_kind) could still add order.
  [[nodiscard]] bool saturated_since_change(std::uint32_t kinds) const {
    return (kinds & ~kinds_since_change_) == 0;
  }
  static std::uint32_t barrier_kind_bit(const arch::Barrier& barrier);
  // A new run of barriers begins: forgets what saturated_since_change knows.
  void begin_barrier_run() { kinds_since_change_ = 0; }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  // Events that must have executed before event `i`: transitively closed.
  [[nodiscard]] std::uint64_t preds(std::size_t i) const { return nodes_[i].preds; }
  // Events that must have executed besides before the walk `i` may give a fault (FEAT_ETS2, ETS3).
  [[nodiscard]] std::uint64_t fault_preds(std::size_t i) const { return nodes_[i].fault_preds; }

 private:
  struct Node {
    std::uint16_t classes = 0;
    std::uint32_t reached = 0;  // kinds of barrier that this event is ordered before
    std::uint64_t preds = 0;
    std::uint64_t fault_preds = 0;
  };

  [[nodiscard]] bool directly_before(const Node& a, std::uint16_t b) const;
  [[nodiscard]] bool through_barrier(std::uint32_t reached, std::uint16_t b) const;
  [[nodiscard]] std::uint64_t accesses() const;
  [[nodiscard]] arch::Barrier mutated(arch::Barrier barrier) const;
  [[nodiscard]] std::uint32_t mutated_feed(std::uint16_t classes, std::uint32_t kind,
                                           std::uint32_t fed) const;

  arch::Ets ets_;
  bool ets2_program_order_;
  Mutation mutation_;
  std::uint32_t kinds_since_change_ = 0;
  std::vector<Node> nodes_;
};

}  // namespace amalgam::model
