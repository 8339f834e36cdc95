// Statements other than memory and steps.
#include <gtest/gtest.h>

#include "lang/scenario_fixture.hpp"

namespace amalgam::test {
namespace {

using Levels = std::vector<std::uint8_t>;

TEST(Texts, AreJoinedOverLines) {
  const auto p = parse(
      "case \"a \\\"title\\\" with \\\\\"\nquestion \"first\"\n  \"second\"   # comment\n"
      "# between\n\n \"third\"\nsource \"s\"\nreason \"r\"\n");
  EXPECT_EQ(p.title, "a \"title\" with \\");
  EXPECT_EQ(p.question, "first second third");
  EXPECT_EQ(p.source, "s");
  EXPECT_EQ(p.reason, "r");
}

TEST(Texts, LinesMayEndInCarriageReturns) {
  const auto p = parse("case \"t\"\r\nframe a\r\nagent x on cpu 0\r\n    isb\r\n");
  EXPECT_EQ(p.agents[0].ops.size(), 1U);
}

TEST(Machine, Defaults) {
  const auto p = parse("case \"t\"\n");
  EXPECT_EQ(p.machine.geometry, arch::Geometry{});
  EXPECT_EQ(p.machine.features, arch::Features{});
  EXPECT_EQ(p.machine.bbm_levels, (Levels{0, 1, 2, 3}));
  EXPECT_EQ(p.machine.ets_levels, std::vector<arch::Ets>{arch::Ets::kNone});
  EXPECT_EQ(p.machine.cpus, 2U);
  EXPECT_EQ(p.cpu_roots.size(), 2U);
}

TEST(Machine, EveryItem) {
  const auto p = parse(
      "case \"t\"\nmachine arm64, granule 16K, va 52, pa 52, lpa2, bbm 0, 2..3, "
      "ets none, 3, cpus 4, hardware dirty, cnp, ttl, tlbirange, tlbios, xs\n");
  EXPECT_EQ(p.machine.geometry.granule, arch::Granule::k16K);
  EXPECT_EQ(p.machine.geometry.va_bits, 52);
  EXPECT_EQ(p.machine.geometry.pa_bits, 52);
  EXPECT_TRUE(p.machine.geometry.lpa2);
  EXPECT_EQ(p.machine.bbm_levels, (Levels{0, 2, 3}));
  EXPECT_EQ(p.machine.ets_levels, (std::vector<arch::Ets>{arch::Ets::kNone, arch::Ets::kEts3}));
  EXPECT_EQ(p.machine.cpus, 4U);
  const arch::Features& f = p.machine.features;
  EXPECT_TRUE(f.hardware_af && f.hardware_dirty && f.cnp && f.ttl && f.tlbi_range && f.tlbi_os &&
              f.xs && f.lpa2);
}

TEST(Machine, EtsRangeAndStage2) {
  const auto p = parse("case \"t\"\nmachine arm64, ets none..3, stage 2, fwb, xnx, hardware af\n");
  EXPECT_EQ(p.machine.ets_levels.size(), 3U);
  EXPECT_EQ(p.machine.geometry.stage, arch::Stage::kStage2);
  EXPECT_TRUE(p.machine.features.fwb && p.machine.features.xnx && p.machine.features.hardware_af);
  EXPECT_FALSE(p.machine.features.hardware_dirty);
}

TEST(Machine, CpuPresets) {
  EXPECT_EQ(parse("case \"t\"\nmachine arm64, cpu cortex-a53\n").machine.bbm_levels, (Levels{0}));
  EXPECT_EQ(parse("case \"t\"\nmachine arm64, cpu neoverse-v1\n").machine.bbm_levels, (Levels{2}));
  EXPECT_EQ(parse("case \"t\"\nmachine arm64, cpu c1-pro\n").machine.bbm_levels, (Levels{3}));
}

TEST(Assume, IsKept) {
  const auto p =
      parse("case \"t\"\nassume amalgamation = bit\nassume ets2-order = ordered-before\n");
  ASSERT_EQ(p.assumptions.size(), 2U);
  EXPECT_EQ(p.assumptions[0].name, "amalgamation");
  EXPECT_EQ(p.assumptions[1].value, "ordered-before");
}

TEST(Devices, Kinds) {
  const auto p = parse(
      "case \"t\"\ndevice a ats 4K\ndevice b ats 2M ignores partial invalidations\n"
      "device c ats 4K+2M\ndevice d mirrors\n");
  ASSERT_EQ(p.devices.size(), 4U);
  EXPECT_TRUE(p.devices[0].caches_pages && !p.devices[0].caches_blocks);
  EXPECT_TRUE(!p.devices[1].caches_pages && p.devices[1].caches_blocks);
  EXPECT_TRUE(p.devices[1].ignores_partial && !p.devices[0].ignores_partial);
  EXPECT_TRUE(p.devices[2].caches_pages && p.devices[2].caches_blocks);
  EXPECT_TRUE(p.devices[3].mirrors && !p.devices[2].mirrors);
}

TEST(Observers, PlacesAndAccesses) {
  const auto p = parse(scenario(std::string(kEightPages) +
                                "device gpu ats 4K\nagent a on cpu 1\n    isb\n"
                                "observer others on any other cpu\n"
                                "    load or add vm[any]\n"
                                "    store vm[1..7] may fault or be lost\n"
                                "    load vm may fault\n"
                                "observer two on cpu 0, 2\n    add vm[3] may be lost\n"
                                "observer dev on gpu\n    load vm[any]\n"));
  ASSERT_EQ(p.observers.size(), 3U);
  const auto& o = p.observers[0];
  EXPECT_EQ(o.cpus, (std::vector<std::uint32_t>{0, 2}));
  ASSERT_EQ(o.accesses.size(), 4U);
  EXPECT_EQ(o.accesses[0].kind, model::AccessKind::kLoad);
  EXPECT_EQ(o.accesses[1].kind, model::AccessKind::kAdd);
  EXPECT_EQ(o.accesses[1].last, 7U);
  EXPECT_TRUE(o.accesses[2].may_fault && o.accesses[2].may_be_lost);
  EXPECT_EQ(o.accesses[2].first, 1U);
  EXPECT_EQ(o.accesses[3].last, 0U);
  EXPECT_TRUE(o.accesses[3].may_fault && !o.accesses[3].may_be_lost);
  EXPECT_EQ(p.observers[1].cpus, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(p.observers[2].device, 0U);
}

TEST(Expect, Lines) {
  const auto p = parse(
      "case \"t\"\nmachine arm64, ets none, 2\nexpect\n"
      "    bbm 0..1, ets none: violation break-before-make, invalidate-before-free\n"
      "                        effects lost-write\n"
      "                        effects stale-read\n"
      "    bbm 2, 3, ets none: effects unexpected-fault\n"
      "    ets 2: clean\n");
  ASSERT_EQ(p.expectations.size(), 3U);
  const auto& e = p.expectations;
  EXPECT_EQ(e[0].bbm_levels, (Levels{0, 1}));
  EXPECT_EQ(e[0].rules, (std::vector<std::string>{"break-before-make", "invalidate-before-free"}));
  EXPECT_EQ(e[0].effects, (std::vector<std::string>{"lost-write", "stale-read"}));
  EXPECT_FALSE(e[0].clean);
  EXPECT_EQ(e[1].bbm_levels, (Levels{2, 3}));
  EXPECT_TRUE(e[1].rules.empty());
  EXPECT_TRUE(e[2].clean);
  EXPECT_TRUE(e[2].bbm_levels.empty());
}

TEST(Locations, OfDeclarations) {
  const auto p = parse(scenario(std::string(kEightPages) + agent("isb")));
  EXPECT_EQ(p.frames[1].location.line, 3U);
  EXPECT_EQ(p.frames[1].location.column, 13U);
  EXPECT_EQ(p.regions[0].location.line, 4U);
  EXPECT_EQ(p.agents[0].location.column, 7U);
}

// The largest program of the scenarios: 4,096 descriptors and tens of thousands of steps.
TEST(Size, ManySteps) {
  const auto p = parse(scenario("frame head, tail[4095]\nmap vm = head, tail rw\n" +
                                agent("for round in 0..4\n"
                                      "    for i in 1..4095\n"
                                      "        set pte vm[i] = head ro\n"
                                      "    tlbi vaae1is vm[0..4095]")));
  EXPECT_EQ(p.agents[0].ops.size(), 5U * (4095 + 4096));
  EXPECT_EQ(p.cells.size(), 4096U + 8 + 1 + 1);
}

}  // namespace
}  // namespace amalgam::test
