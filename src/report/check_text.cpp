#include "report/check_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "report/columns.hpp"
#include "report/digest.hpp"
#include "report/source_line.hpp"
#include "report/timeline.hpp"

namespace amalgam::report {

namespace {

constexpr std::size_t kLabelWidth = 12;
constexpr std::size_t kEffectWidth = 32;
constexpr std::size_t kMaxBounds = 8;

std::string labelled(std::string_view label) {
  return padded("  " + std::string(label), kLabelWidth);
}

// A labelled paragraph, its label in one ink.
std::string entry(std::string_view label, std::string_view text, const Painter& paint,
                  Ink ink = Ink::kFaint) {
  const std::string head = labelled(label);
  const std::string body = hanging(head, printable(text));
  return paint(ink, head) + body.substr(head.size());
}

std::string place(const Case& checked, const model::Location& at) {
  if (at.line == 0) return printable(checked.file);
  return printable(checked.file) + ':' + std::to_string(at.line) + ':' +
         std::to_string(std::max(at.column, 1U));
}

std::string_view certainty_text(model::Certainty certainty) {
  static constexpr std::array<std::string_view, 4> kTexts{"", "the reference is not certain",
                                                          "inferred: no source confirms it",
                                                          "rests on a single source"};
  return kTexts[static_cast<std::size_t>(certainty)];
}

std::string origin(const model::Finding& finding) {
  std::vector<std::string> parts;
  if (!finding.label.empty()) parts.push_back(finding.label);
  if (finding.change_row != 0) {
    parts.push_back("row " + std::to_string(finding.change_row) + " of docs/change-table.md");
  }
  const std::string_view certainty = certainty_text(finding.certainty);
  if (!certainty.empty()) parts.emplace_back(certainty);
  return parts.empty() ? "" : " [" + join(parts, "; ") + ']';
}

std::string pages_text(const model::Finding& finding) {
  if (finding.page.empty()) return {};
  if (finding.pages <= 1) return finding.page;
  return finding.page + ", and the same on " +
         counted(finding.pages - 1, "more page", "more pages");
}

std::string rule_block(const Case& checked, const Digest& d, const SharedFinding& shared,
                       const Painter& paint) {
  const model::Finding& finding = *shared.finding;
  const std::string name(name_of(finding));
  std::string result = paint(Ink::kStrong, place(checked, finding.location) + ": ") +
                       paint(Ink::kBad, "violation at " + level_list(shared.levels, d.tell_ets)) +
                       paint(Ink::kStrong, ": " + name + " required") + '\n';
  result += source_line(checked.text, finding.location, finding.subject, paint);
  result += entry("rule", finding.why + origin(finding), paint);
  const std::string pages = pages_text(finding);
  if (!pages.empty()) result += entry("at", pages, paint);
  return result;
}

bool holds_at(const SharedFinding& shared, const Level& level) {
  return std::ranges::find(shared.levels, level) != shared.levels.end();
}

// Levels that have an effect although no rule is broken.
std::vector<Level> levels_without_rule(const Digest& d) {
  std::vector<Level> levels = d.found;
  for (const SharedFinding& rule : d.rules) {
    std::erase_if(levels, [&](const Level& level) { return holds_at(rule, level); });
  }
  return levels;
}

// The effect that stands for harm without a broken rule, which has no other block to stand in;
// d.effects.end() where there is none.
auto effect_without_rule(const Digest& d, const std::vector<Level>& levels) {
  return std::ranges::find_if(d.effects, [&](const SharedFinding& effect) {
    return std::ranges::any_of(levels, [&](const Level& level) { return holds_at(effect, level); });
  });
}

std::string harm_block(const Case& checked, const Digest& d, const Painter& paint) {
  const std::vector<Level> levels = levels_without_rule(d);
  const auto found = effect_without_rule(d, levels);
  if (found == d.effects.end()) return {};
  const model::Finding& finding = *found->finding;
  return paint(Ink::kStrong, place(checked, finding.location) + ": ") +
         paint(Ink::kBad, "effect at " + level_list(levels, d.tell_ets)) +
         paint(Ink::kStrong, ": no rule is broken, but a user sees this") + '\n' +
         source_line(checked.text, finding.location, finding.subject, paint);
}

// Whether a block with this line stands above the effects.
bool is_shown(const Digest& d, const model::Location& at) {
  const auto has_line = [&](const SharedFinding& s) { return s.finding->location.line == at.line; };
  const auto harm = effect_without_rule(d, levels_without_rule(d));
  return std::ranges::any_of(d.rules, has_line) || (harm != d.effects.end() && has_line(*harm));
}

// "cpu 1 increments tail[0] after it was freed (BBM 0 1; line 15; inferred)"
std::string effect_sentence(const Digest& d, const SharedFinding& shared) {
  const model::Finding& finding = *shared.finding;
  std::vector<std::string> parts;
  if (shared.levels.size() != d.found.size())
    parts.push_back(level_list(shared.levels, d.tell_ets));
  if (finding.location.line != 0 && !is_shown(d, finding.location)) {
    parts.push_back("line " + std::to_string(finding.location.line));
  }
  const std::string_view certainty = certainty_text(finding.certainty);
  if (!certainty.empty()) parts.emplace_back(certainty);
  return finding.why + (parts.empty() ? "" : " (" + join(parts, "; ") + ')');
}

std::string effects_block(const Digest& d, const Painter& paint) {
  std::string result;
  for (const SharedFinding& shared : d.effects) {
    const std::string head = labelled(result.empty() ? "effects" : "");
    const std::string name = padded(name_of(*shared.finding), kEffectWidth);
    const std::string body = hanging(head + name, printable(effect_sentence(d, shared)));
    result +=
        paint(Ink::kFaint, head) + paint(Ink::kBad, name) + body.substr(head.size() + name.size());
  }
  return result;
}

std::string witness_block(const Digest& d, const SharedFinding& shared, const Painter& paint) {
  const std::string text = "shortest that shows " + std::string(name_of(*shared.finding)) +
                           ", at " + level_list({shared.levels.front()}, d.tell_ets);
  return '\n' + entry("run", text, paint) + timeline(shared.finding->witness, paint);
}

std::string witness_blocks(const Digest& d, Witnesses witnesses, const Painter& paint) {
  std::string result;
  if (witnesses == Witnesses::kNone) return result;
  for (const SharedFinding& shown : telling_witnesses(d, witnesses == Witnesses::kAll)) {
    result += witness_block(d, shown, paint);
  }
  return result.empty() ? result : result + '\n';
}

std::string dependence_text(const Digest& d, const SharedDependence& shared) {
  const model::AssumptionInfo& about = model::info(shared.dependence->assumption);
  const std::size_t value =
      std::min<std::size_t>(shared.dependence->value, about.values.size() - 1);
  std::vector<std::string> changes;
  if (!shared.dependence->added.empty()) {
    changes.push_back("adds " + join(shared.dependence->added, ", "));
  }
  if (!shared.dependence->removed.empty()) {
    changes.push_back("removes " + join(shared.dependence->removed, ", "));
  }
  std::string text = "--assume " + std::string(about.name) + '=' +
                     std::string(about.values[value]) + ' ' + join(changes, " and ");
  const std::size_t levels = d.found.size() + d.clean.size();
  if (shared.levels.size() < levels) text += " at " + level_list(shared.levels, d.tell_ets);
  return text + ": " + std::string(about.why);
}

std::string dependences_block(const Digest& d, const Painter& paint) {
  std::string result;
  for (const SharedDependence& shared : d.dependences) {
    result += entry(result.empty() ? "depends" : "", dependence_text(d, shared), paint);
  }
  return result;
}

std::string bounds_block(const Case& checked, const Digest& d, const Painter& paint) {
  std::string result;
  for (std::size_t i = 0; i < std::min(d.bounds.size(), kMaxBounds); ++i) {
    result += paint(Ink::kStrong, printable(checked.file) + ": ") +
              paint(Ink::kDoubt, "not decided at " + level_list(d.bounds[i].levels, d.tell_ets)) +
              ": " + printable(d.bounds[i].text) + '\n';
  }
  if (d.bounds.size() > kMaxBounds) {
    result += entry("",
                    "and " + counted(d.bounds.size() - kMaxBounds, "more bound", "more bounds") +
                        " hit; --json lists them",
                    paint);
  }
  return result;
}

bool is_undecided(const Digest& d, const Level& level) {
  return std::ranges::any_of(d.bounds, [&](const SharedSentence& bound) {
    return std::ranges::find(bound.levels, level) != bound.levels.end();
  });
}

// What is missing where a bound was hit may only not have been reached, and is left out.
std::string mismatch_text(const Digest& d, const model::Mismatch& mismatch) {
  std::vector<std::string> parts;
  if (!mismatch.missing.empty() && !is_undecided(d, {mismatch.ets, mismatch.bbm})) {
    parts.push_back("missing " + join(mismatch.missing, ", "));
  }
  if (!mismatch.unexpected.empty()) {
    parts.push_back("not expected " + join(mismatch.unexpected, ", "));
  }
  if (!parts.empty() && mismatch.location.line != 0) {
    parts.back() += " (line " + std::to_string(mismatch.location.line) + ')';
  }
  return join(parts, "; ");
}

std::string expectation_block(const Case& checked, const Digest& d, const Painter& paint) {
  std::vector<SharedSentence> shared;  // equal sentences, with their levels
  for (const model::Mismatch& mismatch : checked.mismatches) {
    std::string text = mismatch_text(d, mismatch);
    if (text.empty()) continue;
    auto found = std::ranges::find(shared, text, &SharedSentence::text);
    if (found == shared.end()) found = shared.insert(shared.end(), {std::move(text), {}});
    found->levels.push_back({.ets = mismatch.ets, .bbm = mismatch.bbm});
  }
  if (shared.empty() && outcome(checked) == Outcome::kAsExpected) {
    return entry("expected", "as the file says", paint, Ink::kGood);
  }
  std::string result;
  for (const SharedSentence& each : shared) {
    result +=
        entry("expected",
              "NOT as the file says at " + level_list(each.levels, d.tell_ets) + ": " + each.text,
              paint, Ink::kBad);
  }
  return result;
}

std::string clean_block(const Case& checked, const Digest& d, const Painter& paint) {
  if (d.clean.empty()) return {};
  return paint(Ink::kStrong, printable(checked.file) + ": ") +
         paint(Ink::kGood, "clean at " + level_list(d.clean, d.tell_ets)) + '\n';
}

std::string diagnostics_text(const Case& checked) {
  std::string result;
  for (const lang::Diagnostic& diagnostic : checked.diagnostics) {
    result += lang::render(diagnostic, checked.file, checked.text);
  }
  return result;
}

}  // namespace

std::string coverage_text(const model::CheckResult& result) {
  const Digest d = digest(result);
  std::string text = d.bounds.empty() ? "exhaustive: " : "not exhaustive: ";
  text += counted(d.total.states, "state", "states") + ", " +
          counted(d.total.slices, "slice", "slices") + ", " + grouped(d.total.explored) +
          " of them different";
  if (result.levels.size() > 1) text += "; at " + grouped(result.levels.size()) + " levels";
  return text;
}

std::string check_text(const Case& checked, Witnesses witnesses, const Painter& paint) {
  if (!checked.diagnostics.empty()) return diagnostics_text(checked);
  const Digest d = digest(checked.result);
  std::string result;
  if (!checked.program.title.empty()) {
    result = paint(Ink::kStrong, printable(checked.file + ": " + checked.program.title)) + '\n';
  }
  for (const SharedFinding& rule : d.rules) result += rule_block(checked, d, rule, paint);
  result += harm_block(checked, d, paint);
  result += effects_block(d, paint);
  result += witness_blocks(d, witnesses, paint);
  result += clean_block(checked, d, paint);
  result += bounds_block(checked, d, paint);
  result += entry("covered", coverage_text(checked.result), paint);
  result += dependences_block(d, paint);
  result += expectation_block(checked, d, paint);
  if (checked.program.reason.empty()) return result;
  return result + entry("reason", "of the file: " + checked.program.reason, paint);
}

}  // namespace amalgam::report
