#include "report/litmus_case.hpp"

namespace amalgam::report {

namespace {

namespace litmus = model::litmus;

bool loops_were_cut(const LitmusCase& judged) {
  const litmus::Judgement& judgement = judged.judgement;
  return judgement.result.loop_cut || (judgement.machine && judgement.machine->loop_cut);
}

// More executions overturn "none" and "all", not "some".
bool longer_runs_could_matter(const LitmusCase& judged) {
  return loops_were_cut(judged) &&
         judged.judgement.result.observation() != litmus::Observation::kSometimes;
}

}  // namespace

LitmusOutcome outcome(const LitmusCase& judged) {
  if (!judged.diagnostics.empty()) return LitmusOutcome::kUnusable;
  if (!judged.judgement.decided()) return LitmusOutcome::kUndecided;
  if (!judged.judgement.disagreements.empty()) return LitmusOutcome::kDisagreement;
  if (!judged.mismatches.empty()) return LitmusOutcome::kNotAsPublished;
  if (judged.has_published) return LitmusOutcome::kAsPublished;
  return longer_runs_could_matter(judged) ? LitmusOutcome::kUndecided : LitmusOutcome::kJudged;
}

std::string_view name(LitmusOutcome outcome) {
  static constexpr std::array<std::string_view, kLitmusOutcomes> kNames{
      "judged", "as-published", "not-as-published", "disagreement", "undecided", "unusable"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view verdict_of(const LitmusCase& judged) {
  return litmus::is_allowed(judged.judgement.result) ? "allowed" : "forbidden";
}

bool is_exhaustive(const LitmusCase& judged) {
  return judged.judgement.decided() && !loops_were_cut(judged);
}

}  // namespace amalgam::report
