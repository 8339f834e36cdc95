// Names of files as rows of a table show them.
#pragma once

#include <string>
#include <vector>

namespace amalgam::report {

// The directory that all files are in, with its slash; empty where there is none.
std::string common_directory(const std::vector<std::string>& files);

}  // namespace amalgam::report
