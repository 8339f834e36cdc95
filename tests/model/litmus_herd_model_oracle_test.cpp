// herd's model against its definitions written out as relation algebra, with every order of TLBIs
// and descriptor reads tried, on random executions.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "model/litmus/herd_model.hpp"
#include "model/litmus_execution_builder.hpp"

namespace amalgam::model::litmus {
namespace {

// The rf- and co-dependent half of the model, as written. Takes local-hw-reqs from HerdLocal.
class Oracle {
 public:
  Oracle(const Skeleton& s, const Candidate& c, const ModelOptions& options)
      : s_(s), e_(s), local_(s, e_, options.ets, HerdParts::all()), co_(c.co), rf_(c.rf) {
    ca_ = rf_.inverse().then(co_) | co_;
    EventSet all;
    for (unsigned i = 0; i < s.size(); ++i) all.insert(i);
    ext_ = Relation::product(s.size(), all, all) - s.internal;
    writes_ = e_.exp_writes | e_.updates;
    find_pairs();
  }

  [[nodiscard]] bool consistent() {
    return some_order([](const Relation&) { return true; });
  }

  [[nodiscard]] bool flagged(const BreakBeforeMake& bbm) {
    const Relation needed = bbm.update_needs_bbm(ca_);
    return some_order([&](const Relation& ob) { return bbm.lacks_bbm(needed, ca_, ob); });
  }

  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  [[nodiscard]] Relation on(const EventSet& set) const {
    return Relation::identity(s_.size(), set);
  }

  void find_pairs() {
    fixed_ = Relation(s_.size());
    const EventSet completed = s_.po.to(e_.dsb_full).domain();
    (e_.tlbis & completed).for_each([&](unsigned t) {
      e_.walks.for_each([&](unsigned w) {
        const bool local = s_.events[t].tlbi.mnemonic.shareability == arch::Shareability::kLocal;
        if (!in_invalidation_scope(s_, t, w) || (local && ext_.has(t, w))) return;
        if (local_.local_hw_reqs().has(t, w)) {
          fixed_.add(t, w);
        } else if (local_.local_hw_reqs().has(w, t)) {
          fixed_.add(w, t);
        } else {
          open_.emplace_back(t, w);
        }
      });
    });
  }

  [[nodiscard]] Relation ordered_before(const Relation& tlbi_after) const {
    const Relation tr_ib = local_.tr_ib();
    const Relation back = tr_ib.inverse();
    const Relation ttd_read_ob = tlbi_after.to(e_.tlbis).then(local_.dsb_ob()) |
                                 tlbi_after.to(e_.tlbis).then(local_.ifb_ob());
    Relation low_bits(s_.size());
    e_.exp.for_each([&](unsigned a) {
      e_.exp.for_each([&](unsigned b) {
        if ((s_.events[a].address & 0xfff) == (s_.events[b].address & 0xfff)) low_bits.add(a, b);
      });
    });
    const Relation earlier_walk = tr_ib.then(low_bits & s_.po).then(back);
    const Relation tlbi_ob =
        ttd_read_ob | back.then(ttd_read_ob & ext_) | earlier_walk.then(ttd_read_ob & ext_);
    const Relation exp_haz = (s_.po & s_.same_address)
                                 .restricted(e_.exp_reads, e_.exp_reads)
                                 .then((ca_ & ext_).to(writes_));
    const Relation exp_obs =
        (rf_ & ext_).restricted(e_.exp, e_.exp) | (ca_ & ext_).restricted(e_.exp, e_.exp);
    const EventSet uncacheable = back.from(e_.uncacheable_faults).range();
    const Relation ttd_obs =
        rf_.from(e_.walks | e_.updates) | rf_.to(e_.walks | e_.updates) |
        ca_.restricted(uncacheable, writes_) | ca_.restricted(e_.exp_reads, e_.updates) |
        ca_.restricted(e_.updates, writes_) | ca_.restricted(writes_, e_.updates) |
        tlbi_after.restricted(e_.tlbis, e_.walks).then(ca_.to(writes_));
    return (local_.local_hw_reqs() | exp_haz | tlbi_ob | exp_obs | ttd_obs).closure();
  }

  [[nodiscard]] bool internal_holds() const {
    const Relation po_loc = s_.po & s_.same_address;
    const EventSet& r = e_.exp_reads;
    const EventSet& w = e_.exp_writes;
    const Relation between = s_.rmw & rf_.inverse().then(co_).then(co_);
    const Relation excused = s_.rmw.restricted(e_.exp, e_.exp) &
                             (rf_.inverse().then(co_) & s_.internal).to(w).then(co_ & s_.internal);
    return po_loc.restricted(r, w).then(rf_).irreflexive() &&
           s_.rmw.restricted(r, w).then(rf_).irreflexive() &&
           po_loc.restricted(w, w).then(ca_).irreflexive() &&
           po_loc.restricted(w, r).then(ca_).irreflexive() && (between - excused).empty();
  }

  template <typename F>
  bool some_order(F&& holds) {
    if (!internal_holds()) return false;
    for (unsigned choice = 0; choice < 1U << open_.size(); ++choice) {
      Relation tlbi_after = fixed_;
      for (std::size_t i = 0; i < open_.size(); ++i) {
        const auto [t, w] = open_[i];
        (choice >> i & 1U) != 0 ? tlbi_after.add(t, w) : tlbi_after.add(w, t);
      }
      const Relation ob = ordered_before(tlbi_after);
      if (ob.irreflexive() && holds(ob)) return true;
    }
    return false;
  }

  const Skeleton& s_;
  HerdEvents e_;
  HerdLocal local_;
  Relation co_, rf_, ca_, ext_;
  EventSet writes_;
  Relation fixed_;
  std::vector<std::pair<unsigned, unsigned>> open_;
};

// A random program of stores to two descriptors and two pages, accesses through them, TLBIs and
// barriers, with values that are each written once.
class RandomExecution {
 public:
  explicit RandomExecution(unsigned seed) : random_(seed), b_(2 + seed % 2) {
    for (const Address a : {kPageX, kPageY}) written_[a] = {0};
    for (const Address a : {kPteX, kPteY}) written_[a] = {b_.test().memory[a]};
    for (unsigned t = 0; t < 2 + seed % 2; ++t) {
      const unsigned length = 2 + pick(4);
      for (unsigned i = 0; i < length; ++i) instruction(t);
    }
    for (auto& [address, values] : written_) {
      values.erase(values.begin());
      if (pick(2) == 0) std::shuffle(values.begin(), values.end(), random_);
      b_.coherence(address, values);
    }
    for (const auto& [thread, event] : reads_) give_value(thread, event);
  }

  ExecutionBuilder& builder() { return b_; }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }

  Value fresh_descriptor() {
    const Value page = kPageX + (Value{++fresh_} << 16U);
    return pick(3) == 0 ? page | kAccessed : valid_to(page, pick(4) == 0 ? 0 : kAccessed);
  }

  void instruction(unsigned t) {
    static constexpr std::array<const char*, 5> kBarriers{"dsb sy", "dsb sy", "isb", "dmb sy",
                                                          "dsb st"};
    const bool x = pick(3) != 0;
    switch (pick(7)) {
      case 0:
      case 1:
        note(x ? kPteX : kPteY, b_.event(t, b_.write(t, x ? kPteX : kPteY, fresh_descriptor())));
        break;
      case 2:
        note(kPageX, b_.event(t, b_.write(t, kPageX, ++fresh_)));
        break;
      case 3:
        b_.tlbi(t, pick(4) == 0 ? "vaae1" : "vaae1is", x ? kVaX : kVaY);
        break;
      case 4:
        b_.barrier(t, kBarriers[pick(kBarriers.size())]);
        break;
      default:
        translated(t, x);
    }
    fence(t);
  }

  void fence(unsigned t) {
    if (pick(2) == 0) b_.barrier(t, pick(2) == 0 ? "dsb sy" : "isb");
  }

  void translated(unsigned t, bool x) {
    reads_.emplace_back(t, b_.walk(t, x ? kPteX : kPteY, x ? kVaX : kVaY, 0));
    switch (pick(4)) {
      case 0:
        b_.join_fault(t, pick(3) == 0 ? FaultType::kPermission : FaultType::kTranslation);
        break;
      case 1: {
        const RunEvent update = b_.join_update(t, reads_.back().second, fresh_descriptor());
        note(x ? kPteX : kPteY, b_.event(t, update));
        break;
      }
      default:
        reads_.emplace_back(t, b_.join_read(t, pick(2) == 0 ? kPageX : kPageY, 0));
    }
  }

  void note(Address address, const Event& e) { written_[address].push_back(e.value); }

  void give_value(unsigned thread, RunEvent event) {
    Event& e = b_.event(thread, event);
    const auto initial = b_.test().memory.find(e.address);
    std::vector<Value> values{initial == b_.test().memory.end() ? 0 : initial->second};
    const std::vector<Value>& later = written_[e.address];
    values.insert(values.end(), later.begin(), later.end());
    e.value = values[pick(static_cast<unsigned>(values.size()))];
  }

  std::mt19937 random_;
  ExecutionBuilder b_;
  std::map<Address, std::vector<Value>> written_;
  std::vector<std::pair<unsigned, RunEvent>> reads_;
  unsigned fresh_ = 0;
};

TEST(HerdModelOracle, GuessesAsManyOrdersAsItTakes) {
  unsigned consistent = 0;
  unsigned flagged = 0;
  unsigned guessed = 0;
  constexpr unsigned executions = 4000;
  for (unsigned seed = 0; seed < executions; ++seed) {
    RandomExecution execution(seed);
    ModelOptions options;
    options.ets = static_cast<arch::Ets>(seed % 3);
    const Skeleton& skeleton = execution.builder().skeleton();
    const Candidate candidate = execution.builder().candidate();
    const HerdModel model(skeleton, options);
    Oracle oracle(skeleton, candidate, options);
    if (oracle.open() > 9) continue;
    const bool expected = oracle.consistent();
    ASSERT_EQ(model.judge(candidate).axiom == nullptr, expected) << "seed " << seed;
    consistent += expected ? 1 : 0;
    guessed += oracle.open() > 1 ? 1 : 0;
    if (!expected) continue;
    ASSERT_TRUE(model.may_be_consistent(candidate)) << "seed " << seed;
    std::set<std::string_view> flags;
    model.add_flags(candidate, flags);
    const bool warned = oracle.flagged(BreakBeforeMake(skeleton));
    ASSERT_EQ(!flags.empty(), warned) << "seed " << seed;
    flagged += warned ? 1 : 0;
  }
  EXPECT_GT(consistent, executions / 10);
  EXPECT_LT(consistent, executions * 9 / 10);
  EXPECT_GT(flagged, executions / 50);
  EXPECT_GT(guessed, executions / 50);
}

}  // namespace
}  // namespace amalgam::model::litmus
