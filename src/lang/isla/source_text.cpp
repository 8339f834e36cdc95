#include "lang/isla/source_text.hpp"

#include <algorithm>
#include <utility>

namespace amalgam::lang::isla {

namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// How many bytes of the file a simple escape "\x" stands for at `rest`; hexadecimal ones are left
// out, since no position inside such a text is worth the trouble.
bool is_simple_escape(std::string_view rest) {
  return rest.size() >= 2 && std::string_view("btnfr\"\\e").find(rest[1]) != std::string_view::npos;
}

// Walks a TOML string in the file and notes where each byte of its value comes from.
class Tracer {
 public:
  Tracer(std::string_view file, std::size_t begin) : file_(file), at_(begin) {}

  // Empty where the text in the file cannot be matched with `value`.
  std::vector<std::size_t> trace(std::string_view value) {
    open();
    std::vector<std::size_t> offsets;
    offsets.reserve(value.size() + 1);
    for (const char c : value) {
      skip_folded_newline();
      if (!take(c, offsets)) return {};
    }
    offsets.push_back(at_);
    return offsets;
  }

 private:
  [[nodiscard]] std::string_view rest() const { return file_.substr(std::min(at_, file_.size())); }

  void open() {
    for (const std::string_view quotes : {R"(""")", "'''"}) {
      if (!rest().starts_with(quotes)) continue;
      literal_ = quotes[0] == '\'';
      at_ += quotes.size();
      if (rest().starts_with("\r\n")) {
        at_ += 2;
      } else if (rest().starts_with('\n')) {
        at_ += 1;
      }
      return;
    }
    literal_ = rest().starts_with('\'');
    at_ += 1;
  }

  // "\" at the end of a line, and the blanks up to the next text, are not part of the value.
  void skip_folded_newline() {
    if (literal_ || !rest().starts_with('\\')) return;
    std::size_t end = at_ + 1;
    bool newline = false;
    for (; end < file_.size() && is_blank(file_[end]); ++end) newline |= file_[end] == '\n';
    if (newline) at_ = end;
  }

  bool take(char c, std::vector<std::size_t>& offsets) {
    if (!literal_ && rest().starts_with('\\')) {
      if (!is_simple_escape(rest())) return false;
      offsets.push_back(at_);
      at_ += 2;
      return true;
    }
    if (c == '\n' && rest().starts_with("\r\n")) ++at_;
    if (!rest().starts_with(c)) return false;
    offsets.push_back(at_);
    ++at_;
    return true;
  }

  std::string_view file_;
  std::size_t at_;
  bool literal_ = false;
};

}  // namespace

FileLines::FileLines(std::string_view file) : file_(file), starts_{0} {
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file[i] == '\n') starts_.push_back(i + 1);
  }
}

Location FileLines::location(std::size_t begin, std::size_t length) const {
  begin = std::min(begin, file_.size());
  const auto line = std::ranges::upper_bound(starts_, begin) - 1;
  const std::string_view before = file_.substr(*line, begin - *line);
  return {static_cast<std::uint32_t>(line - starts_.begin() + 1),
          static_cast<std::uint32_t>(characters_in(before) + 1),
          static_cast<std::uint32_t>(
              std::max<std::size_t>(characters_in(file_.substr(begin, length)), 1))};
}

std::size_t FileLines::offset(std::uint32_t line, std::uint32_t column) const {
  if (line == 0 || line > starts_.size()) return file_.size();
  std::size_t at = starts_[line - 1];
  for (std::uint32_t c = 1; c < column && at < file_.size(); ++c) {
    ++at;
    while (at < file_.size() && !starts_character(file_[at])) ++at;
  }
  return at;
}

SourceText::SourceText(const FileLines& lines, std::size_t begin, std::string value)
    : text_(std::move(value)),
      offsets_(Tracer(lines.file(), begin).trace(text_)),
      lines_(&lines),
      start_(lines.location(begin, 1)) {}

Location SourceText::location(std::size_t begin, std::size_t length) const {
  if (offsets_.empty()) return start_;
  begin = std::min(begin, text_.size());
  const std::size_t end = std::min(begin + length, text_.size());
  const std::size_t first = offsets_[begin];
  const std::size_t last = end > begin ? offsets_[end - 1] + 1 : first;
  return lines_->location(first, last - first);
}

}  // namespace amalgam::lang::isla
