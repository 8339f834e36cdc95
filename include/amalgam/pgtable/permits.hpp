#pragma once

#include <cstdint>

#include "amalgam/arch/change_types.hpp"

namespace amalgam::pgtable {

// By which route a change to live descriptors is made, from the cheapest. Which routes are legal is
// arch::classify's to say; which of them the caller can bear is the caller's.
enum class Strategy : std::uint8_t {
  kPlainStores,      // nobody walks the tables yet
  kInPlace,          // one store a descriptor; TLBI after it where one is owed
  kNoTranslation,    // FEAT_BBML1: size changes through nT
  kBreakBeforeMake,  // invalid, TLBI, new: accesses fault in between
};

// What the caller permits beyond changes in place.
struct Permits {
  // Accesses to the range may fault for the time of one TLBI: the caller's fault handler waits, or
  // nobody accesses the range.
  bool fault_window = false;
  // FEAT_BBML1: accesses to a block may fault or abort while nT is set.
  bool no_translation = false;
  // Accesses may meet a TLB conflict abort, which the caller's handler resolves by a TLBI
  // (FEAT_BBM 1 and 2, size and contiguous changes).
  bool conflict_abort = false;
  // Blocks and groups that stick out of the range may be split.
  bool split = true;

  friend constexpr bool operator==(const Permits&, const Permits&) = default;
};

// What the caller knows that descriptors do not say.
struct Knowledge {
  // Whether memory at the old and the new output address holds the same bytes and nobody stores to
  // either until the next flush.
  arch::Contents contents = arch::Contents::kUnknown;
  // Hardware management of AF and dirty state on any CPU or device that uses the tables.
  bool hardware_af = false;
  bool hardware_dirty = false;
  std::uint64_t mair = arch::kLinuxMair;
};

}  // namespace amalgam::pgtable
