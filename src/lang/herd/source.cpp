#include "lang/herd/source.hpp"

#include <algorithm>

#include "amalgam/arch/text.hpp"

namespace amalgam::lang::herd {

namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";
constexpr std::string_view kArchitecture = "AArch64";

// Takes one line off the front of `text`; the line is without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view between(std::string_view begin, std::string_view end) {
  return begin.substr(0, static_cast<std::size_t>(end.data() - begin.data()));
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, std::min(text.find_first_of(kBlanks), text.size()));
}

// The name behind the architecture on the first line that says anything; `rest` goes on behind it.
std::optional<std::string_view> take_name(const Source& source, std::string_view& rest,
                                          Diagnostics& diagnostics) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  std::string_view line = take_line(rest);
  const std::string_view word = first_word(line);
  if (!arch::equals_ignoring_case(word, kArchitecture)) {
    diagnostics.error(source.place_of(word), "expected `AArch64` and the name of the test");
    return std::nullopt;
  }
  line = without_blanks(line.substr(word.size()));
  const std::string_view name = first_word(line);
  if (name.empty()) {
    diagnostics.error(source.place_of(word), "expected the name of the test after `AArch64`");
    return std::nullopt;
  }
  const std::string_view text = source.text();
  rest = text.substr(static_cast<std::size_t>(name.data() - text.data()) + name.size());
  return name;
}

// The lines before the first that starts with a brace; `rest` goes on behind that brace.
std::optional<std::string_view> take_header(std::string_view& rest) {
  const std::string_view start = rest;
  while (!rest.empty()) {
    const std::string_view before = rest;
    const std::string_view line = take_line(rest);
    const std::size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos || line[first] != '{') continue;
    rest = before.substr(first + 1);
    return between(start, before);
  }
  return std::nullopt;
}

// Everything up to the brace that closes the one before `rest`; arrays have braces of their own.
std::optional<std::string_view> take_init(std::string_view& rest) {
  std::size_t depth = 1;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '{') ++depth;
    if (rest[i] != '}' || --depth != 0) continue;
    const std::string_view init = rest.substr(0, i);
    rest.remove_prefix(i + 1);
    return init;
  }
  return std::nullopt;
}

}  // namespace

Source::Source(std::string_view text, Diagnostics& diagnostics) : text_(text), line_starts_{0} {
  blank_comments(diagnostics);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

void Source::blank_comments(Diagnostics& diagnostics) {
  std::size_t depth = 0;
  std::size_t opened = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const std::string_view pair = std::string_view(text_).substr(i, 2);
    const bool opens = pair == "(*";
    const bool closes = pair == "*)" && depth > 0;
    if (opens && depth++ == 0) opened = i;
    if (closes) --depth;
    if (opens || closes) {
      text_[i] = ' ';
      text_[++i] = ' ';
    } else if (depth > 0 && text_[i] != '\n') {
      text_[i] = ' ';
    }
  }
  if (depth == 0) return;
  const auto lines =
      std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(opened), '\n');
  diagnostics.error({.line = static_cast<std::uint32_t>(lines + 1), .column = 1, .length = 2},
                    "a comment that starts in this line does not end");
}

model::Location Source::place_of(std::string_view part) const {
  if (part.data() < text_.data() || part.data() > text_.data() + text_.size()) {
    return {.line = static_cast<std::uint32_t>(line_starts_.size()), .column = 1, .length = 1};
  }
  const auto offset = static_cast<std::size_t>(part.data() - text_.data());
  const auto after = std::ranges::upper_bound(line_starts_, offset);
  const std::size_t start = *std::prev(after);
  // A column counts characters: the bytes that do not continue one.
  const auto starts_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
  };
  const auto column = std::ranges::count_if(std::string_view(text_).substr(start, offset - start),
                                            starts_character);
  return {.line = static_cast<std::uint32_t>(after - line_starts_.begin()),
          .column = static_cast<std::uint32_t>(column + 1),
          .length = static_cast<std::uint32_t>(std::max<std::size_t>(part.size(), 1))};
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return text.substr(0, 0);
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<Sections> split(const Source& source, Diagnostics& diagnostics) {
  std::string_view rest = source.text();
  const auto name = take_name(source, rest, diagnostics);
  if (!name) return std::nullopt;
  const auto header = take_header(rest);
  if (!header) {
    diagnostics.error(source.place_of(rest), "expected the initial state in braces");
    return std::nullopt;
  }
  const std::string_view brace =
      source.text().substr(static_cast<std::size_t>(rest.data() - source.text().data()) - 1, 1);
  const auto init = take_init(rest);
  if (!init) {
    diagnostics.error(source.place_of(brace), "the initial state does not end in `}`");
    return std::nullopt;
  }
  return Sections{*name, *header, *init, rest};
}

}  // namespace amalgam::lang::herd
