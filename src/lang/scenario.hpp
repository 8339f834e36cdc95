// Reads scenario files (docs/scenario-language.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/program.hpp"

namespace amalgam::lang {

struct ParseResult {
  std::optional<model::Program> program;  // absent exactly if there are diagnostics
  std::vector<Diagnostic> diagnostics;
};

// Reads one scenario. Any bytes are accepted as input. Cost: linear in the text and in the number
// of operations that its loops unroll to, which is bounded.
ParseResult parse_scenario(std::string_view text);

// The same scenario in the normal layout: keywords in columns, blocks indented by four spaces,
// comments kept. Formatting twice gives the same as once, and what is parsed does not change but
// for its locations. A text whose lines cannot be read is given back as it is.
std::string format_scenario(std::string_view text);

}  // namespace amalgam::lang
