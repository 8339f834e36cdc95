#include "lang/diagnostic.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace amalgam::lang {

namespace {

constexpr std::size_t kMaxShown = 120;  // characters of a source line
constexpr std::size_t kShownBefore = 60;
constexpr std::string_view kCut = "...";

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

bool is_printable(char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; }

// The characters of a line, each one string. Control characters become spaces so that the
// underline stays below its text.
std::vector<std::string> characters(std::string_view line) {
  std::vector<std::string> result;
  for (const char c : line) {
    if (starts_character(c) || result.empty()) result.emplace_back();
    result.back() += is_printable(c) ? c : ' ';
  }
  return result;
}

std::string padded_number(std::uint32_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, ' ') + digits;
}

std::string excerpt(std::string_view line, const model::Location& at) {
  const std::vector<std::string> chars = characters(line);
  const std::size_t column =
      std::min<std::size_t>(at.column == 0 ? 0 : at.column - 1, chars.size());
  const std::size_t begin =
      chars.size() > kMaxShown && column > kShownBefore ? column - kShownBefore : 0;
  const std::size_t end = std::min(chars.size(), begin + kMaxShown);
  const std::string_view cut_before = begin > 0 ? kCut : "";

  std::string result = padded_number(at.line) + " | " + std::string(cut_before);
  for (std::size_t i = begin; i < end; ++i) result += chars[i];
  if (end < chars.size()) result += kCut;
  const std::size_t length =
      std::clamp<std::size_t>(at.length, 1, std::max<std::size_t>(end - std::min(column, end), 1));
  result += "\n      | " + std::string(cut_before.size() + column - begin, ' ') + '^' +
            std::string(length - 1, '~') + '\n';
  return result;
}

auto place(const Diagnostic& d) { return std::tuple(d.location.line, d.location.column); }

}  // namespace

std::string_view line_of(std::string_view text, std::uint32_t number) {
  if (number == 0) return {};
  for (; number > 1; --number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string render(const Diagnostic& diagnostic, std::string_view file_name,
                   std::string_view text) {
  const model::Location& at = diagnostic.location;
  std::string result(file_name);
  if (at.line != 0) {
    result += ':' + std::to_string(at.line) + ':' + std::to_string(std::max(at.column, 1U));
  }
  result += ": error: " + diagnostic.message + '\n';
  const std::string_view line = line_of(text, at.line);
  if (at.line != 0 && !line.empty()) result += excerpt(line, at);
  return result;
}

void Diagnostics::error(const model::Location& location, std::string message) {
  if (full()) return;
  Diagnostic diagnostic{location, std::move(message)};
  const auto same_place = [&](const Diagnostic& d) { return place(d) == place(diagnostic); };
  if (std::ranges::none_of(found_, same_place)) found_.push_back(std::move(diagnostic));
}

bool Diagnostics::has_line(std::uint32_t line) const {
  return std::ranges::any_of(found_, [&](const Diagnostic& d) { return d.location.line == line; });
}

std::vector<Diagnostic> Diagnostics::take() {
  std::ranges::sort(found_, {}, place);
  return std::exchange(found_, {});
}

}  // namespace amalgam::lang
