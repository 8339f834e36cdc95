// Operations of the library on live tables, as tests explore them: right, and with each mistake
// that can be made mechanically.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "explore/mutant_port.hpp"
#include "explore/tables.hpp"

namespace amalgam::test {

using MutantTables = Tables<MutantPort>;

// A mistake that leaves an operation as good as it was, and why: with the first to the last of the
// operations of the port that it can be made with.
struct Harmless {
  std::string_view operation;
  Mistake mistake = Mistake::kNothing;
  std::size_t first = 0;
  std::size_t last = 0;
  std::string_view why;
};
// All that are known.
std::span<const Harmless> harmless_mistakes();

// Task: the operation has done what it promises, in every run that comes here; else an access that
// must not fault does.
inline void promise(explorer::Machine& m, bool kept) {
  constexpr std::uint64_t kNowhere = 0x3f00'0000;
  if (!kept) m.load(kNowhere);
}

// What the library does to live tables in one or more tasks, who else uses these, and what relies
// on its being over.
struct Operation {
  std::string name;
  explorer::Options options{};
  // FEAT_BBM levels that it is explored at.
  std::vector<std::uint8_t> levels{0, 1, 2, 3};
  // Sets up and spawns. Each task calls arm() first and finish() last, and promise() what it
  // has done.
  std::function<void(explorer::Machine&, MutantPort&, const explorer::Options&)> describe{};
  bool has_device = false;  // where there is none, nobody hears notifications
  // Somebody else changes descriptors meanwhile: hardware, or another task. Where nobody does, an
  // exchange that does not compare is as good as one that does.
  bool others_change = false;
  // Rules and effects that the caller has permitted.
  std::set<std::string> accepted{};
  // The mistakes that are made; none: all.
  std::set<Mistake> only{};
};

inline std::ostream& operator<<(std::ostream& out, const Operation& o) { return out << o.name; }

// An operation by one task on a range from kVa on that others use meanwhile. `change` gets a batch
// that is flushed before `afterwards`, which is without mistakes.
struct Scene {
  std::string name;
  explorer::Options options = test::options();
  std::vector<std::uint8_t> levels{0, 1, 2, 3};
  std::uint64_t mapped_bytes = 2 * kPage;
  pgtable::Attributes attributes = kReadWrite;
  pgtable::LeafSizes sizes{};
  pgtable::Knowledge known{};       // beside what the options say of hardware
  std::uint64_t same_contents = 0;  // pages that hold what page(kOther) on does
  explorer::Observation observed{.load = true, .store = true, .add = true, .may_fault = true};
  std::vector<pgtable::Range> observed_ranges{{kVa, kVa + 2 * kPage}};
  std::vector<pgtable::Range> loads_never_fault{};  // though `observed` may
  bool has_device = false;                          // that makes the same accesses
  bool has_mirror = false;                          // the device mirrors the tables
  std::function<bool(MutantTables&, MutantTables::Batch&, explorer::Machine&)> change{};
  // Asked after the change: whether the tables hold what it promises.
  std::function<bool(const MutantTables&)> done{};
  std::function<void(explorer::Machine&)> prepare{};  // set-up code, before the tables are live
  std::function<void(explorer::Machine&)> afterwards{};
  std::set<std::string> accepted{};
  std::set<Mistake> only{};
};
Operation in_scene(const Scene& scene);
// The same with a device that walks the tables too.
Operation with_device(Scene scene);

// Whether the n-th page from kVa on is mapped to page(n), for first <= n <= last.
bool maps_pages(const MutantTables& t, std::uint64_t first, std::uint64_t last);

// By which route a size changes, at which levels, and what the caller has to bear.
struct Route {
  const char* name;
  pgtable::Strategy strategy;
  pgtable::Permits permits;
  std::vector<std::uint8_t> levels;
  bool may_fault = true;
  std::set<std::string> accepted{};
};
void take_route(Scene& scene, const Route& route);

// The first of the pages that things are moved to.
inline constexpr std::size_t kOther = 1024;

// What a run of the exploration says of a mutant.
struct Tried {
  explorer::Result result;
  bool applied = false;                        // the mutation has changed something
  std::array<std::size_t, kMistakes> count{};  // of operations each mistake could be made with
};

// Nothing is wrong with any run that the caller has not permitted, and each does what it promises.
bool is_right(const Operation& operation, const Tried& tried);

// Explores the operation at a level with a mistake in it.
Tried try_out(const Operation& operation, std::uint8_t bbm, Mutation mutation);

// Everything that is explored: by room of the library.
std::vector<Operation> operations();
std::vector<Operation> map_operations();
std::vector<Operation> change_operations();
std::vector<Operation> shape_operations();
std::vector<Operation> lock_operations();
std::vector<Operation> split_operations();
std::vector<Operation> size_operations();
std::vector<Operation> mark_operations();
std::vector<Operation> move_operations();
std::vector<Operation> install_operations();
std::vector<Operation> hvo_operations();
std::vector<Operation> root_operations();

}  // namespace amalgam::test
