// Litmus tests put together by hand: instructions, herd's single-level pages, isla's real tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus::built {

// Of page number i, from 0, in herd's abstraction.
constexpr Address va(unsigned i) { return 0x4020'1000 + 0x20'1000 * i; }
constexpr Address pa(unsigned i) { return 0x8'0000'1000 + 0x1000 * i; }
constexpr Address pte(unsigned i) { return 0x3000'0008 + 8 * i; }

inline constexpr Value kValid = 0b11;
inline constexpr Value kUser = 1U << 6;
inline constexpr Value kReadOnly = 1U << 7;
inline constexpr Value kAf = 1U << 10;
inline constexpr Value kDbm = Value{1} << 51;

// A writable, accessed descriptor that leads to page i.
constexpr Value leads_to(unsigned i) { return pa(i) | kValid | kUser | kAf; }

inline Instruction make(Opcode opcode) {
  Instruction i;
  i.opcode = opcode;
  return i;
}
inline Instruction mov(RegisterIndex rd, Value value) {
  Instruction i = make(Opcode::kMove);
  i.rd = rd;
  i.operand.immediate = value;
  return i;
}
// rd = rn OP rm
inline Instruction alu(Opcode opcode, RegisterIndex rd, RegisterIndex rn, RegisterIndex rm) {
  Instruction i = make(opcode);
  i.rd = rd;
  i.rn = rn;
  i.operand.is_register = true;
  i.operand.reg = rm;
  return i;
}
inline Instruction alu_immediate(Opcode opcode, RegisterIndex rd, RegisterIndex rn, Value value) {
  Instruction i = make(opcode);
  i.rd = rd;
  i.rn = rn;
  i.operand.immediate = value;
  return i;
}
inline Instruction load(RegisterIndex rt, RegisterIndex rn) {
  Instruction i = make(Opcode::kLoad);
  i.rt = rt;
  i.rn = rn;
  return i;
}
inline Instruction load_at(RegisterIndex rt, RegisterIndex rn, RegisterIndex offset) {
  Instruction i = load(rt, rn);
  i.operand.is_register = true;
  i.operand.reg = offset;
  return i;
}
inline Instruction store(RegisterIndex rt, RegisterIndex rn) {
  Instruction i = load(rt, rn);
  i.opcode = Opcode::kStore;
  return i;
}
// rs and rt as SWP, LDADD, CAS and STXR have them.
inline Instruction atomic(Opcode opcode, RegisterIndex rs, RegisterIndex rt, RegisterIndex rn) {
  Instruction i = load(rt, rn);
  i.opcode = opcode;
  i.rs = rs;
  return i;
}
inline Instruction barrier(const char* text) {
  Instruction i = make(Opcode::kBarrier);
  i.barrier = *arch::parse_barrier(text);
  return i;
}
inline Instruction tlbi(const char* text, RegisterIndex rt = kZeroRegister) {
  Instruction i = make(Opcode::kTlbi);
  i.tlbi = *arch::parse_mnemonic(text);
  i.rt = rt;
  return i;
}
inline Instruction compare(RegisterIndex rn, Value value) {
  Instruction i = alu_immediate(Opcode::kSubtract, kZeroRegister, rn, value);
  i.set_flags = true;
  return i;
}
inline Instruction select(RegisterIndex rd, RegisterIndex rn, RegisterIndex rm, Condition c) {
  Instruction i = make(Opcode::kSelect);
  i.rd = rd;
  i.rn = rn;
  i.rm = rm;
  i.condition = c;
  return i;
}
inline Instruction branch(std::uint32_t target) {
  Instruction i = make(Opcode::kBranch);
  i.target = target;
  return i;
}
inline Instruction branch_zero(RegisterIndex rt, std::uint32_t target) {
  Instruction i = make(Opcode::kBranchZero);
  i.rt = rt;
  i.target = target;
  return i;
}
inline Instruction branch_not_zero(RegisterIndex rt, std::uint32_t target) {
  Instruction i = branch_zero(rt, target);
  i.opcode = Opcode::kBranchNotZero;
  return i;
}
inline Instruction read_system(RegisterIndex rt, SystemRegister system) {
  Instruction i = make(Opcode::kReadSystem);
  i.rt = rt;
  i.system = system;
  return i;
}
inline Instruction write_system(SystemRegister system, RegisterIndex rt) {
  Instruction i = read_system(rt, system);
  i.opcode = Opcode::kWriteSystem;
  return i;
}

using Program = std::vector<Instruction>;

// A test of herd's family with `pages` pages, each led to by its own descriptor and holding 0.
inline Test herd_test(unsigned pages, std::vector<Program> programs) {
  Test test;
  test.family = Family::kHerd;
  test.translation = {
      .start_level = 3, .untranslated_first = 0x3000'0000, .untranslated_last = 0x3000'0fff};
  for (unsigned i = 0; i < pages; ++i) {
    test.symbols.push_back({std::string(1, static_cast<char>('x' + i)), va(i), pa(i), pte(i)});
    test.memory[pte(i)] = leads_to(i);
    test.memory[pa(i)] = 0;
    test.descriptors.push_back(pte(i));
  }
  for (Program& program : programs) {
    Thread& thread = test.threads.emplace_back();
    thread.name = "P" + std::to_string(test.threads.size() - 1);
    thread.registers_set = ~0U;
    thread.code.base = 0x1000'0000 + 0x2'0000 * test.threads.size();
    thread.code.instructions = std::move(program);
  }
  return test;
}

inline void add_handler(Thread& thread, Program program, unsigned el = 1) {
  Handler handler;
  handler.el = el;
  handler.code.base = thread.code.base + 0x1'0000;
  handler.code.instructions = std::move(program);
  thread.handlers.push_back(std::move(handler));
}

inline Runs runs_of(const Test& test, ModelOptions options = {}, Limits limits = {}) {
  return enumerate_runs(test, options, limits);
}

inline std::string letters(const ThreadRun& run) {
  std::string result;
  for (const Event& e : run.events) {
    constexpr const char* kLetters = "RWTHFEBICM";
    result += kLetters[static_cast<unsigned>(e.kind)];
  }
  return result;
}

}  // namespace amalgam::model::litmus::built
