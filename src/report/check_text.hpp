// The answer to a check, for a reader at a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "report/case.hpp"
#include "report/ink.hpp"

namespace amalgam::report {

enum class Witnesses : std::uint8_t { kNone, kTelling, kAll };

// What a case came to: each broken rule with its source line and reason, the effects, the runs that
// show them, what the verdict depends on, what was expected, and what was covered. Levels that
// answer alike stand together. For an unusable case its diagnostics.
std::string check_text(const Case& checked, Witnesses witnesses, const Painter& paint);

// The line of `text` below what was covered and at which levels: "exhaustive: 1,204 states, 3
// slices, 1 of them different".
std::string coverage_text(const model::CheckResult& result);

}  // namespace amalgam::report
