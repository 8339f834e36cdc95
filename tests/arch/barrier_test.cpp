#include "amalgam/arch/barrier.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace amalgam::arch {
namespace {

TEST(Barrier, EveryNameParsesToItselfInAnyCase) {
  std::set<std::string_view> names;
  for (const BarrierName& row : kBarrierNames) {
    ASSERT_EQ(parse_barrier(row.text), row.barrier) << row.text;
    EXPECT_EQ(name(row.barrier), row.text);
    EXPECT_TRUE(names.insert(row.text).second) << row.text;
    std::string upper(row.text);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    EXPECT_EQ(parse_barrier(upper), row.barrier) << upper;
  }
}

// All combinations: those without a name are the loads and stores of nXS, DMB nXS and ISB forms.
TEST(Barrier, OnlyRealCombinationsHaveNames) {
  unsigned named = 0;
  for (const auto kind : {BarrierKind::kDmb, BarrierKind::kDsb}) {
    for (const auto domain : {Domain::kNsh, Domain::kIsh, Domain::kOsh, Domain::kSy}) {
      for (const auto access : {Access::kLoad, Access::kStore, Access::kAll}) {
        for (const bool nxs : {false, true}) {
          const bool real = !nxs || (kind == BarrierKind::kDsb && access == Access::kAll);
          EXPECT_EQ(!name({kind, domain, access, nxs}).empty(), real);
          named += real ? 1 : 0;
        }
      }
    }
  }
  EXPECT_EQ(named + 1, kBarrierNames.size());
}

TEST(Barrier, OptionAlone) {
  EXPECT_EQ(parse_barrier(BarrierKind::kDsb, "ishst"),
            (Barrier{BarrierKind::kDsb, Domain::kIsh, Access::kStore, false}));
  EXPECT_EQ(parse_barrier(BarrierKind::kDmb, "ishld"),
            (Barrier{BarrierKind::kDmb, Domain::kIsh, Access::kLoad, false}));
  EXPECT_EQ(parse_barrier(BarrierKind::kDsb, "ISHnXS"),
            (Barrier{BarrierKind::kDsb, Domain::kIsh, Access::kAll, true}));
  EXPECT_TRUE(parse_barrier(BarrierKind::kIsb, ""));
  EXPECT_TRUE(parse_barrier(BarrierKind::kIsb, "sy"));
  EXPECT_FALSE(parse_barrier(BarrierKind::kIsb, "ish"));
  EXPECT_FALSE(parse_barrier(BarrierKind::kDmb, "ishnxs"));
}

TEST(Barrier, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", "dsb", "dsb ", "dsb  ish", "dsb ishx", "isb ish", "dmb synxs", "dsbish", "ish"}) {
    EXPECT_FALSE(parse_barrier(text)) << text;
  }
  EXPECT_EQ(parse_barrier("ISB SY"), parse_barrier("isb"));
}

TEST(Barrier, DomainsAreOrderedByWidth) {
  EXPECT_LT(Domain::kNsh, Domain::kIsh);
  EXPECT_LT(Domain::kIsh, Domain::kOsh);
  EXPECT_LT(Domain::kOsh, Domain::kSy);
}

}  // namespace
}  // namespace amalgam::arch
