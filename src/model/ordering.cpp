#include "model/ordering.hpp"

namespace amalgam::model {

namespace {

// Kinds of barrier. A store before a non-shareable barrier is ordered for the own PE only, so that
// path is a kind of its own (kDsbOwnStore, kIsbOwnStore): it orders nothing that others observe.
enum BarrierBit : std::uint32_t {
  kDmbLoad = 1 << 0,
  kDmbStore = 1 << 1,
  kDmbFull = 1 << 2,
  kDsbLoad = 1 << 3,
  kDsbStore = 1 << 4,
  kDsbFull = 1 << 5,
  kIsb = 1 << 6,
  kDsbOwnLoad = 1 << 7,
  kDsbOwnStore = 1 << 8,
  kDsbOwnFull = 1 << 9,
  kDsbOwnStorePath = 1 << 10,
  kIsbOwnStorePath = 1 << 11,
};

constexpr std::uint32_t kAnyDsb = kDsbLoad | kDsbStore | kDsbFull;
constexpr std::uint32_t kAnyOwnDsb = kDsbOwnLoad | kDsbOwnStore | kDsbOwnFull;
constexpr std::uint32_t kOwnPaths = kDsbOwnStorePath | kIsbOwnStorePath;
constexpr std::uint16_t kAccessClasses = kReads | kWrites;

std::uint32_t dsb_bit(const arch::Barrier& b) {
  const bool own = b.domain == arch::Domain::kNsh;
  switch (b.access) {
    case arch::Access::kLoad:
      return own ? kDsbOwnLoad : kDsbLoad;
    case arch::Access::kStore:
      return own ? kDsbOwnStore : kDsbStore;
    case arch::Access::kAll:
      break;
  }
  return own ? kDsbOwnFull : kDsbFull;
}

// A non-shareable DMB orders accesses as the own PE sees them, which program order does already.
std::uint32_t dmb_bit(const arch::Barrier& b) {
  if (b.domain == arch::Domain::kNsh) return 0;
  switch (b.access) {
    case arch::Access::kLoad:
      return kDmbLoad;
    case arch::Access::kStore:
      return kDmbStore;
    case arch::Access::kAll:
      break;
  }
  return kDmbFull;
}

bool waits_for_loads(std::uint32_t kind) {
  return (kind & (kDmbLoad | kDmbFull | kDsbLoad | kDsbFull | kDsbOwnLoad | kDsbOwnFull)) != 0;
}

bool waits_for_stores(std::uint32_t kind) {
  return (kind & (kDmbStore | kDmbFull | kDsbStore | kDsbFull)) != 0;
}

// The kinds under which `classes` is directly before a barrier of `kind` (rows 3, 4, 5, 7).
std::uint32_t feeds(std::uint16_t classes, std::uint32_t kind) {
  if ((classes & kSynchronises) != 0) return kind;
  std::uint32_t fed = 0;
  if ((classes & kReads) != 0 && waits_for_loads(kind)) fed |= kind;
  if ((classes & kWrites) != 0 && waits_for_stores(kind)) fed |= kind;
  if ((classes & kWrites) != 0 && (kind & (kDsbOwnStore | kDsbOwnFull)) != 0) {
    fed |= kDsbOwnStorePath;
  }
  if ((classes & kTlbiRemote) != 0 && kind == kDsbFull) fed |= kind;
  if ((classes & kTlbiLocal) != 0 && (kind & (kDsbFull | kDsbOwnFull)) != 0) fed |= kind;
  if ((classes & (kWritesRoot | kRootTakesEffect | kWalks)) != 0 && kind == kIsb) fed |= kind;
  if ((classes & kAcquires) != 0) fed |= kind;
  return fed;
}

// The kinds reached from a barrier reached as `reached` when one of `kind` follows (rows 4, 7).
std::uint32_t chains(std::uint32_t reached, std::uint32_t kind) {
  std::uint32_t next = 0;
  const std::uint32_t plain = reached & ~kOwnPaths;
  if ((plain & (kAnyDsb | kAnyOwnDsb | kIsb)) != 0) next |= kind;
  if (plain != 0 && (kind & (kDsbFull | kDsbOwnFull)) != 0) next |= kind;
  if ((reached & kOwnPaths) != 0 && kind == kIsb) next |= kIsbOwnStorePath;
  return next;
}

}  // namespace

std::uint32_t OrderBuilder::barrier_kind_bit(const arch::Barrier& barrier) {
  switch (barrier.kind) {
    case arch::BarrierKind::kIsb:
      return kIsb;
    case arch::BarrierKind::kDmb:
      return dmb_bit(barrier);
    case arch::BarrierKind::kDsb:
      break;
  }
  return dsb_bit(barrier);
}

arch::Barrier OrderBuilder::mutated(arch::Barrier barrier) const {
  if (mutation_ == Mutation::kBarrierDomainIgnored) barrier.domain = arch::Domain::kIsh;
  const bool dmb = barrier.kind == arch::BarrierKind::kDmb;
  if (mutation_ == Mutation::kDmbOrdersTlbi && dmb) barrier.kind = arch::BarrierKind::kDsb;
  return barrier;
}

std::uint32_t OrderBuilder::mutated_feed(std::uint16_t classes, std::uint32_t kind,
                                         std::uint32_t fed) const {
  const bool tlbi = (classes & (kTlbiLocal | kTlbiRemote)) != 0;
  if (mutation_ == Mutation::kDsbLeavesTlbiPending && tlbi) return 0;
  if (mutation_ == Mutation::kStoreDsbCompletesTlbi && tlbi) return fed | (kind & kDsbStore);
  return fed;
}

void OrderBuilder::add_barrier(const arch::Barrier& said) {
  const arch::Barrier barrier = mutated(said);
  const std::uint32_t kind = barrier_kind_bit(barrier);
  if (kind == 0) return;
  bool changed = false;
  for (Node& node : nodes_) {
    const std::uint32_t before = node.reached;
    node.reached |=
        mutated_feed(node.classes, kind, feeds(node.classes, kind)) | chains(before, kind);
    changed |= node.reached != before;
  }
  kinds_since_change_ = changed ? kind : kinds_since_change_ | kind;
}

bool OrderBuilder::through_barrier(std::uint32_t reached, std::uint16_t b) const {
  if ((b & kSynchronises) != 0) return (reached & ~kOwnPaths) != 0;
  const bool tlbi = (b & (kTlbiLocal | kTlbiRemote)) != 0;
  if (mutation_ == Mutation::kTlbiBeforeStores && tlbi) return false;
  const bool walk_after_dsb = ets_ != arch::Ets::kNone;
  if ((b & kWalks) != 0) {
    const bool isb = (reached & (kIsb | kIsbOwnStorePath)) != 0;
    if (isb && mutation_ != Mutation::kIsbSynchronisesNothing) return true;
    return walk_after_dsb && (reached & (kAnyDsb | kAnyOwnDsb | kDsbOwnStorePath)) != 0;
  }
  if ((reached & (kAnyDsb | kAnyOwnDsb | kIsb)) != 0) return true;
  if ((b & kTlbiLocal) != 0 && (reached & kDsbOwnStorePath) != 0) return true;
  if ((b & kReads) != 0 && (reached & (kDmbLoad | kDmbFull)) != 0) return true;
  return (b & kWrites) != 0 && (reached & (kDmbLoad | kDmbStore | kDmbFull)) != 0;
}

bool OrderBuilder::directly_before(const Node& a, std::uint16_t b) const {
  if (((a.classes | b) & kSynchronises) != 0) {
    // A synchronising event takes in completed accesses; a TLBI completes only at a DSB.
    if ((a.classes & kSynchronises) != 0) return true;
    return (a.classes & (kAccessClasses | kWalks | kWritesRoot | kRootTakesEffect)) != 0;
  }
  if ((a.classes & kAcquires) != 0 && (b & kAccessClasses) != 0) return true;
  if ((a.classes & kAccessClasses) != 0 && (b & kReleases) != 0) return true;
  if ((a.classes & kReleases) != 0 && (b & kAcquires) != 0) return true;
  // No store before an unresolved fault: a walk makes later writes speculative (row 3).
  return (a.classes & kWalks) != 0 && (b & (kWrites | kWritesRoot)) != 0;
}

std::uint64_t OrderBuilder::accesses() const {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if ((nodes_[i].classes & kAccessClasses) != 0) mask |= std::uint64_t{1} << i;
  }
  return mask;
}

void OrderBuilder::add_event(std::uint16_t classes, std::uint64_t extra_preds) {
  Node node;
  node.classes = classes;
  node.preds = extra_preds;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (directly_before(nodes_[i], classes) || through_barrier(nodes_[i].reached, classes)) {
      node.preds |= std::uint64_t{1} << i;
    }
  }
  std::uint64_t closed = node.preds;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if ((node.preds >> i & 1) != 0) closed |= nodes_[i].preds;
  }
  node.preds = closed;
  if ((classes & kWalks) != 0 && ets_ != arch::Ets::kNone && ets2_program_order_) {
    node.fault_preds = accesses();
  }
  nodes_.push_back(node);
}

}  // namespace amalgam::model
