#include "report/catalogue.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

#include "amalgam/arch/assumption.hpp"
#include "amalgam/arch/change_table.hpp"
#include "amalgam/arch/cpu_presets.hpp"
#include "model/assumptions.hpp"
#include "model/effect.hpp"
#include "model/rule.hpp"
#include "report/change_report.hpp"
#include "report/columns.hpp"

namespace amalgam::report {

namespace {

constexpr std::size_t kNameWidth = 34;

std::string item(std::string_view name, std::string_view text, const Painter& paint) {
  const std::string head = padded(name, kNameWidth);
  return paint(Ink::kStrong, head) + hanging(head, text).substr(head.size());
}

std::string_view cell(arch::LevelAnswer answer) {
  static constexpr std::array<std::string_view, 8> kCells{"no",     "yes",   "nT",       "unclear",
                                                          "likely", "other", "unlisted", "-"};
  return kCells[static_cast<std::size_t>(answer)];
}

std::string table_row(const arch::Row& row) {
  std::string head = fmt::format("{:>3}  ", static_cast<unsigned>(row.id));
  for (const arch::LevelAnswer answer : row.answers) head += padded(cell(answer), 10);
  return hanging(head, fmt::format("{} [{}]", row.title, row.label));
}

std::vector<std::string> values_of(const model::AssumptionInfo& about) {
  std::vector<std::string> values;
  for (const std::string_view value : about.values) {
    if (!value.empty()) values.emplace_back(value);
  }
  return values;
}

std::string cpu_text(const arch::CpuPreset& preset) {
  const unsigned bbm = arch::effective_bbm(arch::features_of(preset));
  std::string text = fmt::format("BBM {}", bbm);
  if (preset.no_conflict_abort.value_or(false)) text += ", never a conflict abort";
  if (!preset.revisions.empty()) text += fmt::format(", {}", preset.revisions);
  return text + fmt::format(" [{}]", preset.source);
}

Json row_json(const arch::Row& row) {
  Json answers = Json::array();
  for (const arch::LevelAnswer answer : row.answers) answers.push_back(name(answer));
  return {{"row", static_cast<unsigned>(row.id)},
          {"title", row.title},
          {"answers_by_bbm", std::move(answers)},
          {"tlbi", name(row.tlbi)},
          {"when", name(row.when)},
          {"label", row.label},
          {"reason", row.reason},
          {"confidence", name(row.confidence)}};
}

}  // namespace

std::string rules_text(const Painter& paint) {
  std::string result = "The rules that a sequence can break:\n\n";
  for (const model::RuleInfo& rule : model::kRules) {
    result += item(rule.name, fmt::format("{} [{}]", rule.meaning, rule.label), paint);
  }
  result +=
      "\nIs a break needed to replace one valid descriptor by another? By FEAT_BBM level:\n\n";
  result += paint(Ink::kStrong, "row  0         1         2         3         change") + '\n';
  for (const arch::Row& row : arch::kChangeTable) result += table_row(row);
  return result +
         "\nnT: unless the nT protocol is followed; likely: thought legal; other: see the other "
         "rows;\nunlisted: the rule does not list it; -: not a change of a descriptor\n";
}

Json rules_json() {
  Json json = document();
  Json rules = Json::array();
  for (const model::RuleInfo& rule : model::kRules) {
    rules.push_back({{"name", rule.name}, {"label", rule.label}, {"meaning", rule.meaning}});
  }
  json["rules"] = std::move(rules);
  Json rows = Json::array();
  for (const arch::Row& row : arch::kChangeTable) rows.push_back(row_json(row));
  json["change_table"] = std::move(rows);
  return json;
}

std::string assumptions_text(const Painter& paint) {
  std::string result = "Of check, --assume NAME=VALUE (the first value is the default):\n\n";
  for (const model::AssumptionInfo& about : model::kAssumptions) {
    result +=
        item(about.name, fmt::format("{}: {}", join(values_of(about), " | "), about.why), paint);
  }
  result += "\nOf change, --assume NAME=yes or NAME=no:\n\n";
  for (const arch::AssumptionInfo& about : arch::kAssumptions) {
    const std::string_view value = arch::holds({}, about.id) ? "yes" : "no";
    result += item(about.name, fmt::format("{}: {}", value, about.statement), paint);
  }
  return result;
}

Json assumptions_json() {
  Json json = document();
  Json check = Json::array();
  for (const model::AssumptionInfo& about : model::kAssumptions) {
    check.push_back({{"name", about.name},
                     {"values", values_of(about)},
                     {"default", about.values.front()},
                     {"why", about.why}});
  }
  json["check"] = std::move(check);
  Json change = Json::array();
  for (const arch::AssumptionInfo& about : arch::kAssumptions) {
    change.push_back({{"name", about.name},
                      {"values", {"yes", "no"}},
                      {"default", arch::holds({}, about.id) ? "yes" : "no"},
                      {"statement", about.statement}});
  }
  json["change"] = std::move(change);
  return json;
}

std::string effects_text(const Painter& paint) {
  std::string result;
  for (const model::EffectInfo& effect : model::kEffects) {
    result += item(effect.name, effect.meaning, paint);
  }
  return result;
}

Json effects_json() {
  Json json = document();
  Json effects = Json::array();
  for (const model::EffectInfo& effect : model::kEffects) {
    effects.push_back({{"name", effect.name}, {"meaning", effect.meaning}});
  }
  json["effects"] = std::move(effects);
  return json;
}

std::string cpus_text(const Painter& paint) {
  std::string result;
  for (const arch::CpuPreset& preset : arch::kCpuPresets) {
    result += item(preset.name, cpu_text(preset), paint);
  }
  return result;
}

Json cpus_json() {
  Json json = document();
  Json cpus = Json::array();
  for (const arch::CpuPreset& preset : arch::kCpuPresets) {
    cpus.push_back({{"name", preset.name},
                    {"bbm", arch::effective_bbm(arch::features_of(preset))},
                    {"no_conflict_abort", preset.no_conflict_abort.value_or(false)},
                    {"revisions", preset.revisions},
                    {"source", preset.source}});
  }
  json["cpus"] = std::move(cpus);
  return json;
}

}  // namespace amalgam::report
