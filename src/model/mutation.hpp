// Deliberate mistakes in the semantics. Tests switch them on one at a time to prove that a case
// notices; nothing else does.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace amalgam::model {

enum class Mutation : std::uint8_t {
  kNoMutation,
  kDsbLeavesTlbiPending,    // a full DSB does not wait for earlier TLBIs
  kStoreDsbCompletesTlbi,   // a store-only DSB does
  kTlbiBeforeStores,        // no DSB orders an earlier store before a TLBI
  kBarrierDomainIgnored,    // a non-shareable barrier counts as inner shareable
  kDmbOrdersTlbi,           // a DMB counts as a DSB
  kFaultsMayBeStale,        // a faulting descriptor may be cached
  kTlbHoldsNothing,         // no superseded entry survives
  kWalkCachesHoldNothing,   // no superseded table descriptor survives
  kTlbiDoesNotWait,         // a TLBI does not wait for accesses that use what it removes
  kLocalTlbiIsBroadcast,    // every TLBI reaches every CPU
  kLevelHintIgnored,        // a wrong level hint does no harm
  kLastLevelCutsTables,     // last-level forms remove walk caches too
  kTagIgnored,              // entries match whatever the ASID or VMID
  kContentsIgnored,         // two pages never differ
  kTlbiReachesAtc,          // a CPU's TLBI empties device TLBs
  kIpaTlbiReachesCombined,  // an IPA invalidation removes combined entries
  kStoppedCpusRun,          // stopping the other CPUs stops nobody
  kIsbSynchronisesNothing,  // an ISB does not order later walks
  kFreeHappensEarly,        // a free is not ordered after earlier accesses
};

inline constexpr std::array<std::string_view, 20> kMutationNames{
    "none",
    "dsb-leaves-tlbi-pending",
    "store-dsb-completes-tlbi",
    "tlbi-before-stores",
    "barrier-domain-ignored",
    "dmb-orders-tlbi",
    "faults-may-be-stale",
    "tlb-holds-nothing",
    "walk-caches-hold-nothing",
    "tlbi-does-not-wait",
    "local-tlbi-is-broadcast",
    "level-hint-ignored",
    "last-level-cuts-tables",
    "tag-ignored",
    "contents-ignored",
    "tlbi-reaches-atc",
    "ipa-tlbi-reaches-combined",
    "stopped-cpus-run",
    "isb-synchronises-nothing",
    "free-happens-early",
};

}  // namespace amalgam::model
