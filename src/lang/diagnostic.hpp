// What is wrong with an input text, and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/program.hpp"

namespace amalgam::lang {

// Says what is wrong and, where something was missing, what was expected. One line, no full stop.
struct Diagnostic {
  model::Location location;
  std::string message;
};

// Line `number` of a text, counted from 1, without its end; empty if there is none.
std::string_view line_of(std::string_view text, std::uint32_t number);

// "file:line:column: error: message", and below it the source line with its number and an underline
// (long lines are cut around the place). A location outside `text` gives the first line alone.
// Columns count characters, not bytes. Ends in a newline.
std::string render(const Diagnostic& diagnostic, std::string_view file_name, std::string_view text);

// Gathers diagnostics: one for each place, and no more than a reader wants to see.
class Diagnostics {
 public:
  static constexpr std::size_t kMax = 50;

  // Notes an error, unless one is noted for the same line and column or kMax are noted.
  void error(const model::Location& location, std::string message);

  [[nodiscard]] bool has_line(std::uint32_t line) const;
  [[nodiscard]] bool any() const { return !found_.empty(); }
  [[nodiscard]] bool full() const { return found_.size() >= kMax; }

  // All diagnostics in the order of their places. Leaves none behind.
  std::vector<Diagnostic> take();

 private:
  std::vector<Diagnostic> found_;
};

}  // namespace amalgam::lang
