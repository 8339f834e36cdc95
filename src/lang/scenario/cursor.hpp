// Reads the tokens of one statement from left to right.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/scenario/ast.hpp"
#include "lang/scenario/lines.hpp"

namespace amalgam::lang::scenario {

inline constexpr std::size_t kMaxNameLength = 64;

// The first thing that is not as expected is noted; after it the cursor is at its end and
// everything it gives is empty, so that a reader need not look after each word.
class Cursor {
 public:
  Cursor(std::span<const Token> tokens, Diagnostics& diagnostics);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return next_ == tokens_.size(); }
  [[nodiscard]] std::size_t position() const { return next_; }
  [[nodiscard]] std::span<const Token> tokens() const { return tokens_; }

  // The token `ahead` of the next one; an empty one past the end.
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
  [[nodiscard]] bool sees(std::string_view word_or_punctuation) const;
  // The place of the next token, or just behind the last.
  [[nodiscard]] Location here() const;
  // From the token at `first` to the last one read.
  [[nodiscard]] Location span_from(std::size_t first) const;

  bool accept(std::string_view word_or_punctuation);
  void expect(std::string_view word_or_punctuation);
  const Token& take();

  ast::Name name(std::string_view what);
  std::uint64_t number(std::string_view what, std::uint64_t max = ~std::uint64_t{0});
  ast::Text text(std::string_view what);

  // "expected WHAT, found ..."
  void fail_expected(std::string_view what);
  void fail(const Location& location, std::string message);
  // Notes an error that does not stop the reading.
  void note(const Location& location, std::string message);
  void expect_end(std::string_view or_what = {});

 private:
  std::span<const Token> tokens_;
  Diagnostics* diagnostics_;
  std::size_t next_ = 0;
  bool failed_ = false;
};

// The value of a number token, or nothing if it does not fit 64 bits.
std::optional<std::uint64_t> number_value(std::string_view digits);

// `text` with quotes around it, for messages.
std::string quoted(std::string_view text);

}  // namespace amalgam::lang::scenario
