#include "cli/input.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <istream>
#include <system_error>

namespace amalgam::cli {

namespace {

namespace fs = std::filesystem;

std::string why(int error) { return std::generic_category().message(error); }

FileText read_stream(std::istream& in) {
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxFileBytes) return {{}, "is larger than 16 MiB"};
  }
  if (in.bad()) return {{}, "cannot be read"};
  return {std::move(text), {}};
}

bool is_wanted(const fs::path& path, const FileSearch& search) {
  const std::string name = path.filename().string();
  return std::ranges::any_of(search.suffixes,
                             [&](std::string_view suffix) { return name.ends_with(suffix); });
}

template <typename Iterator>
std::error_code find_files(const std::string& directory, const FileSearch& search,
                           std::vector<std::string>& found) {
  std::error_code error;
  for (Iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;  // what cannot be looked at is left to reading it
    if (is_wanted(at->path(), search) && !at->is_directory(ignored)) {
      found.push_back(at->path().string());
    }
  }
  return error;
}

std::string endings_of(const FileSearch& search) {
  std::string text;
  for (const std::string_view suffix : search.suffixes) {
    text += (text.empty() ? "" : " or ") + std::string(suffix);
  }
  return text;
}

void add_directory(FileList& list, const std::string& directory, const FileSearch& search) {
  std::vector<std::string> found;
  const std::error_code error =
      search.recursive ? find_files<fs::recursive_directory_iterator>(directory, search, found)
                       : find_files<fs::directory_iterator>(directory, search, found);
  if (error) {
    list.errors.push_back(directory + ": cannot be read: " + error.message());
  } else if (found.empty()) {
    list.errors.push_back(directory + ": has no file that ends in " + endings_of(search));
  }
  std::ranges::sort(found);
  list.files.insert(list.files.end(), found.begin(), found.end());
}

}  // namespace

FileText read_file(const std::string& path) {
  if (path == "-") return read_stream(std::cin);
  std::error_code error;
  if (fs::is_directory(path, error)) return {{}, "is a directory"};
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return {{}, "cannot be read: " + why(errno)};
  return read_stream(in);
}

FileSearch scenario_files() { return {.suffixes = {".scn"}}; }

FileList expand(const std::vector<std::string>& arguments, const FileSearch& search) {
  FileList list;
  list.many = arguments.size() > 1;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (fs::is_directory(argument, error)) {
      list.many = true;
      add_directory(list, argument, search);
    } else {
      list.files.push_back(argument);
    }
  }
  return list;
}

}  // namespace amalgam::cli
