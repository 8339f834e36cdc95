// The same sequence said twice: as the text of a scenario, and as code under the explorer. Both get
// the same rules and effects, whatever is left out of it.
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "amalgam/arch/tlbi.hpp"
#include "amalgam/pgtable/page_table.hpp"
#include "explore/explore.hpp"
#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using explorer::Machine;
using explorer::Port;
using Names = std::set<std::string>;

constexpr arch::Geometry kGeometry{};
constexpr std::uint64_t kPage = 0x1000;
constexpr std::uint64_t kVa = 0x4000'0000;

// A step, as a line of a scenario and as a call.
struct Step {
  std::string line;
  void (*run)(Machine& machine, const pgtable::OpenTable<Port>& leaves);
};

arch::Barrier barrier_named(const char* name) { return *arch::parse_barrier(name); }

void invalidate(Machine& m, const char* name) {
  const auto mnemonic = *arch::parse_mnemonic(name);
  m.port().tlbi(mnemonic, arch::encode_operand(mnemonic, {.address = kVa}));
}

std::uint64_t leaf(Machine& m, std::size_t page) {
  return pgtable::leaf_descriptor(kGeometry, arch::kPageLevel, m.page(page), {});
}

const Step kClear{"clear pte x", [](Machine&, const auto& t) { t.store(0, 0); }};
const Step kSet{"set pte x = second ro", [](Machine& m, const auto& t) { t.store(0, leaf(m, 1)); }};
const Step kDsbStore{"dsb ishst",
                     [](Machine& m, const auto&) { m.port().barrier(barrier_named("dsb ishst")); }};
const Step kDsb{"dsb ish",
                [](Machine& m, const auto&) { m.port().barrier(barrier_named("dsb ish")); }};
const Step kDsbLocal{"dsb nsh",
                     [](Machine& m, const auto&) { m.port().barrier(barrier_named("dsb nsh")); }};
const Step kTlbi{"tlbi vaae1is x", [](Machine& m, const auto&) { invalidate(m, "vaae1is"); }};
const Step kTlbiLocal{"tlbi vaae1 x", [](Machine& m, const auto&) { invalidate(m, "vaae1"); }};
const Step kIsb{"isb", [](Machine& m, const auto&) { m.port().barrier(barrier_named("isb")); }};
const Step kFree{"free first", [](Machine& m, const auto&) { m.free(m.page(0)); }};

using Sequence = std::vector<Step>;

std::string text_of(const Sequence& sequence) {
  std::string text =
      "case \"sequence\"\n"
      "machine arm64, granule 4K, va 48, bbm 0..3, cpus 2\n"
      "frame first, second contents distinct\n"
      "map x = first ro\n"
      "agent updater on cpu 0\n";
  for (const Step& step : sequence) text += "    " + step.line + '\n';
  return text + "observer user on any other cpu\n    load x may fault\n";
}

Names names_of_text(const std::string& text, std::uint8_t bbm) {
  model::CheckOptions check_options = verdict_only();
  check_options.bbm_levels = {bbm};
  const model::CheckResult result = check(parse_or_fail(text), check_options);
  return found_names(result.levels.at(0));
}

// Maps kVa to page 0. Yields the table that holds the leaf, at index 0.
explorer::PhysicalAddress map_page(Machine& m, std::uint8_t bbm,
                                   const pgtable::Attributes& attributes) {
  arch::Features features;
  features.bbm = bbm;
  pgtable::PageTable<kGeometry, Port> tables(
      m.port(), m.root(), {.features = features, .tlb = {.all_asids = true}, .knowledge = {}});
  auto batch = tables.batch();
  (void)tables.map(kVa, kPage, m.page(), attributes, batch);
  explorer::PhysicalAddress last = m.root();
  for (int level = 0; level < 3; ++level) {
    const pgtable::OpenTable<Port> table(m.port(), last);
    const arch::Descriptor next{table.load(arch::table_index(kGeometry, kVa, level))};
    last = arch::output_address(kGeometry, next, level);
  }
  return last;
}

Names names_of_code(const Sequence& sequence, std::uint8_t bbm) {
  const explorer::Result result = explore({.bbm = bbm, .cpus = 2}, [&](Machine& m) {
    const explorer::PhysicalAddress last = map_page(m, bbm, {});
    m.observe(kVa, kPage, {.load = true, .may_fault = true});
    m.spawn("updater", [&] {
      const pgtable::OpenTable<Port> leaves(m.port(), last);
      for (const Step& step : sequence) step.run(m, leaves);
    });
  });
  EXPECT_TRUE(result.decided()) << result;
  Names names;
  for (const explorer::Finding& f : result.findings) names.insert(f.name);
  return names;
}

void expect_equal(const Sequence& sequence) {
  if (sequence.empty()) return;
  const std::string text = text_of(sequence);
  for (const std::uint8_t bbm : {0, 1, 3}) {
    EXPECT_EQ(names_of_code(sequence, bbm), names_of_text(text, bbm)) << text << "bbm " << int{bbm};
  }
}

// Every part of the sequence, with each step left out or not.
std::size_t expect_every_part_equal(const Sequence& whole) {
  std::size_t found = 0;
  for (std::size_t chosen = 0; chosen < std::size_t{1} << whole.size(); ++chosen) {
    Sequence part;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if ((chosen >> i & 1) != 0) part.push_back(whole[i]);
    }
    expect_equal(part);
    found += part.empty() || names_of_code(part, 0).empty() ? 0 : 1;
  }
  return found;
}

TEST(ExploredCode, BreakBeforeMakeAsTextAndAsCode) {
  EXPECT_GT(expect_every_part_equal({kClear, kDsb, kTlbi, kDsb, kSet, kDsbStore}), 20U);
}

TEST(ExploredCode, LocalMaintenanceAsTextAndAsCode) {
  EXPECT_GT(expect_every_part_equal({kClear, kDsbStore, kTlbiLocal, kDsb, kSet}), 10U);
  EXPECT_GT(expect_every_part_equal({kClear, kDsbLocal, kTlbi, kDsbLocal, kSet}), 10U);
}

TEST(ExploredCode, FreedPageAsTextAndAsCode) {
  EXPECT_GT(expect_every_part_equal({kClear, kDsbStore, kTlbi, kDsb, kIsb, kFree}), 20U);
  EXPECT_EQ(names_of_code({kClear, kDsbStore, kTlbi, kDsb, kIsb, kFree}, 0), Names{});
}

// --- code that computes with what it reads -------------------------------------------------------

using Task = std::function<void(Machine&, const pgtable::OpenTable<Port>&)>;

struct Case {
  const char* scenario;
  bool hardware_dirty;
  explorer::Observation observation;
  std::vector<Task> (*tasks)(explorer::Mutex& mutex);
};

void flush(Machine& m) {
  m.port().barrier(barrier_named("dsb ishst"));
  invalidate(m, "vaae1is");
  m.port().barrier(barrier_named("dsb ish"));
  m.port().barrier(barrier_named("isb"));
}

constexpr std::uint64_t kReadOnlyBit = std::uint64_t{1} << 7;
constexpr std::uint64_t kSoftware1 = std::uint64_t{1} << 55;

// Write-protects, and notes in software what hardware has recorded. A value that comes out the same
// from either would lose nothing: code, unlike the text, says what it keeps.
std::uint64_t not_writable(std::uint64_t raw) {
  const bool dirty = (raw & kReadOnlyBit) == 0;
  return (raw | kReadOnlyBit | (dirty ? kSoftware1 : 0)) & ~arch::bits::kDbm;
}

std::vector<Task> protect_by_exchange(explorer::Mutex&) {
  return {[](Machine& m, const auto& t) {
    std::uint64_t old = t.load(0);
    (void)t.compare_exchange(0, old, not_writable(old));
    flush(m);
  }};
}

std::vector<Task> protect_by_store(explorer::Mutex&) {
  return {[](Machine& m, const auto& t) {
    t.store(0, not_writable(t.load(0)));
    flush(m);
  }};
}

void protect(Machine& m, const pgtable::OpenTable<Port>& t) {
  const std::uint64_t old = t.load(0);
  t.store(0, old == 0 ? 0 : old | kReadOnlyBit);
  flush(m);
}

void page_out(Machine& m, const pgtable::OpenTable<Port>& t) {
  t.store(0, 0);
  flush(m);
  m.free(m.page(0));
}

std::vector<Task> protect_and_page_out(explorer::Mutex&) { return {protect, page_out}; }

std::vector<Task> protect_and_page_out_locked(explorer::Mutex& mutex) {
  return {[&](Machine& m, const auto& t) {
            const std::lock_guard hold(mutex);
            protect(m, t);
          },
          [&](Machine& m, const auto& t) {
            const std::lock_guard hold(mutex);
            page_out(m, t);
          }};
}

const Case kCases[] = {
    {"bug-dirty-bit-compare-exchange", true, {.load = true}, protect_by_exchange},
    {"bug-dirty-bit-races-write-protect", true, {.load = true}, protect_by_store},
    {"bug-unmap-races-page-out", false, {.load = true, .may_fault = true}, protect_and_page_out},
    {"bug-unmap-and-page-out-locked",
     false,
     {.load = true, .may_fault = true},
     protect_and_page_out_locked}};

Names names_of_case(const Case& c, std::uint8_t bbm) {
  explorer::Options options{.bbm = bbm, .cpus = 3};
  options.features.hardware_dirty = c.hardware_dirty;
  const explorer::Result result = explore(options, [&](Machine& m) {
    const pgtable::Attributes attributes{.writable = !c.hardware_dirty,
                                         .dirty_tracking = c.hardware_dirty};
    const explorer::PhysicalAddress leaves = map_page(m, bbm, attributes);
    m.observe(kVa, kPage, c.observation);
    if (c.hardware_dirty) m.observe(kVa, kPage, {.add = true, .may_fault = true});
    explorer::Mutex mutex = m.mutex();
    std::size_t number = 0;
    for (const Task& task : c.tasks(mutex)) {
      m.spawn("task " + std::to_string(number++), [&] {
        const pgtable::OpenTable<Port> table(m.port(), leaves);
        task(m, table);
      });
    }
  });
  EXPECT_TRUE(result.decided()) << result;
  EXPECT_GT(result.coverage.paths, 1U) << result;
  Names names;
  for (const explorer::Finding& f : result.findings) names.insert(f.name);
  return names;
}

TEST(ExploredCode, WhatIsReadAsTextAndAsCode) {
  for (const Case& c : kCases) {
    for (const std::uint8_t bbm : {0, 3}) {
      model::CheckOptions check_options = verdict_only();
      check_options.bbm_levels = {bbm};
      const model::CheckResult said = check(scenario_program(c.scenario), check_options);
      EXPECT_EQ(names_of_case(c, bbm), found_names(said.levels.at(0)))
          << c.scenario << " bbm " << int{bbm};
    }
  }
}

}  // namespace
}  // namespace amalgam::test
