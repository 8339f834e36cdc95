// Who is told of changes, and how a range becomes invalidations of a device TLB.
#include "amalgam/pgtable/notifiers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "amalgam/pgtable/page_table.hpp"
#include "pgtable/memory_port.hpp"

namespace amalgam::pgtable {
inline namespace notifiers_test {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t kPage = 0x1000;

struct Queue {
  void atc_invalidate(const AtcSpan& span) { spans.push_back(span); }
  void sync() { ++syncs; }
  std::vector<AtcSpan> spans;
  int syncs = 0;
};

TEST(AtcCover, IsTheSmallestAlignedPowerOfTwo) {
  EXPECT_EQ(atc_cover(7 * kPage, 11 * kPage), (AtcSpan{0, 16}));
  EXPECT_EQ(atc_cover(8 * kPage, 9 * kPage), (AtcSpan{8 * kPage, 12}));
  EXPECT_EQ(atc_cover(8 * kPage, 12 * kPage), (AtcSpan{8 * kPage, 14}));
  EXPECT_EQ(atc_cover(0, 0), (AtcSpan{0, kAtcEverything}));
  EXPECT_EQ(atc_cover(~std::uint64_t{0} << 12, 0), (AtcSpan{~std::uint64_t{0} << 12, 12}));
}

TEST(AtcSpans, CoverEveryPageOnceAndAreAligned) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t first = random() >> (12 + random() % 52);
    const std::uint64_t pages = 1 + (random() >> (40 + random() % 24));
    std::uint64_t at = first << 12;
    const std::uint64_t end = (first + pages) << 12;
    if (end <= at) continue;
    for (AtcSpans spans(at, end); !spans.done();) {
      const AtcSpan span = spans.next();
      ASSERT_EQ(span.start, at);
      ASSERT_EQ(span.start & ((std::uint64_t{1} << span.size_lg2) - 1), 0U);
      at += std::uint64_t{1} << span.size_lg2;
    }
    ASSERT_EQ(at, end);
  }
}

TEST(AtcNotifier, OverInvalidatesOrSplitsAsThePolicySays) {
  Queue one;
  AtcNotifier<Queue> rounds(one);
  rounds.invalidate(7 * kPage, 11 * kPage);
  EXPECT_THAT(one.spans, ElementsAre(AtcSpan{0, 16}));
  EXPECT_EQ(one.syncs, 1);
  Queue many;
  AtcNotifier<Queue> splits(many, {.most_spans = 8});
  splits.invalidate(7 * kPage, 11 * kPage);
  EXPECT_THAT(many.spans,
              ElementsAre(AtcSpan{7 * kPage, 12}, AtcSpan{8 * kPage, 13}, AtcSpan{10 * kPage, 12}));
}

// A port that passes notifications to a chain, and notes what reaches the CPUs beside them.
class ChainPort : public test::MemoryPort {
 public:
  ChainPort() : MemoryPort(512, 64) {}
  void tlbi(const arch::TlbiMnemonic&, std::uint64_t) { log.emplace_back("tlbi"); }
  bool compare_exchange(View view, std::size_t i, std::uint64_t& expected, std::uint64_t raw) {
    log.emplace_back((raw & 1) != 0 ? "make" : "break");
    return MemoryPort::compare_exchange(view, i, expected, raw);
  }
  void store(View view, std::size_t i, std::uint64_t raw) {
    if (noting) log.emplace_back((raw & 1) != 0 ? "make" : "break");
    MemoryPort::store(view, i, raw);
  }
  void notify(NotifyPhase phase, std::uint64_t start, std::uint64_t end) {
    chain.notify(phase, start, end);
  }
  NotifierChain chain;
  std::vector<std::string> log;
  bool noting = false;
};

class Notifications : public testing::Test {
 protected:
  static constexpr arch::Geometry kGeometry{};
  static constexpr std::uint64_t kVa = 0x4000'0000;
  using Table = PageTable<kGeometry, ChainPort>;

  Notifications() : table_(port_, make_root(), {}), listener_(&hear, this) {
    table_.clear_root();
    auto batch = table_.batch();
    EXPECT_TRUE(table_.map(kVa, 4 * kPage, 0x8000'0000, {.writable = true}, batch).ok());
    table_.activate();
    port_.chain.add(listener_);
    port_.noting = true;
  }
  PhysicalAddress make_root() {
    EXPECT_TRUE(port_.reserve(1));
    return port_.take();
  }
  static void hear(void* self, NotifyPhase phase, std::uint64_t start, std::uint64_t end) {
    const char* names[] = {"start", "now", "end"};
    static_cast<Notifications*>(self)->port_.log.push_back(
        std::string(names[static_cast<int>(phase)]) + " " + std::to_string((start - kVa) / kPage) +
        "-" + std::to_string((end - kVa) / kPage));
  }

  ChainPort port_;
  Table table_;
  Notifier listener_;
};

TEST_F(Notifications, OfAnUnmapComeAroundAndAfterTheTlbi) {
  {
    auto batch = table_.batch();
    ASSERT_TRUE(table_.unmap(kVa + kPage, kPage, batch).ok());
  }
  EXPECT_THAT(port_.log, ElementsAre("start 1-2", "break", "tlbi", "now 1-2", "end 1-2"));
}

TEST_F(Notifications, OfABreakComeBeforeTheMake) {
  auto batch = table_.batch();
  const auto moved = [](const Leaf& leaf) { return leaf.raw + 0x10'0000; };
  ASSERT_TRUE(table_.change(kVa, kPage, moved, {.fault_window = true}, batch).ok());
  batch.flush();
  EXPECT_THAT(port_.log, ElementsAre("start 0-1", "break", "tlbi", "now 0-1", "make", "end 0-1"));
}

TEST_F(Notifications, StopWhenTheListenerHasGone) {
  port_.chain.remove(listener_);
  auto batch = table_.batch();
  ASSERT_TRUE(table_.unmap(kVa, kPage, batch).ok());
  batch.flush();
  EXPECT_THAT(port_.log, ElementsAre("break", "tlbi"));
}

}  // namespace
}  // namespace notifiers_test
}  // namespace amalgam::pgtable
