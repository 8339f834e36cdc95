// The text of a herd test without its comments, cut into its parts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"

namespace amalgam::lang::herd {

// Comments are blank, everything else stands where it stood. Parts are views into text().
class Source {
 public:
  // Notes a comment that does not end.
  Source(std::string_view text, Diagnostics& diagnostics);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  [[nodiscard]] std::string_view text() const { return text_; }
  // The place of a part; of an empty part, the character that it stands before.
  [[nodiscard]] model::Location place_of(std::string_view part) const;

 private:
  void blank_comments(Diagnostics& diagnostics);

  std::string text_;
  std::vector<std::size_t> line_starts_;
};

struct Sections {
  std::string_view name;
  std::string_view header;   // between the name and the initial state
  std::string_view init;     // between its braces
  std::string_view program;  // the table and all that follows it
};

std::string_view without_blanks(std::string_view text);

// Finds the parts of a test; nothing, and a diagnostic, if one is missing.
std::optional<Sections> split(const Source& source, Diagnostics& diagnostics);

}  // namespace amalgam::lang::herd
