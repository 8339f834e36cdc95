#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "cli/program.hpp"

namespace {

bool shows_colour() {
  const char* const term = std::getenv("TERM");
  const char* const no_colour = std::getenv("NO_COLOR");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return isatty(STDOUT_FILENO) == 1 && !dumb && (no_colour == nullptr || *no_colour == '\0');
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  amalgam::cli::Terminal terminal{std::cout, std::cerr, shows_colour()};
  return amalgam::cli::run(argc, argv, terminal);
}
