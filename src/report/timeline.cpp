#include "report/timeline.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "report/columns.hpp"

namespace amalgam::report {

namespace {

constexpr std::string_view kMargin = "    ";
constexpr std::string_view kNoteIndent = "  ";
constexpr std::size_t kGap = 2;  // between columns
constexpr std::size_t kNumberWidth = 4;
constexpr std::size_t kLeftWidth = 4 + 2 * (kNumberWidth + kGap);  // margin, step and line
constexpr std::size_t kMinColumn = 18;

struct Column {
  std::uint32_t actor = 0;  // index into Witness::columns
  std::string_view title;
  std::size_t width = 0;
};

// What a step says before it is broken into lines. A note that tells what came of the step
// ("-> tail[0] RW") stands on its line, other notes below.
std::vector<std::string> paragraphs(const model::Step& step) {
  std::vector<std::string> result{printable(step.text)};
  for (const std::string& note : step.notes) {
    if (result.size() == 1 && note.starts_with("->")) {
      result.front() += "  " + printable(note);
    } else {
      result.push_back(std::string(kNoteIndent) + printable(note));
    }
  }
  return result;
}

std::size_t natural_width(const model::Witness& witness, std::uint32_t actor) {
  std::size_t widest = width(witness.columns[actor]);
  for (const model::Step& step : witness.steps) {
    if (step.column != actor) continue;
    for (const std::string& line : paragraphs(step)) widest = std::max(widest, width(line));
  }
  return widest;
}

// Narrows the widest columns to one width until all fit into `room`.
void fit(std::vector<Column>& columns, std::size_t room) {
  std::vector<Column*> by_width;
  by_width.reserve(columns.size());
  for (Column& column : columns) by_width.push_back(&column);
  std::ranges::sort(by_width, {}, [](const Column* c) { return std::pair(c->width, c->actor); });
  std::size_t left = by_width.size();
  for (Column* column : by_width) {
    const std::size_t share = std::max(room / left, kMinColumn);
    column->width = std::min(column->width, share);
    room -= std::min(room, column->width);
    --left;
  }
}

std::vector<Column> columns_of(const model::Witness& witness) {
  std::vector<Column> columns;
  for (std::uint32_t actor = 0; actor < witness.columns.size(); ++actor) {
    if (std::ranges::find(witness.steps, actor, &model::Step::column) == witness.steps.end()) {
      continue;
    }
    columns.push_back({actor, witness.columns[actor], natural_width(witness, actor)});
  }
  const std::size_t gaps = kGap * columns.size();
  if (!columns.empty()) fit(columns, kPageWidth + kGap - kLeftWidth - gaps);
  return columns;
}

std::string right_aligned(std::string_view text) {
  return std::string(text.size() < kNumberWidth ? kNumberWidth - text.size() : 0, ' ') +
         std::string(text);
}

std::string number_or_blank(std::size_t number) {
  return right_aligned(number == 0 ? "" : std::to_string(number));
}

std::string without_trailing_spaces(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// Spaces up to the column of the actor.
std::string indent_to(const std::vector<Column>& columns, std::uint32_t actor) {
  std::size_t indent = 0;
  for (const Column& column : columns) {
    if (column.actor == actor) break;
    indent += column.width + kGap;
  }
  return std::string(indent, ' ');
}

std::vector<std::string> cell(const model::Step& step, std::size_t limit) {
  std::vector<std::string> lines;
  for (const std::string& paragraph : paragraphs(step)) {
    if (width(paragraph) <= limit) {
      lines.push_back(paragraph);
      continue;
    }
    for (const std::string& line : wrap(paragraph, limit - kNoteIndent.size())) {
      lines.push_back(lines.empty() ? line : std::string(kNoteIndent) + line);
    }
  }
  return lines;
}

std::string header(const std::vector<Column>& columns, const Painter& paint) {
  std::string line = std::string(kMargin) + "step  line  ";
  std::string titles;
  for (const Column& column : columns) {
    titles += padded(printable(column.title), column.width + kGap);
  }
  return line + paint(Ink::kStrong, without_trailing_spaces(titles)) + '\n';
}

}  // namespace

std::string timeline(const model::Witness& witness, const Painter& paint) {
  const std::vector<Column> columns = columns_of(witness);
  if (columns.empty()) return {};
  std::string result = header(columns, paint);
  std::size_t number = 0;
  for (const model::Step& step : witness.steps) {
    ++number;
    const auto column = std::ranges::find(columns, step.column, &Column::actor);
    if (column == columns.end()) continue;
    std::string left = std::string(kMargin) + number_or_blank(number) + "  " +
                       paint(Ink::kFaint, number_or_blank(step.location.line)) + "  ";
    for (const std::string& line : cell(step, column->width)) {
      result.append(left).append(indent_to(columns, step.column)).append(line).append("\n");
      left = std::string(kLeftWidth, ' ');
    }
  }
  return result;
}

}  // namespace amalgam::report
