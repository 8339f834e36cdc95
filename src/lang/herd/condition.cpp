#include "lang/herd/condition.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "lang/herd/constants.hpp"
#include "lang/herd/observed.hpp"
#include "lang/herd/tokens.hpp"

namespace amalgam::lang::herd {

namespace {

using model::litmus::FaultPattern;
using model::litmus::FaultType;
using model::litmus::Formula;
using model::litmus::Quantifier;

constexpr unsigned kMaxNesting = 100;

struct FaultName {
  std::string_view text;
  FaultType type;
  bool data_only = false;
};

constexpr std::array kFaultNames = std::to_array<FaultName>({
    {"MMU:Translation", FaultType::kTranslation},
    {"MMU:AccessFlag", FaultType::kAccessFlag},
    {"MMU:Permission", FaultType::kPermission},
    {"MMU:Exclusive", FaultType::kExclusive},
    {"D-MMU:Translation", FaultType::kTranslation, true},
    {"D-MMU:AccessFlag", FaultType::kAccessFlag, true},
    {"D-MMU:Permission", FaultType::kPermission, true},
    {"D-MMU:Exclusive", FaultType::kExclusive, true},
    {"UndefinedInstruction", FaultType::kUndefinedInstruction},
    {"SupervisorCall", FaultType::kSupervisorCall},
    {"TagCheck", FaultType::kTagCheck},
});

const FaultName* find_fault_name(std::string_view text) {
  const auto* row = std::ranges::find(kFaultNames, text, &FaultName::text);
  return row == kFaultNames.end() ? nullptr : row;
}

Formula formula(Formula::Kind kind) {
  Formula result;
  result.kind = kind;
  return result;
}

Formula combine(Formula::Kind kind, Formula left, Formula right) {
  Formula result = formula(kind);
  result.parts.push_back(std::move(left));
  result.parts.push_back(std::move(right));
  return result;
}

Formula negate(Formula inner) {
  Formula result = formula(Formula::Kind::kNot);
  result.parts.push_back(std::move(inner));
  return result;
}

class ConditionReader {
 public:
  ConditionReader(Cursor& cursor, Context& context)
      : in_(&cursor), context_(&context), observed_(context) {}

  void read();

 private:
  void read_locations();
  void read_location();
  void read_quantifier();
  Formula read_or();
  Formula read_and();
  Formula read_implication();
  Formula read_negation();
  Formula read_primary();
  Formula read_comparison();
  Formula read_fault();
  void read_fault_place(FaultPattern& fault, std::string& text);
  std::string read_fault_type(FaultPattern& fault, std::string& text);
  [[nodiscard]] bool sees_fault() const { return in_->sees("fault") || in_->sees("Fault"); }
  [[nodiscard]] bool sees_fault_type() const;
  void observe(const Place& place, PrintAs print_as);

  Cursor* in_;
  Context* context_;
  Observed observed_;
  bool observing_ = true;  // not what only the filter mentions
  unsigned depth_ = 0;
};

void ConditionReader::observe(const Place& place, PrintAs print_as) {
  if (in_->failed()) return;
  if (!place.element && context_->type_of(place.key()).elements != 0) {
    return in_->fail(place.place, "a whole array is not supported here; name its elements");
  }
  const bool is_memory = place.kind == Place::Kind::kMemory;
  const Address address = is_memory ? address_of(place, *context_, *in_) : 0;
  if (!in_->failed() && observing_) observed_.add(place, address, print_as);
}

bool ConditionReader::sees_fault_type() const {
  return in_->sees(":", 1) || find_fault_name(in_->peek().text) != nullptr;
}

std::string ConditionReader::read_fault_type(FaultPattern& fault, std::string& text) {
  const Location place = in_->here();
  std::string name(in_->name("a type of fault"));
  while (in_->accept(":")) name += ':' + std::string(in_->name("a type of fault"));
  if (in_->failed()) return name;
  const FaultName* row = find_fault_name(name);
  if (row == nullptr) {
    in_->fail(place, ticked(name) + " is not a type of fault that is supported");
    return name;
  }
  fault.type = row->type;
  fault.data_only = row->data_only;
  text += ',' + name;
  return name;
}

void ConditionReader::read_fault_place(FaultPattern& fault, std::string& text) {
  const DataName name = read_data_name(*in_, *context_);
  if (in_->failed()) return;
  if (name.space == Space::kPhysical) return in_->fail(name.place, "no fault is at a page");
  fault.symbol = name.symbol.name;
  fault.of_descriptor = name.space == Space::kDescriptor;
  text += fault.of_descriptor ? ",PTE(" + fault.symbol + ')' : ',' + fault.symbol;
}

Formula ConditionReader::read_fault() {
  in_->take();
  in_->expect("(");
  Formula result = formula(Formula::Kind::kFault);
  FaultPattern& fault = result.fault;
  fault.thread = read_thread(*in_, *context_);
  std::string text = "Fault(P" + std::to_string(fault.thread);
  if (in_->accept(":")) {
    fault.label = in_->name("a label");
    text += ':' + fault.label;
  }
  std::string type;
  bool more = in_->accept(",");
  if (more && !sees_fault_type()) {
    read_fault_place(fault, text);
    more = in_->accept(",");
  }
  if (more) type = read_fault_type(fault, text);
  in_->expect(")");
  if (!in_->failed() && observing_) observed_.add(fault, type, text + ')');
  return result;
}

Formula ConditionReader::read_comparison() {
  if (!sees_place(*in_)) {
    in_->fail_expected("a condition");
    return {};
  }
  const Place place = read_place(*in_, *context_);
  const bool differs = in_->accept("<>") || in_->accept("!=");
  if (!differs && !in_->accept("==")) in_->expect("=");
  if (in_->failed()) return {};
  const bool is_memory = place.kind == Place::Kind::kMemory;
  const bool is_descriptor = is_memory && place.data.space == Space::kDescriptor;
  const Constant constant =
      read_constant(*in_, *context_, is_descriptor ? &place.data.symbol : nullptr,
                    context_->type_of(place.key()));
  observe(place, constant.print_as);
  Formula result = formula(Formula::Kind::kRegisterIs);
  result.thread = place.thread;
  result.reg = place.reg;
  result.system = place.system;
  result.value = constant.value;
  result.mask = constant.mask;
  if (place.kind == Place::Kind::kSystem) result.kind = Formula::Kind::kSystemIs;
  if (is_memory) {
    result.kind = Formula::Kind::kMemoryIs;
    result.address = address_of(place, *context_, *in_);
  }
  return differs ? negate(std::move(result)) : result;
}

Formula ConditionReader::read_primary() {
  if (in_->accept("(")) {
    Formula inner = read_or();
    in_->expect(")");
    return inner;
  }
  if (sees_fault()) return read_fault();
  if (in_->accept("true")) return {};
  if (in_->accept("false")) return negate({});
  return read_comparison();
}

Formula ConditionReader::read_negation() {
  if (++depth_ > kMaxNesting) in_->fail(in_->here(), "a condition that is nested too deep");
  Formula result;
  if (!in_->failed()) {
    const bool negated = in_->accept("~") || in_->accept("not");
    result = negated ? negate(read_negation()) : read_primary();
  }
  --depth_;
  return result;
}

Formula ConditionReader::read_implication() {
  Formula result = read_negation();
  if (!in_->accept("=>")) return result;
  if (++depth_ > kMaxNesting) in_->fail(in_->here(), "a condition that is nested too deep");
  Formula conclusion = in_->failed() ? Formula{} : read_implication();
  --depth_;
  return combine(Formula::Kind::kOr, negate(std::move(result)), std::move(conclusion));
}

Formula ConditionReader::read_and() {
  Formula result = read_implication();
  if (!in_->sees("/\\")) return result;
  Formula all = formula(Formula::Kind::kAnd);
  all.parts.push_back(std::move(result));
  while (in_->accept("/\\")) all.parts.push_back(read_implication());
  return all;
}

Formula ConditionReader::read_or() {
  Formula result = read_and();
  if (!in_->sees("\\/")) return result;
  Formula any = formula(Formula::Kind::kOr);
  any.parts.push_back(std::move(result));
  while (in_->accept("\\/")) any.parts.push_back(read_and());
  return any;
}

void ConditionReader::read_location() {
  if (sees_fault()) {
    read_fault();
    return;
  }
  if (!sees_place(*in_)) return in_->fail_expected("a register, a name or a fault");
  const Place place = read_place(*in_, *context_);
  if (in_->failed()) return;
  if (in_->sees(TokenKind::kName)) {
    const Location type_place = in_->here();
    const std::string_view name = in_->take().text;
    const auto type = find_type(name);
    if (!type) return in_->fail(type_place, ticked(name) + " is not a type that is supported");
    context_->declare(place.key(), *type);
  }
  if (in_->accept("*")) context_->declare(place.key(), {.bytes = 8, .is_pointer = true});
  observe(place, PrintAs::kNatural);
}

void ConditionReader::read_locations() {
  in_->expect("[");
  while (!in_->failed() && !in_->sees("]")) {
    read_location();
    if (!in_->sees("]")) in_->expect(";");
  }
  in_->expect("]");
}

void ConditionReader::read_quantifier() {
  Test& test = context_->test();
  test.condition_location = in_->here();
  if (in_->accept("exists") || in_->accept("final") || in_->sees("(")) {
    test.quantifier = Quantifier::kExists;
  } else if (in_->accept("forall")) {
    test.quantifier = Quantifier::kForall;
  } else if (in_->accept("~") || in_->accept("not")) {
    in_->expect("exists");
    test.quantifier = Quantifier::kNotExists;
  } else {
    return in_->fail_expected("`exists`, `~exists` or `forall`");
  }
  test.condition = read_or();
}

void ConditionReader::read() {
  if (in_->accept("locations")) read_locations();
  if (in_->accept("filter")) {
    observing_ = false;
    context_->test().filter = read_or();
    observing_ = true;
  }
  if (!in_->failed() && !in_->at_end()) read_quantifier();
  in_->accept(";");
  if (!in_->failed() && !in_->at_end()) in_->fail_expected("the end of the test");
  context_->test().observed = observed_.in_order();
}

}  // namespace

void read_condition(std::string_view text, Context& context) {
  const auto tokens = read_tokens(context.source(), text, context.diagnostics());
  if (!tokens) return;
  Cursor cursor(*tokens, text.substr(text.size()), context.source(), context.diagnostics());
  ConditionReader(cursor, context).read();
}

}  // namespace amalgam::lang::herd
