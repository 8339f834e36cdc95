// Reads the operands of one instruction from left to right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lang/diagnostic.hpp"
#include "model/litmus/instruction.hpp"

namespace amalgam::lang::assembly {

using model::litmus::Operand;
using model::litmus::RegisterIndex;
using model::litmus::Value;

struct Register {
  RegisterIndex index = model::litmus::kZeroRegister;
  bool is_64 = true;
};

// "X0" to "X30", "XZR", and the same with W; nothing for any other word.
std::optional<Register> parse_register(std::string_view word);

// The first thing that is not as expected is noted; after it nothing more is, and what is read is
// empty, so that a form need not look after each operand.
class Operands {
 public:
  Operands(std::string_view text, const model::Location& at, Diagnostics& diagnostics);

  [[nodiscard]] bool failed() const { return failed_; }

  // A mnemonic, an option, a system register or a label: letters, digits, '_', '.', '$'.
  // Empty, without an error, if something else stands there.
  std::string_view word();
  std::string_view expect_word(std::string_view what);
  bool accept(char punctuation);
  void expect(char punctuation);
  void expect_end();

  // A register of either width; of the same width as `instruction`; a 64-bit one.
  Register any_register();
  RegisterIndex same_width(const model::litmus::Instruction& instruction);
  RegisterIndex x_register();
  RegisterIndex w_register();
  // The first register of a form: it decides the width.
  RegisterIndex sized(model::litmus::Instruction& instruction);

  // The value is cut to the width of `instruction`.
  Value immediate(const model::litmus::Instruction& instruction);
  std::uint8_t small_immediate(std::uint64_t max);
  [[nodiscard]] bool sees_register() const;

  // A register, shifted or extended if such follows, or an immediate, shifted if LSL follows.
  Operand source(const model::litmus::Instruction& instruction);
  // "[Xn]", and with `offset` also "[Xn,#imm]", "[Xn,Xm]", "[Xn,Xm,LSL #n]", "[Xn,Wm,SXTW #n]".
  void address(model::litmus::Instruction& instruction, bool offset);

  void fail(std::string message);             // about the last thing read
  void fail_expected(std::string_view what);  // about what stands next
  [[nodiscard]] std::string_view last() const { return text_.substr(start_, end_ - start_); }

 private:
  void skip_blanks();
  void fail_at(std::size_t from, std::size_t to, std::string message);
  std::string_view peek_word() const;
  std::optional<Value> number();
  std::optional<Value> shifted_number();
  std::optional<Value> signed_number();
  void modifier(Operand& operand, bool is_64);
  void index(model::litmus::Instruction& instruction);

  std::string_view text_;
  model::Location at_;
  Diagnostics* diagnostics_;
  std::size_t start_ = 0;  // of the last thing read
  std::size_t end_ = 0;
  std::size_t next_ = 0;
  bool failed_ = false;
};

}  // namespace amalgam::lang::assembly
