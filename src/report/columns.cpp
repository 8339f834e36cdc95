#include "report/columns.hpp"

#include <algorithm>

namespace amalgam::report {

namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes that the first `characters` characters of `text` take.
std::size_t bytes_of(std::string_view text, std::size_t characters) {
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (continues(text[i])) continue;
    if (characters == 0) break;
    --characters;
  }
  return i;
}

// Where to end a line of at most `limit` characters: the last space that fits, else the limit.
std::size_t break_at(std::string_view text, std::size_t limit) {
  const std::size_t fits = bytes_of(text, limit);
  const std::size_t space = text.rfind(' ', fits);
  return space == std::string_view::npos || space == 0 ? fits : space;
}

std::string_view without_outer_spaces(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::size_t width(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

std::string padded(std::string_view text, std::size_t to) {
  const std::size_t has = width(text);
  return std::string(text) + std::string(has < to ? to - has : 0, ' ');
}

std::string printable(std::string_view text) {
  std::string result(text);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  std::ranges::replace_if(result, is_control, ' ');
  return result;
}

std::vector<std::string> wrap(std::string_view text, std::size_t limit) {
  limit = std::max<std::size_t>(limit, 1);
  text = without_outer_spaces(text);
  std::vector<std::string> lines;
  while (width(text) > limit) {
    const std::size_t end = break_at(text, limit);
    lines.emplace_back(without_outer_spaces(text.substr(0, end)));
    text = without_outer_spaces(text.substr(end));
  }
  lines.emplace_back(text);
  return lines;
}

std::string hanging(std::string_view head, std::string_view text) {
  const std::size_t indent = width(head);
  std::string result(head);
  bool first = true;
  for (const std::string& line : wrap(text, kPageWidth > indent + 20 ? kPageWidth - indent : 20)) {
    if (!first) result += std::string(indent, ' ');
    result += line + '\n';
    first = false;
  }
  return result;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string counted(std::uint64_t number, std::string_view singular, std::string_view plural) {
  return grouped(number) + ' ' + std::string(number == 1 ? singular : plural);
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string result;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) result += separator;
    result += part;
  }
  return result;
}

}  // namespace amalgam::report
