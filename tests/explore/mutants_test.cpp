// The library with one step taken out or weakened: each mistake is found, by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "explore/operation.hpp"

namespace amalgam::test {
namespace {

using explorer::Machine;
using explorer::Options;
using explorer::Result;

// A mistake and what shows it: a rule or an effect. Some break no rule that is judged without the
// access itself.
struct Mutant {
  const char* operation;
  Mistake mistake;
  std::size_t at;
  const char* rule;
  const char* effect;
};

std::ostream& operator<<(std::ostream& out, const Mutant& m) {
  return out << m.operation << ", " << kMistakeNames[static_cast<std::size_t>(m.mistake)] << " at "
             << m.at;
}

constexpr const char* kFree = "invalidate-before-free";
constexpr const char* kBreak = "break-before-make";
constexpr const char* kRely = "invalidate-before-reliance";
constexpr const char* kStale = "write-through-stale-permission";

constexpr Mutant kMutants[] = {
    {"unmap a page", Mistake::kDropBarrier, 0, kFree, "freed-page-write"},
    {"unmap a page", Mistake::kLocalBarrier, 0, kFree, "freed-page-write"},
    {"unmap a page", Mistake::kDropBarrier, 1, kFree, "freed-page-write"},
    {"unmap a page", Mistake::kStoreBarrier, 0, kFree, "freed-page-write"},
    {"unmap a page", Mistake::kLocalBarrier, 1, kFree, "freed-page-write"},
    {"unmap a page", Mistake::kDropIsb, 0, nullptr, "freed-page-read"},
    {"unmap a page", Mistake::kDropTlbi, 0, kFree, "freed-page-write"},
    {"unmap a page", Mistake::kLocalTlbi, 0, kFree, "freed-page-write"},
    {"unmap a table", Mistake::kDropBarrier, 0, kFree, "freed-table-walk"},
    {"unmap a table", Mistake::kLocalBarrier, 0, kFree, "freed-table-walk"},
    {"unmap a table", Mistake::kDropBarrier, 1, kFree, "freed-table-walk"},
    {"unmap a table", Mistake::kStoreBarrier, 0, kFree, "freed-table-walk"},
    {"unmap a table", Mistake::kLocalBarrier, 1, kFree, "freed-table-walk"},
    {"unmap a table", Mistake::kDropTlbi, 0, kFree, "freed-table-walk"},
    {"unmap a table", Mistake::kLocalTlbi, 0, kFree, "freed-table-walk"},
    {"protect a page", Mistake::kDropTlbi, 0, kRely, kStale},
    {"protect a page", Mistake::kLocalTlbi, 0, kRely, kStale},
    {"move a page with a break", Mistake::kDropBarrier, 0, kBreak, "conflict-abort"},
    {"move a page with a break", Mistake::kLocalBarrier, 0, kBreak, "coherence-violation"},
    {"move a page with a break", Mistake::kDropBarrier, 1, kBreak, "conflict-abort"},
    {"move a page with a break", Mistake::kStoreBarrier, 0, kBreak, "coherence-violation"},
    {"move a page with a break", Mistake::kLocalBarrier, 1, kBreak, "coherence-violation"},
    {"move a page with a break", Mistake::kDropTlbi, 0, kBreak, "stale-read"},
    {"move a page with a break", Mistake::kLocalTlbi, 0, kBreak, "stale-read"},
};

class Mutants : public testing::TestWithParam<Mutant> {};
INSTANTIATE_TEST_SUITE_P(All, Mutants, testing::ValuesIn(kMutants));

TEST_P(Mutants, IsFoundByRuleAndEffect) {
  const Mutant& mutant = GetParam();
  const auto all = operations();
  const auto operation = std::find_if(
      all.begin(), all.end(), [&](const Operation& o) { return o.name == mutant.operation; });
  ASSERT_NE(operation, all.end());
  const Result result = try_out(*operation, 0, {mutant.mistake, mutant.at}).result;
  EXPECT_TRUE(result.decided()) << result;
  if (mutant.rule != nullptr) {
    EXPECT_TRUE(result.found(mutant.rule)) << result;
  }
  EXPECT_TRUE(result.found(mutant.effect)) << result;
  for (const explorer::Finding& f : result.findings) {
    EXPECT_FALSE(f.timeline.empty()) << f.name;
    EXPECT_FALSE(f.where.empty()) << f.name;
  }
}

// A page that goes back before the batch is flushed.
TEST(MutantsOf, FreeBeforeTheFlush) {
  const Options o = options();
  const Result result = explore(o, [&](Machine& m) {
    Mapped<explorer::Port> mapped(m, m.port(), o);
    m.observe(kVa, kPage, {.load = true, .store = true, .may_fault = true});
    m.spawn("unmap", [&] {
      auto batch = mapped.tables.batch();
      (void)mapped.tables.unmap(kVa, kPage, batch);
      m.free(m.page(0));
    });
  });
  EXPECT_TRUE(result.found("invalidate-before-free")) << result;
  EXPECT_TRUE(result.found("freed-page-write")) << result;
}

}  // namespace
}  // namespace amalgam::test
