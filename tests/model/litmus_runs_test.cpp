// What the threads of a litmus test may do: events, values, dependencies. herd's family.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/litmus_program_builder.hpp"

namespace amalgam::model::litmus {
namespace {

using namespace built;  // NOLINT(google-build-using-namespace)
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const ThreadRun& only_run(const Runs& runs, unsigned thread = 0) {
  EXPECT_EQ(runs.threads.at(thread).size(), 1U);
  return runs.threads[thread].front();
}

std::set<Value> finals(const Runs& runs, unsigned thread, RegisterIndex r) {
  std::set<Value> result;
  for (const ThreadRun& run : runs.threads[thread]) result.insert(run.registers[r]);
  return result;
}

std::set<std::string> shapes(const Runs& runs, unsigned thread = 0) {
  std::set<std::string> result;
  for (const ThreadRun& run : runs.threads[thread]) result.insert(letters(run));
  return result;
}

// Registers 0 to n-1 hold the addresses of pages 0 to n-1, 10 to 10+n-1 those of their descriptors.
litmus::Test pages(unsigned n, std::vector<Program> programs) {
  litmus::Test test = herd_test(n, std::move(programs));
  for (Thread& thread : test.threads) {
    for (unsigned i = 0; i < n; ++i) {
      thread.registers[i] = va(i);
      thread.registers[10 + i] = pte(i);
    }
  }
  return test;
}

TEST(LitmusRuns, AThreadThatReadsNothingRunsOneWay) {
  const litmus::Test test =
      pages(1, {{mov(5, 7), store(5, 0), barrier("dsb ish"), tlbi("vaae1is", 6)}});
  const Runs runs = runs_of(test);
  const ThreadRun& run = only_run(runs);
  EXPECT_EQ(letters(run), "WBI");
  EXPECT_EQ(run.events[0].address, pa(0));
  EXPECT_EQ(run.events[0].va, va(0));
  EXPECT_EQ(run.events[0].value, 7U);
  EXPECT_EQ(run.events[0].instruction, 2);
  EXPECT_EQ(run.events[2].instruction, 4);
  EXPECT_THAT(runs.domains.at(pa(0)), ElementsAre(0, 7));
}

TEST(LitmusRuns, AReadGivesEveryValueThatAnotherThreadMayStore) {
  const litmus::Test test =
      pages(1, {{mov(5, 1), store(5, 0), mov(5, 2), store(5, 0)}, {load(6, 0)}});
  EXPECT_EQ(finals(runs_of(test), 1, 6), (std::set<Value>{0, 1, 2}));
}

TEST(LitmusRuns, AfterAnOwnStoreNeitherTheStartNorAnOlderStoreIsRead) {
  const litmus::Test test =
      pages(1, {{load(6, 0), mov(5, 1), store(5, 0), mov(5, 2), store(5, 0), load(7, 0)},
                {mov(5, 3), store(5, 0)}});
  const Runs runs = runs_of(test);
  EXPECT_EQ(finals(runs, 0, 6), (std::set<Value>{0, 3}));
  EXPECT_EQ(finals(runs, 0, 7), (std::set<Value>{2, 3}));
}

TEST(LitmusRuns, AnOwnStoreOfWhatTheStartHeldMayStillBeAnothersValue) {
  litmus::Test test = pages(1, {{mov(5, 1), store(5, 0), load(7, 0)}, {mov(5, 0), store(5, 0)}});
  EXPECT_EQ(finals(runs_of(test), 0, 7), (std::set<Value>{0, 1}));
}

TEST(LitmusRuns, ThreadsThatCountEachOtherUpComeToAnEnd) {
  const Program increment{load(5, 0), alu_immediate(Opcode::kAdd, 5, 5, 1), store(5, 0)};
  const Runs runs = runs_of(pages(1, {increment, increment}));
  EXPECT_TRUE(runs.bound.empty());
  EXPECT_THAT(finals(runs, 0, 5), testing::IsSupersetOf({1U, 2U}));
  EXPECT_LT(runs.domains.at(pa(0)).size(), 8U);
}

TEST(LitmusRuns, WordsAreCutAndExtended) {
  Instruction narrow = load(5, 0);
  narrow.is_64 = false;
  Instruction offset = load_at(6, 0, 7);
  offset.operand.extend = Extend::kSignedWord;
  litmus::Test test = pages(1, {{narrow, offset}});
  test.threads[0].registers[7] = 0xffff'fff8;
  test.threads[0].registers[0] = va(0) + 8;
  test.memory[pa(0) + 8] = 0x1'2345'6789;
  test.memory[pa(0)] = 42;
  const ThreadRun run = only_run(runs_of(test));
  EXPECT_EQ(run.registers[5], 0x2345'6789U);
  EXPECT_EQ(run.registers[6], 42U);
}

TEST(LitmusRuns, DependenciesGoThroughRegisters) {
  const Runs runs = runs_of(pages(3, {{load(5, 0), alu(Opcode::kEor, 6, 5, 5), load_at(7, 1, 6),
                                       store(7, 2), branch_not_zero(5, 5), load(8, 1)}}));
  const ThreadRun& run = only_run(runs);
  EXPECT_EQ(letters(run), "RRWR");
  EXPECT_EQ(run.events[1].address_from, run_bit(0));
  EXPECT_EQ(run.events[2].data_from, run_bit(0) | run_bit(1));
  EXPECT_EQ(run.events[2].control_from, 0U);
  EXPECT_EQ(run.events[3].control_from, run_bit(0));
  EXPECT_EQ(run.events[3].address_from, 0U);
}

TEST(LitmusRuns, DependenciesGoThroughOwnStoresEvenIfAnotherStoreIsRead) {
  const Runs runs = runs_of(pages(
      3, {{load(5, 0), store(5, 1), load(6, 1), load_at(7, 2, 6)}, {mov(5, 8), store(5, 1)}}));
  ASSERT_EQ(runs.threads[0].size(), 2U);
  for (const ThreadRun& run : runs.threads[0]) {
    EXPECT_EQ(run.events.back().address_from, run_bit(0) | run_bit(2));
  }
}

TEST(LitmusRuns, ASelectPassesItsFlagsOnByChoiceAlone) {
  const Runs runs = runs_of(pages(
      3, {{load(5, 0), load(6, 1), compare(5, 0), select(7, 6, 8, Condition::kEq), store(7, 2)}}));
  const Event& stored = only_run(runs).events.back();
  EXPECT_EQ(stored.data_from, run_bit(1));
  EXPECT_EQ(stored.pick_data_from, run_bit(0) | run_bit(1));
}

TEST(LitmusRuns, ACompareSwapHasUpToThreeShapes) {
  litmus::Test test = pages(
      1, {{mov(5, 0), mov(6, 2), atomic(Opcode::kCompareSwap, 5, 6, 0)}, {mov(5, 1), store(5, 0)}});
  const Runs runs = runs_of(test);
  std::set<std::vector<Value>> seen;
  for (const ThreadRun& run : runs.threads[0]) {
    std::vector<Value> values;
    for (const Event& e : run.events) values.push_back(e.value);
    seen.insert(values);
  }
  // Success; failure with and without writing back what it read.
  EXPECT_EQ(seen, (std::set<std::vector<Value>>{{0, 2}, {1, 1}, {1}}));
  EXPECT_EQ(finals(runs, 0, 5), (std::set<Value>{0, 1}));
}

TEST(LitmusRuns, TheResultOfACompareSwapComesFromMemoryOrFromWhatWasExpected) {
  const Runs runs = runs_of(
      pages(3, {{load(5, 1), mov(6, 2), atomic(Opcode::kCompareSwap, 5, 6, 0), store(5, 2)}}));
  std::set<std::pair<RunMask, RunMask>> seen;
  for (const ThreadRun& run : runs.threads[0]) {
    if (letters(run) != "RRWW") continue;
    seen.emplace(run.events[3].data_from, run.events[3].pick_data_from);
    EXPECT_EQ(run.events[2].data_from, 0U);
    EXPECT_EQ(run.events[2].pick_data_from, run_bit(0));
  }
  EXPECT_EQ(seen, (std::set<std::pair<RunMask, RunMask>>{{run_bit(1), run_bit(1)},
                                                         {run_bit(0), run_bit(0) | run_bit(1)}}));
}

TEST(LitmusRuns, AtomicsPairTheirHalves) {
  Instruction add = atomic(Opcode::kFetchAdd, 5, kZeroRegister, 0);
  add.acquire = true;
  Instruction swap = atomic(Opcode::kSwap, 5, 6, 0);
  swap.acquire = true;
  swap.release = true;
  const ThreadRun run = only_run(runs_of(pages(1, {{mov(5, 3), add, swap}})));
  ASSERT_EQ(letters(run), "RWRW");
  EXPECT_TRUE(run.events[0].no_return);
  EXPECT_FALSE(run.events[0].acquire);
  EXPECT_EQ(run.events[1].value, 3U);
  EXPECT_EQ(run.events[0].pair, 1);
  EXPECT_EQ(run.events[1].pair, 0);
  EXPECT_TRUE(run.events[2].acquire);
  EXPECT_TRUE(run.events[3].release);
  EXPECT_EQ(run.registers[6], 3U);
  EXPECT_EQ(run.events[3].before_in_instruction, run_bit(2));
}

TEST(LitmusRuns, AStoreExclusiveMayFailAndNeedsALoadExclusive) {
  Instruction load_exclusive = load(5, 0);
  load_exclusive.opcode = Opcode::kLoadExclusive;
  const Instruction store_exclusive = atomic(Opcode::kStoreExclusive, 7, 6, 0);
  const Runs runs =
      runs_of(pages(2, {{load_exclusive, store_exclusive, store(7, 1)}, {store_exclusive}}));
  EXPECT_THAT(shapes(runs), UnorderedElementsAre("RWW", "RW"));
  EXPECT_EQ(finals(runs, 1, 7), (std::set<Value>{1}));
  for (const ThreadRun& run : runs.threads[0]) {
    EXPECT_EQ(run.events.back().data_from, 0U);  // a status carries no dependency
    EXPECT_EQ(run.events[0].pair, run.registers[7] == 0 ? 1 : kNoEvent);
  }
}

TEST(LitmusRuns, AWalkReadsWhatTheDescriptorMayHold) {
  litmus::Test test = pages(2, {{store(5, 10)}, {load(6, 0)}});
  test.threads[0].registers[5] = leads_to(1);
  test.memory[pa(1)] = 9;
  const Runs runs = runs_of(test);
  EXPECT_EQ(finals(runs, 1, 6), (std::set<Value>{0, 9}));
  for (const ThreadRun& run : runs.threads[1]) {
    ASSERT_EQ(letters(run), "TR");
    EXPECT_EQ(run.events[0].address, pte(0));
    EXPECT_EQ(run.events[1].address, run.events[0].value == leads_to(1) ? pa(1) : pa(0));
    EXPECT_EQ(run.events[1].walks, run_bit(0));
    EXPECT_EQ(run.events[1].walk.descriptor, run.events[0].value);
    EXPECT_EQ(run.events[1].before_in_instruction, run_bit(0));
  }
}

TEST(LitmusRuns, AWalkMayBeOlderThanAnOwnStoreOfTheDescriptorButNotNewer) {
  litmus::Test test = pages(2, {{load(6, 0), store(5, 10), load(7, 0)}});
  test.threads[0].registers[5] = leads_to(1);
  test.memory[pa(1)] = 9;
  const Runs runs = runs_of(test);
  EXPECT_EQ(finals(runs, 0, 6), (std::set<Value>{0}));
  EXPECT_EQ(finals(runs, 0, 7), (std::set<Value>{0, 9}));
}

TEST(LitmusRuns, FaultsComeInTheOrderOfTheirChecks) {
  const auto fault_of = [](Value descriptor, bool write, unsigned el) {
    litmus::Test test = pages(1, {{write ? store(5, 0) : load(5, 0)}});
    test.memory[pte(0)] = descriptor;
    test.threads[0].el = el;
    const ThreadRun run = only_run(runs_of(test));
    EXPECT_EQ(letters(run), "TF");
    EXPECT_EQ(run.events[1].fault.from_write, write);
    EXPECT_EQ(run.events[1].walks, run_bit(0));
    EXPECT_EQ(run.events[0].walk.faulting, run.events[1].fault.type != FaultType::kPermission);
    return run.events[1].fault.type;
  };
  EXPECT_EQ(fault_of(leads_to(0) & ~(kValid | kAf), false, 1), FaultType::kTranslation);
  EXPECT_EQ(fault_of((leads_to(0) & ~kAf) | kReadOnly, true, 1), FaultType::kAccessFlag);
  EXPECT_EQ(fault_of(leads_to(0) | kReadOnly | kDbm, true, 1), FaultType::kPermission);
  EXPECT_EQ(fault_of(leads_to(0) & ~kUser, false, 0), FaultType::kPermission);
}

TEST(LitmusRuns, FromEl0DescriptorsAreOutOfReach) {
  litmus::Test test = pages(1, {{load(5, 10)}});
  test.threads[0].el = 0;
  const ThreadRun run = only_run(runs_of(test));
  ASSERT_EQ(letters(run), "F");
  EXPECT_EQ(run.events[0].fault.type, FaultType::kPermission);
  EXPECT_EQ(run.events[0].fault.va, pte(0));
}

TEST(LitmusRuns, HardwareSetsTheAccessFlagOfWhatIsUsed) {
  litmus::Test test = pages(1, {{load(5, 0)}});
  test.memory[pte(0)] &= ~kAf;
  test.threads[0].hardware_af = true;
  const Runs runs = runs_of(test);
  EXPECT_THAT(shapes(runs), UnorderedElementsAre("THR", "TR"));
  EXPECT_THAT(runs.spurious_af, ElementsAre(pte(0)));
  for (const ThreadRun& run : runs.threads[0]) {
    if (letters(run) != "THR") continue;
    EXPECT_EQ(run.events[1].value, leads_to(0));
    EXPECT_TRUE(run.events[1].sets_af);
    EXPECT_EQ(run.events[1].pair, 0);
    EXPECT_EQ(run.events[0].pair, 1);
    EXPECT_EQ(run.events[2].before_in_instruction, run_bit(0));
  }
}

TEST(LitmusRuns, HardwareMakesDirtyWhatIsWrittenAndMayBeMadeSo) {
  litmus::Test test = pages(1, {{store(5, 0)}});
  test.memory[pte(0)] |= kReadOnly | kDbm;
  test.threads[0].hardware_dirty = true;
  const ThreadRun run = only_run(runs_of(test));
  EXPECT_EQ(letters(run), "THW");
  EXPECT_EQ(run.events[1].value, leads_to(0) | kDbm);
  EXPECT_TRUE(run.events[1].sets_dirty);
  test.memory[pte(0)] &= ~kDbm;
  EXPECT_EQ(letters(only_run(runs_of(test))), "TF");
}

TEST(LitmusRuns, AFailingCompareSwapMayOrMayNotMakeDirty) {
  litmus::Test test = pages(1, {{mov(5, 1), atomic(Opcode::kCompareSwap, 5, 6, 0)}});
  test.memory[pte(0)] |= kReadOnly | kDbm;
  test.threads[0].hardware_dirty = true;
  EXPECT_THAT(shapes(runs_of(test)), UnorderedElementsAre("THRW", "THR", "TR"));
}

TEST(LitmusRuns, EachStoreWithoutAfMayBeFollowedByASpuriousUpdate) {
  litmus::Test test = pages(1, {{store(5, 10), store(5, 10)}, {load(6, 10)}});
  test.threads[0].registers[5] = leads_to(0) & ~kAf;
  test.threads[1].hardware_af = true;
  const Runs runs = runs_of(test);
  EXPECT_THAT(runs.spurious_af, ElementsAre(pte(0), pte(0)));
  EXPECT_EQ(finals(runs, 1, 6), (std::set<Value>{leads_to(0), leads_to(0) & ~kAf}));
}

litmus::Test faulting(FaultMode mode) {
  litmus::Test test = pages(2, {{load(5, 0), store(6, 1)}});
  test.memory[pte(0)] = 0;
  test.fault_mode = mode;
  return test;
}

TEST(LitmusRuns, WithoutHandlerTheModeSaysWhatFollowsAFault) {
  EXPECT_EQ(letters(only_run(runs_of(faulting(FaultMode::kFatal)))), "TF");
  EXPECT_EQ(letters(only_run(runs_of(faulting(FaultMode::kSkip)))), "TFW");
  EXPECT_THAT(runs_of(faulting(FaultMode::kHandled)).threads[0], IsEmpty());

  litmus::Test mended = faulting(FaultMode::kHandled);
  mended.threads.push_back(mended.threads[0]);
  mended.threads[1].code.instructions = {store(7, 10)};
  mended.threads[1].registers[7] = leads_to(0);
  EXPECT_THAT(shapes(runs_of(mended)), UnorderedElementsAre("TRW", "TFTRW"));
}

TEST(LitmusRuns, AHandlerReturnsToTheAddressThatItWrites) {
  litmus::Test test = faulting(FaultMode::kFatal);
  const Address next = test.threads[0].code.address_of(1);
  add_handler(test.threads[0], {mov(9, next), write_system(SystemRegister::kElrEl1, 9),
                                make(Opcode::kExceptionReturn)});
  const ThreadRun run = only_run(runs_of(test));
  EXPECT_EQ(letters(run), "TFEW");
  EXPECT_TRUE(run.events[1].fault.enters_handler);
  EXPECT_EQ(run.events[1].source, &test.threads[0].code.instructions[0]);
}

TEST(LitmusRuns, AHandlerThatReturnsToTheFaultIsCutAtTheBound) {
  litmus::Test test = faulting(FaultMode::kFatal);
  add_handler(test.threads[0], {make(Opcode::kExceptionReturn)});
  const ThreadRun run = only_run(runs_of(test));
  EXPECT_TRUE(run.hit_loop_bound);
  EXPECT_EQ(letters(run), "TFETFETFE");
}

TEST(LitmusRuns, AFaultInAHandlerMakesTheExecutionVoid) {
  litmus::Test test = faulting(FaultMode::kSkip);
  add_handler(test.threads[0], {load(5, 0), store(6, 1)});
  EXPECT_THAT(runs_of(test).threads[0], IsEmpty());
}

TEST(LitmusRuns, ASupervisorCallReturnsBehindItself) {
  litmus::Test test = pages(1, {{make(Opcode::kSupervisorCall), store(6, 0)}});
  add_handler(test.threads[0], {make(Opcode::kExceptionReturn)});
  const ThreadRun run = only_run(runs_of(test));
  EXPECT_EQ(letters(run), "FEW");
  EXPECT_EQ(run.events[0].fault.type, FaultType::kSupervisorCall);
  EXPECT_EQ(run.system[static_cast<std::size_t>(SystemRegister::kEsrEl1)], 0x2bU << 25);
}

TEST(LitmusRuns, ALoopOnMemoryIsCutAndOneOnCountsIsNot) {
  const Runs spinning = runs_of(pages(1, {{load(5, 0), branch_zero(5, 0)}}));
  const ThreadRun& cut = only_run(spinning);
  EXPECT_TRUE(cut.hit_loop_bound);
  EXPECT_EQ(letters(cut), "RRR");
  const Runs counting =
      runs_of(pages(1, {{mov(5, 5), store(5, 0), alu_immediate(Opcode::kSubtract, 5, 5, 1),
                         branch_not_zero(5, 1)}}));
  EXPECT_FALSE(only_run(counting).hit_loop_bound);
  EXPECT_EQ(letters(only_run(counting)), "WWWWW");
}

TEST(LitmusRuns, AddressTranslationSaysWhereOrThatItFailed) {
  Instruction at = make(Opcode::kAddressTranslate);
  at.rt = 0;
  at.for_write = true;
  litmus::Test test = pages(1, {{at, read_system(5, SystemRegister::kParEl1)}});
  EXPECT_EQ(only_run(runs_of(test)).registers[5], pa(0) | 0x800);  // bit 11 is RES1
  test.memory[pte(0)] |= kReadOnly;
  const ThreadRun failed = only_run(runs_of(test));
  EXPECT_EQ(failed.registers[5] & 1, 1U);
  EXPECT_EQ(letters(failed), "T");
}

TEST(LitmusRuns, TooManyEventsAndTooManyRunsAreSaid) {
  const Runs long_one = runs_of(pages(1, {Program(kMaxRunEvents + 1, store(5, 0))}));
  EXPECT_FALSE(long_one.bound.empty());
  Limits limits;
  limits.max_runs = 2;
  const litmus::Test test =
      pages(1, {{load(6, 0)}, {mov(5, 1), store(5, 0), mov(5, 2), store(5, 0)}});
  const Runs many = runs_of(test, {}, limits);
  EXPECT_THAT(many.bound, testing::HasSubstr("more than 2 runs"));
  EXPECT_EQ(many.threads[0].size(), 2U);
  limits = {};
  limits.max_memory_bytes = 0;
  const Runs no_room = runs_of(test, {}, limits);
  EXPECT_THAT(no_room.bound, testing::HasSubstr("more than 1 runs"));
}

}  // namespace
}  // namespace amalgam::model::litmus
