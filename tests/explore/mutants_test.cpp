// The library with one step taken out or weakened: each mistake is found, by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <set>
#include <string>

#include "explore/mutant_port.hpp"
#include "explore/tables.hpp"

namespace amalgam::test {
namespace {

using explorer::Machine;
using explorer::Options;
using explorer::Result;
using pgtable::Leaf;

using MutantTables = Tables<MutantPort>;

// A change to live tables with two pages mapped, and what relies on its being over.
struct Operation {
  std::string name;
  std::function<void(MutantTables&, MutantTables::Batch&)> change;
  std::function<void(Machine&)> afterwards;
};

// What operation `name` does.
Operation operation_named(const std::string& name) {
  const auto free_and_load = [](Machine& m) {
    m.free(m.page(0));
    m.load(kVa, {.may_fault = true});
  };
  const auto load = [](Machine& m) { m.load(kVa, {.may_fault = true}); };
  if (name == "unmap page") {
    return {name, [](auto& t, auto& b) { (void)t.unmap(kVa, kPage, b); }, free_and_load};
  }
  if (name == "unmap table") {
    return {name, [](auto& t, auto& b) { (void)t.unmap(kVa, kBlock, b); }, load};
  }
  if (name == "protect") {
    return {name, [](auto& t, auto& b) { (void)t.protect(kVa, kPage, kReadOnly, {}, b); },
            [](Machine& m) { m.copy(m.page(0), m.page(9)); }};
  }
  const auto move = [](const Leaf& leaf) { return leaf.raw + 4 * kPage; };
  return {name,
          [=](auto& t, auto& b) { (void)t.change(kVa, kPage, move, {.fault_window = true}, b); },
          [](Machine& m) {
            m.free(m.page(0));
            m.load(kVa);
          }};
}

struct Counts {
  std::size_t barriers = 0;
  std::size_t tlbis = 0;
};

Result run(const Operation& operation, Mutation mutation, Counts* counts = nullptr) {
  const Options o = options();
  return explore(o, [&](Machine& m) {
    MutantPort port(m.port(), mutation);
    Mapped<MutantPort> mapped(m, port, o, 2);
    m.observe(kVa, 2 * kPage,
              {.load = true, .store = true, .may_fault = true, .may_be_lost = true});
    m.spawn(operation.name, [&] {
      port.arm();
      {
        auto batch = mapped.tables.batch();
        operation.change(mapped.tables, batch);
      }
      operation.afterwards(m);
      if (counts != nullptr) *counts = {port.barriers(), port.tlbis()};
    });
  });
}

// A mistake and what shows it: a rule or an effect. Some break no rule that is judged without the
// access itself.
struct Mutant {
  const char* operation;
  Mistake mistake;
  std::size_t at;
  const char* rule;
  const char* effect;
};

std::ostream& operator<<(std::ostream& out, const Mutant& m) {
  return out << m.operation << ", mistake " << static_cast<int>(m.mistake) << " at " << m.at;
}

constexpr const char* kFree = "invalidate-before-free";
constexpr const char* kBreak = "break-before-make";
constexpr const char* kRely = "invalidate-before-reliance";
constexpr const char* kStale = "write-through-stale-permission";

constexpr Mutant kMutants[] = {
    {"unmap page", Mistake::kDropBarrier, 0, kFree, "freed-page-write"},
    {"unmap page", Mistake::kLocalBarrier, 0, kFree, "freed-page-write"},
    {"unmap page", Mistake::kDropBarrier, 1, kFree, "freed-page-write"},
    {"unmap page", Mistake::kStoreBarrier, 1, kFree, "freed-page-write"},
    {"unmap page", Mistake::kLocalBarrier, 1, kFree, "freed-page-write"},
    {"unmap page", Mistake::kDropBarrier, 2, nullptr, "freed-page-read"},
    {"unmap page", Mistake::kDropTlbi, 0, kFree, "freed-page-write"},
    {"unmap page", Mistake::kLocalTlbi, 0, kFree, "freed-page-write"},
    {"unmap table", Mistake::kDropBarrier, 0, kFree, "freed-table-walk"},
    {"unmap table", Mistake::kLocalBarrier, 0, kFree, "freed-table-walk"},
    {"unmap table", Mistake::kDropBarrier, 1, kFree, "freed-table-walk"},
    {"unmap table", Mistake::kStoreBarrier, 1, kFree, "freed-table-walk"},
    {"unmap table", Mistake::kLocalBarrier, 1, kFree, "freed-table-walk"},
    {"unmap table", Mistake::kDropTlbi, 0, kFree, "freed-table-walk"},
    {"unmap table", Mistake::kLocalTlbi, 0, kFree, "freed-table-walk"},
    {"protect", Mistake::kDropTlbi, 0, kRely, kStale},
    {"protect", Mistake::kLocalTlbi, 0, kRely, kStale},
    {"move", Mistake::kDropBarrier, 0, kBreak, "conflict-abort"},
    {"move", Mistake::kLocalBarrier, 0, kBreak, "coherence-violation"},
    {"move", Mistake::kDropBarrier, 1, kBreak, "conflict-abort"},
    {"move", Mistake::kStoreBarrier, 1, kBreak, "coherence-violation"},
    {"move", Mistake::kLocalBarrier, 1, kBreak, "coherence-violation"},
    {"move", Mistake::kDropTlbi, 0, kBreak, "stale-read"},
    {"move", Mistake::kLocalTlbi, 0, kBreak, "stale-read"},
};

class Mutants : public testing::TestWithParam<Mutant> {};
INSTANTIATE_TEST_SUITE_P(All, Mutants, testing::ValuesIn(kMutants));

TEST_P(Mutants, IsFoundByRuleAndEffect) {
  const Mutant& mutant = GetParam();
  const Result result =
      run(operation_named(mutant.operation), {mutant.mistake, mutant.at}, nullptr);
  EXPECT_TRUE(result.decided()) << result;
  if (mutant.rule != nullptr) {
    EXPECT_TRUE(result.found(mutant.rule)) << result;
  }
  EXPECT_TRUE(result.found(mutant.effect)) << result;
  for (const explorer::Finding& f : result.findings) {
    EXPECT_FALSE(f.timeline.empty()) << f.name;
    EXPECT_FALSE(f.where.empty()) << f.name;
  }
}

TEST(MutantsOf, NothingIsClean) {
  for (const char* name : {"unmap page", "unmap table", "protect", "move"}) {
    const Result result = run(operation_named(name), {});
    EXPECT_TRUE(result.clean()) << name << '\n' << result;
  }
}

// Takes out every barrier of an operation, one at a time, and says which of them nothing misses.
std::set<std::size_t> barriers_not_missed(const char* name) {
  Counts counts;
  (void)run(operation_named(name), {}, &counts);
  std::set<std::size_t> idle;
  for (std::size_t i = 0; i < counts.barriers; ++i) {
    if (run(operation_named(name), {Mistake::kDropBarrier, i}).clean()) idle.insert(i);
  }
  return idle;
}

// What the last ISB of these orders, nothing in them uses.
TEST(MutantsOf, EveryBarrierIsMissedWhereSomethingReliesOnIt) {
  EXPECT_THAT(barriers_not_missed("unmap page"), testing::IsEmpty());
  EXPECT_THAT(barriers_not_missed("unmap table"), testing::ElementsAre(2));
}

// A page that goes back before the batch is flushed.
TEST(MutantsOf, FreeBeforeTheFlush) {
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<explorer::Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true, .may_fault = true});
    m.spawn("unmap", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.unmap(kVa, kPage, batch);
      m.free(m.page(0));
    });
  });
  EXPECT_TRUE(result.found("invalidate-before-free")) << result;
  EXPECT_TRUE(result.found("freed-page-write")) << result;
}

}  // namespace
}  // namespace amalgam::test
