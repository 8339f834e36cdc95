// What somebody published of a litmus test, and how that differs from what we find.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/litmus/options.hpp"
#include "model/litmus/result.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::model::litmus {

// One row of a table of verdicts. What it does not say is absent.
struct Expectation {
  std::string file;    // name of the test's file, without directories
  std::string folder;  // directories (or the corpus) that the file is in; may be empty
  // Herd's: they hold for the model that the test itself asks for.
  std::optional<Kind> kind;
  std::optional<Observation> observation;
  std::optional<std::uint64_t> states;
  std::optional<std::vector<std::string>> flags;  // sorted
  // Of the strong model: whether it is allowed with and without ETS.
  std::optional<bool> ets_allows;
  std::optional<bool> no_ets_allows;
};

// Rows by file name; a name may occur in several folders.
using Expectations = std::multimap<std::string, Expectation>;

// The row of the test in the file `path`: of several with its name, the one whose folder is part of
// the path. Nothing where there is none.
[[nodiscard]] const Expectation* find_expectation(const Expectations& all, const std::string& path);

// Whether the row says anything of a test judged by this model.
[[nodiscard]] bool speaks_of(const Expectation& expected, const Test& test,
                             const ModelOptions& model);

// What came out otherwise than the row says, a line each: "observation Never, published Sometimes".
[[nodiscard]] std::vector<std::string> compare(const Expectation& expected, const Test& test,
                                               const ModelOptions& model, const Result& result);

}  // namespace amalgam::model::litmus
