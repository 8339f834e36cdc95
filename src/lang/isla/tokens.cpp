#include "lang/isla/tokens.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace amalgam::lang::isla {

namespace {

// Longer ones first.
constexpr std::array<std::string_view, 26> kSymbols{
    "|->", "?->", "->", "&&", "||", "==", "!=", "..", "~", "&", "|", "(", ")",
    "[",   "]",   "{",  "}",  ":",  ";",  "=",  "*",  "^", ",", ".", "+", "-"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t length_while(std::string_view text, bool (*holds)(char)) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, holds) - text.begin());
}

std::size_t name_length(std::string_view text) {
  return length_while(text, [](char c) { return is_letter(c) || is_digit(c); });
}

struct Cut {
  TokenKind kind = TokenKind::kEnd;
  std::size_t length = 0;
};

Cut cut_number(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0b")) {
    const bool binary = text[1] == 'b';
    const std::size_t digits = length_while(
        text.substr(2), binary ? [](char c) { return c == '0' || c == '1'; } : is_hexadecimal);
    if (digits > 0) {
      return {binary ? TokenKind::kBinary : TokenKind::kHexadecimal, digits + 2};
    }
  }
  return {TokenKind::kDecimal, length_while(text, is_digit)};
}

// Nothing (length 0) if no token starts here.
Cut cut(std::string_view text) {
  if (is_letter(text[0])) return {TokenKind::kName, name_length(text)};
  if (is_digit(text[0])) return cut_number(text);
  for (const std::string_view symbol : kSymbols) {
    if (text.starts_with(symbol)) return {TokenKind::kSymbol, symbol.size()};
  }
  return {};
}

std::size_t blank_or_comment_length(std::string_view text) {
  if (text.starts_with("//")) return std::min(text.size(), text.find('\n'));
  return length_while(text, is_blank);
}

}  // namespace

std::vector<Token> tokenize(const SourceText& source, Diagnostics& diagnostics) {
  const std::string_view text = source.text();
  std::vector<Token> tokens;
  bool noted = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (const std::size_t blank = blank_or_comment_length(rest); blank > 0) {
      at += blank;
      continue;
    }
    const Cut next = cut(rest);
    if (next.length > 0) {
      tokens.push_back({next.kind, rest.substr(0, next.length), at});
    } else if (!std::exchange(noted, true)) {
      diagnostics.error(source.location(at), "a character that means nothing here");
    }
    at += std::max<std::size_t>(next.length, 1);
  }
  tokens.push_back({TokenKind::kEnd, text.substr(text.size()), text.size()});
  return tokens;
}

TokenReader::TokenReader(const SourceText& source, Diagnostics& diagnostics)
    : source_(source), diagnostics_(diagnostics), tokens_(tokenize(source, diagnostics)) {}

const Token& TokenReader::peek(std::size_t ahead) const {
  return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
}

bool TokenReader::sees(std::string_view text, std::size_t ahead) const {
  const Token& token = peek(ahead);
  return token.kind != TokenKind::kEnd && token.text == text;
}

Location TokenReader::since(std::size_t begin) const {
  return source_.location(begin, taken_end_ > begin ? taken_end_ - begin : 1);
}

bool TokenReader::accept(std::string_view text) {
  if (!sees(text)) return false;
  take();
  return true;
}

void TokenReader::expect(std::string_view text) {
  if (!accept(text)) fail_expected('`' + std::string(text) + '`');
}

Token TokenReader::take() {
  const Token token = peek();
  taken_end_ = token.begin + token.text.size();
  if (next_ + 1 < tokens_.size()) ++next_;
  return token;
}

std::string_view TokenReader::take_name(std::string_view what) {
  if (peek().kind == TokenKind::kName) return take().text;
  fail_expected(what);
  return {};
}

std::uint64_t TokenReader::take_decimal(std::string_view what, std::uint64_t max) {
  if (peek().kind != TokenKind::kDecimal) {
    fail_expected(what);
    return 0;
  }
  const Location location = here();
  const std::string_view digits = take().text;
  std::uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec == std::errc() && value <= max) return value;
  fail(location, std::string(what) + " is at most " + std::to_string(max));
  return 0;
}

void TokenReader::fail_expected(std::string_view what) {
  const std::string found = at_end() ? "the end of the text" : '`' + std::string(peek().text) + '`';
  fail(here(), "expected " + std::string(what) + ", found " + found);
}

void TokenReader::fail(const Location& location, std::string message) {
  if (!std::exchange(failed_, true)) diagnostics_.error(location, std::move(message));
  next_ = tokens_.size() - 1;
}

}  // namespace amalgam::lang::isla
