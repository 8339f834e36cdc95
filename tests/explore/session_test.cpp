// What the explorer says of code that it cannot explore, and how far it goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "explore/tables.hpp"

namespace amalgam::test {
namespace {

using explorer::Machine;
using explorer::Options;
using explorer::Port;
using explorer::Result;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr arch::Barrier kBarrier{arch::BarrierKind::kDsb, arch::Domain::kIsh, arch::Access::kAll};

// A task on one mapped page that a reader uses.
Result run(const Options& o, const std::function<void(Machine&, Tables<Port>&)>& task) {
  return explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .may_fault = true});
    m.spawn("task", [&] { task(m, mapped.tables); });
  });
}

TEST(Session, NamesCodeThatDependsOnSomethingElse) {
  int calls = 0;
  const Result result = run(options(), [&](Machine& m, auto&) {
    m.port().barrier(kBarrier);
    if (++calls % 2 == 0) m.port().tlbi(*arch::parse_mnemonic("vmalle1is"), 0);
    m.port().barrier(kBarrier);
  });
  EXPECT_FALSE(result.decided());
  EXPECT_THAT(result.errors,
              ElementsAre(AllOf(HasSubstr("task task is not deterministic"),
                                HasSubstr("operation 2"), HasSubstr("dsb ish"),
                                HasSubstr("tlbi vmalle1is"), HasSubstr("session_test.cpp:"))));
}

TEST(Session, NamesASetUpThatDependsOnSomethingElse) {
  const Options o = options();
  std::uint64_t calls = 0;
  const Result result = explore(o, [&](Machine& m) {
    const pgtable::OpenTable<Port> root(m.port(), m.root());
    root.store(3, ++calls << 8);
    m.spawn("task", [&] { m.load(kVa, {.may_fault = true}); });
  });
  EXPECT_THAT(result.errors, ElementsAre(HasSubstr("the set-up is not deterministic")));
}

TEST(Session, SetUpEndsWithTheFirstTask) {
  const Result result = explore(options(), [&](Machine& m) {
    m.spawn("task", [&] { m.load(kVa, {.may_fault = true}); });
    const pgtable::OpenTable<Port> root(m.port(), m.root());
    root.store(3, 0x700);
  });
  EXPECT_THAT(result.errors, ElementsAre(HasSubstr("changes a table after the first spawn")));
}

TEST(Session, NamesMisuseWithItsLine) {
  const Result missing = run(options(), [](Machine& m, auto&) { (void)m.port().open(0x5000); });
  EXPECT_THAT(missing.errors,
              ElementsAre(AllOf(HasSubstr("session_test.cpp:"),
                                HasSubstr("no table page at 0x5000"), HasSubstr("(task task)"))));
  const Result taken = run(options(), [](Machine& m, auto&) { (void)m.port().take(); });
  EXPECT_THAT(taken.errors, ElementsAre(HasSubstr("not reserved")));
  const Result freed = run(options(), [](Machine& m, auto&) {
    if (!m.port().reserve(1)) return;
    const explorer::PhysicalAddress page = m.port().take();
    m.port().give_back(page);
    (void)m.port().open(page);
  });
  EXPECT_THAT(freed.errors, ElementsAre(HasSubstr("given back")));
  const Result early = explore(options(), [](Machine& m) { m.load(kVa); });
  EXPECT_THAT(early.errors, testing::Contains(HasSubstr("only a task may do this")));
}

TEST(Session, TellsWhatATaskThrows) {
  const Result result =
      run(options(), [](Machine&, auto&) { throw std::runtime_error("no such luck"); });
  EXPECT_THAT(result.errors,
              ElementsAre(AllOf(HasSubstr("session_test.cpp:"), HasSubstr("threw: no such luck"))));
}

TEST(Session, ATaskWithoutEndIsNotDecided) {
  Options o = options();
  o.max_reads = 100;
  const Result reads = run(o, [](Machine& m, auto&) {
    const pgtable::OpenTable<Port> root(m.port(), m.root());
    while (root.load(5) == 0) {
    }
  });
  EXPECT_FALSE(reads.decided());
  EXPECT_THAT(reads.bounds, testing::Contains("task: more than 100 reads of descriptors"));
  o.max_operations = 50;
  const Result operations = run(o, [](Machine& m, auto&) {
    for (;;) m.port().barrier(kBarrier);
  });
  EXPECT_THAT(operations.bounds, testing::Contains("task: more than 50 operations"));
}

// The destructor of a batch cannot be left by an exception.
TEST(Session, ATaskMayBeAbandonedInADestructor) {
  Options o = options();
  o.max_operations = 3;
  const Result result = run(o, [](Machine&, auto& tables) {
    auto batch = tables.batch();
    (void)tables.unmap(kVa, kPage, batch);
  });
  EXPECT_FALSE(result.decided());
}

TEST(Session, BoundsAreNamed) {
  Options o = options();
  o.max_states = 3;
  const auto unmap = [](Machine&, auto& tables) {
    auto batch = tables.batch();
    (void)tables.unmap(kVa, kPage, batch);
  };
  EXPECT_THAT(run(o, unmap).bounds, ElementsAre(HasSubstr("more than 3 states")));
  Options hardware = options();
  hardware.features.hardware_af = true;
  hardware.max_paths = 1;
  const Result paths = explore(hardware, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), hardware, 1, {.accessed = false});
    m.observe(kVa, kPage, {.load = true});
    m.spawn("task", [&] { (void)mapped.tables.query(kVa); });
  });
  EXPECT_THAT(paths.bounds, ElementsAre("task: more than 1 paths"));
}

TEST(Session, NothingToLookAtIsNotClean) {
  const Result nobody = explore(options(), [](Machine&) {});
  EXPECT_THAT(nobody.errors, ElementsAre("the set-up spawns no task"));
  const Result nothing = explore(options(), [](Machine& m) { m.spawn("idle", [] {}); });
  EXPECT_FALSE(nothing.clean());
  EXPECT_THAT(nothing.bounds, ElementsAre(HasSubstr("nothing to look at")));
}

// Without observers the addresses of what is changed are looked at.
TEST(Session, LooksAtWhatATaskChanges) {
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<Port> mapped(m, m.port(), o);
    m.spawn("move", [&] {
      const pgtable::OpenTable<Port> root(m.port(), m.root());
      const pgtable::OpenTable<Port> leaves(m.port(), root.load(kVa >> 21) & ~std::uint64_t{0xfff});
      leaves.store(0, pgtable::leaf_descriptor(kSmall, 3, m.page(7), kReadWrite));
    });
  });
  EXPECT_TRUE(result.found("break-before-make")) << result;
}

Result unflushed(const Options& o) {
  return run(o, [](Machine& m, auto& tables) {
    auto batch = tables.batch();
    (void)tables.unmap(kVa, kPage, batch);
    m.free(m.page());
  });
}

TEST(Session, ATokenReplaysItsFinding) {
  const Result first = unflushed(options());
  ASSERT_GE(first.findings.size(), 2U) << first;
  const explorer::Finding& wanted = first.findings.back();
  EXPECT_EQ(wanted.token.find('\n'), std::string::npos);
  Options again = options();
  again.replay = wanted.token;
  const Result replayed = unflushed(again);
  ASSERT_EQ(replayed.findings.size(), 1U) << replayed;
  EXPECT_EQ(replayed.findings[0].name, wanted.name);
  EXPECT_EQ(replayed.findings[0].timeline, wanted.timeline);
  again.replay = "0:break-before-make:0:0";
  EXPECT_THAT(unflushed(again).errors, ElementsAre(HasSubstr("nothing to replay")));
}

TEST(Session, PrintsRuleEffectsTimelineAndCoverage) {
  std::ostringstream text;
  text << unflushed(options());
  EXPECT_THAT(text.str(),
              AllOf(HasSubstr("rule    invalidate-before-free  at session_test.cpp:"),
                    HasSubstr("effect  freed-page-read"), HasSubstr("cpu 0  task"),
                    HasSubstr("set L3 0x400000 = invalid"), HasSubstr("exhaustive: 1 tasks")));
}

TEST(Session, TellsTheStepsOfTheUsersCode) {
  const Result result = run(options(), [](Machine& m, auto& tables) {
    m.step();
    auto batch = tables.batch();
    (void)tables.unmap(kVa, kPage, batch);
    m.free(m.page());
  });
  ASSERT_FALSE(result.findings.empty());
  const std::vector<std::string>& timeline = result.findings[0].timeline;
  EXPECT_THAT(timeline[0], AllOf(HasSubstr("task task on cpu 0"), HasSubstr("session_test.cpp:")));
  const auto stores = testing::ContainsRegex(
      "set L3 0x400000 = invalid   \\(session_test.cpp:[0-9]+, [a-z_]+.hpp:[0-9]+\\)");
  EXPECT_THAT(timeline, testing::Contains(stores));
}

TEST(Session, SaysTheSameEachTime) {
  std::ostringstream first;
  std::ostringstream second;
  first << unflushed(options());
  second << unflushed(options());
  EXPECT_EQ(first.str(), second.str());
}

}  // namespace
}  // namespace amalgam::test
