// Switching roots, handing out tags, and copy and switch.
#include "amalgam/pgtable/roots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "amalgam/pgtable/root_copy.hpp"
#include "amalgam/pgtable/tags.hpp"
#include "pgtable/memory_port.hpp"

namespace amalgam::pgtable {
inline namespace roots_test {
namespace {

using testing::ElementsAre;

constexpr arch::Geometry kGeometry{};
constexpr std::uint64_t kPage = 0x1000;
constexpr std::uint64_t kVa = 0x4000'0000;

class RootPort : public test::MemoryPort {
 public:
  RootPort() : MemoryPort(512, 4096) {}
  void set_root(Half, PhysicalAddress root, std::uint16_t tag) {
    log.push_back("root " + std::to_string(root) + " tag " + std::to_string(tag));
  }
  void barrier(const arch::Barrier& b) { log.emplace_back(arch::name(b)); }
  void tlbi(const arch::TlbiMnemonic& m, std::uint64_t operand) {
    MemoryPort::tlbi(m, operand);
    log.push_back("tlbi " + std::string(arch::mnemonic_text(m).view()));
  }
  std::vector<std::string> log;
};
static_assert(SetsRoot<RootPort>);

TEST(Roots, ASwitchToACleanTagTakesOneBarrier) {
  RootPort port;
  switch_root<kGeometry>(port, Half::kLower, {7, 3}, TagHistory::kClean, 9);
  EXPECT_THAT(port.log, ElementsAre("root 7 tag 3", "isb"));
}

TEST(Roots, TheRegisterIsBrokenWhereTheTagWasUsedForOtherTables) {
  RootPort port;
  switch_root<kGeometry>(port, Half::kLower, {7, 3}, TagHistory::kOthers, 9, true);
  EXPECT_THAT(port.log, ElementsAre("root 9 tag 3", "isb", "dsb nshst", "tlbi aside1", "dsb nsh",
                                    "isb", "root 7 tag 3", "isb"));
}

TEST(Tags, AreUniqueWithinAGenerationAndNeverZero) {
  RootPort port;
  std::array<std::uint64_t, 4> words{};
  TagAllocator<RootPort> tags(port, 8, words, false);
  std::set<std::uint16_t> seen;
  for (int i = 0; i < 255; ++i) {
    const Tag tag = tags.assign({}, {});
    EXPECT_EQ(tag.generation, 1U);
    EXPECT_NE(tag.value, 0U);
    EXPECT_TRUE(seen.insert(tag.value).second);
    EXPECT_EQ(tags.assign(tag, {}), tag);
  }
  EXPECT_EQ(port.tlbis, 0U);
  EXPECT_EQ(tags.assign({}, {}).generation, 2U);
  EXPECT_THAT(port.log, ElementsAre("dsb ishst", "tlbi vmalle1is", "dsb ish", "isb"));
}

// Tables and CPUs at random, against the rule itself: no TLB holds entries of two tables under one
// tag. A CPU holds the entries of everything that it ran since the last broadcast TLBI.
TEST(Tags, NeverNameTwoTablesInOneTlb) {
  RootPort port;
  std::array<std::uint64_t, 4> words{};
  TagAllocator<RootPort> tags(port, 8, words, true);
  std::mt19937 random(1);
  std::vector<Tag> table_tags(1000);
  std::array<Tag, 4> running{};
  std::array<std::map<std::uint16_t, std::size_t>, 4> held;
  std::array<std::size_t, 4> runs{};
  for (int step = 0; step < 100'000; ++step) {
    const std::size_t cpu = random() % 4;
    const std::size_t table = random() % (random() % 2 == 0 ? 1000 : 20);
    const std::uint64_t flushes = port.tlbis;
    table_tags[table] = tags.assign(table_tags[table], running);
    if (port.tlbis != flushes) {
      for (std::size_t c = 0; c < 4; ++c) {
        held[c].clear();
        if (running[c].generation != 0) held[c][running[c].value] = runs[c];
      }
    }
    const Tag tag = table_tags[table];
    ASSERT_EQ(tag.generation, tags.generation());
    running[cpu] = tag;
    runs[cpu] = table;
    const auto [at, is_new] = held[cpu].try_emplace(tag.value, table);
    ASSERT_TRUE(is_new || at->second == table) << "step " << step;
  }
  EXPECT_GT(port.tlbis, 100U);
}

// A CPU that never asks again goes on with a tag of generation 1; tables that were renewed
// elsewhere know it by a later one.
TEST(Tags, StayTheSameForTablesThatSomeCpuRunsWithAllTheTime) {
  RootPort port;
  std::array<std::uint64_t, 4> words{};
  TagAllocator<RootPort> tags(port, 8, words, false);
  const Tag first = tags.assign({}, {});
  const std::array<Tag, 1> running{first};
  Tag last = first;
  for (int i = 0; i < 2000; ++i) {
    (void)tags.assign({}, running);
    if (i % 300 == 0) last = tags.assign(last, running);
    ASSERT_EQ(last.value, first.value);
  }
  EXPECT_GT(last.generation, 3U);
}

TEST(Tags, RunOutWhenEveryOneIsInUse) {
  RootPort port;
  std::array<std::uint64_t, 4> words{};
  TagAllocator<RootPort> tags(port, 8, words, false);
  std::vector<Tag> running;
  for (int i = 0; i < 255; ++i) running.push_back(tags.assign({}, {}));
  EXPECT_EQ(tags.assign({}, running), Tag{});
}

class CopyAndSwitch : public testing::Test {
 protected:
  using Port = test::MemoryPort;
  using Table = PageTable<kGeometry, Port>;

  CopyAndSwitch() : port_(512, 4096), table_(port_, make_root(), config()) {
    table_.clear_root();
    auto batch = table_.batch();
    EXPECT_TRUE(table_.map(kVa, 4 << 21, 0x8000'0000, attributes(), batch).ok());
    EXPECT_TRUE(
        table_.map(kVa + (std::uint64_t{1} << 39), kPage, 0x1000, attributes(), batch).ok());
    table_.activate();
  }
  static Attributes attributes() { return {.accessed = false, .dirty_tracking = true}; }
  static Table::Config config() {
    Table::Config c;
    c.knowledge.hardware_af = c.knowledge.hardware_dirty = true;
    return c;
  }
  PhysicalAddress make_root() {
    EXPECT_TRUE(port_.reserve(1));
    return port_.take();
  }

  Port port_;
  Table table_;
};

TEST_F(CopyAndSwitch, ChangesACopyByPlainStoresAndFreesTheOldTables) {
  const std::size_t pages = port_.pages();
  RootCopy<kGeometry, Port> copy(table_);
  ASSERT_TRUE(copy.make(kVa, 4 << 21).ok());
  EXPECT_EQ(port_.pages(), pages + 3);  // the root and two tables; what leads elsewhere is shared
  auto batch = copy.tables().batch();
  ASSERT_TRUE(copy.tables().split(kVa + kPage, kPage, {}, batch).ok());
  EXPECT_EQ(port_.tlbis, 0U);
  EXPECT_EQ(table_.query(kVa)->level, 2);
  EXPECT_EQ(copy.tables().query(kVa)->level, 3);
  copy.tables().activate();
  copy.finish(batch);
  EXPECT_EQ(port_.tlbis, 1U);
  EXPECT_EQ(port_.pages(), pages + 1);  // one more table, of the block that was split
  EXPECT_EQ(copy.tables().query(kVa + (std::uint64_t{1} << 39))->output, 0x1000U);
  EXPECT_EQ(copy.tables().query(kVa + 3 * kPage)->output, 0x8000'3000U);
  EXPECT_EQ(port_.misuses, 0U);
}

TEST_F(CopyAndSwitch, KeepsWhatHardwareMarkedInTheOldTablesMeanwhile) {
  RootCopy<kGeometry, Port> copy(table_);
  ASSERT_TRUE(copy.make(kVa, 4 << 21).ok());
  auto batch = copy.tables().batch();
  ASSERT_TRUE(copy.tables().split(kVa + kPage, kPage, {}, batch).ok());
  walk<kGeometry>(port_, table_.root(), {kVa, kVa + kPage}, [&](const Visit<Port>& v) {
    if (!arch::is_leaf(kGeometry, {v.raw}, v.level)) return Step::kDescend;
    const std::uint64_t accessed = v.raw | arch::bits::kAccessFlag;
    v.table.store(v.index, arch::with_dirty(kGeometry, {accessed}).raw);
    return Step::kStop;
  });
  copy.tables().activate();
  copy.finish(batch);
  for (const std::uint64_t va : {kVa, kVa + (1 << 21) - kPage}) {
    EXPECT_TRUE(arch::has_access_flag({copy.tables().query(va)->raw}));
    EXPECT_TRUE(arch::is_dirty(kGeometry, {copy.tables().query(va)->raw}));
  }
  EXPECT_FALSE(arch::has_access_flag({copy.tables().query(kVa + (1 << 21))->raw}));
}

TEST_F(CopyAndSwitch, FailsWithoutMemory) {
  const auto before = port_.contents();
  port_.limit_pages(port_.pages() + 2);
  RootCopy<kGeometry, Port> copy(table_);
  EXPECT_EQ(copy.make(kVa, 4 << 21).error, Error::kNoMemory);
  EXPECT_TRUE(before == port_.contents());
}

}  // namespace
}  // namespace roots_test
}  // namespace amalgam::pgtable
