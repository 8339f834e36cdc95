#include "report/check_table.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "report/columns.hpp"
#include "report/digest.hpp"
#include "report/file_names.hpp"

namespace amalgam::report {

namespace {

constexpr std::size_t kMaxFileWidth = 40;
constexpr std::size_t kVerdictWidth = 6;
constexpr std::size_t kExpectedWidth = 6;
constexpr std::size_t kMinEffectsWidth = 31;  // the longest name and a comma
constexpr unsigned kBbmLevels = 4;

// What the levels of one FEAT_ETS value, or of several with the same answer, came to.
struct Line {
  std::string ets;  // the values, or empty where the line speaks for all
  std::array<std::string_view, kBbmLevels> verdicts{};  // empty: not checked
  std::vector<model::Effect> effects;
};

Line line_for(const model::CheckResult& result, arch::Ets ets) {
  Line line{.ets = std::string(name(ets)), .verdicts = {}, .effects = {}};
  for (const model::LevelResult& level : result.levels) {
    if (level.ets != ets || level.bbm >= kBbmLevels) continue;
    line.verdicts[level.bbm] = verdict_name(level);
    for (const model::Finding& finding : level.effects) {
      if (finding.effect) line.effects.push_back(*finding.effect);
    }
  }
  std::ranges::sort(line.effects, {}, telling_rank);
  line.effects.erase(std::unique(line.effects.begin(), line.effects.end()), line.effects.end());
  return line;
}

std::vector<Line> lines_of(const model::CheckResult& result) {
  std::vector<Line> lines;
  for (const arch::Ets ets : {arch::Ets::kNone, arch::Ets::kEts2, arch::Ets::kEts3}) {
    if (std::ranges::find(result.levels, ets, &model::LevelResult::ets) == result.levels.end()) {
      continue;
    }
    Line line = line_for(result, ets);
    const auto same = [&](const Line& other) {
      return other.verdicts == line.verdicts && other.effects == line.effects;
    };
    const auto found = std::ranges::find_if(lines, same);
    if (found == lines.end()) {
      lines.push_back(std::move(line));
    } else {
      found->ets += ' ' + line.ets;
    }
  }
  if (lines.size() == 1) lines.front().ets.clear();
  return lines;
}

// The word of a verdict that fits a cell.
std::string_view short_name(std::string_view verdict) {
  if (verdict == "violation") return "viol.";
  return verdict == "undecided" ? "?" : verdict;
}

Ink ink_of(std::string_view verdict) {
  if (verdict == "clean") return Ink::kGood;
  return verdict == "undecided" ? Ink::kDoubt : Ink::kBad;
}

std::string verdict_cell(std::string_view verdict, const Painter& paint) {
  if (verdict.empty()) return padded("-", kVerdictWidth);
  const std::string_view word = short_name(verdict);
  return paint(ink_of(verdict), word) + std::string(kVerdictWidth - word.size(), ' ');
}

std::string expected_cell(const Case& checked, const Painter& paint) {
  const auto cell = [&](Ink ink, std::string_view text) {
    return paint(ink, text) + std::string(kExpectedWidth - text.size(), ' ');
  };
  switch (outcome(checked)) {
    case Outcome::kAsExpected:
      return cell(Ink::kGood, "yes");
    case Outcome::kNotAsExpected:
      return cell(Ink::kBad, "NO");
    case Outcome::kUndecided:
      return cell(Ink::kDoubt, "?");
    case Outcome::kClean:
    case Outcome::kViolation:
    case Outcome::kUnusable:
      break;
  }
  return cell(Ink::kPlain, "-");
}

// The effects in the last column, which starts after `left` characters; the first line without
// that indentation.
std::string effects_cell(const std::vector<model::Effect>& effects, std::size_t left) {
  std::vector<std::string> names;
  names.reserve(effects.size());
  for (const model::Effect effect : effects) names.emplace_back(model::name(effect));
  const std::size_t room = std::max(kPageWidth - std::min(left, kPageWidth), kMinEffectsWidth);
  const std::vector<std::string> lines = wrap(names.empty() ? "-" : join(names, ", "), room);
  return join(lines, '\n' + std::string(left, ' ')) + '\n';
}

// What all names end in, if it says no more than that they are scenarios.
std::string common_suffix(const std::vector<std::string>& files) {
  const std::string suffix = ".scn";
  const auto has = [&](const std::string& file) { return file.ends_with(suffix); };
  return std::ranges::all_of(files, has) ? suffix : "";
}

}  // namespace

CheckTable::CheckTable(const std::vector<std::string>& files, const Painter& paint)
    : paint_(paint), directory_(common_directory(files)), suffix_(common_suffix(files)) {
  file_width_ = width(title());
  for (const std::string& file : files) {
    file_width_ = std::max(file_width_, std::min(width(row_name(file)), kMaxFileWidth));
  }
}

std::string CheckTable::row_name(std::string_view file) const {
  if (file.starts_with(directory_)) file.remove_prefix(directory_.size());
  if (file.ends_with(suffix_)) file.remove_suffix(suffix_.size());
  return printable(file);
}

std::string CheckTable::title() const {
  return directory_.empty() ? "case" : "case in " + printable(directory_) + '*' + suffix_;
}

std::string CheckTable::header() const {
  std::string line = padded(title(), file_width_ + 2);
  for (unsigned bbm = 0; bbm < kBbmLevels; ++bbm) {
    line += padded("BBM " + std::to_string(bbm), kVerdictWidth);
  }
  return paint_(Ink::kStrong, line + padded("exp.", kExpectedWidth) + "effects") + '\n';
}

std::string CheckTable::row(const Case& checked) {
  const Outcome came_out = outcome(checked);
  ++counts_[static_cast<std::size_t>(came_out)];
  const std::string file = row_name(checked.file);
  if (came_out == Outcome::kUnusable) {
    return padded(file, file_width_ + 2) + paint_(Ink::kBad, "cannot be used") + '\n';
  }
  const std::vector<Line> lines = lines_of(checked.result);
  const bool own_line = lines.size() > 1 || width(file) > file_width_;
  std::string result = own_line ? file + '\n' : "";
  for (const Line& line : lines) {
    const std::string ets = line.ets.empty() ? "" : "  ETS " + line.ets;
    result += padded(own_line ? ets : file, file_width_ + 2);
    for (const std::string_view verdict : line.verdicts) result += verdict_cell(verdict, paint_);
    result += expected_cell(checked, paint_);
    const std::size_t left = file_width_ + 2 + kBbmLevels * kVerdictWidth + kExpectedWidth;
    result += effects_cell(line.effects, left);
  }
  return result;
}

std::string CheckTable::totals() const {
  return '\n' + totals_text(counts_) +
         "\nclean: no rule broken and no effect; viol.: a rule is broken; harm: none is, but a "
         "user "
         "sees\nan effect; ?: a bound was hit; -: not checked. exp.: whether it is as the file "
         "expects\n";
}

std::string totals_text(const std::array<std::uint64_t, 6>& counts_by_outcome) {
  static constexpr std::array<std::string_view, 6> kTexts{
      "clean",           "as expected", "with a violation or effect",
      "NOT as expected", "undecided",   "that cannot be used"};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (counts_by_outcome[i] == 0) continue;
    parts.push_back(grouped(counts_by_outcome[i]) + ' ' + std::string(kTexts[i]));
  }
  const std::uint64_t all =
      std::accumulate(counts_by_outcome.begin(), counts_by_outcome.end(), std::uint64_t{0});
  return counted(all, "case", "cases") + (parts.empty() ? "" : ": ") + join(parts, ", ");
}

}  // namespace amalgam::report
