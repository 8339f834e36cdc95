// Cambridge's model: what TLBIs affect, the rules of two stages, and the search for wco against
// trying every order.
#include "model/litmus/cambridge_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "model/litmus/cambridge_base.hpp"
#include "model/litmus/reference.hpp"
#include "model/litmus/skeleton.hpp"
#include "model/litmus_run_builder.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr Address kStage1Entry = 0x3000'0008;
constexpr Address kStage2Entry = 0x2000'0008;
constexpr Address kIpaX = 0x9'0000'0000;

ModelOptions cambridge() { return {.family = ModelFamily::kCambridge}; }

arch::TlbiMnemonic mnemonic(const std::string& text) { return *arch::parse_mnemonic(text); }

// Events one by one; those that are added without a new instruction belong to the last one.
class EventList {
 public:
  Event& instruction(EventKind kind) {
    ++instruction_;
    return more(kind);
  }
  Event& more(EventKind kind) {
    RunMask before = 0;
    for (unsigned i = 0; i < run_.events.size(); ++i) {
      if (run_.events[i].instruction == instruction_) before |= run_bit(i);
    }
    Event& e = run_.events.emplace_back();
    e.kind = kind;
    e.instruction = instruction_;
    e.before_in_instruction = before;
    return e;
  }

  Event& write(Address address, Value value) {
    Event& e = instruction(EventKind::kWrite);
    e.address = address;
    e.value = value;
    return e;
  }
  Event& tlbi(const std::string& text) {
    Event& e = instruction(EventKind::kTlbi);
    e.tlbi.mnemonic = mnemonic(text);
    e.tlbi.va = e.tlbi.mnemonic.kind == arch::TlbiKind::kIpa ? kIpaX : kVaX;
    return e;
  }
  void dsb() { instruction(EventKind::kBarrier).barrier = {.kind = arch::BarrierKind::kDsb}; }
  void isb() { instruction(EventKind::kBarrier).barrier = {.kind = arch::BarrierKind::kIsb}; }

  // A load of x through one entry of each stage.
  void load(Value stage1, Value stage2, Value value) {
    walk(instruction(EventKind::kWalk), arch::Stage::kStage1, stage1);
    walk(more(EventKind::kWalk), arch::Stage::kStage2, stage2);
    ++translation_;
    Event& e = more(EventKind::kRead);
    e.address = kPageX;
    e.value = value;
  }

  [[nodiscard]] ThreadRun run() const { return run_; }

 private:
  void walk(Event& e, arch::Stage stage, Value value) const {
    e.address = stage == arch::Stage::kStage1 ? kStage1Entry : kStage2Entry;
    e.value = value;
    e.walk.stage = stage;
    e.walk.faulting = (value & 1) == 0;
    e.walk.va = kVaX;
    e.walk.ipa = kIpaX;
    e.walk.translation = translation_;
  }

  ThreadRun run_;
  std::uint16_t instruction_ = 0;
  std::uint8_t translation_ = 0;
};

// The tags of one walk, and of one TLBI.
struct Tags {
  std::string tlbi;
  bool same_page = true;
  bool same_asid = true;
  bool same_vmid = true;
  bool same_thread = false;
  arch::Stage stage = arch::Stage::kStage1;
  arch::Regime regime = arch::Regime::kEl10;
};

bool affects(const Tags& tags) {
  EventList list;
  Event& tlbi = list.tlbi(tags.tlbi);
  tlbi.tlbi.asid = 1;
  tlbi.tlbi.vmid = 2;
  EventList other;
  Event& walk = (tags.same_thread ? list : other).instruction(EventKind::kWalk);
  walk.address = kStage1Entry;
  walk.value = 1;
  walk.walk.stage = tags.stage;
  walk.walk.regime = tags.regime;
  walk.walk.va = tags.same_page ? kVaX + 8 : kVaX + 0x1000;
  walk.walk.ipa = tags.same_page ? kIpaX + 8 : kIpaX + 0x1000;
  walk.walk.asid = tags.same_asid ? 1 : 7;
  walk.walk.vmid = tags.same_vmid ? 2 : 7;
  const ThreadRun first = list.run();
  const ThreadRun second = other.run();
  const std::vector<const ThreadRun*> runs{&first, &second};
  litmus::Test test = test_of(2, 0);
  test.memory[kStage1Entry] = 1;
  const auto skeleton = build_skeleton(test, runs, {});
  return !CambridgeBase(*skeleton, cambridge()).tlb_affects.empty();
}

TEST(CambridgeModel, TlbisAffectWhatTheirKindSelects) {
  const auto stage2 = arch::Stage::kStage2;
  const auto el2 = arch::Regime::kEl2;
  EXPECT_TRUE(affects({.tlbi = "vae1is"}));
  EXPECT_FALSE(affects({.tlbi = "vae1is", .same_page = false}));
  EXPECT_FALSE(affects({.tlbi = "vae1is", .same_asid = false}));
  EXPECT_FALSE(affects({.tlbi = "vae1is", .same_vmid = false}));
  EXPECT_FALSE(affects({.tlbi = "vae1is", .stage = stage2}));
  EXPECT_FALSE(affects({.tlbi = "vae1is", .regime = el2}));
  EXPECT_TRUE(affects({.tlbi = "vaae1is", .same_asid = false}));
  EXPECT_FALSE(affects({.tlbi = "vaae1is", .same_page = false}));
  EXPECT_TRUE(affects({.tlbi = "aside1is", .same_page = false}));
  EXPECT_FALSE(affects({.tlbi = "aside1is", .same_asid = false}));
  EXPECT_TRUE(affects({.tlbi = "vmalle1is", .same_page = false, .same_asid = false}));
  EXPECT_FALSE(affects({.tlbi = "vmalle1is", .same_vmid = false}));
  EXPECT_FALSE(affects({.tlbi = "vmalle1is", .stage = stage2}));
  EXPECT_TRUE(affects({.tlbi = "vmalls12e1is", .stage = stage2}));
  EXPECT_FALSE(affects({.tlbi = "vmalls12e1is", .same_vmid = false, .stage = stage2}));
  EXPECT_TRUE(affects({.tlbi = "ipas2e1is", .stage = stage2}));
  EXPECT_FALSE(affects({.tlbi = "ipas2e1is", .same_page = false, .stage = stage2}));
  EXPECT_FALSE(affects({.tlbi = "ipas2e1is"}));
  EXPECT_TRUE(affects({.tlbi = "alle1is", .same_vmid = false, .stage = stage2}));
  EXPECT_TRUE(affects({.tlbi = "vae2is", .same_vmid = false, .regime = el2}));
}

TEST(CambridgeModel, LocalTlbisAffectTheirOwnThread) {
  EXPECT_FALSE(affects({.tlbi = "vae1"}));
  EXPECT_TRUE(affects({.tlbi = "vae1", .same_thread = true}));
}

// Another thread breaks the stage 2 entry, flushes, and says so; x is then read through the old
// entry. `flushes` are in order, with a DSB after each.
bool stale_after(const std::vector<std::string>& flushes, bool stage1_is_new) {
  EventList writer;
  writer.write(kStage2Entry, 0);
  writer.dsb();
  for (const std::string& flush : flushes) {
    writer.tlbi(flush);
    writer.dsb();
  }
  if (stage1_is_new) writer.write(kStage1Entry, 3);
  writer.dsb();
  writer.write(kPageY, 1);
  EventList reader;
  Event& flag = reader.instruction(EventKind::kRead);
  flag.address = kPageY;
  flag.value = 1;
  reader.dsb();
  reader.isb();
  reader.load(stage1_is_new ? 3 : 1, 1, 0);
  litmus::Test test = test_of(2, 0);
  test.memory = {{kStage1Entry, 1}, {kStage2Entry, 1}};
  Runs runs;
  runs.threads = {{writer.run()}, {reader.run()}};
  return !run_reference(test, runs, cambridge(), Limits{}).states.empty();
}

TEST(CambridgeModel, AStaleStage2EntryGoesWithBothTlbisOrWithANewStage1Entry) {
  EXPECT_TRUE(stale_after({}, false));
  EXPECT_TRUE(stale_after({"ipas2e1is"}, false));
  EXPECT_TRUE(stale_after({"vmalle1is"}, false));
  EXPECT_TRUE(stale_after({"vmalle1is", "ipas2e1is"}, false));
  EXPECT_TRUE(stale_after({"ipas2e1", "vmalle1is"}, false));
  EXPECT_FALSE(stale_after({"ipas2e1is", "vmalle1is"}, false));
  EXPECT_FALSE(stale_after({"ipas2e1is", "vae1is"}, false));
  EXPECT_FALSE(stale_after({"vmalls12e1is"}, false));
  EXPECT_FALSE(stale_after({"alle1is"}, false));
  EXPECT_FALSE(stale_after({"ipas2e1is"}, true));
  EXPECT_TRUE(stale_after({"vmalle1is"}, true));
}

// Every order of writes and TLBIs that extends co, and ordered-before from its definition.
class EveryWco {
 public:
  EveryWco(const CambridgeBase& base, const Candidate& candidate)
      : base_(base),
        rf_(candidate.rf.to(base.r)),
        trf_(candidate.rf.to(base.t)),
        co_(candidate.co) {}

  [[nodiscard]] bool some_is_consistent() {
    std::vector<unsigned> movable;
    (base_.w | base_.tlbi).for_each([&](unsigned e) { movable.push_back(e); });
    do {
      Relation wco = Relation::product(base_.size, base_.iw, base_.w | base_.tlbi);
      for (std::size_t i = 0; i < movable.size(); ++i) {
        for (std::size_t j = i + 1; j < movable.size(); ++j) wco.add(movable[i], movable[j]);
      }
      if ((co_ - wco).empty() && ordered_before(wco).acyclic()) return true;
    } while (std::ranges::next_permutation(movable).found);
    return false;
  }

 private:
  [[nodiscard]] Relation ordered_before(const Relation& wco) const {
    const Relation& in = base_.internal;
    const Relation tfr = trf_.inverse().then(co_);
    const Relation trfi = trf_ & in;
    const Relation rfi = rf_ & in;
    return base_.ob | (rf_ - in) | rf_.inverse().then(co_) | (trf_ - in) | wco |
           (base_.addr | base_.data).then(rfi | trfi) |
           rfi.restricted(base_.rmw.range(), base_.a | base_.q) | tfr.from(base_.t_f) |
           base_.speculative.then(trfi) | flushes(wco, tfr);
  }

  [[nodiscard]] Relation flushes(const Relation& wco, const Relation& tfr) const {
    Relation result(base_.size);
    base_.t.for_each([&](unsigned walk) {
      base_.tlbi.for_each([&](unsigned tlbi) {
        if (comes_before(walk, tlbi, wco, tfr)) result.add(walk, tlbi);
      });
    });
    Relation users(base_.size);
    (base_.r | base_.w | base_.te).for_each([&](unsigned user) {
      result.domain().for_each([&](unsigned walk) {
        if (base_.iio.has(walk, user)) users.row(user) |= (result - base_.internal).row(walk);
      });
    });
    return result | users;
  }

  // Whether something that replaced what the walk read lies before the TLBI, which affects it.
  [[nodiscard]] bool is_cut(unsigned walk, unsigned tlbi, const Relation& wco,
                            const Relation& tfr) const {
    bool replaced = false;
    tfr.row(walk).for_each([&](unsigned w) { replaced = replaced || wco.has(w, tlbi); });
    return replaced && base_.tlb_affects.has(tlbi, walk);
  }

  [[nodiscard]] bool comes_before(unsigned walk, unsigned tlbi, const Relation& wco,
                                  const Relation& tfr) const {
    if (base_.stage1.contains(walk)) {
      return base_.tlbi_s1.contains(tlbi) && is_cut(walk, tlbi, wco, tfr);
    }
    bool result = false;
    (base_.same_translation.row(walk) & base_.stage1).for_each([&](unsigned first) {
      base_.tlbi_s2.for_each([&](unsigned cut) {
        if (!is_cut(walk, cut, wco, tfr)) return;
        if (cut == tlbi && wco.has(tlbi, source_of(first))) result = true;
        const bool follows = cut == tlbi || wco.has(cut, tlbi);
        if (follows && base_.tlbi_s1.contains(tlbi) && base_.tlb_affects.has(tlbi, first) &&
            wco.has(source_of(first), tlbi)) {
          result = true;
        }
      });
    });
    return result;
  }

  [[nodiscard]] unsigned source_of(unsigned walk) const {
    unsigned source = 0;
    trf_.inverse().row(walk).for_each([&](unsigned w) { source = w; });
    return source;
  }

  const CambridgeBase& base_;
  Relation rf_;
  Relation trf_;
  Relation co_;
};

// Random threads that write both stages' entries, flush, and read through them.
class Generator {
 public:
  ThreadRun thread() {
    EventList list;
    const unsigned length = 2 + pick(3);
    for (unsigned i = 0; i < length; ++i) add(list);
    return list.run();
  }

 private:
  unsigned pick(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }

  void add(EventList& list) {
    static constexpr std::array<const char*, 6> kFlushes{"vmalle1is", "ipas2e1is", "vmalls12e1is",
                                                         "vae1",      "alle1is",   "ipas2e1"};
    switch (pick(6)) {
      case 0:
        list.write(kStage1Entry, 1 + 2 * pick(2));
        return;
      case 1:
        list.write(kStage2Entry, pick(2));
        return;
      case 2:
        list.tlbi(kFlushes[pick(6)]);
        return;
      case 3:
        list.load(1 + 2 * pick(2), 1, 0);
        return;
      case 4:
        list.dsb();
        return;
      default:
        list.isb();
    }
  }

  std::mt19937 random_{7};
};

// Calls `f` with every rf and co of the skeleton.
template <typename F>
void for_each_candidate(const Skeleton& s, Candidate& c, unsigned event, F&& f) {
  if (event == s.size()) {
    std::vector<unsigned> writes;
    s.writes.for_each([&](unsigned w) { writes.push_back(w); });
    do {
      c.co = Relation(s.size());
      for (std::size_t i = 0; i < writes.size(); ++i) {
        for (std::size_t j = i + 1; j < writes.size(); ++j) c.co.add(writes[i], writes[j]);
      }
      c.co |= Relation::product(s.size(), s.initial, s.writes);
      c.co &= s.same_address;
      f(c);
    } while (std::ranges::next_permutation(writes).found);
    return;
  }
  if (!reads_memory(s.events[event])) return for_each_candidate(s, c, event + 1, f);
  ((s.writes | s.initial) & s.same_address.row(event)).for_each([&](unsigned w) {
    if (s.events[w].value != s.events[event].value) return;
    c.rf.add(w, event);
    for_each_candidate(s, c, event + 1, f);
    c.rf.row(w).erase(event);
  });
}

TEST(CambridgeModel, FindsAnOrderOfWritesAndTlbisIfThereIsOne) {
  Generator generator;
  litmus::Test test = test_of(2, 0);
  test.memory = {{kStage1Entry, 1}, {kStage2Entry, 1}};
  unsigned consistent = 0;
  unsigned refused = 0;
  for (unsigned i = 0; i < 6000; ++i) {
    const ThreadRun first = generator.thread();
    const ThreadRun second = generator.thread();
    const std::vector<const ThreadRun*> runs{&first, &second};
    const std::optional<Skeleton> skeleton = build_skeleton(test, runs, {});
    if (skeleton->tlbis.empty() || (skeleton->writes | skeleton->tlbis).count() > 5) continue;
    const CambridgeModel model(*skeleton, cambridge());
    const CambridgeBase base(*skeleton, cambridge());
    Candidate candidate{&*skeleton, {}, Relation(skeleton->size()), Relation(skeleton->size())};
    for_each_candidate(*skeleton, candidate, 0, [&](const Candidate& c) {
      const std::string axiom = model.judge(c).axiom == nullptr ? "" : model.judge(c).axiom;
      EXPECT_EQ(model.explain(c).cycle.empty(), axiom != "internal" && axiom != "external");
      if (axiom != "" && axiom != "external") return;
      ASSERT_EQ(axiom.empty(), EveryWco(base, c).some_is_consistent()) << "case " << i;
      ++(axiom.empty() ? consistent : refused);
    });
  }
  EXPECT_GT(consistent, 500U);
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace amalgam::model::litmus
