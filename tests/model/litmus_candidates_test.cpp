// The reference enumerator on runs written by hand, and against a search that prunes nothing.
#include "model/litmus/candidates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "model/litmus/cambridge_model.hpp"
#include "model/litmus/final_state.hpp"
#include "model/litmus/herd_model.hpp"
#include "model/litmus/reference.hpp"
#include "model/litmus/run_join.hpp"
#include "model/litmus_run_builder.hpp"

namespace amalgam::model::litmus {
namespace {

using testing::Contains;
using testing::Not;
using testing::UnorderedElementsAre;

using Texts = std::set<std::string>;

std::string text_of(const FinalState& state) {
  std::string text;
  for (const std::string& part : state.parts) text += part + " ";
  return text;
}

Texts texts_of(const Result& result) {
  Texts texts;
  for (const FinalState& state : result.states) texts.insert(text_of(state));
  return texts;
}

ModelOptions cambridge() { return {.family = ModelFamily::kCambridge}; }

Texts states(const Test& test, const Runs& runs, const ModelOptions& options = cambridge()) {
  const Result result = run_reference(test, runs, options, Limits{});
  EXPECT_EQ(result.bound, "");
  return texts_of(result);
}

// A thread that reads one location and then another, by what it may find there.
template <typename Middle>
std::vector<ThreadRun> two_reads(Address first, Address second, Middle&& middle) {
  std::vector<ThreadRun> runs;
  for (const Value a : {0, 1}) {
    for (const Value b : {0, 1}) {
      RunBuilder builder;
      builder.read(first, a);
      middle(builder);
      runs.push_back(builder.read(second, b).run());
    }
  }
  return runs;
}

Runs message_passing(bool writer_waits, bool reader_waits) {
  RunBuilder writer;
  writer.write(kPageX, 1);
  if (writer_waits) writer.dmb();
  writer.write(kPageY, 1);
  Runs runs;
  runs.threads.push_back({writer.run()});
  runs.threads.push_back(two_reads(kPageY, kPageX, [&](RunBuilder& b) {
    if (reader_waits) b.dmb();
  }));
  return runs;
}

Test show(unsigned thread, unsigned registers, unsigned threads) {
  Test test = test_of(threads, registers);
  std::erase_if(test.observed, [&](const Observable& o) { return o.thread != thread; });
  return test;
}

TEST(ReferenceEnumerator, MessagePassingNeedsBothBarriers) {
  const std::string relaxed = "1:X0=1 1:X1=0 ";
  const litmus::Test test = show(1, 2, 2);
  for (const ModelOptions& options : {cambridge(), ModelOptions{}}) {
    EXPECT_THAT(states(test, message_passing(true, true), options),
                UnorderedElementsAre("1:X0=0 1:X1=0 ", "1:X0=0 1:X1=1 ", "1:X0=1 1:X1=1 "));
    EXPECT_THAT(states(test, message_passing(true, false), options), Contains(relaxed));
    EXPECT_THAT(states(test, message_passing(false, true), options), Contains(relaxed));
  }
}

TEST(ReferenceEnumerator, AnAddressDependencyOrdersReads) {
  Runs runs = message_passing(true, false);
  for (ThreadRun& run : runs.threads[1]) {
    RunBuilder builder;
    run =
        builder.read(kPageY, run.registers[0]).read(kPageX, run.registers[1]).with_address().run();
  }
  EXPECT_THAT(states(show(1, 2, 2), runs), Not(Contains("1:X0=1 1:X1=0 ")));
}

TEST(ReferenceEnumerator, TwoReadsOfOnePlaceKeepTheirOrder) {
  Runs runs;
  runs.threads.push_back({RunBuilder().write(kPageX, 1).run()});
  runs.threads.push_back(two_reads(kPageX, kPageX, [](RunBuilder&) {}));
  EXPECT_THAT(states(show(1, 2, 2), runs), Not(Contains("1:X0=1 1:X1=0 ")));
}

TEST(ReferenceEnumerator, LoadBufferingIsForbiddenByDataDependencies) {
  for (const bool depends : {false, true}) {
    Runs runs;
    for (const auto& [from, to] : {std::pair{kPageX, kPageY}, std::pair{kPageY, kPageX}}) {
      std::vector<ThreadRun>& thread = runs.threads.emplace_back();
      for (const Value value : {0, 1}) {
        RunBuilder builder;
        builder.read(from, value).write(to, 1);
        if (depends) builder.with_data();
        thread.push_back(builder.run());
      }
    }
    const Texts found = states(test_of(2, 1), runs);
    EXPECT_EQ(found.contains("0:X0=1 1:X0=1 "), !depends);
    EXPECT_TRUE(found.contains("0:X0=0 1:X0=0 "));
  }
}

TEST(ReferenceEnumerator, NobodyWritesInsideAnAtomicAccess) {
  Runs runs;
  for (const Value mine : {1, 2}) {
    std::vector<ThreadRun>& thread = runs.threads.emplace_back();
    for (const Value found : {0, 1, 2}) {
      thread.push_back(RunBuilder().swap(kPageX, found, mine).run());
    }
  }
  EXPECT_THAT(states(test_of(2, 1), runs),
              UnorderedElementsAre("0:X0=0 1:X0=1 ", "0:X0=2 1:X0=0 "));
}

TEST(ReferenceEnumerator, ShowsTheLastWriteOfEachOrder) {
  litmus::Test test = test_of(2, 0);
  Observable& x = test.observed.emplace_back();
  x.kind = Observable::Kind::kMemory;
  x.address = kPageX;
  x.text = "[x]";
  Runs runs;
  runs.threads.push_back({RunBuilder().write(kPageX, 1).write(kPageX, 2).run()});
  runs.threads.push_back({RunBuilder().write(kPageX, 3).run()});
  EXPECT_THAT(states(test, runs), UnorderedElementsAre("[x]=2 ", "[x]=3 "));
}

// x moves from one page to another; the reader looks once through each of its possible walks.
struct Remap {
  bool breaks = true;
  bool flushes = true;
  bool broadcast = true;

  [[nodiscard]] Runs runs() const {
    RunBuilder writer;
    if (breaks) writer.write(kDescriptorX, kInvalid).dsb();
    if (flushes) writer.tlbi(broadcast).dsb();
    writer.write(kDescriptorX, kToY);
    Runs result;
    result.threads.push_back({writer.run()});
    std::vector<ThreadRun>& reader = result.threads.emplace_back();
    for (const Value first : {kToX, kToY, kInvalid}) {
      for (const Value second : {kToX, kToY, kInvalid}) {
        RunBuilder builder;
        look(builder, first);
        builder.dsb();
        look(builder, second);
        reader.push_back(builder.run());
      }
    }
    return result;
  }

  static Test test() {
    Test result = show(1, 2, 2);
    result.memory[kPageX] = 5;
    result.memory[kPageY] = 7;
    return result;
  }

 private:
  static void look(RunBuilder& builder, Value descriptor) {
    if (descriptor == kInvalid) {
      builder.faulting_read();
    } else if (descriptor == kToX) {
      builder.read(kPageX, 5, RunBuilder::Walk{descriptor});
    } else {
      builder.read(kPageY, 7, RunBuilder::Walk{descriptor});
    }
  }
};

TEST(ReferenceEnumerator, CompleteBreakBeforeMakeHidesTheOldPage) {
  const std::string new_then_old = "1:X0=7 1:X1=5 ";
  EXPECT_THAT(states(Remap::test(), Remap{}.runs()), Not(Contains(new_then_old)));
  EXPECT_THAT(states(Remap::test(), Remap{}.runs(), ModelOptions{}), Not(Contains(new_then_old)));
  EXPECT_THAT(states(Remap::test(), Remap{.flushes = false}.runs()), Contains(new_then_old));
  EXPECT_THAT(states(Remap::test(), Remap{.broadcast = false}.runs()), Contains(new_then_old));
}

TEST(ReferenceEnumerator, EachMistakeLetsSomethingThrough) {
  // A fault after the new mapping was used, and the old page after the new one.
  const Texts sound = states(Remap::test(), Remap{}.runs());
  for (const LitmusMutation mutation :
       {LitmusMutation::kReferenceDropTrfe, LitmusMutation::kReferenceDropTlbiOrder,
        LitmusMutation::kReferenceDropBarriers, LitmusMutation::kReferenceDropFaultOrder}) {
    ModelOptions options = cambridge();
    options.mutation = mutation;
    const Texts found = states(Remap::test(), Remap{}.runs(), options);
    EXPECT_GT(found.size(), sound.size()) << static_cast<int>(mutation);
    EXPECT_TRUE(std::ranges::includes(found, sound)) << static_cast<int>(mutation);
  }
}

TEST(ReferenceEnumerator, SaysWhichLimitItHit) {
  const Runs runs = message_passing(false, false);
  Limits limits;
  limits.max_candidates = 1;
  EXPECT_EQ(run_reference(show(1, 2, 2), runs, cambridge(), limits).bound,
            "1 candidate executions");
}

constexpr Value kWithoutAf = kToX & ~Value{0x400};

// Small executions at random, so that pruning can be compared with not pruning.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  struct Case {
    Test test;
    Runs runs;
  };

  Case next() {
    Case result;
    result.test = test_of(2, 2);
    Observable& last = result.test.observed.emplace_back();
    last.kind = Observable::Kind::kMemory;
    last.address = kDescriptorX;
    last.text = "[PTE(x)]";
    for (unsigned t = 0; t < 2; ++t) {
      std::vector<ThreadRun>& thread = result.runs.threads.emplace_back();
      const std::vector<unsigned> program = random_program();
      for (unsigned i = 0; i < 4; ++i) thread.push_back(run_of(program, t));
    }
    if (pick(3) == 0) {
      result.runs.spurious_af = {kDescriptorX, kDescriptorX};
      result.runs.domains[kDescriptorX] = {kToX, kWithoutAf, kToY, kInvalid};
    }
    return result;
  }

 private:
  unsigned pick(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  Value descriptor() { return std::array{kToX, kToX, kInvalid, kToY, kWithoutAf}[pick(5)]; }

  std::vector<unsigned> random_program() {
    std::vector<unsigned> program(1 + pick(3));
    for (unsigned& instruction : program) instruction = pick(10);
    return program;
  }

  // One way for the program to go: values of reads at random.
  ThreadRun run_of(const std::vector<unsigned>& program, unsigned thread) {
    RunBuilder builder;
    for (const unsigned instruction : program) {
      switch (instruction) {
        case 0:
          builder.write(kDescriptorX, thread == 0 ? kInvalid : kWithoutAf);
          break;
        case 1:
          builder.write(kDescriptorX, kToY);
          break;
        case 2:
          builder.write(kPageX, thread + 1, RunBuilder::Walk{kToX});
          break;
        case 3:
          builder.read(kPageX, pick(3), RunBuilder::Walk{kToX});
          break;
        case 4:
          builder.read(kDescriptorX, descriptor());
          break;
        case 5:
          builder.swap(kPageX, pick(3), thread + 1);
          break;
        case 6:
          builder.dsb();
          break;
        case 7:
          builder.tlbi(pick(2) == 0);
          break;
        case 8:
          builder.isb();
          break;
        default:
          builder.faulting_read();
          break;
      }
    }
    return builder.run();
  }

  std::mt19937 random_;
};

// Every combination, every rf, every co: each judged.
template <typename Model>
class Naive {
 public:
  Naive(const Test& test, const Runs& runs, const ModelOptions& options)
      : test_(test), runs_(runs), options_(options) {}

  Texts run() {
    choose_runs(0);
    return found_;
  }
  const std::set<std::string_view>& flags() const { return flags_; }

 private:
  void choose_runs(std::size_t thread) {
    if (thread == runs_.threads.size()) return choose_updates(0);
    for (const ThreadRun& run : runs_.threads[thread]) {
      chosen_.push_back(&run);
      choose_runs(thread + 1);
      chosen_.pop_back();
    }
  }

  void choose_updates(std::size_t update) {
    if (update == runs_.spurious_af.size()) return judge_all();
    choose_updates(update + 1);
    const Address address = runs_.spurious_af[update];
    for (const Value value : runs_.domains.at(address)) {
      if (value != kWithoutAf) continue;
      updates_.push_back({address, value, kToX});
      choose_updates(update + 1);
      updates_.pop_back();
    }
  }

  void judge_all() {
    const std::optional<Skeleton> skeleton = build_skeleton(test_, chosen_, updates_);
    ASSERT_TRUE(skeleton);
    skeleton_ = &*skeleton;
    model_.emplace(*skeleton, options_);
    Candidate candidate{skeleton_, std::vector<std::uint8_t>(skeleton->size(), 0xff),
                        Relation(skeleton->size()), Relation(skeleton->size())};
    choose_source(candidate, 0);
  }

  void choose_source(Candidate& candidate, unsigned event) {
    if (event == skeleton_->size()) {
      EventSet writes = skeleton_->writes | skeleton_->updates;
      skeleton_->initial.for_each(
          [&](unsigned i) { candidate.co.row(i) = writes & skeleton_->same_address.row(i); });
      return order(candidate, writes);
    }
    if (!reads_memory(skeleton_->events[event])) return choose_source(candidate, event + 1);
    for (unsigned w = 0; w < skeleton_->size(); ++w) {
      const Event& from = skeleton_->events[w];
      if (!writes_memory(from) || !skeleton_->same_address.has(event, w)) continue;
      if (from.value != skeleton_->events[event].value || skeleton_->iio.has(event, w)) continue;
      candidate.reads_from[event] = static_cast<std::uint8_t>(w);
      candidate.rf.add(w, event);
      choose_source(candidate, event + 1);
      candidate.rf.row(w).erase(event);
    }
  }

  // Puts the writes in every order, of which co keeps what is of one location.
  void order(const Candidate& candidate, const EventSet& left) {
    if (left.empty()) return judge(candidate);
    const unsigned location = first_of(left);
    const EventSet here = left & skeleton_->same_address.row(location);
    here.for_each([&](unsigned w) {
      Candidate next = candidate;
      next.co.row(w) |= here - EventSet::of(w);
      order(next, left - EventSet::of(w));
    });
  }

  static unsigned first_of(const EventSet& set) {
    unsigned first = kMaxEvents;
    set.for_each([&](unsigned e) { first = std::min(first, e); });
    return first;
  }

  void judge(const Candidate& candidate) {
    if (model_->judge(candidate).axiom != nullptr) return;
    FinalMemory memory;
    for (unsigned w = 0; w < skeleton_->size(); ++w) {
      const Event& e = skeleton_->events[w];
      if (writes_memory(e) && candidate.co.row(w).empty()) memory[e.address] = e.value;
    }
    found_.insert(text_of(final_state(test_, chosen_, memory)));
    if constexpr (std::is_same_v<Model, HerdModel>) model_->add_flags(candidate, flags_);
  }

  const Test& test_;
  const Runs& runs_;
  const ModelOptions& options_;
  std::vector<const ThreadRun*> chosen_;
  std::vector<SpuriousUpdate> updates_;
  const Skeleton* skeleton_ = nullptr;
  std::optional<Model> model_;
  Texts found_;
  std::set<std::string_view> flags_;
};

template <typename Model>
void compare_with_naive(const ModelOptions& options, unsigned seed) {
  Generator generator(seed);
  std::size_t states_seen = 0;
  std::size_t flags_seen = 0;
  for (unsigned i = 0; i < 200; ++i) {
    const Generator::Case generated = generator.next();
    const Result result = run_reference(generated.test, generated.runs, options, Limits{});
    Naive<Model> naive(generated.test, generated.runs, options);
    ASSERT_EQ(texts_of(result), naive.run()) << "case " << i;
    ASSERT_EQ(std::set<std::string_view>(result.flags.begin(), result.flags.end()), naive.flags())
        << "case " << i;
    states_seen += result.states.size();
    flags_seen += result.flags.size();
  }
  EXPECT_GT(states_seen, 100U);
  EXPECT_EQ(flags_seen > 0, options.family == ModelFamily::kHerd);
}

TEST(PrunedSearch, FindsWhatCambridgesModelAllows) {
  compare_with_naive<CambridgeModel>(cambridge(), 1);
  ModelOptions no_ets = cambridge();
  no_ets.cambridge_ets = false;
  compare_with_naive<CambridgeModel>(no_ets, 2);
}

TEST(PrunedSearch, FindsWhatHerdsModelAllows) {
  compare_with_naive<HerdModel>(ModelOptions{}, 3);
  compare_with_naive<HerdModel>(ModelOptions{.ets = arch::Ets::kEts2}, 4);
}

TEST(RunJoin, LeavesOutWhatNobodyWrites) {
  Runs runs;
  runs.threads.push_back({RunBuilder().write(kPageX, 1).run()});
  runs.threads.push_back({RunBuilder().read(kPageX, 1).run(), RunBuilder().read(kPageX, 2).run(),
                          RunBuilder().read(kPageX, 2).write(kPageX, 2).run()});
  const litmus::Test test = test_of(2, 1);
  unsigned combinations = 0;
  EXPECT_TRUE(RunJoin(test, runs).for_each([&](auto members, auto) {
    EXPECT_EQ(members[1]->registers[0], 1U);
    ++combinations;
    return true;
  }));
  EXPECT_EQ(combinations, 1U);
}

TEST(RunJoin, TakesAlikeUpdatesInOneOrder) {
  const Value old = kWithoutAf;
  litmus::Test test = test_of(1, 1);
  test.memory[kDescriptorX] = old;
  Runs runs;
  runs.threads.push_back(
      {RunBuilder().read(kDescriptorX, old).run(), RunBuilder().read(kDescriptorX, kToX).run()});
  runs.spurious_af = {kDescriptorX, kDescriptorX};
  runs.domains[kDescriptorX] = {old, kToX};
  std::vector<std::size_t> updates;
  RunJoin(test, runs).for_each([&](auto, auto spurious) {
    updates.push_back(spurious.size());
    return true;
  });
  // The value with AF set is read only where an update writes it.
  EXPECT_THAT(updates, UnorderedElementsAre(0U, 1U, 2U, 1U, 2U));
}

TEST(RunJoin, LeavesOutRunsThatWereCutShort) {
  Runs runs;
  ThreadRun cut = RunBuilder().read(kPageX, 0).run();
  cut.hit_loop_bound = true;
  runs.threads.push_back({cut});
  const Result result = run_reference(test_of(1, 1), runs, cambridge(), Limits{});
  EXPECT_TRUE(result.loop_cut);
  EXPECT_TRUE(result.states.empty());
}

}  // namespace
}  // namespace amalgam::model::litmus
