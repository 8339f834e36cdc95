// Litmus tests by the number, for comparing engines on more than what was published.
#pragma once

#include <cstdint>
#include <string>

namespace amalgam::lang {

// How large generated tests are. Defaults give tests that both engines decide in milliseconds.
struct GeneratorBounds {
  unsigned max_threads = 3;
  unsigned max_accesses = 5;     // of all threads together, at least two a thread but for one
  bool hardware_updates = true;  // of AF and dirty state, which herd's model alone knows
};

// A test in herd's format: a cycle of threads, each of which communicates with the next through a
// page or through the descriptor of a page, with a few of everything between its accesses:
// barriers, dependencies, acquire and release, invalidations with all or some of what they need
// around them. Every load, every page and descriptor, and every fault is observed. The same number
// and bounds give the same text.
[[nodiscard]] std::string generate_litmus(std::uint64_t number, const GeneratorBounds& bounds = {});

}  // namespace amalgam::lang
