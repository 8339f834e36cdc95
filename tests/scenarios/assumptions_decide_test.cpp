// Each assumption decides some case, and check says so.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "model/assumptions.hpp"
#include "model/check.hpp"
#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using namespace model;

struct Decides {
  const char* name;
  const char* value;   // not the default
  const char* change;  // what it does to the verdict
  const char* text;
};

const char* const kHead = "case \"t\"\n";

std::set<std::string> verdict(const std::string& text, const char* name, const char* value) {
  CheckOptions options = verdict_only();
  if (name != nullptr) options.assumptions.push_back({name, value, {}});
  const CheckResult result = check(parse_or_fail(text), options);
  std::set<std::string> names;
  for (const LevelResult& level : result.levels) {
    EXPECT_TRUE(level.decided());
    for (const std::string& n : found_names(level)) names.insert(n);
  }
  return names;
}

const std::array<Decides, 12> kDeciding{{
    {"amalgamation", "none", "-amalgamation",
     "machine arm64, granule 4K, va 48, bbm 0, cpus 2\n"
     "frame a, b contents distinct\nmap x = a rw\n"
     "agent u on cpu 0\n    set pte x = b ro\n"
     "observer o on cpu 1\n    add x\n"},
    {"abort-at-level-3", "no", "-conflict-abort",
     "machine arm64, granule 4K, va 48, bbm 3, cpus 2\n"
     "frame a, b contents distinct\nmap x = a rw\n"
     "agent u on cpu 0\n    set pte x = b rw\n"
     "observer o on cpu 1\n    load x\n"},
    {"same-offset-order", "no", "+coherence-violation",
     "machine arm64, granule 4K, va 48, bbm 0, cpus 2\n"
     "frame a, b contents distinct\nmap x = a ro\n"
     "agent u on cpu 0\n    clear pte x\n    dsb ish\n    tlbi vaae1is x\n    dsb ish\n"
     "    set pte x = b ro\n"
     "agent r on cpu 1\n    load x as r0 may fault\n    load x as r1 may fault\n"
     "    forbid r0 = b and r1 = a as coherence-violation\n"},
    // cpu 0's load may use its own new entry before cpu 1 can find it in memory.
    {"walk-forwarding", "no", "-stale-read",
     "machine arm64, granule 4K, va 48, bbm 0, cpus 2\n"
     "frame f, g, d contents distinct\nmap y = none\nmap flag = d rw\n"
     "agent u on cpu 0\n    set pte y = f ro\n    load y as r0\n    store flag = go\n"
     "agent r on cpu 1\n    load flag as r1\n    dmb ish\n    cas pte y from none to g ro\n"
     "    isb\n    load y as r2 may fault\n    forbid r1 = go and r2 = g as stale-read\n"},
    {"contiguous-tlbi", "group", "-freed-page-read",
     "machine arm64, granule 4K, va 48, bbm 2, cpus 2\n"
     "frame f[16] contents distinct\nmap x = f[0..15] ro cont\n"
     "agent u on cpu 0\n"
     "    for i in 0..15\n        clear pte x[i]\n"
     "    dsb ish\n    tlbi vaae1is x[0]\n    dsb ish\n    free f[1]\n"
     "observer o on cpu 1\n    load x[1] may fault\n"},
    {"size-and-permission", "illegal", "+break-before-make",
     "machine arm64, granule 4K, va 48, bbm 2, cpus 2\n"
     "frame f[512] contents distinct\ntable pt level 3\nmap x = block f rw\n"
     "agent u on cpu 0\n    for i in 0..511\n        set pte pt[i] = f[i] ro\n"
     "    dsb ishst\n    set pmd x = table pt\n    dsb ishst\n    tlbi vmalle1is\n    dsb ish\n"},
    {"table-copy-needs-break", "yes", "+break-before-make",
     "machine arm64, granule 4K, va 48, bbm 3, cpus 2\n"
     "frame f contents distinct\ntable pt level 3\ntable old level 3\nmap x = f ro in old\n"
     "agent u on cpu 0\n    set pte pt[0] = f ro\n    dsb ishst\n    set pmd x = table pt\n"
     "    dsb ishst\n    tlbi vmalle1is\n    dsb ish\n"},
    {"tagged-is-permission", "no", "+break-before-make",
     "machine arm64, granule 4K, va 48, bbm 3, cpus 2\n"
     "frame f contents distinct\nmap x = f ro\n"
     "agent u on cpu 0\n    set pte x = f ro tagged\n    dsb ishst\n    tlbi vmalle1is\n"
     "    dsb ish\n"},
    {"global-to-non-global-in-place", "no", "+break-before-make",
     "machine arm64, granule 4K, va 48, bbm 3, cpus 2\n"
     "frame f contents distinct\nmap x = f ro\n"
     "agent u on cpu 0\n    set pte x = f ro ng\n    dsb ishst\n    tlbi vmalle1is\n"
     "    dsb ish\n"},
    {"mixture-at-every-level", "no", "-amalgamation",
     "machine arm64, granule 4K, va 48, bbm 1, cpus 2\n"
     "frame a, b contents distinct\nmap x = a rw\n"
     "agent u on cpu 0\n    set pte x = b ro\n"
     "observer o on cpu 1\n    add x\n"},
    {"af-clear-is-break", "yes", "-break-before-make",
     "machine arm64, granule 4K, va 48, bbm 0, hardware af, cpus 1\n"
     "frame a, b contents distinct\nmap x = a ro noaf\n"
     "agent u on cpu 0\n    set pte x = b ro\n"},
    // The store is skipped if its walk faults, which the load of the flag does not order by itself.
    {"ets2-order", "ordered-before", "+stale-read",
     "machine arm64, granule 4K, va 48, bbm 0, ets 2, cpus 2\n"
     "frame a, d contents distinct\nmap x = none\nmap flag = d rw\nmap alias = a rw\n"
     "agent u on cpu 0\n    set pte x = a rw\n    dsb ish\n    store flag = go\n"
     "agent r on cpu 1\n    load flag as r0\n    store x = new may fault\n    dsb ish\n"
     "    load alias as r1\n    forbid r0 = go and r1 = a as stale-read\n"},
}};

class DecidingAssumption : public testing::TestWithParam<Decides> {};

TEST_P(DecidingAssumption, ChangesTheVerdict) {
  const Decides& d = GetParam();
  const std::string text = std::string(kHead) + d.text;
  const auto own = verdict(text, nullptr, nullptr);
  const auto other = verdict(text, d.name, d.value);
  const std::string what(d.change + 1);
  const bool adds = d.change[0] == '+';
  EXPECT_EQ(own.contains(what), !adds) << d.name;
  EXPECT_EQ(other.contains(what), adds) << d.name;
}

// The same dependence is what check reports by itself.
TEST_P(DecidingAssumption, IsToldAsADependence) {
  const Decides& d = GetParam();
  const CheckResult result = check(parse_or_fail(std::string(kHead) + d.text), {});
  bool told = false;
  for (const LevelResult& level : result.levels) {
    for (const Dependence& dependence : level.depends_on) {
      const AssumptionInfo& row = info(dependence.assumption);
      if (row.name != d.name || row.values[dependence.value] != d.value) continue;
      const auto& list = d.change[0] == '+' ? dependence.added : dependence.removed;
      for (const std::string& n : list) told |= n == d.change + 1;
    }
  }
  EXPECT_TRUE(told) << d.name;
}

INSTANTIATE_TEST_SUITE_P(Assumptions, DecidingAssumption, testing::ValuesIn(kDeciding),
                         [](const auto& decides) { return test_name(decides.param.name); });

}  // namespace
}  // namespace amalgam::test
