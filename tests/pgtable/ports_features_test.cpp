// What ID registers say, as values that known CPUs have.
#include <gtest/gtest.h>

#include "amalgam/pgtable/ports/cpu_features.hpp"

namespace amalgam::pgtable {
inline namespace ports_features_test {

using arch::Granule;
using arch::Stage;

// Field `lo` of a register.
constexpr std::uint64_t at(std::uint64_t value, unsigned lo) { return value << lo; }

TEST(CpuFeaturesTest, AllZeroPromisesNothingButSmallAndLargePages) {
  constexpr IdRegisters none;
  constexpr arch::Features f = features_of(none, Granule::k4K, Stage::kStage1);
  static_assert(f == arch::Features{});
  EXPECT_TRUE(supports_granule(none, Granule::k4K, Stage::kStage1));
  EXPECT_FALSE(supports_granule(none, Granule::k16K, Stage::kStage1));
  EXPECT_TRUE(supports_granule(none, Granule::k64K, Stage::kStage1));
  EXPECT_EQ(physical_address_bits(none), 32u);
}

TEST(CpuFeaturesTest, CortexA57IsOfTheFirstArmv8) {
  const IdRegisters ids{.mmfr0 = 0x1124, .isar0 = 0x11120};
  EXPECT_EQ(features_of(ids, Granule::k4K, Stage::kStage1), arch::Features{});
  EXPECT_EQ(physical_address_bits(ids), 44u);
  EXPECT_FALSE(supports_granule(ids, Granule::k16K, Stage::kStage1));
}

TEST(CpuFeaturesTest, EachFieldIsReadFromItsPlace) {
  const auto read = [](const IdRegisters& ids) {
    return features_of(ids, Granule::k64K, Stage::kStage1);
  };
  EXPECT_EQ(read({.mmfr2 = at(2, 52)}).bbm, 2);
  EXPECT_EQ(read({.mmfr2 = at(3, 52)}).bbm, 3);
  EXPECT_EQ(read({.mmfr2 = at(9, 52)}).bbm, 3) << "above what is known counts as the known";
  EXPECT_TRUE(read({.mmfr2 = at(1, 48)}).ttl);
  EXPECT_TRUE(read({.mmfr2 = at(1, 40)}).fwb);
  EXPECT_TRUE(read({.mmfr2 = at(1, 0)}).cnp);
  EXPECT_EQ(read({.mmfr1 = at(1, 36)}).ets, arch::Ets::kNone);
  EXPECT_EQ(read({.mmfr1 = at(2, 36)}).ets, arch::Ets::kEts2);
  EXPECT_EQ(read({.mmfr1 = at(3, 36)}).ets, arch::Ets::kEts3);
  EXPECT_TRUE(read({.mmfr1 = at(1, 28)}).xnx);
  EXPECT_TRUE(read({.mmfr1 = 1}).hardware_af);
  EXPECT_FALSE(read({.mmfr1 = 1}).hardware_dirty);
  EXPECT_TRUE(read({.mmfr1 = 2}).hardware_dirty);
  EXPECT_TRUE(read({.isar0 = at(1, 56)}).tlbi_os);
  EXPECT_FALSE(read({.isar0 = at(1, 56)}).tlbi_range);
  EXPECT_TRUE(read({.isar0 = at(2, 56)}).tlbi_range);
  EXPECT_TRUE(read({.isar1 = at(1, 56)}).xs);
  EXPECT_TRUE(read({.mmfr0 = 6}).lpa);
}

TEST(CpuFeaturesTest, GranulesAndLpa2GoByStage) {
  const auto lpa2 = [](std::uint64_t mmfr0, Granule granule, Stage stage) {
    return features_of({.mmfr0 = mmfr0}, granule, stage).lpa2;
  };
  EXPECT_TRUE(lpa2(at(1, 28), Granule::k4K, Stage::kStage1));
  EXPECT_FALSE(lpa2(at(15, 28), Granule::k4K, Stage::kStage1)) << "not even the granule";
  EXPECT_TRUE(lpa2(at(2, 20), Granule::k16K, Stage::kStage1));
  EXPECT_FALSE(lpa2(at(1, 20), Granule::k16K, Stage::kStage1));
  EXPECT_TRUE(lpa2(at(1, 28), Granule::k4K, Stage::kStage2)) << "field 0 refers to stage 1";
  EXPECT_FALSE(lpa2(at(1, 28) | at(2, 40), Granule::k4K, Stage::kStage2));
  EXPECT_TRUE(lpa2(at(3, 40), Granule::k4K, Stage::kStage2));
  EXPECT_TRUE(lpa2(at(3, 32), Granule::k16K, Stage::kStage2));
  const auto supports = [](std::uint64_t mmfr0, Granule granule, Stage stage) {
    return supports_granule({.mmfr0 = mmfr0}, granule, stage);
  };
  EXPECT_FALSE(supports(at(15, 28), Granule::k4K, Stage::kStage1));
  EXPECT_FALSE(supports(at(15, 24), Granule::k64K, Stage::kStage1));
  EXPECT_FALSE(supports(at(1, 40), Granule::k4K, Stage::kStage2));
  EXPECT_FALSE(supports(at(1, 36), Granule::k64K, Stage::kStage2));
  EXPECT_TRUE(supports(at(1, 20) | at(2, 32), Granule::k16K, Stage::kStage2));
}

TEST(CpuFeaturesTest, TablesSharedByTwoCpusRelyOnWhatBothHave) {
  const arch::Features rich = features_of(
      {.mmfr0 = 6, .mmfr1 = at(2, 36) | 2, .mmfr2 = at(2, 52) | at(1, 48) | 1, .isar0 = at(2, 56)},
      Granule::k4K, Stage::kStage1);
  EXPECT_EQ(weakest(rich, rich), rich);
  EXPECT_EQ(weakest(rich, arch::Features{}), arch::Features{});
  EXPECT_EQ(weakest(arch::Features{}, rich), arch::Features{});
}

TEST(CpuFeaturesTest, LevelTwoWithoutAbortsMeetsLevelThree) {
  arch::Features listed;
  listed.bbm = 2;
  listed.no_conflict_abort = true;
  arch::Features third;
  third.bbm = 3;
  arch::Features second;
  second.bbm = 2;
  EXPECT_EQ(arch::effective_bbm(weakest(listed, third)), 3u);
  EXPECT_EQ(arch::effective_bbm(weakest(third, listed)), 3u);
  EXPECT_EQ(arch::effective_bbm(weakest(listed, second)), 2u);
}

}  // namespace ports_features_test
}  // namespace amalgam::pgtable
