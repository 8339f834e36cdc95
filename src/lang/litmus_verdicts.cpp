#include "lang/litmus_verdicts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace amalgam::lang {

namespace {

namespace litmus = model::litmus;

struct Cell {
  std::string text;
  model::Location location;
};

struct Reader {
  std::vector<std::string> columns;
  litmus::Expectations rows;
  Diagnostics diagnostics;
};

model::Location at(std::uint32_t line, std::size_t column, std::size_t length) {
  model::Location location;
  location.line = line;
  location.column = static_cast<std::uint32_t>(column + 1);
  location.length = static_cast<std::uint32_t>(std::max<std::size_t>(length, 1));
  return location;
}

// The characters of a quoted cell from its opening quote on; `i` ends behind the closing one.
std::string quoted(std::string_view line, std::size_t& i) {
  std::string text;
  for (++i; i < line.size(); ++i) {
    if (line[i] != '"') {
      text += line[i];
    } else if (i + 1 < line.size() && line[i + 1] == '"') {
      text += line[i++];
    } else {
      ++i;
      break;
    }
  }
  return text;
}

std::vector<Cell> cells_of(std::string_view line, std::uint32_t number) {
  std::vector<Cell> cells;
  for (std::size_t i = 0;; ++i) {
    const std::size_t start = i;
    Cell cell;
    if (i < line.size() && line[i] == '"') cell.text = quoted(line, i);
    for (; i < line.size() && line[i] != ','; ++i) cell.text += line[i];
    cell.location = at(number, start, i - start);
    cells.push_back(std::move(cell));
    if (i >= line.size()) return cells;
  }
}

// The value whose name a cell holds; another name is an error.
template <typename T, std::size_t kCount>
std::optional<T> named(Reader& reader, const Cell& cell,
                       const std::array<std::string_view, kCount>& names) {
  if (cell.text.empty()) return std::nullopt;
  const auto found = std::ranges::find(names, cell.text);
  if (found != names.end()) return static_cast<T>(found - names.begin());
  std::string expected;
  for (const std::string_view name : names) {
    expected += (expected.empty() ? "" : " or ") + std::string(name);
  }
  reader.diagnostics.error(cell.location, "expected " + expected + ", not '" + cell.text + "'");
  return std::nullopt;
}

std::optional<bool> allows(Reader& reader, const Cell& cell) {
  static constexpr std::array<std::string_view, 2> kNames{"forbidden", "allowed"};
  return named<bool>(reader, cell, kNames);
}

std::optional<std::uint64_t> count(Reader& reader, const Cell& cell) {
  if (cell.text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = cell.text.data() + cell.text.size();
  const auto [stopped, error] = std::from_chars(cell.text.data(), end, value);
  if (error == std::errc{} && stopped == end) return value;
  reader.diagnostics.error(cell.location, "expected a number, not '" + cell.text + "'");
  return std::nullopt;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void read_cell(Reader& reader, litmus::Expectation& row, const std::string& column,
               const Cell& cell) {
  static constexpr std::array<std::string_view, 3> kKinds{"Allowed", "Forbidden", "Required"};
  static constexpr std::array<std::string_view, 3> kObservations{"Never", "Sometimes", "Always"};
  if (column == "file") {
    row.file = cell.text;
  } else if (column == "test" && row.file.empty()) {
    row.file = cell.text + ".litmus.toml";
  } else if (column == "corpus" || column == "folder") {
    row.folder = cell.text;
  } else if (column == "kind") {
    row.kind = named<litmus::Kind>(reader, cell, kKinds);
  } else if (column == "observation") {
    row.observation = named<litmus::Observation>(reader, cell, kObservations);
  } else if (column == "states") {
    row.states = count(reader, cell);
  } else if (column == "flags") {
    row.flags = split(cell.text, ';');
    std::ranges::sort(*row.flags);
  } else if (column == "ets") {
    row.ets_allows = allows(reader, cell);
  } else if (column == "no_ets") {
    row.no_ets_allows = allows(reader, cell);
  }
}

void read_header(Reader& reader, const std::vector<Cell>& cells) {
  for (const Cell& cell : cells) reader.columns.push_back(cell.text);
  const auto has = [&](std::string_view name) {
    return std::ranges::find(reader.columns, name) != reader.columns.end();
  };
  const model::Location& start = cells.front().location;
  if (!has("file") && !has("test")) {
    reader.diagnostics.error(start, "expected a header with a column 'file' or 'test'");
  } else if (!has("kind") && !has("observation") && !has("ets") && !has("no_ets")) {
    reader.diagnostics.error(
        start, "expected a column 'kind', 'observation', 'ets' or 'no_ets' in the header");
  }
}

void read_row(Reader& reader, const std::vector<Cell>& cells) {
  if (cells.size() != reader.columns.size()) {
    reader.diagnostics.error(cells.back().location,
                             "expected " + std::to_string(reader.columns.size()) + " cells, not " +
                                 std::to_string(cells.size()));
    return;
  }
  litmus::Expectation row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (reader.columns[i] == "file") read_cell(reader, row, "file", cells[i]);
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    read_cell(reader, row, reader.columns[i], cells[i]);
  }
  if (!row.observation) row.flags.reset();
  if (row.file.empty()) {
    reader.diagnostics.error(cells.front().location, "expected the name of a file");
  }
  std::string name = row.file;
  reader.rows.emplace(std::move(name), std::move(row));
}

}  // namespace

VerdictsResult parse_verdicts(std::string_view text) {
  Reader reader;
  std::uint32_t number = 0;
  while (!text.empty() && !reader.diagnostics.full()) {
    ++number;
    const std::string_view line = line_of(text, 1);
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (line.empty()) continue;
    const std::vector<Cell> cells = cells_of(line, number);
    if (reader.columns.empty()) {
      read_header(reader, cells);
      if (reader.diagnostics.any()) break;
    } else {
      read_row(reader, cells);
    }
  }
  if (reader.columns.empty()) {
    reader.diagnostics.error(at(1, 0, 1), "expected a header that names the columns");
  }
  VerdictsResult result;
  result.diagnostics = reader.diagnostics.take();
  if (result.diagnostics.empty()) result.rows = std::move(reader.rows);
  return result;
}

}  // namespace amalgam::lang
