// Operations of the library on live tables, as tests explore them: right, and with each mistake
// that can be made mechanically.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "explore/mutant_port.hpp"
#include "explore/tables.hpp"

namespace amalgam::test {

using MutantTables = Tables<MutantPort>;

// A mistake that leaves the operation as good as it was, and why: with the first to the last of the
// operations that it can be made with.
struct Harmless {
  Mistake mistake = Mistake::kNothing;
  std::size_t first = 0;
  std::size_t last = 0;
  std::string why;
};

// Reasons why.
inline constexpr const char* kNobodyAsks =
    "no other CPU is told of the mapping, so that a fault on it is no surprise";
inline constexpr const char* kUnlinked =
    "no walk reaches the table yet, so that the order of stores to it is free";
inline constexpr const char* kChain =
    "the next store only chains the freed table, and the barrier after it waits for both";
inline constexpr const char* kOneBatch =
    "the order of stores to one batch of descriptors is free: the barrier after it waits for all";
inline constexpr const char* kNothingLater = "nothing that follows on this CPU needs the ISB";
inline constexpr const char* kAlone = "nobody else changes the descriptor";

// What the library does to live tables in one or more tasks, who else uses these, and what relies
// on its being over.
struct Operation {
  std::string name;
  explorer::Options options{};
  // FEAT_BBM levels that it is explored at.
  std::vector<std::uint8_t> levels{0, 1, 2, 3};
  // Sets up and spawns. Each task calls arm() first and finish() last, and fail() where the
  // operation has not done what it promises.
  std::function<void(explorer::Machine&, MutantPort&, const explorer::Options&)> describe{};
  std::vector<Harmless> harmless{};
  bool has_device = false;  // where there is none, nobody hears notifications
};

inline std::ostream& operator<<(std::ostream& out, const Operation& o) { return out << o.name; }

// An operation by one task on two pages that are mapped from kVa on and that everybody accesses.
// `change` gets a batch that is flushed before `afterwards`, which is without mistakes.
struct TwoPages {
  std::string name;
  explorer::Options options = test::options();
  pgtable::Attributes attributes = kReadWrite;
  explorer::Observation observed{.load = true, .store = true, .add = true, .may_fault = true};
  pgtable::Range also_observed{};  // by the same accesses
  std::function<void(MutantTables&, MutantTables::Batch&, explorer::Machine&)> change{};
  // Asked after the change: whether the tables hold what it promises.
  std::function<bool(const MutantTables&)> done{};
  std::function<void(explorer::Machine&)> afterwards{};
  std::vector<Harmless> harmless{};
};
Operation on_two_pages(const TwoPages& what);

// What a run of the exploration says of a mutant.
struct Tried {
  explorer::Result result;
  bool failed = false;                         // some run does not do what the operation promises
  bool applied = false;                        // the mutation has changed something
  std::array<std::size_t, kMistakes> count{};  // of operations each mistake could be made with
};

// Nothing is wrong with any run, and each does what it promises.
inline bool is_right(const Tried& t) { return t.result.clean() && !t.failed; }

// Explores the operation at a level with a mistake in it.
Tried try_out(const Operation& operation, std::uint8_t bbm, Mutation mutation);

// Everything that is explored: by room of the library.
std::vector<Operation> operations();
std::vector<Operation> map_operations();
std::vector<Operation> change_operations();
std::vector<Operation> shape_operations();
std::vector<Operation> lock_operations();

}  // namespace amalgam::test
