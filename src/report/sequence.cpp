#include "report/sequence.hpp"

#include <fmt/format.h>

#include "amalgam/arch/tlbi_mnemonic.hpp"

namespace amalgam::report {

namespace {

using arch::Change;
using arch::ChangeContext;
using arch::Descriptor;
using arch::Entry;
using arch::TlbiKind;
using arch::TlbiOwed;

using Steps = std::vector<SequenceStep>;

// EL2 has no ASID and its TLBIs no form for all of them. Which ASIDs walk through a table is not
// in its descriptor, so that all are meant.
bool all_asids(const Entry& old_entry, const ChangeContext& context) {
  const arch::Geometry& g = context.geometry;
  if (g.regime != arch::Regime::kEl10) return false;
  return arch::is_table(g, old_entry.descriptor, old_entry.level) ||
         arch::is_global(g, old_entry.descriptor);
}

TlbiKind by_address(const Entry& old_entry, const ChangeContext& context, TlbiOwed owed) {
  if (context.geometry.stage == arch::Stage::kStage2) return TlbiKind::kIpa;
  const bool el1 = context.geometry.regime == arch::Regime::kEl10;
  const bool all = all_asids(old_entry, context) || (el1 && owed == TlbiOwed::kAllAsids);
  return all ? TlbiKind::kVaAllAsids : TlbiKind::kVa;
}

TlbiKind kind_for(const Entry& old_entry, const ChangeContext& context, TlbiOwed owed) {
  switch (owed) {
    case TlbiOwed::kWholeAsid:
      return TlbiKind::kAsid;
    case TlbiOwed::kWholeVmid:
      return TlbiKind::kVmallS12;
    case TlbiOwed::kWholeRegime:
      return TlbiKind::kAll;
    case TlbiOwed::kNone:
    case TlbiOwed::kLastLevel:
    case TlbiOwed::kAllLevels:
    case TlbiOwed::kWholeGroup:
    case TlbiOwed::kAllAsids:
      break;
  }
  return by_address(old_entry, context, owed);
}

unsigned group_size(const Entry& entry, const ChangeContext& context) {
  return arch::contiguous_entries(context.geometry, entry.level);
}

std::string tlbi_text(const Entry& old_entry, const ChangeContext& context, const Change& change) {
  std::string text = "tlbi " + owed_mnemonic(old_entry, context, change);
  const bool stage2 = context.geometry.stage == arch::Stage::kStage2;
  if (change.tlbi_whole_group) {
    return text + fmt::format(", every {} of the group of {}", stage2 ? "IPA" : "address",
                              group_size(old_entry, context));
  }
  return text + (stage2 ? ", the IPA" : ", the address");
}

// Completes the removal of `old_entry` on every CPU.
void invalidate(Steps& steps, const Entry& old_entry, const ChangeContext& context,
                const Change& change) {
  steps.push_back({"dsb ishst", {}});
  steps.push_back({tlbi_text(old_entry, context, change), {}});
  steps.push_back({"dsb ish", {}});
  if (change.stage1_tlbi_too) {
    steps.push_back({"tlbi vmalle1is: combined entries hold stage 2 too", {}});
    steps.push_back({"dsb ish", {}});
  }
}

SequenceStep store(Descriptor value, std::string_view remark) {
  return {fmt::format("store 0x{:016x}{}{}", value.raw, remark.empty() ? "" : ": ", remark), value};
}

void publish(Steps& steps) { steps.push_back({"dsb ishst; isb", {}}); }

Steps break_before_make(const Entry& old_entry, const Entry& new_entry,
                        const ChangeContext& context, const Change& change) {
  Steps steps;
  const std::string_view scope = change.tlbi_whole_group ? " to every member of the group" : "";
  const std::string_view how = change.atomic_update_needed
                                   ? ", by an atomic swap: hardware may have updated the old value"
                                   : "";
  steps.push_back({fmt::format("store 0 (invalid){}{}", scope, how), Descriptor{}});
  invalidate(steps, old_entry, context, change);
  if (change.cache_maintenance_needed) {
    steps.push_back(
        {"clean and invalidate the data cache by address: the memory will not be cached", {}});
  }
  steps.push_back(store(new_entry.descriptor,
                        change.tlbi_whole_group ? "and its like to every other member" : ""));
  publish(steps);
  return steps;
}

Descriptor read_only(const ChangeContext& context, Descriptor d) {
  d.raw &= ~arch::bits::kDbm;
  if (context.geometry.stage == arch::Stage::kStage2) return {d.raw & ~arch::bits::kS2apWrite};
  return {d.raw | arch::bits::kAp2ReadOnly};
}

bool writable(const ChangeContext& context, const Entry& e) {
  return arch::is_writable(context.geometry, e.descriptor, e.level, context.any_hardware_dirty);
}

// The output address is all that stands in the way: everything else may change in place.
bool moves_only(const Entry& old_entry, const Entry& new_entry, const Change& change) {
  static constexpr arch::DiffMask kInPlace =
      arch::Difference::kOutputAddress | arch::Difference::kPermissionWidened |
      arch::Difference::kPermissionNarrowed | arch::Difference::kDirty |
      arch::Difference::kSoftware | arch::Difference::kAccessFlag;
  return old_entry.level == new_entry.level && !change.tlbi_whole_group &&
         change.differs.has(arch::Difference::kOutputAddress) &&
         (change.differs - kInPlace).empty();
}

Steps move_while_read_only(const Entry& old_entry, const Entry& new_entry,
                           const ChangeContext& context, const Change& change) {
  Steps steps;
  const Entry frozen{read_only(context, old_entry.descriptor), old_entry.level};
  const Entry moved{read_only(context, new_entry.descriptor), new_entry.level};
  if (writable(context, old_entry)) {
    steps.push_back(store(frozen.descriptor, "the old address, read-only"));
    invalidate(steps, old_entry, context, change);
  }
  if (context.contents != arch::Contents::kSame) {
    steps.push_back({"make the contents of the new page equal; nobody may write either page", {}});
    steps.push_back({"dsb ishst", {}});
  }
  steps.push_back(store(moved.descriptor, "the new address, read-only"));
  invalidate(steps, old_entry, context, change);
  if (!(moved == new_entry)) {
    steps.push_back(store(new_entry.descriptor, "the permission that is wanted"));
    publish(steps);
  }
  return steps;
}

Steps nt_protocol(const Entry& old_entry, const Entry& new_entry, const ChangeContext& context,
                  const Change& change) {
  if (old_entry.level != new_entry.level) return {};
  Steps steps;
  const bool split = arch::is_leaf(context.geometry, old_entry.descriptor, old_entry.level);
  const Descriptor block = split ? old_entry.descriptor : new_entry.descriptor;
  const Descriptor marked{block.raw | arch::bits::kNt};
  steps.push_back(store(marked, "the block with nT; an access may now fault"));
  invalidate(steps, old_entry, context, change);
  steps.push_back(split ? store(new_entry.descriptor, "the table")
                        : store({block.raw & ~arch::bits::kNt}, "the block without nT"));
  invalidate(steps, old_entry, context, change);
  return steps;
}

}  // namespace

std::string owed_mnemonic(const Entry& old_entry, const ChangeContext& context,
                          const Change& change) {
  if (change.tlbi == TlbiOwed::kNone) return {};
  arch::TlbiMnemonic mnemonic;
  mnemonic.kind = kind_for(old_entry, context, change.tlbi);
  const bool el1 = context.geometry.regime == arch::Regime::kEl10;
  mnemonic.regime = el1 ? arch::Regime::kEl10 : arch::Regime::kEl2;
  mnemonic.last_level = change.tlbi == TlbiOwed::kLastLevel || change.tlbi == TlbiOwed::kWholeGroup;
  mnemonic.shareability = arch::Shareability::kInner;
  return std::string(arch::mnemonic_text(mnemonic).view());
}

Steps legal_sequence(const Entry& old_entry, const Entry& new_entry, const ChangeContext& context,
                     const Change& change) {
  if (change.break_required) return break_before_make(old_entry, new_entry, context, change);
  Steps steps;
  const std::string_view how =
      change.atomic_update_needed ? "by compare-exchange: hardware may update the old value" : "";
  steps.push_back(store(new_entry.descriptor, how));
  if (change.tlbi_whole_group)
    steps.push_back({"the same for every other member of the group", {}});
  if (change.tlbi == TlbiOwed::kNone) {
    publish(steps);
  } else {
    invalidate(steps, old_entry, context, change);
  }
  return steps;
}

Steps way_without_break(const Entry& old_entry, const Entry& new_entry,
                        const ChangeContext& context, const Change& change) {
  if (!change.break_required) return {};
  if (change.in_place_with_nt) return nt_protocol(old_entry, new_entry, context, change);
  if (!moves_only(old_entry, new_entry, change)) return {};
  return move_while_read_only(old_entry, new_entry, context, change);
}

}  // namespace amalgam::report
