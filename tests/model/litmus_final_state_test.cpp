// How final states are shown and what conditions say of them.
#include "model/litmus/final_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/litmus_run_builder.hpp"

namespace amalgam::model::litmus {
namespace {

using testing::ElementsAre;

constexpr Value kPage = 0x743;  // valid, af, ISH, el0, db

litmus::Test named_test() {
  litmus::Test test;
  test.translation.mair = 0x0c'44'ff;
  test.symbols = {{"x", kVaX, kPageX, kDescriptorX},
                  {"y", kVaX + 0x1000, kPageY, kDescriptorX + 8}};
  for (const char* name : {"P0", "P1"}) {
    Thread& thread = test.threads.emplace_back();
    thread.name = name;
    thread.el = 1;
  }
  test.threads[1].code.base = 0x1002'0000;
  Instruction labelled;
  labelled.labels = {"L1", "L0"};
  test.threads[1].code.instructions = {{}, labelled};
  test.threads[1].code.end_labels = {"Lend"};
  return test;
}

std::string text(Value value, PrintAs as = PrintAs::kNatural, IntegerType type = {}) {
  return print_value(named_test(), value, as, type);
}

TEST(PrintedValues, AreNamesWhereTheyAreAddresses) {
  EXPECT_EQ(text(kVaX), "x");
  EXPECT_EQ(text(kVaX + 8), "x+8");
  EXPECT_EQ(text(kVaX >> 12), "TLB(x)");
  EXPECT_EQ(text(kDescriptorX + 8), "PTE(y)");
  EXPECT_EQ(text(kPageY), "PA(y)");
  EXPECT_EQ(text(0x1002'0004), "label:\"P1:L0\"");
  EXPECT_EQ(text(0x1002'0008), "label:\"P1:Lend\"");
}

TEST(PrintedValues, ShowTheFieldsOfDescriptorsThatAreUnusual) {
  const Value descriptor = kPageX | kPage;
  EXPECT_EQ(text(descriptor), "(oa:PA(x))");
  EXPECT_EQ(text(descriptor & ~Value{1}), "(oa:PA(x), valid:0)");
  EXPECT_EQ(text((descriptor & ~Value{0x400}) | 0x80), "(oa:PA(x), af:0, db:0)");
  EXPECT_EQ(text(descriptor | Value{1} << 51), "(oa:PA(x), dbm:1)");
  EXPECT_EQ(text((kPageY | kPage | Value{1} << 54) & ~Value{0x40}), "(oa:PA(y), el0:0, x:0)");
  EXPECT_EQ(text((descriptor | 1U << 2) & ~Value{0x300}), "(oa:PA(x), attrs:(Normal, iNC, oNC))");
  EXPECT_EQ(text(descriptor | 2U << 2), "(oa:PA(x), attrs:(Device-GRE))");
}

TEST(PrintedValues, TellPhysicalAddressRegistersFromDescriptors) {
  EXPECT_EQ(text(kPageX | 0x800, PrintAs::kPar), "(parel1_t:(oa:PA(x)))");
  EXPECT_EQ(text(0x801, PrintAs::kPar), "(parel1_t:(f:1))");
}

TEST(PrintedValues, AreNumbersOfTheirType) {
  EXPECT_EQ(text(7), "7");
  EXPECT_EQ(text(0xffff'ffff), "-1");
  EXPECT_EQ(text(0xffff'ffff, PrintAs::kNatural, {.is_64 = false, .is_unsigned = true}),
            "4294967295");
  EXPECT_EQ(text(0xffff'ffff, PrintAs::kNatural, {.is_64 = true}), "4294967295");
  EXPECT_EQ(text(~Value{0}, PrintAs::kNatural, {.is_64 = true}), "-1");
  EXPECT_EQ(text(~Value{0}, PrintAs::kNatural, {.is_64 = true, .is_unsigned = true}),
            "18446744073709551615");
}

// One thread that ends with R0 = 5 and one that faults at L0.
class Endings : public testing::Test {
 protected:
  Endings() : test_(named_test()) {
    first_ = RunBuilder().read(kPageX, 5).run();
    second_ = RunBuilder().faulting_read().run();
    for (Event& e : second_.events) e.source = &test_.threads[1].code.instructions[1];
  }

  FinalState state(const FinalMemory& memory = {}) {
    const std::vector<const ThreadRun*> runs{&first_, &second_};
    return final_state(test_, runs, memory);
  }

  bool holds(const Formula& condition, const FinalMemory& memory = {}) {
    test_.condition = condition;
    return state(memory).satisfies;
  }

  void observe_fault(const FaultPattern& pattern, const std::string& shown) {
    Observable& o = test_.observed.emplace_back();
    o.kind = Observable::Kind::kFault;
    o.fault = pattern;
    o.text = shown;
  }

  litmus::Test& test() { return test_; }
  ThreadRun& second() { return second_; }

 private:
  litmus::Test test_;
  ThreadRun first_;
  ThreadRun second_;
};

Formula register_is(std::uint32_t thread, RegisterIndex reg, Value value) {
  Formula f;
  f.kind = Formula::Kind::kRegisterIs;
  f.thread = thread;
  f.reg = reg;
  f.value = value;
  return f;
}

Formula combine(Formula::Kind kind, std::vector<Formula> parts) {
  Formula f;
  f.kind = kind;
  f.parts = std::move(parts);
  return f;
}

// A fault pattern, part by part.
class On {
 public:
  explicit On(std::uint32_t thread) { pattern_.thread = thread; }
  On& label(const std::string& label) {
    pattern_.label = label;
    return *this;
  }
  On& symbol(const std::string& symbol, bool of_descriptor = false) {
    pattern_.symbol = symbol;
    pattern_.of_descriptor = of_descriptor;
    return *this;
  }
  On& type(FaultType type, bool data_only = false) {
    pattern_.type = type;
    pattern_.data_only = data_only;
    return *this;
  }
  operator FaultPattern() const { return pattern_; }

 private:
  FaultPattern pattern_;
};

Formula faults(const FaultPattern& pattern) {
  Formula f;
  f.kind = Formula::Kind::kFault;
  f.fault = pattern;
  return f;
}

TEST_F(Endings, ConnectivesMeanWhatTheySay) {
  const Formula yes = register_is(0, 0, 5);
  const Formula no = register_is(0, 0, 6);
  EXPECT_TRUE(holds(Formula{}));
  EXPECT_TRUE(holds(yes));
  EXPECT_FALSE(holds(no));
  EXPECT_FALSE(holds(combine(Formula::Kind::kAnd, {yes, no})));
  EXPECT_TRUE(holds(combine(Formula::Kind::kOr, {no, yes})));
  EXPECT_TRUE(holds(combine(Formula::Kind::kNot, {no})));
}

TEST_F(Endings, ARegisterThatNobodySetEqualsNothing) {
  EXPECT_FALSE(holds(register_is(0, 9, 0)));
  EXPECT_TRUE(holds(combine(Formula::Kind::kNot, {register_is(0, 9, 0)})));
}

TEST_F(Endings, MemoryIsWhatWasWrittenLastOrWasThere) {
  Formula f;
  f.kind = Formula::Kind::kMemoryIs;
  f.address = kPageX;
  f.value = 3;
  EXPECT_FALSE(holds(f));
  EXPECT_TRUE(holds(f, {{kPageX, 3}}));
  test().memory[kPageX] = 3;
  EXPECT_TRUE(holds(f));
  EXPECT_FALSE(holds(f, {{kPageX, 4}}));
  f.mask = 1;
  EXPECT_TRUE(holds(f, {{kPageX, 7}}));
}

TEST_F(Endings, AFaultAtomMatchesWhereEveryPartDoes) {
  EXPECT_TRUE(holds(faults(On(1))));
  EXPECT_FALSE(holds(faults(On(0))));
  EXPECT_TRUE(holds(faults(On(1).label("L1"))));
  EXPECT_FALSE(holds(faults(On(1).label("L2"))));
  EXPECT_TRUE(holds(faults(On(1).symbol("x"))));
  EXPECT_FALSE(holds(faults(On(1).symbol("y"))));
  EXPECT_FALSE(holds(faults(On(1).symbol("x", true))));
  EXPECT_TRUE(holds(faults(On(1).type(FaultType::kTranslation))));
  EXPECT_FALSE(holds(faults(On(1).type(FaultType::kPermission))));
  second().events.back().fault.is_instruction_abort = true;
  EXPECT_TRUE(holds(faults(On(1).type(FaultType::kTranslation))));
  EXPECT_FALSE(holds(faults(On(1).type(FaultType::kTranslation, true))));
}

TEST_F(Endings, FaultsThatSomeAtomMatchesAreShown) {
  observe_fault(On(1).label("L0").symbol("x"), "Fault(P1:L0,x)");
  observe_fault(On(0), "Fault(P0)");
  EXPECT_THAT(state().parts, ElementsAre("Fault(P1:{L0,L1},x,D-MMU:Translation)", "~Fault(P0)"));
  test().observed.front().fault.type = FaultType::kTranslation;
  EXPECT_THAT(state().parts, ElementsAre("Fault(P1:{L0,L1},x,MMU:Translation)", "~Fault(P0)"));
  second().events.back().fault.va = kDescriptorX;
  EXPECT_THAT(state().parts, ElementsAre("~Fault(P1:L0,x)", "~Fault(P0)"));
}

TEST_F(Endings, CallsShowNoAddress) {
  observe_fault(On(1), "Fault(P1)");
  second().events.back().fault.type = FaultType::kSupervisorCall;
  EXPECT_THAT(state().parts, ElementsAre("Fault(P1:{L0,L1},SupervisorCall)"));
}

TEST_F(Endings, AFilterLeavesExecutionsOut) {
  EXPECT_TRUE(passes_filter(test(), {}, {}));
  test().filter = register_is(0, 0, 6);
  const ThreadRun run = RunBuilder().read(kPageX, 5).run();
  const std::vector<const ThreadRun*> runs{&run, &run};
  EXPECT_FALSE(passes_filter(test(), runs, {}));
  test().filter = register_is(0, 0, 5);
  EXPECT_TRUE(passes_filter(test(), runs, {}));
}

TEST(Observations, FollowFromTheStatesThatSatisfy) {
  Result result;
  litmus::Test test = named_test();
  test.quantifier = Quantifier::kForall;
  EXPECT_EQ(result.observation(), Observation::kNever);
  result.states = {{{"a"}, true}};
  EXPECT_EQ(result.observation(), Observation::kAlways);
  EXPECT_EQ(kind_of(test, result), Kind::kRequired);
  test.quantifier = Quantifier::kExists;
  EXPECT_EQ(kind_of(test, result), Kind::kAllowed);
  result.states.push_back({{"b"}, false});
  EXPECT_EQ(name(result.observation()), "Sometimes");
  EXPECT_TRUE(is_allowed(result));
  result.states.front().satisfies = false;
  EXPECT_EQ(name(kind_of(test, result)), "Forbidden");
}

}  // namespace
}  // namespace amalgam::model::litmus
