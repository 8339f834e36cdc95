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
