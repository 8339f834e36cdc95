// Which of the published models a litmus test is judged by, and the named points where they differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/arch/features.hpp"

namespace amalgam::model::litmus {

// The two families of published semantics.
enum class ModelFamily : std::uint8_t { kCambridge, kHerd };

// Deliberate mistakes in the engines. Tests switch them on one at a time to prove that comparing
// the engines, or comparing with published verdicts, notices; nothing else does.
enum class LitmusMutation : std::uint8_t {
  kNone,
  // Of the axioms of the reference enumerator.
  kReferenceDropTrfe,          // a walk that reads from another thread orders nothing
  kReferenceDropTlbiOrder,     // TLBIs order nothing (obtlbi; herd's TLBI-ob and TLBI-ca)
  kReferenceDropContextOrder,  // context synchronisation orders nothing (CSE; herd's IFB-ob)
  kReferenceDropBarriers,      // DMB and DSB order nothing
  kReferenceDropDependencies,  // address, data and control dependencies order nothing
  kReferenceDropSameLocation,  // accesses of one location are not kept in order (internal)
  kReferenceDropFaultOrder,    // a translation fault is not ordered before what follows
  // Of the machine.
  kMachineStaleFaults,           // a TLB may hold what faults
  kMachineTlbiDoesNotWait,       // a TLBI does not wait for accesses that use what it removes
  kMachineTlbiRemovesNothing,    // translations after a TLBI may use what it removes
  kMachineContextOrdersNothing,  // walks do not wait for a context synchronisation
  kMachineBarriersOrderNothing,  // DMB and DSB order nothing
  kMachineDependenciesIgnored,   // address, data and control dependencies order nothing
  kMachineNoLocalOrder,          // accesses of one location are not kept in order
};

struct ModelOptions {
  ModelFamily family = ModelFamily::kHerd;
  // Cambridge knows none and kEts (its retired ETS); herd knows none, ETS2 and ETS3.
  bool cambridge_ets = true;
  arch::Ets ets = arch::Ets::kNone;
  // A walk may use TTBR or VTTBR as it was before a write: because no context synchronisation
  // followed, or because a TLB still holds the translation. The latter has an ASID and a VMID that
  // match the current ones (a global entry any ASID), and no TLBI of the same thread removed it
  // after the old root was last in use; TLBIs of other threads are not looked at. The published
  // text reads these registers as current, and two published verdicts contradict it.
  bool stale_roots = false;
  // A walk may also meet two values that break-before-make should have kept apart, and go on with a
  // mixture of them, or the access takes a TLB conflict abort. For the machine only.
  bool mixtures = false;
  bool conflicts = false;
  LitmusMutation mutation = LitmusMutation::kNone;

  friend bool operator==(const ModelOptions&, const ModelOptions&) = default;
};

struct Limits {
  unsigned unroll = 2;              // times a backward branch is taken
  std::size_t max_runs = 1U << 20;  // of one thread
  std::size_t max_candidates = 1ULL << 40;
  std::size_t max_states = 1U << 26;  // of the machine
  std::size_t max_memory_bytes = std::size_t{4} << 30;
};

}  // namespace amalgam::model::litmus
