// Any bytes are a scenario or are refused with located diagnostics; a formatted scenario is a fixed
// point that reads as before.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lang/scenario.hpp"

namespace {

namespace lang = amalgam::lang;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t operations(const amalgam::model::Program& program) {
  std::size_t count = 0;
  for (const auto& agent : program.agents) count += agent.ops.size();
  return count;
}

void check_render(const lang::ParseResult& result, std::string_view text) {
  for (const lang::Diagnostic& diagnostic : result.diagnostics) {
    require(!diagnostic.message.empty());
    require(lang::render(diagnostic, "input.scn", text).ends_with('\n'));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const lang::ParseResult first = lang::parse_scenario(text);
  require(first.program.has_value() == first.diagnostics.empty());
  check_render(first, text);

  const std::string formatted = lang::format_scenario(text);
  require(lang::format_scenario(formatted) == formatted);
  const lang::ParseResult second = lang::parse_scenario(formatted);
  require(first.program.has_value() == second.program.has_value());
  require(first.diagnostics.size() == second.diagnostics.size());
  if (!first.program) return 0;
  require(first.program->cells.size() == second.program->cells.size());
  require(operations(*first.program) == operations(*second.program));
  return 0;
}
