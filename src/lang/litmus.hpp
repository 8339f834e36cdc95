// Reads a litmus test of either published family.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "lang/herd.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::lang {

struct LitmusOptions {
  HerdOptions herd;
};

struct LitmusResult {
  std::optional<model::litmus::Test> test;  // absent exactly if there are diagnostics
  std::vector<Diagnostic> diagnostics;
};

// The format that a file's name ends in (".toml" is isla's, ".litmus" herd's); of other names, the
// format that the text begins like: isla's has keys, herd's begins with the name of an
// architecture.
[[nodiscard]] model::litmus::Family litmus_format(std::string_view file_name,
                                                  std::string_view text);

// Reads a test in the format of litmus_format().
[[nodiscard]] LitmusResult parse_litmus(std::string_view file_name, std::string_view text,
                                        const LitmusOptions& options);

}  // namespace amalgam::lang
