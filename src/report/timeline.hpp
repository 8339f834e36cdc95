// A run as text: a column an actor, time downwards.
#pragma once

#include <string>

#include "model/check.hpp"
#include "report/ink.hpp"

namespace amalgam::report {

// The steps numbered from 1, each with its line of the scenario and its text in the column of its
// actor; columns without a step are left out. As wide as the page, wider only where there are too
// many actors for it. Every line ends in a newline; empty without steps.
std::string timeline(const model::Witness& witness, const Painter& paint);

}  // namespace amalgam::report
