#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "amalgam/arch/assumption.hpp"
#include "amalgam/arch/change_table.hpp"
#include "amalgam/arch/descriptor.hpp"
#include "amalgam/arch/difference.hpp"
#include "amalgam/arch/features.hpp"
#include "amalgam/arch/geometry.hpp"
#include "amalgam/arch/memory_attributes.hpp"

namespace amalgam::arch {

// What is known of memory at the two output addresses. Where a table is involved: whether the two
// sides translate every address alike.
enum class Contents : std::uint8_t { kSame, kDifferent, kUnknown };

// What the caller does to a contiguous group that the entry belongs to.
enum class GroupScope : std::uint8_t {
  kWholeGroup,    // every member undergoes the same change before anyone relies on it
  kSingleMember,  // this member alone changes, its neighbours keep the bit set
};

// A descriptor with the level it stands at.
struct Entry {
  Descriptor descriptor;
  int level = kPageLevel;

  friend constexpr bool operator==(const Entry&, const Entry&) = default;
};

struct ChangeContext {
  Geometry geometry;
  Features features;
  Contents contents = Contents::kUnknown;
  bool any_hardware_dirty = false;  // on any CPU or device that uses the tables
  bool any_hardware_af = false;
  std::uint64_t mair = kLinuxMair;
  bool tables_live = true;  // someone besides the writer may walk them
  GroupScope group = GroupScope::kWholeGroup;
  // An input address that both entries translate; needed only for entries of different size, whose
  // output addresses are compared there.
  std::uint64_t va = 0;
  bool secure_state = false;  // NS and NSTable select the output address space
  Assumptions assumptions;
};

// What an access can meet while both entries may be cached.
enum class Hazard : std::uint8_t {
  kNone,               // at most one entry is cacheable, or they cannot be told apart
  kWholeEntry,         // either one, never a mixture, never an abort
  kWholeEntryOrAbort,  // either one, or a TLB conflict abort
  kMixtureOrAbort,     // fields of both, or a TLB conflict abort
};

// The answer of classify.
struct Change {
  bool break_required = false;
  RowId row = RowId::kNone;
  std::string_view label;  // rule label or source of the row
  TlbiOwed tlbi = TlbiOwed::kNone;
  TlbiWhen when = TlbiWhen::kNever;
  bool tlbi_whole_group = false;  // the TLBI must span the contiguous group, whatever `tlbi` says
  // False when the TLBI belongs to the sequence, or must be complete before the change may be
  // relied on.
  bool tlbi_may_wait = true;
  // Stage 2: an IPA TLBI leaves combined entries, so a stage 1 TLBI of the VMID must follow.
  bool stage1_tlbi_too = false;
  // FEAT_BBML1: a size change that is legal in place through the nT protocol, or a step of it.
  bool in_place_with_nt = false;
  bool atomic_update_needed = false;      // a plain store can lose a hardware AF or dirty update
  bool cache_maintenance_needed = false;  // memory becomes non-cacheable
  bool judge_leaf_pairs = false;          // a table is involved: the leaves below decide further
  Confidence confidence = Confidence::kHigh;
  DiffMask differs;
  Hazard hazard = Hazard::kNone;
  std::optional<Assumption> depends_on = std::nullopt;  // switching it changes the answer

  friend constexpr bool operator==(const Change&, const Change&) = default;
};

enum class RegisterChangeKind : std::uint8_t {
  kAsidReuse,
  kVmidReuse,
  kTtbr,
  kCommonNotPrivate,
  kTranslationControl,
  kMair,
  kStartLevel,
};

// A change of what descriptors do not say.
struct RegisterChange {
  RegisterChangeKind kind = RegisterChangeKind::kTtbr;
  bool same_translations = false;  // kTtbr: the new root translates every address alike
  bool cpus_agree = false;         // kCommonNotPrivate: all sharers point at the same tables
};

}  // namespace amalgam::arch
