// What belongs to the slice of an address, which slices are the same, and what is left out of them.
#include "model/slice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/program_index.hpp"
#include "model/slice_plan.hpp"
#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using model::EventKind;
using model::Program;
using model::ProgramIndex;
using model::Slice;
using model::SliceRequest;

const std::string kMachine =
    "case \"t\"\nmachine arm64, granule 4K, va 48, bbm 0, cpus 3, ttl, tlbirange\n";

// A program with its slices.
class Sliced {
 public:
  explicit Sliced(const std::string& body)
      : program_(parse_or_fail(kMachine + body)), index_(program_) {}

  [[nodiscard]] std::uint64_t address(const std::string& region, std::uint32_t page = 0) const {
    for (const model::Region& r : program_.regions) {
      if (r.name == region) return r.base + page * index_.granule_bytes();
    }
    ADD_FAILURE() << "no region " << region;
    return 0;
  }
  [[nodiscard]] Slice slice(const std::string& region, std::uint32_t page = 0) const {
    SliceRequest request;
    request.addresses = {address(region, page)};
    return model::build_slice(index_, {}, request);
  }
  [[nodiscard]] std::string key(const std::string& region, std::uint32_t page = 0) const {
    return model::slice_key(slice(region, page));
  }
  [[nodiscard]] std::vector<SliceRequest> plan(bool slicing) const {
    return model::plan_slices(index_, slicing);
  }
  [[nodiscard]] const ProgramIndex& index() const { return index_; }

 private:
  Program program_;
  ProgramIndex index_;
};

std::vector<EventKind> kinds(const Slice& slice, std::size_t agent = 0) {
  std::vector<EventKind> list;
  for (const model::Event& e : slice.agents[agent].events) list.push_back(e.kind);
  return list;
}

std::size_t count(const Slice& slice, EventKind kind) {
  std::size_t n = 0;
  for (const model::SliceAgent& agent : slice.agents) {
    for (const model::Event& e : agent.events) n += e.kind == kind ? 1 : 0;
  }
  return n;
}

std::set<std::string> frames(const Slice& slice) {
  std::set<std::string> names;
  for (const model::SlicePage& page : slice.pages) {
    if (!page.ref.is_table) names.insert(slice.program->frames[page.ref.id].name);
  }
  return names;
}

std::set<std::string> cells(const Slice& slice) {
  std::set<std::string> names;
  for (const model::SliceCell& c : slice.cells) names.insert(slice.program->cells[c.cell].name);
  return names;
}

using Names = std::set<std::string>;
using Kinds = std::vector<EventKind>;

// --- what is in a slice
// ----------------------------------------------------------------------------

TEST(Slice, HoldsTheDescriptorsAndPagesOfItsAddressAlone) {
  const Sliced s(
      "frame a[2], b[2], c contents distinct\nmap x = a rw\nmap y = c rw\n"
      "agent u on cpu 0\n"
      "    clear pte x[0]\n    clear pte x[1]\n    clear pte y\n    dsb ish\n"
      "    tlbi vaae1is x[0]\n    tlbi vaae1is x[1]\n    tlbi vaae1is y\n    dsb ish\n"
      "    set pte x[0] = b[0] ro\n    set pte x[1] = b[1] ro\n    free a[0]\n    free a[1]\n");
  const Slice first = s.slice("x", 0);
  EXPECT_EQ(cells(first), Names{"pte x[0]"});
  EXPECT_EQ(frames(first), (Names{"a[0]", "b[0]"}));
  EXPECT_EQ(kinds(first), (Kinds{EventKind::kWriteCell, EventKind::kTlbi, EventKind::kTlbi,
                                 EventKind::kWriteCell, EventKind::kFree}));
  EXPECT_EQ(first.entries.size(), 2U);
  const Slice other = s.slice("y");
  EXPECT_EQ(frames(other), Names{"c"});
  EXPECT_EQ(count(other, EventKind::kFree), 0U);
}

TEST(Slice, HoldsEveryTlbiThatReachesTheAddress) {
  const auto tlbis = [](const std::string& step) {
    const Sliced s(
        "frame a[8] contents distinct\nmap x = a ro\nagent u on cpu 0\n    clear pte x[3]\n" +
        ("    dsb ish\n    " + step + "\n    dsb ish\n"));
    return count(s.slice("x", 3), EventKind::kTlbi);
  };
  EXPECT_EQ(tlbis("tlbi vaae1is x[3]"), 2U) << "one for the own CPU, one for the others";
  EXPECT_EQ(tlbis("tlbi vaae1 x[3]"), 1U);
  EXPECT_EQ(tlbis("tlbi vaae1is x[2]"), 0U);
  EXPECT_EQ(tlbis("tlbi rvaae1is x[2..5]"), 2U);
  EXPECT_EQ(tlbis("tlbi rvaae1is x[4..7]"), 0U);
  EXPECT_EQ(tlbis("tlbi vmalle1is"), 2U);
  EXPECT_EQ(tlbis("tlbi alle1is"), 2U);
  EXPECT_EQ(tlbis("tlbi aside1is asid 0"), 0U) << "the entry is global";
  EXPECT_EQ(tlbis("tlbi vae1is x[3] asid 9"), 2U) << "a global entry matches any ASID";
  EXPECT_EQ(tlbis("tlbi vaae1is x[3] level 3"), 2U);
  EXPECT_EQ(tlbis("tlbi vaae1is x[3] level 2"), 0U) << "a wrong hint removes nothing";
}

TEST(Slice, FollowsTablesThatAreLinked) {
  const Sliced s(
      "frame big[512] contents distinct\ntable pt level 3\nmap x = block big rw\n"
      "agent u on cpu 0\n"
      "    for i in 0..511\n        set pte pt[i] = big[i] rw\n"
      "    dsb ishst\n    set pmd x = table pt\n    dsb ishst\n    tlbi vaae1is x[5]\n    dsb "
      "ish\n");
  const Slice page = s.slice("x", 9);
  EXPECT_EQ(cells(page), (Names{"pmd x[0]", "pte x[9]"}));
  EXPECT_EQ(frames(page), Names{"big[9]"});
  EXPECT_EQ(count(page, EventKind::kWriteCell), 2U);
  EXPECT_EQ(count(page, EventKind::kTlbi), 2U)
      << "a TLBI of another page of the block removes the block";
  EXPECT_EQ(page.entries.size(), 3U) << "the block, the table, the page";
}

TEST(Slice, FollowsContentsAndAliases) {
  const Sliced s(
      "frame a, b, c, d contents distinct\nmap x = a ro\nmap y = b rw\nmap z = d rw\n"
      "agent u on cpu 0\n    copy a to b\n    copy d to c\n    set pte x = b ro\n"
      "observer o on cpu 1\n    add y\n    add z\n");
  const Slice x = s.slice("x");
  EXPECT_EQ(frames(x), (Names{"a", "b"}));
  EXPECT_EQ(count(x, EventKind::kReadPage), 1U);
  EXPECT_EQ(count(x, EventKind::kWritePage), 1U);
  ASSERT_EQ(x.va_points.size(), 2U) << "y may write b";
  EXPECT_EQ(x.va_points[1].address, s.address("y"));
  EXPECT_FALSE(x.va_points[1].primary);
}

TEST(Slice, HoldsLocksRootsAndStopsAlways) {
  const Sliced s(
      "frame a, b contents distinct\nroot r asid 1\nmap x = a ro\nmap y = b ro\n"
      "agent u on cpu 0\n    lock l\n    stop others\n    clear pte y\n    resume others\n"
      "    unlock l\n    ttbr = r\n");
  EXPECT_EQ(kinds(s.slice("x")),
            (Kinds{EventKind::kLock, EventKind::kStop, EventKind::kResume, EventKind::kUnlock,
                   EventKind::kWriteRoot, EventKind::kRootEffect}));
}

TEST(Slice, TellsNewEntriesFromThoseOfTheStart) {
  const Sliced s(
      "frame a, b contents distinct\nmap x = a rw\n"
      "agent u on cpu 0\n    set pte x = b ro\n");
  const Slice x = s.slice("x");
  ASSERT_EQ(x.entries.size(), 2U);
  for (const model::Entry& e : x.entries) {
    const std::uint64_t raw = x.cells[e.cell].values[e.value].raw;
    const bool initial = raw == x.program->cells[x.cells[e.cell].cell].initial;
    EXPECT_EQ(e.is_new, !initial);
    EXPECT_EQ(e.writable, initial);
    EXPECT_TRUE(e.leaf && e.readable && e.global);
  }
}

// --- what is planned
// -------------------------------------------------------------------------------

TEST(SlicePlan, AsksOncePerPageAndOncePerCondition) {
  const Sliced s(
      "frame a[3], b contents distinct\nmap x = a ro\nmap y = b ro\n"
      "agent u on cpu 0\n    clear pte x[1]\n"
      "agent r on cpu 1\n    load x[0] as r0\n    load y as r1\n"
      "    forbid r0 = b and r1 = b as stale-read\n");
  const auto requests = s.plan(true);
  ASSERT_EQ(requests.size(), 5U);
  std::set<std::uint64_t> single;
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_EQ(requests[i].addresses.size(), 1U);
    single.insert(requests[i].addresses[0]);
  }
  EXPECT_EQ(single, (std::set<std::uint64_t>{s.address("x", 0), s.address("x", 1),
                                             s.address("x", 2), s.address("y")}));
  EXPECT_EQ(requests[4].addresses, (std::vector<std::uint64_t>{s.address("x", 0), s.address("y")}));
  const auto whole = s.plan(false);
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].addresses.size(), 4U);
}

TEST(SlicePlan, PairsTheMembersOfContiguousGroups) {
  const Sliced s(
      "frame a[32] contents distinct\nmap x = a[0..15] ro cont\nmap y = a[16..31] ro\n"
      "agent u on cpu 0\n    clear pte x[1]\n");
  const auto requests = s.plan(true);
  EXPECT_EQ(requests.size(), 16U * 15U + 16U);
  std::map<std::uint64_t, std::set<std::uint64_t>> companions;
  for (const SliceRequest& r : requests) companions[r.addresses[0]].insert(r.companion);
  EXPECT_EQ(companions[s.address("x", 4)].size(), 15U);
  EXPECT_FALSE(companions[s.address("x", 4)].contains(s.address("x", 4)));
  EXPECT_EQ(companions[s.address("y", 0)], std::set<std::uint64_t>{SliceRequest{}.companion});
}

// --- equality
// --------------------------------------------------------------------------------------

const std::string kLoop =
    "frame head, tail[7] contents distinct\nmap x = head, tail rw\n"
    "agent u on cpu 0\n    for i in 1..7\n        set pte x[i] = head ro\n"
    "    dsb ishst\n    tlbi vaae1is x[1..7]\n    dsb ish\n    free tail\n"
    "observer o on any other cpu\n    load or add x[any]\n";

TEST(SliceKey, IsTheSameForPagesThatDifferInNameOnly) {
  const Sliced s(kLoop);
  for (std::uint32_t page = 2; page <= 7; ++page)
    EXPECT_EQ(s.key("x", page), s.key("x", 1)) << page;
  EXPECT_NE(s.key("x", 0), s.key("x", 1)) << "page 0 keeps its mapping";
}

TEST(SliceKey, DoesNotDependOnNames) {
  std::string renamed = kLoop;
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"head", "zulu"},
                                 {"tail", "alfa"},
                                 {" x", " mike"},
                                 {"agent u", "agent q"}}) {
    for (std::size_t at = renamed.find(from); at != std::string::npos;
         at = renamed.find(from, at + to.size())) {
      renamed.replace(at, from.size(), to);
    }
  }
  EXPECT_EQ(Sliced(renamed).key("mike", 3), Sliced(kLoop).key("x", 3));
}

// What must keep slices apart: each line differs from the first in one thing.
TEST(SliceKey, DiffersWhereTheAnswerMay) {
  const std::string memory =
      "frame a, b contents distinct\nframe z contents as a\nframe q contents unknown\n";
  const auto key = [&](const std::string& map, const std::string& steps, const std::string& watch) {
    return Sliced(memory + "map x = " + map + "\nagent u on cpu 0\n" + steps +
                  "observer o on cpu 1\n    " + watch + "\n")
        .key("x");
  };
  const std::string set = "    set pte x = b ro\n    dsb ish\n    tlbi vaae1is x\n    dsb ish\n";
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string steps = set;
    return steps.replace(steps.find(from), from.size(), to);
  };
  std::map<std::string, std::string> keys;
  const auto add = [&](const std::string& what, const std::string& k) {
    for (const auto& [other, known] : keys) EXPECT_NE(known, k) << what << " and " << other;
    keys.emplace(what, k);
  };
  add("base", key("a ro", set, "load x"));
  add("writable before", key("a rw", set, "load x"));
  add("writable after", key("a ro", with("b ro", "b rw"), "load x"));
  add("same contents", key("a ro", with("b ro", "z ro"), "load x"));
  add("unknown contents", key("a ro", with("b ro", "q ro"), "load x"));
  add("same page", key("a ro", with("b ro", "a rw"), "load x"));
  add("memory type", key("a ro", with("b ro", "b ro nc"), "load x"));
  add("non-global", key("a ro", with("b ro", "b ro ng"), "load x"));
  add("local TLBI", key("a ro", with("vaae1is", "vaae1"), "load x"));
  add("no barrier after the store",
      key("a ro", with("    dsb ish\n    tlbi", "    tlbi"), "load x"));
  add("store", key("a ro", set, "store x"));
  add("add", key("a ro", set, "add x"));
  add("may fault", key("a ro", set, "load x may fault"));
  add("free after", key("a ro", set + "    free a\n", "load x"));
  add("free before", key("a ro", "    free a\n" + set, "load x"));
  add("break", key("a ro", "    clear pte x\n" + set, "load x"));
  add("access flag", key("a ro noaf", set, "load x"));
  add("own load", key("a ro", set + "    load x\n", "load x"));
}

// --- what is left out
// -------------------------------------------------------------------------------

Slice with_tlbis(const std::string& steps) {
  const Sliced s(
      "frame a[8], b contents distinct\nmap x = a ro\nagent u on cpu 0\n    clear pte x[0]\n" +
      steps + "    dsb ish\n    set pte x[0] = b ro\n");
  return s.slice("x", 0);
}

TEST(Thinning, LeavesOutWhatANeighbourRemovesToo) {
  EXPECT_EQ(count(with_tlbis("    dsb ish\n    tlbi vaae1is x[0]\n"), EventKind::kTlbi), 2U);
  EXPECT_EQ(count(with_tlbis("    dsb ish\n    tlbi vaae1is x[0]\n    tlbi vaae1is x[0]\n"),
                  EventKind::kTlbi),
            2U);
  EXPECT_EQ(
      count(with_tlbis("    dsb ish\n    tlbi vaae1 x[0]\n    tlbi vmalle1is\n"), EventKind::kTlbi),
      2U)
      << "the wider one stays";
  EXPECT_EQ(count(with_tlbis("    dsb ish\n    tlbi vaae1is x[1..7]\n"), EventKind::kTlbi), 0U);
}

TEST(Thinning, KeepsWhatBarriersTellApart) {
  const std::string one = "    dsb ish\n    tlbi vaae1is x[0]\n";
  EXPECT_EQ(count(with_tlbis(one + one), EventKind::kTlbi), 4U);
  std::string many;
  for (int i = 0; i < 40; ++i) many += one;
  const std::size_t kept = count(with_tlbis(many), EventKind::kTlbi);
  EXPECT_GE(kept, 4U);
  EXPECT_LE(kept, 16U) << "a long row with nothing else between is cut short";
}

TEST(Thinning, IsNotStoppedByManyPages) {
  std::string steps;
  for (int i = 0; i < 8; ++i)
    steps += "    dsb ish\n    tlbi vaae1is x[" + std::to_string(i) + "]\n";
  EXPECT_EQ(count(with_tlbis(steps), EventKind::kTlbi), 2U);
}

// --- what does not fit
// ------------------------------------------------------------------------------

TEST(Slice, SaysWhatDoesNotFit) {
  std::string body = "frame a[60] contents distinct\nmap x = a[0] ro\nagent u on cpu 0\n";
  for (int i = 1; i < 60; ++i) body += "    set pte x = a[" + std::to_string(i) + "] ro\n";
  EXPECT_NE(Sliced(body).slice("x").bound, "");
}

}  // namespace
}  // namespace amalgam::test
