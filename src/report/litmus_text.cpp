#include "report/litmus_text.hpp"

#include <numeric>
#include <string_view>

#include "report/columns.hpp"
#include "report/file_names.hpp"

namespace amalgam::report {

namespace {

namespace litmus = model::litmus;

constexpr std::size_t kVerdictWidth = 11;
constexpr std::size_t kObservationWidth = 13;
constexpr std::size_t kStatesWidth = 6;
constexpr std::size_t kDetailWidth = 11;
constexpr const char* kIndent = "    ";

std::string right(std::string_view text, std::size_t to) {
  const std::size_t used = width(text);
  return std::string(to > used ? to - used : 0, ' ') + std::string(text);
}

Ink ink_of(LitmusOutcome came_out) {
  switch (came_out) {
    case LitmusOutcome::kAsPublished:
      return Ink::kGood;
    case LitmusOutcome::kNotAsPublished:
    case LitmusOutcome::kDisagreement:
    case LitmusOutcome::kUnusable:
      return Ink::kBad;
    case LitmusOutcome::kUndecided:
      return Ink::kDoubt;
    case LitmusOutcome::kJudged:
      break;
  }
  return Ink::kPlain;
}

std::string verdict_cells(const LitmusCase& judged, LitmusOutcome came_out, const Painter& paint) {
  const litmus::Result& result = judged.judgement.result;
  const std::string_view verdict = verdict_of(judged);
  return paint(ink_of(came_out), verdict) + std::string(kVerdictWidth - verdict.size(), ' ') +
         padded(litmus::name(result.observation()), kObservationWidth) +
         right(grouped(result.states.size()), kStatesWidth) + "  ";
}

std::string note(const Painter& paint, Ink ink, std::string_view head, std::string_view text) {
  return hanging(kIndent + paint(ink, head) + ' ', text);
}

std::string bound_note(const LitmusCase& judged, const Painter& paint) {
  if (!judged.judgement.decided()) {
    return note(paint, Ink::kDoubt, "not decided:", judged.judgement.bound);
  }
  if (is_exhaustive(judged)) return {};
  return note(paint, Ink::kDoubt, "loops cut:", "runs with more rounds are not looked at");
}

std::string detail(const Painter& paint, std::string_view head, std::string_view text) {
  const std::string left = padded(head, kDetailWidth);
  return kIndent + paint(Ink::kFaint, left) + std::string(text) + '\n';
}

// How much was looked at. The machine counts states where the reference counts candidates.
std::string figures_text(const litmus::Statistics& figures, bool of_machine) {
  return counted(figures.runs, "run of a thread", "runs of threads") + ", " +
         (of_machine ? counted(figures.candidates, "state", "states")
                     : counted(figures.candidates, "candidate", "candidates")) +
         ", " + grouped(figures.consistent) + " consistent";
}

}  // namespace

LitmusTable::LitmusTable(const std::vector<std::string>& files, const Painter& paint)
    : paint_(paint), directory_(common_directory(files)) {}

std::string LitmusTable::row_name(const LitmusCase& judged) const {
  std::string_view file = judged.file;
  if (file.starts_with(directory_)) file.remove_prefix(directory_.size());
  return printable(file);
}

std::string LitmusTable::header() const {
  const std::string title =
      directory_.empty() ? "test" : "test in " + printable(directory_) + "; flags";
  return paint_(Ink::kStrong, padded("verdict", kVerdictWidth) +
                                  padded("observation", kObservationWidth) +
                                  right("states", kStatesWidth) + "  " + title) +
         '\n';
}

void LitmusTable::count(const LitmusCase& judged, LitmusOutcome came_out) {
  ++counts_[static_cast<std::size_t>(came_out)];
  if (came_out == LitmusOutcome::kUnusable) return;
  if (judged.judgement.machine && judged.judgement.decided()) ++compared_engines_;
  if (judged.has_published) ++with_published_;
  if (came_out == LitmusOutcome::kUndecided) return;
  ++(verdict_of(judged) == "allowed" ? allowed_ : forbidden_);
}

std::string LitmusTable::row(const LitmusCase& judged) {
  const LitmusOutcome came_out = outcome(judged);
  count(judged, came_out);
  const std::string file = row_name(judged);
  const std::size_t left = kVerdictWidth + kObservationWidth + kStatesWidth + 2;
  if (came_out == LitmusOutcome::kUnusable) {
    return paint_(Ink::kBad, "cannot be used") +
           std::string(left - std::string_view("cannot be used").size(), ' ') + file + '\n';
  }
  std::string text = verdict_cells(judged, came_out, paint_) + file;
  for (const std::string& flag : judged.judgement.result.flags) text += "  " + flag;
  text += '\n';
  for (const std::string& line : judged.judgement.disagreements) {
    text += note(paint_, Ink::kBad, "engines differ:", line);
  }
  for (const std::string& line : judged.mismatches) {
    text += note(paint_, Ink::kBad, "NOT as published:", line);
  }
  return text + bound_note(judged, paint_);
}

std::string LitmusTable::totals() const {
  const auto of = [&](LitmusOutcome o) { return counts_[static_cast<std::size_t>(o)]; };
  const std::uint64_t all = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  std::vector<std::string> parts{grouped(allowed_) + " allowed",
                                 grouped(forbidden_) + " forbidden"};
  const auto add = [&](std::uint64_t number, std::string_view what) {
    if (number != 0) parts.push_back(grouped(number) + std::string(what));
  };
  add(of(LitmusOutcome::kUndecided), " not decided");
  add(of(LitmusOutcome::kUnusable), " that cannot be used");
  std::string text = counted(all, "test", "tests") + ": " + join(parts, ", ");
  if (compared_engines_ != 0) {
    const std::uint64_t differ = of(LitmusOutcome::kDisagreement);
    text += "; engines agree on " + grouped(compared_engines_ - differ) +
            (differ != 0 ? ", DIFFER on " + grouped(differ) : "");
  }
  if (with_published_ != 0) {
    text += "; " + grouped(of(LitmusOutcome::kAsPublished)) + " as published";
    if (of(LitmusOutcome::kNotAsPublished) != 0) {
      text += ", " + grouped(of(LitmusOutcome::kNotAsPublished)) + " NOT as published";
    }
  }
  return text + '\n';
}

std::string litmus_details(const LitmusCase& judged, const Painter& paint) {
  if (!judged.diagnostics.empty()) return {};
  const litmus::Judgement& judgement = judged.judgement;
  std::string text = "\n";
  for (const litmus::FinalState& state : judgement.result.states) {
    text += detail(paint, state.satisfies ? "satisfies" : "state", printable(text_of(state)));
  }
  for (const litmus::BeyondState& beyond : judgement.beyond) {
    text += detail(paint, "beyond",
                   printable(text_of(beyond.state)) + "  " + std::string(beyond.takes));
  }
  if (!judgement.beyond_bound.empty()) {
    text += detail(paint, "beyond", "not all of it: " + judgement.beyond_bound);
  }
  text += detail(paint, "kind", litmus::name(litmus::kind_of(judged.test, judgement.result)));
  const std::string engine(litmus::name(judgement.engine));
  text += detail(paint, "model",
                 std::string(litmus::name_of(judgement.model)) +
                     (engine == "both" ? ", both engines" : ", engine " + engine));
  const bool machine_only = judgement.engine == litmus::Engine::kMachine;
  const std::string covered = is_exhaustive(judged) ? "exhaustive: " : "not exhaustive: ";
  text +=
      detail(paint, "covered", covered + figures_text(judgement.result.statistics, machine_only));
  if (judgement.machine) {
    text += detail(paint, "machine", figures_text(judgement.machine->statistics, true));
  }
  return text;
}

}  // namespace amalgam::report
