#pragma once

// The decisions behind change.hpp, in order: is either entry uncacheable, is a table involved, and
// which rows of the table do the differences of two leaves fall under. Part of change.hpp.

#include <algorithm>
#include <cstdint>

#include "amalgam/arch/change_compare.hpp"
#include "amalgam/arch/change_types.hpp"

namespace amalgam::arch::change_detail {

inline constexpr DiffMask kUnrelaxed =
    Difference::kMemoryType | Difference::kShareability | Difference::kCacheability;
inline constexpr DiffMask kPermission =
    Difference::kPermissionWidened | Difference::kPermissionNarrowed;
inline constexpr DiffMask kSizeLike = Difference::kSize | Difference::kContiguous;

constexpr bool faults(const ChangeContext& c, const Entry& e) {
  return !is_valid(c.geometry, e.descriptor, e.level) ||
         has_address_size_fault(c.geometry, e.descriptor, e.level);
}

constexpr bool cacheable(const ChangeContext& c, const Entry& e, Asker& asker) {
  if (faults(c, e)) return false;
  if (is_table(c.geometry, e.descriptor, e.level) || has_access_flag(e.descriptor)) return true;
  return c.any_hardware_af && !asker.ask(Assumption::kAfClearIsBreakWithHardwareAf);
}

constexpr void use_row(Change& change, RowId id) {
  change.row = id;
  change.label = row(id).label;
  change.confidence = row(id).confidence;
}

constexpr void owe(Change& change, TlbiOwed tlbi, TlbiWhen when) {
  change.tlbi = tlbi;
  change.when = when;
  change.tlbi_may_wait = when < TlbiWhen::kBeforeReliance;
}

// Hazard of mis-programming that levels 1 and above bound to whole entries.
constexpr Hazard relaxed_hazard(unsigned bbm) {
  if (bbm == 0) return Hazard::kMixtureOrAbort;
  return bbm < 3 ? Hazard::kWholeEntryOrAbort : Hazard::kWholeEntry;
}

constexpr TlbiOwed removal_of(const ChangeContext& c, const Entry& e) {
  if (is_table(c.geometry, e.descriptor, e.level)) return TlbiOwed::kAllLevels;
  return is_contiguous(c.geometry, e.descriptor, e.level) ? TlbiOwed::kWholeGroup
                                                          : TlbiOwed::kLastLevel;
}

// An invalid hole in a group whose other members stay: the bit is mis-programmed.
constexpr void hole_in_group(Change& change, const ChangeContext& c) {
  const unsigned bbm = effective_bbm(c.features);
  use_row(change, RowId::kGroupMemberAlone);
  change.break_required = bbm == 0;
  change.hazard = relaxed_hazard(bbm);
  owe(change, TlbiOwed::kWholeGroup,
      change.break_required ? TlbiWhen::kInSequence : TlbiWhen::kBeforeReuse);
}

// The old entry may be cached, the new one not.
constexpr Change unmapping(const Entry& old_e, const Entry& new_e, const ChangeContext& c) {
  Change change;
  const bool ages_only = (old_e.descriptor.raw ^ new_e.descriptor.raw) == bits::kAccessFlag &&
                         old_e.level == new_e.level;
  change.atomic_update_needed = (c.any_hardware_af || c.any_hardware_dirty) &&
                                is_leaf(c.geometry, old_e.descriptor, old_e.level);
  if (ages_only) {
    use_row(change, RowId::kAccessFlagCleared);
    change.differs = only(Difference::kAccessFlag);
    owe(change, removal_of(c, old_e), TlbiWhen::kForEffect);
    return change;
  }
  use_row(change, RowId::kValidToInvalid);
  owe(change, removal_of(c, old_e), TlbiWhen::kBeforeReuse);
  const bool grouped = is_contiguous(c.geometry, old_e.descriptor, old_e.level);
  if (grouped && c.group == GroupScope::kSingleMember) hole_in_group(change, c);
  return change;
}

// The old entry cannot be cached.
constexpr Change mapping(const Entry& old_e, const Entry& new_e, const ChangeContext& c,
                         bool new_cacheable) {
  Change change;
  const bool old_faults = faults(c, old_e);
  if (old_faults && !faults(c, new_e)) use_row(change, RowId::kInvalidToValid);
  if (!old_faults && new_cacheable) use_row(change, RowId::kAccessFlagSet);
  if (!old_faults && faults(c, new_e)) use_row(change, RowId::kValidToInvalid);
  return change;
}

constexpr Change table_to_table(const Entry& old_e, const Entry& new_e, const ChangeContext& c,
                                Asker& asker) {
  Change change;
  change.differs = table_differences(c, old_e, new_e);
  if (change.differs.has(Difference::kTablePointer)) {
    const bool copy = c.contents == Contents::kSame;
    use_row(change, copy ? RowId::kTableCopy : RowId::kTableDifferent);
    change.break_required = !copy || asker.ask(Assumption::kTableCopyNeedsBreak);
    change.judge_leaf_pairs = !copy;
    change.atomic_update_needed = c.any_hardware_af || c.any_hardware_dirty;
    owe(change, TlbiOwed::kAllLevels,
        change.break_required ? TlbiWhen::kInSequence : TlbiWhen::kBeforeReuse);
  } else if (change.differs.has(Difference::kHierarchical)) {
    use_row(change, RowId::kHierarchical);
    change.break_required = !asker.ask(Assumption::kHierarchicalIsPermissionLike);
    owe(change, TlbiOwed::kAllLevels,
        change.break_required ? TlbiWhen::kInSequence : TlbiWhen::kBeforeReliance);
  } else if (!change.differs.empty()) {
    use_row(change, RowId::kSoftwareBits);
    return change;
  }
  if (change.differs.empty()) return change;
  change.hazard = change.break_required ? Hazard::kMixtureOrAbort : Hazard::kWholeEntry;
  return change;
}

// The facts about a pair of leaves, or of a block and a table, that the rows are chosen by.
struct Facts {
  DiffMask differs;
  bool size_like = false;       // size or contiguous bit
  bool address_breaks = false;  // R_WHZWS (2)
  bool made_global = false;
  bool unrelaxed = false;     // something that no level relaxes
  bool grouped = false;       // contiguous bit set on both sides of one size
  bool leaves_group = false;  // moved alone, while its neighbours stay
  bool splits = false;        // towards smaller entries
  bool nt_protocol = false;
  bool writable = false;  // either side
};

constexpr bool either_writable(const ChangeContext& c, const Entry& a, const Entry& b) {
  const Geometry& g = c.geometry;
  return is_writable(g, a.descriptor, a.level, c.any_hardware_dirty) ||
         is_writable(g, b.descriptor, b.level, c.any_hardware_dirty);
}

// R_WHZWS (1) read with the assumptions about what a memory type is.
constexpr bool type_breaks(DiffMask differs, Asker& asker) {
  if (differs.any(kUnrelaxed)) return true;
  if (differs.has(Difference::kTagged) && !asker.ask(Assumption::kTaggedIsPermissionLike)) {
    return true;
  }
  if (differs.has(Difference::kHints) && !asker.ask(Assumption::kHintsAreNotCacheability)) {
    return true;
  }
  return differs.has(Difference::kOther) && !asker.ask(Assumption::kOtherIsPermissionLike);
}

constexpr Facts leaf_facts(const Entry& old_e, const Entry& new_e, const ChangeContext& c,
                           Asker& asker) {
  Facts facts;
  const Geometry& g = c.geometry;
  facts.differs = leaf_differences(c, old_e, new_e);
  facts.writable = either_writable(c, old_e, new_e);
  const bool moved = facts.differs.has(Difference::kOutputAddress);
  facts.size_like = facts.differs.any(kSizeLike);
  facts.address_breaks = moved && (facts.writable || c.contents != Contents::kSame);
  facts.made_global = facts.differs.has(Difference::kGlobal) && is_global(g, new_e.descriptor);
  const bool made_non_global = facts.differs.has(Difference::kGlobal) && !facts.made_global;
  facts.unrelaxed = type_breaks(facts.differs, asker) || facts.address_breaks ||
                    facts.made_global || (facts.size_like && moved);
  if (made_non_global && (facts.size_like || !asker.ask(Assumption::kGlobalToNonGlobalInPlace))) {
    facts.unrelaxed = true;
  }
  facts.grouped = old_e.level == new_e.level && is_contiguous(g, old_e.descriptor, old_e.level) &&
                  is_contiguous(g, new_e.descriptor, new_e.level);
  facts.leaves_group = moved && facts.grouped && c.group == GroupScope::kSingleMember;
  facts.splits = new_e.level > old_e.level;
  facts.nt_protocol = has_nt(c, facts.splits ? old_e : new_e);
  return facts;
}

constexpr RowId size_row(const Facts& facts, const Entry& new_e, const ChangeContext& c) {
  if (facts.unrelaxed) return RowId::kSizeAndMore;
  if (facts.differs.any(kPermission)) return RowId::kSizeAndPermission;
  if (facts.differs.has(Difference::kSize)) {
    return facts.splits ? RowId::kBlockToTable : RowId::kTableToBlock;
  }
  return is_contiguous(c.geometry, new_e.descriptor, new_e.level) ? RowId::kContiguousSet
                                                                  : RowId::kContiguousCleared;
}

constexpr RowId address_row(const Facts& facts, bool write_changes) {
  if (facts.leaves_group) return RowId::kGroupMemberAlone;
  if (!facts.address_breaks) return RowId::kAddressContentsEqual;
  if (facts.grouped) return RowId::kGroupMoves;
  if (!facts.writable) return RowId::kAddressContentsDiffer;
  return write_changes ? RowId::kAddressAndPermission : RowId::kAddressWritable;
}

// Rows of changes that keep address, size, type and non-global status, strongest first.
constexpr RowId gentle_row(const Facts& facts, bool now_dirty, bool now_accessed) {
  const DiffMask d = facts.differs;
  if (d.has(Difference::kGlobal)) return RowId::kMadeNonGlobal;
  if (d.has(Difference::kTagged)) return RowId::kTagged;
  if (facts.grouped && d.any(kPermission)) return RowId::kPermissionInGroup;
  if (d.has(Difference::kPermissionNarrowed)) return RowId::kPermissionNarrowed;
  if (d.has(Difference::kDirty) && !now_dirty) return RowId::kDirtyCleared;
  if (d.has(Difference::kPermissionWidened)) return RowId::kPermissionWidened;
  if (d.any(Difference::kOther | Difference::kHints)) return RowId::kOtherAttributes;
  if (d.has(Difference::kAccessFlag)) {
    return now_accessed ? RowId::kAccessFlagSet : RowId::kAccessFlagCleared;
  }
  return d.has(Difference::kDirty) ? RowId::kDirtySetByHardware : RowId::kSoftwareBits;
}

constexpr RowId leaf_row(const Facts& facts, const Entry& old_e, const Entry& new_e,
                         const ChangeContext& c) {
  const DiffMask d = facts.differs;
  if (facts.size_like) return size_row(facts, new_e, c);
  const bool by_address = facts.address_breaks || facts.leaves_group || !facts.unrelaxed;
  if (d.has(Difference::kOutputAddress) && by_address) {
    const bool hd = c.any_hardware_dirty;
    const bool write_changes = is_writable(c.geometry, old_e.descriptor, old_e.level, hd) !=
                               is_writable(c.geometry, new_e.descriptor, new_e.level, hd);
    return address_row(facts, write_changes);
  }
  if (d.has(Difference::kMemoryType)) return RowId::kMemoryType;
  if (d.any(Difference::kCacheability | Difference::kShareability)) {
    return RowId::kCacheabilityOrShareability;
  }
  if (facts.made_global) return RowId::kMadeGlobal;
  if (d.has(Difference::kNt)) {
    return has_nt(c, new_e) ? RowId::kBlockToTable : RowId::kTableToBlock;
  }
  return gentle_row(facts, is_dirty(c.geometry, new_e.descriptor),
                    has_access_flag(new_e.descriptor));
}

constexpr bool leaf_break_required(const Facts& facts, unsigned bbm, Asker& asker) {
  if (facts.unrelaxed || facts.leaves_group) return true;
  if (!facts.size_like) return false;
  if (bbm == 0) return true;
  const bool permission = facts.differs.any(kPermission);
  if (bbm == 1) {
    if (permission) return true;
    return facts.differs.has(Difference::kSize) && !facts.nt_protocol;
  }
  return permission && !asker.ask(Assumption::kSizeAndPermissionLegalAt2);
}

constexpr Hazard leaf_hazard(const Facts& facts, unsigned bbm, bool break_required, Asker& asker) {
  if ((facts.differs - only(Difference::kSoftware)).empty()) return Hazard::kNone;
  if (facts.unrelaxed) {
    if (bbm == 0 || asker.ask(Assumption::kMixtureAtEveryLevel)) return Hazard::kMixtureOrAbort;
    return Hazard::kWholeEntryOrAbort;
  }
  if (!facts.size_like) return Hazard::kWholeEntry;
  if (break_required && facts.differs.any(kPermission)) return Hazard::kMixtureOrAbort;
  return relaxed_hazard(bbm);
}

// When the TLBI for the differences other than size must be complete.
constexpr TlbiWhen gentle_when(const Facts& facts, bool now_dirty, bool now_accessed) {
  const DiffMask d = facts.differs;
  const bool dirty_cleared = d.has(Difference::kDirty) && !now_dirty;
  if (dirty_cleared ||
      d.any(Difference::kPermissionNarrowed | Difference::kTagged | Difference::kGlobal |
            Difference::kOther | Difference::kHints | Difference::kNt)) {
    return TlbiWhen::kBeforeReliance;
  }
  if (d.has(Difference::kOutputAddress)) return TlbiWhen::kBeforeReuse;
  if (facts.size_like) {
    const bool frees_table = d.has(Difference::kSize) && !facts.splits;
    return frees_table ? TlbiWhen::kBeforeReuse : TlbiWhen::kEventually;
  }
  const bool aged = d.has(Difference::kAccessFlag) && !now_accessed;
  if (aged || d.has(Difference::kPermissionWidened)) return TlbiWhen::kForEffect;
  return TlbiWhen::kNever;
}

constexpr TlbiOwed leaf_owed(const Facts& facts, bool whole_group) {
  if (facts.differs.has(Difference::kGlobal)) return TlbiOwed::kAllAsids;
  if (facts.differs.has(Difference::kSize) && !facts.splits) return TlbiOwed::kAllLevels;
  return whole_group ? TlbiOwed::kWholeGroup : TlbiOwed::kLastLevel;
}

constexpr bool becomes_non_cacheable(const ChangeContext& c, const Entry& a, const Entry& b) {
  const MemoryAttributes before = attributes(c, a.descriptor);
  const MemoryAttributes after = attributes(c, b.descriptor);
  const auto cached = [](const MemoryAttributes& m) {
    return m.type != MemoryType::kDevice &&
           (m.inner != Cacheability::kNonCacheable || m.outer != Cacheability::kNonCacheable);
  };
  return cached(before) && !cached(after);
}

// Fills in the TLBI fields of a pair of leaves whose verdict stands.
constexpr void owe_for_leaves(Change& change, const Facts& facts, const Entry& old_e,
                              const Entry& new_e, const ChangeContext& c) {
  const TlbiWhen when = change.break_required
                            ? TlbiWhen::kInSequence
                            : gentle_when(facts, is_dirty(c.geometry, new_e.descriptor),
                                          has_access_flag(new_e.descriptor));
  if (when == TlbiWhen::kNever) return;
  change.tlbi_whole_group = is_contiguous(c.geometry, old_e.descriptor, old_e.level) ||
                            is_contiguous(c.geometry, new_e.descriptor, new_e.level);
  owe(change, leaf_owed(facts, change.tlbi_whole_group), when);
}

constexpr Change judge_facts(const Facts& facts, RowId id, const ChangeContext& c, Asker& asker) {
  const unsigned bbm = effective_bbm(c.features);
  Change change;
  change.differs = facts.differs;
  use_row(change, id);
  change.break_required = leaf_break_required(facts, bbm, asker);
  change.hazard = leaf_hazard(facts, bbm, change.break_required, asker);
  const bool size_alone =
      facts.differs.has(Difference::kSize) && !facts.unrelaxed && !facts.differs.any(kPermission);
  change.in_place_with_nt = bbm == 1 && (size_alone || facts.differs.has(Difference::kNt));
  return change;
}

constexpr Change leaf_to_leaf(const Entry& old_e, const Entry& new_e, const ChangeContext& c,
                              Asker& asker) {
  const Facts facts = leaf_facts(old_e, new_e, c, asker);
  if (facts.differs.empty()) return {};
  Change change = judge_facts(facts, leaf_row(facts, old_e, new_e, c), c, asker);
  owe_for_leaves(change, facts, old_e, new_e, c);
  change.atomic_update_needed = c.any_hardware_af || c.any_hardware_dirty;
  change.cache_maintenance_needed = becomes_non_cacheable(c, old_e, new_e);
  return change;
}

// A block replaced by a table, or the other way round, at one level or with the table further down.
constexpr Change size_change(const Entry& old_e, const Entry& new_e, const ChangeContext& c,
                             Asker& asker) {
  Facts facts;
  facts.differs = only(Difference::kSize);
  facts.size_like = true;
  facts.splits = is_leaf(c.geometry, old_e.descriptor, old_e.level);
  facts.unrelaxed = c.contents == Contents::kDifferent;
  facts.nt_protocol = has_nt(c, facts.splits ? old_e : new_e);
  Change change = judge_facts(facts, size_row(facts, new_e, c), c, asker);
  owe_for_leaves(change, facts, old_e, new_e, c);
  change.judge_leaf_pairs = c.contents != Contents::kSame;
  change.atomic_update_needed = c.any_hardware_af || c.any_hardware_dirty;
  return change;
}

// Both entries may be cached.
constexpr Change coexisting(const Entry& old_e, const Entry& new_e, const ChangeContext& c,
                            Asker& asker) {
  const bool old_table = is_table(c.geometry, old_e.descriptor, old_e.level);
  const bool new_table = is_table(c.geometry, new_e.descriptor, new_e.level);
  if (!old_table && !new_table) return leaf_to_leaf(old_e, new_e, c, asker);
  if (old_table && new_table) {
    return old_e.level == new_e.level ? table_to_table(old_e, new_e, c, asker) : Change{};
  }
  const int table_level = old_table ? old_e.level : new_e.level;
  const int leaf_level = old_table ? new_e.level : old_e.level;
  return table_level < leaf_level ? Change{} : size_change(old_e, new_e, c, asker);
}

constexpr Change judge(const Entry& old_e, const Entry& new_e, const ChangeContext& c,
                       Asker& asker) {
  if (old_e == new_e) return {};
  const bool old_cacheable = cacheable(c, old_e, asker);
  const bool new_cacheable = cacheable(c, new_e, asker);
  if (!old_cacheable) return mapping(old_e, new_e, c, new_cacheable);
  if (!new_cacheable) return unmapping(old_e, new_e, c);
  return coexisting(old_e, new_e, c, asker);
}

// The first assumption whose other value would change what the caller must do.
constexpr std::optional<Assumption> decisive_assumption(const Change& change, const Entry& old_e,
                                                        const Entry& new_e, const ChangeContext& c,
                                                        const Asker& asker) {
  for (const AssumptionInfo& entry : kAssumptions) {
    if (!asker.was_asked(entry.id)) continue;
    const Assumptions flipped = with(c.assumptions, entry.id, !holds(c.assumptions, entry.id));
    Asker other(flipped);
    const Change alternative = judge(old_e, new_e, c, other);
    if (alternative.break_required != change.break_required ||
        alternative.hazard != change.hazard) {
      return entry.id;
    }
  }
  return std::nullopt;
}

// Nobody else walks the tables: nothing can be stale and nothing is owed.
constexpr Change without_obligations(Change change) {
  change.break_required = false;
  change.hazard = Hazard::kNone;
  change.tlbi_whole_group = false;
  change.atomic_update_needed = false;
  change.depends_on.reset();
  owe(change, TlbiOwed::kNone, TlbiWhen::kNever);
  return change;
}

constexpr RowId register_row(RegisterChangeKind kind) {
  switch (kind) {
    case RegisterChangeKind::kAsidReuse:
      return RowId::kAsidReuse;
    case RegisterChangeKind::kVmidReuse:
      return RowId::kVmidReuse;
    case RegisterChangeKind::kTtbr:
      return RowId::kTtbr;
    case RegisterChangeKind::kCommonNotPrivate:
      return RowId::kCommonNotPrivate;
    case RegisterChangeKind::kTranslationControl:
    case RegisterChangeKind::kMair:
      return RowId::kTranslationControl;
    case RegisterChangeKind::kStartLevel:
      break;
  }
  return RowId::kPointerLevel;
}

// Whether stale translations would coexist with new ones that may differ.
constexpr bool register_conflicts(const RegisterChange& change) {
  switch (change.kind) {
    case RegisterChangeKind::kTtbr:
      return !change.same_translations;
    case RegisterChangeKind::kCommonNotPrivate:
      return !change.cpus_agree;
    default:
      return true;
  }
}

// Tags and control registers have no descriptor to break: there the TLBI alone does it.
constexpr bool register_breaks(RowId id) {
  return id == RowId::kTtbr || id == RowId::kCommonNotPrivate || id == RowId::kPointerLevel;
}

}  // namespace amalgam::arch::change_detail
