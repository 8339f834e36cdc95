// The combinations of thread runs, and of spurious hardware updates, that are feasible by values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "model/litmus/skeleton.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

// A set of (location, value) pairs that are numbered by RunJoin.
class PairSet {
 public:
  explicit PairSet(std::size_t pairs = 0) : words_((pairs + 63) / 64) {}

  void insert(std::size_t pair) { words_[pair / 64] |= std::uint64_t{1} << pair % 64; }
  [[nodiscard]] bool contains(std::size_t pair) const {
    return (words_[pair / 64] >> pair % 64 & 1) != 0;
  }
  PairSet& operator|=(const PairSet& o);
  [[nodiscard]] bool is_within(const PairSet& o) const;
  // Whether the pairs that are not in `a` are all in `b`.
  [[nodiscard]] bool is_within(const PairSet& a, const PairSet& b) const;

 private:
  std::vector<std::uint64_t> words_;
};

// Whether hardware may set AF in `descriptor`, with or without an access, and the result.
[[nodiscard]] constexpr bool may_set_af(Value descriptor) { return (descriptor & 0x401) == 1; }
[[nodiscard]] constexpr Value with_af(Value descriptor) { return descriptor | 0x400; }

// Joins the runs of all threads. A spurious update is a thread of its own that either does nothing
// or reads one of the values that its descriptor may hold. Runs that were cut short are left out.
class RunJoin {
 public:
  // Returns false to end the enumeration.
  using Visit = std::function<bool(std::span<const ThreadRun* const> runs,
                                   std::span<const SpuriousUpdate> spurious)>;

  // Both must outlive the join.
  RunJoin(const Test& test, const Runs& runs);

  // Visits each combination in which whatever is read, explicitly or by a walk, is the initial
  // value of its location or is written by some member. Of updates of one descriptor, which are
  // alike, only one order is visited. False: `visit` ended it.
  bool for_each(const Visit& visit) const;

 private:
  // One way for one thread to go.
  struct Choice {
    const ThreadRun* run = nullptr;  // or
    SpuriousUpdate update;           // none if both are empty
    bool happens = true;
    PairSet needs;  // of values that only another thread can write
    PairSet offers;
  };
  struct Part {
    std::vector<Choice> choices;
    bool like_previous = false;  // a spurious update of the same descriptor
  };
  struct Path {
    std::vector<const ThreadRun*> runs;
    std::vector<SpuriousUpdate> spurious;
    std::vector<std::size_t> chosen;
  };

  std::size_t number(Address address, Value value);
  void number_all(const Runs& runs);
  [[nodiscard]] bool is_initial(Address address, Value value) const;
  [[nodiscard]] Choice describe(const ThreadRun& run) const;
  void describe_hazard(const ThreadRun& run, unsigned walk, Choice& choice) const;
  void add_spurious_parts(const Runs& runs);
  void drop_hopeless();
  bool extend(std::size_t depth, Path& path, const PairSet& needs, const PairSet& offers,
              const Visit& visit) const;
  bool choose(std::size_t depth, std::size_t index, Path& path, const PairSet& needs,
              const PairSet& offers, const Visit& visit) const;

  const Test& test_;
  std::map<std::pair<Address, Value>, std::size_t> numbers_;
  std::vector<Part> parts_;            // threads, then spurious updates
  std::vector<PairSet> later_offers_;  // by depth: what the parts from there on can offer
};

}  // namespace amalgam::model::litmus
