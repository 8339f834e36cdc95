#include "lang/isla/functions.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace amalgam::lang::isla {

namespace {

using Result = std::optional<Datum>;
using Kind = Datum::Kind;

constexpr unsigned kRegisterBits = 64;

Value low_bits(unsigned width) { return width >= 64 ? ~Value{0} : (Value{1} << width) - 1; }

Datum bits(Value value, unsigned width) {
  Datum result;
  result.width_bits = width;
  result.value = width == 0 ? value : value & low_bits(width);
  return result;
}

Datum truth(bool value) {
  Datum result;
  result.kind = Kind::kTruth;
  result.value = value ? 1 : 0;
  return result;
}

Datum of_kind(Kind kind, Value value) {
  Datum result;
  result.kind = kind;
  result.value = value;
  return result;
}

// The width that a result of two values has: an integer takes the other's.
unsigned common_width(const Datum& a, const Datum& b) {
  return std::max(a.width_bits, b.width_bits);
}

// The entry that pteN and descN speak of; what is wrong goes into the call.
std::optional<Address> walk_to(FunctionCall& call, int level) {
  const Value address = call.number(0);
  const Address root = call.number(1);
  if (!call.problem.empty()) return std::nullopt;
  int ended_at = 0;
  const std::optional<Address> entry = find_entry(call.memory(), root, address, level, ended_at);
  if (!entry) {
    call.problem = "the walk ends at level " + std::to_string(ended_at) + " at the start";
  }
  return entry;
}

Value descriptor_at(const FunctionCall& call, Address entry) {
  const auto found = call.memory().find(entry);
  return found == call.memory().end() ? 0 : found->second;
}

Result part_of_walk(FunctionCall& call, bool second_stage, bool entry) {
  const Datum& walk = call.argument(0);
  if (walk.kind != Kind::kWalk) {
    call.problem = "expected a walk, named by `as`";
    return std::nullopt;
  }
  const std::optional<Walk>& chosen = second_stage || !walk.stage1 ? walk.stage2 : walk.stage1;
  if (!chosen || call.parameter > chosen->level) {
    call.problem = "the walk has no such part";
    return std::nullopt;
  }
  const auto level = static_cast<std::size_t>(call.parameter);
  return address_datum(Space::kPhysical, entry ? chosen->entries[level] : chosen->tables[level]);
}

Result entry_of(FunctionCall& call) {
  if (call.positional() == 1 && call.expect(1)) return part_of_walk(call, false, true);
  if (!call.expect(2)) return std::nullopt;
  const std::optional<Address> entry = walk_to(call, call.parameter);
  if (!entry) return std::nullopt;
  return bits(*entry, kRegisterBits);
}

Result table_of_walk(FunctionCall& call) {
  return call.expect(1) ? part_of_walk(call, false, false) : std::nullopt;
}
Result stage2_entry_of(FunctionCall& call) {
  return call.expect(1) ? part_of_walk(call, true, true) : std::nullopt;
}
Result stage2_table_of(FunctionCall& call) {
  return call.expect(1) ? part_of_walk(call, true, false) : std::nullopt;
}

Result descriptor_of(FunctionCall& call) {
  if (!call.expect(2)) return std::nullopt;
  const std::optional<Address> entry = walk_to(call, call.parameter);
  if (!entry) return std::nullopt;
  return bits(descriptor_at(call, *entry), kRegisterBits);
}

Result physical_address(FunctionCall& call) {
  if (!call.expect(2)) return std::nullopt;
  const Value address = call.number(0);
  const Address root = call.number(1);
  if (!call.problem.empty()) return std::nullopt;
  const std::optional<Address> output = translate_by(call.memory(), root, address);
  if (output) return address_datum(Space::kPhysical, *output);
  call.problem = "this address is not mapped at the start";
  return std::nullopt;
}

Result make_descriptor(FunctionCall& call, arch::Stage stage) {
  const Datum* output = call.keyword("oa");
  const Datum* table = call.keyword("table");
  if ((output == nullptr) == (table == nullptr)) {
    call.problem = "expected either `oa=` or `table=`";
    return std::nullopt;
  }
  const std::optional<Value> target = number_of(output != nullptr ? *output : *table);
  if (!target) call.problem = "an address is a number";
  if (table != nullptr && call.parameter == kLastLevel) call.problem = "level 3 has no tables";
  Value attributes = default_attributes(stage);
  for (const auto& [name, value] : call.other_keywords()) {
    if (table != nullptr)
      call.problem = "a table descriptor takes no attributes";
    else
      call.problem = set_attribute(stage, name, value->value, attributes);
    if (!call.problem.empty()) break;
  }
  if (!call.problem.empty()) return std::nullopt;
  if (table != nullptr) return bits(next_table(*target) | 0b11, kRegisterBits);
  return bits(leaf_descriptor(*target, attributes, call.parameter), kRegisterBits);
}

Result stage1_descriptor(FunctionCall& call) { return make_descriptor(call, arch::Stage::kStage1); }
Result stage2_descriptor(FunctionCall& call) { return make_descriptor(call, arch::Stage::kStage2); }

// "asid" and "vmid" lie in the same bits of TTBR, VTTBR and of a TLBI's operand.
constexpr unsigned kIdentifierShift = 48;

Result translation_base(FunctionCall& call) {
  const Datum* base = call.keyword("base");
  const Datum* asid = call.keyword("asid");
  const Datum* vmid = call.keyword("vmid");
  const Datum* common = call.keyword("CnP");
  if (!call.expect(0)) return std::nullopt;
  if (base == nullptr) call.problem = "`base=` is missing";
  if ((asid == nullptr) == (vmid == nullptr)) call.problem = "expected either `asid=` or `vmid=`";
  if (!call.problem.empty()) return std::nullopt;
  const Value identifier = (asid != nullptr ? asid : vmid)->value;
  if (identifier > 0xffff) {
    call.problem = "an ASID or VMID has 16 bits";
    return std::nullopt;
  }
  const Value cnp = common != nullptr ? common->value & 1 : 0;
  return bits((number_of(*base).value_or(0) & low_bits(kIdentifierShift)) |
                  identifier << kIdentifierShift | cnp,
              kRegisterBits);
}

Result identifier_operand(FunctionCall& call) {
  if (!call.expect(1)) return std::nullopt;
  const Value identifier = call.number(0);
  if (identifier > 0xffff) call.problem = "an ASID or VMID has 16 bits";
  if (!call.problem.empty()) return std::nullopt;
  return bits(identifier << kIdentifierShift, kRegisterBits);
}

Result page(FunctionCall& call) {
  if (!call.expect(1)) return std::nullopt;
  return bits(call.number(0) >> 12, 37);
}

Result page_offset(FunctionCall& call) {
  if (!call.expect(1)) return std::nullopt;
  return bits(call.number(0), 12);
}

// index(level=, va=) and offset(level=, va=), with ipa= for va=; `parameter` scales.
Result table_index(FunctionCall& call) {
  const Datum* level = call.keyword("level");
  const Datum* va = call.keyword("va");
  const Datum* ipa = call.keyword("ipa");
  if (!call.expect(0)) return std::nullopt;
  if (level == nullptr || level->value > kLastLevel) call.problem = "expected `level=` 0 to 3";
  if ((va == nullptr) == (ipa == nullptr)) call.problem = "expected either `va=` or `ipa=`";
  if (!call.problem.empty()) return std::nullopt;
  const Value address = number_of(va != nullptr ? *va : *ipa).value_or(0);
  const Address offset = entry_address(0, address, static_cast<int>(level->value));
  return call.parameter == 1 ? bits(offset / 8, 0) : bits(offset, kRegisterBits);
}

Result zero_extend(FunctionCall& call) {
  if (!call.expect(2)) return std::nullopt;
  const Value width = call.number(1);
  const Value value = call.number(0);
  if (call.problem.empty() && (width == 0 || width > 64)) call.problem = "a width is 1 to 64";
  if (!call.problem.empty()) return std::nullopt;
  return bits(value, static_cast<unsigned>(width));
}

Result sign_extend(FunctionCall& call) {
  Result extended = zero_extend(call);
  const unsigned from = extended ? call.argument(0).width_bits : 0;
  if (from == 0 || from >= extended->width_bits) return extended;
  if ((extended->value >> (from - 1) & 1) != 0) {
    extended->value |= low_bits(extended->width_bits) & ~low_bits(from);
  }
  return extended;
}

enum Operation : std::uint8_t { kAnd, kOr, kXor, kShiftRight, kShiftLeft, kAdd, kSubtract };

Value apply(Operation operation, Value a, Value b) {
  switch (operation) {
    case kAnd:
      return a & b;
    case kOr:
      return a | b;
    case kXor:
      return a ^ b;
    case kShiftRight:
      return b < 64 ? a >> b : 0;
    case kShiftLeft:
      return b < 64 ? a << b : 0;
    case kAdd:
      return a + b;
    case kSubtract:
      return a - b;
  }
  return 0;
}

Result arithmetic(FunctionCall& call) {
  if (!call.expect(2)) return std::nullopt;
  const Value value = apply(static_cast<Operation>(call.parameter), call.number(0), call.number(1));
  if (!call.problem.empty()) return std::nullopt;
  return bits(value, common_width(call.argument(0), call.argument(1)));
}

Result invert_bits(FunctionCall& call) {
  if (!call.expect(1)) return std::nullopt;
  const Datum& value = call.argument(0);
  if (value.kind == Kind::kTruth) return truth(value.value == 0);
  return bits(~call.number(0), value.width_bits == 0 ? kRegisterBits : value.width_bits);
}

Result slice(FunctionCall& call) {
  if (!call.expect(3)) return std::nullopt;
  const Value value = call.number(0);
  const Value hi = call.number(1);
  const Value lo = call.number(2);
  if (call.problem.empty() && (hi > 63 || lo > hi)) call.problem = "a slice is `[high..low]`";
  if (!call.problem.empty()) return std::nullopt;
  return bits(value >> lo, static_cast<unsigned>(hi - lo + 1));
}

// `parameter` is 1 for "equal".
Result compare(FunctionCall& call) {
  if (!call.expect(2)) return std::nullopt;
  const bool equal = call.number(0) == call.number(1);
  return truth(equal == (call.parameter == 1));
}

// `parameter` is 1 for "and".
Result connect(FunctionCall& call) {
  if (!call.expect(2)) return std::nullopt;
  if (call.argument(0).kind != Kind::kTruth || call.argument(1).kind != Kind::kTruth) {
    call.problem = "expected two conditions";
    return std::nullopt;
  }
  const bool a = call.argument(0).value != 0;
  const bool b = call.argument(1).value != 0;
  return truth(call.parameter == 1 ? a && b : a || b);
}

constexpr int kSpaces = 3;
constexpr int conversion(Space from, Space to) {
  return static_cast<int>(from) * kSpaces + static_cast<int>(to);
}

Result convert(FunctionCall& call) {
  if (!call.expect(1)) return std::nullopt;
  const auto from = static_cast<Space>(call.parameter / kSpaces);
  const Datum value = as_physical_address(call.argument(0));
  if (value.kind != Kind::kAddress || value.space != from) {
    static constexpr std::array<std::string_view, kSpaces> kNames{"a virtual", "an intermediate",
                                                                  "a physical"};
    call.problem = "expected " + std::string(kNames[static_cast<std::size_t>(from)]) + " address";
    return std::nullopt;
  }
  return address_datum(static_cast<Space>(call.parameter % kSpaces), value.value);
}

Result table_at(FunctionCall& call) {
  if (!call.expect(1)) return std::nullopt;
  return of_kind(Kind::kTable, call.number(0));
}

Result raw(FunctionCall& call) {
  if (!call.expect(1)) return std::nullopt;
  return of_kind(Kind::kRaw, call.number(0));
}

struct FunctionRow {
  std::string_view name;
  Result (*function)(FunctionCall&);
  int parameter = 0;
};

constexpr auto kFunctions = std::to_array<FunctionRow>({
    {"pte0", entry_of, 0},
    {"pte1", entry_of, 1},
    {"pte2", entry_of, 2},
    {"pte3", entry_of, 3},
    {"desc0", descriptor_of, 0},
    {"desc1", descriptor_of, 1},
    {"desc2", descriptor_of, 2},
    {"desc3", descriptor_of, 3},
    {"table1", table_of_walk, 1},
    {"table2", table_of_walk, 2},
    {"table3", table_of_walk, 3},
    {"s2pte0", stage2_entry_of, 0},
    {"s2pte1", stage2_entry_of, 1},
    {"s2pte2", stage2_entry_of, 2},
    {"s2pte3", stage2_entry_of, 3},
    {"s2table1", stage2_table_of, 1},
    {"s2table2", stage2_table_of, 2},
    {"s2table3", stage2_table_of, 3},
    {"pa", physical_address},
    {"mkdesc1", stage1_descriptor, 1},
    {"mkdesc2", stage1_descriptor, 2},
    {"mkdesc3", stage1_descriptor, 3},
    {"s2mkdesc1", stage2_descriptor, 1},
    {"s2mkdesc2", stage2_descriptor, 2},
    {"s2mkdesc3", stage2_descriptor, 3},
    {"ttbr", translation_base},
    {"asid", identifier_operand},
    {"vmid", identifier_operand},
    {"page", page},
    {"PAGE", page},
    {"PAGEOFF", page_offset},
    {"index", table_index, 1},
    {"offset", table_index, 8},
    {"extz", zero_extend},
    {"exts", sign_extend},
    {"bvand", arithmetic, kAnd},
    {"bvor", arithmetic, kOr},
    {"bvxor", arithmetic, kXor},
    {"bvlshr", arithmetic, kShiftRight},
    {"bvshl", arithmetic, kShiftLeft},
    {"and_bits", arithmetic, kAnd},
    {"or_bits", arithmetic, kOr},
    {"xor_bits", arithmetic, kXor},
    {"add_bits", arithmetic, kAdd},
    {"sub_bits", arithmetic, kSubtract},
    {"add_bits_int", arithmetic, kAdd},
    {"sub_bits_int", arithmetic, kSubtract},
    {"not_bits", invert_bits},
    {"vector_subrange", slice},
    {"eq_bits", compare, 1},
    {"neq_bits", compare, 0},
    {"and_bool", connect, 1},
    {"or_bool", connect, 0},
    {"va_to_pa", convert, conversion(Space::kVirtual, Space::kPhysical)},
    {"va_to_ipa", convert, conversion(Space::kVirtual, Space::kIntermediate)},
    {"ipa_to_va", convert, conversion(Space::kIntermediate, Space::kVirtual)},
    {"ipa_to_pa", convert, conversion(Space::kIntermediate, Space::kPhysical)},
    {"pa_to_va", convert, conversion(Space::kPhysical, Space::kVirtual)},
    {"pa_to_ipa", convert, conversion(Space::kPhysical, Space::kIntermediate)},
    {"table", table_at},
    {"raw", raw},
});

}  // namespace

FunctionCall::FunctionCall(const Expression& expression, std::vector<Datum> values,
                           const std::map<Address, Value>& memory)
    : values_(std::move(values)), memory_(memory) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::string& keyword = expression.keywords[i];
    if (keyword.empty()) {
      positional_.push_back(&values_[i]);
    } else if (!keywords_.emplace(keyword, &values_[i]).second) {
      problem = '`' + keyword + "=` is given twice";
    }
  }
}

bool FunctionCall::expect(std::size_t count) {
  if (problem.empty() && positional_.size() != count) {
    problem = "expected " + std::to_string(count) + (count == 1 ? " argument" : " arguments");
  }
  if (problem.empty() && !keywords_.empty()) {
    problem = '`' + keywords_.begin()->first + "=` is not an argument of this function";
  }
  return problem.empty();
}

Value FunctionCall::number(std::size_t index) {
  const std::optional<Value> value = number_of(argument(index));
  if (!value && problem.empty()) problem = "expected a number or an address";
  return value.value_or(0);
}

const Datum* FunctionCall::keyword(const std::string& name) {
  const auto found = keywords_.extract(name);
  return found.empty() ? nullptr : found.mapped();
}

std::optional<Datum> call_function(const std::string& name, FunctionCall& call, bool& known) {
  const auto* row = std::ranges::find(kFunctions, name, &FunctionRow::name);
  known = row != kFunctions.end();
  if (!known || !call.problem.empty()) return std::nullopt;
  call.parameter = row->parameter;
  std::optional<Datum> result = row->function(call);
  if (!call.problem.empty()) return std::nullopt;
  return result;
}

std::optional<Value> number_of(const Datum& datum) {
  if (datum.kind == Kind::kTruth || datum.kind == Kind::kWalk) return std::nullopt;
  return datum.value;
}

}  // namespace amalgam::lang::isla
