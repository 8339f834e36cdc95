#include "model/litmus/interpreter.hpp"

namespace amalgam::model::litmus {
namespace {

Value combined(Opcode opcode, Value old, Value operand) {
  switch (opcode) {
    case Opcode::kFetchAdd:
      return old + operand;
    case Opcode::kFetchSet:
      return old | operand;
    case Opcode::kFetchClear:
      return old & ~operand;
    default:
      return operand;  // SWP
  }
}

// PAR_EL1: bit 11 is RES1 (no descriptor of a herd test has it set), bit 0 says that the
// translation failed.
constexpr Value kParReserved = 1U << 11;
constexpr Value kParFault = 1;

}  // namespace

Interpreter::Access Interpreter::access_of(const Instruction& i, bool write) const {
  const Register& base = reg(i.rn);
  const Register& offset = reg(i.operand.is_register ? i.operand.reg : kZeroRegister);
  Access access;
  access.va = base.value + evaluate(i.operand, offset.value, true);
  access.address = base.taint | offset.taint;
  access.write = write;
  return access;
}

Event& Interpreter::emit_access(EventKind kind, const Access& access, const Translated& where) {
  Event& e = builder_.emit(kind);
  e.address = where.pa;
  e.va = access.va;
  e.walk = where.info;
  e.walks = where.walks;
  e.address_from = access.address.data;
  e.pick_address_from = access.address.pick;
  return e;
}

// A read of one of `values`. What it gives depends on the read and on all that feeds it.
Interpreter::ReadResult Interpreter::read(const Instruction& i, const Access& access,
                                          const Translated& where, std::span<const Value> values) {
  ReadResult result;
  result.value = choose(values);
  result.taint = where.fed;
  if (is_herd()) result.taint |= builder_.last_stored_from(where.pa);
  Event& e = emit_access(EventKind::kRead, access, where);
  e.value = truncated(result.value, i.is_64);
  result.value = e.value;
  if (builder_.overflowed()) return result;
  result.event = builder_.last();
  result.taint |= Taint::of_event(result.event);
  return result;
}

Event& Interpreter::write(const Instruction& i, const Access& access, const Translated& where,
                          const Register& data) {
  Event& e = emit_access(EventKind::kWrite, access, where);
  e.value = truncated(data.value, i.is_64);
  e.data_from = data.taint.data;
  e.pick_data_from = data.taint.pick;
  e.release = i.release;
  if (!builder_.overflowed()) builder_.set_stored_from(builder_.last(), where.fed | data.taint);
  return e;
}

void Interpreter::make_atomic(const Instruction& i, RunEvent read, RunEvent written) {
  if (builder_.overflowed()) return;
  Event& e = builder_.event(read);
  e.atomic = true;
  e.acquire = i.acquire && !e.no_return;
  builder_.event(written).atomic = true;
  builder_.pair(read, written);
}

void Interpreter::execute_memory(const Instruction& i) {
  switch (i.opcode) {
    case Opcode::kLoad:
    case Opcode::kLoadExclusive:
      return execute_load(i);
    case Opcode::kStore:
      return execute_store(i);
    case Opcode::kStoreExclusive:
      return execute_store_exclusive(i);
    case Opcode::kCompareSwap:
      return execute_compare_swap(i);
    case Opcode::kDataCache:
      return execute_data_cache(i);
    case Opcode::kAddressTranslate:
      return execute_address_translate(i);
    default:
      return execute_fetch(i);
  }
}

void Interpreter::execute_load(const Instruction& i) {
  const Access access = access_of(i, false);
  const Translated where = translate(access);
  if (where.fault) return take_mmu_fault(i, access, where);
  update_descriptor(where, false);
  const ReadResult loaded =
      read(i, access, where, memory_.read_values(where.pa, where.info.descriptor));
  if (builder_.overflowed()) return;
  Event& e = builder_.event(loaded.event);
  e.acquire = i.acquire;
  e.acquire_pc = i.acquire_pc;
  if (i.opcode == Opcode::kLoadExclusive) {
    e.exclusive = true;
    reservation_ = {true, i.is_64, where.pa, loaded.event};
  }
  set_reg(i.rt, loaded.value, loaded.taint, i.is_64);
}

void Interpreter::execute_store(const Instruction& i) {
  const Access access = access_of(i, true);
  const Translated where = translate(access);
  if (where.fault) return take_mmu_fault(i, access, where);
  update_descriptor(where, true);
  write(i, access, where, reg(i.rt));
}

// It may fail at will, and succeeds only after a load-exclusive of the same location and size. Its
// status carries no dependency.
void Interpreter::execute_store_exclusive(const Instruction& i) {
  const Access access = access_of(i, true);
  const Register data = reg(i.rt);
  const Translated where = translate(access);
  if (where.fault) return take_mmu_fault(i, access, where);
  update_descriptor(where, true);
  const Reservation reserved = std::exchange(reservation_, {});
  const bool may_succeed = reserved.active && reserved.is_64 == i.is_64 && reserved.pa == where.pa;
  const bool succeeds = may_succeed && choices_->choose(2) == 0;
  set_reg(i.rs, succeeds ? 0 : 1, {0, 0, true});
  if (!succeeds) return;
  write(i, access, where, data).exclusive = true;
  if (!builder_.overflowed()) builder_.pair(reserved.read, builder_.last());
}

// SWP, LDADD, LDSET, LDCLR and their forms without a result, whose read is no acquire.
void Interpreter::execute_fetch(const Instruction& i) {
  const Access access = access_of(i, true);
  const Register operand = reg(i.rs);
  const Translated where = translate(access);
  if (where.fault) return take_mmu_fault(i, access, where);
  update_descriptor(where, true);
  const ReadResult old =
      read(i, access, where, memory_.read_values(where.pa, where.info.descriptor));
  if (builder_.overflowed()) return;
  builder_.event(old.event).no_return = i.rt == kZeroRegister;
  Register data = operand;
  data.value = combined(i.opcode, old.value, operand.value);
  write(i, access, where, data);
  if (builder_.overflowed()) return;
  if (i.opcode != Opcode::kSwap) {
    builder_.set_stored_from(builder_.last(), where.fed | data.taint | old.taint);
  }
  make_atomic(i, old.event, builder_.last());
  set_reg(i.rt, old.value, old.taint, i.is_64);
}

// CAS needs permission to write even where it fails. A failing one may write back what it read, and
// one that does not may still make the descriptor dirty.
void Interpreter::execute_compare_swap(const Instruction& i) {
  const Access access = access_of(i, true);
  const Translated where = translate(access);
  if (where.fault) return take_mmu_fault(i, access, where);
  const unsigned shape = choices_->choose(where.sets_dirty ? 4 : 3);
  update_descriptor(where, shape != 3);
  if (shape == 0) return swap_succeeds(i, access, where);
  swap_fails(i, access, where, shape == 1);
}

void Interpreter::swap_succeeds(const Instruction& i, const Access& access,
                                const Translated& where) {
  const Register expected = reg(i.rs);
  const Register desired = reg(i.rt);
  std::vector<Value> equal;
  for (const Value v : memory_.read_values(where.pa, where.info.descriptor)) {
    if (truncated(v ^ expected.value, i.is_64) == 0) equal.push_back(v);
  }
  const ReadResult old = read(i, access, where, equal);
  if (impossible_ || builder_.overflowed()) return;
  const bool no_return = i.rs == kZeroRegister;
  builder_.event(old.event).no_return = no_return;
  Event& e = write(i, access, where, desired);
  if (builder_.overflowed()) return;
  // That there is a write at all is chosen by the comparison.
  e.pick_data_from |= expected.taint.pick;
  builder_.set_stored_from(builder_.last(),
                           where.fed | desired.taint | (expected.taint | old.taint).as_choice());
  make_atomic(i, old.event, builder_.last());
  // The result is what was expected and what was read, for they are equal: hardware may take
  // either.
  const bool matters = !no_return && (read_later_ >> i.rs & 1) != 0;
  const bool from_register = is_herd() && matters && choices_->choose(2) == 1;
  set_reg(i.rs, old.value, from_register ? expected.taint | old.taint.as_choice() : old.taint,
          i.is_64);
}

void Interpreter::swap_fails(const Instruction& i, const Access& access, const Translated& where,
                             bool writes_back) {
  const Register expected = reg(i.rs);
  std::vector<Value> different;
  for (const Value v : memory_.read_values(where.pa, where.info.descriptor)) {
    if (truncated(v ^ expected.value, i.is_64) != 0) different.push_back(v);
  }
  const ReadResult old = read(i, access, where, different);
  if (impossible_ || builder_.overflowed()) return;
  Event& e = builder_.event(old.event);
  e.no_return = i.rs == kZeroRegister;
  e.acquire = i.acquire && !e.no_return;
  if (writes_back) {
    Event& back = write(i, access, where, {old.value, {}});
    if (builder_.overflowed()) return;
    back.pick_data_from |= expected.taint.pick;
    builder_.set_stored_from(builder_.last(), where.fed | old.taint | expected.taint.as_choice());
    make_atomic(i, old.event, builder_.last());
  }
  set_reg(i.rs, old.value, old.taint, i.is_64);
}

void Interpreter::execute_data_cache(const Instruction& i) {
  Access access;
  access.va = reg(i.rt).value;
  access.address = reg(i.rt).taint;
  const Translated where = translate(access);
  if (where.fault) return take_mmu_fault(i, access, where);
  update_descriptor(where, false);
  emit_access(EventKind::kDataCache, access, where);
}

// AT sets the access flag as an access does, but never makes a descriptor dirty.
void Interpreter::execute_address_translate(const Instruction& i) {
  Access access;
  access.va = reg(i.rt).value;
  access.address = reg(i.rt).taint;
  access.write = i.for_write;
  const Translated where = translate(access);
  if (!where.fault) update_descriptor(where, false);
  const Value par = kParReserved | (where.fault ? kParFault : where.pa & ~kPageMask);
  system(SystemRegister::kParEl1) = {par, where.fed};
}

}  // namespace amalgam::model::litmus
