// A check's result without its repetitions: what several levels say alike is said once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/check.hpp"
#include "report/levels.hpp"

namespace amalgam::report {

// A finding and the levels that have it. Its witness and its sentence are those of the first level.
struct SharedFinding {
  const model::Finding* finding = nullptr;
  std::vector<Level> levels;
};

struct SharedDependence {
  const model::Dependence* dependence = nullptr;
  std::vector<Level> levels;
};

// A sentence and the levels that it is said of.
struct SharedSentence {
  std::string text;
  std::vector<Level> levels;
};

// Refers to the result that it was made of.
struct Digest {
  std::vector<SharedFinding> rules;    // in the order of Rule, then by place
  std::vector<SharedFinding> effects;  // the most telling first, then by place
  std::vector<SharedDependence> dependences;
  std::vector<SharedSentence> bounds;
  std::vector<Level> found;  // levels with a rule or an effect
  std::vector<Level> clean;  // decided, without either
  model::Coverage total;     // sums over the levels; peak_bytes is the largest
  bool tell_ets = false;     // the result has more than one FEAT_ETS level
};

Digest digest(const model::CheckResult& result);

// The place of an effect among those that text shows first: an effect that corrupts memory tells
// more than one that stops the access.
std::size_t telling_rank(model::Effect effect);

// Which findings' witnesses to show: for every level that has a finding, the witness of its most
// telling effect or, where it has none, of its first rule; each once. With `all`, every witness.
std::vector<SharedFinding> telling_witnesses(const Digest& digest, bool all);

// "undecided" (a bound was hit and nothing found), "violation" (a rule is broken), "harm" (none is,
// but there is an effect) or "clean".
std::string_view verdict_name(const model::LevelResult& level);

// The name of the rule or the effect.
std::string_view name_of(const model::Finding& finding);

}  // namespace amalgam::report
