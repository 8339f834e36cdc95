// What HVO costs on a machine, found by running the library on tables like that machine's.
#pragma once

#include <cstdint>
#include <vector>

#include "amalgam/pgtable/hvo.hpp"
#include "hvo/counts.hpp"
#include "hvo/saving.hpp"

namespace amalgam::hvo {

struct Question {
  arch::Granule granule = arch::Granule::k4K;
  std::uint64_t huge_page_bytes = 0;
  std::uint64_t struct_page_bytes = kLinuxStructPageBytes;
  std::uint64_t huge_pages = 1;  // in all
  std::uint64_t batch = 1;       // huge pages shared or restored at once, at most
  std::uint8_t bbm = 0;
  bool tlbi_range = false;
  bool blocks = false;  // the vmemmap is mapped by blocks of level 2, not by pages
  pgtable::SharedTail shared = pgtable::SharedTail::kZonePage;
  bool heads_are_still = false;
  pgtable::Permits permits = {};
};

// What would make a refused question legal, alone.
enum class Remedy : std::uint8_t {
  kStopOthers,
  kFaultWindow,
  kNoTranslation,
  kConflictAbort,
  kPageMapped,
  kZonePage,
  kHeadsStill,
  kBbm2,
  kBbm3,
};

// One operation on one huge page alone, on a batch, and on all in batches, one after the other.
struct Costs {
  Counts one;
  Counts batch;
  Counts all;
};

struct Answer {
  Question question = {};
  Saving saving = {};
  pgtable::Plan plan = {};  // of a batch: which route, or which rule is in the way
  Costs share = {};         // zeros where the plan is refused
  Costs restore = {};
  // Huge pages that were shared and restored one batch after the other to find `all`. Fewer than
  // all where the work of batches repeats: then `all` is a multiple of it.
  std::uint64_t measured = 0;
  std::vector<Remedy> remedies = {};  // where the plan is refused
};

// The most page structure pages that a batch may have.
inline constexpr std::uint64_t kMaxBatchPages = std::uint64_t{1} << 22;

// Whether the question can be asked: huge pages there are, whose tails can be shared, and a batch
// within kMaxBatchPages.
bool is_askable(const Question& question);

// Runs the library on a vmemmap like the question's. The question must be askable. Cost: time and
// memory for some 2^24 descriptors at most.
Answer answer(const Question& question);

}  // namespace amalgam::hvo
