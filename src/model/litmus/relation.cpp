#include "model/litmus/relation.hpp"

#include <utility>

namespace amalgam::model::litmus {

bool Relation::empty() const {
  for (unsigned a = 0; a < size_; ++a) {
    if (!rows_[a].empty()) return false;
  }
  return true;
}

EventSet Relation::domain() const {
  EventSet result;
  for (unsigned a = 0; a < size_; ++a) {
    if (!rows_[a].empty()) result.insert(a);
  }
  return result;
}

EventSet Relation::range() const {
  EventSet result;
  for (unsigned a = 0; a < size_; ++a) result |= rows_[a];
  return result;
}

Relation& Relation::operator|=(const Relation& o) {
  for (unsigned a = 0; a < size_; ++a) rows_[a] |= o.rows_[a];
  return *this;
}

Relation& Relation::operator&=(const Relation& o) {
  for (unsigned a = 0; a < size_; ++a) rows_[a] &= o.rows_[a];
  return *this;
}

Relation& Relation::operator-=(const Relation& o) {
  for (unsigned a = 0; a < size_; ++a) rows_[a] -= o.rows_[a];
  return *this;
}

bool operator==(const Relation& a, const Relation& b) {
  if (a.size_ != b.size_) return false;
  for (unsigned e = 0; e < a.size_; ++e) {
    if (a.rows_[e] != b.rows_[e]) return false;
  }
  return true;
}

Relation Relation::restricted(const EventSet& from, const EventSet& to) const {
  Relation result(size_);
  from.for_each([&](unsigned a) { result.rows_[a] = rows_[a] & to; });
  return result;
}

Relation Relation::from(const EventSet& set) const {
  Relation result(size_);
  set.for_each([&](unsigned a) { result.rows_[a] = rows_[a]; });
  return result;
}

Relation Relation::to(const EventSet& set) const {
  Relation result(size_);
  for (unsigned a = 0; a < size_; ++a) result.rows_[a] = rows_[a] & set;
  return result;
}

Relation Relation::inverse() const {
  Relation result(size_);
  for (unsigned a = 0; a < size_; ++a) {
    rows_[a].for_each([&](unsigned b) { result.rows_[b].insert(a); });
  }
  return result;
}

Relation Relation::then(const Relation& next) const {
  Relation result(size_);
  for (unsigned a = 0; a < size_; ++a) {
    rows_[a].for_each([&](unsigned b) { result.rows_[a] |= next.rows_[b]; });
  }
  return result;
}

Relation Relation::closure() const {
  Relation result = *this;
  for (unsigned via = 0; via < size_; ++via) {
    const EventSet after = result.rows_[via];
    if (after.empty()) continue;
    for (unsigned a = 0; a < size_; ++a) {
      if (result.rows_[a].contains(via)) result.rows_[a] |= after;
    }
  }
  return result;
}

bool Relation::acyclic() const {
  // Takes away what nothing that is left comes before, until nothing is left or nothing can go.
  EventSet left = domain();
  while (!left.empty()) {
    EventSet reached;
    left.for_each([&](unsigned a) { reached |= rows_[a]; });
    if ((left & reached) == left) return false;
    left &= reached;
  }
  return true;
}

bool Relation::irreflexive() const {
  for (unsigned a = 0; a < size_; ++a) {
    if (rows_[a].contains(a)) return false;
  }
  return true;
}

std::vector<std::uint8_t> Relation::shortest_cycle_from(unsigned start) const {
  std::vector<unsigned> came_from(size_, start);
  std::vector<unsigned> queue{start};
  EventSet seen = EventSet::of(start);
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const unsigned at = queue[i];
    if (has(at, start)) {
      std::vector<std::uint8_t> cycle;
      for (unsigned e = at; e != start; e = came_from[e]) {
        cycle.push_back(static_cast<std::uint8_t>(e));
      }
      cycle.push_back(static_cast<std::uint8_t>(start));
      return {cycle.rbegin(), cycle.rend()};
    }
    (rows_[at] - seen).for_each([&](unsigned next) {
      seen.insert(next);
      came_from[next] = at;
      queue.push_back(next);
    });
  }
  return {};
}

std::vector<std::uint8_t> Relation::shortest_cycle() const {
  std::vector<std::uint8_t> shortest;
  for (unsigned start = 0; start < size_; ++start) {
    std::vector<std::uint8_t> cycle = shortest_cycle_from(start);
    if (!cycle.empty() && (shortest.empty() || cycle.size() < shortest.size())) {
      shortest = std::move(cycle);
    }
  }
  return shortest;
}

Relation Relation::product(unsigned size, const EventSet& from, const EventSet& to) {
  Relation result(size);
  from.for_each([&](unsigned a) { result.rows_[a] = to; });
  return result;
}

Relation Relation::identity(unsigned size, const EventSet& set) {
  Relation result(size);
  set.for_each([&](unsigned a) { result.add(a, a); });
  return result;
}

bool PartialOrder::add(unsigned a, unsigned b) {
  if (a == b || before_.has(b, a)) return false;
  if (before_.has(a, b)) return true;
  EventSet after = before_.row(b);
  after.insert(b);
  for (unsigned x = 0; x < size(); ++x) {
    if (x == a || before_.has(x, a)) before_.row(x) |= after;
  }
  return true;
}

bool PartialOrder::add(const Relation& pairs) {
  bool possible = true;
  for (unsigned a = 0; a < size() && possible; ++a) {
    pairs.row(a).for_each([&](unsigned b) { possible = possible && add(a, b); });
  }
  return possible;
}

}  // namespace amalgam::model::litmus
