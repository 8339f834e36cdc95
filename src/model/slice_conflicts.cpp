// What two entries of a slice do to each other, asked of the architecture's change table.
#include "amalgam/arch/change.hpp"
#include "amalgam/arch/descriptor.hpp"
#include "model/change_context.hpp"
#include "model/slice_builder.hpp"

namespace amalgam::model {

namespace {

class ConflictBuilder {
 public:
  ConflictBuilder(const Program& program, Slice& slice)
      : slice_(slice),
        geometry_(program.machine.geometry),
        context_(change_context(program, slice)),
        trees_(root_trees(slice)) {}

  void build();

 private:
  [[nodiscard]] bool may_meet(const Entry& a, const Entry& b) const;
  [[nodiscard]] bool share_tag(const Entry& a, const Entry& b) const;
  void add_pair(unsigned old_id, unsigned new_id);
  void add_hazard(unsigned a, unsigned b, const arch::Change& change, bool if_differ);
  void add_foreign(unsigned a);
  void find_one_way();
  [[nodiscard]] bool share_tree(const Entry& a, const Entry& b) const;
  void group_permissions();

  Slice& slice_;
  const arch::Geometry& geometry_;
  arch::ChangeContext context_;
  std::vector<std::uint64_t> trees_;
};

bool ConflictBuilder::share_tag(const Entry& a, const Entry& b) const {
  return a.global || b.global || a.tag == b.tag;
}

// Two entries compete if one descriptor held both, or if both translate the address to memory.
bool ConflictBuilder::may_meet(const Entry& a, const Entry& b) const {
  if (a.va_point != b.va_point || !share_tag(a, b)) return false;
  return a.cell == b.cell || (a.leaf && b.leaf);
}

void ConflictBuilder::add_hazard(unsigned a, unsigned b, const arch::Change& change,
                                 bool if_differ) {
  Conflicts& c = slice_.conflicts;
  auto& mixture = if_differ ? c.mixture_if_differ : c.mixture;
  auto& abort = if_differ ? c.abort_if_differ : c.abort;
  const auto both = [&](std::array<Mask, kMaxEntries>& masks) {
    masks[a] |= bit(b);
    masks[b] |= bit(a);
  };
  const bool unrelaxed = change.hazard == arch::Hazard::kMixtureOrAbort;
  if (unrelaxed) both(mixture);
  const bool keeps_abort =
      slice_.bbm < 3 || slice_.assumptions.is_default(Assumption::kAbortAtLevel3);
  const bool may_abort =
      unrelaxed ? keeps_abort : change.hazard == arch::Hazard::kWholeEntryOrAbort;
  if (may_abort) both(abort);
}

void ConflictBuilder::add_pair(unsigned old_id, unsigned new_id) {
  const Entry& old_entry = slice_.entries[old_id];
  const Entry& new_entry = slice_.entries[new_id];
  Conflicts& c = slice_.conflicts;
  context_.va = slice_.va_points[old_entry.va_point].address;
  const arch::Entry old_arch = arch_entry(slice_, geometry_, old_entry);
  const arch::Entry new_arch = arch_entry(slice_, geometry_, new_entry);
  context_.contents = arch::Contents::kSame;
  const arch::Change same = arch::classify(old_arch, new_arch, context_);
  context_.contents = arch::Contents::kDifferent;
  const arch::Change differ =
      old_entry.leaf && new_entry.leaf ? arch::classify(old_arch, new_arch, context_) : same;
  if (same.break_required) {
    c.break_from[new_id] |= bit(old_id);
  } else if (differ.break_required) {
    c.break_if_differ[new_id] |= bit(old_id);
  }
  const bool foreign = (c.foreign_tag[new_id] & bit(old_id)) != 0;
  if (new_entry.is_new || foreign) {
    add_hazard(old_id, new_id, same, false);
    add_hazard(old_id, new_id, differ, true);
  }
  if (old_entry.leaf && new_entry.leaf && old_entry.output_address != new_entry.output_address) {
    const bool writable = old_entry.writable || new_entry.writable || old_entry.dirty_on_store ||
                          new_entry.dirty_on_store;
    (writable ? c.device_break : c.device_break_if_differ)[new_id] |= bit(old_id);
  }
  const bool owed = same.tlbi != arch::TlbiOwed::kNone && !same.tlbi_may_wait;
  if (owed) c.owes_tlbi[new_id] |= bit(old_id);
}

// Whether some root's tables hold both descriptors.
bool ConflictBuilder::share_tree(const Entry& a, const Entry& b) const {
  for (const std::uint64_t tree : trees_) {
    const bool has_a = (tree >> slice_.cells[a.cell].node & 1) != 0;
    if (has_a && (tree >> slice_.cells[b.cell].node & 1) != 0) return true;
  }
  return false;
}

// Entries that the same tag would match although they come from other tables.
void ConflictBuilder::add_foreign(unsigned a) {
  const Entry& e = slice_.entries[a];
  if (e.global || !e.leaf) return;
  for (unsigned b = 0; b < slice_.entries.size(); ++b) {
    const Entry& other = slice_.entries[b];
    const bool meets = other.leaf && !other.global && other.tag == e.tag &&
                       other.va_point == e.va_point && !share_tree(e, other);
    if (meets) slice_.conflicts.foreign_tag[a] |= bit(b);
  }
}

void ConflictBuilder::build() {
  for (unsigned a = 0; a < slice_.entries.size(); ++a) add_foreign(a);
  for (unsigned a = 0; a < slice_.entries.size(); ++a) {
    for (unsigned b = 0; b < slice_.entries.size(); ++b) {
      if (a != b && may_meet(slice_.entries[a], slice_.entries[b])) add_pair(a, b);
    }
  }
  find_one_way();
  group_permissions();
}

// Where only one order of two entries needs the break, it matters which of them is newer.
void ConflictBuilder::find_one_way() {
  Conflicts& c = slice_.conflicts;
  for (unsigned n = 0; n < slice_.entries.size(); ++n) {
    for_each_bit(c.break_from[n] | c.break_if_differ[n], [&](unsigned e) {
      if ((c.break_from[e] >> n & 1) != 0) return;
      const bool if_same = (c.break_if_differ[e] >> n & 1) != 0;
      if (if_same && (c.break_from[n] >> e & 1) == 0) return;  // neither way needs it then
      (if_same ? c.one_way_if_same : c.one_way)[n] |= bit(e);
      (if_same ? c.one_way_old_if_same : c.one_way_old)[e] |= bit(n);
    });
  }
}

// Numbers the permissions and the memory attributes, so that a mixture is told from its parts.
void ConflictBuilder::group_permissions() {
  constexpr std::uint64_t permission_bits = arch::bits::kAp1User | arch::bits::kAp2ReadOnly |
                                            arch::bits::kDbm | arch::bits::kPxn | arch::bits::kUxn;
  constexpr std::uint64_t stage1_attribute_bits = arch::bits::kAttrIndx | arch::bits::kShareability;
  std::vector<std::uint64_t> permissions;
  std::vector<std::uint64_t> attributes;
  const auto number = [](std::vector<std::uint64_t>& known, std::uint64_t key) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (known[i] == key) return static_cast<std::uint8_t>(i);
    }
    known.push_back(key);
    return static_cast<std::uint8_t>(known.size() - 1);
  };
  const std::uint64_t attribute_bits =
      slice_.stage2 ? arch::bits::kMemAttr | arch::bits::kShareability : stage1_attribute_bits;
  for (Entry& e : slice_.entries) {
    const std::uint64_t raw = slice_.cells[e.cell].values[e.value].raw;
    e.permission_group = number(permissions, raw & permission_bits);
    e.attribute_group = number(attributes, raw & attribute_bits);
  }
}

}  // namespace

void add_conflicts(const Program& program, Slice& slice) {
  ConflictBuilder(program, slice).build();
}

}  // namespace amalgam::model
