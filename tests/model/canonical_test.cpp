// A state is made canonical by sorting what like walkers hold: states that differ by the names of
// like walkers alone become equal, and no others.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "model/machine.hpp"
#include "model/sized_slices.hpp"
#include "model/walkers.hpp"

namespace amalgam::test {
namespace {

using model::Semantics;
using model::Slice;
using model::State;
using model::StateLayout;
using Class = std::vector<unsigned>;

// The walkers by the class that they say they belong to, each class in ascending order.
std::vector<Class> classes(const Slice& slice) {
  std::map<unsigned, Class> by_leader;
  for (unsigned w = 0; w < slice.walkers.size(); ++w) by_leader[slice.walkers[w].like].push_back(w);
  std::vector<Class> list;
  list.reserve(by_leader.size());
  for (const auto& [leader, members] : by_leader) list.push_back(members);
  return list;
}

// Walker members[i] gets what walker members[order[i]] held.
Unpacked rearranged(const Unpacked& u, const Class& members, const std::vector<unsigned>& order) {
  Unpacked v = u;
  for (std::size_t i = 0; i < members.size(); ++i) {
    v.walkers[members[i]] = u.walkers[members[order[i]]];
  }
  return v;
}

std::vector<unsigned> in_order(std::size_t size) {
  std::vector<unsigned> order(size);
  for (unsigned i = 0; i < size; ++i) order[i] = i;
  return order;
}

Unpacked shuffled(Unpacked u, const Slice& slice, std::mt19937_64& random) {
  for (const Class& members : classes(slice)) {
    std::vector<unsigned> order = in_order(members.size());
    std::shuffle(order.begin(), order.end(), random);
    u = rearranged(u, members, order);
  }
  return u;
}

State canonical(const Semantics& machine, State s) {
  machine.canonicalise(s);
  return s;
}

// Whether one walker's values come before another's, asked of the layout where nothing else is.
bool comes_before(const StateLayout& layout, const Held& a, const Held& b) {
  Unpacked u = unpack(layout, State{});
  u.walkers.at(0) = a;
  u.walkers.at(1) = b;
  return layout.less_walker(pack(layout, u), 0, 1);
}

// Calls `ask(slice, machine, state)` for states of every layout until a fatal failure. Every width
// occurs with walkers that are alike, next to one another and apart.
template <typename F>
void for_each_state(unsigned states, F&& ask) {
  std::mt19937_64 random(9);
  std::set<unsigned> adjacent;
  std::set<unsigned> apart;
  for (const Slice& slice : sized_slices()) {
    const Semantics machine(slice);
    const StateLayout& layout = machine.layout();
    SCOPED_TRACE(layout.walker_bits);
    for (const Class& members : classes(slice)) {
      for (std::size_t i = 1; i < members.size(); ++i) {
        (members[i] == members[i - 1] + 1 ? adjacent : apart).insert(layout.walker_bits);
      }
    }
    for (unsigned i = 0; i < states; ++i) {
      ask(slice, machine, any_state(layout, random));
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  const std::set<unsigned> every{8, 16, 32, 64, 128, 192, 256};
  EXPECT_EQ(adjacent, every);
  EXPECT_EQ(apart, every);
}

TEST(Canonical, IsTheSortedStructs) {
  for_each_state(4, [](const Slice& slice, const Semantics& machine, const State& s) {
    const StateLayout& layout = machine.layout();
    Unpacked u = unpack(layout, s);
    for (const Class& members : classes(slice)) {
      std::vector<Held> held;
      for (const unsigned w : members) held.push_back(u.walkers[w]);
      std::sort(held.begin(), held.end(),
                [&](const Held& a, const Held& b) { return comes_before(layout, a, b); });
      for (std::size_t i = 0; i < members.size(); ++i) u.walkers[members[i]] = held[i];
    }
    ASSERT_EQ(canonical(machine, s).words, pack(layout, u).words);
  });
}

TEST(Canonical, TwiceIsOnce) {
  for_each_state(4, [](const Slice&, const Semantics& machine, const State& s) {
    const State once = canonical(machine, s);
    ASSERT_EQ(canonical(machine, once).words, once.words);
  });
}

TEST(Canonical, KeepsWhatLikeWalkersHoldAndLeavesTheRestAlone) {
  for_each_state(4, [](const Slice& slice, const Semantics& machine, const State& s) {
    const Unpacked before = unpack(machine.layout(), s);
    const Unpacked after = unpack(machine.layout(), canonical(machine, s));
    ASSERT_EQ(after.shared, before.shared);
    for (const Class& members : classes(slice)) {
      std::vector<Held> old_held;
      std::vector<Held> new_held;
      for (const unsigned w : members) {
        old_held.push_back(before.walkers[w]);
        new_held.push_back(after.walkers[w]);
      }
      std::sort(old_held.begin(), old_held.end());
      std::sort(new_held.begin(), new_held.end());
      ASSERT_EQ(new_held, old_held) << "of the class of walker " << members[0];
    }
  });
}

// All orders of classes of up to 5, many of larger ones.
TEST(Canonical, ForgetsTheOrderOfLikeWalkers) {
  std::mt19937_64 random(10);
  for_each_state(1, [&](const Slice& slice, const Semantics& machine, const State& s) {
    const StateLayout& layout = machine.layout();
    const auto expected = canonical(machine, s).words;
    const Unpacked u = unpack(layout, s);
    for (const Class& members : classes(slice)) {
      std::vector<unsigned> order = in_order(members.size());
      for (unsigned round = 0; round < 120; ++round) {
        const Unpacked v = rearranged(u, members, order);
        ASSERT_EQ(canonical(machine, pack(layout, v)).words, expected);
        if (members.size() > 5) {
          std::shuffle(order.begin(), order.end(), random);
        } else if (!std::next_permutation(order.begin(), order.end())) {
          break;
        }
      }
    }
    for (unsigned round = 0; round < 20; ++round) {
      const Unpacked v = shuffled(u, slice, random);
      ASSERT_EQ(canonical(machine, pack(layout, v)).words, expected);
    }
  });
}

// Walkers of different classes that hold the same are not sorted among one another, so exchanging
// what unlike walkers hold gives another state.
TEST(Canonical, TellsUnlikeWalkersApart) {
  unsigned exchanged = 0;
  for_each_state(2, [&](const Slice& slice, const Semantics& machine, const State& s) {
    const auto own = canonical(machine, s).words;
    for (unsigned a = 0; a < slice.walkers.size(); ++a) {
      for (unsigned b = 0; b < a; ++b) {
        if (slice.walkers[a].like == slice.walkers[b].like) continue;
        if (machine.layout().same_walker(s, a, s, b)) continue;
        State t = s;
        machine.layout().swap_walkers(t, a, b);
        ASSERT_NE(canonical(machine, t).words, own) << a << ' ' << b;
        ++exchanged;
      }
    }
  });
  EXPECT_GT(exchanged, 1'000U);
}

// --- what a canonical state may stand for --------------------------------------------------------

// Everything that the machine says about a state, without the names of like walkers.
class Gathered final : public model::MachineSink {
 public:
  explicit Gathered(const Semantics& machine) : machine_(machine) {}

  void next(const State& state, const model::Transition&) override {
    states_.insert(canonical(machine_, state).words);
  }
  void sight(const model::Sighting& s, const model::Transition*) override {
    const unsigned walker =
        s.walker == model::kNoIndex ? 0xffU : machine_.slice().walkers[s.walker].like;
    sightings_.insert({s.is_rule ? 1U : 0U, s.what, walker, s.va_point, s.old_entry, s.new_entry,
                       s.page, s.outcome.packed()});
  }

  [[nodiscard]] const auto& states() const { return states_; }
  [[nodiscard]] const auto& sightings() const { return sightings_; }

 private:
  const Semantics& machine_;
  std::set<decltype(State::words)> states_;
  std::set<std::array<unsigned, 8>> sightings_;
};

// Compares how the machine goes on from a state and from the same under another order of like
// walkers; gives what it found of the state itself.
Gathered expect_alike(const Semantics& machine, const State& s, const State& t) {
  Gathered own(machine);
  machine.expand(s, false, own);
  Gathered other(machine);
  machine.expand(t, false, other);
  EXPECT_EQ(other.states(), own.states());
  EXPECT_EQ(other.sightings(), own.sightings());
  return own;
}

// In states that programs reach: the machine goes on alike whatever like walkers are called.
TEST(Canonical, StatesGoOnAlikeUnderEveryOrderOfLikeWalkers) {
  std::mt19937_64 random(11);
  for (const ProgramSize& size : program_sizes()) {
    SCOPED_TRACE(size.walker_bits);
    const BuiltSlice built = build_sized_slice(size);
    const Semantics machine(built.slice);
    unsigned renamed = 0;
    std::size_t sightings = 0;
    for (unsigned walk = 0; walk < 20; ++walk) {
      State s = machine.initial_states().at(0);
      for (unsigned step = 0; step < 60; ++step) {
        const State t =
            pack(machine.layout(), shuffled(unpack(machine.layout(), s), built.slice, random));
        const Gathered found = expect_alike(machine, s, t);
        if (HasFailure()) return;
        renamed += t.words != s.words ? 1 : 0;
        sightings += found.sightings().size();
        if (found.states().empty()) break;
        auto next = found.states().begin();
        std::advance(next, random() % found.states().size());
        s.words = *next;
      }
    }
    EXPECT_GT(renamed, 10U);
    EXPECT_GT(sightings, 10U);
  }
}

}  // namespace
}  // namespace amalgam::test
