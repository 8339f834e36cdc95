// Reads litmus tests of page tables in isla's format, `.litmus.toml`.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lang/diagnostic.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::lang {

struct IslaResult {
  std::optional<model::litmus::Test> test;  // absent exactly if there are diagnostics
  std::vector<Diagnostic> diagnostics;
};

// Reads one test. Any bytes are accepted as input; what is not supported is an error at its place.
//
// The result follows isla's layout: 4 KB granule, four levels, stage 1 root at 0x300000 and stage 2
// root at 0x200000 unless the test names its own tables, tables allocated upward from their root
// and mapped in themselves and each other, code of thread i at 0x400000 + 0x1000 * i, names at
// 0x600000 + 0x1000 * i in the space they belong to (virtual, intermediate, physical), moved where
// an `assert` or an alignment asks for it. isla leaves it to its solver whether names of different
// spaces share a number; here the n-th of each do, unless that makes one stage 2 entry mean two
// things. Every descriptor and every `*a = v` is in Test::memory.
// `?->` only says what a descriptor may become; it adds nothing to memory.
// Test::translation.two_stages is false where stage 2 is an identity map that nothing changes.
// Cost: linear in the text and in the tables, but for the search for addresses, which is bounded.
IslaResult parse_isla(std::string_view text);

}  // namespace amalgam::lang
