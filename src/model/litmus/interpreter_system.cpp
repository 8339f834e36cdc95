#include <utility>

#include "amalgam/arch/tlbi_operand.hpp"
#include "model/litmus/interpreter.hpp"

namespace amalgam::model::litmus {
namespace {

// Exception classes of ESR_ELx.
enum class Class : std::uint8_t {
  kUnknown = 0x00,
  kSvc = 0x15,
  kHvc = 0x16,
  kDataAbortLower = 0x24,
  kDataAbortSame = 0x25,
};

constexpr Value kLongInstruction = Value{1} << 25;  // ESR.IL
constexpr Value kWriteNotRead = Value{1} << 6;      // ISS.WnR
constexpr Value kOnTableWalk = Value{1} << 7;       // ISS.S1PTW
constexpr unsigned kFlagsLo = 28;                   // of SPSR

Value syndrome(Class exception_class, Value iss) {
  return static_cast<Value>(exception_class) << 26 | kLongInstruction | iss;
}

// ISS.DFSC.
Value fault_status(const WalkFault& fault) {
  const Value level = static_cast<Value>(fault.level) & 3;
  switch (fault.type) {
    case FaultType::kAccessFlag:
      return 0b001000 | level;
    case FaultType::kPermission:
      return 0b001100 | level;
    case FaultType::kConflict:
      return 0b110000;
    default:
      return 0b000100 | level;
  }
}

constexpr bool is_root(SystemRegister r) {
  return r == SystemRegister::kTtbr0El1 || r == SystemRegister::kTtbr1El1 ||
         r == SystemRegister::kTtbr0El2 || r == SystemRegister::kVttbrEl2;
}

Value packed(const Flags& f) {
  return (Value{f.n} << 3 | Value{f.z} << 2 | Value{f.c} << 1 | Value{f.v}) << kFlagsLo;
}

Flags unpacked(Value spsr) {
  const Value bits = spsr >> kFlagsLo;
  return {(bits & 8) != 0, (bits & 4) != 0, (bits & 2) != 0, (bits & 1) != 0};
}

}  // namespace

void Interpreter::execute_system(const Instruction& i) {
  switch (i.opcode) {
    case Opcode::kBarrier:
      return execute_barrier(i);
    case Opcode::kTlbi:
      return execute_tlbi(i);
    case Opcode::kReadSystem:
      return execute_read_system(i);
    case Opcode::kWriteSystem:
      return execute_write_system(i);
    case Opcode::kExceptionReturn:
      return execute_exception_return();
    default:
      return execute_call(i);
  }
}

void Interpreter::execute_barrier(const Instruction& i) {
  builder_.emit(EventKind::kBarrier).barrier = i.barrier;
  if (i.barrier.kind == arch::BarrierKind::kIsb) synchronize_context();
}

void Interpreter::synchronize_context() {
  for (std::vector<OlderRoot>& roots : older_) {
    for (OlderRoot& root : roots) root.synchronized = true;
  }
}

void Interpreter::execute_tlbi(const Instruction& i) {
  const Register& operand = reg(i.rt);
  const arch::TlbiOperation operation = arch::decode(i.tlbi, operand.value, {}, {});
  Event& e = builder_.emit(EventKind::kTlbi);
  e.tlbi.mnemonic = i.tlbi;
  e.tlbi.has_address = arch::is_by_address(i.tlbi.kind);
  e.tlbi.va = operation.va_start;
  e.tlbi.asid = operation.asid;
  e.tlbi.vmid = static_cast<std::uint16_t>(system(SystemRegister::kVttbrEl2).value >> 48);
  e.address_from = operand.taint.data;
  e.pick_address_from = operand.taint.pick;
}

void Interpreter::execute_read_system(const Instruction& i) {
  if (i.system == SystemRegister::kCurrentEl) return set_reg(i.rt, Value{el_} << 2, {});
  if (i.system == SystemRegister::kCount) return set_reg(i.rt, 0, {});
  const Register& from = system(i.system);
  set_reg(i.rt, from.value, from.taint);
}

// Only isla's models know writes of system registers as events.
void Interpreter::execute_write_system(const Instruction& i) {
  if (i.system == SystemRegister::kCount) return;
  const Register from = reg(i.rt);
  const Register before = std::exchange(system(i.system), from);
  if (is_herd()) return;
  Event& e = builder_.emit(EventKind::kWriteSystem);
  e.system = i.system;
  e.value = from.value;
  e.data_from = from.taint.data;
  e.pick_data_from = from.taint.pick;
  if (!options_.stale_roots || !is_root(i.system)) return;
  // While a PE is at EL2 it does not walk the tables of EL1&0.
  const bool out_of_context = el_ == 2 && i.system != SystemRegister::kTtbr0El2;
  OlderRoot older{.value = before.value};
  older.until = out_of_context ? at_el2_since_ : builder_.last();
  older_[static_cast<std::size_t>(i.system)].push_back(older);
}

// In neither family does what follows depend on ELR: that the return address is read is no branch.
void Interpreter::execute_exception_return() {
  builder_.emit(EventKind::kReturn);
  synchronize_context();
  if (is_herd()) {
    in_handler_ = false;
    return go_to(system(SystemRegister::kElrEl1).value);
  }
  const bool el2 = el_ == 2;
  const Register& status = system(el2 ? SystemRegister::kSpsrEl2 : SystemRegister::kSpsrEl1);
  el_ = static_cast<unsigned>(status.value >> 2 & 3);
  sp_el_ = (status.value & 1) != 0;
  flags_ = unpacked(status.value);
  flags_taint_ = status.taint;
  go_to(system(el2 ? SystemRegister::kElrEl2 : SystemRegister::kElrEl1).value);
}

// Goes on at an address; outside of all code the thread ends.
void Interpreter::go_to(Address target) {
  const Code* found = nullptr;
  const auto look = [&](const Code& code) {
    if (code.base <= target && target < code.end()) found = &code;
  };
  look(thread_.code);
  for (const Handler& h : thread_.handlers) look(h.code);
  ended_ = found == nullptr;
  if (ended_) return;
  const bool backward = found != code_ || target <= pc();
  if (backward && !arrive_again(target)) return;
  jump(*found, (target - found->base) / 4);
}

void Interpreter::execute_call(const Instruction& i) {
  Exception exception;
  exception.preferred_return = pc() + 4;
  exception.target_el = el_ == 2 ? 2 : 1;
  const Value iss = i.operand.immediate & 0xffff;
  switch (i.opcode) {
    case Opcode::kSupervisorCall:
      exception.type = FaultType::kSupervisorCall;
      exception.syndrome = syndrome(Class::kSvc, iss);
      break;
    case Opcode::kHypervisorCall:
      exception.type = FaultType::kSupervisorCall;
      exception.syndrome = syndrome(Class::kHvc, iss);
      exception.target_el = 2;
      break;
    default:
      exception.type = FaultType::kUndefinedInstruction;
      exception.syndrome = syndrome(Class::kUnknown, 0);
      exception.preferred_return = pc();
  }
  take_exception(exception);
}

void Interpreter::take_mmu_fault(const Instruction& i, const Access& access,
                                 const Translated& where) {
  const WalkFault& fault = *where.fault;
  const bool stage2 = fault.stage == arch::Stage::kStage2;
  Exception exception;
  exception.type = fault.type;
  exception.preferred_return = pc();
  exception.from = where.fed;
  exception.target_el = el_ == 2 || stage2 ? 2 : 1;
  const bool same_level = exception.target_el == el_;
  exception.syndrome =
      syndrome(same_level ? Class::kDataAbortSame : Class::kDataAbortLower,
               fault_status(fault) | (access.write && !fault.on_table_walk ? kWriteNotRead : 0) |
                   (fault.on_table_walk ? kOnTableWalk : 0));
  // The address registers are there before a handler can look at them.
  if (exception.target_el == 1) system(SystemRegister::kFarEl1) = {access.va, access.address};
  if (stage2) system(SystemRegister::kHpfarEl2) = {fault.ipa >> 12 << 4, access.address};

  Event& e = take_exception(exception);
  e.va = access.va;
  e.walk = where.info;
  e.walks = where.walks;
  e.address_from = access.address.data;
  e.pick_address_from = access.address.pick;
  const bool is_load = i.opcode == Opcode::kLoad || i.opcode == Opcode::kLoadExclusive;
  const bool is_store = i.opcode == Opcode::kStore || i.opcode == Opcode::kStoreExclusive;
  if (is_store) {
    e.data_from = reg(i.rt).taint.data;
    e.pick_data_from = reg(i.rt).taint.pick;
  }
  e.acquire = i.acquire && !is_store;
  e.acquire_pc = i.acquire_pc && is_load;
  e.release = i.release && is_store;
  e.fault.from_write = access.write;
  e.fault.from_read = !access.write;
  e.fault.from_release = i.release && access.write;
  e.fault.va = access.va;
}

// Emits the event and goes to the handler. Where the return address goes depends on the check that
// faulted, and so by choice on the address.
Event& Interpreter::take_exception(const Exception& exception) {
  const std::uint32_t offset = exception.target_el != el_ ? 0x400 : sp_el_ ? 0x200 : 0x000;
  const Handler* handler = thread_.find_handler(exception.target_el, offset);
  const bool nested = is_herd() && in_handler_;
  Event& e = builder_.emit(EventKind::kFault);
  e.fault.type = exception.type;
  e.fault.target_el = exception.target_el;
  e.fault.enters_handler = handler != nullptr && !nested;
  if (is_herd()) {
    system(SystemRegister::kElrEl1) = {exception.preferred_return, exception.from.as_choice()};
    if (!is_mmu_fault(exception.type)) system(SystemRegister::kEsrEl1) = {exception.syndrome, {}};
    resume_after_fault(handler, exception.type == FaultType::kSupervisorCall);
  } else {
    enter_handler(exception, handler);
  }
  return e;
}

void Interpreter::enter_handler(const Exception& exception, const Handler* handler) {
  const bool el2 = exception.target_el == 2;
  const Value status = packed(flags_) | Value{el_} << 2 | (sp_el_ ? 1 : 0);
  system(el2 ? SystemRegister::kSpsrEl2 : SystemRegister::kSpsrEl1) = {status, flags_taint_};
  system(el2 ? SystemRegister::kElrEl2 : SystemRegister::kElrEl1) = {exception.preferred_return,
                                                                     {}};
  system(el2 ? SystemRegister::kEsrEl2 : SystemRegister::kEsrEl1) = {exception.syndrome, {}};
  synchronize_context();
  if (el2 && el_ != 2) at_el2_since_ = builder_.last();
  el_ = exception.target_el;
  sp_el_ = true;
  ended_ = handler == nullptr;
  if (!ended_) jump(handler->code, 0);
}

// herd: a fault in a handler makes the execution void. Without a handler the test says what
// happens; where the instruction runs once more, another fault makes the execution void too.
void Interpreter::resume_after_fault(const Handler* handler, bool is_call) {
  if (in_handler_) {
    impossible_ = true;
    ended_ = true;
    return;
  }
  if (handler != nullptr) {
    in_handler_ = true;
    return jump(handler->code, 0);
  }
  switch (test_.fault_mode) {
    case FaultMode::kFatal:
      ended_ = true;
      return;
    case FaultMode::kSkip:
      return;
    case FaultMode::kHandled:
      if (is_call) return;
      in_handler_ = true;
      next_index_ = index_;
  }
}

}  // namespace amalgam::model::litmus
