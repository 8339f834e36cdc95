// What data-processing instructions compute, against arithmetic on wider integers.
#include "model/litmus/data_processing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/litmus_program_builder.hpp"

namespace amalgam::model::litmus {
namespace {

using Wide = __int128;

constexpr Wide signed_of(Value v, bool is_64) {
  return is_64 ? Wide{static_cast<std::int64_t>(v)} : Wide{static_cast<std::int32_t>(v)};
}

Instruction arithmetic(Opcode opcode, bool is_64) {
  Instruction i = built::make(opcode);
  i.is_64 = is_64;
  return i;
}

RC_GTEST_PROP(LitmusDataProcessing, AdditionAndItsFlags, (Value a, Value b, bool is_64)) {
  const Computed sum = compute(arithmetic(Opcode::kAdd, is_64), a, b);
  const unsigned bits = is_64 ? 64 : 32;
  const auto wide = static_cast<unsigned __int128>(truncated(a, is_64)) + truncated(b, is_64);
  const Wide exact = signed_of(a, is_64) + signed_of(b, is_64);
  RC_ASSERT(sum.value == truncated(static_cast<Value>(wide), is_64));
  RC_ASSERT(sum.flags.c == ((wide >> bits) != 0));
  RC_ASSERT(sum.flags.v == (signed_of(sum.value, is_64) != exact));
}

// Conditions after a comparison are what they say about signed numbers.
RC_GTEST_PROP(LitmusDataProcessing, ComparisonAndItsConditions, (Value a, Value b, bool is_64)) {
  const Flags flags = compute(arithmetic(Opcode::kSubtract, is_64), a, b).flags;
  const Wide x = signed_of(a, is_64);
  const Wide y = signed_of(b, is_64);
  RC_ASSERT(holds(Condition::kEq, flags) == (x == y));
  RC_ASSERT(holds(Condition::kNe, flags) == (x != y));
  RC_ASSERT(holds(Condition::kGe, flags) == (x >= y));
  RC_ASSERT(holds(Condition::kLt, flags) == (x < y));
  RC_ASSERT(holds(Condition::kGt, flags) == (x > y));
  RC_ASSERT(holds(Condition::kLe, flags) == (x <= y));
  RC_ASSERT(flags.c == (truncated(a, is_64) >= truncated(b, is_64)));
}

TEST(LitmusDataProcessing, ShiftsAndFieldsKeepToTheirWidth) {
  EXPECT_EQ(compute(arithmetic(Opcode::kShiftRight, false), 0xf'8000'0000, 4).value, 0x800'0000U);
  EXPECT_EQ(compute(arithmetic(Opcode::kShiftLeft, false), 0x1000'0001, 4).value, 0x10U);
  EXPECT_EQ(compute(arithmetic(Opcode::kShiftLeft, true), 1, 68).value, 16U);
  Instruction field = arithmetic(Opcode::kExtractBits, true);
  field.lsb = 26;
  field.width_bits = 6;
  EXPECT_EQ(compute(field, Value{0x95} << 26, 0).value, 0x15U);
}

TEST(LitmusDataProcessing, OperandsAreExtendedBeforeTheyAreShifted) {
  Operand operand;
  operand.is_register = true;
  operand.extend = Extend::kSignedWord;
  operand.amount = 2;
  EXPECT_EQ(evaluate(operand, 0xffff'ffff, true), ~Value{0} << 2);
  operand.extend = Extend::kUnsignedWord;
  EXPECT_EQ(evaluate(operand, 0x1'ffff'ffff, true), 0xffff'ffffU << 2 | Value{3} << 32);
  operand.extend = Extend::kShiftRight;
  EXPECT_EQ(evaluate(operand, 0x1'0000'0004, false), 1U);
}

}  // namespace
}  // namespace amalgam::model::litmus
