#include "model/litmus/candidates.hpp"

#include <algorithm>

namespace amalgam::model::litmus {
namespace {

constexpr std::uint8_t kNobody = 0xff;

}  // namespace

CandidateSearch::CandidateSearch(const Skeleton& skeleton, CandidateVisitor& visitor)
    : skeleton_(skeleton),
      visitor_(visitor),
      first_(skeleton.size()),
      explicit_writes_(skeleton.writes) {
  candidate_.skeleton = &skeleton_;
  candidate_.reads_from.assign(skeleton_.size(), kNobody);
  candidate_.rf = Relation(skeleton_.size());
  candidate_.co = Relation(skeleton_.size());
  find_locations();
}

void CandidateSearch::find_locations() {
  const EventSet all_writes = skeleton_.writes | skeleton_.updates;
  skeleton_.initial.for_each([&](unsigned initial) {
    const EventSet here = skeleton_.same_address.row(initial) & all_writes;
    first_.row(initial) = here;
    if (here.count() > 1) locations_.push_back(here);
  });
  first_ |= (skeleton_.po & skeleton_.same_address).restricted(explicit_writes_, explicit_writes_);
}

bool CandidateSearch::may_read(unsigned read, unsigned write) const {
  if (skeleton_.events[write].value != skeleton_.events[read].value) return false;
  if (skeleton_.iio.has(read, write)) return false;
  const bool both_explicit = skeleton_.reads.contains(read) && explicit_writes_.contains(write);
  return !both_explicit || !skeleton_.po.has(read, write);
}

// False if somebody has nothing to read. Who has no choice is settled here.
bool CandidateSearch::find_readers() {
  const EventSet all_writes = skeleton_.writes | skeleton_.updates | skeleton_.initial;
  bool all_fed = true;
  (skeleton_.reads | skeleton_.walks).for_each([&](unsigned read) {
    Reader reader{static_cast<std::uint8_t>(read), {}};
    (skeleton_.same_address.row(read) & all_writes).for_each([&](unsigned write) {
      if (may_read(read, write)) reader.writes.push_back(static_cast<std::uint8_t>(write));
    });
    all_fed = all_fed && !reader.writes.empty();
    if (reader.writes.size() == 1) link(reader.event, reader.writes.front());
    if (reader.writes.size() > 1) readers_.push_back(std::move(reader));
  });
  const auto is_walk = [&](const Reader& r) { return skeleton_.walks.contains(r.event); };
  std::sort(readers_.begin(), readers_.end(), [&](const Reader& a, const Reader& b) {
    if (is_walk(a) != is_walk(b)) return is_walk(a);
    return a.writes.size() < b.writes.size();
  });
  walks_ = static_cast<std::size_t>(std::count_if(readers_.begin(), readers_.end(), is_walk));
  return all_fed;
}

void CandidateSearch::link(std::uint8_t read, std::uint8_t write) {
  const std::uint8_t old = candidate_.reads_from[read];
  if (old != kNobody) candidate_.rf.row(old).erase(read);
  candidate_.reads_from[read] = write;
  if (write != kNobody) candidate_.rf.add(write, read);
}

bool CandidateSearch::run() {
  if (!find_readers()) return true;
  return choose_write(0);
}

bool CandidateSearch::choose_write(std::size_t reader) {
  const bool complete = reader == readers_.size();
  if (complete || (reader == walks_ && walks_ > 0)) {
    if (!share_order() || !visitor_.may_be_consistent(candidate_, complete)) return true;
  }
  if (complete) return order_writes(0);
  for (const std::uint8_t write : readers_[reader].writes) {
    link(readers_[reader].event, write);
    if (!choose_write(reader + 1)) return false;
  }
  link(readers_[reader].event, kNobody);
  return true;
}

// Sets co to what every order has that fits rf: coWR on top of coWW. False: there is none.
bool CandidateSearch::share_order() {
  PartialOrder order(first_);
  bool possible = true;
  skeleton_.reads.for_each([&](unsigned read) {
    const std::uint8_t source = candidate_.reads_from[read];
    if (source == kNobody) return;
    (skeleton_.same_address.row(read) & explicit_writes_).for_each([&](unsigned write) {
      if (!skeleton_.po.has(write, read) || write == source) return;
      possible = possible && order.add(write, source);
    });
  });
  candidate_.co = order.relation();
  return possible;
}

bool CandidateSearch::order_writes(std::size_t location) {
  if (location == locations_.size()) return visitor_.visit(candidate_);
  if (location > 0 && !visitor_.may_be_consistent(candidate_, true)) return true;
  return extend_order(location, locations_[location]);
}

// `left` are the writes of the location that come after all others. co stays closed: whichever of
// them comes first is put before the rest.
bool CandidateSearch::extend_order(std::size_t location, const EventSet& left) {
  if (left.empty()) return order_writes(location + 1);
  EventSet preceded;
  left.for_each([&](unsigned write) { preceded |= candidate_.co.row(write); });
  bool go_on = true;
  (left - preceded).for_each([&](unsigned write) {
    if (!go_on) return;
    const EventSet rest = left - EventSet::of(write);
    const EventSet old = candidate_.co.row(write);
    candidate_.co.row(write) |= rest;
    go_on = extend_order(location, rest);
    candidate_.co.row(write) = old;
  });
  return go_on;
}

}  // namespace amalgam::model::litmus
