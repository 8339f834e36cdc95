#include "report/check_json.hpp"

#include <array>
#include <string_view>

#include "lang/diagnostic.hpp"
#include "report/digest.hpp"
#include "report/levels.hpp"

namespace amalgam::report {

namespace {

std::string_view name(model::Certainty certainty) {
  static constexpr std::array<std::string_view, 4> kNames{"high", "medium", "low", "single-source"};
  return kNames[static_cast<std::size_t>(certainty)];
}

Json to_json(const model::Witness& witness) {
  Json steps = Json::array();
  for (const model::Step& step : witness.steps) {
    steps.push_back({{"column", step.column},
                     {"text", step.text},
                     {"notes", step.notes},
                     {"location", report::to_json(step.location)}});
  }
  return {{"columns", witness.columns}, {"steps", std::move(steps)}};
}

Json to_json(const Case& checked, const model::Finding& finding, bool witnesses) {
  const std::string_view source = lang::line_of(checked.text, finding.location.line);
  Json json = {{finding.rule ? "rule" : "effect", name_of(finding)},
               {"location", report::to_json(finding.location)},
               {"source_line", text_or_null(source)},
               {"subject", finding.subject},
               {"why", finding.why},
               {"label", text_or_null(finding.label)},
               {"change_row", finding.change_row == 0 ? Json(nullptr) : Json(finding.change_row)},
               {"certainty", name(finding.certainty)},
               {"address", hex(finding.address)},
               {"page", finding.page},
               {"pages", finding.pages}};
  if (witnesses) json["witness"] = to_json(finding.witness);
  return json;
}

Json to_json(const Case& checked, const std::vector<model::Finding>& findings, bool witnesses) {
  Json json = Json::array();
  for (const model::Finding& finding : findings) {
    json.push_back(to_json(checked, finding, witnesses));
  }
  return json;
}

Json to_json(const model::Dependence& dependence) {
  const model::AssumptionInfo& about = model::info(dependence.assumption);
  const std::string_view value =
      dependence.value < about.values.size() ? about.values[dependence.value] : std::string_view{};
  return {{"assumption", about.name},
          {"with", value},
          {"adds", dependence.added},
          {"removes", dependence.removed},
          {"why", about.why}};
}

Json to_json(const model::Coverage& coverage) {
  return {{"slices", coverage.slices},
          {"explored", coverage.explored},
          {"states", coverage.states},
          {"transitions", coverage.transitions},
          {"peak_bytes", coverage.peak_bytes}};
}

Json to_json(const Case& checked, const model::LevelResult& level, bool witnesses) {
  Json depends = Json::array();
  for (const model::Dependence& dependence : level.depends_on) {
    depends.push_back(to_json(dependence));
  }
  return {{"bbm", level.bbm},
          {"ets", report::name(level.ets)},
          {"verdict", verdict_name(level)},
          {"rules", to_json(checked, level.rules, witnesses)},
          {"effects", to_json(checked, level.effects, witnesses)},
          {"depends_on", std::move(depends)},
          {"exhaustive", level.decided()},
          {"bounds", level.bounds},
          {"coverage", to_json(level.coverage)}};
}

Json to_json(const model::Mismatch& mismatch) {
  return {{"bbm", mismatch.bbm},
          {"ets", report::name(mismatch.ets)},
          {"location", report::to_json(mismatch.location)},
          {"missing", mismatch.missing},
          {"unexpected", mismatch.unexpected}};
}

// What a document says besides the answer, in the order of the file.
void describe(Json& json, const model::Program& program) {
  json["title"] = text_or_null(program.title);
  json["question"] = text_or_null(program.question);
  json["source"] = text_or_null(program.source);
  json["reason"] = text_or_null(program.reason);
}

}  // namespace

Json check_json(const Case& checked, bool witnesses) {
  Json json = document();
  json["file"] = checked.file;
  json["outcome"] = report::name(outcome(checked));
  if (!checked.diagnostics.empty()) {
    json["diagnostics"] = report::to_json(checked.diagnostics, checked.text);
    return json;
  }
  describe(json, checked.program);
  json["has_expectations"] = !checked.program.expectations.empty();
  Json mismatches = Json::array();
  for (const model::Mismatch& mismatch : checked.mismatches) {
    mismatches.push_back(to_json(mismatch));
  }
  json["mismatches"] = std::move(mismatches);
  Json levels = Json::array();
  for (const model::LevelResult& level : checked.result.levels) {
    levels.push_back(to_json(checked, level, witnesses));
  }
  json["levels"] = std::move(levels);
  return json;
}

}  // namespace amalgam::report
