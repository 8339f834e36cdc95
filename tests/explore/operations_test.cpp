// Every operation of the library, explored as it ships and with every mistake that the MutantPort
// makes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <iostream>

#include "explore/operation.hpp"

namespace amalgam::test {
namespace {

class Operations : public testing::TestWithParam<Operation> {};

std::string identifier(const testing::TestParamInfo<Operation>& info) {
  std::string text;
  for (const char c : info.param.name) {
    text += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(All, Operations, testing::ValuesIn(operations()), identifier);

TEST_P(Operations, IsRightAtEveryLevel) {
  for (const std::uint8_t bbm : GetParam().levels) {
    const Tried tried = try_out(GetParam(), bbm, {});
    EXPECT_TRUE(is_right(GetParam(), tried)) << "bbm " << int{bbm} << '\n' << tried.result;
    EXPECT_GT(tried.result.coverage.states, 5U) << "bbm " << int{bbm};
  }
}

// Whether somebody is there to notice the mistake.
bool is_possible(const Operation& o, Mistake m) {
  const bool notification =
      m == Mistake::kDropNotify || m == Mistake::kLateNotify || m == Mistake::kShortNotify;
  if (!o.only.empty() && o.only.count(m) == 0) return false;
  return (!notification || o.has_device) && (m != Mistake::kBlindExchange || o.others_change);
}

bool is_harmless(const Operation& o, Mutation m) {
  const auto all = harmless_mistakes();
  return std::any_of(all.begin(), all.end(), [&](const Harmless& h) {
    return h.operation == o.name && h.mistake == m.mistake && h.first <= m.at && m.at <= h.last;
  });
}

std::string text_of(Mutation m) {
  return std::string(kMistakeNames[static_cast<std::size_t>(m.mistake)]) + " at " +
         std::to_string(m.at);
}

// A mutant is found if some rule is broken, some effect shows, or the operation does not do what it
// promises. What is not found has to be named with a reason, and what is named must not be found.
TEST_P(Operations, MissesEveryStep) {
  const Operation& operation = GetParam();
  const std::uint8_t bbm = operation.levels.front();
  const Tried right = try_out(operation, bbm, {});
  std::size_t found = 0;
  std::size_t harmless = 0;
  for (std::size_t mistake = 1; mistake < kMistakes; ++mistake) {
    if (!is_possible(operation, static_cast<Mistake>(mistake))) continue;
    for (std::size_t at = 0; at < right.count[mistake]; ++at) {
      const Mutation mutation{static_cast<Mistake>(mistake), at};
      const Tried tried = try_out(operation, bbm, mutation);
      EXPECT_TRUE(tried.applied) << text_of(mutation);
      EXPECT_TRUE(tried.result.bounds.empty()) << text_of(mutation) << '\n' << tried.result;
      const bool missed = is_right(operation, tried);
      EXPECT_EQ(missed, is_harmless(operation, mutation)) << text_of(mutation);
      (missed ? harmless : found) += 1;
    }
  }
  for (const Harmless& h : harmless_mistakes()) {
    if (h.operation != operation.name) continue;
    EXPECT_LT(h.last, right.count[static_cast<std::size_t>(h.mistake)]) << h.why;
  }
  std::cout << operation.name << ": " << found << " mutants found, " << harmless << " harmless\n";
}

}  // namespace
}  // namespace amalgam::test
