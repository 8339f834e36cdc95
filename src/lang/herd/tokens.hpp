// Words and punctuation of a herd test's initial state and condition.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/herd/source.hpp"

namespace amalgam::lang::herd {

enum class TokenKind : std::uint8_t {
  kName,    // a name or keyword: letters, digits, '_', '.', '/', '-', '$'
  kThread,  // P0
  kNumber,  // decimal, perhaps negative, or hexadecimal
  kText,    // in double quotes
  kPunctuation,
};

struct Token {
  TokenKind kind = TokenKind::kPunctuation;
  std::string_view text;
};

// Cuts a part of `source` into tokens; nothing if there are characters that no token starts with,
// which it notes. Cost: linear.
std::optional<std::vector<Token>> read_tokens(const Source& source, std::string_view part,
                                              Diagnostics& diagnostics);

// Reads tokens from left to right. The first thing that is not as expected is noted; after it the
// cursor is at its end and everything it gives is empty.
class Cursor {
 public:
  // `end` is where a missing token would stand.
  Cursor(std::span<const Token> tokens, std::string_view end, const Source& source,
         Diagnostics& diagnostics);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return next_ == tokens_.size(); }
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
  [[nodiscard]] bool sees(std::string_view text, std::size_t ahead = 0) const;
  [[nodiscard]] bool sees(TokenKind kind, std::size_t ahead = 0) const;
  [[nodiscard]] model::Location here() const;
  [[nodiscard]] model::Location place_of(const Token& token) const;

  const Token& take();
  bool accept(std::string_view text);
  void expect(std::string_view text);
  std::string_view name(std::string_view what);
  // The 64-bit value of a number; a negative one in two's complement.
  std::uint64_t number(std::string_view what);

  void fail_expected(std::string_view what);
  void fail(const model::Location& place, std::string message);

 private:
  std::span<const Token> tokens_;
  std::string_view end_;
  const Source* source_;
  Diagnostics* diagnostics_;
  std::size_t next_ = 0;
  bool failed_ = false;
};

// "`text`", for messages.
std::string ticked(std::string_view text);

}  // namespace amalgam::lang::herd
