// The names that appear in scenarios, options and answers, with what they mean.
#pragma once

#include <string>

#include "report/ink.hpp"
#include "report/json.hpp"

namespace amalgam::report {

// The rules that a sequence can break, then the rows of the change table with the answer at each
// FEAT_BBM level.
std::string rules_text(const Painter& paint);
Json rules_json();

// The assumptions that `check` switches, then those of `change`.
std::string assumptions_text(const Painter& paint);
Json assumptions_json();

std::string effects_text(const Painter& paint);
Json effects_json();

// The CPU presets: FEAT_BBM level, for which revisions, and the source.
std::string cpus_text(const Painter& paint);
Json cpus_json();

}  // namespace amalgam::report
