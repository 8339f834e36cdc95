#include "lang/scenario/read.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lang/scenario/suggest.hpp"

namespace amalgam::lang::scenario {

namespace {

constexpr std::array<std::string_view, 9> kReserved{"any",   "block", "from", "none",   "of",
                                                    "table", "to",    "with", "through"};
constexpr std::array<std::string_view, 6> kAfterAttributes{"at", "from",    "in",
                                                           "of", "through", "to"};

template <typename Range>
bool contains(const Range& range, std::string_view text) {
  return std::ranges::find(range, text) != std::ranges::end(range);
}

// A number, a name or an operator of an expression. The text `i-1` is one word to the lines'
// grammar and three atoms here.
struct Atom {
  TokenKind kind;
  std::string_view text;
  Location location;
};

bool is_operator(const Token& token) {
  return token.kind == TokenKind::kPunctuation &&
         (token.text == "+" || token.text == "-" || token.text == "*");
}

void split_word(const Token& token, std::vector<Atom>& atoms) {
  std::string_view rest = token.text;
  Location at = token.location;
  while (true) {
    const std::string_view part = rest.substr(0, rest.find('-'));
    const bool digits = part.find_first_not_of("0123456789") == std::string_view::npos;
    at.length = static_cast<std::uint32_t>(part.size());
    atoms.push_back({digits ? TokenKind::kNumber : TokenKind::kWord, part, at});
    if (part.size() == rest.size()) return;
    at.column += at.length;
    atoms.push_back(
        {TokenKind::kPunctuation, rest.substr(part.size(), 1), {at.line, at.column, 1}});
    ++at.column;
    rest.remove_prefix(part.size() + 1);
  }
}

std::vector<Atom> take_atoms(Cursor& cursor) {
  std::vector<Atom> atoms;
  while (!cursor.at_end()) {
    const Token& token = cursor.peek();
    if (token.kind == TokenKind::kWord) {
      split_word(token, atoms);
    } else if (token.kind == TokenKind::kNumber || is_operator(token)) {
      atoms.push_back({token.kind, token.text, token.location});
    } else {
      break;
    }
    cursor.take();
  }
  return atoms;
}

// expression: product (('+' | '-') product)*; product: number | name | number '*' name | ...
class ExpressionReader {
 public:
  ExpressionReader(Cursor& cursor, const Scope& scope)
      : cursor_(cursor), scope_(scope), atoms_(take_atoms(cursor)) {}

  ast::Expression read() {
    ast::Expression result;
    std::int64_t sign = accept("-") ? -1 : 1;
    do {
      add_product(sign, result);
      sign = sees("-") ? -1 : 1;
    } while (accept("+") || accept("-"));
    if (!cursor_.failed() && next_ < atoms_.size()) {
      cursor_.fail(atoms_[next_].location,
                   "expected `+`, `-` or `*`, found " + quoted(atoms_[next_].text));
    }
    if (!in_range(result.constant)) {
      cursor_.fail(cursor_.here(), "the number is too large for an index");
    }
    return result;
  }

 private:
  [[nodiscard]] bool sees(std::string_view text) const {
    return next_ < atoms_.size() && atoms_[next_].text == text;
  }

  bool accept(std::string_view text) {
    if (!sees(text)) return false;
    ++next_;
    return true;
  }

  static bool in_range(std::int64_t value) {
    constexpr auto max = static_cast<std::int64_t>(kMaxIndexNumber);
    return value <= max && value >= -max;
  }

  void add_product(std::int64_t sign, ast::Expression& result) {
    std::int64_t factor = sign;
    std::optional<std::uint32_t> loop;
    do {
      if (next_ == atoms_.size()) return cursor_.fail_expected("a number or a loop variable");
      const Atom& atom = atoms_[next_++];
      if (atom.kind == TokenKind::kNumber) {
        factor *= number(atom);
      } else if (atom.kind == TokenKind::kWord && !loop) {
        loop = loop_depth(atom);
      } else {
        return cursor_.fail(atom.location, atom.kind == TokenKind::kWord
                                               ? "two loop variables cannot be multiplied"
                                               : "expected a number or a loop variable, found " +
                                                     quoted(atom.text));
      }
      if (cursor_.failed()) return;
      if (!in_range(factor))
        return cursor_.fail(atom.location, "the number is too large for an index");
    } while (accept("*"));
    add_term(factor, loop, result);
  }

  void add_term(std::int64_t factor, std::optional<std::uint32_t> loop, ast::Expression& result) {
    if (!loop) {
      result.constant += factor;
      if (!in_range(result.constant)) {
        cursor_.fail(atoms_[next_ - 1].location, "the number is too large for an index");
      }
    } else if (result.terms.size() == kMaxTerms) {
      cursor_.fail(atoms_[next_ - 1].location, "an index may have four loop variables at most");
    } else {
      result.terms.push_back({factor, *loop});
    }
  }

  std::int64_t number(const Atom& atom) {
    const std::optional<std::uint64_t> value = number_value(atom.text);
    if (value && *value <= kMaxIndexNumber) return static_cast<std::int64_t>(*value);
    cursor_.fail(atom.location, "the number is too large for an index");
    return 0;
  }

  std::uint32_t loop_depth(const Atom& atom) {
    for (std::size_t i = scope_.loops.size(); i-- > 0;) {
      if (scope_.loops[i].text == atom.text) return static_cast<std::uint32_t>(i);
    }
    const auto known = names_in(scope_.loops, &ast::Name::text);
    cursor_.fail(atom.location,
                 "no loop variable is named " + quoted(atom.text) + suggestion(atom.text, known));
    return 0;
  }

  Cursor& cursor_;
  const Scope& scope_;
  std::vector<Atom> atoms_;
  std::size_t next_ = 0;
};

ast::Index read_index(Cursor& cursor, Scope& scope) {
  ast::Index result;
  const std::size_t open = cursor.position();
  cursor.expect("[");
  const std::size_t first = cursor.position();
  if (cursor.accept("any")) {
    result.any = true;
  } else {
    result.first = read_expression(cursor, scope);
    if (cursor.accept("..")) result.last = read_expression(cursor, scope);
  }
  const std::size_t end = cursor.position();
  cursor.expect("]");
  result.location = cursor.span_from(open);
  if (!cursor.failed()) scope.uses.push_back({first, end, result});
  return result;
}

constexpr std::array<std::pair<std::string_view, int>, 4> kLevelNames{
    {{"pte", 3}, {"pmd", 2}, {"pud", 1}, {"p4d", 0}}};

// Notes an attribute that is said before or contradicts an earlier one.
void check_attribute(Cursor& cursor, const ast::Attributes& before, const ast::AttributeUse& use) {
  for (const ast::AttributeUse& other : before) {
    if (info(other.attribute).group != info(use.attribute).group) continue;
    const std::string name = quoted(info(use.attribute).name);
    cursor.note(use.location, other.attribute == use.attribute
                                  ? name + " is said twice"
                                  : name + " contradicts " + quoted(info(other.attribute).name));
  }
}

std::string unknown_attribute(std::string_view name) {
  const auto known = names_in(attribute_table(), &AttributeInfo::name);
  return "no attribute is named " + quoted(name) + suggestion(name, known);
}

// "0..3", "0, 2..3": numbered choices, one after the other, until what follows is none.
template <typename ReadOne>
std::vector<std::uint8_t> read_level_list(Cursor& cursor, const ReadOne& read_one) {
  std::vector<std::uint8_t> result;
  do {
    const Location at = cursor.here();
    const std::uint8_t first = read_one();
    const std::uint8_t last = cursor.accept("..") ? read_one() : first;
    if (cursor.failed()) return {};
    if (last < first) {
      cursor.fail(at, "a range of levels goes upwards");
      return {};
    }
    for (unsigned level = first; level <= last; ++level) {
      if (std::ranges::count(result, level) != 0) cursor.note(at, "a level is named twice");
      result.push_back(static_cast<std::uint8_t>(level));
    }
    const bool goes_on = cursor.peek(1).kind == TokenKind::kNumber || cursor.peek(1).text == "none";
    if (!cursor.sees(",") || !goes_on) break;
    cursor.take();
  } while (true);
  std::ranges::sort(result);
  result.erase(std::ranges::unique(result).begin(), result.end());
  return result;
}

std::uint8_t read_ets_level(Cursor& cursor) {
  if (cursor.accept("none")) return 0;
  const Location at = cursor.here();
  const std::uint64_t level = cursor.number("`none`, 2 or 3", 3);
  if (level < 2) cursor.fail(at, "FEAT_ETS has the levels 2 and 3; without it write `none`");
  return level < 2 ? 0 : static_cast<std::uint8_t>(level - 1);
}

}  // namespace

ast::Expression read_expression(Cursor& cursor, const Scope& scope) {
  return ExpressionReader(cursor, scope).read();
}

ast::Item read_item(Cursor& cursor, Scope& scope, std::string_view what) {
  ast::Item result{cursor.name(what), {}};
  while (!cursor.failed() && cursor.sees("[")) {
    if (result.indices.size() == 2) {
      cursor.fail(cursor.here(), "expected two indices at most");
      break;
    }
    result.indices.push_back(read_index(cursor, scope));
  }
  return result;
}

ast::Page read_page(Cursor& cursor, Scope& scope) {
  ast::Page result;
  if (cursor.peek(1).text == ":" && cursor.peek(1).kind == TokenKind::kPunctuation) {
    result.root = cursor.name("a root");
    cursor.expect(":");
  }
  result.item = read_item(cursor, scope, "a page of a region");
  return result;
}

ast::Level read_level(Cursor& cursor) {
  const std::size_t start = cursor.position();
  for (const auto& [name, number] : kLevelNames) {
    if (cursor.accept(name)) return {number, cursor.span_from(start)};
  }
  if (cursor.accept("pgd")) return {std::nullopt, cursor.span_from(start)};
  if (!cursor.accept("level")) {
    cursor.fail_expected("a level (pte, pmd, pud, p4d, pgd or level N)");
    return {std::nullopt, {}};
  }
  const int sign = cursor.accept("-") ? -1 : 1;
  const int number = sign * static_cast<int>(cursor.number("a level from -1 to 3", 3));
  const Location at = cursor.span_from(start);
  if (number < arch::kFirstLevel) cursor.fail(at, "levels go from -1 to 3");
  return {number, at};
}

ast::Entry read_entry(Cursor& cursor, Scope& scope) {
  const std::size_t start = cursor.position();
  ast::Entry result;
  result.level = read_level(cursor);
  result.page = read_page(cursor, scope);
  result.location = cursor.span_from(start);
  return result;
}

ast::Attributes read_attributes(Cursor& cursor) {
  ast::Attributes result;
  while (cursor.peek().kind == TokenKind::kWord && !cursor.at_end() &&
         !contains(kAfterAttributes, cursor.peek().text)) {
    const Token& token = cursor.take();
    const std::optional<Attribute> attribute = attribute_named(token.text);
    if (!attribute) {
      cursor.fail(token.location, unknown_attribute(token.text));
      break;
    }
    const ast::AttributeUse use{*attribute, token.location};
    check_attribute(cursor, result, use);
    result.push_back(use);
  }
  return result;
}

ast::Attributes read_some_attributes(Cursor& cursor) {
  ast::Attributes result = read_attributes(cursor);
  if (result.empty()) cursor.fail_expected("an attribute");
  return result;
}

ast::Value read_value(Cursor& cursor, Scope& scope) {
  if (cursor.accept("none")) return ast::NoEntry{};
  if (cursor.accept("table")) return ast::LinkTable{read_item(cursor, scope, "a table")};
  if (cursor.peek(1).text == "with") {
    const ast::Name reg = cursor.name("a register");
    cursor.expect("with");
    return ast::ChangedRegister{reg, read_some_attributes(cursor)};
  }
  ast::Leaf leaf;
  leaf.page = read_item(cursor, scope, "a frame, `table`, `none` or a register");
  leaf.attributes = read_attributes(cursor);
  return leaf;
}

ast::Place read_place(Cursor& cursor, bool any_other) {
  ast::Place place;
  const std::size_t start = cursor.position();
  cursor.expect("on");
  if (any_other && cursor.accept("any")) {
    cursor.expect("other");
    cursor.expect("cpu");
    place.any_other = true;
  } else if (cursor.accept("cpu")) {
    do {
      place.cpus.push_back(static_cast<std::uint32_t>(cursor.number("the number of a CPU", 63)));
    } while (any_other && cursor.accept(","));
  } else {
    place.device =
        cursor.name(any_other ? "`any other cpu`, `cpu` or a device" : "`cpu` or a device");
  }
  place.location = cursor.span_from(start);
  return place;
}

std::vector<std::uint8_t> read_bbm_levels(Cursor& cursor) {
  return read_level_list(cursor, [&] {
    return static_cast<std::uint8_t>(cursor.number("a FEAT_BBM level from 0 to 3", 3));
  });
}

std::vector<arch::Ets> read_ets_levels(Cursor& cursor) {
  std::vector<arch::Ets> result;
  for (const std::uint8_t level : read_level_list(cursor, [&] { return read_ets_level(cursor); })) {
    result.push_back(static_cast<arch::Ets>(level));
  }
  return result;
}

bool is_reserved(std::string_view name) { return contains(kReserved, name); }

ast::Name read_new_name(Cursor& cursor, std::string_view what) {
  ast::Name name = cursor.name(what);
  if (is_reserved(name.text)) {
    cursor.fail(name.location, "a keyword cannot be a name: " + quoted(name.text));
  } else if (!name.text.empty() && name.text.front() >= '0' && name.text.front() <= '9') {
    cursor.fail(name.location, "a name starts with a letter or `_`");
  }
  return name;
}

bool has_space_between(const Token& before, const Token& after, int brackets, bool spaced_colon) {
  const std::string_view a = before.kind == TokenKind::kPunctuation ? before.text : "";
  const std::string_view b = after.kind == TokenKind::kPunctuation ? after.text : "";
  if (b == "," || b == ":" || b == "[" || b == "]" || b == ".." || b == "+" || b == "*")
    return false;
  if (a == "[" || a == ".." || a == "+" || a == "*" || a == "-") return false;
  if (a == ":") return spaced_colon;
  return b != "-" || brackets == 0;
}

ast::StepText make_text(std::span<const Token> tokens, const std::vector<IndexUse>& uses) {
  ast::StepText result;
  std::size_t use = 0;
  std::string words;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && has_space_between(tokens[i - 1], tokens[i], 0, false)) words += ' ';
    if (use < uses.size() && uses[use].first_token == i) {
      result.pieces.push_back({std::exchange(words, {}), uses[use].index});
      i = uses[use++].end_token - 1;
      continue;
    }
    words += tokens[i].text;
  }
  result.tail = std::move(words);
  return result;
}

}  // namespace amalgam::lang::scenario
