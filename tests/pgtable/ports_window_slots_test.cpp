// Window slots, on an MMU that the host's own plays: a page that is not in a slot cannot be
// touched.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "amalgam/pgtable.hpp"
#include "amalgam/pgtable/ports/plain_memory.hpp"
#include "amalgam/pgtable/ports/platform.hpp"
#include "amalgam/pgtable/ports/window_slots.hpp"

namespace amalgam::pgtable {
inline namespace ports_window_slots_test {

constexpr arch::Geometry kKernel{};
constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kSlots = 8;
constexpr std::size_t kPages = 64;

// An MMU with a TLB: a descriptor counts once a DSB has made it visible, and what it led to stays
// reachable until a TLBI and the DSB after it. Physical memory is an anonymous file.
class HostMmu {
 public:
  static void start() {
    descriptors.fill(0);
    mapped.fill(0);
    invalidated.clear();
    log.clear();
    mistakes = 0;
    file = memfd_create("physical", 0);
    ASSERT_EQ(ftruncate(file, kPages * kPage), 0);
    base = mmap(nullptr, kSlots * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(base, MAP_FAILED);
  }
  static void stop() {
    munmap(base, kSlots * kPage);
    close(file);
  }
  static std::uint64_t va() { return reinterpret_cast<std::uintptr_t>(base); }

  static bool compare_exchange(std::uint64_t*, std::uint64_t&, std::uint64_t) { return false; }
  static void barrier(const arch::Barrier& b) {
    log.emplace_back(arch::name(b));
    if (b.kind != arch::BarrierKind::kDsb) return;
    for (const std::size_t slot : invalidated) drop(slot);
    invalidated.clear();
    for (std::size_t slot = 0; slot < kSlots; ++slot) walk(slot);
  }
  static void tlbi(const arch::TlbiMnemonic& m, std::uint64_t operand) {
    log.emplace_back(arch::mnemonic_text(m).view());
    const std::uint64_t slot = ((operand & arch::operand::kVaMask) << 12) - va();
    mistakes += slot % kPage == 0 && slot / kPage < kSlots ? 0 : 1;
    hints.push_back(arch::decode_ttl(operand >> arch::operand::kTtlLo & 15, false));
    invalidated.push_back(slot / kPage);
  }
  static void write_root(RootRegister, std::uint64_t) {}

  static inline std::array<std::uint64_t, kSlots> descriptors;
  static inline std::vector<std::string> log;
  static inline std::vector<std::optional<arch::LevelHint>> hints;
  static inline int mistakes = 0;

 private:
  static std::byte* address(std::size_t slot) {
    return static_cast<std::byte*>(base) + slot * kPage;
  }

  // A slot that still has an entry in the TLB must not get another one.
  static void walk(std::size_t slot) {
    const std::uint64_t raw = descriptors[slot];
    if ((raw & 1) == 0 || raw == mapped[slot]) return;
    if (mapped[slot] != 0) ++mistakes;
    const auto at = static_cast<off_t>(arch::output_address(kKernel, {raw}, arch::kPageLevel));
    EXPECT_NE(mmap(address(slot), kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, at),
              MAP_FAILED);
    mapped[slot] = raw;
  }
  static void drop(std::size_t slot) {
    mmap(address(slot), kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mapped[slot] = 0;
  }

  static inline std::array<std::uint64_t, kSlots> mapped;  // what the TLB holds
  static inline std::vector<std::size_t> invalidated;
  static inline int file = -1;
  static inline void* base = nullptr;
};

using Slots = WindowSlots<kKernel, kSlots, HostMmu>;

class WindowSlotsTest : public testing::Test {
 protected:
  void SetUp() override { HostMmu::start(); }
  void TearDown() override { HostMmu::stop(); }

  static Slots::Config config() {
    return {.descriptors = HostMmu::descriptors.data(),
            .va = HostMmu::va(),
            .attributes = {.writable = true},
            .features = {}};
  }
};

TEST_F(WindowSlotsTest, MapsAPageForAsLongAsItIsOpen) {
  Slots slots(config());
  std::uint64_t* first = slots.open(3 * kPage);
  EXPECT_EQ(HostMmu::log, (std::vector<std::string>{"dsb ishst", "isb"}));
  first[5] = 77;
  slots.close(first);
  EXPECT_EQ(HostMmu::log,
            (std::vector<std::string>{"dsb ishst", "isb", "dsb ishst", "vaale1is", "dsb ish"}));
  EXPECT_EQ(HostMmu::descriptors[0], 0u);
  std::uint64_t* other = slots.open(4 * kPage);
  EXPECT_EQ(other, first) << "the slot is free again";
  EXPECT_EQ(other[5], 0u) << "and shows another page";
  std::uint64_t* again = slots.open(3 * kPage);
  EXPECT_NE(again, other);
  EXPECT_EQ(again[5], 77u);
  slots.close(other);
  slots.close(again);
  EXPECT_EQ(HostMmu::mistakes, 0);
}

TEST_F(WindowSlotsTest, StaysLocalWhereNobodyElseUsesTheTables) {
  Slots::Config alone = config();
  alone.single_cpu = true;
  alone.features.ttl = true;
  Slots slots(alone);
  HostMmu::hints.clear();
  slots.close(slots.open(0));
  EXPECT_EQ(HostMmu::log,
            (std::vector<std::string>{"dsb nshst", "isb", "dsb nshst", "vaale1", "dsb nsh"}));
  ASSERT_EQ(HostMmu::hints.size(), 1u);
  EXPECT_EQ(HostMmu::hints[0], (arch::LevelHint{3, arch::Granule::k4K}));
}

TEST_F(WindowSlotsTest, UsesTheOperationOfTheRegime) {
  constexpr arch::Geometry kEl2{.regime = arch::Regime::kEl2};
  WindowSlots<kEl2, kSlots, HostMmu> slots({.descriptors = HostMmu::descriptors.data(),
                                            .va = HostMmu::va(),
                                            .attributes = {},
                                            .features = {}});
  slots.close(slots.open(0));
  EXPECT_EQ(HostMmu::log[3], "vale2is");
}

TEST_F(WindowSlotsTest, DiesWhenSlotsRunOut) {
  Slots slots(config());
  for (std::size_t i = 0; i < kSlots; ++i) slots.open(i * kPage);
  EXPECT_DEATH(slots.open(0), "");
}

// Tables in a number of slots. Every access to a table that is not in view would be a fault of the
// host, and one slot too few a trap.
template <std::size_t kCount>
class TablesIn : public WindowSlotsTest {
 protected:
  using Few = WindowSlots<kKernel, kCount, HostMmu>;
  using Platform = PlatformOf<Few, PagePool<Few>>;
  using P = PlainMemoryPort<kKernel, Platform>;
  using Table = PageTable<kKernel, P>;
  static_assert(Port<P> && !CopiesPages<P>);
  static constexpr std::uint64_t kVa = 0x7fc0'0000'0000;
  static constexpr std::uint64_t kBlock = 0x20'0000;

  void SetUp() override {
    WindowSlotsTest::SetUp();
    const Slots::Config c = config();
    slots.emplace(
        typename Few::Config{c.descriptors, c.va, c.attributes, c.features, c.single_cpu});
    pool.emplace(*slots);
    pool->add(0, kPages, kPage);
    platform.emplace(*slots, *pool);
    port.emplace(*platform);
    ASSERT_TRUE(port->reserve(1));
    table.emplace(*port, port->take(), typename Table::Config{});
    table->clear_root();
    table->activate();
  }
  void TearDown() override {
    EXPECT_EQ(HostMmu::mistakes, 0);
    WindowSlotsTest::TearDown();
  }
  std::uint64_t output_of(std::uint64_t va) const {
    const auto found = table->query(va);
    return found ? found->output : 0;
  }

  const Attributes writable{.writable = true};
  Permits permits = [] {
    Permits p;
    p.fault_window = true;
    return p;
  }();
  std::optional<Few> slots;
  std::optional<PagePool<Few>> pool;
  std::optional<Platform> platform;
  std::optional<P> port;
  std::optional<Table> table;
};

// As many slots as the geometry has levels, and two.
using TablesInSlots = TablesIn<4 + 2>;

TEST_F(TablesInSlots, MapProtectAndUnmap) {
  auto batch = table->batch();
  const std::uint64_t va = kVa + 0x1fff'f000;
  ASSERT_TRUE(table->map(va, 0x40'0000, 0x1'2345'6000, writable, batch).ok());
  ASSERT_TRUE(table->protect(va, 0x40'0000, {}, {}, batch).ok());
  EXPECT_EQ(output_of(va + 0x1'2345), 0x1'2346'8345u);
  const std::size_t before = pool->available();
  ASSERT_TRUE(table->unmap(va, 0x40'0000, batch).ok());
  ASSERT_TRUE(table->prune(kVa, 0x8000'0000, batch).ok());
  batch.flush();
  EXPECT_GT(pool->available(), before);
  EXPECT_EQ(output_of(va), 0u);
}

TEST_F(TablesInSlots, SplitCollapseAndFold) {
  auto batch = table->batch();
  ASSERT_TRUE(table->map(kVa, kBlock, 0x8000'0000, writable, batch).ok());
  ASSERT_TRUE(table->refine(kVa, kBlock, arch::kPageLevel, permits, batch).ok());
  EXPECT_EQ(table->query(kVa)->level, 3);
  ASSERT_TRUE(table->fold(kVa, kBlock, permits, batch).ok());
  ASSERT_TRUE(table->unfold(kVa, kBlock, permits, batch).ok());
  ASSERT_TRUE(table->collapse(kVa, kBlock, permits, batch).ok());
  EXPECT_EQ(table->query(kVa)->level, 2);
  ASSERT_TRUE(table->unmap(kVa + kPage, kPage, batch, permits).ok());
  batch.flush();
  EXPECT_EQ(output_of(kVa), 0x8000'0000u);
  EXPECT_EQ(output_of(kVa + kPage), 0u);
}

TEST_F(TablesInSlots, InstallAndRemap) {
  ASSERT_TRUE(table->install(kVa, 3, 0x8000'0000, writable).ok());
  auto batch = table->batch();
  ASSERT_TRUE(table->remap(kVa, kPage, {0x9000'0000, writable}, permits, batch).ok());
  batch.flush();
  EXPECT_EQ(output_of(kVa), 0x9000'0000u);
}

// What walks two sets of tables side by side needs as many slots for each.
using CopiesInSlots = TablesIn<2 * 4>;

TEST_F(CopiesInSlots, CopyOfARoot) {
  auto batch = table->batch();
  ASSERT_TRUE(table->map(kVa, kPage, 0x8000'0000, writable, batch).ok());
  RootCopy<kKernel, P> copy(*table);
  ASSERT_TRUE(copy.make(kVa, kPage).ok());
  auto changes = copy.tables().batch();
  ASSERT_TRUE(copy.tables().protect(kVa, kPage, {}, {}, changes).ok());
  copy.tables().activate();
  copy.finish(changes);
  EXPECT_EQ(copy.tables().query(kVa)->output, 0x8000'0000u);
}

}  // namespace ports_window_slots_test
}  // namespace amalgam::pgtable
