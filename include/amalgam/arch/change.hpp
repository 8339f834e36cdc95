#pragma once

#include "amalgam/arch/change_rules.hpp"
#include "amalgam/arch/change_types.hpp"  // IWYU pragma: export

namespace amalgam::arch {

// What Arm requires for replacing `old_entry` by `new_entry`, both seen as entries that a TLB may
// hold for the same input address.
//
// The entries may stand at different levels: then they are two overlapping copies of different
// size, compared at `context.va`. A table above a leaf, or tables at different levels, are steps of
// one walk and do not compete (RowId::kNone). Bits that mean nothing in the context (DBM without
// hardware dirty management, an AttrIndx that selects equal attributes) count as software bits.
// If several rows apply, the strongest gives `row`, and the TLBI fields serve all of them.
// Cost: constant, no tables walked. Source: the change table and R_WHZWS.
constexpr Change classify(const Entry& old_entry, const Entry& new_entry,
                          const ChangeContext& context) {
  change_detail::Asker asker(context.assumptions);
  Change change = change_detail::judge(old_entry, new_entry, context, asker);
  if (!context.tables_live) return change_detail::without_obligations(change);
  change.depends_on =
      change_detail::decisive_assumption(change, old_entry, new_entry, context, asker);
  change.stage1_tlbi_too =
      context.geometry.stage == Stage::kStage2 && change.tlbi != TlbiOwed::kNone;
  return change;
}

// Replacing the last cacheable value of an entry by `new_entry` with only uncacheable values
// between. Without a completed covering TLBI between the two (`invalidated`), row 3 says that it is
// the direct change.
constexpr Change classify_history(const Entry& last_cacheable, const Entry& new_entry,
                                  bool invalidated, const ChangeContext& context) {
  const Entry invalid{{0}, new_entry.level};
  if (invalidated) return classify(invalid, new_entry, context);
  Change change = classify(last_cacheable, new_entry, context);
  if (change.break_required) {
    change.row = RowId::kBreakWithoutInvalidation;
    change.label = row(change.row).label;
  }
  return change;
}

// Whether a TLB may hold the entry: it does not fault, and its access flag is set or hardware may
// set it.
constexpr bool is_cacheable(const Entry& entry, const ChangeContext& context) {
  change_detail::Asker asker(context.assumptions);
  return change_detail::cacheable(context, entry, asker);
}

// Rows 28, 29, 32 and 34 to 36: changes of registers and tags.
constexpr Change classify_register(const RegisterChange& change) {
  Change answer;
  change_detail::use_row(answer, change_detail::register_row(change.kind));
  if (!change_detail::register_conflicts(change)) return answer;
  answer.break_required = change_detail::register_breaks(answer.row);
  answer.hazard = Hazard::kMixtureOrAbort;
  change_detail::owe(answer, row(answer.row).tlbi, row(answer.row).when);
  return answer;
}

}  // namespace amalgam::arch
