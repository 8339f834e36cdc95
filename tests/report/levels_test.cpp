#include "report/levels.hpp"

#include <gtest/gtest.h>

namespace amalgam::report {
namespace {

using arch::Ets;

TEST(Levels, AreListedInOrderOnce) {
  EXPECT_EQ(level_list({{Ets::kNone, 2}, {Ets::kNone, 0}, {Ets::kNone, 2}}, false), "BBM 0 2");
}

TEST(Levels, EtsValuesWithTheSameBbmLevelsStandTogether) {
  EXPECT_EQ(level_list({{Ets::kEts2, 0}, {Ets::kNone, 0}, {Ets::kNone, 1}, {Ets::kEts2, 1}}, true),
            "BBM 0 1 ETS none 2");
  EXPECT_EQ(level_list({{Ets::kNone, 0}, {Ets::kNone, 1}, {Ets::kEts3, 1}}, true),
            "BBM 0 1 ETS none; BBM 1 ETS 3");
}

}  // namespace
}  // namespace amalgam::report
