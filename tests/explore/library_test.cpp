// The library as shipped, under the explorer.
#include <gtest/gtest.h>

#include "explore/tables.hpp"

namespace amalgam::test {
namespace {

using explorer::Machine;
using explorer::Observation;
using explorer::Options;
using explorer::Port;
using explorer::Result;
using pgtable::Leaf;

const Observation kAnything{.load = true, .store = true, .add = true, .may_fault = true};

class Library : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] static std::uint8_t bbm() { return static_cast<std::uint8_t>(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(EachLevel, Library, testing::Range(0, 4));

TEST_P(Library, MapsBesideWhatIsThere) {
  const Options o = options(bbm(), 3);
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true, .add = true});
    m.observe(kVa + kPage, 2 * kPage, kAnything);
    m.spawn("map", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.map(kVa + kPage, 2 * kPage, m.page(1), kReadWrite, batch);
      m.load(kVa + kPage);
    });
  });
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_EQ(result.coverage.slices, 3U) << result;
}

TEST_P(Library, MapsThroughATableOfItsOwn) {
  const Options o = options(bbm());
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa + kBlock, 2 * kPage, kAnything);
    m.spawn("map", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.map(kVa + kBlock, kPage, m.page(1), kReadWrite, batch);
      m.store(kVa + kBlock);
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

TEST_P(Library, MapsABlock) {
  const Options o = options(bbm());
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa + kBlock + 3 * kPage, kPage, kAnything);
    m.spawn("map", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.map(kVa + kBlock, kBlock, m.page(512), kReadOnly, batch);
      m.load(kVa + kBlock + 3 * kPage);
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

TEST_P(Library, UnmapsAPageAndFreesIt) {
  const Options o = options(bbm(), 3);
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o, 2);
    m.observe(kVa, kPage, kAnything);
    m.observe(kVa + kPage, kPage, {.load = true, .store = true});
    m.spawn("unmap", [&] {
      {
        auto batch = mapped.tables.batch();
        (void)mapped.tables.unmap(kVa, kPage, batch);
      }
      m.free(m.page(0));
      m.load(kVa, {.may_fault = true});
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

TEST_P(Library, UnmapsATableAndFreesIt) {
  const Options o = options(bbm(), 3);
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o, 2);
    m.observe(kVa, 2 * kPage, kAnything);
    m.spawn("unmap", [&] {
      {
        auto batch = mapped.tables.batch();
        (void)mapped.tables.unmap(kVa, kBlock, batch);
      }
      m.free(m.page(1));
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

TEST_P(Library, UnmapsAndMapsAnotherPage) {
  const Options o = options(bbm());
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true, .may_fault = true, .may_be_lost = true});
    m.spawn("replace", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.unmap(kVa, kPage, batch);
      (void)mapped.tables.map(kVa, kPage, m.page(1), kReadWrite, batch);
      m.free(m.page(0));
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

TEST_P(Library, ProtectsAndReliesOnIt) {
  const Options o = options(bbm(), 3);
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o, 2);
    m.observe(kVa, 2 * kPage, kAnything);
    m.spawn("protect", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.protect(kVa, 2 * kPage, kReadOnly, {}, batch);
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

// Another page behind the same address: legal with a fault window alone.
std::uint64_t moved(const Leaf& leaf) { return leaf.raw + 4 * kPage; }

TEST_P(Library, MovesAPageWithAFaultWindow) {
  const Options o = options(bbm(), 3);
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true, .may_fault = true, .may_be_lost = true});
    m.spawn("move", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.change(kVa, kPage, moved, {.fault_window = true}, batch);
      m.free(m.page(0));
    });
  });
  EXPECT_TRUE(result.clean()) << result;
}

// The whole of an operation on tables of another shape.
template <arch::Geometry kShape>
Result unmap_and_free(Options o, std::uint64_t va, const pgtable::TlbContext& tlb = {}) {
  o.geometry = kShape;
  return explore(o, [&](Machine& m) {
    pgtable::PageTable<kShape, Port> tables(
        m.port(), m.root(), {.half = o.half, .features = features(o), .tlb = tlb, .knowledge = {}});
    auto set_up = tables.batch();
    const std::uint64_t bytes = arch::page_bytes(kShape.granule);
    (void)tables.map(va, 2 * bytes, m.page(), {.writable = true, .global = false}, set_up);
    tables.activate();
    m.observe(va, bytes, kAnything);
    m.spawn("unmap", [&] {
      {
        auto batch = tables.batch();
        (void)tables.unmap(va, bytes, batch);
      }
      m.free(m.page());
      m.load(va, {.may_fault = true});
    });
  });
}

// So many pages that all of the TLB is emptied, mapped globally.
Result unmap_many_global_pages(const Options& o, const pgtable::TlbContext& tlb) {
  constexpr std::uint64_t bytes = 1024 * kPage;
  return explore(o, [&](Machine& m) {
    pgtable::PageTable<kSmall, Port> tables(m.port(), m.root(),
                                            {.features = features(o), .tlb = tlb, .knowledge = {}});
    auto set_up = tables.batch();
    (void)tables.map(kVa, bytes, m.page(), {.writable = true}, set_up, {.blocks = false});
    tables.activate();
    m.observe(kVa, kPage, kAnything);
    m.spawn("unmap", [&] {
      {
        auto batch = tables.batch();
        (void)tables.unmap(kVa, bytes, batch);
      }
      m.free(m.page());
    });
  });
}

TEST_P(Library, UnmapsManyGlobalPages) {
  const Result kept = unmap_many_global_pages(options(bbm()), {});
  EXPECT_TRUE(kept.clean()) << kept;
  // Who says that no leaf is global gets an operation by ASID, which leaves these.
  const Result broken = unmap_many_global_pages(options(bbm()), {.non_global_only = true});
  EXPECT_TRUE(broken.found("freed-page-write")) << broken;
}

constexpr arch::Geometry k16K{.granule = arch::Granule::k16K, .va_bits = 36, .pa_bits = 40};
constexpr arch::Geometry k64K{.granule = arch::Granule::k64K, .va_bits = 42, .pa_bits = 48};
constexpr arch::Geometry kStage2{.va_bits = 40, .pa_bits = 40, .stage = arch::Stage::kStage2};
constexpr arch::Geometry kEl2{.va_bits = 39, .pa_bits = 40, .regime = arch::Regime::kEl2};

TEST_P(Library, UnmapsInEveryShape) {
  const Options o = options(bbm());
  for (const Result& result :
       {unmap_and_free<k16K>(o, kVa), unmap_and_free<k64K>(o, kVa), unmap_and_free<kEl2>(o, kVa),
        unmap_and_free<kStage2>(o, 0xc0'0000'0000)}) {
    EXPECT_TRUE(result.clean()) << result;
    EXPECT_GT(result.coverage.states, 10U) << result;
  }
  Options upper = o;
  upper.half = pgtable::Half::kUpper;
  const Result result = unmap_and_free<kSmall>(upper, 0xffff'ffff'c040'0000);
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_GT(result.coverage.states, 10U) << result;
}

TEST_P(Library, RefusesToMoveAPageInPlace) {
  const Options o = options(bbm());
  pgtable::Status status;
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true});
    m.spawn("move", [&] {
      auto batch = mapped.tables.batch();
      status = mapped.tables.change(kVa, kPage, moved, {}, batch);
    });
  });
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_EQ(status.error, pgtable::Error::kNotPermitted);
}

TEST_P(Library, ProtectsWhileHardwareSetsAccessFlags) {
  Options o = options(bbm());
  o.features.hardware_af = true;
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o, 2, {.writable = true, .accessed = false});
    m.observe(kVa, 2 * kPage, {.load = true, .store = true, .may_fault = true});
    m.spawn("protect", [&] {
      auto batch = mapped.tables.batch();
      const auto read_only = [](const Leaf& leaf) { return leaf.raw | std::uint64_t{1} << 7; };
      (void)mapped.tables.change(kVa, 2 * kPage, read_only, {}, batch);
    });
  });
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_GT(result.coverage.paths, 8U) << result;
}

}  // namespace
}  // namespace amalgam::test
