// The same sequence said twice: as the text of a scenario, and as code under the explorer. Both get
// the same rules and effects, whatever is left out of it.
#include <gtest/gtest.h>

#include <cstddef>
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

Names names_of_code(const Sequence& sequence, std::uint8_t bbm) {
  const explorer::Result result = explore({.bbm = bbm, .cpus = 2}, [&](Machine& m) {
    arch::Features features;
    features.bbm = bbm;
    pgtable::PageTable<kGeometry, Port> tables(
        m.port(), m.root(), {.features = features, .tlb = {.all_asids = true}, .knowledge = {}});
    auto batch = tables.batch();
    (void)tables.map(kVa, kPage, m.page(), {}, batch);
    m.observe(kVa, kPage, {.load = true, .may_fault = true});
    explorer::PhysicalAddress last = m.root();
    for (int level = 0; level < 3; ++level) {
      const pgtable::OpenTable<Port> table(m.port(), last);
      const arch::Descriptor next{table.load(arch::table_index(kGeometry, kVa, level))};
      last = arch::output_address(kGeometry, next, level);
    }
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

}  // namespace
}  // namespace amalgam::test
