#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace amalgam::arch {

// The rows of the change table, by number. docs/change-table.md prints them.
enum class RowId : std::uint8_t {
  kNone = 0,  // the two entries are the same, or never compete
  kInvalidToValid = 1,
  kValidToInvalid = 2,
  kBreakWithoutInvalidation = 3,
  kPermissionWidened = 4,
  kPermissionNarrowed = 5,
  kAccessFlagSet = 6,
  kAccessFlagCleared = 7,
  kDirtySetByHardware = 8,
  kDirtyCleared = 9,
  kAddressWritable = 10,
  kAddressContentsDiffer = 11,
  kAddressContentsEqual = 12,
  kAddressAndPermission = 13,
  kMemoryType = 14,
  kCacheabilityOrShareability = 15,
  kTagged = 16,
  kBlockToTable = 17,
  kTableToBlock = 18,
  kSizeAndMore = 19,
  kSizeAndPermission = 20,
  kContiguousSet = 21,
  kContiguousCleared = 22,
  kPermissionInGroup = 23,
  kGroupMemberAlone = 24,
  kGroupMoves = 25,
  kMadeGlobal = 26,
  kMadeNonGlobal = 27,
  kAsidReuse = 28,
  kVmidReuse = 29,
  kTableCopy = 30,
  kTableDifferent = 31,
  kPointerLevel = 32,
  kHierarchical = 33,
  kTtbr = 34,
  kCommonNotPrivate = 35,
  kTranslationControl = 36,
  kSoftwareBits = 37,
  kOtherAttributes = 38,
};

inline constexpr std::size_t kRowCount = 38;

// Whether break-before-make is required at one FEAT_BBM level.
enum class LevelAnswer : std::uint8_t {
  kNo,
  kYes,
  kBreakOrNt,     // required unless the nT protocol of FEAT_BBML1 is followed
  kUnclear,       // the architecture's words leave it open: treat as kYes
  kThoughtLegal,  // open, but thought to be legal: rests on a named assumption
  kOtherRows,     // decided by the rows that the reason names
  kNotListed,  // not among the changes that require it, and nobody has confirmed that it does not
  kDoesNotApply,  // not a change between two descriptors
};

// Which entries a TLBI must remove.
enum class TlbiOwed : std::uint8_t {
  kNone,
  kLastLevel,    // the leaf: a last-level form will do
  kAllLevels,    // walk caches too: a form that is not last-level
  kWholeGroup,   // every address of the contiguous group
  kAllAsids,     // a VAA or ALL form
  kWholeAsid,    // every entry of one ASID
  kWholeVmid,    // every entry of one VMID, both stages
  kWholeRegime,  // every entry of the translation regime
};

// When that TLBI must be complete, weakest first.
enum class TlbiWhen : std::uint8_t {
  kNever,
  kForEffect,       // until then spurious faults, or inexact ageing
  kEventually,      // a stale copy is harmless by itself, but must not outlive the next change
  kBeforeReuse,     // before the old page, table, VA or tag is used for something else
  kBeforeReliance,  // before anyone relies on what the new entry denies
  kInSequence,      // inside break-before-make
};

// How well sourced the row is. kSingleSource rests on one named source.
enum class Confidence : std::uint8_t { kLow, kSingleSource, kMedium, kHigh };

struct Row {
  RowId id;
  std::string_view title;
  std::array<LevelAnswer, 4> answers;  // by FEAT_BBM level 0..3
  TlbiOwed tlbi;
  TlbiWhen when;
  std::string_view label;   // rule label or source
  std::string_view reason;  // why, in one sentence
  Confidence confidence;
};

namespace table_detail {
using enum LevelAnswer;
inline constexpr std::array<LevelAnswer, 4> kNever{kNo, kNo, kNo, kNo};
inline constexpr std::array<LevelAnswer, 4> kAlways{kYes, kYes, kYes, kYes};
inline constexpr std::array<LevelAnswer, 4> kSizeOnly{kYes, kBreakOrNt, kNo, kNo};
inline constexpr std::array<LevelAnswer, 4> kGroupBit{kYes, kNo, kNo, kNo};
inline constexpr std::array<LevelAnswer, 4> kElsewhere{kOtherRows, kOtherRows, kOtherRows,
                                                       kOtherRows};
inline constexpr std::array<LevelAnswer, 4> kUnlisted{kNotListed, kNotListed, kNotListed,
                                                      kNotListed};
inline constexpr std::array<LevelAnswer, 4> kNotAChange{kDoesNotApply, kDoesNotApply, kDoesNotApply,
                                                        kDoesNotApply};
}  // namespace table_detail

// The change table. A row's number is its RowId.
inline constexpr std::array<Row, kRowCount> kChangeTable{{
    {RowId::kInvalidToValid, "invalid to valid", table_detail::kNever, TlbiOwed::kNone,
     TlbiWhen::kNever, "I_WZCBG",
     "entries that fault are never cached; holds only if an earlier valid value was invalidated",
     Confidence::kHigh},
    {RowId::kValidToInvalid, "valid to invalid", table_detail::kNever, TlbiOwed::kLastLevel,
     TlbiWhen::kBeforeReuse, "R_GPPYH",
     "the old value may be used until it is invalidated; a table needs an all-level TLBI",
     Confidence::kHigh},
    {RowId::kBreakWithoutInvalidation, "valid, invalid, other valid; no TLBI and DSB between",
     table_detail::kElsewhere, TlbiOwed::kLastLevel, TlbiWhen::kInSequence, "R_DDMVT",
     "others may still hold the first value, so this equals the direct change", Confidence::kHigh},
    {RowId::kPermissionWidened, "permission widened", table_detail::kNever, TlbiOwed::kLastLevel,
     TlbiWhen::kForEffect, "not in R_WHZWS",
     "a TLB may hold the old permission and fault where the new one would not", Confidence::kHigh},
    {RowId::kPermissionNarrowed, "permission narrowed", table_detail::kNever, TlbiOwed::kLastLevel,
     TlbiWhen::kBeforeReliance, "not in R_WHZWS",
     "the old permission stays usable until TLBI and DSB complete", Confidence::kHigh},
    {RowId::kAccessFlagSet, "access flag 0 to 1", table_detail::kNever, TlbiOwed::kNone,
     TlbiWhen::kNever, "I_WZCBG", "an entry without the access flag is not cached",
     Confidence::kHigh},
    {RowId::kAccessFlagCleared, "access flag 1 to 0", table_detail::kNever, TlbiOwed::kLastLevel,
     TlbiWhen::kForEffect, "not in R_WHZWS",
     "only exact ageing needs the TLBI; a plain store races with a hardware update",
     Confidence::kHigh},
    {RowId::kDirtySetByHardware, "dirty state set by hardware", table_detail::kNever,
     TlbiOwed::kNone, TlbiWhen::kNever, "not in R_WHZWS",
     "the update is itself a descriptor write by the walker", Confidence::kHigh},
    {RowId::kDirtyCleared, "dirty state cleared", table_detail::kNever, TlbiOwed::kLastLevel,
     TlbiWhen::kBeforeReliance, "not in R_WHZWS",
     "stores go unseen until the TLBI; a plain store can lose a hardware dirty update",
     Confidence::kHigh},
    {RowId::kAddressWritable, "output address, old or new writable", table_detail::kAlways,
     TlbiOwed::kLastLevel, TlbiWhen::kInSequence, "R_WHZWS (2), R_PVTFW",
     "the output address changes and the old or the new entry is writable; no level relaxes this",
     Confidence::kHigh},
    {RowId::kAddressContentsDiffer, "output address, read-only, contents differ",
     table_detail::kAlways, TlbiOwed::kLastLevel, TlbiWhen::kInSequence, "R_WHZWS (2), R_PVTFW",
     "the output address changes and memory differs at the two addresses, or may; no level "
     "relaxes this",
     Confidence::kHigh},
    {RowId::kAddressContentsEqual, "output address, read-only, contents equal",
     table_detail::kNever, TlbiOwed::kLastLevel, TlbiWhen::kBeforeReuse, "R_WHZWS (2)",
     "either address reads the same, as long as both stay read-only and equal", Confidence::kHigh},
    {RowId::kAddressAndPermission, "output address and write permission in one store",
     table_detail::kAlways, TlbiOwed::kLastLevel, TlbiWhen::kInSequence, "R_WHZWS (2), R_PVTFW",
     "the output address changes and one side is writable, however briefly; no level relaxes this",
     Confidence::kHigh},
    {RowId::kMemoryType, "memory type or Device sub-type", table_detail::kAlways,
     TlbiOwed::kLastLevel, TlbiWhen::kInSequence, "R_WHZWS (1), R_PVTFW",
     "the memory type changes; no level relaxes this", Confidence::kHigh},
    {RowId::kCacheabilityOrShareability, "cacheability or shareability", table_detail::kAlways,
     TlbiOwed::kLastLevel, TlbiWhen::kInSequence, "R_WHZWS (1), R_PVTFW",
     "cacheability or shareability changes; no level relaxes this", Confidence::kHigh},
    {RowId::kTagged, "Normal to or from Normal-Tagged", table_detail::kNever, TlbiOwed::kLastLevel,
     TlbiWhen::kBeforeReliance, "Linux pgattr_change_is_safe",
     "Linux treats Tagged as permission-like; no rule label is known", Confidence::kMedium},
    {RowId::kBlockToTable, "block to table, translations equal", table_detail::kSizeOnly,
     TlbiOwed::kLastLevel, TlbiWhen::kEventually, "R_WHZWS (3), R_KFLJB",
     "the size changes; without level 1 or 2 the block and an entry below must not coexist",
     Confidence::kHigh},
    {RowId::kTableToBlock, "table to block, translations equal", table_detail::kSizeOnly,
     TlbiOwed::kAllLevels, TlbiWhen::kBeforeReuse, "R_WHZWS (3), R_KFLJB",
     "the size changes; walk caches may use the old table until an all-level TLBI",
     Confidence::kHigh},
    {RowId::kSizeAndMore, "size or contiguous bit, and address, type or global",
     table_detail::kAlways, TlbiOwed::kAllLevels, TlbiWhen::kInSequence, "R_PVTFW",
     "levels 1 to 3 relax a change of size alone", Confidence::kSingleSource},
    {RowId::kSizeAndPermission,
     "size or contiguous bit, and permission",
     {LevelAnswer::kUnclear, LevelAnswer::kUnclear, LevelAnswer::kThoughtLegal,
      LevelAnswer::kThoughtLegal},
     TlbiOwed::kAllLevels,
     TlbiWhen::kBeforeReliance,
     "R_WHZWS (3), open question",
     "each is legal alone at level 2; Arm has not confirmed both in one store",
     Confidence::kMedium},
    {RowId::kContiguousSet, "contiguous bit set (fold)", table_detail::kGroupBit,
     TlbiOwed::kWholeGroup, TlbiWhen::kEventually, "R_NGLXZ, R_KHRBC",
     "the group is mis-programmed until all members agree", Confidence::kHigh},
    {RowId::kContiguousCleared, "contiguous bit cleared (unfold)", table_detail::kGroupBit,
     TlbiOwed::kWholeGroup, TlbiWhen::kEventually, "R_NGLXZ, R_KHRBC",
     "the group is mis-programmed until all members agree", Confidence::kHigh},
    {RowId::kPermissionInGroup, "permission changed inside a contiguous group",
     table_detail::kNever, TlbiOwed::kWholeGroup, TlbiWhen::kBeforeReliance, "R_JQQTC",
     "a lookup may use any member's permission for any address of the group", Confidence::kMedium},
    {RowId::kGroupMemberAlone,
     "one group member invalid or moved, bit still set",
     {LevelAnswer::kYes, LevelAnswer::kOtherRows, LevelAnswer::kOtherRows, LevelAnswer::kOtherRows},
     TlbiOwed::kWholeGroup,
     TlbiWhen::kInSequence,
     "R_NGLXZ, R_JQQTC",
     "a lookup may use any other member's entry for the address; invalidate the group first",
     Confidence::kMedium},
    {RowId::kGroupMoves, "whole contiguous group to another output address", table_detail::kAlways,
     TlbiOwed::kWholeGroup, TlbiWhen::kInSequence, "R_WHZWS (2), R_JQQTC",
     "the output address rules hold for every member: break all, invalidate, make all",
     Confidence::kMedium},
    {RowId::kMadeGlobal, "non-global to global", table_detail::kAlways, TlbiOwed::kAllAsids,
     TlbiWhen::kInSequence, "R_WHZWS (4)", "the global entry may overlap non-global ones in a TLB",
     Confidence::kHigh},
    {RowId::kMadeNonGlobal, "global to non-global", table_detail::kUnlisted, TlbiOwed::kAllAsids,
     TlbiWhen::kBeforeReliance, "not in R_WHZWS",
     "a stale global entry matches every ASID until the TLBI; Linux changes it in place",
     Confidence::kMedium},
    {RowId::kAsidReuse, "ASID reused", table_detail::kNotAChange, TlbiOwed::kWholeAsid,
     TlbiWhen::kInSequence, "R_NWYRD", "entries of the former owner match the new one",
     Confidence::kSingleSource},
    {RowId::kVmidReuse, "VMID reused", table_detail::kNotAChange, TlbiOwed::kWholeVmid,
     TlbiWhen::kInSequence, "Linux nvhe/tlb.c",
     "entries of the former owner match the new one, in both stages", Confidence::kSingleSource},
    {RowId::kTableCopy, "table pointer to a copy with equal translations", table_detail::kUnlisted,
     TlbiOwed::kAllLevels, TlbiWhen::kBeforeReuse, "R_RVJDB",
     "walk caches may keep the old pointer; a hardware update may land in the old copy",
     Confidence::kLow},
    {RowId::kTableDifferent, "table pointer to a table with other translations",
     table_detail::kElsewhere, TlbiOwed::kAllLevels, TlbiWhen::kBeforeReuse, "R_RVJDB",
     "both subtrees are visible at once: judge each pair of leaves", Confidence::kLow},
    {RowId::kPointerLevel, "level of a pointer (start level, SKL)", table_detail::kAlways,
     TlbiOwed::kWholeRegime, TlbiWhen::kInSequence, "R_WHZWS (3), I_PJZBK",
     "the size of the table changes", Confidence::kLow},
    {RowId::kHierarchical, "hierarchical APTable, XNTable, PXNTable, NSTable", table_detail::kNever,
     TlbiOwed::kAllLevels, TlbiWhen::kBeforeReliance, "none known",
     "acts as a permission of everything below; walk caches hold it", Confidence::kLow},
    {RowId::kTtbr, "TTBR to a new root, same ASID", table_detail::kAlways, TlbiOwed::kWholeRegime,
     TlbiWhen::kInSequence, "Linux proc.S idmap_cpu_replace_ttbr1",
     "old and new translations would coexist; go through a reserved root", Confidence::kMedium},
    {RowId::kCommonNotPrivate, "TTBR with CnP while CPUs disagree", table_detail::kElsewhere,
     TlbiOwed::kWholeRegime, TlbiWhen::kInSequence, "R_QLGWZ",
     "CPUs that share entries must point at the same tables", Confidence::kMedium},
    {RowId::kTranslationControl, "TCR fields or MAIR", table_detail::kNotAChange,
     TlbiOwed::kWholeRegime, TlbiWhen::kInSequence, "none known",
     "TLBs may hold these registers; a MAIR change is a type change of all its users",
     Confidence::kMedium},
    {RowId::kSoftwareBits, "software and ignored bits", table_detail::kNever, TlbiOwed::kNone,
     TlbiWhen::kNever, "Linux __pte_flags_need_flush", "the walk does not use these bits",
     Confidence::kSingleSource},
    {RowId::kOtherAttributes, "PBHA, GP, hints, permission-overlay bits", table_detail::kNever,
     TlbiOwed::kLastLevel, TlbiWhen::kBeforeReliance, "none known",
     "taken as permission-like; no source confirms it", Confidence::kLow},
}};

namespace table_detail {
inline constexpr Row kSameRow{RowId::kNone,
                              "no change",
                              kNever,
                              TlbiOwed::kNone,
                              TlbiWhen::kNever,
                              "",
                              "the entries do not compete",
                              Confidence::kHigh};
}  // namespace table_detail

// The row with this number; a row that asks nothing for kNone.
constexpr const Row& row(RowId id) {
  if (id == RowId::kNone) return table_detail::kSameRow;
  return kChangeTable[static_cast<std::size_t>(id) - 1];
}

}  // namespace amalgam::arch
