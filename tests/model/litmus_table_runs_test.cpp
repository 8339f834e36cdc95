// What the threads of a litmus test may do with real page tables. isla's family.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "model/litmus/walk.hpp"
#include "model/litmus_program_builder.hpp"

namespace amalgam::model::litmus {
namespace {

using namespace built;  // NOLINT(google-build-using-namespace)
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr Address kX = 0x60'0000;
constexpr Address kRoot = 0x30'0000;
constexpr Address kRoot2 = 0x20'0000;
constexpr Address kData = 0x80'0000;
constexpr Value kNonGlobal = 1U << 11;
constexpr Value kStage2Leaf = kValid | kAf | 0b11U << 6;

Address table_of(Address root, int level) { return root + 0x1000 * static_cast<Address>(level); }
Address entry_of(Address root, Address input, int level) {
  return table_of(root, level) + 8 * (input >> (12 + 9 * (3 - level)) & 0x1ff);
}

// Maps one page with four tables of its own, side by side behind the root.
void map_page(litmus::Test& test, Address root, Address input, Value leaf) {
  for (int level = 0; level < 3; ++level) {
    test.memory[entry_of(root, input, level)] = table_of(root, level + 1) | kValid;
  }
  test.memory[entry_of(root, input, 3)] = leaf;
}

// kX leads to kData; register 1 of thread i holds kX, register 2 the address of its descriptor.
litmus::Test table_test(std::vector<Program> programs) {
  litmus::Test test;
  test.family = Family::kIsla;
  map_page(test, kRoot, kX, kData | kValid | kAf | kUser);
  for (unsigned level = 0; level < 4; ++level) {
    const Address table = table_of(kRoot, static_cast<int>(level));
    map_page(test, kRoot, table, table | kValid | kAf | kUser);
  }
  for (Program& program : programs) {
    Thread& thread = test.threads.emplace_back();
    thread.el = 1;
    thread.code.base = 0x40'0000 + 0x1000 * test.threads.size();
    thread.code.instructions = std::move(program);
    thread.registers[1] = kX;
    thread.registers[2] = entry_of(kRoot, kX, 3);
    thread.system[static_cast<std::size_t>(SystemRegister::kTtbr0El1)] = kRoot;
    thread.system[static_cast<std::size_t>(SystemRegister::kVttbrEl2)] = kRoot2;
  }
  return test;
}

// The usual handler: a mark in register 9, on with the next instruction.
Program skipping_handler() {
  return {mov(9, 1), read_system(13, SystemRegister::kElrEl1),
          alu_immediate(Opcode::kAdd, 13, 13, 4), write_system(SystemRegister::kElrEl1, 13),
          make(Opcode::kExceptionReturn)};
}

std::set<std::string> shapes(const Runs& runs, unsigned thread = 0) {
  std::set<std::string> result;
  for (const ThreadRun& run : runs.threads[thread]) result.insert(letters(run));
  return result;
}

Value system_of(const ThreadRun& run, SystemRegister r) {
  return run.system[static_cast<std::size_t>(r)];
}

TEST(LitmusTableRuns, AWalkThatNothingChangesShowsNothing) {
  const Runs runs = runs_of(table_test({{load(5, 1)}}));
  EXPECT_THAT(shapes(runs), UnorderedElementsAre("R"));
  EXPECT_EQ(runs.threads[0][0].events[0].address, kData);
}

TEST(LitmusTableRuns, AWalkShowsWhatMayChange) {
  litmus::Test test = table_test({{load(5, 1)}, {store(5, 2)}});
  test.threads[1].registers[5] = 0;
  test.threads[0].system[static_cast<std::size_t>(SystemRegister::kTtbr0El1)] |= Value{7} << 48;
  add_handler(test.threads[0], skipping_handler());
  const Runs runs = runs_of(test);
  EXPECT_THAT(shapes(runs), UnorderedElementsAre("TR", "TFME"));
  for (const ThreadRun& run : runs.threads[0]) {
    EXPECT_EQ(run.events[0].address, entry_of(kRoot, kX, 3));
    EXPECT_EQ(run.events[0].walk.asid, 7);
    EXPECT_EQ(run.events[0].walk.faulting, run.events[0].value == 0);
    EXPECT_EQ(run.events[1].walks, run_bit(0));
  }
  // The store of the descriptor itself goes through entries that do not change.
  EXPECT_THAT(shapes(runs, 1), UnorderedElementsAre("W"));
}

// Reads tables as a test has them at the start.
class InitialTables : public DescriptorSource {
 public:
  explicit InitialTables(const litmus::Test& test) : test_(test) {}
  Value read_descriptor(Address descriptor) override { return test_.memory.at(descriptor); }

 private:
  const litmus::Test& test_;
};

TEST(LitmusWalk, LevelsComeInTurn) {
  const litmus::Test test = table_test({});
  InitialTables tables(test);
  Walker walker(tables);
  const WalkOutcome outcome = walker.walk({.va = kX + 8, .root = kRoot});
  EXPECT_FALSE(outcome.fault);
  EXPECT_EQ(outcome.pa, kData + 8);
  ASSERT_EQ(walker.steps().size(), 4U);
  for (int level = 0; level < 4; ++level) {
    const WalkStep& step = walker.steps()[static_cast<std::size_t>(level)];
    EXPECT_EQ(step.descriptor, entry_of(kRoot, kX, level));
    EXPECT_EQ(step.info.level, level);
    EXPECT_EQ(step.info.leaf, level == 3);
    EXPECT_FALSE(step.info.faulting);
  }
}

TEST(LitmusTableRuns, AHandlerSkipsTheFaultingInstruction) {
  litmus::Test test = table_test({{load(5, 1), mov(6, 3)}});
  test.memory[entry_of(kRoot, kX, 2)] = 0;
  add_handler(test.threads[0], skipping_handler());
  const ThreadRun run = runs_of(test).threads[0].at(0);
  EXPECT_EQ(run.registers[9], 1U);
  EXPECT_EQ(run.registers[6], 3U);
  EXPECT_EQ(system_of(run, SystemRegister::kFarEl1), kX);
  // Data abort from the same level, translation fault at level 2, a read.
  EXPECT_EQ(system_of(run, SystemRegister::kEsrEl1), 0x25U << 26 | 1U << 25 | 0b000110);
  const auto fault = std::ranges::find(run.events, EventKind::kFault, &Event::kind);
  ASSERT_NE(fault, run.events.end());
  EXPECT_EQ(fault->walk.level, 2);
  EXPECT_TRUE(run.events[0].walk.faulting);
  EXPECT_EQ(run.events[0].walk.level, 2);
}

TEST(LitmusTableRuns, WithoutHandlerAThreadEndsAtItsFault) {
  litmus::Test test = table_test({{load(5, 1), mov(6, 3)}});
  test.memory[entry_of(kRoot, kX, 3)] = 0;
  EXPECT_EQ(runs_of(test).threads[0].at(0).registers[6], 0U);
}

TEST(LitmusTableRuns, PermissionsDependOnTheLevelAndTheDirection) {
  const auto faults = [](Value bits, bool write, unsigned el) {
    litmus::Test test = table_test({{write ? store(5, 1) : load(5, 1)}});
    test.memory[entry_of(kRoot, kX, 3)] = kData | kValid | kAf | bits;
    test.threads[0].el = el;
    return letters(runs_of(test).threads[0].at(0)).back() == 'F';
  };
  EXPECT_FALSE(faults(0, true, 1));
  EXPECT_TRUE(faults(0, false, 0));
  EXPECT_FALSE(faults(kUser, true, 0));
  EXPECT_TRUE(faults(kUser | kReadOnly, true, 0));
  EXPECT_TRUE(faults(kReadOnly, true, 1));
  EXPECT_FALSE(faults(kReadOnly, false, 1));
}

TEST(LitmusTableRuns, ABlockEndsAWalkEarly) {
  litmus::Test test = table_test({{load(5, 1)}});
  test.memory[entry_of(kRoot, kX, 2)] = 0x4000'0000 | 1 | kAf | kUser;
  test.threads[0].registers[1] = kX + 0x1238;
  EXPECT_EQ(runs_of(test).threads[0].at(0).events.back().address, 0x4000'1238U);
}

// Stage 1 leads to IPA kData, stage 2 leads the tables to themselves and kData on.
litmus::Test two_stage_test(std::vector<Program> programs) {
  litmus::Test test = table_test(std::move(programs));
  test.translation.two_stages = true;
  for (int level = 0; level < 4; ++level) {
    const Address table = table_of(kRoot, level);
    map_page(test, kRoot2, table, table | kStage2Leaf);
  }
  map_page(test, kRoot2, kData, (kData + 0x1000) | kStage2Leaf);
  return test;
}

TEST(LitmusWalk, TwoStagesWalkTheTablesOfStageOneToo) {
  litmus::Test test = two_stage_test({});
  const auto stages = [&] {
    InitialTables tables(test);
    Walker walker(tables);
    const WalkOutcome outcome =
        walker.walk({.va = kX, .two_stages = true, .root = kRoot, .vttbr = kRoot2});
    std::string result;
    for (const WalkStep& step : walker.steps()) {
      result += step.info.stage == arch::Stage::kStage1 ? '1' : '2';
    }
    return result + (outcome.fault ? "F" : "");
  };
  EXPECT_EQ(stages(), "222212222122221222212222");
  test.memory[entry_of(kRoot, kX, 3)] = 0;
  EXPECT_EQ(stages(), "22221222212222122221F");
  test.memory[entry_of(kRoot2, table_of(kRoot, 1), 3)] = 0;
  EXPECT_EQ(stages(), "222212222F");
}

TEST(LitmusTableRuns, WithTwoStagesOneConstantReadOfStageOneShowsToo) {
  litmus::Test test = two_stage_test({{load(5, 1)}, {store(5, 2)}});
  test.threads[1].el = 2;
  test.threads[1].system[static_cast<std::size_t>(SystemRegister::kTtbr0El2)] = kRoot;
  test.memory[entry_of(kRoot, kRoot2, 2)] = kRoot2 | 1 | kAf;
  map_page(test, kRoot, table_of(kRoot2, 3), table_of(kRoot2, 3) | kValid | kAf);
  test.threads[1].registers[2] = entry_of(kRoot2, kData, 3);
  const Runs runs = runs_of(test);
  for (const ThreadRun& run : runs.threads[0]) {
    ASSERT_EQ(letters(run).substr(0, 2), "TT");
    EXPECT_EQ(run.events[0].walk.stage, arch::Stage::kStage1);
    EXPECT_EQ(run.events[0].walk.level, 3);
    EXPECT_EQ(run.events[1].walk.stage, arch::Stage::kStage2);
    EXPECT_EQ(run.events[1].walk.ipa, kData);
    EXPECT_EQ(run.events[1].walk.translation, run.events[0].walk.translation);
  }
  EXPECT_THAT(shapes(runs), UnorderedElementsAre("TTR", "TTF"));
}

TEST(LitmusTableRuns, AStageTwoFaultGoesToEl2WithItsIpa) {
  litmus::Test test = two_stage_test({{load(5, 1)}});
  map_page(test, kRoot2, kData, 0);
  add_handler(test.threads[0], {mov(9, 2), read_system(8, SystemRegister::kHpfarEl2)}, 2);
  const ThreadRun run = runs_of(test).threads[0].at(0);
  EXPECT_EQ(run.registers[9], 2U);
  EXPECT_EQ(run.registers[8], kData >> 12 << 4);
  EXPECT_EQ(system_of(run, SystemRegister::kElrEl2), test.threads[0].code.base);
  EXPECT_EQ(system_of(run, SystemRegister::kSpsrEl2), 0b0101U);
}

TEST(LitmusTableRuns, AnExceptionReturnRestoresLevelAndFlags) {
  litmus::Test test =
      table_test({{compare(7, 0), make(Opcode::kSupervisorCall), select(6, 3, 4, Condition::kEq),
                   read_system(5, SystemRegister::kCurrentEl)}});
  test.threads[0].el = 0;
  test.threads[0].registers[3] = 33;
  add_handler(test.threads[0], {compare(3, 0), read_system(8, SystemRegister::kCurrentEl),
                                make(Opcode::kExceptionReturn)});
  const ThreadRun run = runs_of(test).threads[0].at(0);
  EXPECT_EQ(letters(run), "FE");
  EXPECT_EQ(run.registers[8], 1U << 2);
  EXPECT_EQ(run.registers[5], 0U);
  EXPECT_EQ(run.registers[6], 33U);
}

TEST(LitmusTableRuns, AReturnToNowhereEndsTheThread) {
  litmus::Test test = table_test({{make(Opcode::kExceptionReturn), mov(6, 1)}});
  test.threads[0].system[static_cast<std::size_t>(SystemRegister::kElrEl1)] = 0x99'0000;
  EXPECT_EQ(runs_of(test).threads[0].at(0).registers[6], 0U);
}

TEST(LitmusTableRuns, TlbiOperandsAreDecoded) {
  litmus::Test test = table_test({{tlbi("vae1is", 5), tlbi("aside1is", 5), tlbi("ipas2e1is", 5)}});
  test.threads[0].registers[5] = kX >> 12 | Value{9} << 48;
  test.threads[0].system[static_cast<std::size_t>(SystemRegister::kVttbrEl2)] |= Value{3} << 48;
  const ThreadRun run = runs_of(test).threads[0].at(0);
  ASSERT_EQ(letters(run), "III");
  EXPECT_EQ(run.events[0].tlbi.va, kX);
  EXPECT_EQ(run.events[0].tlbi.asid, 9);
  EXPECT_EQ(run.events[0].tlbi.vmid, 3);
  EXPECT_FALSE(run.events[1].tlbi.has_address);
  EXPECT_EQ(run.events[1].tlbi.asid, 9);
  EXPECT_EQ(run.events[2].tlbi.va, kX);
}

// What register 5 may hold at the end, of a thread that changes roots: page kData holds 1 and is
// where the first root leads, the page behind it holds 2 and is where the root in register 7 leads.
std::set<Value> seen_after_root_change(Program program, Value leaf_bits, bool stale) {
  constexpr Address kOther = 0x50'0000;
  litmus::Test test = table_test({std::move(program)});
  test.memory[entry_of(kRoot, kX, 3)] |= leaf_bits;
  map_page(test, kOther, kX, (kData + 0x1000) | kValid | kAf);
  test.memory[kData] = 1;
  test.memory[kData + 0x1000] = 2;
  test.threads[0].registers[7] = kOther | Value{1} << 48;
  test.threads[0].registers[8] = kX >> 12;
  ModelOptions options;
  options.stale_roots = stale;
  std::set<Value> result;
  const Runs runs = runs_of(test, options);
  for (const ThreadRun& run : runs.threads[0]) result.insert(run.registers[5]);
  return result;
}

TEST(LitmusTableRuns, StaleRootsServeWalksUntilTheContextIsSynchronized) {
  const Instruction change = write_system(SystemRegister::kTtbr0El1, 7);
  const Program at_once{change, load(5, 1)};
  const Program synchronized{change, barrier("isb"), load(5, 1)};
  EXPECT_EQ(seen_after_root_change(at_once, kNonGlobal, false), (std::set<Value>{2}));
  EXPECT_EQ(seen_after_root_change(at_once, kNonGlobal, true), (std::set<Value>{1, 2}));
  EXPECT_EQ(seen_after_root_change(synchronized, kNonGlobal, true), (std::set<Value>{2}));
}

TEST(LitmusTableRuns, AnEntryOfAnOlderRootStaysUntilATlbiOfItCompletes) {
  const Instruction change = write_system(SystemRegister::kTtbr0El1, 7);
  const auto after = [&](Program between) {
    between.insert(between.begin(), {change, barrier("isb")});
    between.push_back(load(5, 1));
    return seen_after_root_change(std::move(between), 0, true);
  };
  const std::set<Value> either{1, 2};
  EXPECT_EQ(after({}), either);
  EXPECT_EQ(after({tlbi("vmalle1is"), barrier("dsb ish")}), either);
  EXPECT_EQ(after({tlbi("vmalle1is"), barrier("isb")}), either);
  EXPECT_EQ(after({tlbi("vmalle1is"), barrier("dsb ish"), barrier("isb")}), (std::set<Value>{2}));
  EXPECT_EQ(after({tlbi("vae1", 8), barrier("dsb nsh"), barrier("isb")}), (std::set<Value>{2}));
  EXPECT_EQ(after({tlbi("vae1", 3), barrier("dsb nsh"), barrier("isb")}), either);
}

// At EL2 nothing walks the tables of EL1&0: there a TLBI may come before the new root.
TEST(LitmusTableRuns, AtEl2ATlbiMayComeBeforeTheNewRoot) {
  const auto values = [](Program handler) {
    constexpr Address kOther = 0x50'0000;
    litmus::Test test = table_test({{make(Opcode::kHypervisorCall), load(5, 1)}});
    map_page(test, kOther, kX, (kData + 0x1000) | kValid | kAf);
    test.memory[kData] = 1;
    test.memory[kData + 0x1000] = 2;
    test.threads[0].registers[7] = kOther;
    handler.push_back(write_system(SystemRegister::kTtbr0El1, 7));
    handler.push_back(make(Opcode::kExceptionReturn));
    add_handler(test.threads[0], std::move(handler), 2);
    ModelOptions options;
    options.stale_roots = true;
    std::set<Value> result;
    const Runs runs = runs_of(test, options);
    for (const ThreadRun& run : runs.threads[0]) result.insert(run.registers[5]);
    return result;
  };
  EXPECT_EQ(values({}), (std::set<Value>{1, 2}));
  EXPECT_EQ(values({tlbi("alle1is"), barrier("dsb sy")}), (std::set<Value>{2}));
}

TEST(LitmusTableRuns, DependenciesDoNotGoThroughMemoryAndASelectTakesAllItReads) {
  litmus::Test test = table_test({{load(5, 1), store(5, 1), load(6, 1), load_at(7, 1, 6),
                                   compare(5, 0), select(8, 6, 3, Condition::kNe), store(8, 1)}});
  const ThreadRun run = runs_of(test).threads[0].at(0);
  ASSERT_EQ(letters(run), "RWRRW");
  EXPECT_EQ(run.events[3].address_from, run_bit(2));
  EXPECT_EQ(run.events[4].data_from, run_bit(0) | run_bit(2));
}

TEST(LitmusTableRuns, NotGlobalShowsInTheWalk) {
  litmus::Test test = table_test({{load(5, 1)}, {store(5, 2)}});
  test.memory[entry_of(kRoot, kX, 3)] |= kNonGlobal;
  test.threads[1].registers[5] = kData | kValid | kAf | kUser;
  std::set<bool> seen;
  const Runs runs = runs_of(test);
  for (const ThreadRun& run : runs.threads[0]) {
    EXPECT_EQ(run.events[0].walk.global, (run.events[0].value & kNonGlobal) == 0);
    seen.insert(run.events[0].walk.global);
  }
  EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace amalgam::model::litmus
