#include "lang/assembly.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "amalgam/arch/text.hpp"
#include "lang/assembly/names.hpp"
#include "lang/assembly/operands.hpp"

namespace amalgam::lang {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

using arch::BarrierKind;
using arch::equals_ignoring_case;
using assembly::Operands;
using model::litmus::Condition;
using model::litmus::Instruction;
using model::litmus::Opcode;

std::string ticked(std::string_view text) { return '`' + std::string(text) + '`'; }

void fail_unsupported(Operands& in, std::string_view what) {
  in.fail(ticked(in.last()) + " is not " + std::string(what) + " that is supported");
}

void read_nothing(Operands& /*in*/, ParsedInstruction& /*out*/) {}

void read_move(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rd = in.sized(i);
  in.expect(',');
  i.operand = in.source(i);
}

void read_arithmetic(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rd = in.sized(i);
  in.expect(',');
  i.rn = in.same_width(i);
  in.expect(',');
  i.operand = in.source(i);
}

void read_compare(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rn = in.sized(i);
  in.expect(',');
  i.operand = in.source(i);
}

void read_shift(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rd = in.sized(i);
  in.expect(',');
  i.rn = in.same_width(i);
  in.expect(',');
  i.operand.is_register = in.sees_register();
  if (i.operand.is_register) {
    i.operand.reg = in.same_width(i);
  } else {
    i.operand.immediate = in.small_immediate(i.is_64 ? 63 : 31);
  }
}

void read_extract_bits(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rd = in.sized(i);
  in.expect(',');
  i.rn = in.same_width(i);
  in.expect(',');
  const unsigned bits = i.is_64 ? 64 : 32;
  i.lsb = in.small_immediate(bits - 1);
  in.expect(',');
  i.width_bits = in.small_immediate(bits - i.lsb);
  if (i.width_bits == 0) in.fail("a field of no bits");
}

void read_label_address(Operands& in, ParsedInstruction& out) {
  out.instruction.rd = in.x_register();
  in.expect(',');
  out.target_label = in.expect_word("a label");
}

Condition read_condition(Operands& in) {
  const auto found = assembly::find_named(assembly::kConditions, in.expect_word("a condition"));
  if (!found) fail_unsupported(in, "a condition");
  return found.value_or(Condition::kAlways);
}

void read_select(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rd = in.sized(i);
  in.expect(',');
  i.rn = in.same_width(i);
  in.expect(',');
  i.rm = in.same_width(i);
  in.expect(',');
  i.condition = read_condition(in);
}

void read_set(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rd = in.sized(i);
  in.expect(',');
  i.condition = read_condition(in);
}

void read_branch(Operands& in, ParsedInstruction& out) {
  out.target_label = in.expect_word("a label");
}

void read_compare_branch(Operands& in, ParsedInstruction& out) {
  out.instruction.rt = in.sized(out.instruction);
  in.expect(',');
  out.target_label = in.expect_word("a label");
}

void read_access(Operands& in, ParsedInstruction& out) {
  out.instruction.rt = in.sized(out.instruction);
  in.expect(',');
  in.address(out.instruction, true);
}

// LDAR, LDXR and the like have no offset.
void read_base_access(Operands& in, ParsedInstruction& out) {
  out.instruction.rt = in.sized(out.instruction);
  in.expect(',');
  in.address(out.instruction, false);
}

void read_store_exclusive(Operands& in, ParsedInstruction& out) {
  out.instruction.rs = in.w_register();
  in.expect(',');
  read_base_access(in, out);
}

void read_atomic(Operands& in, ParsedInstruction& out) {
  Instruction& i = out.instruction;
  i.rs = in.sized(i);
  in.expect(',');
  i.rt = in.same_width(i);
  in.expect(',');
  in.address(i, false);
}

void read_atomic_store(Operands& in, ParsedInstruction& out) {
  out.instruction.rs = in.sized(out.instruction);
  in.expect(',');
  in.address(out.instruction, false);
}

void read_barrier(Operands& in, ParsedInstruction& out, BarrierKind kind) {
  const bool has_option = kind != BarrierKind::kIsb;
  const std::string_view option = has_option ? in.expect_word("a barrier option") : in.word();
  const auto barrier = arch::parse_barrier(kind, option);
  if (!barrier) return fail_unsupported(in, "a barrier option");
  out.instruction.barrier = *barrier;
}

void read_dmb(Operands& in, ParsedInstruction& out) { read_barrier(in, out, BarrierKind::kDmb); }
void read_dsb(Operands& in, ParsedInstruction& out) { read_barrier(in, out, BarrierKind::kDsb); }
void read_isb(Operands& in, ParsedInstruction& out) { read_barrier(in, out, BarrierKind::kIsb); }

void read_tlbi(Operands& in, ParsedInstruction& out) {
  const auto mnemonic = arch::parse_mnemonic(in.expect_word("a TLBI operation"));
  if (!mnemonic || mnemonic->range) return fail_unsupported(in, "a TLBI operation");
  out.instruction.tlbi = *mnemonic;
  if (!arch::has_operand(mnemonic->kind)) return;
  in.expect(',');
  out.instruction.rt = in.x_register();
}

void read_data_cache(Operands& in, ParsedInstruction& out) {
  const std::string_view operation = in.expect_word("a data cache operation");
  const auto is_it = [&](std::string_view known) { return equals_ignoring_case(known, operation); };
  if (std::ranges::none_of(assembly::kDataCacheOperations, is_it)) {
    return fail_unsupported(in, "a data cache operation");
  }
  in.expect(',');
  out.instruction.rt = in.x_register();
}

void read_address_translate(Operands& in, ParsedInstruction& out) {
  const std::string_view operation = in.expect_word("an AT operation");
  out.instruction.for_write = equals_ignoring_case(operation, "s1e0w");
  if (!out.instruction.for_write && !equals_ignoring_case(operation, "s1e0r")) {
    return fail_unsupported(in, "an AT operation");
  }
  in.expect(',');
  out.instruction.rt = in.x_register();
}

void read_system_register(Operands& in, Instruction& i) {
  const auto found =
      assembly::find_named(assembly::kSystemRegisters, in.expect_word("a system register"));
  if (!found) return fail_unsupported(in, "a system register");
  i.system = *found;
}

void read_read_system(Operands& in, ParsedInstruction& out) {
  out.instruction.rt = in.x_register();
  in.expect(',');
  read_system_register(in, out.instruction);
}

void read_write_system(Operands& in, ParsedInstruction& out) {
  read_system_register(in, out.instruction);
  in.expect(',');
  out.instruction.rt = in.x_register();
}

void read_exception(Operands& in, ParsedInstruction& out) {
  out.instruction.operand.immediate = in.immediate(out.instruction);
}

struct Mnemonic {
  std::string_view text;
  Opcode opcode;
  void (*read)(Operands&, ParsedInstruction&);
  bool ordered_forms = false;  // A, L and AL may follow
};

constexpr std::array kMnemonics = std::to_array<Mnemonic>({
    {"nop", Opcode::kNop, read_nothing},
    {"mov", Opcode::kMove, read_move},
    {"movz", Opcode::kMove, read_move},
    {"add", Opcode::kAdd, read_arithmetic},
    {"adds", Opcode::kAdd, read_arithmetic},
    {"sub", Opcode::kSubtract, read_arithmetic},
    {"subs", Opcode::kSubtract, read_arithmetic},
    {"and", Opcode::kAnd, read_arithmetic},
    {"ands", Opcode::kAnd, read_arithmetic},
    {"orr", Opcode::kOrr, read_arithmetic},
    {"eor", Opcode::kEor, read_arithmetic},
    {"bic", Opcode::kBic, read_arithmetic},
    {"cmp", Opcode::kSubtract, read_compare},
    {"cmn", Opcode::kAdd, read_compare},
    {"tst", Opcode::kAnd, read_compare},
    {"lsl", Opcode::kShiftLeft, read_shift},
    {"lsr", Opcode::kShiftRight, read_shift},
    {"ubfx", Opcode::kExtractBits, read_extract_bits},
    {"adr", Opcode::kLabelAddress, read_label_address},
    {"csel", Opcode::kSelect, read_select},
    {"cset", Opcode::kSet, read_set},
    {"b", Opcode::kBranch, read_branch},
    {"cbz", Opcode::kBranchZero, read_compare_branch},
    {"cbnz", Opcode::kBranchNotZero, read_compare_branch},
    {"ldr", Opcode::kLoad, read_access},
    {"ldur", Opcode::kLoad, read_access},
    {"str", Opcode::kStore, read_access},
    {"stur", Opcode::kStore, read_access},
    {"ldar", Opcode::kLoad, read_base_access},
    {"ldapr", Opcode::kLoad, read_base_access},
    {"stlr", Opcode::kStore, read_base_access},
    {"ldxr", Opcode::kLoadExclusive, read_base_access},
    {"ldaxr", Opcode::kLoadExclusive, read_base_access},
    {"stxr", Opcode::kStoreExclusive, read_store_exclusive},
    {"stlxr", Opcode::kStoreExclusive, read_store_exclusive},
    {"swp", Opcode::kSwap, read_atomic, true},
    {"cas", Opcode::kCompareSwap, read_atomic, true},
    {"ldadd", Opcode::kFetchAdd, read_atomic, true},
    {"ldset", Opcode::kFetchSet, read_atomic, true},
    {"ldclr", Opcode::kFetchClear, read_atomic, true},
    {"stadd", Opcode::kFetchAdd, read_atomic_store},
    {"staddl", Opcode::kFetchAdd, read_atomic_store},
    {"stset", Opcode::kFetchSet, read_atomic_store},
    {"stsetl", Opcode::kFetchSet, read_atomic_store},
    {"stclr", Opcode::kFetchClear, read_atomic_store},
    {"stclrl", Opcode::kFetchClear, read_atomic_store},
    {"dmb", Opcode::kBarrier, read_dmb},
    {"dsb", Opcode::kBarrier, read_dsb},
    {"isb", Opcode::kBarrier, read_isb},
    {"tlbi", Opcode::kTlbi, read_tlbi},
    {"dc", Opcode::kDataCache, read_data_cache},
    {"at", Opcode::kAddressTranslate, read_address_translate},
    {"mrs", Opcode::kReadSystem, read_read_system},
    {"msr", Opcode::kWriteSystem, read_write_system},
    {"svc", Opcode::kSupervisorCall, read_exception},
    {"hvc", Opcode::kHypervisorCall, read_exception},
    {"eret", Opcode::kExceptionReturn, read_nothing},
    {"udf", Opcode::kUndefined, read_exception},
});

constexpr Mnemonic kConditionalBranch{"b.", Opcode::kBranchIf, read_branch};

const Mnemonic* find_mnemonic(std::string_view text) {
  const auto* row = std::ranges::find_if(
      kMnemonics, [&](const Mnemonic& m) { return equals_ignoring_case(m.text, text); });
  return row == kMnemonics.end() ? nullptr : row;
}

// What a mnemonic says besides its opcode, by its spelling.
struct Effect {
  std::string_view text;
  bool Instruction::* flag;
};

constexpr std::array kEffects = std::to_array<Effect>({
    {"adds", &Instruction::set_flags},
    {"subs", &Instruction::set_flags},
    {"ands", &Instruction::set_flags},
    {"cmp", &Instruction::set_flags},
    {"cmn", &Instruction::set_flags},
    {"tst", &Instruction::set_flags},
    {"ldar", &Instruction::acquire},
    {"ldaxr", &Instruction::acquire},
    {"ldapr", &Instruction::acquire_pc},
    {"stlr", &Instruction::release},
    {"stlxr", &Instruction::release},
    {"staddl", &Instruction::release},
    {"stsetl", &Instruction::release},
    {"stclrl", &Instruction::release},
});

// A, L or AL behind a read-modify-write: takes it off and notes what it says.
const Mnemonic* find_ordered(std::string_view text, Instruction& instruction) {
  const bool release = arch::consume_suffix(text, "l");
  const bool acquire = arch::consume_suffix(text, "a");
  const Mnemonic* row = find_mnemonic(text);
  if (row == nullptr || !row->ordered_forms) return nullptr;
  instruction.release = release;
  instruction.acquire = acquire;
  return row;
}

const Mnemonic* find_conditional_branch(std::string_view text, Instruction& instruction) {
  if (text.size() < 2 || !equals_ignoring_case(text.substr(0, 2), kConditionalBranch.text)) {
    return nullptr;
  }
  const auto condition = assembly::find_named(assembly::kConditions, text.substr(2));
  if (!condition) return nullptr;
  instruction.condition = *condition;
  return &kConditionalBranch;
}

const Mnemonic* find_form(std::string_view text, Instruction& instruction) {
  for (const Effect& effect : kEffects) {
    if (equals_ignoring_case(effect.text, text)) instruction.*effect.flag = true;
  }
  if (const Mnemonic* row = find_mnemonic(text)) return row;
  if (const Mnemonic* row = find_conditional_branch(text, instruction)) return row;
  return find_ordered(text, instruction);
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::optional<ParsedInstruction> parse_instruction(std::string_view text, const model::Location& at,
                                                   Diagnostics& diagnostics) {
  ParsedInstruction result;
  Instruction& instruction = result.instruction;
  Operands in(text, at, diagnostics);
  const std::string_view mnemonic = in.expect_word("an instruction");
  if (in.failed()) return std::nullopt;
  const Mnemonic* form = find_form(mnemonic, instruction);
  if (form == nullptr) {
    fail_unsupported(in, "an instruction");
    return std::nullopt;
  }
  instruction.opcode = form->opcode;
  form->read(in, result);
  in.expect_end();
  if (in.failed()) return std::nullopt;

  const std::string_view shown = without_blanks(text);
  instruction.text = shown;
  instruction.location = at;
  instruction.location.column += static_cast<std::uint32_t>(shown.data() - text.data());
  instruction.location.length = static_cast<std::uint32_t>(shown.size());
  return result;
}

}  // namespace amalgam::lang
