#include "report/file_names.hpp"

namespace amalgam::report {

std::string common_directory(const std::vector<std::string>& files) {
  if (files.empty()) return {};
  std::string common = files.front().substr(0, files.front().rfind('/') + 1);
  for (const std::string& file : files) {
    while (!file.starts_with(common)) {
      common.pop_back();
      common.erase(common.rfind('/') + 1);  // the whole of it where there is no other slash
    }
  }
  return common;
}

}  // namespace amalgam::report
