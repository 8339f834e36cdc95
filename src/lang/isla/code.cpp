#include "lang/isla/code.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/assembly.hpp"

namespace amalgam::lang::isla {

namespace {

using model::litmus::Code;
using model::litmus::Instruction;

// A thread's code has to end before the next one's begins.
constexpr std::size_t kMaxInstructions = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_label_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '$';
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_numeric(std::string_view label) {
  return !label.empty() && std::ranges::all_of(label, is_digit);
}

// The text with comments made blank, so that what is left keeps its place.
std::string without_comments(std::string_view text) {
  std::string result(text);
  for (std::size_t at = 0; at + 1 < result.size(); ++at) {
    const bool is_line = result.compare(at, 2, "//") == 0;
    if (!is_line && result.compare(at, 2, "/*") != 0) continue;
    const std::size_t close = is_line ? result.find('\n', at) : result.find("*/", at + 2);
    const std::size_t end = close == std::string::npos ? result.size() : close + (is_line ? 0 : 2);
    for (; at < end; ++at) {
      if (result[at] != '\n') result[at] = ' ';
    }
    --at;
  }
  return result;
}

class CodeReader {
 public:
  CodeReader(const SourceText& source, Diagnostics& diagnostics)
      : source_(source), diagnostics_(diagnostics), text_(without_comments(source.text())) {}

  Code read(model::litmus::Address base) {
    code_.base = base;
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::size_t end = std::min(text_.find_first_of("\n;", begin), text_.size());
      read_line(begin, end);
      begin = end + 1;
    }
    code_.end_labels = std::move(pending_);
    for (const Branch& branch : branches_) resolve(branch);
    return std::move(code_);
  }

 private:
  struct Branch {
    std::size_t instruction = 0;
    std::string label;
    Location location;
  };

  void skip_blanks(std::size_t& begin, std::size_t end) const {
    while (begin < end && is_blank(text_[begin])) ++begin;
  }

  void read_line(std::size_t begin, std::size_t end) {
    std::vector<std::string> labels;
    skip_blanks(begin, end);
    while (const std::size_t length = label_length(begin, end)) {
      labels.push_back(text_.substr(begin, length));
      define(labels.back(), source_.location(begin, length));
      begin = text_.find(':', begin) + 1;
      skip_blanks(begin, end);
    }
    while (end > begin && is_blank(text_[end - 1])) --end;
    pending_.insert(pending_.end(), labels.begin(), labels.end());
    if (begin < end) read_instruction(begin, end);
  }

  // Of the label that the line begins with; 0 if it begins with none.
  [[nodiscard]] std::size_t label_length(std::size_t begin, std::size_t end) const {
    std::size_t at = begin;
    while (at < end && is_label_character(text_[at])) ++at;
    const std::size_t length = at - begin;
    skip_blanks(at, end);
    return at < end && text_[at] == ':' ? length : 0;
  }

  void define(const std::string& label, const Location& location) {
    std::vector<std::size_t>& places = labels_[label];
    if (!places.empty() && !is_numeric(label)) {
      diagnostics_.error(location, "the label `" + label + "` is there twice");
    }
    places.push_back(code_.instructions.size());
  }

  void read_instruction(std::size_t begin, std::size_t end) {
    const Location location = source_.location(begin, end - begin);
    if (code_.instructions.size() == kMaxInstructions) {
      if (std::exchange(overfull_, true)) return;
      return diagnostics_.error(location,
                                "more than " + std::to_string(kMaxInstructions) + " instructions");
    }
    const std::string text = text_.substr(begin, end - begin);
    std::optional<ParsedInstruction> parsed = parse_instruction(text, location, diagnostics_);
    Instruction instruction = parsed ? std::move(parsed->instruction) : Instruction{};
    instruction.location = location;
    instruction.text = text;
    instruction.labels = std::exchange(pending_, {});
    if (parsed && !parsed->target_label.empty()) {
      instruction.target_thread_label = parsed->target_label;
      branches_.push_back({code_.instructions.size(), parsed->target_label, location});
    }
    code_.instructions.push_back(std::move(instruction));
  }

  void resolve(const Branch& branch) {
    const std::optional<std::size_t> target = find(branch);
    if (!target) {
      return diagnostics_.error(branch.location, "no label `" + branch.label + '`');
    }
    code_.instructions[branch.instruction].target = static_cast<std::uint32_t>(*target);
  }

  // "1f" is the next label 1 behind the branch, "1b" the last one before it or at it.
  [[nodiscard]] std::optional<std::size_t> find(const Branch& branch) const {
    const std::string_view label = branch.label;
    const char direction = label.back();
    const bool is_local =
        is_numeric(label.substr(0, label.size() - 1)) && (direction == 'f' || direction == 'b');
    const auto found =
        labels_.find(is_local ? std::string(label.substr(0, label.size() - 1)) : branch.label);
    if (found == labels_.end() || (!is_local && is_numeric(label))) return std::nullopt;
    const std::vector<std::size_t>& places = found->second;
    if (!is_local) return places.front();
    const auto behind = std::ranges::upper_bound(places, branch.instruction);
    if (direction == 'f') return behind == places.end() ? std::nullopt : std::optional(*behind);
    return behind == places.begin() ? std::nullopt : std::optional(*std::prev(behind));
  }

  const SourceText& source_;
  Diagnostics& diagnostics_;
  std::string text_;
  Code code_;
  std::map<std::string, std::vector<std::size_t>> labels_;
  std::vector<std::string> pending_;  // of the next instruction
  std::vector<Branch> branches_;
  bool overfull_ = false;
};

}  // namespace

Code read_code(const SourceText& source, model::litmus::Address base, Diagnostics& diagnostics) {
  return CodeReader(source, diagnostics).read(base);
}

std::optional<model::litmus::Address> label_address(const Code& code, const std::string& label) {
  const auto is_among = [&](const std::vector<std::string>& labels) {
    return std::ranges::find(labels, label) != labels.end();
  };
  for (std::size_t i = 0; i < code.instructions.size(); ++i) {
    if (is_among(code.instructions[i].labels)) return code.address_of(i);
  }
  return is_among(code.end_labels) ? std::optional(code.end()) : std::nullopt;
}

}  // namespace amalgam::lang::isla
