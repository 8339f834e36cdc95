#include "model/litmus/result.hpp"

#include <algorithm>

namespace amalgam::model::litmus {

Observation Result::observation() const {
  const auto satisfies = [](const FinalState& state) { return state.satisfies; };
  if (std::ranges::none_of(states, satisfies)) return Observation::kNever;
  return std::ranges::all_of(states, satisfies) ? Observation::kAlways : Observation::kSometimes;
}

bool is_allowed(const Result& result) { return result.observation() != Observation::kNever; }

Kind kind_of(const Test& test, const Result& result) {
  const Observation observation = result.observation();
  if (observation == Observation::kNever) return Kind::kForbidden;
  const bool asks_for_all = test.quantifier.value_or(Quantifier::kForall) == Quantifier::kForall;
  return asks_for_all && observation == Observation::kAlways ? Kind::kRequired : Kind::kAllowed;
}

std::string_view name(Observation observation) {
  switch (observation) {
    case Observation::kNever:
      return "Never";
    case Observation::kSometimes:
      return "Sometimes";
    case Observation::kAlways:
      return "Always";
  }
  return {};
}

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::kAllowed:
      return "Allowed";
    case Kind::kForbidden:
      return "Forbidden";
    case Kind::kRequired:
      return "Required";
  }
  return {};
}

}  // namespace amalgam::model::litmus
