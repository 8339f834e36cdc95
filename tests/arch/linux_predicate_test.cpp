#include "amalgam/arch/linux_predicate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "amalgam/arch/change.hpp"
#include "arch/docs.hpp"

namespace amalgam::arch {
namespace {

constexpr std::uint64_t kPageA = 0x4000'0000;
constexpr std::uint64_t kPageB = 0x8000'0000;

// One change, given as an edit of every background in which it can happen.
struct Case {
  std::string change;
  Kind kind;  // of the background
  // Edits old and new; false where the change does not exist on this background.
  std::function<bool(Fields& before, Fields& after)> edit;
  ChangeContext context = {};
  bool through_invalid = false;  // Linux sees invalid to valid, Arm the value before that
};

// A flag that changes from `from` to the other value, alone.
Case flag(std::string change, std::uint8_t Fields::* member, std::uint8_t from,
          Kind kind = Kind::kPage) {
  return {std::move(change), kind, [=](Fields& before, Fields& after) {
            before.*member = from;
            after.*member = from == 0 ? 1 : 0;
            return true;
          }};
}

Case in_group(Case inner) {
  inner.change += ", in a contiguous group";
  inner.edit = [edit = inner.edit](Fields& before, Fields& after) {
    before.contiguous = 1;
    after.contiguous = 1;
    return edit(before, after);
  };
  return inner;
}

Case with_context(Case inner, const std::function<void(ChangeContext&)>& change) {
  change(inner.context);
  return inner;
}

Case attribute(std::string change, std::uint8_t from, std::uint8_t to) {
  return {std::move(change), Kind::kPage, [=](Fields& before, Fields& after) {
            before.attr_indx = from;
            after.attr_indx = to;
            return true;
          }};
}

// The output address moves; write permission before and after as given.
Case moves(std::string change, std::uint8_t ro_before, std::uint8_t ro_after, Contents contents) {
  Case result{std::move(change), Kind::kPage, [=](Fields& before, Fields& after) {
                before.ap2_read_only = ro_before;
                after.ap2_read_only = ro_after;
                after.address = kPageB;
                return true;
              }};
  result.context.contents = contents;
  return result;
}

bool to_invalid(Fields&, Fields& after) {
  after = {};
  return true;
}

bool from_invalid(Fields& before, Fields&) {
  before = {};
  return true;
}

void turn_into_table(Fields& fields) { fields = {.kind = Kind::kTable, .address = kPageB}; }

void hardware_dirty(ChangeContext& c) { c.any_hardware_dirty = true; }

// Hardware dirty management is on and DBM set on both sides.
Case dirty_state(std::string change, std::uint8_t ro_before) {
  Case inner = flag(std::move(change), &Fields::ap2_read_only, ro_before);
  inner.edit = [edit = inner.edit](Fields& before, Fields& after) {
    const bool possible = before.dbm != 0 && after.dbm != 0;
    return edit(before, after) && possible;
  };
  return with_context(inner, hardware_dirty);
}

std::vector<Case> validity_cases() {
  Case history = moves("valid, invalid, other valid page; no TLBI between", 0, 0, Contents::kSame);
  history.through_invalid = true;
  Case hole = in_group({"one member made invalid", Kind::kPage, to_invalid});
  hole.context.group = GroupScope::kSingleMember;
  return {{"invalid to valid", Kind::kPage, from_invalid},
          {"valid to invalid", Kind::kPage, to_invalid},
          history,
          hole};
}

std::vector<Case> permission_cases() {
  return {flag("AP[2] 1 to 0 (writable)", &Fields::ap2_read_only, 1),
          flag("AP[2] 0 to 1 (read-only)", &Fields::ap2_read_only, 0),
          in_group(flag("AP[2] 1 to 0", &Fields::ap2_read_only, 1)),
          in_group(flag("AP[2] 0 to 1", &Fields::ap2_read_only, 0)),
          flag("PXN 1 to 0", &Fields::pxn, 1),
          flag("PXN 0 to 1", &Fields::pxn, 0),
          flag("UXN 1 to 0", &Fields::uxn, 1),
          flag("UXN 0 to 1", &Fields::uxn, 0),
          flag("AP[1] 0 to 1 (EL0 too)", &Fields::ap1_user, 0),
          flag("AP[1] 1 to 0 (EL1 only)", &Fields::ap1_user, 1),
          flag("GP", &Fields::guarded, 0),
          flag("PBHA or POIndex", &Fields::pbha, 0)};
}

std::vector<Case> state_cases() {
  return {flag("AF 0 to 1", &Fields::access_flag, 0),
          flag("AF 1 to 0", &Fields::access_flag, 1),
          dirty_state("dirty state set, hardware dirty management", 1),
          dirty_state("dirty state cleared, hardware dirty management", 0),
          flag("DBM, no hardware dirty management", &Fields::dbm, 0),
          flag("software bits", &Fields::software, 0),
          flag("nG 0 to 1 (non-global)", &Fields::not_global, 0),
          flag("nG 1 to 0 (global)", &Fields::not_global, 1)};
}

std::vector<Case> address_cases() {
  return {moves("output address, writable", 0, 0, Contents::kSame),
          moves("output address, writable to read-only", 0, 1, Contents::kSame),
          moves("output address, read-only to writable", 1, 0, Contents::kSame),
          moves("output address, read-only, contents differ", 1, 1, Contents::kDifferent),
          moves("output address, read-only, contents equal", 1, 1, Contents::kSame)};
}

std::vector<Case> attribute_cases() {
  return {attribute("Normal to Device", 0, 4),
          attribute("Device to Normal", 4, 0),
          attribute("Device sub-type", 3, 4),
          attribute("Normal to non-cacheable", 0, 2),
          attribute("Normal to Tagged", 0, 1),
          attribute("Tagged to Normal", 1, 0),
          {"shareability", Kind::kPage, [](Fields& before, Fields& after) {
             after.shareability = before.shareability == 0 ? 3 : 0;
             return true;
           }}};
}

Case table_pointer(std::string change, Contents contents) {
  Case result{std::move(change), Kind::kTable, [](Fields&, Fields& after) {
                after.address = kPageB;
                return true;
              }};
  result.context.contents = contents;
  return result;
}

std::vector<Case> structure_cases() {
  const auto same = [](ChangeContext& c) { c.contents = Contents::kSame; };
  return {flag("contiguous bit set", &Fields::contiguous, 0),
          flag("contiguous bit cleared", &Fields::contiguous, 1),
          with_context({"block to table, translations equal", Kind::kBlock,
                        [](Fields&, Fields& after) {
                          turn_into_table(after);
                          return true;
                        }},
                       same),
          with_context({"table to block, translations equal", Kind::kBlock,
                        [](Fields& before, Fields&) {
                          turn_into_table(before);
                          return true;
                        }},
                       same),
          table_pointer("table pointer to an equal copy", Contents::kSame),
          table_pointer("table pointer to other translations", Contents::kDifferent),
          flag("APTable, XNTable or PXNTable", &Fields::xn_table, 0, Kind::kTable)};
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& group : {validity_cases(), permission_cases(), state_cases(), address_cases(),
                            attribute_cases(), structure_cases()}) {
    cases.insert(cases.end(), group.begin(), group.end());
  }
  return cases;
}

// Every combination of the fields that a single change leaves alone. The contiguous bit is left to
// the cases that name it.
std::vector<Fields> backgrounds(Kind kind) {
  std::vector<Fields> result;
  if (kind == Kind::kTable) return {{.kind = Kind::kTable, .address = kPageA}};
  for (unsigned n = 0; n < 256; ++n) {
    constexpr std::array<std::uint8_t, 4> kIndices{0, 1, 2, 4};
    result.push_back({.kind = kind,
                      .address = kPageA,
                      .attr_indx = kIndices[n & 3],
                      .ap1_user = static_cast<std::uint8_t>(n >> 2 & 1),
                      .ap2_read_only = static_cast<std::uint8_t>(n >> 3 & 1),
                      .shareability = 3,
                      .access_flag = 1,
                      .not_global = static_cast<std::uint8_t>(n >> 4 & 1),
                      .dbm = static_cast<std::uint8_t>(n >> 5 & 1),
                      .pxn = static_cast<std::uint8_t>(n >> 6 & 1),
                      .uxn = static_cast<std::uint8_t>(n >> 7 & 1)});
  }
  return result;
}

struct Outcome {
  std::set<Comparison> comparisons;
  std::set<RowId> rows;
};

Outcome run(const Case& c, LinuxVersion version, std::uint8_t bbm) {
  Outcome outcome;
  ChangeContext context = c.context;
  context.features.bbm = bbm;
  const int level = c.kind == Kind::kPage ? 3 : 2;
  for (const Fields& background : backgrounds(c.kind)) {
    Fields before = background;
    Fields after = background;
    if (!c.edit(before, after)) continue;
    const Entry old_entry{encode(context.geometry, before, level), level};
    const Entry new_entry{encode(context.geometry, after, level), level};
    const Change ours = c.through_invalid ? classify_history(old_entry, new_entry, false, context)
                                          : classify(old_entry, new_entry, context);
    const Descriptor seen = c.through_invalid ? Descriptor{} : old_entry.descriptor;
    const bool safe = linux_change_is_safe(seen, new_entry.descriptor, version);
    outcome.comparisons.insert(compare_with_linux(ours, safe));
    outcome.rows.insert(ours.row);
  }
  return outcome;
}

// One verdict for the case at one level. The test below proves that there is only one.
Comparison verdict(const Case& c, LinuxVersion version, std::uint8_t bbm) {
  return *run(c, version, bbm).comparisons.begin();
}

// "too strict", or "refuses rightly (0), too strict (1 to 3)" where levels differ.
std::string over_levels(const Case& c, LinuxVersion version) {
  std::string text;
  for (std::uint8_t first = 0; first < 4;) {
    std::uint8_t last = first;
    while (last < 3 && verdict(c, version, last + 1) == verdict(c, version, first)) ++last;
    if (!text.empty()) text += ", ";
    text += comparison_name(verdict(c, version, first));
    if (first == 0 && last == 3) return text;
    text += " (" + std::to_string(first);
    if (last != first) text += " to " + std::to_string(last);
    text += ")";
    first = last + 1;
  }
  return text;
}

std::string document_line(const Case& c) {
  const RowId id = *run(c, LinuxVersion::kV73, 0).rows.begin();
  return "| " + c.change + " | " + std::to_string(static_cast<int>(id)) + " | " +
         over_levels(c, LinuxVersion::kV612) + " | " + over_levels(c, LinuxVersion::kV73) + " |";
}

// What a single change is worth does not depend on the fields that it leaves alone.
TEST(LinuxPredicate, EachChangeHasOneVerdictOnEveryBackground) {
  for (const Case& c : all_cases()) {
    for (const LinuxVersion version : {LinuxVersion::kV612, LinuxVersion::kV73}) {
      for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
        const Outcome outcome = run(c, version, bbm);
        EXPECT_EQ(outcome.comparisons.size(), 1u) << c.change;
        EXPECT_EQ(outcome.rows.size(), 1u) << c.change;
      }
    }
  }
}

TEST(LinuxPredicate, DocumentListsExactlyWhatIsComputed) {
  std::vector<std::string> expected;
  for (const Case& c : all_cases()) expected.push_back(document_line(c));
  EXPECT_EQ(test::table_lines("docs/pgattr-comparison.md", "| change |"), expected)
      << test::joined(expected);
}

// Pairs that differ in any number of fields. Between two valid values of which neither leaves its
// group, the predicate accepts nothing that needs a break: where it is blind, it is so because it
// sees two values alone.
TEST(LinuxPredicate, NeverBlindBetweenTwoValidValues) {
  std::vector<Fields> all = backgrounds(Kind::kPage);
  const std::size_t count = all.size();
  for (std::size_t i = 0; i < count; ++i) {
    Fields grouped = all[i];
    grouped.contiguous = 1;
    all.push_back(grouped);
    Fields other = all[i];
    other.address = kPageB;
    all.push_back(other);
    other.shareability = 0;
    all.push_back(other);
  }
  for (const bool dirty : {false, true}) {
    ChangeContext c;
    c.any_hardware_dirty = dirty;
    for (const Fields& before : all) {
      const Entry old_entry{encode(c.geometry, before, 3), 3};
      for (const Fields& after : all) {
        const Entry new_entry{encode(c.geometry, after, 3), 3};
        if (!linux_change_is_safe(old_entry.descriptor, new_entry.descriptor)) continue;
        ASSERT_FALSE(classify(old_entry, new_entry, c).break_required)
            << old_entry.descriptor.raw << " " << new_entry.descriptor.raw;
      }
    }
  }
}

// The free bits, by single flips of a valid entry.
TEST(LinuxPredicate, SingleFlips) {
  const std::uint64_t base = 0x0060'0000'4000'0703;
  for (unsigned bit = 1; bit < 64; ++bit) {
    const bool listed = bit == 7 || bit == 11 || bit == 51 || bit == 53 ||
                        (bit >= 55 && bit <= 58) || bit == 63 ||
                        bit == 2;  // bit 2 takes Normal to Tagged
    EXPECT_EQ(linux_change_is_safe({base}, {base ^ 1ull << bit}), listed) << bit;
  }
}

}  // namespace
}  // namespace amalgam::arch
