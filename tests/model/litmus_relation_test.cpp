// Bit matrices against plain sets of pairs.
#include "model/litmus/relation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace amalgam::model::litmus {
namespace {

using Pairs = std::set<std::pair<unsigned, unsigned>>;

Pairs pairs_of(const Relation& relation) {
  Pairs pairs;
  for (unsigned a = 0; a < relation.size(); ++a) {
    for (unsigned b = 0; b < relation.size(); ++b) {
      if (relation.has(a, b)) pairs.emplace(a, b);
    }
  }
  return pairs;
}

Pairs composed(const Pairs& first, const Pairs& second) {
  Pairs result;
  for (const auto& [a, b] : first) {
    for (const auto& [c, d] : second) {
      if (b == c) result.emplace(a, d);
    }
  }
  return result;
}

Pairs closed(Pairs pairs) {
  for (;;) {
    Pairs more = pairs;
    more.merge(composed(pairs, pairs));
    if (more == pairs) return pairs;
    pairs = std::move(more);
  }
}

bool has_loop(const Pairs& pairs) {
  for (const auto& [a, b] : pairs) {
    if (a == b) return true;
  }
  return false;
}

Pairs kept(const Pairs& pairs, const EventSet& from, const EventSet& to) {
  Pairs result;
  for (const auto& [a, b] : pairs) {
    if (from.contains(a) && to.contains(b)) result.emplace(a, b);
  }
  return result;
}

EventSet everything(unsigned size) {
  EventSet all;
  for (unsigned e = 0; e < size; ++e) all.insert(e);
  return all;
}

// A cycle of n events shows in the n-th power of the relation and in no smaller one.
void expect_shortest_cycle(const Relation& relation) {
  const std::vector<std::uint8_t> cycle = relation.shortest_cycle();
  EXPECT_EQ(cycle.empty(), relation.acyclic());
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    EXPECT_TRUE(relation.has(cycle[i], cycle[(i + 1) % cycle.size()]));
  }
  Relation power = relation;
  for (std::size_t length = 1; length < cycle.size(); ++length) {
    EXPECT_TRUE(power.irreflexive());
    power = power.then(relation);
  }
}

// Sizes on both sides of a word, and densities from empty to cyclic.
class Arbitrary : public testing::TestWithParam<unsigned> {
 protected:
  Relation relation(double pairs_per_event) {
    Relation result(GetParam());
    std::bernoulli_distribution coin(std::min(1.0, pairs_per_event / GetParam()));
    for (unsigned a = 0; a < GetParam(); ++a) {
      for (unsigned b = 0; b < GetParam(); ++b) {
        if (coin(random_)) result.add(a, b);
      }
    }
    return result;
  }

  EventSet set() {
    EventSet result;
    for (unsigned e = 0; e < GetParam(); ++e) {
      if ((random_() & 1) != 0) result.insert(e);
    }
    return result;
  }

 private:
  std::mt19937 random_{20261120};
};

TEST_P(Arbitrary, SetOperationsAreThoseOfPairs) {
  for (int i = 0; i < 20; ++i) {
    const Relation a = relation(2);
    const Relation b = relation(2);
    Pairs both;
    Pairs only_a;
    for (const auto& pair : pairs_of(a)) (pairs_of(b).contains(pair) ? both : only_a).insert(pair);
    Pairs either = pairs_of(a);
    either.merge(pairs_of(b));
    EXPECT_EQ(pairs_of(a | b), either);
    EXPECT_EQ(pairs_of(a & b), both);
    EXPECT_EQ(pairs_of(a - b), only_a);
    EXPECT_EQ(a == b, pairs_of(a) == pairs_of(b));
    EXPECT_EQ(a, a);
  }
}

TEST_P(Arbitrary, CompositionAndInverseAreThoseOfPairs) {
  for (int i = 0; i < 10; ++i) {
    const Relation a = relation(1.5);
    const Relation b = relation(1.5);
    EXPECT_EQ(pairs_of(a.then(b)), composed(pairs_of(a), pairs_of(b)));
    Pairs turned;
    for (const auto& [from, to] : pairs_of(a)) turned.emplace(to, from);
    EXPECT_EQ(pairs_of(a.inverse()), turned);
  }
}

TEST_P(Arbitrary, RestrictionsAreThoseOfPairs) {
  const EventSet all = everything(GetParam());
  for (int i = 0; i < 20; ++i) {
    const Relation a = relation(3);
    const EventSet from = set();
    const EventSet to = set();
    EXPECT_EQ(pairs_of(a.restricted(from, to)), kept(pairs_of(a), from, to));
    EXPECT_EQ(pairs_of(a.from(from)), kept(pairs_of(a), from, all));
    EXPECT_EQ(pairs_of(a.to(to)), kept(pairs_of(a), all, to));
    EventSet domain;
    EventSet range;
    for (const auto& [x, y] : pairs_of(a)) {
      domain.insert(x);
      range.insert(y);
    }
    EXPECT_EQ(a.domain(), domain);
    EXPECT_EQ(a.range(), range);
    EXPECT_EQ(a.empty(), pairs_of(a).empty());
    EXPECT_EQ(pairs_of(Relation::product(GetParam(), from, to)),
              kept(pairs_of(Relation::product(GetParam(), all, all)), from, to));
    EXPECT_EQ(pairs_of(Relation::identity(GetParam(), from)).size(), from.count());
  }
}

TEST_P(Arbitrary, ClosureAndCyclesAreThoseOfPairs) {
  unsigned cyclic = 0;
  for (int i = 0; i < 20; ++i) {
    const Relation a = relation(i < 10 ? 0.6 : 1.2);
    const Pairs all = closed(pairs_of(a));
    EXPECT_EQ(pairs_of(a.closure()), all);
    EXPECT_EQ(a.acyclic(), !has_loop(all));
    EXPECT_EQ(a.irreflexive(), !has_loop(pairs_of(a)));
    expect_shortest_cycle(a);
    cyclic += has_loop(all) ? 1 : 0;
  }
  if (GetParam() > 4) {
    EXPECT_GT(cyclic, 0U);
  }
}

TEST_P(Arbitrary, APartialOrderIsTheClosureOfWhatWasAdded) {
  for (int i = 0; i < 10; ++i) {
    PartialOrder order{Relation(GetParam())};
    Relation added(GetParam());
    const Relation wanted = relation(1.2);
    for (const auto& [a, b] : pairs_of(wanted)) {
      Relation more = added;
      more.add(a, b);
      EXPECT_EQ(order.add(a, b), more.acyclic());
      if (more.acyclic()) added = more;
    }
    EXPECT_EQ(order.relation(), added.closure());
    EXPECT_EQ(PartialOrder(Relation(GetParam())).add(wanted), wanted.acyclic());
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Arbitrary, testing::Values(1U, 5U, 17U, 63U, 64U, 65U));

TEST(EventSets, LastEventIsHeldToo) {
  EventSet set = EventSet::of(kMaxEvents - 1) | EventSet::of(0);
  unsigned seen = 0;
  set.for_each([&](unsigned e) { seen += e; });
  EXPECT_EQ(seen, kMaxEvents - 1);
  set.erase(0);
  EXPECT_EQ(set.count(), 1U);
  EXPECT_EQ(set - set, EventSet{});
}

}  // namespace
}  // namespace amalgam::model::litmus
