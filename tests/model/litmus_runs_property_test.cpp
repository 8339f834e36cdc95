// No run that an execution needs is left out: whatever a simple machine does with random programs,
// one instruction after the other, is among the runs of their threads.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "model/litmus/data_processing.hpp"
#include "model/litmus_program_builder.hpp"

namespace amalgam::model::litmus {
namespace {

using namespace built;  // NOLINT(google-build-using-namespace)

constexpr unsigned kPages = 2;
constexpr unsigned kThreads = 2;
constexpr RegisterIndex kResults = 4;       // 4 to 7
constexpr RegisterIndex kNumbers = 14;      // 14 to 17 hold 0 to 3
constexpr RegisterIndex kDescriptors = 18;  // 18: leads to page 0, 19: to page 1, 20: invalid

RegisterIndex any_page() { return *rc::gen::inRange<RegisterIndex>(0, kPages); }
RegisterIndex any_result() { return kResults + *rc::gen::inRange<RegisterIndex>(0, 4); }
RegisterIndex any_value() {
  return *rc::gen::element<RegisterIndex>(4, 5, 6, 7, kNumbers, kNumbers + 1, kNumbers + 2);
}

Instruction any_instruction() {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
    case 1:
      return load(any_result(), any_page());
    case 2:
      return store(any_value(), any_page());
    case 3:
      return store(kDescriptors + *rc::gen::inRange<RegisterIndex>(0, 3), 10 + any_page());
    case 4:
      return load(any_result(), 10 + any_page());
    case 5:
      return atomic(Opcode::kFetchAdd, kNumbers + 1, any_result(), any_page());
    case 6:
      return atomic(Opcode::kSwap, any_value(), any_result(), any_page());
    default:
      return atomic(Opcode::kCompareSwap, any_result(), any_value(), any_page());
  }
}

litmus::Test any_test() {
  std::vector<Program> programs(kThreads);
  for (Program& program : programs) {
    const auto length = *rc::gen::inRange(1, 5);
    for (int i = 0; i < length; ++i) program.push_back(any_instruction());
  }
  litmus::Test test = herd_test(kPages, std::move(programs));
  test.memory[pa(1)] = 3;
  for (Thread& thread : test.threads) {
    for (unsigned i = 0; i < kPages; ++i) {
      thread.registers[i] = va(i);
      thread.registers[10 + i] = pte(i);
      thread.registers[kDescriptors + i] = leads_to(i);
    }
    for (unsigned i = 0; i < 4; ++i) thread.registers[kNumbers + i] = i;
  }
  return test;
}

// Each instruction at once. Walks read any value that the descriptor has had so far.
class SimpleMachine {
 public:
  explicit SimpleMachine(const litmus::Test& test) : test_(test), memory_(test.memory) {
    for (const Thread& thread : test.threads) registers_.push_back(thread.registers);
    next_.resize(test.threads.size());
    for (const Address descriptor : test.descriptors) {
      history_[descriptor].push_back(memory_[descriptor]);
    }
  }

  void run() {
    while (true) {
      std::vector<unsigned> able;
      for (unsigned t = 0; t < next_.size(); ++t) {
        if (next_[t] < test_.threads[t].code.instructions.size()) able.push_back(t);
      }
      if (able.empty()) return;
      step(*rc::gen::elementOf(able));
    }
  }

  [[nodiscard]] const std::array<Value, kRegisters>& registers(unsigned t) const {
    return registers_[t];
  }

 private:
  void step(unsigned t) {
    const Instruction& i = test_.threads[t].code.instructions[next_[t]++];
    auto& regs = registers_[t];
    Address where = regs[i.rn];
    if (!test_.translation.is_untranslated(where)) {
      const auto page = std::ranges::find(test_.symbols, where, &Symbol::va);
      const Value descriptor = *rc::gen::elementOf(history_[page->descriptor]);
      if ((descriptor & 1) == 0) {
        next_[t] = test_.threads[t].code.instructions.size();
        return;
      }
      where = descriptor & 0x0000'ffff'ffff'f000;
    }
    access(i, regs, where);
  }

  void access(const Instruction& i, std::array<Value, kRegisters>& regs, Address where) {
    const Value old = memory_[where];
    switch (i.opcode) {
      case Opcode::kLoad:
        regs[i.rt] = old;
        return;
      case Opcode::kStore:
        return put(where, regs[i.rt]);
      case Opcode::kFetchAdd:
        put(where, old + regs[i.rs]);
        regs[i.rt] = old;
        return;
      case Opcode::kSwap:
        put(where, regs[i.rs]);
        regs[i.rt] = old;
        return;
      default:
        if (old == regs[i.rs]) put(where, regs[i.rt]);
        regs[i.rs] = old;
    }
  }

  void put(Address where, Value value) {
    memory_[where] = value;
    const auto history = history_.find(where);
    if (history != history_.end()) history->second.push_back(value);
  }

  const litmus::Test& test_;
  std::map<Address, Value> memory_;
  std::map<Address, std::vector<Value>> history_;
  std::vector<std::array<Value, kRegisters>> registers_;
  std::vector<std::size_t> next_;
};

RC_GTEST_PROP(LitmusRunsProperty, WhatASimpleMachineDoesIsAmongTheRuns, ()) {
  const litmus::Test test = any_test();
  const Runs runs = runs_of(test);
  RC_ASSERT(runs.bound.empty());
  SimpleMachine machine(test);
  machine.run();
  for (unsigned t = 0; t < kThreads; ++t) {
    RC_ASSERT(std::ranges::any_of(runs.threads[t], [&](const ThreadRun& run) {
      return run.registers == machine.registers(t);
    }));
  }
}

// What an event depends on comes before it, plain dependencies are pick ones too, pairs point at
// each other, and every value is one that its location may hold.
RC_GTEST_PROP(LitmusRunsProperty, RunsAreWellFormed, ()) {
  const Runs runs = runs_of(any_test());
  for (const std::vector<ThreadRun>& of_thread : runs.threads) {
    for (const ThreadRun& run : of_thread) {
      for (unsigned e = 0; e < run.events.size(); ++e) {
        const Event& event = run.events[e];
        const RunMask before = run_bit(e) - 1;
        const RunMask all = event.address_from | event.data_from | event.control_from |
                            event.pick_address_from | event.pick_data_from |
                            event.pick_control_from | event.walks | event.before_in_instruction;
        RC_ASSERT((all & ~before) == 0U);
        RC_ASSERT((event.address_from & ~event.pick_address_from) == 0U);
        RC_ASSERT((event.data_from & ~event.pick_data_from) == 0U);
        if (event.pair != kNoEvent) RC_ASSERT(run.events.at(event.pair).pair == e);
        if (!is_memory(event)) continue;
        const std::vector<Value>& values = runs.domains.at(event.address);
        RC_ASSERT(std::ranges::find(values, event.value) != values.end());
      }
    }
  }
}

}  // namespace
}  // namespace amalgam::model::litmus
