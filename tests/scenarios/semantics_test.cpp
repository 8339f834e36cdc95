// Small cases about one point of the semantics each, most of them found by comparing the model with
// the reference machine.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using Names = std::set<std::string>;

Names answer(const std::string& body, const std::string& machine = "bbm 0, cpus 2") {
  const std::string text = "case \"t\"\nmachine arm64, granule 4K, va 48, " + machine + '\n' + body;
  const model::CheckResult result = check(parse_or_fail(text), verdict_only());
  Names names;
  for (const model::LevelResult& level : result.levels) {
    EXPECT_TRUE(level.decided()) << join(level.bounds);
    names.merge(found_names(level));
  }
  return names;
}

const Names kClean{};

// --- what a slice needs --------------------------------------------------------------------------

TEST(SliceSemantics, ADescriptorMayMoveFromOneAddressToAnother) {
  const Names names = answer(
      "frame a, b contents distinct\nmap x = b ro, a ro\n"
      "agent u on cpu 0\n    let r0 = pte x[1]\n    set pte x[0] = r0\n");
  EXPECT_TRUE(names.contains("break-before-make"));
  EXPECT_FALSE(names.contains("lost-table-update")) << "nobody has changed x[1]";
}

// x goes to a page of the same contents, which the agent then changes through y.
TEST(SliceSemantics, AnAgentMayChangeAPageThroughAnotherAddress) {
  const Names names = answer(
      "frame a contents distinct\nframe c contents as a\nmap x = a ro\nmap y = c rw\n"
      "agent u on cpu 0\n    set pte x = c ro\n    dsb ish\n    store y = one\n");
  EXPECT_TRUE(names.contains("break-before-make"));
}

TEST(SliceSemantics, AnObserverMayChangeAPageThroughAnotherAddress) {
  for (const char* widen : {"update pte y with rw", "cas pte y from c ro to c rw",
                            "set pte y = c rw", "let r0 = pte y\n    set pte y = r0 with rw"}) {
    const Names names = answer(
        "frame a contents distinct\nframe c contents as a\nmap x = a ro\nmap y = c ro\n"
        "agent u on cpu 0\n    " +
        std::string(widen) +
        "\n    set pte x = c ro\n"
        "observer o on cpu 1\n    store y may fault\n    load x\n");
    EXPECT_TRUE(names.contains("break-before-make")) << widen;
  }
}

// The store that makes the alias may change what only hardware has made of the descriptor.
TEST(SliceSemantics, AnAliasMayComeOfWhatHardwareWrote) {
  EXPECT_TRUE(answer("frame a contents distinct\nframe c contents as a\nmap x = a ro\n"
                     "map y = c ro dbm\n"
                     "agent u on cpu 0\n    update pte y with nodbm\n    set pte x = c ro\n"
                     "observer o on cpu 1\n    store y may fault\n    load x\n",
                     "bbm 0, cpus 2, hardware dirty")
                  .contains("break-before-make"));
}

TEST(SliceSemantics, ADeviceMayChangeAPageThroughAnotherAddress) {
  EXPECT_TRUE(answer("frame a contents distinct\nframe c contents as a\nmap x = a ro\n"
                     "map y = c ro\ndevice gpu ats 4K\n"
                     "agent u on cpu 0\n    update pte y with rw\n    set pte x = c ro\n"
                     "observer o on gpu\n    add y may fault\n"
                     "observer p on cpu 1\n    load x\n")
                  .contains("break-before-make"));
}

TEST(SliceSemantics, ATableMayServeTwoAddresses) {
  EXPECT_TRUE(answer("frame a contents distinct\nframe c contents as a\ntable pt level 3\n"
                     "table qt level 3\nmap w = c ro in pt\nmap x = a ro\nmap y = c ro in qt\n"
                     "agent u on cpu 0\n    clear pmd y\n    dsb ish\n    tlbi vmalle1is\n"
                     "    dsb ish\n    set pmd y = table pt\n    set pte pt[0] = c rw\n"
                     "    set pte x = c ro\n"
                     "observer o on cpu 1\n    store y may fault\n    load x\n")
                  .contains("break-before-make"));
}

// One table descriptor translates both pages.
TEST(SliceSemantics, ADescriptorMayTranslateSeveralAddressesOfACondition) {
  const auto reads = [](const std::string& first, const std::string& second) {
    return answer(
        "frame big[512], s contents distinct\ntable pt level 3\nmap x = block big rw\n"
        "agent u on cpu 0\n    write s = one\n    clear pmd x\n    dsb ish\n"
        "    tlbi vaae1is x\n    dsb ish\n    set pte pt[7] = s ro\n    dsb ish\n"
        "    set pmd x = table pt\n    dsb ish\n"
        "agent v on cpu 1\n    load x[5] as r0 may fault\n    dsb ish\n"
        "    load x[7] as r1 may fault\n    forbid r0 = " +
        first + " and r1 = " + second + " as stale-read\n");
  };
  EXPECT_EQ(reads("big[5]", "big[7]"), Names{"stale-read"});
  EXPECT_EQ(reads("big[5]", "one"), Names{"stale-read"});
  EXPECT_EQ(reads("big[7]", "one"), kClean) << "x[5] never leads there";
}

TEST(SliceSemantics, ARegisterMayBeSetInAnInterrupt) {
  EXPECT_EQ(answer("frame a contents distinct\nmap x = a rw\n"
                   "agent u on cpu 0\n    interrupt others\n        let r0 = pte x\n"
                   "        set pte x = r0 with ro\n"),
            Names{"invalidate-before-end"});
}

TEST(SliceSemantics, FreedPagesAreWatchedWhoeverReadsThem) {
  const auto uses = [](const std::string& map, const std::string& use) {
    return answer("frame a, b contents distinct\n" + map + "agent u on cpu 0\n    free a\n" +
                  "agent v on cpu 1\n    " + use + '\n');
  };
  for (const char* map : {"map x = b ro\n", "map x = a ro\n"}) {
    EXPECT_TRUE(uses(map, "read a as r0").contains("freed-page-read"));
    EXPECT_TRUE(uses(map, "copy a to b").contains("freed-page-read"));
    EXPECT_TRUE(uses(map, "write a = one").contains("freed-page-write"));
    EXPECT_TRUE(uses(map, "copy b to a").contains("freed-page-write"));
    EXPECT_TRUE(uses(map, "zero a").contains("freed-page-write"));
  }
}

TEST(SliceSemantics, UnknownContentsMayBeThoseOfAPageThatIsNotMapped) {
  const auto reads = [](const std::string& value) {
    return answer(
        "frame c, d contents unknown\nmap x = d ro\n"
        "agent v on cpu 1\n    load x as r0\n    forbid r0 = " +
        value + " as stale-read\n");
  };
  EXPECT_EQ(reads("c"), Names{"stale-read"});
  EXPECT_EQ(reads("d"), Names{"stale-read"});
}

// A condition on two addresses is asked in a slice of both, which must find no more than it asks
// for.
TEST(SliceSemantics, AConditionBringsNoEffectOfItsOwn) {
  const std::string body =
      "frame a, b contents distinct\nmap x = a rw, a ro\n"
      "agent u on cpu 0\n    clear pte x[1]\n    dsb ish\n    tlbi vaae1is x[1]\n    dsb ish\n"
      "    set pte x[1] = b rw\n"
      "agent v on cpu 1\n    load x[0] as r0\n    dsb ish\n    load x[1] as r1 may fault\n";
  const std::string observer = "observer o on cpu 2\n    load or store x[any] may fault\n";
  const std::string forbid = "    forbid r0 = never and r1 = never as stale-read\n";
  EXPECT_EQ(answer(body + forbid + observer, "bbm 0, cpus 3"),
            answer(body + observer, "bbm 0, cpus 3"));
}

// Nor does it where all pages are explored at once.
TEST(SliceSemantics, AStoreAtOneAddressIsNotMissedAtAnother) {
  const std::string text =
      "case \"t\"\nmachine arm64, granule 4K, va 48, bbm 0, cpus 2\n"
      "frame a, b contents distinct\nmap x = a rw, a ro\n"
      "agent u on cpu 0\n    clear pte x[1]\n    dsb ish\n    tlbi vaae1is x[1]\n    dsb ish\n"
      "    set pte x[1] = b rw\n"
      "observer o on cpu 1\n    load or store x[any] may fault\n";
  model::CheckOptions options = verdict_only();
  options.slicing = false;
  const model::CheckResult result = check(parse_or_fail(text), options);
  EXPECT_EQ(found_names(result.levels.at(0)), kClean);
}

// A condition is judged where everything that its agent reads is explored, and nowhere else: here
// the load of y ends the thread.
TEST(SliceSemantics, AConditionIsOfAThreadThatHasEnded) {
  EXPECT_EQ(answer("frame a contents distinct\nmap x = a ro\nmap y = none\n"
                   "agent v on cpu 1\n    load y as r1\n    load x as r0\n"
                   "    forbid r0 = a as stale-read\n"),
            Names{"unexpected-fault"});
}

// --- old and new
// -----------------------------------------------------------------------------------

TEST(Direction, GlobalToNonGlobalNeedsNoBreakWhateverCameBefore) {
  EXPECT_EQ(answer("frame c contents distinct\nmap x = c rw\n"
                   "agent u on cpu 0\n    set pte x = c ro\n    dsb ishst\n"
                   "    set pte x = c ro ng\n    dsb ishst\n    tlbi vmalle1is\n    dsb ish\n"),
            kClean);
}

TEST(Direction, NonGlobalToGlobalNeedsABreakThoughItWasGlobalBefore) {
  for (const char* back : {"set pte x = b rw", "set pte x = r0", "update pte x with global rw"}) {
    const Names names = answer(
        "frame b contents distinct\nmap x = b rw\n"
        "agent u on cpu 0\n    let r0 = pte x\n    clear pte x\n    dsb ish\n    tlbi vmalle1is\n"
        "    dsb ish\n    set pte x = b ro ng\n    dsb ish\n    " +
        std::string(back) + "\n    dsb ish\n    tlbi vmalle1is\n    dsb ish\n");
    EXPECT_TRUE(names.contains("break-before-make")) << back;
  }
}

// Where the pages hold the same, only the one direction needs the break.
TEST(Direction, GlobalToNonGlobalNeedsNoBreakBetweenEqualPages) {
  const auto last = [](const std::string& store) {
    return answer(
        "frame a contents distinct\nframe c contents as a\nmap x = none\n"
        "agent u on cpu 0\n    " +
        store + "\n    dsb ish\n    tlbi vmalle1is\n    dsb ish\n");
  };
  EXPECT_EQ(last("set pte x = c ro\n    set pte x = a ro ng"), kClean);
  EXPECT_EQ(last("set pte x = a ro ng\n    set pte x = c ro"), Names{"break-before-make"});
}

// The entries of a table are new where a step links the table anew.
TEST(Direction, ATableThatIsLinkedAgainBringsNewEntries) {
  EXPECT_TRUE(
      answer("frame b contents distinct\ntable pt level 3\ntable qt level 3\nmap x = b ro in pt\n"
             "agent u on cpu 0\n    set pte qt[0] = b ro ng\n    clear pmd x\n    dsb ish\n"
             "    tlbi vmalle1is\n    dsb ish\n    set pmd x = table qt\n    dsb ish\n"
             "    set pmd x = table pt\n    dsb ish\n    tlbi vmalle1is\n    dsb ish\n")
          .contains("break-before-make"));
}

TEST(Direction, WhatHardwareMakesOfANewEntryIsNew) {
  EXPECT_TRUE(answer("frame b contents distinct\nmap x = b rw dbm\n"
                     "agent u on cpu 0\n    clear pte x\n    dsb ish\n    tlbi vmalle1is\n"
                     "    dsb ish\n    set pte x = b ro ng\n    dsb ish\n"
                     "    set pte x = b ro dbm\n    dsb ish\n    tlbi vmalle1is\n    dsb ish\n"
                     "observer o on cpu 1\n    store x may fault\n",
                     "bbm 0, cpus 2, hardware dirty")
                  .contains("break-before-make"));
}

// --- older and newer pages -----------------------------------------------------------------------

std::string move_to(const std::string& store) {
  return "    clear pte x\n    dsb ish\n    tlbi vaae1is x\n    dsb ish\n    " + store +
         "\n    dsb ish\n";
}

TEST(Succession, APageThatIsBroughtBackIsNoOlderThanTheOther) {
  const Names names = answer(
      "frame a, b contents distinct\nmap x = a ro\n"
      "agent u on cpu 0\n    let r0 = pte x\n" +
      move_to("set pte x = b ro") + move_to("set pte x = r0") +
      "observer o on cpu 1\n    load x may fault\n");
  EXPECT_FALSE(names.contains("coherence-violation"));
}

TEST(Succession, CountsWhateverMovesAnAddress) {
  for (const char* store :
       {"set pte x = b ro", "cas pte x from none to b ro", "let r1 = pte y\n    set pte x = r1"}) {
    const Names names = answer(
        "frame a, b contents distinct\nmap x = a ro\nmap y = b ro\n"
        "agent u on cpu 0\n    clear pte x\n    dsb ish\n    " +
        std::string(store) + "\nobserver o on cpu 1\n    load x may fault\n");
    EXPECT_TRUE(names.contains("coherence-violation")) << store;
  }
}

TEST(Mixtures, OfPermissionsAndAttributesNeedNoOtherAddress) {
  const Names names = answer(
      "frame a contents distinct\nmap x = a rw\n"
      "agent u on cpu 0\n    set pte x = a ro nc\n"
      "observer o on cpu 1\n    load x\n");
  EXPECT_TRUE(names.contains("amalgamation"));
}

// --- order ---------------------------------------------------------------------------------------

// An interrupt is taken between two instructions: what comes after has not begun.
TEST(Order, OtherCpusStopBetweenInstructions) {
  EXPECT_EQ(answer("frame a, b contents distinct\nmap x = a rw\nmap y = b rw\n"
                   "agent u on cpu 0\n    stop others\n    store x = one\n    store y = one\n"
                   "    resume others\n"
                   "agent v on cpu 1\n    load y as r0\n    load x as r1\n"
                   "    forbid r0 = one and r1 = a as coherence-violation\n"),
            kClean);
}

TEST(Order, AnInterruptIsTakenBetweenInstructions) {
  EXPECT_EQ(answer("frame a, b contents distinct\nmap x = a rw\nmap y = b rw\n"
                   "agent u on cpu 0\n    interrupt others\n        write a = one\n"
                   "        dsb ish\n        write b = one\n        dsb ish\n"
                   "agent v on cpu 1\n    load y as r0\n    load x as r1\n"
                   "    forbid r0 = one and r1 = a as coherence-violation\n"),
            kClean);
}

// No DSB waits for the invalidation, so it may still be on its way while its CPU stands still.
TEST(Order, AStopDoesNotWaitForInvalidations) {
  const auto with = [](const std::string& barrier) {
    return answer(
        "frame a, b contents distinct\nmap x = a ro\n"
        "agent u on cpu 0\n    lock l\n    let r0 = pte x\n    unlock l\n    stop others\n"
        "    cas pte x from none to b ro\n    resume others\n"
        "agent v on cpu 1\n    lock l\n    clear pte x\n    dsb ish\n    tlbi vaae1is x\n" +
        barrier + "    unlock l\n");
  };
  EXPECT_TRUE(with("").contains("break-before-make"));
}

TEST(Order, OnePageReadThroughTwoAddressesIsCoherent) {
  EXPECT_EQ(answer("frame a contents distinct\nmap x = a ro\nmap y = a ro\n"
                   "agent u on cpu 0\n    write a = one\n"
                   "agent v on cpu 1\n    load x as r0\n    load y as r1\n"
                   "    forbid r0 = one and r1 = a as coherence-violation\n"),
            kClean);
}

TEST(Order, AnOwnStoreIsSeenThroughAnyAddress) {
  const auto reads = [](const std::string& store, const std::string& load) {
    return answer(
        "frame a contents distinct\nmap x = a rw\nmap y = a ro\n"
        "agent v on cpu 1\n    " +
        store + " = one\n    " + load + " as r1\n    forbid r1 = a as coherence-violation\n");
  };
  EXPECT_EQ(reads("store x", "load x"), kClean);
  EXPECT_EQ(reads("store x", "load y"), kClean);
  EXPECT_EQ(reads("store x", "read a"), kClean);
  EXPECT_EQ(reads("write a", "load x"), kClean);
  EXPECT_EQ(reads("write a", "read a"), kClean);
}

TEST(Order, AnAtomicTakesPartInTheOrderOfItsPage) {
  const auto reads = [](const std::string& first, const std::string& second) {
    return answer(
        "frame a contents distinct\nmap x = a rw\nmap y = a rw\n"
        "agent v on cpu 1\n    " +
        first + "\n    " + second + " as r1\n    forbid r1 = a as coherence-violation\n");
  };
  EXPECT_EQ(reads("store x = one", "add y"), kClean);
  EXPECT_EQ(reads("add x", "load y"), kClean);
  EXPECT_EQ(reads("add x", "read a"), kClean);
}

TEST(Order, CopiesAndZeroesTakePartInTheOrderOfTheirPages) {
  const auto reads = [](const std::string& steps) {
    return answer(
        "frame a, b contents distinct\nmap x = a rw\nmap y = b rw\n"
        "agent v on cpu 1\n    " +
        steps + " as r1\n    forbid r1 = a as coherence-violation\n");
  };
  EXPECT_EQ(reads("copy b to a\n    load x"), kClean);
  EXPECT_EQ(reads("zero a\n    load x"), kClean);
  EXPECT_EQ(reads("store x = one\n    copy a to b\n    load y"), kClean);
  EXPECT_EQ(reads("copy a to b\n    load y"), Names{"coherence-violation"}) << "as it should be";
}

// A load may take an own store's value before others see the store: then it holds nothing back.
TEST(Order, AForwardedStoreIsNotYetInMemory) {
  const auto other_sees = [](const std::string& read) {
    return answer(
        "frame a, b, f, g contents distinct\nmap x = a rw\nmap flag = f rw\n"
        "agent u on cpu 0\n    write a = one\n" +
        read +
        "    write f = one\n"
        "agent v on cpu 1\n    load flag as r0\n    dsb ish\n    load x as r1\n"
        "    forbid r0 = one and r1 = a as stale-read\n");
  };
  EXPECT_EQ(other_sees("    read a as r2\n    dmb ishld\n"), Names{"stale-read"});
  EXPECT_EQ(other_sees("    dmb ishst\n"), kClean);
}

// What comes after a fault never happens, not even early.
TEST(Order, NothingHappensAfterAFault) {
  const Names names = answer(
      "frame d contents distinct\nmap x = d ro\n"
      "agent u on cpu 0\n    store x = one\n    write d = go\n"
      "agent v on cpu 1\n    load x as r1\n    forbid r1 = go as stale-read\n");
  EXPECT_EQ(names, Names{"unexpected-fault"});
}

// A lock that is given back before another is taken orders the two sections.
TEST(Order, AnUnlockComesBeforeALaterLock) {
  EXPECT_EQ(answer("frame a, b contents distinct\nmap x = a rw\nmap y = b rw\n"
                   "agent u on cpu 0\n    lock l\n    store x = one\n    unlock l\n    lock m\n"
                   "    store y = one\n    unlock m\n"
                   "agent v on cpu 1\n    load y as r0\n    dmb ishld\n    load x as r1\n"
                   "    forbid r0 = one and r1 = a as coherence-violation\n"),
            kClean);
}

}  // namespace
}  // namespace amalgam::test
