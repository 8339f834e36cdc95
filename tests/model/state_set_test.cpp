#include "model/state_set.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace amalgam::test {
namespace {

using model::kMaxStateWords;
using model::State;
using model::StateSet;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 30;

// Inserts the states and compares every answer with a map's.
void compare_with_map(StateSet& set, const std::vector<State>& states, unsigned words) {
  std::map<std::vector<std::uint64_t>, std::uint32_t> known;
  std::vector<std::uint32_t> parents;
  std::vector<std::uint64_t> transitions;
  std::uint32_t step = 0;
  for (const State& s : states) {
    const std::vector<std::uint64_t> key(s.words.begin(), s.words.begin() + words);
    const auto [slot, fresh] = known.try_emplace(key, static_cast<std::uint32_t>(known.size()));
    const StateSet::Inserted inserted = set.insert(s, step * 3, std::uint64_t{step} << 30);
    ASSERT_EQ(inserted.fresh, fresh);
    ASSERT_EQ(inserted.index, slot->second);
    ASSERT_EQ(set.size(), known.size());
    if (fresh) {
      parents.push_back(step * 3);
      transitions.push_back(std::uint64_t{step} << 30);
    }
    ++step;
  }
  for (const auto& [key, index] : known) {
    const State s = set.at(index);
    ASSERT_TRUE(std::equal(key.begin(), key.end(), s.words.begin()));
    for (unsigned w = words; w < kMaxStateWords; ++w) ASSERT_EQ(s.words[w], 0U);
    ASSERT_EQ(set.parent(index), parents[index]);
    ASSERT_EQ(set.transition(index), transitions[index]);
  }
}

State random_state(std::mt19937_64& random, unsigned words, std::uint64_t values) {
  State s;
  for (unsigned w = 0; w < words; ++w) s.words[w] = random() % values;
  return s;
}

class StateSetWords : public testing::TestWithParam<unsigned> {};

TEST_P(StateSetWords, IsASetOfRandomStates) {
  const unsigned words = GetParam();
  std::mt19937_64 random(words);
  // From "nearly every state comes again" to "nearly none does".
  for (const std::uint64_t values : {2ULL, 5ULL, 40ULL, ~0ULL}) {
    StateSet set(words, kPlenty);
    std::vector<State> states;
    for (unsigned i = 0; i < 12'000; ++i) states.push_back(random_state(random, words, values));
    compare_with_map(set, states, words);
  }
}

TEST_P(StateSetWords, TellsApartStatesThatDifferInOneBit) {
  const unsigned words = GetParam();
  StateSet set(words, kPlenty);
  std::vector<State> states(1);
  std::mt19937_64 random(7);
  for (const bool dense : {false, true}) {
    const State base = dense ? random_state(random, words, ~0ULL) : State{};
    for (unsigned w = 0; w < words; ++w) {
      for (unsigned b = 0; b < 64; ++b) {
        State s = base;
        s.words[w] ^= std::uint64_t{1} << b;
        states.push_back(s);
        s.words[words - 1] ^= 1;
        states.push_back(s);
      }
    }
  }
  compare_with_map(set, states, words);
}

// Counters, powers and permutations: what a weak hash puts in one place.
TEST_P(StateSetWords, KeepsRegularStatesApart) {
  const unsigned words = GetParam();
  StateSet set(words, kPlenty);
  std::vector<State> states;
  for (std::uint64_t i = 0; i < 4'000; ++i) {
    for (const unsigned shift : {0U, 32U, 52U}) {
      State s;
      s.words[i % words] = i << shift;
      s.words[(i + 1) % words] ^= ~i << shift;
      states.push_back(s);
    }
  }
  compare_with_map(set, states, words);
}

INSTANTIATE_TEST_SUITE_P(Words, StateSetWords, testing::Values(1U, 2U, 5U, kMaxStateWords));

TEST(StateSet, IgnoresWordsBeyondItsOwn) {
  StateSet set(2, kPlenty);
  State s;
  s.words = {1, 2, 3};
  EXPECT_TRUE(set.insert(s, 0, 0).fresh);
  s.words[2] = 4;
  EXPECT_FALSE(set.insert(s, 0, 0).fresh);
}

TEST(StateSet, RefusesWhatTheMemoryLimitDoesNotHold) {
  for (const std::uint64_t limit : {50'000ULL, 200'000ULL, 1'000'000ULL, 3'000'000ULL}) {
    StateSet set(4, limit);
    std::uint64_t next = 0;
    const auto state = [](std::uint64_t i) {
      State s;
      s.words[3] = i * 0x10001;
      return s;
    };
    while (set.insert(state(next), 0, 0).index != StateSet::kFull) ASSERT_LT(++next, 200'000U);
    EXPECT_EQ(set.size(), next);
    EXPECT_LE(set.bytes(), limit);
    // What is in it is still found, and what is refused stays refused.
    for (std::uint64_t i = 0; i < next; ++i) {
      const StateSet::Inserted again = set.insert(state(i), 0, 0);
      ASSERT_EQ(again.index, i);
      ASSERT_FALSE(again.fresh);
    }
    EXPECT_EQ(set.insert(state(next), 0, 0).index, StateSet::kFull);
    EXPECT_FALSE(set.insert(state(next + 1), 0, 0).fresh);
    EXPECT_EQ(set.size(), next);
  }
}

TEST(StateSet, HoldsNothingWithoutMemory) {
  StateSet set(1, 0);
  EXPECT_EQ(set.insert(State{}, 0, 0).index, StateSet::kFull);
  EXPECT_EQ(set.size(), 0U);
}

}  // namespace
}  // namespace amalgam::test
