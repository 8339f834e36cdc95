// The instructions that make a change legally, as text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "amalgam/arch/change.hpp"

namespace amalgam::report {

struct SequenceStep {
  std::string text;
  std::optional<arch::Descriptor> store;  // what the step stores in the entry
};

// How to get from `old_entry` to `new_entry`, given what classify said of it: break-before-make
// where that is required, else the store and the TLBI that is owed.
std::vector<SequenceStep> legal_sequence(const arch::Entry& old_entry, const arch::Entry& new_entry,
                                         const arch::ChangeContext& context,
                                         const arch::Change& change);

// A way that needs no break and so lets no access fault, where there is one: a move of the output
// address between read-only entries of equal contents, or the nT protocol. Empty otherwise.
std::vector<SequenceStep> way_without_break(const arch::Entry& old_entry,
                                            const arch::Entry& new_entry,
                                            const arch::ChangeContext& context,
                                            const arch::Change& change);

// "vaale1is": the broadcast TLBI that removes what the change owes; empty if none is owed.
std::string owed_mnemonic(const arch::Entry& old_entry, const arch::ChangeContext& context,
                          const arch::Change& change);

}  // namespace amalgam::report
