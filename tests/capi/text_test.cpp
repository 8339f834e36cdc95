// Names, texts, and what is known without tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

#include "amalgam/arch/change_table.hpp"
#include "amalgam/pgtable.h"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/status.hpp"
#include "capi/convert.hpp"
#include "capi/geometries.hpp"
#include "capi/tables.hpp"

namespace amalgam::capi {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(CText, ErrorsHaveTheNamesOfTheLibrary) {
  std::set<std::string> names;
  for (std::uint32_t e = AMALGAM_OK; e <= AMALGAM_SHARED; ++e) {
    EXPECT_EQ(amalgam_error_name(e), name(static_cast<pgtable::Error>(e)));
    names.insert(amalgam_error_name(e));
  }
  for (std::uint32_t e = AMALGAM_NO_SUCH_GEOMETRY; e <= AMALGAM_WRONG_BATCH; ++e) {
    names.insert(amalgam_error_name(e));
  }
  EXPECT_EQ(names.size(), 18U);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_STREQ(amalgam_error_name(AMALGAM_SHARED + 1), "unknown")
      << "the library has an error that C programs have no constant for";
  EXPECT_STREQ(amalgam_error_name(AMALGAM_WRONG_BATCH + 1), "unknown");
  EXPECT_STREQ(amalgam_error_name(0xffffffff), "unknown");
}

TEST(CText, StrategiesHaveTheNamesOfTheLibrary) {
  for (std::uint32_t s = AMALGAM_PLAIN_STORES; s <= AMALGAM_REFUSED; ++s) {
    EXPECT_EQ(amalgam_strategy_name(s), name(static_cast<pgtable::Strategy>(s)));
  }
  EXPECT_STREQ(amalgam_strategy_name(AMALGAM_REFUSED + 1), "unknown");
  EXPECT_STREQ(amalgam_strategy_name(0x100), "unknown");
}

// A text that ran on would be longer than the literal it was made from.
TEST(CText, RulesAreTheRowsOfTheChangeTable) {
  for (const arch::Row& row : arch::kChangeTable) {
    const auto number = static_cast<std::uint32_t>(row.id);
    EXPECT_EQ(amalgam_rule_title(number), row.title);
    EXPECT_EQ(amalgam_rule_label(number), row.label);
    EXPECT_EQ(amalgam_rule_reason(number), row.reason);
  }
  for (const std::uint32_t none : {0U, static_cast<unsigned>(arch::kRowCount) + 1, 0x10aU}) {
    EXPECT_STREQ(amalgam_rule_title(none), "");
    EXPECT_STREQ(amalgam_rule_label(none), "");
    EXPECT_STREQ(amalgam_rule_reason(none), "");
  }
}

TEST(CText, BarriersAndTlbisHaveTheirAssemblerNames) {
  for (const arch::BarrierName& row : arch::kBarrierNames) {
    const amalgam_barrier b = to_c(row.barrier);
    EXPECT_EQ(amalgam_barrier_name(&b), row.text);
    EXPECT_EQ(from_c(b), row.barrier);
  }
  const amalgam_barrier none{AMALGAM_DMB, AMALGAM_ISH, AMALGAM_ALL_ACCESSES, true};
  EXPECT_STREQ(amalgam_barrier_name(&none), "");
  const amalgam_tlbi tlbi{
      AMALGAM_TLBI_VA_ALL_ASIDS, true, AMALGAM_EL10, true, AMALGAM_OUTER, true, 0};
  char text[16];
  EXPECT_EQ(amalgam_tlbi_name(&tlbi, text, sizeof text), 12U);
  EXPECT_STREQ(text, "rvaale1osnxs");
  EXPECT_EQ(amalgam_tlbi_name(&tlbi, text, 4), 12U);
  EXPECT_STREQ(text, "rva");
  EXPECT_EQ(amalgam_tlbi_name(&tlbi, nullptr, 0), 12U);
}

TEST(CText, APlanIsOneLineThatFitsOrIsCutOff) {
  amalgam_plan plan{};
  plan.status = {AMALGAM_NOT_PERMITTED, static_cast<std::uint32_t>(arch::RowId::kAddressWritable),
                 0x1000};
  plan.strategy = AMALGAM_REFUSED;
  plan.rule = plan.status.rule;
  plan.leaves = 3;
  char text[512] = {};
  const std::size_t length = amalgam_plan_text(&plan, text, sizeof text);
  EXPECT_EQ(std::strlen(text), length);
  const auto line = [&] { return std::string(text); };
  EXPECT_THAT(line(), StartsWith("strategy: refused; leaves 3; "));
  EXPECT_THAT(line(), HasSubstr("because: R_WHZWS (2)"));
  EXPECT_THAT(line(), EndsWith("refused: not permitted by the caller at 0x1000"));
  char part[12];
  EXPECT_EQ(amalgam_plan_text(&plan, part, sizeof part), length);
  EXPECT_STREQ(part, "strategy: r");
  plan.status = {AMALGAM_BAD_CONFIG, 0, 0};
  plan.rule = 1000;
  (void)amalgam_plan_text(&plan, text, sizeof text);
  EXPECT_THAT(line(), EndsWith("; refused: bad configuration"));
  EXPECT_THAT(line(), Not(HasSubstr("because")));
}

TEST(CText, ShapesAreThoseOfTheGeometries) {
  amalgam_shape shape{};
  ASSERT_TRUE(amalgam_shape_of(AMALGAM_STAGE2_4K_40, &shape));
  EXPECT_EQ(shape.page_bytes, 4096U);
  EXPECT_EQ(shape.root_pages, 2U);
  EXPECT_EQ(shape.start_level, 1);
  EXPECT_TRUE(shape.stage2);
  ASSERT_TRUE(amalgam_shape_of(AMALGAM_4K_52, &shape));
  EXPECT_EQ(shape.start_level, -1);
  EXPECT_EQ(shape.va_bits, 52);
  EXPECT_FALSE(amalgam_shape_of(AMALGAM_GEOMETRY_COUNT, &shape));
  EXPECT_EQ(amalgam_leaf_bytes(AMALGAM_64K_52, 2), 512U << 20);
  EXPECT_EQ(amalgam_leaf_bytes(AMALGAM_16K_48, 1), 0U);
  EXPECT_EQ(amalgam_leaf_bytes(AMALGAM_4K_48, 4), 0U);
  EXPECT_EQ(amalgam_leaf_bytes(AMALGAM_GEOMETRY_COUNT, 3), 0U);
}

TEST(CText, FeaturesComeFromIdRegistersAndKeepTheirPlaces) {
  amalgam_id_registers ids{};
  ids.mmfr2 = std::uint64_t{2} << 52;
  ids.mmfr1 = std::uint64_t{3} << 36;
  ids.isar0 = std::uint64_t{2} << 56;
  const amalgam_features f = amalgam_features_of(&ids, AMALGAM_4K_48);
  EXPECT_EQ(f.bbm, 2);
  EXPECT_EQ(f.ets, 3);
  EXPECT_TRUE(f.tlbi_range && f.tlbi_os);
  EXPECT_FALSE(f.ttl || f.lpa || f.lpa2 || f.hardware_af);
  EXPECT_EQ(to_c(from_c(f)).ets, 3);
  amalgam_features weaker = f;
  weaker.bbm = 1;
  weaker.ets = 2;
  weaker.tlbi_range = false;
  const amalgam_features both = amalgam_weakest_features(&f, &weaker);
  EXPECT_EQ(both.bbm, 1);
  EXPECT_EQ(both.ets, 2);
  EXPECT_FALSE(both.tlbi_range);
  EXPECT_TRUE(both.tlbi_os);
  EXPECT_EQ(amalgam_features_of(&ids, AMALGAM_GEOMETRY_COUNT).bbm, 0);
}

// What C programs set aside fits without much to spare; that it is enough is checked when the
// library is compiled.
TEST(CText, SizesFit) {
  EXPECT_GT(sizeof(Tables), std::size_t{AMALGAM_TABLES_BYTES} / 2);
  EXPECT_GT(sizeof(Batch), std::size_t{AMALGAM_BATCH_BYTES} / 2);
}

TEST(CText, AttributesKeepTheirPlaces) {
  const amalgam_attributes init = AMALGAM_ATTRIBUTES_INIT;
  EXPECT_EQ(from_c(init), pgtable::Attributes{});
  const amalgam_permits permits = AMALGAM_PERMITS_INIT;
  EXPECT_EQ(from_c(permits), pgtable::Permits{});
  const amalgam_knowledge knowledge = AMALGAM_KNOWLEDGE_INIT;
  EXPECT_EQ(from_c(knowledge).mair, pgtable::Knowledge{}.mair);
  EXPECT_EQ(from_c(knowledge).contents, pgtable::Knowledge{}.contents);
  for (unsigned bit = 0; bit < 9; ++bit) {
    pgtable::Attributes a{.readable = bit == 0,
                          .writable = bit == 1,
                          .user = bit == 2,
                          .executable = bit == 3,
                          .user_executable = bit == 4,
                          .global = bit == 5,
                          .accessed = bit == 6,
                          .dirty_tracking = bit == 7,
                          .guarded = bit == 8,
                          .memory = 4,
                          .shareability = 2,
                          .software = 1};
    EXPECT_EQ(from_c(to_c(a)), a);
  }
}

}  // namespace
}  // namespace amalgam::capi
