#include "lang/scenario/lines.hpp"

#include <algorithm>
#include <string>
#include <tao/pegtl.hpp>

namespace amalgam::lang::scenario {

namespace {

// The lines of a file as a grammar. It matches every text: what fits nowhere is a Stray.
namespace grammar {

using namespace tao::pegtl;  // NOLINT(google-build-using-namespace): the grammar's vocabulary

struct Indent : star<one<' ', '\t'>> {};
struct Comment : seq<one<'#'>, until<at<eolf>>> {};
struct Number : seq<digit, star<identifier_other>> {};
struct Word
    : seq<identifier_first, star<sor<identifier_other, seq<one<'-'>, at<identifier_other>>>>> {};
struct Escape : seq<one<'\\'>, one<'"', '\\'>> {};
struct Text : seq<one<'"'>, star<sor<Escape, not_one<'"', '\\', '\r', '\n'>>>, one<'"'>> {};
struct OpenText : seq<one<'"'>, until<at<eolf>>> {};
struct Punctuation : sor<two<'.'>, one<',', '=', '[', ']', ':', '+', '-', '*'>> {};
struct Stray : seq<any, star<not_at<ranges<'\x01', '\x7f'>>, any>> {};
struct Item
    : sor<one<' '>, Number, Word, Text, OpenText, Punctuation, seq<not_at<one<'#'>>, Stray>> {};
struct SourceLine : seq<Indent, until<at<sor<eolf, one<'#'>>>, Item>, opt<Comment>, eolf> {};
struct File : until<eof, SourceLine> {};

}  // namespace grammar

class Collector {
 public:
  Collector(Lines& lines, Diagnostics& diagnostics) : lines_(lines), diagnostics_(diagnostics) {}

  void begin_line(std::string_view indent) {
    constexpr std::uint32_t tab_width = 4;  // a guess that leaves the blocks as they look
    const auto tabs = static_cast<std::uint32_t>(std::ranges::count(indent, '\t'));
    const auto next_token = static_cast<std::uint32_t>(lines_.tokens.size());
    lines_.lines.push_back(
        {.number = static_cast<std::uint32_t>(lines_.lines.size() + 1),
         .indent = static_cast<std::uint32_t>(indent.size()) + tabs * (tab_width - 1),
         .first_token = next_token,
         .end_token = next_token,
         .comment = {}});
    counted_to_ = indent.data();
    column_ = 1;
    if (tabs != 0) error(indent, "a tab: indentation and spacing are made of spaces");
  }

  void token(TokenKind kind, std::string_view text) {
    Line& line = lines_.lines.back();
    if (!line.has_tokens()) {
      line.continues = kind == TokenKind::kText && !lines_.tokens.empty() &&
                       lines_.tokens.back().kind == TokenKind::kText;
    }
    lines_.tokens.push_back({kind, text, locate(text)});
    ++line.end_token;
  }

  void comment(std::string_view text) { lines_.lines.back().comment = text; }

  void error(std::string_view text, std::string message) {
    diagnostics_.error(locate(text), std::move(message));
  }

 private:
  static std::uint32_t count_characters(std::string_view text) {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
  }

  // Texts come from left to right, so that counting goes on from where it stopped.
  Location locate(std::string_view text) {
    column_ += count_characters({counted_to_, static_cast<std::size_t>(text.data() - counted_to_)});
    counted_to_ = text.data();
    return {lines_.lines.back().number, column_, count_characters(text)};
  }

  Lines& lines_;
  Diagnostics& diagnostics_;
  const char* counted_to_ = nullptr;
  std::uint32_t column_ = 1;
};

bool is_hexadecimal(std::string_view digits) {
  return !digits.empty() &&
         digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_number(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return is_hexadecimal(text.substr(2));
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <typename Rule>
struct Action : tao::pegtl::nothing<Rule> {};

template <>
struct Action<grammar::Indent> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    out.begin_line(in.string_view());
  }
};

template <>
struct Action<grammar::Comment> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    out.comment(in.string_view());
  }
};

template <>
struct Action<grammar::Number> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    const std::string_view text = in.string_view();
    out.token(is_number(text) ? TokenKind::kNumber : TokenKind::kWord, text);
  }
};

template <>
struct Action<grammar::Word> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    out.token(TokenKind::kWord, in.string_view());
  }
};

template <>
struct Action<grammar::Text> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    out.token(TokenKind::kText, in.string_view());
  }
};

template <>
struct Action<grammar::OpenText> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    out.error(in.string_view(),
              "the text has no closing quote on its line (escapes are \\\" and \\\\ only)");
  }
};

template <>
struct Action<grammar::Punctuation> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    out.token(TokenKind::kPunctuation, in.string_view());
  }
};

template <>
struct Action<grammar::Stray> {
  template <typename Input>
  static void apply(const Input& in, Collector& out) {
    const std::string_view text = in.string_view();
    out.error(text, text == "\t" ? "a tab: indentation and spacing are made of spaces"
                                 : "no statement has a '" + std::string(text) + "' here");
  }
};

// The number of bytes of the UTF-8 character that `text` starts with, or 0.
std::size_t character_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xc2 ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                           : lead < 0xf5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = size > 1 ? static_cast<unsigned char>(text[1]) : 0;
  const bool too_long = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second >= 0xa0;
  const bool too_big = lead == 0xf4 && second >= 0x90;
  return too_long || surrogate || too_big ? 0 : size;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == '\x7f';
}

std::string hexadecimal_byte(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("0x") + digits[byte >> 4] + digits[byte & 15];
}

}  // namespace

bool check_bytes(std::string_view text, Diagnostics& diagnostics) {
  if (text.size() > kMaxTextBytes) {
    diagnostics.error({}, "the text is larger than 1 MiB");
    return false;
  }
  Location at{1, 1, 1};
  bool clean = true;
  const auto complain = [&](std::string message) {
    diagnostics.error(at, std::move(message));
    clean = false;
  };
  for (std::size_t i = 0; i < text.size() && !diagnostics.full();) {
    const char c = text[i];
    const bool line_end = c == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    const std::size_t size = character_bytes(text.substr(i, 4));
    if (size == 0) complain("the byte " + hexadecimal_byte(c) + " is not UTF-8 here");
    if (is_control(c) && !line_end) complain("a control character, " + hexadecimal_byte(c));
    i += std::max<std::size_t>(size, 1);
    at = c == '\n' ? Location{at.line + 1, 1, 1} : Location{at.line, at.column + 1, 1};
  }
  return clean;
}

Lines read_lines(std::string_view text, Diagnostics& diagnostics) {
  Lines result;
  Collector collector(result, diagnostics);
  tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy> input(text.data(),
                                                                  text.data() + text.size(), "");
  tao::pegtl::parse<grammar::File, Action>(input, collector);
  return result;
}

namespace {

class BlockBuilder {
 public:
  BlockBuilder(const Lines& lines, Diagnostics& diagnostics)
      : lines_(lines), diagnostics_(diagnostics) {}

  // Nothing if blocks are nested too deep.
  std::optional<std::vector<Statement>> build() {
    std::vector<Statement> top;
    open_.push_back({0, &top});
    for (const Line& line : lines_.lines) {
      if (!line.has_tokens()) continue;
      if (line.continues) {
        extend(line);
      } else {
        add(line);
        if (too_deep_) return std::nullopt;
      }
    }
    return top;
  }

 private:
  struct OpenBlock {
    std::uint32_t indent;
    std::vector<Statement>* statements;
  };

  [[nodiscard]] std::span<const Token> tokens(std::uint32_t first, std::uint32_t end) const {
    return std::span(lines_.tokens).subspan(first, end - first);
  }

  void extend(const Line& line) {
    Statement& last = open_.back().statements->back();
    last.tokens = {last.tokens.data(), last.tokens.size() + (line.end_token - line.first_token)};
  }

  void add(const Line& line) {
    const auto line_tokens = tokens(line.first_token, line.end_token);
    choose_block(line, line_tokens.front().location);
    open_.back().statements->push_back({line_tokens, {}});
  }

  void choose_block(const Line& line, const Location& where) {
    if (line.indent > open_.back().indent) return open_block(line, where);
    std::uint32_t deeper = line.indent;
    while (line.indent < open_.back().indent) {
      deeper = open_.back().indent;
      open_.pop_back();
    }
    if (line.indent == open_.back().indent) return;
    diagnostics_.error(where, "the indentation is that of no open block: expected " +
                                  std::to_string(open_.back().indent) + " or " +
                                  std::to_string(deeper) + " spaces, found " +
                                  std::to_string(line.indent));
  }

  void open_block(const Line& line, const Location& where) {
    if (open_.back().statements->empty()) {
      diagnostics_.error(where, "a statement at the top starts in the first column");
    } else if (open_.size() > kMaxNesting) {
      too_deep_ = true;
      diagnostics_.error(where,
                         "blocks are nested more than " + std::to_string(kMaxNesting) + " deep");
    } else {
      open_.push_back({line.indent, &open_.back().statements->back().block});
    }
  }

  const Lines& lines_;
  Diagnostics& diagnostics_;
  std::vector<OpenBlock> open_;
  bool too_deep_ = false;
};

}  // namespace

std::optional<std::vector<Statement>> build_blocks(const Lines& lines, Diagnostics& diagnostics) {
  return BlockBuilder(lines, diagnostics).build();
}

}  // namespace amalgam::lang::scenario
