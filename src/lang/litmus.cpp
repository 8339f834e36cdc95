#include "lang/litmus.hpp"

#include <algorithm>
#include <utility>

#include "lang/isla.hpp"

namespace amalgam::lang {

using model::litmus::Family;

Family litmus_format(std::string_view file_name, std::string_view text) {
  if (file_name.ends_with(".toml")) return Family::kIsla;
  if (file_name.ends_with(".litmus")) return Family::kHerd;
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return text.substr(std::min(start, text.size())).starts_with("AArch64") ? Family::kHerd
                                                                          : Family::kIsla;
}

LitmusResult parse_litmus(std::string_view file_name, std::string_view text,
                          const LitmusOptions& options) {
  if (litmus_format(file_name, text) == Family::kIsla) {
    IslaResult read = parse_isla(text);
    return {std::move(read.test), std::move(read.diagnostics)};
  }
  HerdResult read = parse_herd(text, options.herd);
  return {std::move(read.test), std::move(read.diagnostics)};
}

}  // namespace amalgam::lang
