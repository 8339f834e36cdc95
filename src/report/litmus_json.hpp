// The verdict on a litmus test, for programs.
#pragma once

#include "report/json.hpp"
#include "report/litmus_case.hpp"

namespace amalgam::report {

// One document: the file, the test, the verdict and kind, the observation, every final state, the
// flags, which model and engine, the time, what it covers, and where engines or published verdicts
// differ. `micros` alone is not the same on every run.
Json litmus_json(const LitmusCase& judged);

}  // namespace amalgam::report
