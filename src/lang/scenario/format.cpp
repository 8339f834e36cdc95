#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "lang/scenario.hpp"
#include "lang/scenario/lines.hpp"
#include "lang/scenario/read.hpp"

namespace amalgam::lang {

namespace {

using scenario::Line;
using scenario::Lines;
using scenario::Token;
using scenario::TokenKind;

constexpr std::size_t kIndent = 4;
constexpr std::size_t kTopColumn = 10;  // where what follows a keyword at the top starts
constexpr std::size_t kStepColumn = 6;  // the same in a step
constexpr std::size_t kCommentGap = 2;
constexpr std::size_t kCommentColumn = 44;  // where comments behind code start, if there is room

constexpr std::array<std::string_view, 12> kTopInColumns{"case",    "question", "source", "reason",
                                                         "machine", "assume",   "frame",  "root",
                                                         "cpu",     "table",    "map",    "device"};
constexpr std::array<std::string_view, 16> kStepsInColumns{
    "set",   "clear", "let",  "cas",   "load", "store", "add", "read",
    "write", "copy",  "zero", "alloc", "free", "dsb",   "dmb", "tlbi"};

enum class Block : std::uint8_t { kTop, kSteps, kObserver, kExpect };

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

void pad_to(std::string& text, std::size_t width) {
  const std::size_t now = width_of(text);
  if (now < width) text.append(width - now, ' ');
}

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// A line of the result. The indentation is part of the body.
struct Output {
  std::string body;
  std::string_view comment;
  std::size_t contents_at = 0;  // where `contents` starts in a frame's body, or 0
  bool has_code = false;
};

class Formatter {
 public:
  explicit Formatter(const Lines& lines) : lines_(lines) {}

  std::string format() {
    for (std::size_t i = 0; i < lines_.lines.size(); ++i) add(i);
    while (!output_.empty() && is_blank(output_.back())) output_.pop_back();
    align_contents();
    return join();
  }

 private:
  struct OpenBlock {
    std::size_t source_indent;
    std::size_t indent;
  };

  static bool is_blank(const Output& line) { return !line.has_code && line.comment.empty(); }

  [[nodiscard]] std::span<const Token> tokens_of(const Line& line) const {
    return std::span(lines_.tokens).subspan(line.first_token, line.end_token - line.first_token);
  }

  void add(std::size_t i) {
    const Line& line = lines_.lines[i];
    if (!line.has_tokens()) {
      add_without_code(line, i);
    } else if (line.continues) {
      std::string body(continuation_column_, ' ');
      append_words(body, tokens_of(line));
      output_.push_back({std::move(body), line.comment, 0, true});
    } else {
      open_block_for(line.indent);
      add_code(line);
    }
  }

  void add_without_code(const Line& line, std::size_t i) {
    if (line.comment.empty()) {
      if (!output_.empty() && !is_blank(output_.back())) output_.emplace_back();
      return;
    }
    output_.push_back({std::string(comment_indent(line.indent, i), ' '), line.comment, 0, false});
  }

  // A comment stands in the innermost block that is not deeper than it was: one of those that are
  // open, or the one that the next statement opens.
  std::size_t comment_indent(std::size_t source_indent, std::size_t i) const {
    for (std::size_t next = i + 1; next < lines_.lines.size(); ++next) {
      const Line& line = lines_.lines[next];
      if (!line.has_tokens() || line.continues) continue;
      const bool opens = !open_.empty() && line.indent > open_.back().source_indent;
      if (opens && source_indent >= line.indent) return child_indent_;
      break;
    }
    for (std::size_t k = open_.size(); k-- > 0;) {
      if (open_[k].source_indent <= source_indent) return open_[k].indent;
    }
    return 0;
  }

  void open_block_for(std::size_t source_indent) {
    if (open_.empty()) open_.push_back({0, 0});
    if (source_indent > open_.back().source_indent) {
      open_.push_back({source_indent, child_indent_});
      return;
    }
    while (source_indent < open_.back().source_indent) open_.pop_back();
  }

  void add_code(const Line& line) {
    const std::span<const Token> tokens = tokens_of(line);
    const std::size_t indent = open_.back().indent;
    if (open_.size() == 1) block_ = block_of(tokens.front().text);
    child_indent_ = indent + kIndent;

    Output result{std::string(indent, ' '), line.comment, 0, true};
    result.body += tokens.front().text;
    const std::size_t column = column_of(tokens.front().text);
    if (column != 0 && tokens.size() > 1) {
      pad_to(result.body, indent + column);
      if (!result.body.ends_with(' ')) result.body += ' ';
      continuation_column_ = width_of(result.body);
      append_words(result.body, tokens.subspan(1));
    } else {
      result.body.resize(indent);
      continuation_column_ = indent;
      append_words(result.body, tokens);
    }
    if (open_.size() == 1 && tokens.front().text == "frame") {
      result.contents_at = contents_column(tokens, result.body);
    }
    output_.push_back(std::move(result));
  }

  static Block block_of(std::string_view keyword) {
    if (keyword == "agent") return Block::kSteps;
    if (keyword == "observer") return Block::kObserver;
    return keyword == "expect" ? Block::kExpect : Block::kTop;
  }

  [[nodiscard]] std::size_t column_of(std::string_view keyword) const {
    if (open_.size() == 1) return contains(kTopInColumns, keyword) ? kTopColumn : 0;
    return block_ == Block::kSteps && contains(kStepsInColumns, keyword) ? kStepColumn : 0;
  }

  void append_words(std::string& body, std::span<const Token> tokens) {
    int brackets = 0;
    bool spaced_colon = block_ == Block::kExpect;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 && scenario::has_space_between(tokens[i - 1], tokens[i], brackets, spaced_colon)) {
        body += ' ';
      }
      body += tokens[i].text;
      if (tokens[i].kind != TokenKind::kPunctuation) continue;
      if (tokens[i].text == "[") ++brackets;
      if (tokens[i].text == "]") --brackets;
      // The effects below an expectation stand under its rules.
      if (tokens[i].text == ":" && block_ == Block::kExpect) child_indent_ = width_of(body) + 1;
    }
  }

  static std::size_t contents_column(std::span<const Token> tokens, const std::string& body) {
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      if (tokens[i].text == "contents" && i > 1) return body.rfind(" contents ") + 1;
    }
    return 0;
  }

  // Neighbouring frames have their contents in one column.
  void align_contents() {
    for (std::size_t begin = 0; begin < output_.size();) {
      std::size_t end = begin;
      std::size_t column = 0;
      while (end < output_.size() && output_[end].contents_at != 0) {
        column = std::max(column, output_[end++].contents_at);
      }
      for (; begin < end; ++begin) {
        Output& line = output_[begin];
        line.body.insert(line.contents_at, column - line.contents_at, ' ');
      }
      ++begin;
    }
  }

  // Where the comments of the lines from `begin` on start, as long as each has code and a comment.
  [[nodiscard]] std::size_t comment_column(std::size_t begin, std::size_t& end) const {
    std::size_t column = kCommentColumn;
    for (end = begin; end < output_.size(); ++end) {
      const Output& line = output_[end];
      if (!line.has_code || line.comment.empty()) break;
      column = std::max(column, width_of(line.body) + kCommentGap);
    }
    return column;
  }

  std::string join() {
    std::string result;
    std::size_t run_end = 0;
    std::size_t column = 0;
    for (std::size_t i = 0; i < output_.size(); ++i) {
      Output& line = output_[i];
      if (i >= run_end) column = comment_column(i, run_end);
      if (line.has_code && !line.comment.empty()) pad_to(line.body, column);
      if (!is_blank(line)) result.append(line.body).append(trimmed(line.comment));
      result += '\n';
    }
    return result;
  }

  static std::string_view trimmed(std::string_view comment) {
    const std::size_t last = comment.find_last_not_of(" \t");
    return last == std::string_view::npos ? comment : comment.substr(0, last + 1);
  }

  const Lines& lines_;
  std::vector<Output> output_;
  std::vector<OpenBlock> open_;
  std::size_t child_indent_ = kIndent;
  std::size_t continuation_column_ = kTopColumn;
  Block block_ = Block::kTop;
};

}  // namespace

std::string format_scenario(std::string_view text) {
  Diagnostics diagnostics;
  if (!scenario::check_bytes(text, diagnostics)) return std::string(text);
  const Lines lines = scenario::read_lines(text, diagnostics);
  if (!diagnostics.any()) static_cast<void>(scenario::build_blocks(lines, diagnostics));
  if (diagnostics.any()) return std::string(text);
  return Formatter(lines).format();
}

}  // namespace amalgam::lang
