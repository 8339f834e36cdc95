// A text out of a TOML string that knows where in the file each of its bytes stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/program.hpp"

namespace amalgam::lang::isla {

using model::Location;

// The lines of a file, to turn byte offsets into places. The file must outlive it.
class FileLines {
 public:
  explicit FileLines(std::string_view file);

  // Lines and columns count from 1, columns in characters.
  [[nodiscard]] Location location(std::size_t begin, std::size_t length) const;
  // The byte at a line and column (in characters), at most the end of the file.
  [[nodiscard]] std::size_t offset(std::uint32_t line, std::uint32_t column) const;
  [[nodiscard]] std::string_view file() const { return file_; }

 private:
  std::string_view file_;
  std::vector<std::size_t> starts_;
};

class SourceText {
 public:
  SourceText() = default;

  // `value` is what a TOML reader made of the string whose opening quote is at `begin`.
  SourceText(const FileLines& lines, std::size_t begin, std::string value);

  [[nodiscard]] const std::string& text() const { return text_; }
  // Of text()[begin, begin + length); past the end, the place behind the last byte.
  [[nodiscard]] Location location(std::size_t begin, std::size_t length = 1) const;
  // Of the opening quote.
  [[nodiscard]] Location start() const { return start_; }

 private:
  std::string text_;
  // Of each byte of text_ and of its end, the offset in the file; empty if that is not known, and
  // then everything is at start_.
  std::vector<std::size_t> offsets_;
  const FileLines* lines_ = nullptr;
  Location start_;
};

}  // namespace amalgam::lang::isla
