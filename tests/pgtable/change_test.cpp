// The order in which live leaves are changed, as a recorder sees it.
#include "amalgam/pgtable/change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/page_table.hpp"
#include "pgtable/recorder.hpp"

namespace amalgam::pgtable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr arch::Geometry kGeometry{};
constexpr std::uint64_t kVa = 0x4000'0000;
constexpr std::uint64_t kPage = 0x1000;
using test::Recorder;

class LiveChange : public testing::Test {
 protected:
  using Table = PageTable<kGeometry, Recorder>;

  LiveChange() : root(make_root()), table(port, root, {}) {
    table.clear_root();
    table.activate();
    auto batch = table.batch();
    EXPECT_TRUE(table.map(kVa, 4 * kPage, 0x8000'0000, {.writable = true}, batch).ok());
    port.start_log();
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
  port.start_log();
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
