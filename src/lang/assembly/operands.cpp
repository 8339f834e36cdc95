#include "lang/assembly/operands.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "amalgam/arch/text.hpp"

namespace amalgam::lang::assembly {

namespace {

using arch::equals_ignoring_case;
using model::litmus::Extend;
using model::litmus::Instruction;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '$';
}

Value cut_to_width(Value value, bool is_64) { return is_64 ? value : value & 0xffff'ffff; }

std::optional<Value> digits_value(std::string_view digits, int base) {
  Value value = 0;
  const char* const first = std::to_address(digits.begin());
  const char* const end = std::to_address(digits.end());
  const auto [stop, error] = std::from_chars(first, end, value, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<Value> number_value(std::string_view word) {
  if (word.starts_with("0x") || word.starts_with("0X")) return digits_value(word.substr(2), 16);
  if (word.starts_with("0b") || word.starts_with("0B")) return digits_value(word.substr(2), 2);
  return digits_value(word, 10);
}

struct ModifierName {
  std::string_view text;
  Extend extend;
  bool of_word;  // applies to a W register
  bool needs_amount;
};

// SXTX and UXTX leave a 64-bit register as it is and then shift left, as LSL does.
constexpr std::array<ModifierName, 6> kModifiers{{
    {"lsl", Extend::kShiftLeft, false, true},
    {"lsr", Extend::kShiftRight, false, true},
    {"sxtw", Extend::kSignedWord, true, false},
    {"uxtw", Extend::kUnsignedWord, true, false},
    {"sxtx", Extend::kShiftLeft, false, false},
    {"uxtx", Extend::kShiftLeft, false, false},
}};

const ModifierName* find_modifier(std::string_view word) {
  const auto* row = std::ranges::find_if(
      kModifiers, [&](const ModifierName& m) { return equals_ignoring_case(m.text, word); });
  return row == kModifiers.end() ? nullptr : row;
}

}  // namespace

std::optional<Register> parse_register(std::string_view word) {
  if (word.size() < 2 || word.size() > 3) return std::nullopt;
  const char size = arch::to_lower(word.front());
  if (size != 'x' && size != 'w') return std::nullopt;
  const std::string_view name = word.substr(1);
  if (equals_ignoring_case(name, "zr")) return Register{model::litmus::kZeroRegister, size == 'x'};
  const auto index = digits_value(name, 10);
  if (!index || *index > 30 || (name.size() == 2 && name.front() == '0')) return std::nullopt;
  return Register{static_cast<RegisterIndex>(*index), size == 'x'};
}

Operands::Operands(std::string_view text, const model::Location& at, Diagnostics& diagnostics)
    : text_(text), at_(at), diagnostics_(&diagnostics) {
  skip_blanks();
}

void Operands::skip_blanks() {
  while (next_ < text_.size() && is_blank(text_[next_])) ++next_;
}

void Operands::fail_at(std::size_t from, std::size_t to, std::string message) {
  if (failed_) return;
  failed_ = true;
  model::Location location = at_;
  location.column += static_cast<std::uint32_t>(from);
  location.length = static_cast<std::uint32_t>(std::max<std::size_t>(to - from, 1));
  diagnostics_->error(location, std::move(message));
}

void Operands::fail(std::string message) { fail_at(start_, end_, std::move(message)); }

void Operands::fail_expected(std::string_view what) {
  std::string_view found = peek_word();
  if (found.empty()) found = text_.substr(next_, 1);
  const std::string shown = found.empty() ? "the end" : '`' + std::string(found) + '`';
  fail_at(next_, next_ + found.size(), "expected " + std::string(what) + ", found " + shown);
}

std::string_view Operands::peek_word() const {
  std::size_t end = next_;
  while (end < text_.size() && is_word_character(text_[end])) ++end;
  return text_.substr(next_, end - next_);
}

std::string_view Operands::word() {
  if (failed_) return {};
  const std::string_view result = peek_word();
  start_ = next_;
  end_ = next_ += result.size();
  skip_blanks();
  return result;
}

std::string_view Operands::expect_word(std::string_view what) {
  if (peek_word().empty()) fail_expected(what);
  return word();
}

bool Operands::accept(char punctuation) {
  if (failed_ || next_ >= text_.size() || text_[next_] != punctuation) return false;
  start_ = next_;
  end_ = ++next_;
  skip_blanks();
  return true;
}

void Operands::expect(char punctuation) {
  if (!accept(punctuation)) fail_expected(std::string("`") + punctuation + '`');
}

void Operands::expect_end() {
  if (next_ < text_.size()) fail_expected("the end of the instruction");
}

Register Operands::any_register() {
  const auto found = parse_register(peek_word());
  if (!found) {
    fail_expected("a register");
    return {};
  }
  word();
  return *found;
}

RegisterIndex Operands::same_width(const Instruction& instruction) {
  return instruction.is_64 ? x_register() : w_register();
}

RegisterIndex Operands::x_register() {
  const Register found = any_register();
  if (!found.is_64) fail("expected a 64-bit register");
  return found.index;
}

RegisterIndex Operands::w_register() {
  const Register found = any_register();
  if (found.is_64) fail("expected a 32-bit register");
  return found.index;
}

RegisterIndex Operands::sized(Instruction& instruction) {
  const Register found = any_register();
  instruction.is_64 = found.is_64;
  return found.index;
}

std::optional<Value> Operands::number() {
  const std::string_view digits = word();
  return number_value(digits);
}

std::optional<Value> Operands::signed_number() {
  const bool negative = accept('-');
  const auto value = number();
  if (!value || !negative) return value;
  return Value{0} - *value;
}

// What stands between brackets: a number, or one shifted left by another.
std::optional<Value> Operands::shifted_number() {
  auto value = signed_number();
  if (value && accept('<')) {
    expect('<');
    const auto amount = number();
    if (!amount || *amount > 63) return std::nullopt;
    value = *value << *amount;
  }
  expect(')');
  return value;
}

Value Operands::immediate(const Instruction& instruction) {
  accept('#');
  const std::size_t first = next_;
  const auto value = accept('(') ? shifted_number() : signed_number();
  if (!value) {
    next_ = std::max(first, start_);
    fail_expected("a number of at most 64 bits");
    return 0;
  }
  return cut_to_width(*value, instruction.is_64);
}

std::uint8_t Operands::small_immediate(std::uint64_t max) {
  const Value value = immediate(Instruction{});
  if (value > max) fail("expected a number of at most " + std::to_string(max));
  return static_cast<std::uint8_t>(value);
}

bool Operands::sees_register() const { return parse_register(peek_word()).has_value(); }

// Reads what follows the comma behind a register operand.
void Operands::modifier(Operand& operand, bool is_64) {
  const std::string_view name = expect_word("a shift or an extension");
  if (failed_) return;
  const ModifierName* row = find_modifier(name);
  if (row == nullptr) return fail('`' + std::string(name) + "` is not supported here");
  if (row->of_word == is_64) {
    return fail('`' + std::string(name) + "` needs a " + (is_64 ? "32" : "64") + "-bit register");
  }
  operand.extend = row->extend;
  const std::string_view rest = text_.substr(next_, 1);
  if (row->needs_amount || (!rest.empty() && rest != "]")) operand.amount = small_immediate(63);
}

Operand Operands::source(const Instruction& instruction) {
  Operand operand;
  if (!sees_register()) {
    operand.immediate = immediate(instruction);
    if (accept(',')) {
      if (!equals_ignoring_case(expect_word("`LSL`"), "lsl")) fail("expected `LSL`");
      const std::uint8_t amount = small_immediate(63);
      operand.immediate = cut_to_width(operand.immediate << amount, instruction.is_64);
    }
    return operand;
  }
  operand.is_register = true;
  const Register found = any_register();
  operand.reg = found.index;
  if (accept(',')) {
    // A 32-bit operation shifts W registers, and extends nothing.
    modifier(operand, found.is_64 || !instruction.is_64);
  } else if (found.is_64 != instruction.is_64) {
    fail(std::string("expected a ") + (instruction.is_64 ? "64" : "32") + "-bit register");
  }
  return operand;
}

void Operands::index(Instruction& instruction) {
  if (!sees_register()) {
    instruction.operand.immediate = immediate(Instruction{});
    return;
  }
  instruction.operand.is_register = true;
  const Register found = any_register();
  instruction.operand.reg = found.index;
  if (accept(',')) {
    modifier(instruction.operand, found.is_64);
  } else if (!found.is_64) {
    fail("a 32-bit index needs `SXTW` or `UXTW`");
  }
}

void Operands::address(Instruction& instruction, bool offset) {
  expect('[');
  instruction.rn = x_register();
  if (offset && accept(',')) index(instruction);
  expect(']');
  if (accept('!') || accept(',')) fail("addresses with write-back are not supported");
}

}  // namespace amalgam::lang::assembly
