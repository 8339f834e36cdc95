#include "report/source_line.hpp"

#include <algorithm>

#include "lang/diagnostic.hpp"
#include "report/columns.hpp"

namespace amalgam::report {

namespace {

constexpr std::string_view kBar = " | ";
constexpr std::size_t kNumberWidth = 5;
constexpr std::size_t kMaxLine = kPageWidth - kNumberWidth - 3;
constexpr std::size_t kMaxUnderline = 30;

std::string cut(std::string_view line) {
  std::string whole = printable(line);
  if (width(whole) <= kMaxLine) return whole;
  std::size_t end = 0;
  for (std::size_t shown = 0; end < whole.size(); ++end) {
    const bool starts = (static_cast<unsigned char>(whole[end]) & 0xc0) != 0x80;
    if (starts && ++shown > kMaxLine - 3) break;
  }
  return whole.substr(0, end) + "...";
}

std::string underline(const model::Location& at, std::size_t line_width) {
  const std::size_t rest = line_width > at.column ? line_width - at.column + 1 : 1;
  const std::size_t longest = std::min(rest, kMaxUnderline);
  return '^' + std::string(std::clamp<std::size_t>(at.length, 1, longest) - 1, '~');
}

}  // namespace

std::string source_line(std::string_view text, const model::Location& at, std::string_view remark,
                        const Painter& paint) {
  const std::string line = cut(lang::line_of(text, at.line));
  if (line.empty()) return {};
  const std::string number = std::to_string(at.line);
  std::string result(number.size() < kNumberWidth ? kNumberWidth - number.size() : 0, ' ');
  result += number + std::string(kBar) + line + '\n';
  const std::size_t before = std::min<std::size_t>(at.column == 0 ? 0 : at.column - 1, width(line));
  std::string head = std::string(kNumberWidth, ' ') + std::string(kBar) + std::string(before, ' ');
  const std::string marks = underline(at, width(line));
  if (remark.empty()) return result + head + paint(Ink::kBad, marks) + '\n';
  const std::size_t indent = width(head) + marks.size() + 1;
  std::string remarks = hanging(std::string(indent, ' '), printable(remark));
  return result + head + paint(Ink::kBad, marks) + ' ' + remarks.substr(indent);
}

}  // namespace amalgam::report
