#include "model/litmus/data_processing.hpp"

#include <bit>

#include "amalgam/arch/geometry.hpp"

namespace amalgam::model::litmus {
namespace {

constexpr Value sign_extended_word(Value value) {
  return static_cast<Value>(
      static_cast<std::int64_t>(std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(value))));
}

constexpr bool sign_of(Value value, bool is_64) { return (value >> (is_64 ? 63 : 31) & 1) != 0; }

// a + b + carry_in at the instruction's width, as the architecture adds and subtracts.
Computed add_with_carry(Value a, Value b, bool carry_in, bool is_64) {
  a = truncated(a, is_64);
  b = truncated(b, is_64);
  const Value sum = truncated(a + b + (carry_in ? 1 : 0), is_64);
  const bool sign = sign_of(sum, is_64);
  const bool same_signs = sign_of(a, is_64) == sign_of(b, is_64);
  Computed result;
  result.value = sum;
  result.flags = {.n = sign,
                  .z = sum == 0,
                  .c = carry_in ? sum <= a : sum < a,
                  .v = same_signs && sign != sign_of(a, is_64)};
  return result;
}

Computed logical(Value value, bool is_64) {
  value = truncated(value, is_64);
  return {value, {.n = sign_of(value, is_64), .z = value == 0}};
}

}  // namespace

Value evaluate(const Operand& operand, Value reg, bool is_64) {
  if (!operand.is_register) return operand.immediate;
  switch (operand.extend) {
    case Extend::kNone:
      return reg;
    case Extend::kSignedWord:
      return sign_extended_word(reg) << operand.amount;
    case Extend::kUnsignedWord:
      return truncated(reg, false) << operand.amount;
    case Extend::kShiftLeft:
      return reg << operand.amount;
    case Extend::kShiftRight:
      return truncated(reg, is_64) >> operand.amount;
  }
  return reg;
}

Computed compute(const Instruction& instruction, Value a, Value b) {
  const bool is_64 = instruction.is_64;
  const unsigned amount = static_cast<unsigned>(b) & (is_64 ? 63 : 31);
  switch (instruction.opcode) {
    case Opcode::kAdd:
      return add_with_carry(a, b, false, is_64);
    case Opcode::kSubtract:
      return add_with_carry(a, ~b, true, is_64);
    case Opcode::kAnd:
      return logical(a & b, is_64);
    case Opcode::kOrr:
      return logical(a | b, is_64);
    case Opcode::kEor:
      return logical(a ^ b, is_64);
    case Opcode::kBic:
      return logical(a & ~b, is_64);
    case Opcode::kShiftLeft:
      return logical(a << amount, is_64);
    case Opcode::kShiftRight:
      return logical(truncated(a, is_64) >> amount, is_64);
    case Opcode::kExtractBits:
      return logical(a >> instruction.lsb & arch::low_mask(instruction.width_bits), is_64);
    default:
      return logical(b, is_64);
  }
}

bool holds(Condition condition, const Flags& flags) {
  switch (condition) {
    case Condition::kEq:
      return flags.z;
    case Condition::kNe:
      return !flags.z;
    case Condition::kGe:
      return flags.n == flags.v;
    case Condition::kLt:
      return flags.n != flags.v;
    case Condition::kGt:
      return !flags.z && flags.n == flags.v;
    case Condition::kLe:
      return flags.z || flags.n != flags.v;
    case Condition::kAlways:
      break;
  }
  return true;
}

}  // namespace amalgam::model::litmus
