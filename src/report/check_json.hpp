// The answer to a check, for programs.
#pragma once

#include "report/case.hpp"
#include "report/json.hpp"

namespace amalgam::report {

// One document: file, what the file says of itself, outcome, and for every level the rules and
// effects with their witnesses (unless left out), coverage, bounds, and what the verdict depends
// on. Unlike the text nothing is merged: each level stands for itself.
Json check_json(const Case& checked, bool witnesses);

}  // namespace amalgam::report
