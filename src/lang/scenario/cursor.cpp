#include "lang/scenario/cursor.hpp"

#include <charconv>
#include <memory>
#include <utility>

namespace amalgam::lang::scenario {

namespace {

const Token kNoToken{};

// The characters that a text token stands for.
std::string unescape(std::string_view token) {
  token.remove_prefix(1);
  token.remove_suffix(1);
  std::string result;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '\\') ++i;
    result += token[i];
  }
  return result;
}

std::string shown(const Token& token) {
  if (token.kind == TokenKind::kText) return "a text";
  constexpr std::size_t max_shown = 40;
  if (token.text.size() <= max_shown) return quoted(token.text);
  return quoted(std::string(token.text.substr(0, max_shown)) + "...");
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string result(1, '`');
  result.append(text);
  return result += '`';
}

std::optional<std::uint64_t> number_value(std::string_view digits) {
  const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  if (hexadecimal) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const begin = std::to_address(digits.begin());
  const char* const end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, value, hexadecimal ? 16 : 10);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

Cursor::Cursor(std::span<const Token> tokens, Diagnostics& diagnostics)
    : tokens_(tokens), diagnostics_(&diagnostics) {}

const Token& Cursor::peek(std::size_t ahead) const {
  return next_ + ahead < tokens_.size() ? tokens_[next_ + ahead] : kNoToken;
}

bool Cursor::sees(std::string_view word_or_punctuation) const {
  const Token& token = peek();
  return token.kind != TokenKind::kText && token.text == word_or_punctuation;
}

Location Cursor::here() const {
  if (!at_end()) return peek().location;
  if (tokens_.empty()) return {};
  const Location& last = tokens_.back().location;
  return {last.line, last.column + last.length, 1};
}

Location Cursor::span_from(std::size_t first) const {
  if (first >= tokens_.size()) return here();
  Location result = tokens_[first].location;
  if (next_ <= first || next_ > tokens_.size()) return result;
  const Location& last = tokens_[next_ - 1].location;
  if (last.line == result.line) result.length = last.column + last.length - result.column;
  return result;
}

bool Cursor::accept(std::string_view word_or_punctuation) {
  if (!sees(word_or_punctuation)) return false;
  ++next_;
  return true;
}

void Cursor::expect(std::string_view word_or_punctuation) {
  if (!accept(word_or_punctuation)) fail_expected(quoted(word_or_punctuation));
}

const Token& Cursor::take() {
  const Token& token = peek();
  if (!at_end()) ++next_;
  return token;
}

ast::Name Cursor::name(std::string_view what) {
  if (at_end() || peek().kind != TokenKind::kWord) {
    fail_expected(what);
    return {};
  }
  const Token& token = take();
  if (token.text.size() > kMaxNameLength) {
    fail(token.location, "a name has " + std::to_string(kMaxNameLength) + " characters at most");
    return {};
  }
  return {token.text, token.location};
}

std::uint64_t Cursor::number(std::string_view what, std::uint64_t max) {
  if (at_end() || peek().kind != TokenKind::kNumber) {
    fail_expected(what);
    return 0;
  }
  const Token& token = take();
  const std::optional<std::uint64_t> value = number_value(token.text);
  if (value && *value <= max) return *value;
  fail(token.location, value ? "expected " + std::string(what) + ", found " + quoted(token.text)
                             : "the number does not fit 64 bits");
  return 0;
}

ast::Text Cursor::text(std::string_view what) {
  if (at_end() || peek().kind != TokenKind::kText) {
    fail_expected(what);
    return {};
  }
  ast::Text result{{}, peek().location};
  std::uint32_t line = 0;
  while (!at_end() && peek().kind == TokenKind::kText && peek().location.line != line) {
    const Token& token = take();
    if (line != 0) result.text += ' ';
    result.text += unescape(token.text);
    line = token.location.line;
  }
  return result;
}

void Cursor::fail_expected(std::string_view what) {
  const std::string found = at_end() ? "the end of the line" : shown(peek());
  fail(here(), "expected " + std::string(what) + ", found " + found);
}

// A second error of the same line would only follow from the first.
void Cursor::fail(const Location& location, std::string message) {
  if (!failed_ && !diagnostics_->has_line(location.line)) {
    diagnostics_->error(location, std::move(message));
  }
  failed_ = true;
  next_ = tokens_.size();
}

void Cursor::note(const Location& location, std::string message) {
  if (!failed_) diagnostics_->error(location, std::move(message));
}

void Cursor::expect_end(std::string_view or_what) {
  if (at_end()) return;
  const std::string what = or_what.empty() ? "" : std::string(or_what) + " or ";
  fail_expected(what + "the end of the line");
}

}  // namespace amalgam::lang::scenario
