// Tables of published verdicts: comma-separated values, the first line naming the columns.
#pragma once

#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/litmus/expectation.hpp"

namespace amalgam::lang {

struct VerdictsResult {
  model::litmus::Expectations rows;  // empty where there are diagnostics
  std::vector<Diagnostic> diagnostics;
};

// Reads the columns `file` (or `test`, to which ".litmus.toml" is added), `corpus` or `folder`,
// `kind`, `observation`, `states`, `flags` (joined by ";"), `ets`, `no_ets`; others are passed
// over. An empty cell says nothing, but for `flags` beside an observation: there it says that none
// is raised. Cells may be quoted.
[[nodiscard]] VerdictsResult parse_verdicts(std::string_view text);

}  // namespace amalgam::lang
