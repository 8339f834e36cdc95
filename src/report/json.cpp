#include "report/json.hpp"

#include <fmt/format.h>

namespace amalgam::report {

Json document() { return {{"schema", kSchema}}; }

std::string dump(const Json& json, bool one_line) {
  return json.dump(one_line ? -1 : 2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string hex(std::uint64_t value) { return fmt::format("0x{:016x}", value); }

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json to_json(const model::Location& location) {
  if (location.line == 0) return nullptr;
  return {{"line", location.line}, {"column", location.column}, {"length", location.length}};
}

Json to_json(const std::vector<lang::Diagnostic>& diagnostics, std::string_view text) {
  Json json = Json::array();
  for (const lang::Diagnostic& diagnostic : diagnostics) {
    json.push_back({{"location", to_json(diagnostic.location)},
                    {"message", diagnostic.message},
                    {"source_line", text_or_null(lang::line_of(text, diagnostic.location.line))}});
  }
  return json;
}

}  // namespace amalgam::report
