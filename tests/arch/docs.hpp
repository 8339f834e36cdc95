#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace amalgam::arch::test {

// The body lines of the Markdown table whose header line starts with `header`.
inline std::vector<std::string> table_lines(const std::string& path, std::string_view header) {
  std::ifstream file(std::string(AMALGAM_SOURCE_DIR) + "/" + path);
  std::vector<std::string> lines;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (!inside) {
      inside = line.starts_with(header);
      continue;
    }
    if (!line.starts_with("|")) break;
    if (!line.starts_with("|-")) lines.push_back(line);
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text = "\n";
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace amalgam::arch::test
