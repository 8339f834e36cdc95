#pragma once

// A second, slow statement of when break-before-make is required, to hold classify against. It
// works on decoded fields and on clauses in the words of the rules, and shares no decision with the
// code under test. It knows leaves alone, at the default values of the assumptions.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "amalgam/arch/change.hpp"

namespace amalgam::arch::oracle {

struct Leaf {
  Fields fields;
  int level = 3;
};

struct Pair {
  Leaf before;
  Leaf after;
  const ChangeContext& c;
};

// What a memory-attribute encoding stands for: two letters type, then inner and outer cacheability.
inline std::string_view meaning_of_linux_index(unsigned index) {
  constexpr std::array<std::string_view, 8> kMeanings{"no/B/B", "tg/B/B", "no/N/N", "d0/-/-",
                                                      "d1/-/-", "d0/-/-", "d0/-/-", "d0/-/-"};
  return kMeanings[index];
}

inline std::string_view meaning_of_mem_attr(unsigned attr) {
  constexpr std::array<std::string_view, 16> kMeanings{
      "d0/-/-", "d1/-/-", "d2/-/-", "d3/-/-", "no/N/N", "no/N/N", "no/T/N", "no/B/N",
      "no/N/T", "no/N/T", "no/T/T", "no/B/T", "no/N/B", "no/N/B", "no/T/B", "no/B/B"};
  return kMeanings[attr];
}

inline bool is_stage2(const ChangeContext& c) { return c.geometry.stage == Stage::kStage2; }

inline std::string_view memory(const ChangeContext& c, const Leaf& leaf) {
  return is_stage2(c) ? meaning_of_mem_attr(leaf.fields.mem_attr)
                      : meaning_of_linux_index(leaf.fields.attr_indx);
}

inline bool may_write(const ChangeContext& c, const Leaf& leaf) {
  const bool permitted =
      is_stage2(c) ? (leaf.fields.s2ap & 2) != 0 : leaf.fields.ap2_read_only == 0;
  return permitted || (leaf.fields.dbm != 0 && c.any_hardware_dirty);
}

inline bool may_execute(const ChangeContext& c, const Leaf& leaf, int el) {
  if (!is_stage2(c)) {
    const bool el2 = c.geometry.regime == Regime::kEl2;
    return (el == 0 || el2) ? leaf.fields.uxn == 0 : leaf.fields.pxn == 0;
  }
  if (!c.features.xnx) return leaf.fields.s2_xn < 2;
  return leaf.fields.s2_xn == 0 || leaf.fields.s2_xn == (el == 0 ? 1 : 3);
}

// One access by one Exception level: 'r', 'w' or 'x'.
inline bool may(const ChangeContext& c, const Leaf& leaf, int el, char access) {
  const bool el2 = c.geometry.regime == Regime::kEl2;
  if (el == 0 && el2) return false;
  if (access == 'x') return may_execute(c, leaf, el);
  const bool user_denied = el == 0 && !is_stage2(c) && leaf.fields.ap1_user == 0;
  if (user_denied) return false;
  if (access == 'w') return may_write(c, leaf);
  return !is_stage2(c) || (leaf.fields.s2ap & 1) != 0;
}

inline bool some_access(const Pair& p, bool before, bool after) {
  for (const int el : {0, 1}) {
    for (const char access : {'r', 'w', 'x'}) {
      if (may(p.c, p.before, el, access) == before && may(p.c, p.after, el, access) == after) {
        return true;
      }
    }
  }
  return false;
}

inline bool widened(const Pair& p) { return some_access(p, false, true); }
inline bool narrowed(const Pair& p) { return some_access(p, true, false); }

inline unsigned bytes_lg2(const Pair& p, const Leaf& leaf) {
  return level_size_lg2(p.c.geometry, leaf.level);
}

// Where the byte `p.c.va` goes.
inline std::uint64_t translate(const Pair& p, const Leaf& leaf) {
  const std::uint64_t size = std::uint64_t{1} << bytes_lg2(p, leaf);
  return leaf.fields.address + p.c.va % size;
}

inline bool moved(const Pair& p) { return translate(p, p.before) != translate(p, p.after); }
inline bool resized(const Pair& p) { return p.before.level != p.after.level; }
inline bool both_grouped(const Pair& p) {
  return !resized(p) && p.before.fields.contiguous != 0 && p.after.fields.contiguous != 0;
}
inline bool refolded(const Pair& p) {
  return !resized(p) && p.before.fields.contiguous != p.after.fields.contiguous;
}
inline bool global(const Pair& p, const Leaf& leaf) {
  return is_stage2(p.c) || p.c.geometry.regime == Regime::kEl2 || leaf.fields.not_global == 0;
}

// R_WHZWS, clause by clause.
inline bool clause1_type(const Pair& p) {
  const auto a = memory(p.c, p.before);
  const auto b = memory(p.c, p.after);
  const bool tagging = a != b && a.substr(2) == b.substr(2) && a.front() != 'd' && b.front() != 'd';
  return a.substr(0, 2) != b.substr(0, 2) && !tagging;
}
// Device memory has no cacheability to change.
inline bool clause1_cacheability(const Pair& p) {
  const auto a = memory(p.c, p.before);
  const auto b = memory(p.c, p.after);
  return a.front() != 'd' && b.front() != 'd' && a.substr(2) != b.substr(2);
}
inline bool clause1_shareability(const Pair& p) {
  return p.before.fields.shareability != p.after.fields.shareability;
}
inline bool clause2_address(const Pair& p) {
  const bool writable = may_write(p.c, p.before) || may_write(p.c, p.after);
  return moved(p) && (writable || p.c.contents != Contents::kSame);
}
inline bool clause4_global(const Pair& p) { return !global(p, p.before) && global(p, p.after); }

inline bool tagged(const Pair& p) {
  return memory(p.c, p.before) != memory(p.c, p.after) && !clause1_type(p) &&
         !clause1_cacheability(p);
}
inline bool made_non_global(const Pair& p) { return global(p, p.before) && !global(p, p.after); }
inline bool unrelaxed_company(const Pair& p) {
  return moved(p) || clause1_type(p) || clause1_cacheability(p) || clause1_shareability(p) ||
         clause4_global(p) || made_non_global(p);
}
inline bool size_like(const Pair& p) { return resized(p) || refolded(p); }
inline bool dirty(const Pair& p, const Leaf& leaf) {
  return is_stage2(p.c) ? (leaf.fields.s2ap & 2) != 0 : leaf.fields.ap2_read_only == 0;
}
inline bool dirty_changed(const Pair& p, bool to) {
  const bool owned = p.c.any_hardware_dirty && p.before.fields.dbm != 0 && p.after.fields.dbm != 0;
  return owned && dirty(p, p.before) != to && dirty(p, p.after) == to;
}

// One row as a predicate with its obligations.
struct Clause {
  RowId row;
  bool (*holds)(const Pair&);
  bool (*breaks)(const Pair&, unsigned level);
  Hazard (*hazard)(const Pair&, unsigned level);
  TlbiWhen when;
};

inline bool always(const Pair&, unsigned) { return true; }
inline bool never(const Pair&, unsigned) { return false; }
inline Hazard mixture(const Pair&, unsigned) { return Hazard::kMixtureOrAbort; }
inline Hazard either(const Pair&, unsigned) { return Hazard::kWholeEntry; }
inline Hazard indistinct(const Pair&, unsigned) { return Hazard::kNone; }
inline Hazard by_level(const Pair&, unsigned level) {
  constexpr std::array<Hazard, 4> kByLevel{Hazard::kMixtureOrAbort, Hazard::kWholeEntryOrAbort,
                                           Hazard::kWholeEntryOrAbort, Hazard::kWholeEntry};
  return kByLevel[level];
}
inline Hazard by_level_open(const Pair& p, unsigned level) {
  return level < 2 ? Hazard::kMixtureOrAbort : by_level(p, level);
}
inline bool below_one(const Pair&, unsigned level) { return level < 1; }
inline bool below_two(const Pair&, unsigned level) { return level < 2; }
inline bool size_breaks(const Pair& p, unsigned level) {
  const Leaf& block = p.before.level < p.after.level ? p.before : p.after;
  return level == 0 || (level == 1 && block.fields.nt == 0);
}

inline bool row17(const Pair& p) { return p.before.level < p.after.level; }
inline bool row18(const Pair& p) { return p.before.level > p.after.level; }
inline bool row19(const Pair& p) { return size_like(p) && unrelaxed_company(p); }
inline bool row20(const Pair& p) {
  return size_like(p) && !unrelaxed_company(p) && (widened(p) || narrowed(p));
}
inline bool row21(const Pair& p) { return refolded(p) && p.after.fields.contiguous != 0; }
inline bool row22(const Pair& p) { return refolded(p) && p.after.fields.contiguous == 0; }
inline bool row24(const Pair& p) {
  return moved(p) && both_grouped(p) && p.c.group == GroupScope::kSingleMember;
}
inline bool row25(const Pair& p) { return clause2_address(p) && both_grouped(p); }
inline bool row10(const Pair& p) {
  return moved(p) && (may_write(p.c, p.before) || may_write(p.c, p.after));
}
inline bool row13(const Pair& p) {
  return moved(p) && may_write(p.c, p.before) != may_write(p.c, p.after);
}
inline bool row15(const Pair& p) { return clause1_cacheability(p) || clause1_shareability(p); }
inline bool row23(const Pair& p) { return both_grouped(p) && (widened(p) || narrowed(p)); }
inline bool row9(const Pair& p) { return dirty_changed(p, false); }
inline bool row8(const Pair& p) { return dirty_changed(p, true); }
inline bool row6(const Pair& p) {
  return p.before.fields.access_flag == 0 && p.after.fields.access_flag != 0;
}
inline bool row7(const Pair& p) {
  return p.before.fields.access_flag != 0 && p.after.fields.access_flag == 0;
}
inline bool row38(const Pair& p) {
  return p.before.fields.pbha != p.after.fields.pbha ||
         p.before.fields.guarded != p.after.fields.guarded ||
         p.before.fields.fnxs != p.after.fields.fnxs;
}
inline bool row37(const Pair& p) { return !(p.before.fields == p.after.fields); }

// Strongest first, as the answer must name the strongest.
inline const std::vector<Clause>& clauses() {
  static const std::vector<Clause> kClauses{
      {RowId::kSizeAndMore, row19, always, mixture, TlbiWhen::kInSequence},
      {RowId::kSizeAndPermission, row20, below_two, by_level_open, TlbiWhen::kEventually},
      {RowId::kBlockToTable, row17, size_breaks, by_level, TlbiWhen::kEventually},
      {RowId::kTableToBlock, row18, size_breaks, by_level, TlbiWhen::kBeforeReuse},
      {RowId::kContiguousSet, row21, below_one, by_level, TlbiWhen::kEventually},
      {RowId::kContiguousCleared, row22, below_one, by_level, TlbiWhen::kEventually},
      {RowId::kGroupMemberAlone, row24, always, either, TlbiWhen::kInSequence},
      {RowId::kGroupMoves, row25, always, mixture, TlbiWhen::kInSequence},
      {RowId::kAddressAndPermission, row13, always, mixture, TlbiWhen::kInSequence},
      {RowId::kAddressWritable, row10, always, mixture, TlbiWhen::kInSequence},
      {RowId::kAddressContentsDiffer, clause2_address, always, mixture, TlbiWhen::kInSequence},
      {RowId::kMemoryType, clause1_type, always, mixture, TlbiWhen::kInSequence},
      {RowId::kCacheabilityOrShareability, row15, always, mixture, TlbiWhen::kInSequence},
      {RowId::kMadeGlobal, clause4_global, always, mixture, TlbiWhen::kInSequence},
      {RowId::kAddressContentsEqual, moved, never, either, TlbiWhen::kBeforeReuse},
      {RowId::kMadeNonGlobal, made_non_global, never, either, TlbiWhen::kBeforeReliance},
      {RowId::kTagged, tagged, never, either, TlbiWhen::kBeforeReliance},
      {RowId::kPermissionInGroup, row23, never, either, TlbiWhen::kForEffect},
      {RowId::kPermissionNarrowed, narrowed, never, either, TlbiWhen::kBeforeReliance},
      {RowId::kDirtyCleared, row9, never, either, TlbiWhen::kBeforeReliance},
      {RowId::kPermissionWidened, widened, never, either, TlbiWhen::kForEffect},
      {RowId::kOtherAttributes, row38, never, either, TlbiWhen::kBeforeReliance},
      {RowId::kAccessFlagSet, row6, never, either, TlbiWhen::kNever},
      {RowId::kAccessFlagCleared, row7, never, either, TlbiWhen::kForEffect},
      {RowId::kDirtySetByHardware, row8, never, either, TlbiWhen::kNever},
      {RowId::kSoftwareBits, row37, never, indistinct, TlbiWhen::kNever},
  };
  return kClauses;
}

struct Answer {
  RowId row = RowId::kNone;
  bool break_required = false;
  Hazard hazard = Hazard::kNone;
  TlbiWhen when = TlbiWhen::kNever;
  TlbiOwed tlbi = TlbiOwed::kNone;
};

inline TlbiOwed owed(const Pair& p) {
  if (global(p, p.before) != global(p, p.after)) return TlbiOwed::kAllAsids;
  if (row18(p)) return TlbiOwed::kAllLevels;
  const bool grouped = p.before.fields.contiguous != 0 || p.after.fields.contiguous != 0;
  return grouped ? TlbiOwed::kWholeGroup : TlbiOwed::kLastLevel;
}

inline bool is_cached(const ChangeContext& c, const Leaf& leaf) {
  if (leaf.fields.kind != Kind::kBlock && leaf.fields.kind != Kind::kPage) return false;
  return leaf.fields.access_flag != 0 || c.any_hardware_af;
}

inline Answer coexisting(const Pair& p, unsigned level) {
  Answer answer;
  for (const Clause& clause : clauses()) {
    if (!clause.holds(p)) continue;
    if (answer.row == RowId::kNone) answer.row = clause.row;
    answer.break_required = answer.break_required || clause.breaks(p, level);
    answer.hazard = std::max(answer.hazard, clause.hazard(p, level));
    answer.when = std::max(answer.when, clause.when);
  }
  if (answer.break_required) answer.when = TlbiWhen::kInSequence;
  if (answer.when != TlbiWhen::kNever) answer.tlbi = owed(p);
  return answer;
}

// One side is not cached: nothing to break, and what is owed concerns the old value alone.
inline Answer passing_through_uncached(const Pair& p, unsigned level) {
  const bool old_valid = p.before.fields.valid();
  const bool new_valid = p.after.fields.valid();
  if (!is_cached(p.c, p.before)) {
    if (!old_valid && new_valid) return {.row = RowId::kInvalidToValid};
    if (old_valid && !new_valid) return {.row = RowId::kValidToInvalid};
    return {.row = is_cached(p.c, p.after) ? RowId::kAccessFlagSet : RowId::kNone};
  }
  const bool grouped = p.before.fields.contiguous != 0;
  Answer answer{.row = RowId::kValidToInvalid,
                .when = TlbiWhen::kBeforeReuse,
                .tlbi = grouped ? TlbiOwed::kWholeGroup : TlbiOwed::kLastLevel};
  Fields aged = p.before.fields;
  aged.access_flag = 0;
  if (aged == p.after.fields) {
    answer.row = RowId::kAccessFlagCleared;
    answer.when = TlbiWhen::kForEffect;
  } else if (grouped && p.c.group == GroupScope::kSingleMember) {
    answer.row = RowId::kGroupMemberAlone;
    answer.break_required = level == 0;
    answer.hazard = by_level(p, level);
    if (level == 0) answer.when = TlbiWhen::kInSequence;
  }
  return answer;
}

inline Answer judge(const Pair& p) {
  if (p.before.level == p.after.level && p.before.fields == p.after.fields) return {};
  const unsigned level = p.c.features.bbm;
  if (is_cached(p.c, p.before) && is_cached(p.c, p.after)) return coexisting(p, level);
  return passing_through_uncached(p, level);
}

}  // namespace amalgam::arch::oracle
