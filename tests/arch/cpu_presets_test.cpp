#include "amalgam/arch/cpu_presets.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace amalgam::arch {
namespace {

TEST(CpuPresets, NamesAreUniqueSourcedAndFound) {
  std::set<std::string_view> names;
  for (const CpuPreset& preset : kCpuPresets) {
    EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
    EXPECT_FALSE(preset.source.empty()) << preset.name;
    EXPECT_EQ(find_preset(preset.name), &preset);
    EXPECT_TRUE(preset.bbm || preset.no_conflict_abort) << "says nothing";
  }
  EXPECT_EQ(find_preset("no-such-cpu"), nullptr);
  EXPECT_NE(find_preset("Neoverse-V3"), nullptr);
}

TEST(CpuPresets, WhatIsUnknownPromisesNothing) {
  const Features n1 = features_of(*find_preset("neoverse-n1"));
  EXPECT_EQ(n1, Features{});
  const Features v1 = features_of(*find_preset("neoverse-v1"));
  EXPECT_EQ(effective_bbm(v1), 2u);
}

TEST(CpuPresets, CpusWithoutConflictAbortsCountAsLevelThree) {
  for (const CpuPreset& preset : kCpuPresets) {
    if (!preset.no_conflict_abort.value_or(false)) continue;
    EXPECT_EQ(effective_bbm(features_of(preset)), 3u) << preset.name;
  }
}

TEST(Features, EffectiveLevel) {
  for (const bool no_abort : {false, true}) {
    for (std::uint8_t bbm = 0; bbm < 6; ++bbm) {
      const unsigned clamped = bbm > 3 ? 3 : bbm;
      const unsigned expected = no_abort && bbm >= 2 ? 3 : clamped;
      EXPECT_EQ(effective_bbm({.bbm = bbm, .no_conflict_abort = no_abort}), expected);
    }
  }
}

}  // namespace
}  // namespace amalgam::arch
