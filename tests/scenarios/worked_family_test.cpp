// The worked family: one complete break-before-make, and each way to spoil it. Every missing or too
// narrow barrier or TLBI is a violation at every level, the complete sequences are clean.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "amalgam/arch/barrier.hpp"
#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using Names = std::set<std::string>;

// The answer to the question at every level; fails where the levels differ.
Names verdict(const model::Program& program, std::vector<model::AssumptionSetting> assume = {}) {
  model::CheckOptions options = verdict_only();
  options.assumptions = std::move(assume);
  const model::CheckResult result = check(program, options);
  std::optional<Names> first;
  for (const model::LevelResult& level : result.levels) {
    EXPECT_TRUE(level.decided()) << join(level.bounds);
    if (!first) first = found_names(level);
    EXPECT_EQ(found_names(level), *first) << "bbm " << unsigned{level.bbm};
  }
  EXPECT_GE(result.levels.size(), 4U);
  return first.value_or(Names{"nothing was checked"});
}

// --- the files -----------------------------------------------------------------------------------

const std::map<std::string, bool>& family() {
  static const std::map<std::string, bool> clean{
      {"worked-complete", true},         {"worked-complete-plain-reads", true},
      {"worked-first-dsb-ishst", true},  {"worked-no-tlbi", false},
      {"worked-local-tlbi", false},      {"worked-no-dsb-before", false},
      {"worked-no-dsb-after", false},    {"worked-second-dsb-ishst", false},
      {"worked-dmb-for-both", false},    {"worked-both-dsbs-nsh", false},
      {"worked-one-direct-store", false}};
  return clean;
}

TEST(WorkedFamily, HasItsElevenFiles) {
  std::vector<std::string> names;
  for (const auto& [name, clean] : family()) names.push_back(name);
  EXPECT_EQ(scenario_names("worked-"), names);
}

TEST(WorkedFamily, IsCleanExactlyWhereComplete) {
  for (const auto& [name, clean] : family()) {
    const Names found = verdict(scenario_program(name));
    EXPECT_EQ(found.contains("break-before-make"), !clean) << name;
    EXPECT_EQ(found.contains("coherence-violation"), !clean) << name;
    EXPECT_EQ(found.empty(), clean) << name;
  }
}

// Without the rule that a TLBI waits for the walks of earlier loads of the page, the two published
// models differ: plain reads may then see the new value and then the old one.
TEST(WorkedFamily, PlainReadsNeedTheSameOffsetRule) {
  const std::vector<model::AssumptionSetting> off{{"same-offset-order", "no", {}}};
  EXPECT_EQ(verdict(scenario_program("worked-complete-plain-reads"), off),
            Names{"coherence-violation"});
  EXPECT_EQ(verdict(scenario_program("worked-complete"), off), Names{});
  EXPECT_EQ(verdict(scenario_program("worked-first-dsb-ishst"), off), Names{});
}

// --- all of the family's relatives ---------------------------------------------------------------

struct Maintenance {
  std::string step;
  bool enough;  // it reaches the other CPU and covers the entry
};

// x is global, at the first address of its region.
const std::vector<Maintenance>& maintenance() {
  static const std::vector<Maintenance> all{
      {"", false},
      {"tlbi  vaae1 x", false},
      {"tlbi  vaae1is x", true},
      {"tlbi  vaale1is x", true},
      {"tlbi  vae1is x", true},
      {"tlbi  vae1is x asid 7", true},
      {"tlbi  vale1os x", true},
      {"tlbi  vmalle1is", true},
      {"tlbi  vmalle1", false},
      {"tlbi  alle1is", true},
      {"tlbi  aside1is asid 0", false},
      {"tlbi  vaae1is y", false},
      {"tlbi  vaae1is x level 3", true},
      {"tlbi  vaae1is x level 2", false},
      {"tlbi  rvaae1is x[0..1]", true},
  };
  return all;
}

std::vector<std::string> barriers() {
  std::vector<std::string> all{""};
  for (const arch::BarrierName& row : arch::kBarrierNames) {
    if (!row.barrier.nxs) all.emplace_back(row.text);
  }
  return all;
}

arch::Barrier barrier(const std::string& text) {
  return arch::parse_barrier(text).value_or(arch::Barrier{.kind = arch::BarrierKind::kIsb});
}

bool is_wide_dsb(const arch::Barrier& b) {
  return b.kind == arch::BarrierKind::kDsb && b.domain != arch::Domain::kNsh;
}

// Step 2: the invalid entry is in memory, for all, before the TLBI.
bool completes_store(const std::string& text) {
  const arch::Barrier b = barrier(text);
  return is_wide_dsb(b) && b.access != arch::Access::kLoad;
}

// Step 4: the TLBI is complete, everywhere, before the new entry.
bool completes_tlbi(const std::string& text) {
  const arch::Barrier b = barrier(text);
  return is_wide_dsb(b) && b.access == arch::Access::kAll;
}

std::string relative(const std::string& before, const std::string& tlbi, const std::string& after) {
  std::string text =
      "case \"a relative\"\n"
      "machine arm64, granule 4K, va 48, bbm 0, cpus 2, ttl, tlbirange, tlbios\n"
      "frame a, b, c, d contents distinct\n"
      "map x = a, c ro\n"
      "map y = d ro\n"
      "agent update on cpu 0\n"
      "    clear pte x\n";
  for (const std::string* step : {&before, &tlbi, &after}) {
    if (!step->empty()) text += "    " + *step + '\n';
  }
  return text +
         "    set pte x = b ro\n"
         "agent reader on cpu 1\n"
         "    load x as r0 may fault\n"
         "    dsb ish\n"
         "    load x as r1 may fault\n"
         "    forbid r0 = b and r1 = a as coherence-violation\n";
}

Names answer(const std::string& text) {
  const model::CheckResult result = check(parse_or_fail(text), verdict_only());
  EXPECT_EQ(result.levels.size(), 1U);
  if (result.levels.empty()) return {};
  EXPECT_TRUE(result.levels[0].decided());
  return found_names(result.levels[0]);
}

TEST(WorkedFamily, EveryRelativeIsCleanExactlyWhereComplete) {
  const Names harm{"break-before-make", "coherence-violation", "conflict-abort"};
  unsigned clean = 0;
  for (const std::string& before : barriers()) {
    for (const Maintenance& m : maintenance()) {
      for (const std::string& after : barriers()) {
        const bool complete = completes_store(before) && m.enough && completes_tlbi(after);
        clean += complete ? 1 : 0;
        const std::string text = relative(before, m.step, after);
        ASSERT_EQ(answer(text), complete ? Names{} : harm) << text;
      }
    }
  }
  EXPECT_EQ(clean, 6U * 9U * 3U);
}

}  // namespace
}  // namespace amalgam::test
