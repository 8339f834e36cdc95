// Slices of every size: of programs built for a size, and bare ones that are nothing but sizes.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "model/program.hpp"
#include "model/slice.hpp"

namespace amalgam::test {

// How much one program has of what the packed state has to hold.
struct ProgramSize {
  unsigned walker_bits = 0;  // what a walker's chunk comes to
  unsigned cpus = 0;         // agents run on the first
  unsigned agents = 1;
  unsigned pages = 1;
  unsigned frames = 2;
  unsigned stores = 1;   // of each agent
  unsigned flushes = 1;  // of each agent
  unsigned roots = 1;
  bool stage2 = false;
  bool mirror = false;  // a device with tables of its own
};

// At least one for each width of a chunk. The second CPU and the last are alike, and so are those
// between them.
const std::vector<ProgramSize>& program_sizes();

// A slice of all pages of its program, which it points into.
struct BuiltSlice {
  std::unique_ptr<model::Program> program;
  model::Slice slice;
};
BuiltSlice build_sized_slice(const ProgramSize& size);

// A slice of no program, with any number of everything that the packed state holds and any classes
// of like walkers, that fits. Nothing may be explored in it.
model::Slice bare_slice(std::mt19937_64& random);

// Slices of all programs and a thousand bare ones, the same at each call.
const std::vector<model::Slice>& sized_slices();

}  // namespace amalgam::test
