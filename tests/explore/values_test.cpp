// Code that goes on differently after what it reads.
#include <gtest/gtest.h>

#include <mutex>

#include "explore/tables.hpp"

namespace amalgam::test {
namespace {

using explorer::Machine;
using explorer::Options;
using explorer::Port;
using explorer::Result;

constexpr std::uint64_t kSoftware0 = std::uint64_t{1} << 55;
constexpr std::uint64_t kSoftware1 = std::uint64_t{1} << 56;
constexpr std::uint64_t kReadOnlyBit = std::uint64_t{1} << 7;

Options with_hardware_af(std::uint8_t bbm = 0) {
  Options o = options(bbm);
  o.features.hardware_af = true;
  return o;
}

// The page table page and the index of the descriptor of kVa.
pgtable::OpenTable<Port> leaf_table(Machine& m) {
  const pgtable::OpenTable<Port> root(m.port(), m.root());
  const std::uint64_t raw = root.load(kVa >> 21);
  return {m.port(), arch::output_address(kSmall, {raw}, 2)};
}

TEST(Values, ExchangeInALoopAgainstHardwareAccessFlag) {
  const Options o = with_hardware_af();
  const Result result = explore(o, [&](Machine& m) {
    const pgtable::Attributes old{.writable = true, .accessed = false};
    Mapped<Port> mapped(m, m.port(), o, 1, old);
    m.observe(kVa, kPage, {.load = true, .may_fault = true});
    m.spawn("write protect", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.change(
          kVa, kPage, [](const pgtable::Leaf& leaf) { return leaf.raw | kReadOnlyBit; }, {}, batch);
    });
  });
  EXPECT_TRUE(result.clean()) << result;
  EXPECT_GE(result.coverage.paths, 3U)
      << result;  // AF seen before the plan, before the exchange, or not
}

// Adds a software bit to the descriptor of kVa by a load and a store.
void mark(Machine& m, std::uint64_t bit) {
  const auto table = leaf_table(m);
  table.store(0, table.load(0) | bit);
}

// The same so that nothing is lost.
void mark_by_exchange(Machine& m, std::uint64_t bit) {
  const auto table = leaf_table(m);
  std::uint64_t old = table.load(0);
  while (!table.compare_exchange(0, old, old | bit)) {
  }
}

TEST(Values, StoreLosesWhatHardwareRecords) {
  const Options o = with_hardware_af();
  const auto run = [&](bool exchange) {
    return explore(o, [&](Machine& m) {
      Mapped<Port> mapped(m, m.port(), o, 1, {.writable = true, .accessed = false});
      m.observe(kVa, kPage, {.load = true, .may_fault = true});
      m.spawn("mark", [&] {
        if (exchange) {
          mark_by_exchange(m, kSoftware0);
        } else {
          mark(m, kSoftware0);
        }
      });
    });
  };
  const Result stores = run(false);
  EXPECT_TRUE(stores.found("lost-table-update")) << stores;
  const Result exchanges = run(true);
  EXPECT_TRUE(exchanges.clean()) << exchanges;
}

template <typename Update>
Result two_updaters(bool locked, const Update& update) {
  const Options o = options(0, 3);
  return explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    auto mutex = m.mutex();
    m.observe(kVa, kPage, {.load = true});
    for (const std::uint64_t bit : {kSoftware0, kSoftware1}) {
      m.spawn(bit == kSoftware0 ? "first" : "second", [&] {
        const auto hold =
            locked ? std::unique_lock(mutex) : std::unique_lock(mutex, std::defer_lock);
        update(m, bit);
      });
    }
  });
}

TEST(Values, TwoUpdatersNeedALockOrExchanges) {
  const Result bare = two_updaters(false, mark);
  EXPECT_TRUE(bare.decided()) << bare;
  EXPECT_TRUE(bare.found("lost-table-update")) << bare;
  const Result locked = two_updaters(true, mark);
  EXPECT_TRUE(locked.clean()) << locked;
  const Result exchanges = two_updaters(false, mark_by_exchange);
  EXPECT_TRUE(exchanges.clean()) << exchanges;
  EXPECT_GE(exchanges.coverage.paths, 6U) << exchanges;
}

// Takes a mapping away and, where the access flag is clear, leaves the invalidation out: nobody can
// have cached the descriptor. True only of what the store replaces, so it takes an exchange.
Result unmap_without_flush_if_not_accessed(bool exchange) {
  const Options o = with_hardware_af();
  return explore(o, [&, exchange](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o, 1, {.writable = true, .accessed = false});
    m.observe(kVa, kPage, {.load = true, .may_fault = true});
    m.spawn("unmap", [&] {
      const auto table = leaf_table(m);
      std::uint64_t old = table.load(0);
      if (exchange) {
        while (!table.compare_exchange(0, old, 0)) {
        }
      } else {
        table.store(0, 0);
      }
      if (!arch::has_access_flag({old})) return;
      auto batch = mapped.tables.batch();
      batch.add({kVa, kVa + kPage}, arch::kPageLevel, false);
    });
  });
}

TEST(Values, WhatWasReadMayNotHoldAnyLonger) {
  const Result stores = unmap_without_flush_if_not_accessed(false);
  EXPECT_TRUE(stores.decided()) << stores;
  EXPECT_TRUE(stores.found("invalidate-before-end")) << stores;
  const Result exchanges = unmap_without_flush_if_not_accessed(true);
  EXPECT_TRUE(exchanges.clean()) << exchanges;
}

// Two tasks install a table for the same address: one of them loses, gives its page back and uses
// the other's.
Result two_faults(bool barrier) {
  const Options o = options(0, 3);
  return explore(o, [&, barrier](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa + kBlock, kPage, {.load = true, .may_fault = true});
    for (const std::size_t page : {1, 2}) {
      m.spawn(page == 1 ? "first" : "second", [&, page] {
        Port& port = m.port();
        const pgtable::OpenTable<Port> root(port, m.root());
        std::uint64_t raw = root.load((kVa + kBlock) >> 21);
        if (raw == 0) {
          if (!port.reserve(1)) return;
          const explorer::PhysicalAddress created = port.take();
          const pgtable::OpenTable<Port> table(port, created);
          for (std::size_t i = 0; i < 512; ++i) table.store(i, 0);
          if (barrier) {
            port.barrier({arch::BarrierKind::kDmb, arch::Domain::kIsh, arch::Access::kStore});
          }
          const std::uint64_t linked = created | 3;
          if (root.compare_exchange((kVa + kBlock) >> 21, raw, linked)) {
            raw = linked;
          } else {
            port.give_back(created);
          }
        }
        const pgtable::OpenTable<Port> table(port, raw & ~std::uint64_t{0xfff});
        std::uint64_t none = 0;
        const std::uint64_t leaf =
            pgtable::leaf_descriptor(kSmall, arch::kPageLevel, m.page(page), kReadWrite);
        (void)table.compare_exchange(0, none, leaf);
        port.barrier({arch::BarrierKind::kDsb, arch::Domain::kIsh, arch::Access::kStore});
      });
    }
  });
}

TEST(Values, TablesInstalledByExchange) {
  const Result ordered = two_faults(true);
  EXPECT_TRUE(ordered.clean()) << ordered;
  EXPECT_GE(ordered.coverage.paths, 6U) << ordered;
  const Result bare = two_faults(false);
  EXPECT_TRUE(bare.found("uninitialised-table-walk") || bare.found("initialise-before-publish"))
      << bare;
}

// A lookup that takes no lock reads a table that the other task frees.
TEST(Values, LookupWithoutALockReadsAFreedTable) {
  const Options o = options(0, 3);
  const auto run = [&](bool locked) {
    return explore(o, [&, locked](Machine& m) {
      Mapped<Port> mapped(m, m.port(), o);
      auto mutex = m.mutex();
      m.observe(kVa, kPage, {.load = true, .may_fault = true});
      m.spawn("unmap", [&] {
        const std::lock_guard hold(mutex);
        auto batch = mapped.tables.batch();
        (void)mapped.tables.unmap(kVa, kBlock, batch);
      });
      m.spawn("query", [&] {
        const auto hold =
            locked ? std::unique_lock(mutex) : std::unique_lock(mutex, std::defer_lock);
        (void)mapped.tables.query(kVa);
      });
    });
  };
  const Result bare = run(false);
  EXPECT_TRUE(bare.decided()) << bare;
  EXPECT_TRUE(bare.found("freed-page-read")) << bare;
  const Result locked = run(true);
  EXPECT_TRUE(locked.clean()) << locked;
}

}  // namespace
}  // namespace amalgam::test
