#include "model/litmus/interpreter.hpp"

#include <algorithm>

namespace amalgam::model::litmus {
namespace {

// Far beyond what a litmus test executes: only a loop that no branch bound sees gets here.
constexpr unsigned kMaxExecuted = 4096;

std::uint32_t register_bit(RegisterIndex r) {
  return r == kZeroRegister ? 0 : std::uint32_t{1} << r;
}

// Every register that `i` may read.
std::uint32_t registers_read(const Instruction& i) {
  std::uint32_t mask = register_bit(i.rn) | register_bit(i.rm);
  if (i.operand.is_register) mask |= register_bit(i.operand.reg);
  switch (i.opcode) {
    case Opcode::kLoad:
    case Opcode::kLoadExclusive:
    case Opcode::kReadSystem:
      return mask;
    case Opcode::kStoreExclusive:
    case Opcode::kSwap:
    case Opcode::kFetchAdd:
    case Opcode::kFetchSet:
    case Opcode::kFetchClear:
    case Opcode::kCompareSwap:
      return mask | register_bit(i.rt) | register_bit(i.rs);
    default:
      return mask | register_bit(i.rt);
  }
}

bool has_loop(const Code& code) {
  for (std::size_t i = 0; i < code.instructions.size(); ++i) {
    const Instruction& instruction = code.instructions[i];
    if (instruction.opcode != Opcode::kLabelAddress && instruction.target <= i) return true;
  }
  return false;
}

// Registers that an instruction reads after another may have written them: what only compare-and-
// swap reads counts only where it may execute again.
std::uint32_t registers_read(const Thread& thread) {
  std::uint32_t mask = 0;
  const auto add = [&](const Code& code, bool again) {
    for (const Instruction& i : code.instructions) {
      const bool only_compared = i.rs != i.rt && i.rs != i.rn;
      std::uint32_t read = registers_read(i);
      if (i.opcode == Opcode::kCompareSwap && !again && only_compared) {
        read &= ~register_bit(i.rs);
      }
      mask |= read;
    }
  };
  const bool again = !thread.handlers.empty() || has_loop(thread.code);
  add(thread.code, again);
  for (const Handler& h : thread.handlers) add(h.code, again);
  return mask;
}

std::vector<std::pair<Address, Address>> single_level_pages(const Test& test) {
  std::vector<std::pair<Address, Address>> pages;
  for (const Symbol& s : test.symbols) {
    if (s.descriptor != 0) pages.emplace_back(s.va & ~kPageMask, s.descriptor);
  }
  std::ranges::sort(pages);
  return pages;
}

}  // namespace

Interpreter::Interpreter(const Test& test, unsigned thread, const ModelOptions& options,
                         const Limits& limits, DomainTable& domains)
    : test_(test),
      thread_(test.threads[thread]),
      options_(options),
      limits_(limits),
      memory_(domains, builder_, thread),
      walker_(*this),
      pages_(single_level_pages(test)),
      read_later_(registers_read(thread_)) {}

RunOutcome Interpreter::run(Choices& choices) {
  choices.restart();
  choices_ = &choices;
  restart();
  while (!ended_) step();
  finish();
  if (builder_.overflowed()) return RunOutcome::kTooLong;
  return impossible_ ? RunOutcome::kImpossible : RunOutcome::kComplete;
}

void Interpreter::restart() {
  builder_.restart();
  for (std::size_t r = 0; r < kRegisters; ++r) registers_[r] = {thread_.registers[r], {}};
  registers_[kZeroRegister] = {};
  for (std::size_t r = 0; r < system_.size(); ++r) system_[r] = {thread_.system[r], {}};
  for (std::vector<OlderRoot>& roots : older_) roots.clear();
  registers_set_ = thread_.registers_set;
  flags_ = {};
  flags_taint_ = {};
  el_ = thread_.el;
  sp_el_ = thread_.has_sp_el;
  reservation_ = {};
  code_ = &thread_.code;
  index_ = 0;
  at_el2_since_ = 0;
  executed_ = 0;
  translations_ = 0;
  in_handler_ = false;
  ended_ = false;
  impossible_ = false;
  arrivals_.clear();
}

void Interpreter::finish() {
  ThreadRun& run = builder_.run();
  for (std::size_t r = 0; r < kRegisters; ++r) run.registers[r] = registers_[r].value;
  for (std::size_t r = 0; r < system_.size(); ++r) run.system[r] = system_[r].value;
  run.registers_set = registers_set_;
}

void Interpreter::step() {
  if (index_ >= code_->instructions.size()) {
    ended_ = true;
    return;
  }
  if (++executed_ > kMaxExecuted) {
    builder_.run().hit_loop_bound = true;
    ended_ = true;
    return;
  }
  const Instruction& i = code_->instructions[index_];
  builder_.start_instruction(i);
  next_index_ = index_ + 1;
  execute(i);
  index_ = next_index_;
  if (impossible_ || builder_.overflowed()) ended_ = true;
}

void Interpreter::execute(const Instruction& i) {
  switch (i.opcode) {
    case Opcode::kNop:
      return;
    case Opcode::kMove:
    case Opcode::kAdd:
    case Opcode::kSubtract:
    case Opcode::kAnd:
    case Opcode::kOrr:
    case Opcode::kEor:
    case Opcode::kBic:
    case Opcode::kShiftLeft:
    case Opcode::kShiftRight:
    case Opcode::kExtractBits:
      return execute_data(i);
    case Opcode::kLabelAddress:
      return execute_label_address(i);
    case Opcode::kSelect:
    case Opcode::kSet:
      return execute_select(i);
    case Opcode::kBranch:
    case Opcode::kBranchIf:
    case Opcode::kBranchZero:
    case Opcode::kBranchNotZero:
      return execute_branch(i);
    case Opcode::kLoad:
    case Opcode::kStore:
    case Opcode::kLoadExclusive:
    case Opcode::kStoreExclusive:
    case Opcode::kSwap:
    case Opcode::kFetchAdd:
    case Opcode::kFetchSet:
    case Opcode::kFetchClear:
    case Opcode::kCompareSwap:
    case Opcode::kDataCache:
    case Opcode::kAddressTranslate:
      return execute_memory(i);
    default:
      return execute_system(i);
  }
}

Value Interpreter::choose(std::span<const Value> values) {
  if (values.empty()) {
    impossible_ = true;
    return 0;
  }
  return values[choices_->choose(values.size())];
}

void Interpreter::set_reg(RegisterIndex r, Value value, const Taint& taint, bool is_64) {
  if (r == kZeroRegister) return;
  registers_[r] = {truncated(value, is_64), taint};
  registers_set_ |= register_bit(r);
}

void Interpreter::execute_data(const Instruction& i) {
  const Register& operand = reg(i.operand.is_register ? i.operand.reg : kZeroRegister);
  const Register& first = reg(i.opcode == Opcode::kMove ? kZeroRegister : i.rn);
  const Computed result = compute(i, first.value, evaluate(i.operand, operand.value, i.is_64));
  const Taint taint = first.taint | operand.taint;
  if (i.set_flags) {
    flags_ = result.flags;
    flags_taint_ = taint;
  }
  set_reg(i.rd, result.value, taint, i.is_64);
}

void Interpreter::execute_label_address(const Instruction& i) {
  set_reg(i.rd, i.target == kNoTarget ? i.operand.immediate : code_->address_of(i.target), {});
}

// herd's select depends plainly on the source that is taken and by choice on the flags.
void Interpreter::execute_select(const Instruction& i) {
  const bool taken = holds(i.condition, flags_);
  if (i.opcode == Opcode::kSet) {
    return set_reg(i.rd, taken ? 1 : 0, is_herd() ? flags_taint_.as_choice() : flags_taint_);
  }
  const Register& source = reg(taken ? i.rn : i.rm);
  const Taint taint = is_herd() ? source.taint | flags_taint_.as_choice()
                                : reg(i.rn).taint | reg(i.rm).taint | flags_taint_;
  set_reg(i.rd, source.value, taint, i.is_64);
}

void Interpreter::execute_branch(const Instruction& i) {
  switch (i.opcode) {
    case Opcode::kBranchIf:
      return branch_on(i, holds(i.condition, flags_), flags_taint_);
    case Opcode::kBranchZero:
      return branch_on(i, truncated(reg(i.rt).value, i.is_64) == 0, reg(i.rt).taint);
    case Opcode::kBranchNotZero:
      return branch_on(i, truncated(reg(i.rt).value, i.is_64) != 0, reg(i.rt).taint);
    default:
      if (i.target <= index_ && !arrive_again(code_->address_of(i.target))) return;
      next_index_ = i.target;
  }
}

void Interpreter::branch_on(const Instruction& i, bool taken, const Taint& taint) {
  builder_.add_control(taint);
  if (!taken) return;
  // A loop that counts without looking at memory ends by itself.
  const bool may_repeat = i.target <= index_ && taint.varies;
  if (may_repeat && !arrive_again(code_->address_of(i.target))) return;
  next_index_ = i.target;
}

// Counts one more backward branch to `target`; false ends the thread, at the bound.
bool Interpreter::arrive_again(Address target) {
  auto found = std::ranges::find(arrivals_, target, &std::pair<Address, unsigned>::first);
  if (found == arrivals_.end()) found = arrivals_.insert(found, {target, 0});
  if (++found->second <= limits_.unroll) return true;
  builder_.run().hit_loop_bound = true;
  ended_ = true;
  return false;
}

void Interpreter::jump(const Code& code, std::size_t target) {
  code_ = &code;
  next_index_ = target;
}

}  // namespace amalgam::model::litmus
