// What like walkers hold is compared and exchanged as whole chunks of bits; that is what comparing
// and exchanging it field by field is, whatever the width of a chunk.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>

#include "model/sized_slices.hpp"
#include "model/state.hpp"
#include "model/walkers.hpp"

namespace amalgam::test {
namespace {

using model::State;
using model::StateLayout;

// Calls `ask(layout, state)` for states of every layout until a fatal failure. Every width occurs
// with several walkers.
template <typename F>
void for_each_state(unsigned states, F&& ask) {
  std::mt19937_64 random(5);
  std::set<unsigned> widths;
  for (const model::Slice& slice : sized_slices()) {
    const StateLayout layout(slice);
    SCOPED_TRACE(layout.walker_bits);
    if (layout.walkers.size() >= 3) widths.insert(layout.walker_bits);
    for (unsigned i = 0; i < states; ++i) {
      ask(layout, any_state(layout, random));
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(widths, (std::set<unsigned>{8, 16, 32, 64, 128, 192, 256}));
}

unsigned count(const StateLayout& layout) { return static_cast<unsigned>(layout.walkers.size()); }

// The oracle is exact: nothing of a state is outside its fields.
TEST(WalkerChunks, AreTheirFields) {
  for_each_state(4, [](const StateLayout& layout, const State& s) {
    ASSERT_EQ(pack(layout, unpack(layout, s)).words, s.words);
  });
}

TEST(WalkerChunks, AreTheSameIfEveryFieldIs) {
  for_each_state(4, [](const StateLayout& layout, const State& s) {
    const Unpacked u = unpack(layout, s);
    for (unsigned a = 0; a < count(layout); ++a) {
      for (unsigned b = 0; b < count(layout); ++b) {
        ASSERT_EQ(layout.same_walker(s, a, s, b), u.walkers[a] == u.walkers[b]) << a << ' ' << b;
      }
    }
  });
}

TEST(WalkerChunks, AreTheSameInDifferentStatesIfEveryFieldIs) {
  std::mt19937_64 random(6);
  for_each_state(3, [&](const StateLayout& layout, const State& s) {
    Unpacked v = unpack(layout, any_state(layout, random));
    const Unpacked u = unpack(layout, s);
    v.walkers[random() % v.walkers.size()] = u.walkers[random() % u.walkers.size()];
    v.walkers[random() % v.walkers.size()] =
        nearly(layout, u.walkers[random() % u.walkers.size()], random);
    const State t = pack(layout, v);
    for (unsigned a = 0; a < count(layout); ++a) {
      for (unsigned b = 0; b < count(layout); ++b) {
        ASSERT_EQ(layout.same_walker(s, a, t, b), u.walkers[a] == v.walkers[b]) << a << ' ' << b;
      }
    }
  });
}

// Any one bit of any field decides.
TEST(WalkerChunks, DifferByAnyBit) {
  std::mt19937_64 random(7);
  for_each_state(1, [&](const StateLayout& layout, const State& s) {
    Unpacked u = unpack(layout, s);
    const auto w = static_cast<unsigned>(random() % count(layout));
    const auto other = static_cast<unsigned>(random() % count(layout));
    if (w == other) return;
    u.walkers[other] = u.walkers[w];
    const State same = pack(layout, u);
    ASSERT_TRUE(layout.same_walker(same, w, same, other));
    for (const model::Field& f : walker_fields(layout.walkers[w])) {
      for (std::uint64_t bit = 1; (f.mask & bit) != 0; bit <<= 1) {
        State t = same;
        f.set(t, f.get(t) ^ bit);
        ASSERT_FALSE(layout.same_walker(t, w, t, other));
        ASSERT_NE(layout.less_walker(t, w, other), layout.less_walker(t, other, w));
      }
    }
  });
}

TEST(WalkerChunks, AreInAStrictTotalOrder) {
  for_each_state(3, [](const StateLayout& layout, const State& s) {
    const auto less = [&](unsigned a, unsigned b) { return layout.less_walker(s, a, b); };
    for (unsigned a = 0; a < count(layout); ++a) {
      for (unsigned b = 0; b < count(layout); ++b) {
        const bool same = layout.same_walker(s, a, s, b);
        ASSERT_EQ(less(a, b) || less(b, a), !same) << a << ' ' << b;
        ASSERT_FALSE(less(a, b) && less(b, a)) << a << ' ' << b;
        for (unsigned c = 0; c < count(layout); ++c) {
          ASSERT_FALSE(less(a, b) && less(b, c) && !less(a, c)) << a << ' ' << b << ' ' << c;
        }
      }
    }
  });
}

// Neither where a walker stands nor what others hold matters to the order.
TEST(WalkerChunks, AreOrderedByWhatTheyHold) {
  std::mt19937_64 random(8);
  for_each_state(3, [&](const StateLayout& layout, const State& s) {
    if (count(layout) < 2) return;
    const Unpacked u = unpack(layout, s);
    for (unsigned a = 0; a < count(layout); ++a) {
      for (unsigned b = 0; b < count(layout); ++b) {
        const auto c = static_cast<unsigned>(random() % count(layout));
        const auto d =
            (c + 1 + static_cast<unsigned>(random() % (count(layout) - 1))) % count(layout);
        Unpacked v = unpack(layout, any_state(layout, random));
        v.walkers[c] = u.walkers[a];
        v.walkers[d] = u.walkers[b];
        ASSERT_EQ(layout.less_walker(pack(layout, v), c, d), layout.less_walker(s, a, b));
      }
    }
  });
}

TEST(WalkerChunks, AreExchangedFieldByField) {
  for_each_state(3, [](const StateLayout& layout, const State& s) {
    for (unsigned a = 0; a < count(layout); ++a) {
      for (unsigned b = 0; b < count(layout); ++b) {
        Unpacked u = unpack(layout, s);
        std::swap(u.walkers[a], u.walkers[b]);
        State t = s;
        layout.swap_walkers(t, a, b);
        ASSERT_EQ(t.words, pack(layout, u).words) << a << ' ' << b;
        layout.swap_walkers(t, a, b);
        ASSERT_EQ(t.words, s.words) << "twice is not at all: " << a << ' ' << b;
      }
    }
  });
}

}  // namespace
}  // namespace amalgam::test
