// The candidate executions of one combination of runs: who reads from whom, then in what order
// memory takes the writes.
#pragma once

#include <cstdint>
#include <vector>

#include "model/litmus/execution.hpp"

namespace amalgam::model::litmus {

// What a search asks and tells as it goes.
class CandidateVisitor {
 public:
  CandidateVisitor() = default;
  CandidateVisitor(const CandidateVisitor&) = delete;
  CandidateVisitor& operator=(const CandidateVisitor&) = delete;
  virtual ~CandidateVisitor() = default;

  // rf is complete or, where `complete` is false, complete for walks. co holds what is the same in
  // all orders that are left. False only if nothing is consistent that has these rf and co.
  virtual bool may_be_consistent(const Candidate& part, bool complete) = 0;
  // Everything is chosen. False ends the search.
  virtual bool visit(const Candidate& candidate) = 0;
};

// Enumerates rf and co for one skeleton. Left out is only what both families forbid at once: an
// explicit read from a later write of its thread, and orders of writes against coWW and coWR of
// explicit accesses.
class CandidateSearch {
 public:
  // Both must outlive the search.
  CandidateSearch(const Skeleton& skeleton, CandidateVisitor& visitor);

  // False: `visit` ended it.
  bool run();

 private:
  struct Reader {
    std::uint8_t event = 0;
    std::vector<std::uint8_t> writes;  // that it may read from
  };

  void find_locations();
  bool find_readers();
  [[nodiscard]] bool may_read(unsigned read, unsigned write) const;
  void link(std::uint8_t read, std::uint8_t write);
  bool choose_write(std::size_t reader);
  bool share_order();
  bool order_writes(std::size_t location);
  bool extend_order(std::size_t location, const EventSet& left);

  const Skeleton& skeleton_;
  CandidateVisitor& visitor_;
  Candidate candidate_;
  std::vector<Reader> readers_;      // with a choice: walks first, then the fewest choices first
  std::size_t walks_ = 0;            // of readers_
  std::vector<EventSet> locations_;  // by location: its writes, where there are two or more
  Relation first_;                   // initial writes first, and coWW
  EventSet explicit_writes_;
};

}  // namespace amalgam::model::litmus
