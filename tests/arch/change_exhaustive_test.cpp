// classify against the oracle, over every pair of values of the fields that the rules speak of.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "amalgam/arch/change.hpp"
#include "arch/change_oracle.hpp"

namespace amalgam::arch {
namespace {

using oracle::Leaf;

constexpr std::uint64_t kPageA = 0x4000'0000;
constexpr std::uint64_t kPageB = 0x8000'0000;

// Adds to `out` every element with `member` at each of `values`.
void multiply(std::vector<Fields>& out, std::uint8_t Fields::* member,
              const std::vector<std::uint8_t>& values) {
  std::vector<Fields> result;
  result.reserve(out.size() * values.size());
  for (const Fields& fields : out) {
    for (const std::uint8_t value : values) {
      Fields copy = fields;
      copy.*member = value;
      result.push_back(copy);
    }
  }
  out = std::move(result);
}

std::vector<Fields> both_addresses(std::vector<Fields> fields) {
  const std::size_t count = fields.size();
  for (std::size_t i = 0; i < count; ++i) {
    Fields copy = fields[i];
    if (!copy.valid()) continue;
    copy.address = kPageB;
    fields.push_back(copy);
  }
  return fields;
}

// A run over pairs: what was compared, and which rows came out.
struct Coverage {
  std::uint64_t pairs = 0;
  std::set<RowId> rows;
};

// The differences that the oracle knows too, where both sides may be cached.
void compare_differences(const oracle::Pair& p, DiffMask differs) {
  if (!oracle::is_cached(p.c, p.before) || !oracle::is_cached(p.c, p.after)) return;
  const bool equal = p.before.fields == p.after.fields && !oracle::resized(p);
  EXPECT_EQ(differs.empty(), equal);
  EXPECT_EQ(differs.has(Difference::kOutputAddress), oracle::moved(p));
  EXPECT_EQ(differs.has(Difference::kPermissionWidened), oracle::widened(p));
  EXPECT_EQ(differs.has(Difference::kPermissionNarrowed), oracle::narrowed(p));
  EXPECT_EQ(differs.has(Difference::kMemoryType), oracle::clause1_type(p));
  EXPECT_EQ(differs.has(Difference::kCacheability), oracle::clause1_cacheability(p));
  EXPECT_EQ(differs.has(Difference::kShareability), oracle::clause1_shareability(p));
  EXPECT_EQ(differs.has(Difference::kTagged), oracle::tagged(p));
  EXPECT_EQ(differs.has(Difference::kSize), oracle::resized(p));
  EXPECT_EQ(differs.has(Difference::kContiguous), oracle::refolded(p));
  EXPECT_EQ(differs.has(Difference::kDirty), oracle::row8(p) || oracle::row9(p));
  EXPECT_EQ(differs.has(Difference::kAccessFlag), oracle::row6(p) || oracle::row7(p));
  EXPECT_EQ(differs.has(Difference::kOther), oracle::row38(p));
}

void compare(const Leaf& before, const Leaf& after, const Entry& old_entry, const Entry& new_entry,
             const ChangeContext& c, Coverage& coverage) {
  const Change change = classify(old_entry, new_entry, c);
  const oracle::Answer expected = oracle::judge({before, after, c});
  ++coverage.pairs;
  coverage.rows.insert(change.row);
  compare_differences({before, after, c}, change.differs);
  const bool same = change.row == expected.row && change.hazard == expected.hazard &&
                    change.break_required == expected.break_required &&
                    change.when == expected.when && change.tlbi == expected.tlbi;
  if (same) return;
  ADD_FAILURE() << std::hex << "old " << old_entry.descriptor.raw << " new "
                << new_entry.descriptor.raw << std::dec << " levels " << old_entry.level << " "
                << new_entry.level << " bbm " << int{c.features.bbm} << " contents "
                << static_cast<int>(c.contents) << " hd " << c.any_hardware_dirty << " haf "
                << c.any_hardware_af << "\nrow " << static_cast<int>(change.row) << " expected "
                << static_cast<int>(expected.row) << "\nbreak " << change.break_required
                << " expected " << expected.break_required << "\nhazard "
                << static_cast<int>(change.hazard) << " expected "
                << static_cast<int>(expected.hazard) << "\nwhen " << static_cast<int>(change.when)
                << " expected " << static_cast<int>(expected.when) << "\ntlbi "
                << static_cast<int>(change.tlbi) << " expected " << static_cast<int>(expected.tlbi);
}

struct Space {
  std::vector<Fields> before;
  std::vector<Fields> after;
  int level_before = 3;
  int level_after = 3;
};

std::vector<Entry> encode_all(const std::vector<Fields>& fields, int level, const Geometry& g) {
  std::vector<Entry> entries;
  for (const Fields& f : fields) entries.push_back({encode(g, f, level), level});
  return entries;
}

// Contents matter only where addresses differ, so equal addresses are compared once.
void compare_contents(const Leaf& before, const Leaf& after, const Entry& old_entry,
                      const Entry& new_entry, ChangeContext& c, Coverage& coverage) {
  for (const Contents contents : {Contents::kUnknown, Contents::kSame, Contents::kDifferent}) {
    c.contents = contents;
    compare(before, after, old_entry, new_entry, c, coverage);
    if (oracle::translate({before, after, c}, before) ==
        oracle::translate({before, after, c}, after)) {
      return;
    }
  }
}

void compare_space(const Space& space, ChangeContext c, Coverage& coverage) {
  const auto old_entries = encode_all(space.before, space.level_before, c.geometry);
  const auto new_entries = encode_all(space.after, space.level_after, c.geometry);
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    c.features.bbm = bbm;
    for (std::size_t i = 0; i < old_entries.size(); ++i) {
      const Leaf before{space.before[i], space.level_before};
      for (std::size_t j = 0; j < new_entries.size(); ++j) {
        const Leaf after{space.after[j], space.level_after};
        compare_contents(before, after, old_entries[i], new_entries[j], c, coverage);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

Fields page() {
  return {.kind = Kind::kPage, .address = kPageA, .shareability = 3, .access_flag = 1};
}

// Stage 1 pages over every field of R_WHZWS, and an invalid entry.
std::vector<Fields> stage1_attributes() {
  std::vector<Fields> fields{page()};
  multiply(fields, &Fields::attr_indx, {0, 1, 2, 3, 4});
  multiply(fields, &Fields::shareability, {0, 2, 3});
  multiply(fields, &Fields::ap2_read_only, {0, 1});
  multiply(fields, &Fields::access_flag, {0, 1});
  multiply(fields, &Fields::not_global, {0, 1});
  multiply(fields, &Fields::contiguous, {0, 1});
  multiply(fields, &Fields::pxn, {0, 1});
  fields.push_back({});
  return fields;
}

TEST(ChangeExhaustive, StageOneAttributes) {
  Coverage coverage;
  const auto fields = stage1_attributes();
  ChangeContext c;
  for (const GroupScope group : {GroupScope::kWholeGroup, GroupScope::kSingleMember}) {
    c.group = group;
    compare_space({fields, both_addresses(fields)}, c, coverage);
  }
  EXPECT_GT(coverage.pairs, 1'000'000u);
}

// Permissions, access flag and dirty state, with hardware management on and off.
std::vector<Fields> stage1_permissions() {
  std::vector<Fields> fields{page()};
  multiply(fields, &Fields::access_flag, {0, 1});
  multiply(fields, &Fields::ap1_user, {0, 1});
  multiply(fields, &Fields::ap2_read_only, {0, 1});
  multiply(fields, &Fields::dbm, {0, 1});
  multiply(fields, &Fields::pxn, {0, 1});
  multiply(fields, &Fields::uxn, {0, 1});
  multiply(fields, &Fields::contiguous, {0, 1});
  fields.push_back({});
  return fields;
}

TEST(ChangeExhaustive, StageOnePermissionsAndDirtyState) {
  Coverage coverage;
  const auto fields = stage1_permissions();
  for (const bool dirty : {false, true}) {
    for (const bool af : {false, true}) {
      for (const Regime regime : {Regime::kEl10, Regime::kEl2}) {
        ChangeContext c;
        c.geometry.regime = regime;
        c.any_hardware_dirty = dirty;
        c.any_hardware_af = af;
        compare_space({fields, both_addresses(fields)}, c, coverage);
      }
    }
  }
  for (const RowId id : {RowId::kDirtySetByHardware, RowId::kDirtyCleared, RowId::kAccessFlagSet,
                         RowId::kAccessFlagCleared, RowId::kPermissionInGroup}) {
    EXPECT_TRUE(coverage.rows.contains(id)) << static_cast<int>(id);
  }
}

// All fields that no walk or only a permission check uses, against each other.
TEST(ChangeExhaustive, SoftwareAndOtherBits) {
  std::vector<Fields> fields{page()};
  multiply(fields, &Fields::software, {0, 1, 15});
  multiply(fields, &Fields::software_63, {0, 1});
  multiply(fields, &Fields::pbha, {0, 1, 15});
  multiply(fields, &Fields::guarded, {0, 1});
  multiply(fields, &Fields::ap2_read_only, {0, 1});
  multiply(fields, &Fields::dbm, {0, 1});
  multiply(fields, &Fields::shareability, {0, 2, 3});
  Coverage coverage;
  compare_space({fields, fields}, {}, coverage);
  EXPECT_TRUE(coverage.rows.contains(RowId::kSoftwareBits));
  EXPECT_TRUE(coverage.rows.contains(RowId::kOtherAttributes));
}

std::vector<Fields> stage2_pages() {
  std::vector<Fields> fields{
      {.kind = Kind::kPage, .address = kPageA, .shareability = 3, .access_flag = 1}};
  multiply(fields, &Fields::mem_attr, {0, 1, 5, 6, 10, 11, 14, 15});
  multiply(fields, &Fields::s2ap, {0, 1, 2, 3});
  multiply(fields, &Fields::s2_xn, {0, 1, 2, 3});
  multiply(fields, &Fields::dbm, {0, 1});
  fields.push_back({});
  return fields;
}

TEST(ChangeExhaustive, StageTwo) {
  Coverage coverage;
  const auto fields = stage2_pages();
  for (const bool dirty : {false, true}) {
    ChangeContext c;
    c.geometry.stage = Stage::kStage2;
    c.any_hardware_dirty = dirty;
    c.features.xnx = dirty;  // both values of each, not their product
    compare_space({fields, both_addresses(fields)}, c, coverage);
  }
  EXPECT_FALSE(coverage.rows.contains(RowId::kMadeGlobal));
  EXPECT_GT(coverage.pairs, 500'000u);
}

// The remaining stage 2 fields at two attributes and permissions.
TEST(ChangeExhaustive, StageTwoGroupsAndAge) {
  std::vector<Fields> fields{{.kind = Kind::kPage, .address = kPageA}};
  multiply(fields, &Fields::mem_attr, {5, 15});
  multiply(fields, &Fields::s2ap, {1, 3});
  multiply(fields, &Fields::shareability, {0, 2, 3});
  multiply(fields, &Fields::access_flag, {0, 1});
  multiply(fields, &Fields::contiguous, {0, 1});
  multiply(fields, &Fields::fnxs, {0, 1});
  fields.push_back({});
  Coverage coverage;
  for (const bool af : {false, true}) {
    ChangeContext c;
    c.geometry.stage = Stage::kStage2;
    c.any_hardware_af = af;
    compare_space({fields, both_addresses(fields)}, c, coverage);
  }
}

std::vector<Fields> sized(Kind kind, std::uint64_t address) {
  std::vector<Fields> fields{
      {.kind = kind, .address = address, .shareability = 3, .access_flag = 1}};
  multiply(fields, &Fields::attr_indx, {0, 1, 2, 4});
  multiply(fields, &Fields::ap2_read_only, {0, 1});
  multiply(fields, &Fields::not_global, {0, 1});
  multiply(fields, &Fields::pxn, {0, 1});
  multiply(fields, &Fields::contiguous, {0, 1});
  if (kind == Kind::kBlock) multiply(fields, &Fields::nt, {0, 1});
  return fields;
}

// Entries of different size that overlap at one address, both ways, for every granule.
TEST(ChangeExhaustive, DifferentSizes) {
  Coverage coverage;
  for (const Granule granule : {Granule::k4K, Granule::k16K, Granule::k64K}) {
    ChangeContext c;
    c.geometry.granule = granule;
    const std::uint64_t block_address = 3 * level_size_bytes(c.geometry, 2);
    c.va = 7 * level_size_bytes(c.geometry, 2) + 5 * page_bytes(granule) + 0x123;
    const auto blocks = sized(Kind::kBlock, block_address);
    auto pages = sized(Kind::kPage, block_address + 5 * page_bytes(granule));
    const auto elsewhere = sized(Kind::kPage, block_address + 6 * page_bytes(granule));
    pages.insert(pages.end(), elsewhere.begin(), elsewhere.end());
    compare_space({blocks, pages, 2, 3}, c, coverage);
    compare_space({pages, blocks, 3, 2}, c, coverage);
  }
  for (const RowId id : {RowId::kBlockToTable, RowId::kTableToBlock, RowId::kSizeAndMore,
                         RowId::kSizeAndPermission}) {
    EXPECT_TRUE(coverage.rows.contains(id)) << static_cast<int>(id);
  }
}

// Every single and double flip of the 62 upper bits: what one flip requires, no second flip takes
// back. Attribute indices are left out, because two flips of an index can select the first memory
// type again, and so are flips that make the entry uncacheable.
TEST(ChangeExhaustive, BreakIsMonotoneInBitFlips) {
  for (const Stage stage : {Stage::kStage1, Stage::kStage2}) {
    ChangeContext c;
    c.geometry.stage = stage;
    const bool first_stage = stage == Stage::kStage1;
    const std::uint64_t base = first_stage ? 0x0060'0000'4000'0f03 : 0x4000'07ff;
    const std::uint64_t index = first_stage ? bits::kAttrIndx : bits::kMemAttr;
    for (unsigned i = 2; i < 64; ++i) {
      for (unsigned j = 2; j < 64; ++j) {
        const std::uint64_t second = i == j ? 0 : 1ull << j;
        const Entry one{{base ^ 1ull << i}, 3};
        const Entry two{{base ^ (1ull << i | second)}, 3};
        const bool index_flips = ((1ull << i | second) & index) != 0;
        if (index_flips || !is_cacheable(two, c)) continue;
        ASSERT_LE(classify({{base}, 3}, one, c).break_required,
                  classify({{base}, 3}, two, c).break_required)
            << i << " " << j;
      }
    }
  }
}

TEST(ChangeExhaustive, TablesOverPointersHierarchyAndContents) {
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    for (unsigned flips = 0; flips < 64; ++flips) {
      for (const Contents contents : {Contents::kSame, Contents::kDifferent, Contents::kUnknown}) {
        ChangeContext c;
        c.features.bbm = bbm;
        c.contents = contents;
        Fields fields{.kind = Kind::kTable, .address = kPageA};
        const Entry old_entry{encode(c.geometry, fields, 2), 2};
        if (flips & 1) fields.address = kPageB;
        fields.pxn_table = flips >> 1 & 1;
        fields.xn_table = flips >> 2 & 1;
        fields.ap_table = flips >> 3 & 3;
        if (flips >> 5 & 1) fields.ignored = 1ull << 55;
        const Change change = classify(old_entry, {encode(c.geometry, fields, 2), 2}, c);
        const bool moved = (flips & 1) != 0;
        const RowId expected =
            moved ? (contents == Contents::kSame ? RowId::kTableCopy : RowId::kTableDifferent)
            : (flips & 30) != 0 ? RowId::kHierarchical
            : flips != 0        ? RowId::kSoftwareBits
                                : RowId::kNone;
        ASSERT_EQ(change.row, expected) << flips;
        ASSERT_EQ(change.break_required, expected == RowId::kTableDifferent);
        const bool effective = moved || (flips & 30) != 0;
        ASSERT_EQ(change.tlbi, effective ? TlbiOwed::kAllLevels : TlbiOwed::kNone);
      }
    }
  }
}

// The table's own answers agree with what classify says on plain examples of each kind: a change
// that the table never asks a break for is never refused alone, and the other way round.
TEST(ChangeExhaustive, AnswersOfTheTableBoundTheVerdicts) {
  const auto fields = stage1_attributes();
  const auto targets = both_addresses(fields);
  for (std::uint8_t bbm = 0; bbm < 4; ++bbm) {
    ChangeContext c;
    c.features.bbm = bbm;
    const auto old_entries = encode_all(fields, 3, c.geometry);
    const auto new_entries = encode_all(targets, 3, c.geometry);
    for (const Entry& old_entry : old_entries) {
      for (const Entry& new_entry : new_entries) {
        const Change change = classify(old_entry, new_entry, c);
        const LevelAnswer answer = row(change.row).answers[bbm];
        if (answer == LevelAnswer::kYes || answer == LevelAnswer::kUnclear) {
          ASSERT_TRUE(change.break_required) << static_cast<int>(change.row);
        }
        if (answer == LevelAnswer::kNo || answer == LevelAnswer::kThoughtLegal) {
          ASSERT_FALSE(change.break_required) << static_cast<int>(change.row);
        }
      }
    }
  }
}

}  // namespace
}  // namespace amalgam::arch
