// Files that a command reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amalgam::cli {

// Larger input is no scenario, and memory is bounded.
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{16} << 20;

struct FileText {
  std::optional<std::string> text;
  std::string error;  // why there is no text
};

// The bytes of a file; "-" is standard input.
FileText read_file(const std::string& path);

struct FileList {
  std::vector<std::string> files;
  std::vector<std::string> errors;  // one for each argument that gives no file
  bool many = false;                // more than one argument, or a directory
};

// The files that the arguments stand for, in their order: a file is itself, a directory the files
// in it whose names end in ".scn", sorted. A file that does not exist stays in the list.
FileList expand(const std::vector<std::string>& arguments);

}  // namespace amalgam::cli
