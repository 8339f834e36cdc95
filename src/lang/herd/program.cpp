#include "lang/herd/program.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "lang/assembly.hpp"
#include "lang/herd/layout.hpp"

namespace amalgam::lang::herd {

namespace {

using model::litmus::Code;
using model::litmus::Instruction;
using model::litmus::Opcode;

// What may start behind the table.
constexpr std::array<std::string_view, 8> kAfterTable{"locations", "filter", "exists",   "forall",
                                                      "~",         "not",    "observed", "("};

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '$';
}

bool starts_condition(std::string_view text) {
  return std::ranges::any_of(kAfterTable, [&](std::string_view word) {
    return text.starts_with(word) &&
           (!is_word_character(word.back()) || text.size() == word.size() ||
            !is_word_character(text[word.size()]));
  });
}

using Cells = std::vector<std::string_view>;

// Takes one row off the front of `text`; nothing if no semicolon ends it.
std::optional<Cells> take_row(std::string_view& text) {
  Cells cells;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '|' && text[i] != ';') continue;
    cells.push_back(without_blanks(text.substr(start, i - start)));
    start = i + 1;
    if (text[i] != ';') continue;
    text.remove_prefix(start);
    return cells;
  }
  return std::nullopt;
}

// One column: where its code goes, and what waits for the next instruction.
struct Column {
  std::size_t thread = 0;
  bool is_handler = false;
  Code code;
  std::unordered_map<std::string, std::size_t> labels;    // by name, the index they stand before
  std::vector<std::string> waiting;                       // labels of the next instruction
  std::vector<std::pair<std::string, Location>> targets;  // of each instruction; mostly empty
};

class TableReader {
 public:
  explicit TableReader(Context& context) : context_(&context) {}

  std::string_view read(std::string_view text);

 private:
  void fail(std::string_view part, std::string message) {
    context_->diagnostics().error(context_->source().place_of(part), std::move(message));
  }
  void read_heads(const Cells& heads);
  void read_head(std::string_view head);
  void read_cell(std::string_view cell, Column& column);
  std::string_view take_labels(std::string_view cell, Column& column);
  void resolve(Column& column);
  void resolve(Instruction& instruction, const std::string& label, const Location& place,
               const Column& column);
  std::optional<Address> find_label(std::size_t thread, const std::string& label) const;
  void store(Column& column);

  Context* context_;
  std::vector<Column> columns_;
};

// "P0" for the next thread, "P0.F" for the handler of one that is there.
void TableReader::read_head(std::string_view head) {
  const std::size_t dot = std::min(head.find('.'), head.size());
  const std::string_view name = head.substr(0, dot);
  const std::string_view kind = head.substr(dot);
  const auto threads =
      static_cast<std::size_t>(std::ranges::count(columns_, false, &Column::is_handler));
  Column column;
  column.is_handler = kind == ".F";
  if (!column.is_handler && !kind.empty()) return fail(head, ticked(kind) + " is not supported");
  column.thread = threads;
  if (column.is_handler) {
    const auto of_thread = [&](std::size_t t) { return name == "P" + std::to_string(t); };
    column.thread = 0;
    while (column.thread < threads && !of_thread(column.thread)) ++column.thread;
    if (column.thread == threads) return fail(head, "a handler of a thread that has no column yet");
  } else if (name != "P" + std::to_string(threads)) {
    return fail(head, "expected the column P" + std::to_string(threads));
  }
  if (column.thread >= kMaxThreads) return fail(head, "too many threads");
  column.code.base = code_base(column.thread) + (column.is_handler ? kHandler : 0);
  columns_.push_back(std::move(column));
}

void TableReader::read_heads(const Cells& heads) {
  for (const std::string_view head : heads) {
    read_head(head);
    if (context_->diagnostics().any()) return;
  }
}

std::string_view TableReader::take_labels(std::string_view cell, Column& column) {
  while (true) {
    const auto colon = std::ranges::find_if_not(cell, is_word_character);
    const auto length = static_cast<std::size_t>(colon - cell.begin());
    const std::string_view after = without_blanks(cell.substr(length));
    if (length == 0 || !after.starts_with(':')) return cell;
    const std::string label(cell.substr(0, length));
    if (!column.labels.try_emplace(label, column.code.instructions.size()).second) {
      fail(cell.substr(0, length), "label " + ticked(label) + " is there already");
    }
    column.waiting.push_back(label);
    cell = without_blanks(after.substr(1));
  }
}

void TableReader::read_cell(std::string_view cell, Column& column) {
  const std::string_view text = take_labels(cell, column);
  if (text.empty()) return;
  if (column.code.instructions.size() == kMaxCode) return fail(text, "too many instructions");
  auto parsed = parse_instruction(text, context_->source().place_of(text), context_->diagnostics());
  if (!parsed) return;
  parsed->instruction.labels = std::exchange(column.waiting, {});
  column.targets.emplace_back(parsed->target_label, parsed->instruction.location);
  column.code.instructions.push_back(std::move(parsed->instruction));
}

std::optional<Address> TableReader::find_label(std::size_t thread, const std::string& label) const {
  for (const Column& column : columns_) {
    const auto found = column.labels.find(label);
    if (column.thread == thread && found != column.labels.end()) {
      return column.code.address_of(found->second);
    }
  }
  return std::nullopt;
}

void TableReader::resolve(Instruction& instruction, const std::string& label, const Location& place,
                          const Column& column) {
  const auto address = find_label(column.thread, label);
  if (!address) {
    return context_->diagnostics().error(place, "there is no label " + ticked(label));
  }
  if (const auto found = column.labels.find(label); found != column.labels.end()) {
    instruction.target = static_cast<std::uint32_t>(found->second);
  } else if (instruction.opcode != Opcode::kLabelAddress) {
    context_->diagnostics().error(place, "a branch between a thread and its handler");
  }
  instruction.target_thread_label = label;
  instruction.operand.immediate = *address;
}

void TableReader::resolve(Column& column) {
  for (std::size_t i = 0; i < column.targets.size(); ++i) {
    const auto& [label, place] = column.targets[i];
    if (!label.empty()) resolve(column.code.instructions[i], label, place, column);
  }
  column.code.end_labels = std::move(column.waiting);
}

void TableReader::store(Column& column) {
  auto& threads = context_->test().threads;
  if (column.is_handler) {
    threads[column.thread].handlers.push_back({.el = 1, .code = std::move(column.code)});
    return;
  }
  model::litmus::Thread thread;
  thread.name = "P" + std::to_string(column.thread);
  thread.code = std::move(column.code);
  thread.registers_set = ~0U;  // what the test says nothing of is 0
  threads.push_back(std::move(thread));
}

std::string_view TableReader::read(std::string_view text) {
  text = without_blanks(text);
  const std::string_view start = text;
  const auto heads = take_row(text);
  if (!heads) {
    fail(start.substr(0, 1), "expected the program: a row of thread names that ends in `;`");
    return {};
  }
  read_heads(*heads);
  if (context_->diagnostics().any()) return {};
  for (text = without_blanks(text); !text.empty() && !starts_condition(text);
       text = without_blanks(text)) {
    const std::string_view row = text;
    const auto cells = take_row(text);
    if (!cells || cells->size() > columns_.size()) {
      fail(row.substr(0, std::min(row.find('\n'), row.size())),
           cells ? "more cells than columns" : "expected a row of the program or a condition");
      return {};
    }
    for (std::size_t i = 0; i < cells->size(); ++i) read_cell((*cells)[i], columns_[i]);
  }
  for (Column& column : columns_) resolve(column);
  for (Column& column : columns_) store(column);
  return text;
}

}  // namespace

std::string_view read_program(std::string_view text, Context& context) {
  return TableReader(context).read(text);
}

std::optional<Address> label_address(const Test& test, std::uint64_t thread,
                                     std::string_view label) {
  if (thread >= test.threads.size()) return std::nullopt;
  const auto find_in = [&](const Code& code) -> std::optional<Address> {
    for (std::size_t i = 0; i < code.instructions.size(); ++i) {
      if (std::ranges::count(code.instructions[i].labels, label) != 0) return code.address_of(i);
    }
    if (std::ranges::count(code.end_labels, label) != 0) return code.end();
    return std::nullopt;
  };
  if (const auto found = find_in(test.threads[thread].code)) return found;
  for (const auto& handler : test.threads[thread].handlers) {
    if (const auto found = find_in(handler.code)) return found;
  }
  return std::nullopt;
}

}  // namespace amalgam::lang::herd
