#include "cli/ordered_jobs.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace amalgam::cli {
namespace {

TEST(OrderedJobs, GivesEveryResultInOrder) {
  for (const unsigned jobs : {1U, 2U, 7U}) {
    OrderedJobs<std::size_t> work(300, jobs, [](std::size_t i) { return i * i; });
    for (std::size_t i = 0; i < 300; ++i) ASSERT_EQ(work.next(), i * i);
  }
}

TEST(OrderedJobs, RunsOnlyALittleAhead) {
  std::atomic<std::size_t> begun = 0;
  OrderedJobs<int> work(1000, 2, [&](std::size_t) { return static_cast<int>(++begun); });
  (void)work.next();
  EXPECT_LE(begun, 17U);
  for (std::size_t i = 1; i < 100; ++i) (void)work.next();
  EXPECT_GE(begun, 100U);
  EXPECT_LE(begun, 116U);
}

TEST(OrderedJobs, ThrowsInItsTurnAndCanBeLeft) {
  OrderedJobs<std::size_t> work(50, 3, [](std::size_t i) {
    if (i == 5) throw std::runtime_error("five");
    return i;
  });
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(work.next(), i);
  EXPECT_THROW((void)work.next(), std::runtime_error);
  EXPECT_EQ(work.next(), 6U);
}

TEST(OrderedJobs, OfNothingEnds) {
  const OrderedJobs<int> work(0, 4, [](std::size_t) { return 1; });
}

}  // namespace
}  // namespace amalgam::cli
