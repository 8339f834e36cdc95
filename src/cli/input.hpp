// Files that a command reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

// What a directory stands for.
struct FileSearch {
  std::vector<std::string_view> suffixes;  // the files in it whose names end in one of these
  bool recursive = false;                  // and those in the directories below it
};

// "*.scn", in the directory itself.
FileSearch scenario_files();

// The files that the arguments stand for, in their order: a file is itself, a directory what
// `search` finds there, sorted. A file that does not exist stays in the list.
FileList expand(const std::vector<std::string>& arguments, const FileSearch& search);

}  // namespace amalgam::cli
