// Each part of herd's model is seen by an execution that it alone forbids.
#include "model/litmus/herd_model.hpp"

#include <gtest/gtest.h>

#include <string>

#include "model/litmus_execution_builder.hpp"

namespace amalgam::model::litmus {
namespace {

std::string refused_by(ExecutionBuilder& b, HerdParts parts = HerdParts::all(),
                       arch::Ets ets = arch::Ets::kNone) {
  ModelOptions options;
  options.ets = ets;
  const HerdModel model(b.skeleton(), options, parts);
  const Candidate candidate = b.candidate();
  const Refusal refusal = model.judge(candidate);
  if (refusal.axiom != nullptr) return refusal.axiom;
  EXPECT_TRUE(model.may_be_consistent(candidate));
  return "";
}

// Expects that the axiom refuses the execution, and nothing does once the part is left out.
void expect_needs(ExecutionBuilder& b, HerdPart part, const char* axiom = "external",
                  arch::Ets ets = arch::Ets::kNone) {
  EXPECT_EQ(refused_by(b, HerdParts::all(), ets), axiom);
  EXPECT_EQ(refused_by(b, HerdParts::all().drop(part), ets), "");
}

void publish(ExecutionBuilder& b, unsigned thread, Address first, Value value) {
  b.write(thread, first, value);
  b.barrier(thread, "dmb st");
  b.write(thread, kPageY, 1);
}

TEST(HerdModel, AWalkComesBeforeTheAccessThatItServes) {
  ExecutionBuilder b(2);
  b.write(0, kPageX, 1);
  b.barrier(0, "dmb st");
  b.write(0, kPteY, valid_to(kPageX));
  b.walk(1, kPteY, kVaY, valid_to(kPageX));
  b.join_read(1, kPageX, 0);
  expect_needs(b, HerdPart::kTrIb);
  expect_needs(b, HerdPart::kTtdRf);
}

ExecutionBuilder read_then_fault(FaultType type, Value descriptor) {
  ExecutionBuilder b(2);
  b.test().memory[kPteX] = descriptor;
  publish(b, 0, kPteX, valid_to(kPageX));
  b.read(1, kPageY, 1);
  b.walk(1, kPteX, kVaX, descriptor);
  b.join_fault(1, type);
  return b;
}

TEST(HerdModel, Ets2OrdersAccessesBeforeWalksThatFault) {
  ExecutionBuilder b = read_then_fault(FaultType::kTranslation, kInvalid);
  EXPECT_EQ(refused_by(b), "");
  expect_needs(b, HerdPart::kEtsOb, "external", arch::Ets::kEts2);
  expect_needs(b, HerdPart::kTlbUncacheableCa, "external", arch::Ets::kEts2);
}

TEST(HerdModel, PermissionFaultsMayComeFromATlb) {
  ExecutionBuilder b =
      read_then_fault(FaultType::kPermission, valid_to(kPageX, kAccessed | kReadOnly));
  EXPECT_EQ(refused_by(b, HerdParts::all(), arch::Ets::kEts3), "");
}

TEST(HerdModel, Ets3OrdersAccessesBeforeWalksOfPermissionFaults) {
  const Value read_only = valid_to(kPageX, kAccessed | kReadOnly);
  ExecutionBuilder b(2);
  b.test().memory[kPteX] = read_only;
  publish(b, 0, kPageZ, 1);
  b.read(1, kPageY, 1);
  b.walk(1, kPteX, kVaX, read_only);
  b.join_fault(1, FaultType::kPermission);
  b.read(1, kPageZ, 0);
  EXPECT_EQ(refused_by(b, HerdParts::all(), arch::Ets::kEts2), "");
  expect_needs(b, HerdPart::kEtsOb, "external", arch::Ets::kEts3);
}

TEST(HerdModel, DsbOrdersWhatComesBeforeIt) {
  ExecutionBuilder b(2);
  b.write(0, kPageX, 1);
  b.barrier(0, "dsb sy");
  b.write(0, kPageY, 1);
  const RunEvent flag = b.read(1, kPageY, 1);
  const RunEvent data = b.read(1, kPageX, 0);
  b.event(1, data).address_from = run_bit(flag);
  expect_needs(b, HerdPart::kDsbOb);
  expect_needs(b, HerdPart::kDob);
  expect_needs(b, HerdPart::kExpObs);
}

// A reader that takes a stale translation after `between` (which may be a DSB) and a read of y.
ExecutionBuilder stale_walk_after(const char* between, bool control) {
  ExecutionBuilder b(2);
  publish(b, 0, kPteX, kInvalid);
  b.coherence(kPteX, {kInvalid});
  const RunEvent flag = b.read(1, kPageY, 1);
  const RunEvent barrier = b.barrier(1, between);
  b.walk(1, kPteX, kVaX, valid_to(kPageX));
  b.join_read(1, kPageX, 0);
  if (control) b.event(1, barrier).control_from = run_bit(flag);
  return b;
}

TEST(HerdModel, WithoutATlbiAWalkMayBeStaleAfterAnyBarrier) {
  for (const char* between : {"isb", "dsb sy", "dmb sy"}) {
    ExecutionBuilder b = stale_walk_after(between, true);
    EXPECT_EQ(refused_by(b), "") << between;
  }
}

// Thread 0 invalidates x's descriptor and tells so by y; thread 1 sees y and uses the old one.
ExecutionBuilder stale_walk_after_tlbi(const char* tlbi, Address va) {
  ExecutionBuilder b(2);
  b.write(0, kPteX, kInvalid);
  b.barrier(0, "dsb sy");
  b.tlbi(0, tlbi, va);
  b.barrier(0, "dsb sy");
  b.write(0, kPageY, 1);
  const RunEvent flag = b.read(1, kPageY, 1);
  const RunEvent isb = b.barrier(1, "isb");
  b.event(1, isb).control_from = run_bit(flag);
  b.walk(1, kPteX, kVaX, valid_to(kPageX));
  b.join_read(1, kPageX, 0);
  return b;
}

TEST(HerdModel, ATlbiThatADsbCompletesEndsStaleWalks) {
  ExecutionBuilder b = stale_walk_after_tlbi("vaae1is", kVaX);
  expect_needs(b, HerdPart::kTlbiOb);
  expect_needs(b, HerdPart::kTlbiCa);
  expect_needs(b, HerdPart::kIfbOb);
  ExecutionBuilder all = stale_walk_after_tlbi("vmalle1is", 0);
  expect_needs(all, HerdPart::kTlbiOb);
}

TEST(HerdModel, ATlbiOfAnotherPageOrAnotherCpuEndsNothing) {
  ExecutionBuilder other_page = stale_walk_after_tlbi("vaae1is", kVaY);
  EXPECT_EQ(refused_by(other_page), "");
  ExecutionBuilder local = stale_walk_after_tlbi("vaae1", kVaX);
  EXPECT_EQ(refused_by(local), "");
}

TEST(HerdModel, ContextSynchronisationOrdersWhatFollows) {
  ExecutionBuilder b(2);
  publish(b, 0, kPageX, 1);
  const RunEvent flag = b.read(1, kPageY, 1);
  const RunEvent isb = b.barrier(1, "isb");
  b.read(1, kPageX, 0);
  EXPECT_EQ(refused_by(b), "");
  b.event(1, isb).control_from = run_bit(flag);
  expect_needs(b, HerdPart::kIfbOb);
}

TEST(HerdModel, AFaultIsAContextSynchronisation) {
  ExecutionBuilder b(2);
  b.test().memory[kPteX] = kInvalid;
  b.write(0, kPageX, 1);
  b.barrier(0, "dmb st");
  b.write(0, kPteX, kPageZ | kAccessed);  // invalid as well, so the fault tells which it read
  b.walk(1, kPteX, kVaX, kPageZ | kAccessed);
  b.join_fault(1, FaultType::kTranslation);
  b.read(1, kPageX, 0);
  expect_needs(b, HerdPart::kIfbOb);
}

TEST(HerdModel, WritesOfOneLocationStayInOrder) {
  ExecutionBuilder b(2);
  const RunEvent a = b.read(0, kPageY, 1);
  const RunEvent first = b.write(0, kPageX, 1);
  b.event(0, first).data_from = run_bit(a);
  b.write(0, kPageX, 2);
  const RunEvent x = b.read(1, kPageX, 2);
  const RunEvent y = b.write(1, kPageY, 1);
  b.event(1, y).data_from = run_bit(x);
  expect_needs(b, HerdPart::kLmws);
}

// Load buffering: each thread's write is fed by its read of the other's.
ExecutionBuilder load_buffering() {
  ExecutionBuilder b(2);
  const RunEvent x = b.read(0, kPageX, 1);
  b.write(0, kPageY, 1);
  const RunEvent y = b.read(1, kPageY, 1);
  const RunEvent stored = b.write(1, kPageX, 1);
  b.event(1, stored).data_from = run_bit(y);
  EXPECT_EQ(x, 0);
  return b;
}

TEST(HerdModel, DependenciesAndPicksFeedWrites) {
  ExecutionBuilder none = load_buffering();
  EXPECT_EQ(refused_by(none), "");
  ExecutionBuilder data = load_buffering();
  data.event(0, 1).data_from = run_bit(0);
  EXPECT_EQ(refused_by(data), "external");
  ExecutionBuilder control = load_buffering();
  control.event(0, 1).control_from = run_bit(0);
  EXPECT_EQ(refused_by(control), "external");
  ExecutionBuilder pick = load_buffering();
  pick.event(0, 1).pick_data_from = run_bit(0);
  expect_needs(pick, HerdPart::kPob);
}

TEST(HerdModel, APickThroughMemoryOrdersWhatTheReadOfItIsOrderedBefore) {
  ExecutionBuilder b(2);
  const RunEvent x = b.read(0, kPageX, 1);
  const RunEvent stored = b.write(0, kPageZ, 1);
  b.event(0, stored).pick_data_from = run_bit(x);
  const RunEvent loaded = b.read(0, kPageZ, 1);
  b.event(0, loaded).acquire = true;
  b.write(0, kPageY, 1);
  const RunEvent y = b.read(1, kPageY, 1);
  const RunEvent back = b.write(1, kPageX, 1);
  b.event(1, back).data_from = run_bit(y);
  expect_needs(b, HerdPart::kPickLob);
}

TEST(HerdModel, AnAtomicComesBeforeTheAcquireThatItServes) {
  ExecutionBuilder b(2);
  b.write(0, kPageY, 1);
  b.barrier(0, "dmb sy");
  b.write(0, kPageX, 1);
  const RunEvent old = b.read(1, kPageX, 1);
  b.join_atomic_write(1, old, 2);
  const RunEvent acquire = b.read(1, kPageX, 2);
  b.event(1, acquire).acquire = true;
  b.read(1, kPageY, 0);
  expect_needs(b, HerdPart::kAob);
}

TEST(HerdModel, BarriersOrderByTheirKind) {
  const auto message_passing = [](const char* writer, const char* reader) {
    ExecutionBuilder b(2);
    b.write(0, kPageX, 1);
    b.barrier(0, writer);
    b.write(0, kPageY, 1);
    b.read(1, kPageY, 1);
    b.barrier(1, reader);
    b.read(1, kPageX, 0);
    return b;
  };
  ExecutionBuilder b = message_passing("dmb st", "dmb ld");
  expect_needs(b, HerdPart::kBob);
  ExecutionBuilder narrow = message_passing("dmb nshst", "dmb nshld");
  EXPECT_EQ(refused_by(narrow), "external") << "all domains alike";
  ExecutionBuilder loads_only = message_passing("dmb ld", "dmb ld");
  EXPECT_EQ(refused_by(loads_only), "");
}

TEST(HerdModel, ReadsOfOneLocationStayInOrder) {
  ExecutionBuilder b(2);
  b.write(0, kPageX, 1);
  b.read(1, kPageX, 1);
  b.read(1, kPageX, 0);
  expect_needs(b, HerdPart::kExpHazOb);
}

// A thread whose access of x has hardware set the access flag, before a write of y.
void update_then_publish(ExecutionBuilder& b, unsigned thread) {
  b.test().memory[kPteX] = valid_to(kPageX, 0);
  const RunEvent walk = b.walk(thread, kPteX, kVaX, valid_to(kPageX, 0));
  b.join_update(thread, walk, valid_to(kPageX));
  b.join_write(thread, kPageX, 1);
  b.barrier(thread, "dsb sy");
  b.write(thread, kPageY, 1);
}

TEST(HerdModel, ReadsBeforeAHardwareUpdateAreBeforeIt) {
  ExecutionBuilder b(2);
  update_then_publish(b, 0);
  b.read(1, kPageY, 1);
  b.barrier(1, "dmb ld");
  b.read(1, kPteX, valid_to(kPageX, 0));
  expect_needs(b, HerdPart::kHuCa);
}

TEST(HerdModel, HardwareUpdatesAndWritesOfADescriptorAreOrdered) {
  ExecutionBuilder b(2);
  b.test().memory[kPteX] = valid_to(kPageX, 0);
  const RunEvent flag = b.read(0, kPageY, 1);
  const RunEvent walk = b.walk(0, kPteX, kVaX, valid_to(kPageX, 0));
  const RunEvent update = b.join_update(0, walk, valid_to(kPageX));
  b.join_read(0, kPageX, 0);
  b.event(0, update).control_from = run_bit(flag);
  publish(b, 1, kPteX, valid_to(kPageZ));
  expect_needs(b, HerdPart::kHuCoherence);
}

TEST(HerdModel, NobodyWritesBetweenTheHalvesOfAHardwareUpdate) {
  ExecutionBuilder b(2);
  update_then_publish(b, 0);
  b.write(1, kPteX, valid_to(kPageZ));
  b.coherence(kPteX, {valid_to(kPageZ), valid_to(kPageX)});
  expect_needs(b, HerdPart::kAtomic, "atomic");
}

TEST(HerdModel, AnExclusivePairToleratesItsOwnThreadInBetween) {
  ExecutionBuilder b(1);
  const RunEvent load = b.read(0, kPageX, 0);
  b.write(0, kPageX, 1);
  const RunEvent store = b.write(0, kPageX, 2);
  b.event(0, store).pair = load;
  EXPECT_EQ(refused_by(b), "");
  ExecutionBuilder other(2);
  const RunEvent again = other.read(0, kPageX, 0);
  other.join_atomic_write(0, again, 2);
  other.write(1, kPageX, 1);
  other.coherence(kPageX, {1, 2});
  expect_needs(other, HerdPart::kAtomic, "atomic");
}

TEST(HerdModel, AReadSeesNoLaterWriteOfItsThread) {
  ExecutionBuilder b(1);
  b.read(0, kPageX, 1);
  b.write(0, kPageX, 1);
  expect_needs(b, HerdPart::kCoRw1, "coRW1-Exp");
  ExecutionBuilder atomic(1);
  const RunEvent read = atomic.read(0, kPageX, 1);
  atomic.join_atomic_write(0, read, 1);
  expect_needs(atomic, HerdPart::kCoRw1Rmw, "coRW1-Exp-rmw");
}

TEST(HerdModel, CoherenceFollowsProgramOrder) {
  ExecutionBuilder b(1);
  b.write(0, kPageX, 1);
  b.write(0, kPageX, 2);
  b.coherence(kPageX, {2, 1});
  expect_needs(b, HerdPart::kCoWw, "coWW-Exp");
  ExecutionBuilder read(1);
  read.write(0, kPageX, 1);
  read.read(0, kPageX, 0);
  expect_needs(read, HerdPart::kCoWr, "coWR-Exp");
}

TEST(HerdModel, AnEarlierAccessAtTheSameOffsetHasNotKeptATranslationThatIsGone) {
  const auto read_twice = [](Address va, Address first) {
    ExecutionBuilder b(2);
    b.write(0, kPteX, kInvalid);
    b.barrier(0, "dsb sy");
    b.tlbi(0, "vaae1is", kVaX);
    b.barrier(0, "dsb sy");
    b.write(0, kPteX, valid_to(kPageZ));
    b.walk(1, kPteX, va, valid_to(kPageZ));
    b.join_read(1, first, 0);
    b.walk(1, kPteX, kVaX, valid_to(kPageX));
    b.join_read(1, kPageX, 0);
    return b;
  };
  ExecutionBuilder same = read_twice(kVaX, kPageZ);
  expect_needs(same, HerdPart::kTlbiOb);
  ExecutionBuilder other = read_twice(kVaX + 8, kPageZ + 8);
  EXPECT_EQ(refused_by(other), "");
}

TEST(HerdModel, ExplainsACycle) {
  ExecutionBuilder b(2);
  b.write(0, kPageX, 1);
  b.barrier(0, "dmb st");
  b.write(0, kPageY, 1);
  b.read(1, kPageY, 1);
  b.barrier(1, "dmb ld");
  b.read(1, kPageX, 0);
  const HerdModel model(b.skeleton(), ModelOptions{});
  const Refusal refusal = model.explain(b.candidate());
  EXPECT_STREQ(refusal.axiom, "external");
  EXPECT_EQ(refusal.cycle.size(), 4U) << "both writes and both reads, no barrier";
}

std::set<std::string_view> flags_of(ExecutionBuilder& b) {
  const HerdModel model(b.skeleton(), ModelOptions{});
  EXPECT_EQ(model.judge(b.candidate()).axiom, nullptr);
  std::set<std::string_view> flags;
  model.add_flags(b.candidate(), flags);
  return flags;
}

const std::set<std::string_view> kMissing{"Warning-BBM-expected"};

TEST(HerdModelFlags, ANewOutputAddressNeedsBreakBeforeMake) {
  ExecutionBuilder direct(1);
  direct.write(0, kPteX, valid_to(kPageY));
  EXPECT_EQ(flags_of(direct), kMissing);

  const auto sequence = [](const char* before, const char* tlbi, Address va, const char* after) {
    ExecutionBuilder b(1);
    b.write(0, kPteX, kInvalid);
    b.barrier(0, before);
    b.tlbi(0, tlbi, va);
    b.barrier(0, after);
    b.write(0, kPteX, valid_to(kPageY));
    return flags_of(b);
  };
  EXPECT_TRUE(sequence("dsb ish", "vaae1is", kVaX, "dsb ish").empty());
  EXPECT_TRUE(sequence("dsb ish", "vmalle1is", 0, "dsb ish").empty());
  EXPECT_EQ(sequence("dsb ish", "vaae1is", kVaY, "dsb ish"), kMissing);
  EXPECT_EQ(sequence("dmb sy", "vaae1is", kVaX, "dsb ish"), kMissing);
  EXPECT_EQ(sequence("dsb ish", "vaae1is", kVaX, "dsb ishst"), kMissing);
  // What herd does not see: who the operation reaches, and how far the barriers do.
  EXPECT_TRUE(sequence("dsb nsh", "vaae1", kVaX, "dsb nsh").empty());
}

TEST(HerdModelFlags, ReadOnlyPagesMayBeSwappedIfTheirContentsAgree) {
  const auto swapped = [](Value bits, Value contents_y) {
    ExecutionBuilder b(1);
    b.test().memory[kPteX] = valid_to(kPageX, bits);
    b.test().memory[kPageX] = 1;
    b.test().memory[kPageY] = contents_y;
    b.write(0, kPteX, valid_to(kPageY, bits));
    return flags_of(b);
  };
  EXPECT_TRUE(swapped(kAccessed | kReadOnly, 1).empty());
  EXPECT_EQ(swapped(kAccessed | kReadOnly, 2), kMissing);
  EXPECT_EQ(swapped(kAccessed, 1), kMissing);
  EXPECT_TRUE(swapped(0, 2).empty()) << "without the access flag no TLB holds it";
}

TEST(HerdModelFlags, APageThatTheTestSaysNothingOfHoldsZero) {
  for (const Value contents_y : {0, 1}) {
    ExecutionBuilder b(1);
    b.test().memory[kPteX] = valid_to(kPageX, kAccessed | kReadOnly);
    if (contents_y != 0) b.test().memory[kPageY] = contents_y;
    b.write(0, kPteX, valid_to(kPageY, kAccessed | kReadOnly));
    EXPECT_EQ(flags_of(b).empty(), contents_y == 0);
  }
}

TEST(HerdModelFlags, HardwareOfAnyThreadMakesMarkedPagesWritable) {
  constexpr Value marked = kAccessed | kReadOnly | Value{1} << 51;
  for (const bool hardware : {false, true}) {
    ExecutionBuilder b(2);
    b.test().threads[1].hardware_dirty = hardware;
    b.test().memory[kPteX] = valid_to(kPageX, marked);
    b.write(0, kPteX, valid_to(kPageY, marked));
    EXPECT_EQ(flags_of(b).empty(), !hardware);
  }
}

TEST(HerdModelFlags, AttributesNeedTheSequenceAndPermissionsDoNot) {
  ExecutionBuilder type(1);
  type.write(0, kPteX, valid_to(kPageX) | 1U << 2);
  EXPECT_EQ(flags_of(type), kMissing);
  ExecutionBuilder permission(1);
  permission.write(0, kPteX, valid_to(kPageX, kAccessed | kReadOnly));
  EXPECT_TRUE(flags_of(permission).empty());
}

TEST(HerdModelFlags, ALaterUpdateCountsAsWell) {
  ExecutionBuilder b(1);
  b.write(0, kPteX, kInvalid);
  b.write(0, kPteX, valid_to(kPageY));
  EXPECT_EQ(flags_of(b), kMissing) << "not direct, and no TLBI in between";
}

}  // namespace
}  // namespace amalgam::model::litmus
