// OrderBuilder folds barriers into the order of events. It must say the same as a graph in which
// barriers are nodes.
#include "model/ordering.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "model/preserved_order.hpp"

namespace amalgam::test {
namespace {

using arch::Access;
using arch::Barrier;
using arch::BarrierKind;
using arch::Domain;
using arch::Ets;
using namespace model;

struct Step {
  std::string_view name;
  std::uint16_t classes = 0;  // 0: a barrier
  Barrier barrier;
};

constexpr std::array<Step, 11> kEvents{{
    {"read", kReads, {}},
    {"write", kWrites, {}},
    {"update", kReads | kWrites, {}},
    {"walk", kWalks, {}},
    {"tlbi-own", kTlbiLocal, {}},
    {"tlbi-others", kTlbiRemote, {}},
    {"write-root", kWritesRoot, {}},
    {"root-effect", kRootTakesEffect, {}},
    {"lock", kReads | kWrites | kAcquires, {}},
    {"unlock", kWrites | kReleases, {}},
    {"stop", kSynchronises, {}},
}};

constexpr std::array<Step, 13> kBarriers{{
    {"isb", 0, {BarrierKind::kIsb, Domain::kSy, Access::kAll, false}},
    {"dmb ish", 0, {BarrierKind::kDmb, Domain::kIsh, Access::kAll, false}},
    {"dmb ishld", 0, {BarrierKind::kDmb, Domain::kIsh, Access::kLoad, false}},
    {"dmb ishst", 0, {BarrierKind::kDmb, Domain::kIsh, Access::kStore, false}},
    {"dmb nsh", 0, {BarrierKind::kDmb, Domain::kNsh, Access::kAll, false}},
    {"dmb nshld", 0, {BarrierKind::kDmb, Domain::kNsh, Access::kLoad, false}},
    {"dmb nshst", 0, {BarrierKind::kDmb, Domain::kNsh, Access::kStore, false}},
    {"dsb ish", 0, {BarrierKind::kDsb, Domain::kIsh, Access::kAll, false}},
    {"dsb ishld", 0, {BarrierKind::kDsb, Domain::kIsh, Access::kLoad, false}},
    {"dsb ishst", 0, {BarrierKind::kDsb, Domain::kIsh, Access::kStore, false}},
    {"dsb nsh", 0, {BarrierKind::kDsb, Domain::kNsh, Access::kAll, false}},
    {"dsb nshld", 0, {BarrierKind::kDsb, Domain::kNsh, Access::kLoad, false}},
    {"dsb nshst", 0, {BarrierKind::kDsb, Domain::kNsh, Access::kStore, false}},
}};

constexpr std::size_t kAlphabet = kEvents.size() + kBarriers.size();

constexpr const Step& letter(std::size_t i) {
  return i < kEvents.size() ? kEvents[i] : kBarriers[i - kEvents.size()];
}

struct Placed {
  const Step* step = nullptr;
  std::uint64_t extra = 0;
};

std::string to_text(const std::vector<Placed>& sequence) {
  std::ostringstream out;
  for (const Placed& p : sequence) {
    out << p.step->name;
    if (p.extra != 0) out << " after " << std::hex << p.extra << std::dec;
    out << "; ";
  }
  return out.str();
}

// How the two differ, or nothing.
std::string difference(const std::vector<Placed>& sequence, Ets ets, bool program_order,
                       Mutation mutation = Mutation{}) {
  OrderBuilder builder(ets, program_order, mutation);
  PreservedOrder order(ets);
  std::size_t events = 0;
  for (const Placed& p : sequence) {
    if (p.step->classes == 0) {
      builder.add_barrier(p.step->barrier);
      order.add_barrier(p.step->barrier);
    } else {
      builder.add_event(p.step->classes, p.extra);
      order.add_event(p.step->classes, p.extra);
      ++events;
    }
  }
  std::ostringstream out;
  if (builder.size() != events) out << "size " << builder.size() << ' ';
  for (std::size_t i = 0; i < events; ++i) {
    if (builder.preds(i) != order.preds(i)) {
      out << "event " << i << " has " << std::hex << builder.preds(i) << ", should have "
          << order.preds(i) << ' ';
    }
  }
  std::size_t event = 0;
  for (const Placed& p : sequence) {
    if (p.step->classes == 0) continue;
    const bool faults_wait = (p.step->classes & kWalks) != 0 && ets != Ets::kNone && program_order;
    const std::uint64_t wanted = faults_wait ? order.earlier_accesses(event) : 0;
    if (builder.fault_preds(event) != wanted) out << "faults of event " << event << ' ';
    ++event;
  }
  return out.str();
}

// Calls `f` with every sequence of `length` letters that ends in an event: a barrier at the end
// orders nothing.
template <typename F>
void for_each_sequence(std::size_t length, F&& f) {
  std::vector<std::size_t> at(length, 0);
  std::vector<Placed> sequence(length);
  while (true) {
    for (std::size_t i = 0; i < length; ++i) sequence[i].step = &letter(at[i]);
    f(sequence);
    std::size_t i = 0;
    for (; i < length; ++i) {
      const std::size_t letters = i + 1 == length ? kEvents.size() : kAlphabet;
      if (++at[i] < letters) break;
      at[i] = 0;
    }
    if (i == length) return;
  }
}

TEST(Ordering, EqualsTheGraphForEveryShortSequence) {
  std::uint64_t sequences = 0;
  std::uint64_t differing = 0;
  for (std::size_t length = 1; length <= 4; ++length) {
    for_each_sequence(length, [&](const std::vector<Placed>& sequence) {
      for (const Ets ets : {Ets::kNone, Ets::kEts2, Ets::kEts3}) {
        ++sequences;
        const std::string different = difference(sequence, ets, true);
        if (different.empty() || ++differing > 20) continue;
        ADD_FAILURE() << to_text(sequence) << " ets " << static_cast<int>(ets) << ": " << different;
      }
    });
  }
  EXPECT_EQ(differing, 0U);
  EXPECT_EQ(sequences, 3U * 11U * (1 + 24 + 24 * 24 + 24 * 24 * 24));
}

std::vector<Placed> random_sequence(std::mt19937& random, std::size_t length) {
  std::vector<Placed> sequence;
  std::size_t events = 0;
  for (std::size_t i = 0; i < length; ++i) {
    Placed p{&letter(random() % kAlphabet), 0};
    if (p.step->classes != 0) {
      if (events > 0 && random() % 3 == 0) p.extra = std::uint64_t{1} << random() % events;
      ++events;
    }
    sequence.push_back(p);
  }
  return sequence;
}

TEST(Ordering, EqualsTheGraphForLongSequencesWithDependencies) {
  std::mt19937 random(1);
  unsigned differing = 0;
  for (unsigned i = 0; i < 60'000; ++i) {
    const auto sequence = random_sequence(random, 5 + random() % 20);
    const Ets ets = static_cast<Ets>(random() % 3);
    const std::string different = difference(sequence, ets, random() % 4 != 0);
    if (different.empty() || ++differing > 10) continue;
    ADD_FAILURE() << to_text(sequence) << " ets " << static_cast<int>(ets) << ": " << different;
  }
  EXPECT_EQ(differing, 0U);
}

// A wider domain orders no less here, and outer shareable and full system no more than inner.
TEST(Ordering, DomainsBeyondInnerShareableAreAlike) {
  std::mt19937 random(2);
  for (unsigned i = 0; i < 5'000; ++i) {
    const auto sequence = random_sequence(random, 10);
    std::vector<OrderBuilder> builders(3, OrderBuilder(Ets::kNone, true));
    constexpr std::array<Domain, 3> kDomains{Domain::kIsh, Domain::kOsh, Domain::kSy};
    for (const Placed& p : sequence) {
      for (std::size_t b = 0; b < builders.size(); ++b) {
        Barrier barrier = p.step->barrier;
        if (barrier.domain == Domain::kIsh) barrier.domain = kDomains[b];
        if (p.step->classes == 0) {
          builders[b].add_barrier(barrier);
        } else {
          builders[b].add_event(p.step->classes, p.extra);
        }
      }
    }
    for (std::size_t e = 0; e < builders[0].size(); ++e) {
      ASSERT_EQ(builders[0].preds(e), builders[1].preds(e)) << to_text(sequence);
      ASSERT_EQ(builders[0].preds(e), builders[2].preds(e)) << to_text(sequence);
    }
  }
}

// A run of barriers may be cut short once each of its kinds has come by without effect.
TEST(Ordering, SaturatedRunsOfBarriersAddNothing) {
  std::mt19937 random(3);
  for (unsigned i = 0; i < 5'000; ++i) {
    auto sequence = random_sequence(random, 6);
    OrderBuilder shortened(Ets::kEts2, true);
    OrderBuilder whole(Ets::kEts2, true);
    for (const Placed& p : sequence) {
      if (p.step->classes == 0) {
        whole.add_barrier(p.step->barrier);
        shortened.add_barrier(p.step->barrier);
      } else {
        whole.add_event(p.step->classes, p.extra);
        shortened.add_event(p.step->classes, p.extra);
      }
    }
    std::vector<Barrier> run;
    std::uint32_t kinds = 0;
    const std::size_t different = 1 + random() % 4;
    for (std::size_t k = 0; k < different; ++k) run.push_back(kBarriers[random() % 13].barrier);
    for (const Barrier& b : run) kinds |= OrderBuilder::barrier_kind_bit(b);
    shortened.begin_barrier_run();
    for (std::size_t k = 0; k < 40; ++k) {
      whole.add_barrier(run[k % different]);
      if (!shortened.saturated_since_change(kinds)) shortened.add_barrier(run[k % different]);
    }
    for (const Step& last : kEvents) {
      whole.add_event(last.classes, 0);
      shortened.add_event(last.classes, 0);
      ASSERT_EQ(whole.preds(whole.size() - 1), shortened.preds(whole.size() - 1))
          << to_text(sequence);
    }
  }
}

TEST(Ordering, EveryMutationOfTheOrderIsVisible) {
  for (const Mutation mutation : {Mutation::kDsbLeavesTlbiPending, Mutation::kStoreDsbCompletesTlbi,
                                  Mutation::kTlbiBeforeStores, Mutation::kBarrierDomainIgnored,
                                  Mutation::kDmbOrdersTlbi, Mutation::kIsbSynchronisesNothing}) {
    std::mt19937 random(4);
    bool visible = false;
    for (unsigned i = 0; i < 5'000 && !visible; ++i) {
      const auto sequence = random_sequence(random, 4);
      visible = difference(sequence, Ets::kNone, true) !=
                difference(sequence, Ets::kNone, true, mutation);
    }
    EXPECT_TRUE(visible) << kMutationNames[static_cast<std::size_t>(mutation)];
  }
}

}  // namespace
}  // namespace amalgam::test
