#include "report/ink.hpp"

#include <array>

namespace amalgam::report {

namespace {

constexpr std::array<std::string_view, 6> kCodes{"",         "\x1b[1m",    "\x1b[2m",
                                                 "\x1b[32m", "\x1b[1;31m", "\x1b[33m"};

}  // namespace

std::string Painter::operator()(Ink ink, std::string_view text) const {
  const std::string_view code = kCodes[static_cast<std::size_t>(ink)];
  if (!colour_ || code.empty() || text.empty()) return std::string(text);
  std::string painted(code);
  painted += text;
  painted += "\x1b[0m";
  return painted;
}

}  // namespace amalgam::report
