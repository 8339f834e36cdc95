// Devices that translate through the tables that explored code changes.
#include <gtest/gtest.h>

#include "explore/tables.hpp"

namespace amalgam::test {
namespace {

using explorer::Device;
using explorer::DeviceTraits;
using explorer::Machine;
using explorer::Options;
using explorer::Port;
using explorer::Result;
using pgtable::NotifyPhase;

// Where the device is told of a change.
enum class Told { kNever, kBeforeTlbi, kBetween, kAtEnd, kShort };

// Keeps what the library tells devices to itself, so that each test can choose when they hear of
// it.
class Silent : public Port {
 public:
  explicit Silent(const Port& port) : Port(port) {}
  void notify(NotifyPhase, std::uint64_t, std::uint64_t) {}
};

void tell(Port& port, bool now, std::uint64_t bytes = kPage) {
  if (now) port.notify(NotifyPhase::kNow, kVa, kVa + bytes);
}

struct Case {
  Told told = Told::kBetween;
  DeviceTraits traits;
};

Result unmap_and_free(std::uint8_t bbm, const Case& c) {
  const Options o = options(bbm);
  return explore(o, [&](Machine& m) {
    Silent silent(m.port());
    Mapped<Silent> mapped(m, silent, o, 2);
    const Device gpu = m.device("gpu", c.traits);
    m.observe(kVa, 2 * kPage, {.load = true, .store = true, .may_fault = true, .devices = {gpu}});
    m.spawn("unmap", [&] {
      m.port().notify(NotifyPhase::kStart, kVa, kVa + 2 * kPage);
      {
        auto batch = mapped.tables.batch();
        (void)mapped.tables.unmap(kVa, 2 * kPage, batch);
        tell(m.port(), c.told == Told::kBeforeTlbi, 2 * kPage);
      }
      tell(m.port(), c.told == Told::kBetween, 2 * kPage);
      tell(m.port(), c.told == Told::kShort);
      m.port().notify(NotifyPhase::kEnd, kVa, kVa + 2 * kPage);
      m.free(m.page(0));
      m.free(m.page(1));
      tell(m.port(), c.told == Told::kAtEnd, 2 * kPage);
    });
  });
}

class Devices : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] static std::uint8_t bbm() { return static_cast<std::uint8_t>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(EachLevel, Devices, testing::Range(0, 4));

TEST_P(Devices, AreToldOfAnUnmappedPage) {
  const Result result = unmap_and_free(bbm(), {});
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_GT(result.coverage.states, 20U) << result;
}

TEST_P(Devices, UseAFreedPageIfNobodyTellsThem) {
  for (const Told told : {Told::kNever, Told::kBeforeTlbi, Told::kAtEnd, Told::kShort}) {
    const Result result = unmap_and_free(bbm(), {told, {}});
    EXPECT_TRUE(result.decided()) << result;
    EXPECT_TRUE(result.found("invalidate-before-free")) << result;
    EXPECT_TRUE(result.found("freed-page-write")) << result;
    EXPECT_TRUE(result.found("freed-page-read")) << result;
  }
}

// A mirror drops at the start and asks again after the end.
TEST_P(Devices, ThatMirrorNeedNotBeToldBetween) {
  const DeviceTraits mirror{.mirrors = true};
  const Result told = unmap_and_free(bbm(), {Told::kBetween, mirror});
  EXPECT_TRUE(told.clean()) << told;
  const Result bracketed = unmap_and_free(bbm(), {Told::kNever, mirror});
  EXPECT_TRUE(bracketed.clean()) << bracketed;
}

// Start and end are shown although they do nothing to a device that shares the tables.
TEST(DeviceTimeline, HasTheMarkers) {
  const Result result = unmap_and_free(0, {Told::kNever, {}});
  std::string text;
  for (const std::string& line : result.findings.front().timeline) text += line + '\n';
  EXPECT_NE(text.find("notify end 0x400000"), std::string::npos) << text;
  EXPECT_NE(text.find("gpu"), std::string::npos) << text;
}

// Copy on write: another page behind the address, told before the make, after it, or never.
Result copy_on_write(std::uint8_t bbm, Told told) {
  const Options o = options(bbm);
  return explore(o, [&](Machine& m) {
    Silent silent(m.port());
    Tables<Silent> tables(silent, m.root(), config<Silent>(o));
    auto set_up = tables.batch();
    (void)tables.map(kVa, kPage, m.page(0), kReadOnly, set_up);
    (void)tables.map(kVa + kPage, kPage, m.page(1), kReadWrite, set_up);
    tables.activate();
    const Device gpu = m.device("gpu");
    m.expect_order(gpu, kVa, kVa + kPage);
    m.spawn("write fault", [&] {
      auto& port = m.port();
      m.copy(m.page(0), m.page(8));
      {
        auto batch = tables.batch();
        (void)tables.unmap(kVa, kPage, batch);
      }
      tell(port, told == Told::kBetween);
      {
        auto batch = tables.batch();
        (void)tables.map(kVa, kPage, m.page(8), kReadWrite, batch);
      }
      m.store(kVa);
      port.barrier({arch::BarrierKind::kDmb, arch::Domain::kIsh, arch::Access::kAll});
      m.store(kVa + kPage);
      tell(port, told == Told::kAtEnd);
    });
  });
}

TEST_P(Devices, SeeACopyInOrderIfToldBetween) {
  const Result result = copy_on_write(bbm(), Told::kBetween);
  EXPECT_TRUE(result.clean()) << result;
}

TEST_P(Devices, SeeACopyOutOfOrderIfToldLate) {
  for (const Told told : {Told::kNever, Told::kAtEnd}) {
    const Result result = copy_on_write(bbm(), told);
    EXPECT_TRUE(result.decided()) << result;
    EXPECT_TRUE(result.found("device-order-violation")) << result;
    EXPECT_TRUE(result.found("notify-before-make")) << result;
  }
}

// A device whose own TLB keeps a block drops it for any part, or for the whole alone.
Result unmap_part(bool ignores_partial) {
  const Options o = options();
  return explore(o, [&](Machine& m) {
    Silent silent(m.port());
    Tables<Silent> tables(silent, m.root(), config<Silent>(o));
    auto set_up = tables.batch();
    (void)tables.map(kVa, kBlock, m.page(), kReadWrite, set_up);
    tables.activate();
    const Device nic = m.device("nic", {.blocks = true, .ignores_partial = ignores_partial});
    m.observe(kVa, kPage, {.load = true, .store = true, .may_fault = true, .devices = {nic}});
    m.spawn("unmap", [&] {
      {
        auto batch = tables.batch();
        (void)tables.unmap(kVa, kBlock, batch);
      }
      tell(m.port(), true);
      m.free(m.page(0));
    });
  });
}

TEST(DeviceBlocks, GoForAPartOrForTheWhole) {
  const Result dropped = unmap_part(false);
  EXPECT_TRUE(dropped.clean()) << dropped;
  const Result kept = unmap_part(true);
  EXPECT_TRUE(kept.found("freed-page-write")) << kept;
}

TEST_P(Devices, AreToldByTheLibrary) {
  const Options o = options(bbm());
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o, 2);
    const Device gpu = m.device("gpu");
    m.observe(kVa, 2 * kPage, {.load = true, .store = true, .may_fault = true, .devices = {gpu}});
    m.spawn("unmap", [&] {
      {
        auto batch = mapped.tables.batch();
        (void)mapped.tables.unmap(kVa, 2 * kPage, batch);
      }
      m.free(m.page(0));
      m.free(m.page(1));
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

TEST(DeviceMisuse, IsNamed) {
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    (void)m.device("a");
    (void)m.device("b", {.mirrors = true});
    m.spawn("nothing", [] {});
  });
  EXPECT_FALSE(result.errors.empty());
}

}  // namespace
}  // namespace amalgam::test
