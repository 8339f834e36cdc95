// The parts of platforms, the Ports on plain memory and the recorder.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "amalgam/pgtable/page_table.hpp"
#include "amalgam/pgtable/ports/hardware.hpp"
#include "amalgam/pgtable/ports/plain_memory.hpp"
#include "amalgam/pgtable/ports/recorder.hpp"

namespace amalgam::pgtable {
inline namespace ports_memory_test {

constexpr arch::Geometry kGeometry{.va_bits = 39};
constexpr std::uint64_t kPage = 4096;

// Memory of the host that plays physical memory from kBase on, seen through a linear map.
class HostMemory {
 public:
  static constexpr PhysicalAddress kBase = 0x8000'0000;

  explicit HostMemory(std::size_t pages) : bytes_((pages + 1) * kPage, 0xee) {}

  [[nodiscard]] LinearMap window() const { return LinearMap(start() - kBase); }

 private:
  [[nodiscard]] std::uintptr_t start() const {
    return (reinterpret_cast<std::uintptr_t>(bytes_.data()) + kPage - 1) & ~(kPage - 1);
  }

  std::vector<std::uint8_t> bytes_;
};

// A pool of pages in host memory, and the platform of both.
template <typename Hooks = NoHooks>
struct Host {
  explicit Host(std::size_t pages, Hooks hooks = {})
      : memory(pages), window(memory.window()), pool(window), platform(window, pool, hooks) {
    pool.add(HostMemory::kBase, pages, kPage);
  }
  using PlatformType = PlatformOf<LinearMap, PagePool<LinearMap>, Hooks>;

  HostMemory memory;
  LinearMap window;
  PagePool<LinearMap> pool;
  PlatformType platform;
};

struct StoppingHooks : NoHooks {
  void stop_others() const { *stopped += 1; }
  void resume_others() const { *stopped -= 1; }
  int* stopped = nullptr;
};

using HostPlatform = Host<>::PlatformType;
using Plain = PlainMemoryPort<kGeometry, HostPlatform>;
using Alone = PlainMemoryPort<kGeometry, HostPlatform, Sharing::kAlone>;

static_assert(Port<Plain> && CopiesPages<Plain> && !StopsOthers<Plain> && !SetsRoot<Plain>);
static_assert(Port<Alone>);
static_assert(StopsOthers<PlainMemoryPort<kGeometry, Host<StoppingHooks>::PlatformType>>);

PhysicalAddress page(std::size_t i) { return HostMemory::kBase + i * kPage; }

TEST(PagePoolTest, GivesWhatIsReservedInOrderAndTakesItBack) {
  Host host(3);
  EXPECT_FALSE(host.pool.reserve(4));
  EXPECT_EQ(host.pool.available(), 3u);
  ASSERT_TRUE(host.pool.reserve(2));
  EXPECT_FALSE(host.pool.reserve(2)) << "one is left";
  EXPECT_EQ(host.pool.take(), page(0));
  host.pool.release(1);
  EXPECT_EQ(host.pool.available(), 2u);
  host.pool.give_back(page(0));
  ASSERT_TRUE(host.pool.reserve(3));
  const std::set<PhysicalAddress> taken{host.pool.take(), host.pool.take(), host.pool.take()};
  EXPECT_EQ(taken, (std::set<PhysicalAddress>{page(0), page(1), page(2)}));
}

TEST(PagePoolTest, ASecondRunLosesNothingOfTheFirst) {
  Host host(4);
  PagePool<LinearMap> pool(host.window);
  pool.add(page(0), 2, kPage);
  ASSERT_TRUE(pool.reserve(1));
  const PhysicalAddress first = pool.take();
  pool.add(page(2), 2, kPage);
  EXPECT_EQ(pool.available(), 3u);
  ASSERT_TRUE(pool.reserve(3));
  std::set<PhysicalAddress> taken{first};
  for (int i = 0; i < 3; ++i) taken.insert(pool.take());
  EXPECT_EQ(taken, (std::set<PhysicalAddress>{page(0), page(1), page(2), page(3)}));
}

template <typename P>
class PlainPortTest : public testing::Test {};
using PlainPorts = testing::Types<Plain, Alone>;
TYPED_TEST_SUITE(PlainPortTest, PlainPorts);

TYPED_TEST(PlainPortTest, ExchangesOnlyWhatItExpects) {
  Host host(1);
  TypeParam port(host.platform);
  const auto view = port.open(page(0));
  port.store(view, 7, 5);
  std::uint64_t expected = 4;
  EXPECT_FALSE(port.compare_exchange(view, 7, expected, 6));
  EXPECT_EQ(expected, 5u);
  EXPECT_TRUE(port.compare_exchange(view, 7, expected, 6));
  EXPECT_EQ(port.load(view, 7), 6u);
  port.close(view);
}

TYPED_TEST(PlainPortTest, CarriesPageTables) {
  Host host(8);
  TypeParam port(host.platform);
  ASSERT_TRUE(port.reserve(1));
  PageTable<kGeometry, TypeParam> table(port, port.take(), {});
  table.clear_root();
  {
    auto batch = table.batch();
    ASSERT_TRUE(table.map(0x40'0000'0000 - kPage, kPage, 0x1234'5000, {}, batch).ok());
  }
  const auto found = table.query(0x40'0000'0000 - 8);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->output, 0x1234'5ff8u);
  EXPECT_EQ(host.pool.available(), 5u) << "a root and two tables";
  auto batch = table.batch();
  ASSERT_TRUE(table.unmap(0, 0x80'0000'0000, batch).ok());
  batch.flush();
  EXPECT_EQ(host.pool.available(), 7u);
}

TEST(PlainMemoryPortTest, ThreadsLoseNoExchange) {
  Host host(1);
  Plain port(host.platform);
  const auto view = port.open(page(0));
  port.store(view, 0, 0);
  const auto count = [&] {
    for (int i = 0; i < 10'000; ++i) {
      std::uint64_t old = port.load(view, 0);
      while (!port.compare_exchange(view, 0, old, old + 1)) {
      }
    }
  };
  std::thread other(count);
  count();
  other.join();
  EXPECT_EQ(port.load(view, 0), 20'000u);
}

TEST(PlatformPortTest, CopiesAndComparesWholePages) {
  Host host(2);
  Plain port(host.platform);
  auto* bytes = static_cast<std::uint8_t*>(host.window.page_memory(page(0)));
  std::memset(bytes, 1, kPage);
  EXPECT_FALSE(port.same_contents(page(0), page(1)));
  port.copy_page(page(0), page(1));
  EXPECT_TRUE(port.same_contents(page(0), page(1)));
  bytes[kPage - 1] = 2;
  EXPECT_FALSE(port.same_contents(page(0), page(1)));
}

TEST(PlatformPortTest, StopsCpusThroughTheHooks) {
  int stopped = 0;
  StoppingHooks hooks;
  hooks.stopped = &stopped;
  Host host(1, hooks);
  PlainMemoryPort<kGeometry, Host<StoppingHooks>::PlatformType> port(host.platform);
  port.stop_others();
  EXPECT_EQ(stopped, 1);
  port.resume_others();
  EXPECT_EQ(stopped, 0);
}

// Instructions that note what the hardware Port issues.
struct Noted {
  static bool compare_exchange(std::uint64_t* at, std::uint64_t& expected, std::uint64_t raw) {
    return __atomic_compare_exchange_n(at, &expected, raw, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
  }
  static void barrier(const arch::Barrier& b) { barriers.push_back(b); }
  static void tlbi(const arch::TlbiMnemonic& m, std::uint64_t) { tlbis.push_back(m); }
  static void write_root(RootRegister which, std::uint64_t value) {
    root = which;
    root_bits = value;
  }

  static inline std::vector<arch::Barrier> barriers;
  static inline std::vector<arch::TlbiMnemonic> tlbis;
  static inline RootRegister root = RootRegister::kVttbrEl2;
  static inline std::uint64_t root_bits = 0;
};

using Hardware = HardwarePort<kGeometry, HostPlatform, Noted>;
static_assert(Port<Hardware> && CopiesPages<Hardware> && SetsRoot<Hardware>);

TEST(HardwarePortTest, IssuesWhatTheLibraryAsksFor) {
  Host host(8);
  Hardware port(host.platform, true);
  ASSERT_TRUE(port.reserve(1));
  PageTable<kGeometry, Hardware> table(port, port.take(), {});
  table.clear_root();
  table.activate();
  EXPECT_EQ(Noted::barriers.size(), 2u);
  port.set_root(Half::kUpper, table.root(), 3);
  EXPECT_EQ(Noted::root, RootRegister::kTtbr1El1);
  EXPECT_EQ(Noted::root_bits, table.root() | std::uint64_t{3} << 48 | 1);
  auto batch = table.batch();
  ASSERT_TRUE(table.map(0, kPage, 0, {}, batch).ok());
  EXPECT_TRUE(Noted::tlbis.empty());
  ASSERT_TRUE(table.unmap(0, kPage, batch).ok());
  batch.flush();
  ASSERT_EQ(Noted::tlbis.size(), 1u);
  EXPECT_EQ(Noted::tlbis[0].shareability, arch::Shareability::kInner);
}

TEST(RecorderPortTest, TellsEveryOperationOnce) {
  Host host(4);
  Plain plain(host.platform);
  OperationLog<64> log;
  RecorderPort<Plain, OperationLog<64>> port(plain, log);
  static_assert(Port<decltype(port)> && CopiesPages<decltype(port)>);

  ASSERT_TRUE(port.reserve(2));
  const PhysicalAddress pa = port.take();
  port.release(1);
  const auto view = port.open(pa);
  port.store(view, 3, 0x11);
  port.store(view, 3, 0x22);
  EXPECT_EQ(port.load(view, 3), 0x22u);
  std::uint64_t expected = 0x33;
  EXPECT_FALSE(port.compare_exchange(view, 3, expected, 0x44));
  port.close(view);
  port.barrier({arch::BarrierKind::kDmb, arch::Domain::kIsh, arch::Access::kStore});
  port.tlbi({.kind = arch::TlbiKind::kVmall}, 9);
  port.notify(NotifyPhase::kNow, 1, 2);
  port.copy_page(pa, page(1));
  EXPECT_TRUE(port.same_contents(pa, page(1)));
  port.give_back(pa);

  std::vector<OperationKind> kinds;
  for (const Operation& op : log) kinds.push_back(op.kind);
  using enum OperationKind;
  EXPECT_EQ(kinds,
            (std::vector{kReserve, kTake, kRelease, kOpen, kStore, kStore, kLoad, kCompareExchange,
                         kClose, kBarrier, kTlbi, kNotify, kCopyPage, kSameContents, kGiveBack}));
  EXPECT_EQ(log[5].page, pa);
  EXPECT_EQ(log[5].index, 3u);
  EXPECT_EQ(log[5].old_raw, 0x11u);
  EXPECT_EQ(log[5].raw, 0x22u);
  EXPECT_FALSE(log[7].succeeded);
  EXPECT_EQ(log[7].old_raw, 0x22u);
  EXPECT_EQ(log[10].operand, 9u);
  EXPECT_EQ(log[11].phase, NotifyPhase::kNow);
  EXPECT_EQ(log[12].other, page(1));
  EXPECT_EQ(log.dropped(), 0u);
}

// What was recorded on the way to some tables makes the same tables again.
TEST(RecorderPortTest, StoresReplayToTheSameTables) {
  Host host(16);
  Plain plain(host.platform);
  std::vector<Operation> stores;
  const auto sink = [&](const Operation& op) {
    if (op.kind == OperationKind::kStore) stores.push_back(op);
  };
  RecorderPort port(plain, sink);
  ASSERT_TRUE(port.reserve(1));
  PageTable<kGeometry, decltype(port)> table(port, port.take(), {});
  table.clear_root();
  auto batch = table.batch();
  ASSERT_TRUE(table.map(0x20'0000 - kPage, 4 * kPage, 0x7'0000'0000, {}, batch).ok());

  Host copy(16);
  Plain target(copy.platform);
  for (const Operation& op : stores) {
    const auto view = target.open(op.page);
    target.store(view, op.index, op.raw);
    target.close(view);
  }
  ASSERT_GT(stores.size(), 512u * 4);
  const PageTable<kGeometry, Plain> replayed(target, table.root(), {});
  const auto found = replayed.query(0x20'0000 + 2 * kPage);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->output, 0x7'0000'0000u + 3 * kPage);
}

TEST(RecorderPortTest, NamesTheLineThatAsked) {
  Host host(4);
  Plain plain(host.platform);
  OperationLog<8> log;
  RecorderPort<Plain, OperationLog<8>> port(plain, log);
  const OpenTable<decltype(port)> table(port, page(0));
  table.store(0, 1);
  const auto line = static_cast<unsigned>(__LINE__ - 1);
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[1].where.line(), line);
}

TEST(OperationLogTest, CountsWhatItHasNoRoomFor) {
  OperationLog<1> log;
  log({.kind = OperationKind::kTake});
  log({.kind = OperationKind::kRelease});
  EXPECT_EQ(log.size(), 1u);
  EXPECT_EQ(log.dropped(), 1u);
  log.clear();
  EXPECT_EQ(log.begin(), log.end());
}

}  // namespace ports_memory_test
}  // namespace amalgam::pgtable
