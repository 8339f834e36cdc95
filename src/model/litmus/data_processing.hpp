// What AArch64 data-processing instructions compute.
#pragma once

#include "model/litmus/instruction.hpp"

namespace amalgam::model::litmus {

struct Flags {
  bool n = false;
  bool z = false;
  bool c = false;
  bool v = false;

  friend bool operator==(const Flags&, const Flags&) = default;
};

struct Computed {
  Value value = 0;
  Flags flags;  // as a flag-setting form leaves them
};

// The low 32 bits of `value`, or all of it.
constexpr Value truncated(Value value, bool is_64) { return is_64 ? value : value & 0xffff'ffffU; }

// The last source of an instruction whose width is `is_64`, or the offset of an address; `reg` is
// the value of its register, if it has one.
[[nodiscard]] Value evaluate(const Operand& operand, Value reg, bool is_64);

// kMove to kExtractBits. `a` is the value of rn, `b` the evaluated operand.
[[nodiscard]] Computed compute(const Instruction& instruction, Value a, Value b);

[[nodiscard]] bool holds(Condition condition, const Flags& flags);

}  // namespace amalgam::model::litmus
