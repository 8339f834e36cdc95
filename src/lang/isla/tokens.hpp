// The words of the small languages inside a test: page table setup, expressions, conditions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/isla/source_text.hpp"

namespace amalgam::lang::isla {

enum class TokenKind : std::uint8_t { kName, kDecimal, kHexadecimal, kBinary, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  // into the SourceText
  std::size_t begin = 0;
};

// Cuts a text into tokens, the last one kEnd. `//` starts a comment. What is no token is noted once
// and left out.
std::vector<Token> tokenize(const SourceText& source, Diagnostics& diagnostics);

// Reads tokens from left to right. The first thing that is not as expected is noted; after it the
// reader is at its end.
class TokenReader {
 public:
  TokenReader(const SourceText& source, Diagnostics& diagnostics);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::kEnd; }
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
  // Whether the next token is this word or symbol.
  [[nodiscard]] bool sees(std::string_view text, std::size_t ahead = 0) const;
  [[nodiscard]] Location here() const { return location_of(peek()); }
  // From the token that began at `begin` to the last one that was taken.
  [[nodiscard]] Location since(std::size_t begin) const;

  bool accept(std::string_view text);
  void expect(std::string_view text);
  Token take();
  std::string_view take_name(std::string_view what);
  // A decimal number up to `max`.
  std::uint64_t take_decimal(std::string_view what, std::uint64_t max);

  // "expected WHAT, found ..."
  void fail_expected(std::string_view what);
  void fail(const Location& location, std::string message);
  Diagnostics& diagnostics() { return diagnostics_; }

 private:
  [[nodiscard]] Location location_of(const Token& token) const {
    return source_.location(token.begin, token.text.size());
  }

  const SourceText& source_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::size_t taken_end_ = 0;
  bool failed_ = false;
};

}  // namespace amalgam::lang::isla
