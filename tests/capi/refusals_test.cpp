// What a caller's port lacks is refused before anything is changed.
#include <gtest/gtest.h>

#include <vector>

#include "capi/kernel.hpp"

namespace amalgam::capi::test {
namespace {

constexpr std::uint64_t kVa = 0x1000'0000;
constexpr std::uint64_t kOutput = 0x4000'0000;

TEST(CRefusals, MissingCallbacksAreSaid) {
  using Drop = void (*)(amalgam_port&);
  const std::vector<Drop> drops{
      [](amalgam_port& p) { p.open = nullptr; },
      [](amalgam_port& p) { p.barrier = nullptr; },
      [](amalgam_port& p) { p.tlbi = nullptr; },
      [](amalgam_port& p) { p.reserve = nullptr; },
      [](amalgam_port& p) { p.take = nullptr; },
      [](amalgam_port& p) { p.release = nullptr; },
      [](amalgam_port& p) { p.give_back = nullptr; },
      [](amalgam_port& p) { p.stop_others = nullptr; },
      [](amalgam_port& p) { p.resume_others = nullptr; },
      [](amalgam_port& p) { p.copy_page = nullptr; },
      [](amalgam_port& p) { p.same_contents = nullptr; },
      [](amalgam_port& p) {
        p.load = [](void*, void* view, std::size_t i) {
          return static_cast<std::uint64_t*>(view)[i];
        };
      },
  };
  for (std::size_t i = 0; i < drops.size(); ++i) {
    Kernel k(AMALGAM_4K_48);
    drops[i](k.port);
    EXPECT_EQ(k.init().error, AMALGAM_MISSING_CALLBACK) << i;
  }
}

TEST(CRefusals, CallbacksWithADefaultMayBeLeftOut) {
  Kernel k(AMALGAM_4K_48);
  k.port.close = nullptr;
  k.port.notify = nullptr;
  ASSERT_EQ(k.boot().error, AMALGAM_OK);
  const amalgam_attributes rw = attributes(true);
  EXPECT_EQ(amalgam_map(&k.tables, kVa, 4096, kOutput, &rw, nullptr, nullptr).error, AMALGAM_OK);
  EXPECT_EQ(amalgam_unmap(&k.tables, kVa, 4096, nullptr, nullptr).error, AMALGAM_OK);
}

TEST(CRefusals, PlainMemoryNeedsNoBarriersOfTheCallers) {
  Kernel k(AMALGAM_4K_48);
  amalgam_port_on_memory(&k.port);
  ASSERT_EQ(k.boot().error, AMALGAM_OK);
  const amalgam_attributes rw = attributes(true);
  EXPECT_EQ(amalgam_map(&k.tables, kVa, 4096, kOutput, &rw, nullptr, nullptr).error, AMALGAM_OK);
  EXPECT_EQ(amalgam_unmap(&k.tables, kVa, 4096, nullptr, nullptr).error, AMALGAM_OK);
  EXPECT_TRUE(k.barriers.empty() && k.tlbis.empty());
}

TEST(CRefusals, DescriptorsGoThroughTheCallersAccesses) {
  static std::size_t loads;
  static std::size_t stores;
  static std::size_t exchanges;
  loads = stores = exchanges = 0;
  Kernel k(AMALGAM_4K_48);
  k.port.load = [](void*, void* view, std::size_t i) {
    ++loads;
    return static_cast<std::uint64_t*>(view)[i];
  };
  k.port.store = [](void*, void* view, std::size_t i, std::uint64_t raw) {
    ++stores;
    static_cast<std::uint64_t*>(view)[i] = raw;
  };
  k.port.compare_exchange = [](void*, void* view, std::size_t i, std::uint64_t* expected,
                               std::uint64_t raw) {
    ++exchanges;
    std::uint64_t& at = static_cast<std::uint64_t*>(view)[i];
    const bool same = at == *expected;
    *expected = at;
    if (same) at = raw;
    return same;
  };
  ASSERT_EQ(k.boot().error, AMALGAM_OK);
  EXPECT_EQ(stores, 512U) << "the root";
  const amalgam_attributes rw = attributes(true);
  const amalgam_attributes ro = attributes(false);
  EXPECT_EQ(amalgam_map(&k.tables, kVa, 4096, kOutput, &rw, nullptr, nullptr).error, AMALGAM_OK);
  EXPECT_EQ(amalgam_protect(&k.tables, kVa, 4096, &ro, nullptr, nullptr).error, AMALGAM_OK);
  EXPECT_GT(loads, 0U);
  EXPECT_GT(exchanges, 0U);
}

TEST(CRefusals, NobodyIsStoppedWithoutAWay) {
  const amalgam_attributes rw = attributes(true);
  amalgam_permits stop = AMALGAM_PERMITS_INIT;
  stop.stop_others = true;
  const amalgam_move move{kOutput + 4096, rw, false};
  for (const bool can_stop : {true, false}) {
    Kernel k(AMALGAM_4K_48);
    if (!can_stop) k.port.stop_others = k.port.resume_others = nullptr;
    ASSERT_EQ(k.boot().error, AMALGAM_OK);
    ASSERT_EQ(amalgam_map(&k.tables, kVa, 4096, kOutput, &rw, nullptr, nullptr).error, AMALGAM_OK);
    const amalgam_plan plan = amalgam_plan_remap(&k.tables, kVa, 4096, &move, &stop);
    const amalgam_status status = amalgam_remap(&k.tables, kVa, 4096, &move, &stop, nullptr);
    EXPECT_EQ(status.error, plan.status.error);
    EXPECT_EQ(status.error, can_stop ? AMALGAM_OK : AMALGAM_NOT_PERMITTED);
    EXPECT_EQ(plan.strategy, can_stop ? AMALGAM_STOP_OTHERS : AMALGAM_REFUSED);
    EXPECT_EQ(k.stops, can_stop ? 1U : 0U);
    EXPECT_EQ(k.resumes, k.stops);
    EXPECT_EQ(k.output_of(kVa), can_stop ? kOutput + 4096 : kOutput);
  }
}

TEST(CRefusals, NothingIsCarriedWithoutACopy) {
  Kernel k(AMALGAM_4K_48);
  k.port.copy_page = nullptr;
  k.port.same_contents = nullptr;
  ASSERT_EQ(k.boot().error, AMALGAM_OK);
  const amalgam_attributes rw = attributes(true);
  const amalgam_permits all{true, true, true, true, true, true};
  ASSERT_EQ(amalgam_map(&k.tables, kVa, 8192, kOutput, &rw, nullptr, nullptr).error, AMALGAM_OK);
  const amalgam_move carry{kOutput + 8192, rw, true};
  EXPECT_EQ(amalgam_remap(&k.tables, kVa, 4096, &carry, &all, nullptr).error, AMALGAM_CANNOT_COPY);
  const amalgam_plan plan = amalgam_plan_remap(&k.tables, kVa, 4096, &carry, &all);
  EXPECT_EQ(plan.status.error, AMALGAM_CANNOT_COPY);
  EXPECT_EQ(plan.strategy, AMALGAM_REFUSED);
  const amalgam_hvo_config hvo{rw, false, false, all};
  const amalgam_huge_page huge{kVa, 8192};
  std::uint64_t page = 0;
  EXPECT_EQ(amalgam_hvo_plan_share(&k.tables, &hvo, &huge, 1).status.error, AMALGAM_CANNOT_COPY);
  EXPECT_EQ(amalgam_hvo_share(&k.tables, &hvo, &huge, 1, 0, &page, 1, nullptr).error,
            AMALGAM_CANNOT_COPY);
  EXPECT_EQ(amalgam_hvo_restore(&k.tables, &hvo, &huge, 1, &page, 1, nullptr).error,
            AMALGAM_CANNOT_COPY);
  EXPECT_EQ(k.output_of(kVa + 4096), kOutput + 4096);
  const amalgam_move bare{kOutput + 8192, rw, false};
  EXPECT_EQ(amalgam_remap(&k.tables, kVa, 4096, &bare, &all, nullptr).error, AMALGAM_OK);
}

TEST(CRefusals, HvoIsOfStage1) {
  Kernel k(AMALGAM_STAGE2_4K_40);
  ASSERT_EQ(k.boot().error, AMALGAM_OK);
  const amalgam_hvo_config hvo{attributes(true), false, false, AMALGAM_PERMITS_INIT};
  const amalgam_huge_page huge{kVa, 8192};
  std::uint64_t page = 0;
  EXPECT_EQ(amalgam_hvo_plan_share(&k.tables, &hvo, &huge, 1).status.error, AMALGAM_BAD_CONFIG);
  EXPECT_EQ(amalgam_hvo_share(&k.tables, &hvo, &huge, 1, 0, &page, 1, nullptr).error,
            AMALGAM_BAD_CONFIG);
}

TEST(CRefusals, ConfigurationsThatCannotBe) {
  Kernel k(AMALGAM_EL2_4K_48);
  k.config.geometry = AMALGAM_GEOMETRY_COUNT;
  EXPECT_EQ(k.init().error, AMALGAM_NO_SUCH_GEOMETRY);
  k.config.geometry = AMALGAM_EL2_4K_48;
  k.config.upper_half = true;
  EXPECT_EQ(k.init().error, AMALGAM_BAD_CONFIG);
  k.config.upper_half = false;
  k.config.root = kRoot + 8;
  EXPECT_EQ(k.init().error, AMALGAM_MISALIGNED);
  k.config.root = std::uint64_t{1} << 48;
  EXPECT_EQ(k.init().error, AMALGAM_OUT_OF_RANGE);
  k.config.geometry = AMALGAM_STAGE2_4K_40;
  k.config.root = kRoot + 4096;
  EXPECT_EQ(k.init().error, AMALGAM_MISALIGNED) << "two pages side by side";
  k.config.root = kRoot;
  k.config.knowledge.contents = 3;
  EXPECT_EQ(k.init().error, AMALGAM_BAD_CONFIG);
  k.config.knowledge.contents = AMALGAM_SAME;
  EXPECT_EQ(k.init().error, AMALGAM_OK);
}

TEST(CRefusals, ABatchOfOtherTables) {
  Kernel k(AMALGAM_4K_48);
  Kernel other(AMALGAM_16K_48);
  ASSERT_EQ(k.boot().error, AMALGAM_OK);
  ASSERT_EQ(other.boot().error, AMALGAM_OK);
  amalgam_batch batch;
  amalgam_batch_begin(&batch, &other.tables);
  EXPECT_EQ(amalgam_unmap(&k.tables, kVa, 4096, nullptr, &batch).error, AMALGAM_WRONG_BATCH);
  amalgam_batch_end(&batch);
}

TEST(CRefusals, NoPagesForTables) {
  Kernel k(AMALGAM_4K_48);
  k.page_limit = 2;
  ASSERT_EQ(k.boot().error, AMALGAM_OK);
  const amalgam_attributes rw = attributes(true);
  const amalgam_status status = amalgam_map(&k.tables, kVa, 4096, kOutput, &rw, nullptr, nullptr);
  EXPECT_EQ(status.error, AMALGAM_NO_MEMORY);
  EXPECT_EQ(status.va, kVa);
  EXPECT_EQ(k.reserved, 0U);
}

}  // namespace
}  // namespace amalgam::capi::test
