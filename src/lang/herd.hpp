// Reads litmus tests of page tables in herd's format.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::lang {

struct HerdOptions {
  // Variants given from outside, one a string or several with commas ("vmsa,fatal"). The `Variant=`
  // line of a test is added to them, and its fault handling wins. Without either, a fault that has
  // no handler ends the thread, as the published outcomes of tests without one show.
  std::vector<std::string> variants;
};

struct HerdResult {
  std::optional<model::litmus::Test> test;  // absent exactly if there are diagnostics
  std::vector<Diagnostic> diagnostics;
};

// Reads one test. Any bytes are accepted as input; what no engine supports is refused where it
// stands. Every name of the test gets the addresses that herd/layout.hpp describes. A test is read
// as one with translation if a variant says so or if it names a descriptor or hardware updates.
// Cost: linear in the text, but for its names and faults, which are sorted.
HerdResult parse_herd(std::string_view text, const HerdOptions& options = {});

}  // namespace amalgam::lang
