#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/arch/change_types.hpp"

namespace amalgam::pgtable {

// By which route a change to live descriptors is made, from the cheapest. Which routes are legal is
// arch::classify's to say; which of them the caller can bear is the caller's. docs/strategies.md
// says what each costs and what it asks of the caller.
enum class Strategy : std::uint8_t {
  kPlainStores,      // nobody walks the tables yet
  kInPlace,          // one store a descriptor; TLBI after it where one is owed
  kBreakBeforeMake,  // invalid, TLBI, new: accesses fault in between
  kNoTranslation,    // FEAT_BBML1: a size changes through nT; accesses may fault in between
  kReadOnlyStaging,  // read-only, TLBI, equal contents, new address, TLBI, writable again
  kStopOthers,       // break-before-make while every other CPU waits
  kRefused,          // no legal route is permitted
};

constexpr std::string_view name(Strategy strategy) {
  using namespace std::string_view_literals;
  switch (strategy) {
    case Strategy::kPlainStores:
      return "plain stores"sv;
    case Strategy::kInPlace:
      return "in place"sv;
    case Strategy::kBreakBeforeMake:
      return "break-before-make"sv;
    case Strategy::kNoTranslation:
      return "nT"sv;
    case Strategy::kReadOnlyStaging:
      return "read-only staging"sv;
    case Strategy::kStopOthers:
      return "stop the other CPUs"sv;
    case Strategy::kRefused:
      return "refused"sv;
  }
  return "unknown"sv;
}

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
  // Stores to the range may fault for the time of two TLBIs and a copy; loads go on.
  bool read_only_window = false;
  // The other CPUs may be stopped for the time of one TLBI, and of copying what is carried, where
  // the Port can. Devices that use the tables are not stopped. The calling CPU must not use the
  // range meanwhile.
  bool stop_others = false;
  // Blocks and groups that stick out of the range may be split.
  bool split = true;

  friend constexpr bool operator==(const Permits&, const Permits&) = default;
};

// The cheapest route for one change that is legal and permitted. `can_stop`: the Port is a
// StopsOthers.
constexpr Strategy choose(const arch::Change& change, const Permits& permits, bool can_stop) {
  const bool may_abort = change.hazard == arch::Hazard::kWholeEntryOrAbort;
  if (!change.break_required && (!may_abort || permits.conflict_abort)) return Strategy::kInPlace;
  if (permits.fault_window) return Strategy::kBreakBeforeMake;
  if (change.in_place_with_nt && permits.no_translation) return Strategy::kNoTranslation;
  if (permits.stop_others && can_stop) return Strategy::kStopOthers;
  return Strategy::kRefused;
}

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
