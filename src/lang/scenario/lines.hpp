// A scenario's text as lines of tokens, and the lines as blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/program.hpp"

namespace amalgam::lang::scenario {

using model::Location;

enum class TokenKind : std::uint8_t {
  kWord,    // a keyword or a name; also 4K
  kNumber,  // all digits, or 0x and hexadecimal digits
  kText,    // with its quotes and escapes
  kPunctuation,
};

// A view into the text that was read.
struct Token {
  TokenKind kind = TokenKind::kWord;
  std::string_view text;
  Location location;
};

// A line as it stands in the file; blank lines and comments are lines too.
struct Line {
  std::uint32_t number = 0;
  std::uint32_t indent = 0;
  std::uint32_t first_token = 0;
  std::uint32_t end_token = 0;
  std::string_view comment;  // with its '#'
  bool continues = false;    // goes on with the text that ended the line before

  [[nodiscard]] bool has_tokens() const { return first_token != end_token; }
};

struct Lines {
  std::vector<Token> tokens;
  std::vector<Line> lines;
};

// A statement: its tokens, those of continued texts included, and the block below it.
struct Statement {
  std::span<const Token> tokens;
  std::vector<Statement> block;
};

inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxNesting = 32;

// Whether `text` is small enough, UTF-8 and free of control characters. Cost: linear.
bool check_bytes(std::string_view text, Diagnostics& diagnostics);

// Cuts a text into lines and tokens. The result points into `text`. Cost: linear.
Lines read_lines(std::string_view text, Diagnostics& diagnostics);

// Builds blocks out of indentation; nothing if they are nested too deep. The result points into
// `lines`.
std::optional<std::vector<Statement>> build_blocks(const Lines& lines, Diagnostics& diagnostics);

}  // namespace amalgam::lang::scenario
