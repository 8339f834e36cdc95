#include "lang/scenario.hpp"

#include "lang/scenario/lines.hpp"
#include "lang/scenario/lower.hpp"
#include "lang/scenario/parse.hpp"

namespace amalgam::lang {

namespace {

std::optional<model::Program> parse_program(std::string_view text, Diagnostics& diagnostics) {
  if (!scenario::check_bytes(text, diagnostics)) return std::nullopt;
  const scenario::Lines lines = scenario::read_lines(text, diagnostics);
  const auto statements = scenario::build_blocks(lines, diagnostics);
  if (!statements) return std::nullopt;
  const scenario::ast::Scenario tree = scenario::parse(*statements, diagnostics);
  if (diagnostics.any()) return std::nullopt;  // names would be missing that stand in the text
  return scenario::lower(tree, diagnostics);
}

}  // namespace

ParseResult parse_scenario(std::string_view text) {
  Diagnostics diagnostics;
  ParseResult result{parse_program(text, diagnostics), {}};
  result.diagnostics = diagnostics.take();
  return result;
}

}  // namespace amalgam::lang
