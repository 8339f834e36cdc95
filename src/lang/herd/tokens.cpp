#include "lang/herd/tokens.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

namespace amalgam::lang::herd {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool starts_name(char c) { return is_letter(c) || c == '_' || c == '.' || c == '$'; }
bool continues_name(char c) { return starts_name(c) || is_digit(c) || c == '/' || c == '-'; }

// The longest first, where one is the start of another.
constexpr std::array<std::string_view, 22> kPunctuation{
    "/\\", "\\/", "==", "!=", "<>", "=>", "(", ")", "[", "]", "{",
    "}",   ",",   ";",  ":",  "=",  "&",  "*", "~", "+", "|", "#"};

std::size_t length_while(std::string_view text, bool (*belongs)(char)) {
  const auto end = std::ranges::find_if_not(text, belongs);
  return static_cast<std::size_t>(end - text.begin());
}

Token word(std::string_view text) {
  text = text.substr(0, length_while(text, continues_name));
  const bool is_thread = text.size() > 1 && text[0] == 'P' &&
                         length_while(text.substr(1), is_digit) == text.size() - 1;
  return {is_thread ? TokenKind::kThread : TokenKind::kName, text};
}

// Letters too: what is no number is one wrong token rather than two right ones.
Token number(std::string_view text) {
  const auto belongs = [](char c) { return is_digit(c) || is_letter(c); };
  return {TokenKind::kNumber, text.substr(0, 1 + length_while(text.substr(1), belongs))};
}

// The token at the start of `text`; empty if there is none.
Token first_token(std::string_view text) {
  const char c = text.front();
  if (starts_name(c)) return word(text);
  if (is_digit(c) || (c == '-' && text.size() > 1 && is_digit(text[1]))) return number(text);
  if (c == '"') {
    const std::size_t end = text.find('"', 1);
    if (end == std::string_view::npos) return {};
    return {TokenKind::kText, text.substr(0, end + 1)};
  }
  for (const std::string_view known : kPunctuation) {
    if (text.starts_with(known)) return {TokenKind::kPunctuation, text.substr(0, known.size())};
  }
  return {};
}

std::optional<std::uint64_t> magnitude(std::string_view digits) {
  const bool is_hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (is_hex) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const end = std::to_address(digits.end());
  const auto [stop, error] =
      std::from_chars(std::to_address(digits.begin()), end, value, is_hex ? 16 : 10);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::string ticked(std::string_view text) { return '`' + std::string(text) + '`'; }

std::optional<std::vector<Token>> read_tokens(const Source& source, std::string_view part,
                                              Diagnostics& diagnostics) {
  std::vector<Token> tokens;
  bool all_known = true;
  while (true) {
    part.remove_prefix(length_while(part, is_blank));
    if (part.empty()) break;
    const Token token = first_token(part);
    if (token.text.empty()) {
      diagnostics.error(source.place_of(part.substr(0, 1)), "unexpected character");
      part.remove_prefix(1);
      all_known = false;
      continue;
    }
    tokens.push_back(token);
    part.remove_prefix(token.text.size());
  }
  if (!all_known) return std::nullopt;
  return tokens;
}

Cursor::Cursor(std::span<const Token> tokens, std::string_view end, const Source& source,
               Diagnostics& diagnostics)
    : tokens_(tokens), end_(end), source_(&source), diagnostics_(&diagnostics) {}

const Token& Cursor::peek(std::size_t ahead) const {
  static const Token kNothing;
  return next_ + ahead < tokens_.size() ? tokens_[next_ + ahead] : kNothing;
}

bool Cursor::sees(std::string_view text, std::size_t ahead) const {
  const Token& token = peek(ahead);
  return token.kind != TokenKind::kText && !token.text.empty() && token.text == text;
}

bool Cursor::sees(TokenKind kind, std::size_t ahead) const {
  return !peek(ahead).text.empty() && peek(ahead).kind == kind;
}

model::Location Cursor::place_of(const Token& token) const {
  return source_->place_of(token.text.empty() ? end_ : token.text);
}

model::Location Cursor::here() const { return place_of(peek()); }

const Token& Cursor::take() {
  const Token& token = peek();
  if (!at_end()) ++next_;
  return token;
}

bool Cursor::accept(std::string_view text) {
  if (!sees(text)) return false;
  take();
  return true;
}

void Cursor::expect(std::string_view text) {
  if (!accept(text)) fail_expected(ticked(text));
}

std::string_view Cursor::name(std::string_view what) {
  if (sees(TokenKind::kName)) return take().text;
  fail_expected(what);
  return {};
}

std::uint64_t Cursor::number(std::string_view what) {
  if (!sees(TokenKind::kNumber)) {
    fail_expected(what);
    return 0;
  }
  const Token& token = take();
  const bool negative = token.text.starts_with('-');
  const auto value = magnitude(token.text.substr(negative ? 1 : 0));
  if (!value) {
    fail(place_of(token), ticked(token.text) + " is not a number of at most 64 bits");
    return 0;
  }
  return negative ? std::uint64_t{0} - *value : *value;
}

void Cursor::fail_expected(std::string_view what) {
  const std::string found = at_end() ? "the end" : ticked(peek().text);
  fail(here(), "expected " + std::string(what) + ", found " + found);
}

void Cursor::fail(const model::Location& place, std::string message) {
  if (!failed_) diagnostics_->error(place, std::move(message));
  failed_ = true;
  next_ = tokens_.size();
}

}  // namespace amalgam::lang::herd
