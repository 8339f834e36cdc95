#include "lang/isla/setup.hpp"

#include <bit>
#include <optional>
#include <string_view>
#include <utility>

#include "lang/isla/tables.hpp"

namespace amalgam::lang::isla {

namespace {

constexpr unsigned kMaxBlocks = 16;
constexpr std::size_t kMaxStatements = 2000;
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 30;

std::optional<Space> space_named(std::string_view word) {
  if (word == "virtual") return Space::kVirtual;
  if (word == "intermediate") return Space::kIntermediate;
  if (word == "physical") return Space::kPhysical;
  return std::nullopt;
}

class SetupReader {
 public:
  explicit SetupReader(TokenReader& in) : in_(in) {}

  std::vector<Statement> block(bool braced) {
    std::vector<Statement> statements;
    while (!in_.at_end() && !(braced && in_.sees("}"))) {
      if (++count_ > kMaxStatements) {
        in_.fail(in_.here(), "more than " + std::to_string(kMaxStatements) + " statements");
        break;
      }
      statements.push_back(statement());
      const bool is_last = in_.at_end() || (braced && in_.sees("}"));
      if (!in_.accept(";") && !is_last && !ended_with_brace_) in_.fail_expected("`;`");
    }
    return statements;
  }

 private:
  Statement statement() {
    const std::size_t begin = in_.peek().begin;
    ended_with_brace_ = false;
    Statement result;
    if (in_.accept("option")) {
      option(result);
    } else if (in_.sees("aligned") || space_named(in_.peek().text)) {
      declaration(result);
    } else if (in_.accept("assert")) {
      result.kind = Statement::Kind::kAssert;
      result.left = read_expression(in_);
    } else if (in_.accept("let")) {
      function(result);
    } else if (in_.sees("s1table") || in_.sees("s2table")) {
      tables(result);
    } else if (in_.accept("*")) {
      result.kind = Statement::Kind::kInitially;
      result.left = read_expression(in_);
      in_.expect("=");
      result.right = read_expression(in_);
    } else {
      mapping(result);
    }
    if (result.kind != Statement::Kind::kTables) result.location = in_.since(begin);
    return result;
  }

  void option(Statement& out) {
    out.kind = Statement::Kind::kOption;
    out.name_location = in_.here();
    out.name = in_.take_name("an option");
    in_.expect("=");
    out.flag = in_.accept("true");
    if (!out.flag && !in_.accept("false")) in_.fail_expected("`true` or `false`");
  }

  void declaration(Statement& out) {
    out.kind = Statement::Kind::kDeclare;
    out.alignment = kPageBytes;
    if (in_.accept("aligned")) {
      const Location location = in_.here();
      out.alignment = in_.take_decimal("an alignment", kMaxAlignment);
      if (!in_.failed() && (!std::has_single_bit(out.alignment) || out.alignment < kPageBytes)) {
        in_.fail(location, "an alignment is a power of two and at least 4096");
      }
    }
    const std::optional<Space> space = space_named(in_.peek().text);
    if (!space) return in_.fail_expected("`virtual`, `intermediate` or `physical`");
    out.space = *space;
    in_.take();
    do {
      const Location location = in_.here();
      out.names.push_back({std::string(in_.take_name("a name")), location});
    } while (in_.peek().kind == TokenKind::kName);
  }

  void function(Statement& out) {
    out.kind = Statement::Kind::kFunction;
    out.name_location = in_.here();
    out.name = in_.take_name("a function");
    in_.expect("(");
    do {
      out.parameters.emplace_back(in_.take_name("a parameter"));
    } while (in_.accept(","));
    in_.expect(")");
    in_.expect("=");
    out.left = read_expression(in_);
  }

  void tables(Statement& out) {
    const std::size_t begin = in_.peek().begin;
    out.kind = Statement::Kind::kTables;
    out.stage = in_.take().text == "s1table" ? arch::Stage::kStage1 : arch::Stage::kStage2;
    out.name_location = in_.here();
    out.name = in_.take_name("a name of tables");
    if (!in_.sees("{") && !in_.sees(";") && !in_.sees("}") && !in_.at_end()) {
      out.has_address = true;
      out.left = read_expression(in_);
    }
    out.location = in_.since(begin);
    if (!in_.accept("{")) return;
    if (++blocks_ > kMaxBlocks) in_.fail(out.location, "tables that are nested too deep");
    out.block = block(true);
    in_.expect("}");
    --blocks_;
    ended_with_brace_ = true;
  }

  void mapping(Statement& out) {
    if (in_.accept("identity")) {
      out.kind = Statement::Kind::kIdentity;
      out.left = read_expression(in_);
    } else {
      out.left = read_expression(in_);
      out.kind = in_.sees("?->") ? Statement::Kind::kMayMapTo : Statement::Kind::kMapsTo;
      if (!in_.accept("?->") && !in_.accept("|->")) return in_.fail_expected("`|->` or `?->`");
      out.right = read_expression(in_);
    }
    suffixes(out);
  }

  void suffixes(Statement& out) {
    if (in_.accept("with")) {
      out.attributes.first = attributes();
      out.attributes.has_second = in_.accept("and");
      if (out.attributes.has_second) out.attributes.second = attributes();
    }
    if (in_.accept("at")) {
      in_.expect("level");
      out.level = static_cast<int>(in_.take_decimal("a level", 3));
    }
    if (in_.accept("as")) {
      out.name_location = in_.here();
      out.name = in_.take_name("a name");
    }
  }

  Attributes attributes() {
    Attributes result;
    if (in_.accept("default")) return result;
    result.code = in_.accept("code");
    if (result.code) return result;
    if (!in_.accept("[")) {
      in_.fail_expected("`default`, `code` or `[`");
      return result;
    }
    do {
      AttributeField field;
      field.location = in_.here();
      field.name = in_.take_name("an attribute");
      in_.expect("=");
      field.value = read_number(in_).value;
      result.fields.push_back(std::move(field));
    } while (in_.accept(","));
    in_.expect("]");
    return result;
  }

  TokenReader& in_;
  bool ended_with_brace_ = false;
  unsigned blocks_ = 0;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<Statement> read_setup(const SourceText& source, Diagnostics& diagnostics) {
  TokenReader in(source, diagnostics);
  return SetupReader(in).block(false);
}

}  // namespace amalgam::lang::isla
