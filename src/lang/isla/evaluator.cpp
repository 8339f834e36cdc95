#include "lang/isla/evaluator.hpp"

#include <utility>

#include "lang/isla/functions.hpp"

namespace amalgam::lang::isla {

namespace {

constexpr unsigned kMaxDepth = 200;
constexpr std::size_t kMaxSteps = 1000;

std::string ticked(const std::string& text) { return '`' + text + '`'; }

}  // namespace

Datum address_datum(Space space, Address address) {
  Datum result;
  result.kind = Datum::Kind::kAddress;
  result.space = space;
  result.value = address;
  return result;
}

Datum as_physical_address(Datum datum) {
  if (datum.kind != Datum::Kind::kNumber || datum.width_bits == 0) return datum;
  return address_datum(Space::kPhysical, datum.value);
}

Evaluator::Evaluator(const Scope& scope, Diagnostics& diagnostics, Labels labels)
    : scope_(scope), diagnostics_(diagnostics), labels_(std::move(labels)) {}

std::optional<Datum> Evaluator::evaluate(const Expression& expression) {
  depth_ = 0;
  steps_ = 0;
  return evaluate_in(expression, {});
}

Value Evaluator::number(const Expression& expression) {
  const std::optional<Datum> result = evaluate(expression);
  if (!result) return 0;
  const std::optional<Value> value = number_of(*result);
  if (!value) fail(expression.location, "expected a number or an address");
  return value.value_or(0);
}

std::optional<bool> Evaluator::truth(const Expression& expression) {
  const std::optional<Datum> result = evaluate(expression);
  if (!result) return std::nullopt;
  if (result->kind == Datum::Kind::kTruth) return result->value != 0;
  fail(expression.location, "expected something that is true or false");
  return std::nullopt;
}

std::optional<Datum> Evaluator::evaluate_in(const Expression& expression, const Locals& locals) {
  if (depth_ >= kMaxDepth || ++steps_ > kMaxSteps) {
    return fail(expression.location, "an expression that takes too long");
  }
  Datum literal;
  switch (expression.kind) {
    case Expression::Kind::kName:
      return name(expression, locals);
    case Expression::Kind::kLabel:
      return label(expression);
    case Expression::Kind::kCall:
      return call(expression, locals);
    case Expression::Kind::kInteger:
    case Expression::Kind::kBits:
      literal.value = expression.value;
      literal.width_bits = expression.width_bits;
      return literal;
  }
  return std::nullopt;
}

std::optional<Datum> Evaluator::name(const Expression& expression, const Locals& locals) {
  if (const auto local = locals.find(expression.text); local != locals.end()) return local->second;
  const auto found = scope_.names.find(expression.text);
  if (found != scope_.names.end()) return found->second;
  return fail(expression.location, ticked(expression.text) + " is not a name of this test");
}

std::optional<Datum> Evaluator::label(const Expression& expression) {
  const std::optional<Address> address = labels_ ? labels_(expression.text) : std::nullopt;
  if (!address) return fail(expression.location, "no label " + ticked(expression.text));
  Datum result;
  result.value = *address;
  return result;
}

std::optional<Datum> Evaluator::call(const Expression& expression, const Locals& locals) {
  ++depth_;
  std::vector<Datum> values;
  for (const Expression& argument : expression.arguments) {
    std::optional<Datum> value = evaluate_in(argument, locals);
    if (!value) return std::nullopt;
    values.push_back(*std::move(value));
  }
  const auto defined = scope_.functions.find(expression.text);
  if (defined != scope_.functions.end()) {
    std::optional<Datum> result = call_defined(expression, defined->second, values);
    --depth_;
    return result;
  }
  FunctionCall call(expression, std::move(values), scope_.memory);
  bool known = false;
  std::optional<Datum> result = call_function(expression.text, call, known);
  --depth_;
  if (!known) return fail(expression.location, "no function " + ticked(expression.text));
  if (!result) return fail(expression.location, call.problem);
  return result;
}

std::optional<Datum> Evaluator::call_defined(const Expression& expression, const Function& function,
                                             const std::vector<Datum>& arguments) {
  if (arguments.size() != function.parameters.size()) {
    return fail(expression.location,
                "expected " + std::to_string(function.parameters.size()) +
                    (function.parameters.size() == 1 ? " argument" : " arguments"));
  }
  Locals locals;
  for (std::size_t i = 0; i < arguments.size(); ++i) locals[function.parameters[i]] = arguments[i];
  return evaluate_in(*function.body, locals);
}

std::optional<Datum> Evaluator::fail(const Location& location, std::string message) {
  diagnostics_.error(location, std::move(message));
  return std::nullopt;
}

}  // namespace amalgam::lang::isla
