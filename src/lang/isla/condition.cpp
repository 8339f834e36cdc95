#include "lang/isla/condition.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "lang/isla/functions.hpp"
#include "lang/isla/tokens.hpp"

namespace amalgam::lang::isla {

namespace {

using model::litmus::Formula;
using model::litmus::Observable;
using model::litmus::RegisterIndex;
using model::litmus::Test;

constexpr unsigned kMaxDepth = 48;

struct TypeRow {
  std::string_view name;
  Value mask;
};

constexpr std::array<TypeRow, 4> kTypes{
    {{"uint64_t", ~Value{0}}, {"uint32_t", 0xffffffff}, {"uint16_t", 0xffff}, {"uint8_t", 0xff}}};

class ConditionReader {
 public:
  ConditionReader(const Document& document, const World& world, Evaluator& evaluator, Test& test,
                  Diagnostics& diagnostics)
      : document_(document),
        world_(world),
        evaluator_(evaluator),
        test_(test),
        in_(document.assertion, diagnostics) {}

  void read() {
    test_.condition_location = document_.assertion.location(0, document_.assertion.text().size());
    test_.condition = implication();
    if (!in_.at_end()) in_.fail_expected("`&`, `|` or the end of the condition");
  }

 private:
  Formula implication() {
    Formula left = disjunction();
    if (!in_.accept("->")) return left;
    std::vector<Formula> parts;
    parts.push_back(negation(std::move(left)));
    parts.push_back(disjunction());
    return connect(Formula::Kind::kOr, std::move(parts));
  }

  Formula disjunction() {
    std::vector<Formula> parts;
    do {
      parts.push_back(conjunction());
    } while (in_.accept("|"));
    return connect(Formula::Kind::kOr, std::move(parts));
  }

  Formula conjunction() {
    std::vector<Formula> parts;
    do {
      parts.push_back(atom());
    } while (in_.accept("&"));
    return connect(Formula::Kind::kAnd, std::move(parts));
  }

  static Formula connect(Formula::Kind kind, std::vector<Formula> parts) {
    if (parts.size() == 1) return std::move(parts.front());
    Formula result;
    result.kind = kind;
    result.parts = std::move(parts);
    return result;
  }

  static Formula negation(Formula of) {
    Formula result;
    result.kind = Formula::Kind::kNot;
    result.parts.push_back(std::move(of));
    return result;
  }

  Formula atom() {
    if (++depth_ > kMaxDepth) in_.fail(in_.here(), "a condition that is nested too deep");
    Formula result;
    if (in_.accept("~")) {
      result = negation(atom());
    } else if (in_.accept("(")) {
      result = implication();
      in_.expect(")");
    } else if (in_.accept("false")) {
      result = negation({});
    } else if (in_.accept("*")) {
      result = memory_term();
    } else if (in_.peek().kind == TokenKind::kDecimal) {
      result = register_term();
    } else if (!in_.accept("true")) {
      in_.fail_expected("`THREAD:REGISTER =`, `*ADDRESS =` or `true`");
    }
    --depth_;
    return result;
  }

  // "0:X1 = v"
  Formula register_term() {
    Formula result;
    result.kind = Formula::Kind::kRegisterIs;
    const Location thread_location = in_.here();
    const std::string thread(in_.take().text);
    const auto found = std::ranges::find(test_.threads, thread, &model::litmus::Thread::name);
    if (found == test_.threads.end()) in_.fail(thread_location, "no thread " + thread);
    result.thread = static_cast<std::uint32_t>(found - test_.threads.begin());
    in_.expect(":");
    const Location location = in_.here();
    const std::string_view name = in_.take_name("a register");
    const std::optional<RegisterIndex> reg = general_register(name);
    if (!reg) in_.fail(location, "expected a register X0 to X30");
    result.reg = reg.value_or(0);
    in_.expect("=");
    result.value = value();
    observe_register(result, thread);
    return result;
  }

  // "*x = v"
  Formula memory_term() {
    Formula result;
    result.kind = Formula::Kind::kMemoryIs;
    const Location location = in_.here();
    const std::string name(in_.peek().kind == TokenKind::kName ? in_.peek().text : "");
    const Expression where = read_primary(in_);
    in_.expect("=");
    result.value = value();
    if (in_.failed()) return result;
    const std::optional<Datum> datum = evaluator_.evaluate(where);
    if (!datum) return result;
    const std::optional<Address> address = world_.translate(as_physical_address(*datum));
    if (!address) in_.fail(location, "this address is not mapped at the start");
    result.address = address.value_or(0);
    result.mask = mask_of(name);
    observe_memory(result, name);
    return result;
  }

  Value value() {
    if (in_.failed()) return 0;
    const Expression expression = read_primary(in_);
    return in_.failed() ? 0 : evaluator_.number(expression);
  }

  // The bits that a name's type gives it; all if `types` does not say.
  Value mask_of(const std::string& name) {
    const auto type = std::ranges::find(document_.types, name, &Entry::name);
    if (name.empty() || type == document_.types.end()) return ~Value{0};
    const auto* row = std::ranges::find(kTypes, type->value.text(), &TypeRow::name);
    return row == kTypes.end() ? ~Value{0} : row->mask;
  }

  void observe(Observable observable) {
    observable.is_64 = true;
    observable.is_unsigned = true;
    const auto same = [&](const Observable& o) { return o.text == observable.text; };
    if (std::ranges::none_of(test_.observed, same)) {
      test_.observed.push_back(std::move(observable));
    }
  }

  void observe_register(const Formula& term, const std::string& thread) {
    Observable observable;
    observable.kind = Observable::Kind::kRegister;
    observable.thread = term.thread;
    observable.reg = term.reg;
    observable.text = thread + ":X" + std::to_string(term.reg);
    observe(std::move(observable));
  }

  void observe_memory(const Formula& term, const std::string& name) {
    Observable observable;
    observable.kind = Observable::Kind::kMemory;
    observable.address = term.address;
    observable.text = '*' + name;
    if (name.empty()) observable.text += std::to_string(term.address);
    observe(std::move(observable));
  }

  const Document& document_;
  const World& world_;
  Evaluator& evaluator_;
  Test& test_;
  TokenReader in_;
  unsigned depth_ = 0;
};

void check_types(const Document& document, Diagnostics& diagnostics) {
  for (const Entry& type : document.types) {
    const std::string& text = type.value.text();
    if (std::ranges::find(kTypes, text, &TypeRow::name) == kTypes.end()) {
      diagnostics.error(type.value.location(0, text.size()),
                        "expected `uint64_t`, `uint32_t`, `uint16_t` or `uint8_t`");
    }
  }
}

}  // namespace

void read_condition(const Document& document, const World& world, Evaluator& evaluator, Test& test,
                    Diagnostics& diagnostics) {
  check_types(document, diagnostics);
  ConditionReader(document, world, evaluator, test, diagnostics).read();
}

std::optional<RegisterIndex> general_register(std::string_view name) {
  if (name.size() < 2 || std::string_view("XRW").find(name[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  unsigned index = 0;
  const auto read = std::from_chars(name.data() + 1, name.data() + name.size(), index);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() || index > 30) {
    return std::nullopt;
  }
  return static_cast<RegisterIndex>(index);
}

}  // namespace amalgam::lang::isla
