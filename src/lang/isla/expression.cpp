#include "lang/isla/expression.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace amalgam::lang::isla {

namespace {

constexpr unsigned kMaxDepth = 48;

struct BinaryOperator {
  std::string_view symbol;
  std::string_view function;
  unsigned precedence;
};

constexpr std::array<BinaryOperator, 7> kOperators{{{"||", "or_bool", 1},
                                                    {"&&", "and_bool", 2},
                                                    {"==", "eq_bits", 3},
                                                    {"!=", "neq_bits", 3},
                                                    {"|", "or_bits", 4},
                                                    {"^", "xor_bits", 5},
                                                    {"&", "and_bits", 6}}};

Expression call(std::string_view function, std::vector<Expression> arguments,
                const Location& location) {
  Expression result;
  result.kind = Expression::Kind::kCall;
  result.text = function;
  result.keywords.resize(arguments.size());
  result.arguments = std::move(arguments);
  result.location = location;
  return result;
}

class ExpressionReader {
 public:
  explicit ExpressionReader(TokenReader& in) : in_(in) {}

  Expression binary(unsigned min_precedence) {
    const std::size_t begin = in_.peek().begin;
    Expression left = primary();
    while (const BinaryOperator* next = next_operator(min_precedence)) {
      in_.take();
      std::vector<Expression> sides;
      sides.push_back(std::move(left));
      sides.push_back(binary(next->precedence + 1));
      left = call(next->function, std::move(sides), in_.since(begin));
    }
    return left;
  }

  Expression primary() {
    if (++depth_ > kMaxDepth) in_.fail(in_.here(), "an expression that is nested too deep");
    const std::size_t begin = in_.peek().begin;
    Expression result;
    if (in_.accept("~")) {
      std::vector<Expression> inner;
      inner.push_back(primary());
      result = call("not_bits", std::move(inner), in_.since(begin));
    } else {
      result = slices(atom(), begin);
    }
    --depth_;
    return result;
  }

 private:
  [[nodiscard]] const BinaryOperator* next_operator(unsigned min_precedence) const {
    for (const BinaryOperator& row : kOperators) {
      if (row.precedence >= min_precedence && in_.sees(row.symbol)) return &row;
    }
    return nullptr;
  }

  Expression atom() {
    if (in_.accept("(")) {
      Expression inner = binary(0);
      in_.expect(")");
      return inner;
    }
    if (in_.peek().kind == TokenKind::kName) return name_or_call();
    return read_number(in_);
  }

  Expression name_or_call() {
    const std::size_t begin = in_.peek().begin;
    Expression result;
    result.text = in_.take().text;
    result.kind = Expression::Kind::kName;
    if (in_.accept("(")) {
      result.kind = Expression::Kind::kCall;
      arguments(result);
    } else if (in_.accept(":")) {
      result.kind = Expression::Kind::kLabel;
    }
    result.location = in_.since(begin);
    return result;
  }

  void arguments(Expression& result) {
    if (in_.accept(")")) return;
    do {
      const bool has_keyword = in_.peek().kind == TokenKind::kName && in_.sees("=", 1);
      result.keywords.emplace_back(has_keyword ? in_.take().text : "");
      if (has_keyword) in_.take();
      result.arguments.push_back(binary(0));
    } while (in_.accept(","));
    in_.expect(")");
  }

  // "[hi..lo]" behind an expression, any number of times.
  Expression slices(Expression of, std::size_t begin) {
    while (in_.accept("[")) {
      if (++depth_ > kMaxDepth) in_.fail(in_.here(), "an expression that is nested too deep");
      std::vector<Expression> parts;
      parts.push_back(std::move(of));
      parts.push_back(binary(0));
      in_.expect("..");
      parts.push_back(binary(0));
      in_.expect("]");
      of = call("vector_subrange", std::move(parts), in_.since(begin));
    }
    return of;
  }

  TokenReader& in_;
  unsigned depth_ = 0;
};

}  // namespace

Expression read_expression(TokenReader& in) { return ExpressionReader(in).binary(0); }

Expression read_primary(TokenReader& in) { return ExpressionReader(in).primary(); }

Expression read_number(TokenReader& in) {
  Expression result;
  result.location = in.here();
  const TokenKind kind = in.peek().kind;
  if (kind != TokenKind::kDecimal && kind != TokenKind::kHexadecimal &&
      kind != TokenKind::kBinary) {
    in.fail_expected("a value");
    return result;
  }
  std::string_view digits = in.take().text;
  const int base = kind == TokenKind::kDecimal ? 10 : kind == TokenKind::kBinary ? 2 : 16;
  if (base != 10) {
    digits.remove_prefix(2);
    result.kind = Expression::Kind::kBits;
    result.width_bits = static_cast<unsigned>(digits.size()) * (base == 16 ? 4 : 1);
  }
  const auto read =
      std::from_chars(digits.data(), digits.data() + digits.size(), result.value, base);
  if (read.ec != std::errc() || result.width_bits > 64) {
    in.fail(result.location, "a number of more than 64 bits");
  }
  return result;
}

}  // namespace amalgam::lang::isla
