#include "model/litmus/expectation.hpp"

#include <algorithm>
#include <string_view>

#include "model/litmus/judge.hpp"

namespace amalgam::model::litmus {

namespace {

std::string_view allowed_name(bool allowed) { return allowed ? "allowed" : "forbidden"; }

std::string joined(const std::vector<std::string>& flags) {
  std::string text;
  for (const std::string& flag : flags) text += (text.empty() ? "" : ", ") + flag;
  return text.empty() ? "none" : text;
}

// What a table without known kinds gives a test: that of its quantifier.
Kind kind_of_quantifier(const Test& test) {
  if (!test.quantifier || *test.quantifier == Quantifier::kForall) return Kind::kRequired;
  return *test.quantifier == Quantifier::kExists ? Kind::kAllowed : Kind::kForbidden;
}

// As published lists are read: Allowed says that some execution satisfies the condition, Required
// that all do.
bool holds(Kind kind, Observation observation) {
  switch (kind) {
    case Kind::kAllowed:
      return observation != Observation::kNever;
    case Kind::kForbidden:
      return observation == Observation::kNever;
    case Kind::kRequired:
      break;
  }
  return observation == Observation::kAlways;
}

// Where the row's own observation contradicts its kind, the kind is but the quantifier's.
bool kind_agrees(const Expectation& expected, const Test& test, Observation observation) {
  if (holds(*expected.kind, observation)) return true;
  return expected.observation && !holds(*expected.kind, *expected.observation) &&
         *expected.kind == kind_of_quantifier(test);
}

void note(std::vector<std::string>& lines, std::string_view what, std::string_view is,
          std::string_view published) {
  lines.push_back(std::string(what) + ' ' + std::string(is) + ", published " +
                  std::string(published));
}

void compare_herd(const Expectation& expected, const Test& test, const Result& result,
                  std::vector<std::string>& lines) {
  const Observation observation = result.observation();
  if (expected.kind && !kind_agrees(expected, test, observation)) {
    note(lines, "kind", name(kind_of(test, result)), name(*expected.kind));
  }
  if (expected.observation && *expected.observation != observation) {
    note(lines, "observation", name(observation), name(*expected.observation));
  }
  if (expected.states && *expected.states != result.states.size()) {
    note(lines, "states", std::to_string(result.states.size()), std::to_string(*expected.states));
  }
  if (expected.flags && *expected.flags != result.flags) {
    note(lines, "flags", joined(result.flags), joined(*expected.flags));
  }
}

const std::optional<bool>& verdict_for(const Expectation& expected, const ModelOptions& model) {
  return model.cambridge_ets ? expected.ets_allows : expected.no_ets_allows;
}

}  // namespace

const Expectation* find_expectation(const Expectations& all, const std::string& path) {
  const auto [first, last] = all.equal_range(path.substr(path.rfind('/') + 1));
  if (first == last) return nullptr;
  const auto is_in_folder = [&](const auto& row) {
    return ('/' + path).find('/' + row.second.folder + '/') != std::string::npos;
  };
  const auto found = std::find_if(first, last, is_in_folder);
  return found == last ? &first->second : &found->second;
}

bool speaks_of(const Expectation& expected, const Test& test, const ModelOptions& model) {
  if (model.family == ModelFamily::kCambridge) return verdict_for(expected, model).has_value();
  const bool says_something =
      expected.kind || expected.observation || expected.states || expected.flags;
  return says_something && name_of(model) == name_of(default_model(test));
}

std::vector<std::string> compare(const Expectation& expected, const Test& test,
                                 const ModelOptions& model, const Result& result) {
  std::vector<std::string> lines;
  if (!speaks_of(expected, test, model)) return lines;
  if (model.family == ModelFamily::kHerd) {
    compare_herd(expected, test, result, lines);
    return lines;
  }
  const bool allowed = is_allowed(result);
  const bool published = *verdict_for(expected, model);
  if (allowed != published) {
    note(lines, "verdict", allowed_name(allowed), allowed_name(published));
  }
  return lines;
}

}  // namespace amalgam::model::litmus
