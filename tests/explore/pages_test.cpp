// What explored code says of data pages and of roots, and what the explorer makes of it.
#include <gtest/gtest.h>

#include "explore/tables.hpp"

namespace amalgam::test {
namespace {

using explorer::Machine;
using explorer::Options;
using explorer::Port;
using explorer::Result;
using pgtable::Half;
using pgtable::Leaf;

static_assert(pgtable::StopsOthers<Port>);
static_assert(pgtable::CopiesPages<Port>);
static_assert(pgtable::SetsRoot<Port>);

constexpr arch::Barrier kIsb{arch::BarrierKind::kIsb, arch::Domain::kSy, arch::Access::kAll};
constexpr arch::Barrier kDsb{arch::BarrierKind::kDsb, arch::Domain::kIsh, arch::Access::kAll};

// --- stopping ------------------------------------------------------------------------------------

// A page behind an address is replaced: the break is a fault to whoever is not stopped.
Result move_page(bool stop) {
  const Options o = options();
  return explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.port().copy_page(m.page(0), m.page(4));
    m.observe(kVa, kPage, {.load = true});
    m.spawn("move", [&] {
      if (stop) m.port().stop_others();
      {
        const auto moved = [](const Leaf& leaf) { return leaf.raw + 4 * kPage; };
        auto batch = mapped.tables.batch();
        (void)mapped.tables.change(kVa, kPage, moved, {.fault_window = true}, batch);
      }
      if (stop) m.port().resume_others();
    });
  });
}

TEST(PortStops, TheOtherCpus) {
  const Result stopped = move_page(true);
  EXPECT_TRUE(stopped.clean()) << stopped;
  const Result running = move_page(false);
  EXPECT_TRUE(running.found("unexpected-fault")) << running;
}

// --- contents ------------------------------------------------------------------------------------

// A direct change of a read-only page to another page, by one store.
Result swap_directly(bool copied, std::uint8_t bbm) {
  const Options o = options(bbm);
  return explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o, 1, kReadOnly);
    if (copied) m.port().copy_page(m.page(0), m.page(4));
    m.observe(kVa, kPage, {.load = true});
    m.spawn("swap", [&] {
      auto raw = mapped.tables.query(kVa)->raw;
      const auto index = pgtable::index_in_page(kSmall, kVa, 2);
      const pgtable::OpenTable<Port> root(m.port(), m.root());
      const arch::Descriptor link{root.load(index)};
      const pgtable::OpenTable<Port> table(m.port(), arch::output_address(kSmall, link, 2));
      table.store(pgtable::index_in_page(kSmall, kVa, 3), raw + 4 * kPage);
      m.port().barrier(kDsb);
      m.port().tlbi({.kind = arch::TlbiKind::kVmall}, 0);
      m.port().barrier(kDsb);
    });
  });
}

// R_WHZWS(2) excepts equal contents that nobody may write.
TEST(PortContents, AreCopiedInSetUp) {
  const Result equal = swap_directly(true, 0);
  EXPECT_TRUE(equal.clean()) << equal;
  const Result differ = swap_directly(false, 0);
  EXPECT_TRUE(differ.found("break-before-make")) << differ;
}

TEST(PortContents, AreComparedAsTheTaskKnowsThem) {
  bool before = true;
  bool copied = false;
  bool stored = true;
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true});
    m.spawn("compare", [&] {
      before = m.port().same_contents(m.page(0), m.page(4));
      m.port().copy_page(m.page(4), m.page(0));
      copied = m.port().same_contents(m.page(0), m.page(4));
      m.store(kVa);
      stored = m.port().same_contents(m.page(0), m.page(4));
    });
  });
  EXPECT_TRUE(result.decided()) << result;
  EXPECT_FALSE(before);
  EXPECT_TRUE(copied);
  EXPECT_FALSE(stored);
  EXPECT_EQ(result.coverage.paths, 1U);
}

// Somebody may store between the copy and the comparison.
TEST(PortContents, HaveTwoAnswersWhereOthersStore) {
  const Options o = options();
  std::set<bool> answers;
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true});
    m.spawn("compare", [&] {
      m.port().copy_page(m.page(0), m.page(4));
      answers.insert(m.port().same_contents(m.page(0), m.page(4)));
    });
  });
  EXPECT_EQ(result.coverage.paths, 2U) << result;
  EXPECT_EQ(answers.size(), 2U);
}

// ... but not when the page is read-only for everybody.
TEST(PortContents, HaveOneAnswerWhereNobodyCanStoreAnyMore) {
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true, .may_fault = true});
    m.spawn("compare", [&] {
      {
        auto batch = mapped.tables.batch();
        (void)mapped.tables.protect(kVa, kPage, kReadOnly, {}, batch);
      }
      m.port().copy_page(m.page(0), m.page(4));
      m.port().barrier(kDsb);
      EXPECT_TRUE(m.port().same_contents(m.page(0), m.page(4)));
    });
  });
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_EQ(result.coverage.paths, 1U) << result;
}

// --- roots ---------------------------------------------------------------------------------------

// A new root table with the entries of the old one, but for kVa's: it gets a table that maps
// page(4) there.
explorer::PhysicalAddress copy_root(Machine& m, Port& port) {
  (void)port.reserve(2);
  const explorer::PhysicalAddress root = port.take();
  const explorer::PhysicalAddress table = port.take();
  const pgtable::OpenTable<Port> from(port, m.root());
  const pgtable::OpenTable<Port> to(port, root);
  const pgtable::OpenTable<Port> leaves(port, table);
  const std::size_t at = pgtable::index_in_page(kSmall, kVa, 2);
  for (std::size_t i = 0; i < pgtable::entries_in_page(kSmall); ++i) {
    to.store(i, from.load(i));
    leaves.store(i, 0);
  }
  to.store(at, arch::encode(kSmall, {.kind = arch::Kind::kTable, .address = table}, 2).raw);
  leaves.store(pgtable::index_in_page(kSmall, kVa, 3),
               pgtable::leaf_descriptor(kSmall, 3, m.page(4), kReadWrite));
  port.barrier(kDsb);
  return root;
}

// The switch goes through a root with nothing in it and a local TLBI, or goes there directly.
Result switch_roots(bool through_reserved, bool everywhere) {
  const Options o = options();
  return explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    const auto reserved = m.root(1);
    m.port().copy_page(m.page(0), m.page(4));
    m.observe(kVa, kPage, {.load = true});
    m.spawn("switch", [&] {
      Port& port = m.port();
      const auto root = copy_root(m, port);
      const auto enter = [&] {
        if (through_reserved) {
          port.set_root(Half::kLower, reserved, 1);
          port.barrier(kIsb);
          port.tlbi({.kind = arch::TlbiKind::kVmall, .shareability = arch::Shareability::kLocal},
                    0);
          port.barrier({arch::BarrierKind::kDsb, arch::Domain::kNsh, arch::Access::kAll});
          port.barrier(kIsb);
        }
        port.set_root(Half::kLower, root, 0);
        port.barrier(kIsb);
      };
      if (everywhere) m.interrupt_others(enter);
      enter();
      m.free(m.page(0));
      m.load(kVa);
    });
  });
}

TEST(Roots, AreSwitchedThroughAReservedOne) {
  const Result result = switch_roots(true, true);
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_GT(result.coverage.states, 30U) << result;
}

TEST(Roots, AreSwitchedOnEveryCpu) {
  const Result result = switch_roots(true, false);
  EXPECT_TRUE(result.found("invalidate-before-free")) << result;
  EXPECT_TRUE(result.found("freed-page-read")) << result;
}

TEST(Roots, AreNotSwitchedDirectly) {
  const Result result = switch_roots(false, true);
  EXPECT_TRUE(result.found("break-before-make")) << result;
  EXPECT_TRUE(result.found("freed-page-read")) << result;
}

// An ASID is given to other tables: what the old ones left in the TLB still matches.
Result reuse_asid(bool flush) {
  Options o = options();
  o.tag = 5;
  return explore(o, [&](Machine& m) {
    Tables<Port> dead(m.port(), m.root(), config<Port>(o));
    Tables<Port> next(m.port(), m.root(1), config<Port>(o));
    auto batch = dead.batch();
    const pgtable::Attributes user{.writable = true, .user = true, .global = false};
    (void)dead.map(kVa, kPage, m.page(0), user, batch);
    (void)next.map(kVa, kPage, m.page(1), user, batch);
    m.spawn("switch", [&] {
      const auto root = m.root(1);
      if (flush) {
        m.port().set_root(Half::kLower, root, 6);
        m.port().barrier(kIsb);
        m.port().tlbi({.kind = arch::TlbiKind::kAsid}, std::uint64_t{5} << 48);
        m.port().barrier(kDsb);
      }
      m.port().set_root(Half::kLower, root, 5);
      m.port().barrier(kIsb);
      m.load(kVa);
    });
  });
}

TEST(Roots, TakeAnAsidOnlyWhenItIsFlushed) {
  const Result flushed = reuse_asid(true);
  EXPECT_TRUE(flushed.clean()) << flushed;
  const Result stale = reuse_asid(false);
  EXPECT_TRUE(stale.found("invalidate-before-tag-reuse")) << stale;
}

TEST(Roots, OfTheOtherHalfAreNotThere) {
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.spawn("switch", [&] { m.port().set_root(Half::kUpper, m.root(), 0); });
  });
  EXPECT_FALSE(result.errors.empty());
}

TEST(Handlers, HaveNoValues) {
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.spawn("interrupt", [&] { m.interrupt_others([&] { (void)mapped.tables.query(kVa); }); });
  });
  EXPECT_FALSE(result.errors.empty());
}

}  // namespace
}  // namespace amalgam::test
