// One test a row of the change table, by the row's number.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "amalgam/arch/change.hpp"

namespace amalgam::arch {
namespace {

constexpr std::uint64_t kPageA = 0x4000'0000;
constexpr std::uint64_t kPageB = 0x8000'0000;

// A kernel page or block at kPageA: writable, not executable, Normal, inner shareable, global.
constexpr Fields leaf(Kind k = Kind::kPage) {
  return {.kind = k, .address = kPageA, .shareability = 3, .access_flag = 1, .pxn = 1, .uxn = 1};
}

constexpr Fields read_only(Fields fields) {
  fields.ap2_read_only = 1;
  return fields;
}

constexpr Fields at(std::uint64_t address, Fields fields) {
  fields.address = address;
  return fields;
}

constexpr Fields grouped(Fields fields) {
  fields.contiguous = 1;
  return fields;
}

constexpr Fields table(std::uint64_t address) { return {.kind = Kind::kTable, .address = address}; }

constexpr Entry entry(const Fields& fields, int level = 3, const Geometry& g = {}) {
  return {encode(g, fields, level), level};
}

constexpr Entry kInvalid{{0}, 3};

constexpr ChangeContext context(unsigned bbm, Contents contents = Contents::kUnknown) {
  ChangeContext c;
  c.features.bbm = static_cast<std::uint8_t>(bbm);
  c.contents = contents;
  return c;
}

// The answer at each level, checked against the row and break-before-make at each level.
struct Expected {
  RowId row;
  std::array<bool, 4> breaks;
  std::array<Hazard, 4> hazards;
  TlbiOwed tlbi;
  TlbiWhen when;
};

constexpr std::array<bool, 4> kNever{false, false, false, false};
constexpr std::array<bool, 4> kAlways{true, true, true, true};
constexpr std::array<Hazard, 4> kNoHazard{};
constexpr std::array<Hazard, 4> kEither{Hazard::kWholeEntry, Hazard::kWholeEntry,
                                        Hazard::kWholeEntry, Hazard::kWholeEntry};
constexpr std::array<Hazard, 4> kMixture{Hazard::kMixtureOrAbort, Hazard::kMixtureOrAbort,
                                         Hazard::kMixtureOrAbort, Hazard::kMixtureOrAbort};
constexpr std::array<Hazard, 4> kRelaxed{Hazard::kMixtureOrAbort, Hazard::kWholeEntryOrAbort,
                                         Hazard::kWholeEntryOrAbort, Hazard::kWholeEntry};

void expect_rows(const Entry& old_entry, const Entry& new_entry, ChangeContext c,
                 const Expected& expected) {
  for (unsigned bbm = 0; bbm < 4; ++bbm) {
    SCOPED_TRACE(bbm);
    c.features.bbm = static_cast<std::uint8_t>(bbm);
    const Change change = classify(old_entry, new_entry, c);
    EXPECT_EQ(change.row, expected.row) << static_cast<int>(change.row);
    EXPECT_EQ(change.break_required, expected.breaks[bbm]);
    EXPECT_EQ(change.hazard, expected.hazards[bbm]) << static_cast<int>(change.hazard);
    EXPECT_EQ(change.tlbi, expected.tlbi) << static_cast<int>(change.tlbi);
    const TlbiWhen when = expected.breaks[bbm] ? TlbiWhen::kInSequence : expected.when;
    EXPECT_EQ(change.when, when) << static_cast<int>(change.when);
    EXPECT_EQ(change.tlbi_may_wait, when < TlbiWhen::kBeforeReliance);
    EXPECT_EQ(change.label, row(expected.row).label);
    EXPECT_EQ(change.confidence, row(expected.row).confidence);
  }
}

TEST(ChangeRow, Row01InvalidToValid) {
  expect_rows(kInvalid, entry(leaf()), {},
              {RowId::kInvalidToValid, kNever, kNoHazard, TlbiOwed::kNone, TlbiWhen::kNever});
  const Entry reserved{{0x4000'0401}, 3};
  EXPECT_EQ(classify(reserved, entry(leaf()), {}).row, RowId::kInvalidToValid);
  ChangeContext small;
  small.geometry.pa_bits = 30;  // the old address is beyond it: an Address size fault
  EXPECT_EQ(classify(entry(leaf()), entry(at(0x1000, leaf())), small).row, RowId::kInvalidToValid);
}

TEST(ChangeRow, Row02ValidToInvalid) {
  expect_rows(
      entry(leaf()), kInvalid, {},
      {RowId::kValidToInvalid, kNever, kNoHazard, TlbiOwed::kLastLevel, TlbiWhen::kBeforeReuse});
  expect_rows(
      entry(table(kPageA), 2), {{0}, 2}, {},
      {RowId::kValidToInvalid, kNever, kNoHazard, TlbiOwed::kAllLevels, TlbiWhen::kBeforeReuse});
  expect_rows(
      entry(grouped(leaf())), kInvalid, {},
      {RowId::kValidToInvalid, kNever, kNoHazard, TlbiOwed::kWholeGroup, TlbiWhen::kBeforeReuse});
}

TEST(ChangeRow, Row03BreakWithoutInvalidation) {
  const Entry old_entry = entry(leaf());
  const Entry moved = entry(at(kPageB, leaf()));
  for (unsigned bbm = 0; bbm < 4; ++bbm) {
    const Change change = classify_history(old_entry, moved, false, context(bbm));
    EXPECT_EQ(change.row, RowId::kBreakWithoutInvalidation);
    EXPECT_TRUE(change.break_required);
    EXPECT_EQ(change.hazard, Hazard::kMixtureOrAbort);
    EXPECT_EQ(classify_history(old_entry, moved, true, context(bbm)).row, RowId::kInvalidToValid);
  }
  // What needs no break needs none on the way through invalid either.
  const Change gentle = classify_history(old_entry, entry(read_only(leaf())), false, {});
  EXPECT_EQ(gentle.row, RowId::kPermissionNarrowed);
  EXPECT_FALSE(gentle.break_required);
}

TEST(ChangeRow, Row04PermissionWidened) {
  const Expected expected{RowId::kPermissionWidened, kNever, kEither, TlbiOwed::kLastLevel,
                          TlbiWhen::kForEffect};
  expect_rows(entry(read_only(leaf())), entry(leaf()), {}, expected);
  Fields executable = leaf();
  executable.pxn = 0;
  expect_rows(entry(leaf()), entry(executable), {}, expected);
  Fields user = leaf();
  user.ap1_user = 1;
  expect_rows(entry(leaf()), entry(user), {}, expected);
  EXPECT_TRUE(classify(entry(leaf()), entry(user), {}).differs.has(Difference::kPermissionWidened));
}

TEST(ChangeRow, Row05PermissionNarrowed) {
  const Expected expected{RowId::kPermissionNarrowed, kNever, kEither, TlbiOwed::kLastLevel,
                          TlbiWhen::kBeforeReliance};
  expect_rows(entry(leaf()), entry(read_only(leaf())), {}, expected);
  Fields executable = read_only(leaf());
  executable.pxn = 0;
  // Widened and narrowed at once owes what narrowing owes.
  expect_rows(entry(leaf()), entry(executable), {}, expected);
}

TEST(ChangeRow, Row06AccessFlagSet) {
  Fields old_fields = leaf();
  old_fields.access_flag = 0;
  expect_rows(entry(old_fields), entry(leaf()), {},
              {RowId::kAccessFlagSet, kNever, kNoHazard, TlbiOwed::kNone, TlbiWhen::kNever});
  ChangeContext hardware;
  hardware.any_hardware_af = true;
  expect_rows(entry(old_fields), entry(leaf()), hardware,
              {RowId::kAccessFlagSet, kNever, kEither, TlbiOwed::kNone, TlbiWhen::kNever});
}

TEST(ChangeRow, Row07AccessFlagCleared) {
  Fields old_age = leaf();
  old_age.access_flag = 0;
  expect_rows(
      entry(leaf()), entry(old_age), {},
      {RowId::kAccessFlagCleared, kNever, kNoHazard, TlbiOwed::kLastLevel, TlbiWhen::kForEffect});
  ChangeContext hardware;
  hardware.any_hardware_af = true;
  expect_rows(
      entry(leaf()), entry(old_age), hardware,
      {RowId::kAccessFlagCleared, kNever, kEither, TlbiOwed::kLastLevel, TlbiWhen::kForEffect});
  EXPECT_TRUE(classify(entry(leaf()), entry(old_age), hardware).atomic_update_needed);
}

ChangeContext with_hardware_dirty() {
  ChangeContext c;
  c.any_hardware_dirty = true;
  return c;
}

Fields clean() {
  Fields fields = read_only(leaf());
  fields.dbm = 1;
  return fields;
}

Fields dirty() {
  Fields fields = leaf();
  fields.dbm = 1;
  return fields;
}

TEST(ChangeRow, Row08DirtySetByHardware) {
  expect_rows(entry(clean()), entry(dirty()), with_hardware_dirty(),
              {RowId::kDirtySetByHardware, kNever, kEither, TlbiOwed::kNone, TlbiWhen::kNever});
  EXPECT_EQ(classify(entry(clean()), entry(dirty()), {}).row, RowId::kPermissionWidened)
      << "without hardware dirty management AP[2] is a permission";
}

TEST(ChangeRow, Row09DirtyCleared) {
  expect_rows(
      entry(dirty()), entry(clean()), with_hardware_dirty(),
      {RowId::kDirtyCleared, kNever, kEither, TlbiOwed::kLastLevel, TlbiWhen::kBeforeReliance});
  EXPECT_TRUE(classify(entry(dirty()), entry(clean()), with_hardware_dirty()).atomic_update_needed);
  EXPECT_EQ(classify(entry(dirty()), entry(clean()), {}).row, RowId::kPermissionNarrowed);
}

TEST(ChangeRow, Row10AddressWritable) {
  const Expected expected{RowId::kAddressWritable, kAlways, kMixture, TlbiOwed::kLastLevel,
                          TlbiWhen::kInSequence};
  for (const Contents contents : {Contents::kSame, Contents::kDifferent, Contents::kUnknown}) {
    expect_rows(entry(leaf()), entry(at(kPageB, leaf())), context(0, contents), expected);
  }
  // Writable through DBM alone, on both sides.
  ChangeContext hardware = with_hardware_dirty();
  hardware.contents = Contents::kSame;
  expect_rows(entry(clean()), entry(at(kPageB, clean())), hardware, expected);
  hardware.any_hardware_dirty = false;
  EXPECT_FALSE(classify(entry(clean()), entry(at(kPageB, clean())), hardware).break_required);
}

TEST(ChangeRow, Row11AddressContentsDiffer) {
  for (const Contents contents : {Contents::kDifferent, Contents::kUnknown}) {
    expect_rows(entry(read_only(leaf())), entry(at(kPageB, read_only(leaf()))),
                context(0, contents),
                {RowId::kAddressContentsDiffer, kAlways, kMixture, TlbiOwed::kLastLevel,
                 TlbiWhen::kInSequence});
  }
}

TEST(ChangeRow, Row12AddressContentsEqual) {
  expect_rows(entry(read_only(leaf())), entry(at(kPageB, read_only(leaf()))),
              context(0, Contents::kSame),
              {RowId::kAddressContentsEqual, kNever, kEither, TlbiOwed::kLastLevel,
               TlbiWhen::kBeforeReuse});
}

TEST(ChangeRow, Row13AddressAndPermission) {
  const Expected expected{RowId::kAddressAndPermission, kAlways, kMixture, TlbiOwed::kLastLevel,
                          TlbiWhen::kInSequence};
  expect_rows(entry(leaf()), entry(at(kPageB, read_only(leaf()))), context(0, Contents::kSame),
              expected);
  expect_rows(entry(read_only(leaf())), entry(at(kPageB, leaf())), context(0, Contents::kSame),
              expected);
}

Fields with_index(std::uint8_t index) {
  Fields fields = leaf();
  fields.attr_indx = index;
  return fields;
}

constexpr std::uint8_t kNormal = 0;
constexpr std::uint8_t kTagged = 1;
constexpr std::uint8_t kNonCacheable = 2;
constexpr std::uint8_t kNGnRnE = 3;
constexpr std::uint8_t kNGnRE = 4;

TEST(ChangeRow, Row14MemoryType) {
  const Expected expected{RowId::kMemoryType, kAlways, kMixture, TlbiOwed::kLastLevel,
                          TlbiWhen::kInSequence};
  expect_rows(entry(with_index(kNormal)), entry(with_index(kNGnRE)), {}, expected);
  expect_rows(entry(with_index(kNGnRE)), entry(with_index(kNormal)), {}, expected);
  expect_rows(entry(with_index(kNGnRnE)), entry(with_index(kNGnRE)), {}, expected);
}

TEST(ChangeRow, Row15CacheabilityOrShareability) {
  const Expected expected{RowId::kCacheabilityOrShareability, kAlways, kMixture,
                          TlbiOwed::kLastLevel, TlbiWhen::kInSequence};
  expect_rows(entry(with_index(kNormal)), entry(with_index(kNonCacheable)), {}, expected);
  EXPECT_TRUE(classify(entry(with_index(kNormal)), entry(with_index(kNonCacheable)), {})
                  .cache_maintenance_needed);
  EXPECT_FALSE(classify(entry(with_index(kNonCacheable)), entry(with_index(kNormal)), {})
                   .cache_maintenance_needed);
  for (const std::uint8_t shareability : {0, 2}) {
    Fields fields = leaf();
    fields.shareability = shareability;
    expect_rows(entry(leaf()), entry(fields), {}, expected);
  }
}

TEST(ChangeRow, Row16Tagged) {
  expect_rows(entry(with_index(kNormal)), entry(with_index(kTagged)), {},
              {RowId::kTagged, kNever, kEither, TlbiOwed::kLastLevel, TlbiWhen::kBeforeReliance});
  ChangeContext strict;
  strict.assumptions.tagged_is_permission_like = false;
  const Change change = classify(entry(with_index(kTagged)), entry(with_index(kNormal)), strict);
  EXPECT_TRUE(change.break_required);
  EXPECT_EQ(change.depends_on, Assumption::kTaggedIsPermissionLike);
  EXPECT_EQ(classify(entry(with_index(kTagged)), entry(with_index(kNonCacheable)), {}).row,
            RowId::kMemoryType);
}

// At level 1 the nT protocol is the way out: the block carries nT while the size changes.
constexpr std::array<bool, 4> kSizeBreaks{true, true, false, false};

TEST(ChangeRow, Row17BlockToTable) {
  const Entry block = entry(leaf(Kind::kBlock), 2);
  expect_rows(
      block, entry(table(kPageB), 2), context(0, Contents::kSame),
      {RowId::kBlockToTable, kSizeBreaks, kRelaxed, TlbiOwed::kLastLevel, TlbiWhen::kEventually});
  Fields marked = leaf(Kind::kBlock);
  marked.nt = 1;
  const Change step = classify(entry(marked, 2), entry(table(kPageB), 2), context(1));
  EXPECT_FALSE(step.break_required);
  EXPECT_TRUE(step.in_place_with_nt);
  EXPECT_TRUE(classify(entry(marked, 2), entry(table(kPageB), 2), context(0)).break_required);
  const Change marking = classify(block, entry(marked, 2), context(1));
  EXPECT_EQ(marking.row, RowId::kBlockToTable);
  EXPECT_FALSE(marking.break_required);
  EXPECT_TRUE(marking.in_place_with_nt);
  EXPECT_EQ(marking.when, TlbiWhen::kBeforeReliance);
}

TEST(ChangeRow, Row17AsTwoOverlappingEntries) {
  const Entry block = entry(leaf(Kind::kBlock), 2);
  ChangeContext c = context(0);
  c.va = 0xffff'8000'0000'5000;
  const Entry page = entry(at(kPageA + 0x5000, leaf()));
  expect_rows(
      block, page, c,
      {RowId::kBlockToTable, kSizeBreaks, kRelaxed, TlbiOwed::kLastLevel, TlbiWhen::kEventually});
  EXPECT_EQ(classify(block, entry(at(kPageA + 0x6000, leaf())), c).row, RowId::kSizeAndMore);
}

TEST(ChangeRow, Row18TableToBlock) {
  const Entry block = entry(leaf(Kind::kBlock), 2);
  const Expected expected{RowId::kTableToBlock, kSizeBreaks, kRelaxed, TlbiOwed::kAllLevels,
                          TlbiWhen::kBeforeReuse};
  expect_rows(entry(table(kPageB), 2), block, context(0, Contents::kSame), expected);
  expect_rows(entry(leaf()), block, {}, expected);
  Fields marked = leaf(Kind::kBlock);
  marked.nt = 1;
  EXPECT_FALSE(classify(entry(table(kPageB), 2), entry(marked, 2), context(1)).break_required);
}

TEST(ChangeRow, Row19SizeAndMore) {
  const Expected expected{RowId::kSizeAndMore, kAlways, kMixture, TlbiOwed::kLastLevel,
                          TlbiWhen::kInSequence};
  const Entry block = entry(leaf(Kind::kBlock), 2);
  expect_rows(block, entry(at(kPageB, leaf())), {}, expected);
  expect_rows(block, entry(with_index(kNGnRE)), {}, expected);
  Fields non_global = leaf(Kind::kBlock);
  non_global.not_global = 1;
  Expected all_asids = expected;
  all_asids.tlbi = TlbiOwed::kAllAsids;
  expect_rows(entry(non_global, 2), entry(leaf()), {}, all_asids);
  Expected group = expected;
  group.tlbi = TlbiOwed::kWholeGroup;
  expect_rows(entry(leaf()), entry(at(kPageB, grouped(leaf()))), {}, group);
  expect_rows(block, entry(table(kPageB), 2), context(0, Contents::kDifferent), expected);
}

TEST(ChangeRow, Row20SizeAndPermission) {
  const Entry block = entry(leaf(Kind::kBlock), 2);
  const Entry page = entry(read_only(leaf()));
  expect_rows(block, page, {},
              {RowId::kSizeAndPermission,
               kSizeBreaks,
               {Hazard::kMixtureOrAbort, Hazard::kMixtureOrAbort, Hazard::kWholeEntryOrAbort,
                Hazard::kWholeEntry},
               TlbiOwed::kLastLevel,
               TlbiWhen::kBeforeReliance});
  for (unsigned bbm = 0; bbm < 4; ++bbm) {
    ChangeContext c = context(bbm);
    const bool open = bbm >= 2;
    EXPECT_EQ(classify(block, page, c).depends_on == Assumption::kSizeAndPermissionLegalAt2, open);
    c.assumptions.size_and_permission_legal_at_2 = false;
    EXPECT_TRUE(classify(block, page, c).break_required);
  }
  EXPECT_EQ(classify(entry(leaf()), entry(grouped(read_only(leaf()))), {}).row,
            RowId::kSizeAndPermission)
      << "fold and permission in one step is the same question";
}

constexpr std::array<bool, 4> kGroupBreaks{true, false, false, false};

TEST(ChangeRow, Row21ContiguousSet) {
  expect_rows(entry(leaf()), entry(grouped(leaf())), {},
              {RowId::kContiguousSet, kGroupBreaks, kRelaxed, TlbiOwed::kWholeGroup,
               TlbiWhen::kEventually});
}

TEST(ChangeRow, Row22ContiguousCleared) {
  expect_rows(entry(grouped(leaf())), entry(leaf()), {},
              {RowId::kContiguousCleared, kGroupBreaks, kRelaxed, TlbiOwed::kWholeGroup,
               TlbiWhen::kEventually});
}

TEST(ChangeRow, Row23PermissionInGroup) {
  expect_rows(entry(grouped(leaf())), entry(grouped(read_only(leaf()))), {},
              {RowId::kPermissionInGroup, kNever, kEither, TlbiOwed::kWholeGroup,
               TlbiWhen::kBeforeReliance});
  expect_rows(
      entry(grouped(read_only(leaf()))), entry(grouped(leaf())), {},
      {RowId::kPermissionInGroup, kNever, kEither, TlbiOwed::kWholeGroup, TlbiWhen::kForEffect});
  EXPECT_EQ(classify(entry(grouped(leaf())), entry(grouped(with_index(kNGnRE))), {}).row,
            RowId::kMemoryType);
}

TEST(ChangeRow, Row24GroupMemberAlone) {
  ChangeContext c;
  c.group = GroupScope::kSingleMember;
  expect_rows(entry(grouped(leaf())), kInvalid, c,
              {RowId::kGroupMemberAlone, kGroupBreaks, kRelaxed, TlbiOwed::kWholeGroup,
               TlbiWhen::kBeforeReuse});
  expect_rows(
      entry(grouped(leaf())), entry(at(kPageB, grouped(leaf()))), c,
      {RowId::kGroupMemberAlone, kAlways, kMixture, TlbiOwed::kWholeGroup, TlbiWhen::kInSequence});
  // Read-only with equal contents is no mixture, but the neighbours' translations are not equal.
  c.contents = Contents::kSame;
  expect_rows(
      entry(grouped(read_only(leaf()))), entry(at(kPageB, grouped(read_only(leaf())))), c,
      {RowId::kGroupMemberAlone, kAlways, kEither, TlbiOwed::kWholeGroup, TlbiWhen::kInSequence});
}

TEST(ChangeRow, Row25GroupMoves) {
  expect_rows(
      entry(grouped(leaf())), entry(at(kPageB, grouped(leaf()))), {},
      {RowId::kGroupMoves, kAlways, kMixture, TlbiOwed::kWholeGroup, TlbiWhen::kInSequence});
  EXPECT_EQ(classify(entry(grouped(read_only(leaf()))),
                     entry(at(kPageB, grouped(read_only(leaf())))), context(0, Contents::kSame))
                .row,
            RowId::kAddressContentsEqual);
}

Fields non_global() {
  Fields fields = leaf();
  fields.not_global = 1;
  return fields;
}

TEST(ChangeRow, Row26MadeGlobal) {
  expect_rows(entry(non_global()), entry(leaf()), {},
              {RowId::kMadeGlobal, kAlways, kMixture, TlbiOwed::kAllAsids, TlbiWhen::kInSequence});
  ChangeContext el2;
  el2.geometry.regime = Regime::kEl2;
  EXPECT_EQ(classify(entry(non_global()), entry(leaf()), el2).row, RowId::kSoftwareBits)
      << "EL2 has no ASID and so nothing global";
}

TEST(ChangeRow, Row27MadeNonGlobal) {
  expect_rows(
      entry(leaf()), entry(non_global()), {},
      {RowId::kMadeNonGlobal, kNever, kEither, TlbiOwed::kAllAsids, TlbiWhen::kBeforeReliance});
  EXPECT_EQ(classify(entry(leaf()), entry(non_global()), {}).depends_on,
            Assumption::kGlobalToNonGlobalInPlace);
}

TEST(ChangeRow, Row28AsidReuse) {
  const Change change = classify_register({.kind = RegisterChangeKind::kAsidReuse});
  EXPECT_EQ(change.row, RowId::kAsidReuse);
  EXPECT_FALSE(change.break_required);
  EXPECT_EQ(change.tlbi, TlbiOwed::kWholeAsid);
  EXPECT_FALSE(change.tlbi_may_wait);
}

TEST(ChangeRow, Row29VmidReuse) {
  const Change change = classify_register({.kind = RegisterChangeKind::kVmidReuse});
  EXPECT_EQ(change.row, RowId::kVmidReuse);
  EXPECT_EQ(change.tlbi, TlbiOwed::kWholeVmid);
  EXPECT_FALSE(change.tlbi_may_wait);
}

TEST(ChangeRow, Row30TableCopy) {
  const Entry old_entry = entry(table(kPageA), 2);
  const Entry copy = entry(table(kPageB), 2);
  expect_rows(old_entry, copy, context(0, Contents::kSame),
              {RowId::kTableCopy, kNever, kEither, TlbiOwed::kAllLevels, TlbiWhen::kBeforeReuse});
  ChangeContext strict = context(0, Contents::kSame);
  EXPECT_EQ(classify(old_entry, copy, strict).depends_on, Assumption::kTableCopyNeedsBreak);
  strict.assumptions.table_copy_needs_break = true;
  EXPECT_TRUE(classify(old_entry, copy, strict).break_required);
  strict.any_hardware_dirty = true;
  EXPECT_TRUE(classify(old_entry, copy, strict).atomic_update_needed);
}

TEST(ChangeRow, Row31TableDifferent) {
  for (const Contents contents : {Contents::kDifferent, Contents::kUnknown}) {
    expect_rows(
        entry(table(kPageA), 2), entry(table(kPageB), 2), context(0, contents),
        {RowId::kTableDifferent, kAlways, kMixture, TlbiOwed::kAllLevels, TlbiWhen::kInSequence});
    EXPECT_TRUE(classify(entry(table(kPageA), 2), entry(table(kPageB), 2), context(0, contents))
                    .judge_leaf_pairs);
  }
}

TEST(ChangeRow, Row32PointerLevel) {
  const Change change = classify_register({.kind = RegisterChangeKind::kStartLevel});
  EXPECT_EQ(change.row, RowId::kPointerLevel);
  EXPECT_TRUE(change.break_required);
  EXPECT_EQ(change.tlbi, TlbiOwed::kWholeRegime);
}

TEST(ChangeRow, Row33Hierarchical) {
  for (std::uint8_t Fields::* member : {&Fields::ap_table, &Fields::xn_table, &Fields::pxn_table}) {
    Fields limited = table(kPageA);
    limited.*member = 1;
    expect_rows(
        entry(table(kPageA), 2), entry(limited, 2), {},
        {RowId::kHierarchical, kNever, kEither, TlbiOwed::kAllLevels, TlbiWhen::kBeforeReliance});
  }
  Fields non_secure = table(kPageA);
  non_secure.ns_table = 1;
  const Entry limited = entry(non_secure, 2);
  EXPECT_EQ(classify(entry(table(kPageA), 2), limited, {}).row, RowId::kSoftwareBits);
  ChangeContext secure;
  secure.secure_state = true;
  EXPECT_EQ(classify(entry(table(kPageA), 2), limited, secure).row, RowId::kHierarchical);
}

TEST(ChangeRow, Row34Ttbr) {
  const Change change = classify_register({.kind = RegisterChangeKind::kTtbr});
  EXPECT_EQ(change.row, RowId::kTtbr);
  EXPECT_TRUE(change.break_required);
  EXPECT_EQ(change.tlbi, TlbiOwed::kWholeRegime);
  EXPECT_FALSE(classify_register({.kind = RegisterChangeKind::kTtbr, .same_translations = true})
                   .break_required);
}

TEST(ChangeRow, Row35CommonNotPrivate) {
  const Change change = classify_register({.kind = RegisterChangeKind::kCommonNotPrivate});
  EXPECT_EQ(change.row, RowId::kCommonNotPrivate);
  EXPECT_TRUE(change.break_required);
  EXPECT_EQ(change.hazard, Hazard::kMixtureOrAbort);
  EXPECT_FALSE(
      classify_register({.kind = RegisterChangeKind::kCommonNotPrivate, .cpus_agree = true})
          .break_required);
}

TEST(ChangeRow, Row36TranslationControl) {
  for (const auto kind : {RegisterChangeKind::kTranslationControl, RegisterChangeKind::kMair}) {
    const Change change = classify_register({.kind = kind});
    EXPECT_EQ(change.row, RowId::kTranslationControl);
    EXPECT_EQ(change.tlbi, TlbiOwed::kWholeRegime);
    EXPECT_FALSE(change.tlbi_may_wait);
  }
}

TEST(ChangeRow, Row37SoftwareBits) {
  const Expected expected{RowId::kSoftwareBits, kNever, kNoHazard, TlbiOwed::kNone,
                          TlbiWhen::kNever};
  for (unsigned value = 1; value < 16; ++value) {
    Fields marked = leaf();
    marked.software = static_cast<std::uint8_t>(value);
    expect_rows(entry(leaf()), entry(marked), {}, expected);
  }
  Fields top = leaf();
  top.software_63 = 1;
  expect_rows(entry(leaf()), entry(top), {}, expected);
  expect_rows(entry(leaf()), entry(dirty()), {}, expected);  // DBM that no hardware reads
}

TEST(ChangeRow, Row38OtherAttributes) {
  const Expected expected{RowId::kOtherAttributes, kNever, kEither, TlbiOwed::kLastLevel,
                          TlbiWhen::kBeforeReliance};
  for (std::uint8_t Fields::* member : {&Fields::pbha, &Fields::guarded}) {
    Fields changed = leaf();
    changed.*member = 1;
    expect_rows(entry(leaf()), entry(changed), {}, expected);
    EXPECT_EQ(classify(entry(leaf()), entry(changed), {}).depends_on,
              Assumption::kOtherIsPermissionLike);
  }
}

TEST(ChangeTable, NumbersMatchPositions) {
  for (std::size_t i = 0; i < kRowCount; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kChangeTable[i].id), i + 1);
    EXPECT_FALSE(kChangeTable[i].title.empty());
    EXPECT_FALSE(kChangeTable[i].reason.empty());
    EXPECT_FALSE(kChangeTable[i].label.empty());
  }
  EXPECT_EQ(row(RowId::kNone).id, RowId::kNone);
}

TEST(ChangeTable, AssumptionsMatchPositionsAndSwitch) {
  for (std::size_t i = 0; i < kAssumptions.size(); ++i) {
    const Assumption a = kAssumptions[i].id;
    EXPECT_EQ(static_cast<std::size_t>(a), i);
    EXPECT_EQ(parse_assumption(name(a)), a);
    EXPECT_TRUE(holds(with({}, a, true), a));
    EXPECT_FALSE(holds(with({}, a, false), a));
  }
  EXPECT_FALSE(parse_assumption("no-such-assumption"));
}

TEST(Change, StageTwoOwesAStageOneInvalidationToo) {
  ChangeContext c;
  c.geometry.stage = Stage::kStage2;
  Fields fields = leaf();
  fields.mem_attr = 0xf;
  fields.s2ap = 3;
  const Entry writable = entry(fields, 3, c.geometry);
  fields.s2ap = 1;
  const Change change = classify(writable, entry(fields, 3, c.geometry), c);
  EXPECT_EQ(change.row, RowId::kPermissionNarrowed);
  EXPECT_TRUE(change.stage1_tlbi_too);
}

TEST(Change, TablesThatNobodyWalksOweNothing) {
  ChangeContext c;
  c.tables_live = false;
  const Change change = classify(entry(leaf()), entry(at(kPageB, leaf())), c);
  EXPECT_FALSE(change.break_required);
  EXPECT_EQ(change.hazard, Hazard::kNone);
  EXPECT_EQ(change.tlbi, TlbiOwed::kNone);
  EXPECT_EQ(change.row, RowId::kAddressWritable);
}

TEST(Change, LevelTwoWithoutAbortsIsLevelThree) {
  ChangeContext c = context(2);
  c.features.no_conflict_abort = true;
  EXPECT_EQ(classify(entry(leaf()), entry(grouped(leaf())), c).hazard, Hazard::kWholeEntry);
  c.features.bbm = 0;
  EXPECT_EQ(classify(entry(leaf()), entry(grouped(leaf())), c).hazard, Hazard::kMixtureOrAbort);
}

TEST(Change, AfClearIsABreakOnlyWhereHardwareLeavesItAlone) {
  Fields moved = at(kPageB, leaf());
  moved.access_flag = 0;
  ChangeContext c;
  const Change change = classify(entry(leaf()), entry(moved), c);
  EXPECT_EQ(change.row, RowId::kValidToInvalid);
  EXPECT_FALSE(change.break_required);
  c.any_hardware_af = true;
  EXPECT_TRUE(classify(entry(leaf()), entry(moved), c).break_required);
  EXPECT_EQ(classify(entry(leaf()), entry(moved), c).depends_on,
            Assumption::kAfClearIsBreakWithHardwareAf);
  c.assumptions.af_clear_is_break_with_hardware_af = true;
  EXPECT_FALSE(classify(entry(leaf()), entry(moved), c).break_required);
}

TEST(Change, StepsOfOneWalkDoNotCompete) {
  for (const Change& change : {classify(entry(table(kPageA), 1), entry(leaf()), {}),
                               classify(entry(table(kPageA), 2), entry(table(kPageB), 1), {}),
                               classify(entry(leaf()), entry(leaf()), {})}) {
    EXPECT_EQ(change.row, RowId::kNone);
    EXPECT_EQ(change.hazard, Hazard::kNone);
  }
  EXPECT_EQ(classify(entry(table(kPageB), 2), entry(leaf(Kind::kBlock), 1), {}).row,
            RowId::kTableToBlock)
      << "a stale table below a larger block does compete";
}

TEST(Change, MixtureOfUnrelaxedChangesIsAnAssumptionAboveLevelZero) {
  ChangeContext c = context(2);
  c.assumptions.mixture_at_every_level = false;
  const Change change = classify(entry(leaf()), entry(at(kPageB, leaf())), c);
  EXPECT_TRUE(change.break_required);
  EXPECT_EQ(change.hazard, Hazard::kWholeEntryOrAbort);
  EXPECT_EQ(change.depends_on, Assumption::kMixtureAtEveryLevel);
}

}  // namespace
}  // namespace amalgam::arch
