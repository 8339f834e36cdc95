// The order in which live leaves are changed, as a recorder sees it.
#include "amalgam/pgtable/change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/page_table.hpp"
#include "pgtable/memory_port.hpp"

namespace amalgam::pgtable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr arch::Geometry kGeometry{};
constexpr std::uint64_t kVa = 0x4000'0000;
constexpr std::uint64_t kPage = 0x1000;

// A memory port that writes down what reaches the machine, and can act as hardware in between.
class Recorder : public test::MemoryPort {
 public:
  Recorder() : MemoryPort(512, 64) {}

  void store(View view, std::size_t i, std::uint64_t raw) {
    note((raw & 1) != 0 ? "make" : "break");
    MemoryPort::store(view, i, raw);
  }
  bool compare_exchange(View view, std::size_t i, std::uint64_t& expected, std::uint64_t raw) {
    if (hardware) hardware(view.page->at(i));
    const bool stored = MemoryPort::compare_exchange(view, i, expected, raw);
    if (stored) note((raw & 1) != 0 ? "make" : "break");
    return stored;
  }
  void barrier(const arch::Barrier& b) { note(std::string(arch::name(b))); }
  void tlbi(const arch::TlbiMnemonic& m, std::uint64_t) {
    note(m.shareability == arch::Shareability::kInner ? "tlbi is" : "tlbi local");
  }
  void note(std::string what) {
    if (log.empty() || log.back() != what) log.push_back(std::move(what));
  }

  std::vector<std::string> log;  // equal neighbours once
  std::function<void(std::uint64_t&)> hardware;
};

class LiveChange : public testing::Test {
 protected:
  using Table = PageTable<kGeometry, Recorder>;

  LiveChange() : root(make_root()), table(port, root, {}) {
    table.clear_root();
    table.activate();
    auto batch = table.batch();
    EXPECT_TRUE(table.map(kVa, 4 * kPage, 0x8000'0000, {.writable = true}, batch).ok());
    port.log.clear();
  }

  PhysicalAddress make_root() {
    EXPECT_TRUE(port.reserve(1));
    return port.take();
  }
  static std::uint64_t moved(const Leaf& leaf) {
    return arch::with_output_address(kGeometry, {leaf.raw}, leaf.level, 0x9000'0000).raw;
  }

  Recorder port;
  PhysicalAddress root;
  Table table;
};

TEST_F(LiveChange, NarrowerPermissionsAreStoredInPlaceAndFlushed) {
  auto batch = table.batch();
  ASSERT_TRUE(table.protect(kVa, 4 * kPage, {.writable = false}, {}, batch).ok());
  EXPECT_THAT(port.log, ElementsAre("make"));
  batch.flush();
  EXPECT_THAT(port.log, ElementsAre("make", "dsb ishst", "tlbi is", "dsb ish", "isb"));
}

TEST_F(LiveChange, WiderPermissionsNeedNoFlushButArePublished) {
  auto batch = table.batch();
  const auto marked = [](const Leaf& leaf) { return leaf.raw | std::uint64_t{1} << 55; };
  ASSERT_TRUE(table.change(kVa, 4 * kPage, marked, {}, batch).ok());
  EXPECT_FALSE(batch.is_stale());
  EXPECT_THAT(port.log, ElementsAre("make", "dsb ishst", "isb"));
}

TEST_F(LiveChange, AnotherOutputAddressOfAWritablePageIsRefusedWithItsRule) {
  auto batch = table.batch();
  const Status status = table.change(kVa, kPage, moved, {}, batch);
  EXPECT_EQ(status.error, Error::kNotPermitted);
  EXPECT_EQ(status.row, arch::RowId::kAddressWritable);
  EXPECT_THAT(port.log, IsEmpty());
  EXPECT_TRUE(batch.empty());
}

TEST_F(LiveChange, ABreakIsCompleteBeforeTheMake) {
  auto batch = table.batch();
  ASSERT_TRUE(table.change(kVa, kPage, moved, {.fault_window = true}, batch).ok());
  EXPECT_THAT(port.log, ElementsAre("break", "dsb ishst", "tlbi is", "dsb ish", "isb", "make",
                                    "dsb ishst", "isb"));
  EXPECT_EQ(table.query(kVa)->output, 0x9000'0000U);
}

TEST_F(LiveChange, ABreakDoesNotTouchWhatTheCallerMarked) {
  auto batch = table.batch();
  ASSERT_TRUE(table.unmap(kVa + kPage, kPage, batch).ok());
  batch.flush();
  walk<kGeometry>(port, root, {kVa + kPage, kVa + 2 * kPage}, [&](const Visit<Recorder>& v) {
    if (v.level == arch::kPageLevel) v.table.store(v.index, 0x1234'5678);
    return Step::kDescend;
  });
  port.log.clear();
  const Status status = table.change(kVa, 4 * kPage, moved, {.fault_window = true}, batch);
  EXPECT_EQ(status, (Status{Error::kForeignEntry, kVa + kPage}));
  EXPECT_THAT(port.log, IsEmpty());
}

TEST_F(LiveChange, AnUpdateByHardwareIsNotLost) {
  const auto aged = [](const Leaf& leaf) { return leaf.raw & ~arch::bits::kAccessFlag; };
  auto batch = table.batch();
  ASSERT_TRUE(table.change(kVa, kPage, aged, {}, batch).ok());
  bool done = false;
  port.hardware = [&](std::uint64_t& descriptor) {
    if (!done) descriptor |= arch::bits::kAccessFlag;
    done = true;
  };
  const auto software = [](const Leaf& leaf) { return leaf.raw | std::uint64_t{1} << 55; };
  ASSERT_TRUE(table.change(kVa, kPage, software, {}, batch).ok());
  EXPECT_TRUE(done);
  EXPECT_TRUE(arch::has_access_flag({table.query(kVa)->raw}));
}

}  // namespace
}  // namespace amalgam::pgtable
