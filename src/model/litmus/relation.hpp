// Relations over the events of one execution, as bit matrices.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace amalgam::model::litmus {

inline constexpr unsigned kMaxEvents = 128;

// A set of events.
class EventSet {
 public:
  constexpr EventSet() = default;
  static constexpr EventSet of(unsigned e) {
    EventSet s;
    s.insert(e);
    return s;
  }
  constexpr void insert(unsigned e) { words_[e >> 6] |= std::uint64_t{1} << (e & 63); }
  constexpr void erase(unsigned e) { words_[e >> 6] &= ~(std::uint64_t{1} << (e & 63)); }
  [[nodiscard]] constexpr bool contains(unsigned e) const {
    return (words_[e >> 6] >> (e & 63) & 1) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return (words_[0] | words_[1]) == 0; }
  [[nodiscard]] constexpr unsigned count() const {
    return static_cast<unsigned>(std::popcount(words_[0]) + std::popcount(words_[1]));
  }
  constexpr EventSet& operator|=(const EventSet& o) {
    words_[0] |= o.words_[0];
    words_[1] |= o.words_[1];
    return *this;
  }
  constexpr EventSet& operator&=(const EventSet& o) {
    words_[0] &= o.words_[0];
    words_[1] &= o.words_[1];
    return *this;
  }
  constexpr EventSet& operator-=(const EventSet& o) {
    words_[0] &= ~o.words_[0];
    words_[1] &= ~o.words_[1];
    return *this;
  }
  friend constexpr EventSet operator|(EventSet a, const EventSet& b) { return a |= b; }
  friend constexpr EventSet operator&(EventSet a, const EventSet& b) { return a &= b; }
  friend constexpr EventSet operator-(EventSet a, const EventSet& b) { return a -= b; }
  friend constexpr bool operator==(const EventSet&, const EventSet&) = default;

  template <typename F>
  constexpr void for_each(F&& f) const {
    for (unsigned w = 0; w < 2; ++w) {
      for (std::uint64_t bits = words_[w]; bits != 0; bits &= bits - 1) {
        f(w * 64 + static_cast<unsigned>(std::countr_zero(bits)));
      }
    }
  }

 private:
  std::array<std::uint64_t, 2> words_{};
};

// A relation over events 0 to size-1.
class Relation {
 public:
  explicit Relation(unsigned size = 0) : size_(size) {}

  [[nodiscard]] unsigned size() const { return size_; }
  void add(unsigned a, unsigned b) { rows_[a].insert(b); }
  [[nodiscard]] bool has(unsigned a, unsigned b) const { return rows_[a].contains(b); }
  [[nodiscard]] const EventSet& row(unsigned a) const { return rows_[a]; }
  [[nodiscard]] EventSet& row(unsigned a) { return rows_[a]; }
  [[nodiscard]] bool empty() const;
  [[nodiscard]] EventSet domain() const;
  [[nodiscard]] EventSet range() const;

  Relation& operator|=(const Relation& o);
  Relation& operator&=(const Relation& o);
  Relation& operator-=(const Relation& o);
  friend Relation operator|(Relation a, const Relation& b) { return a |= b; }
  friend Relation operator&(Relation a, const Relation& b) { return a &= b; }
  friend Relation operator-(Relation a, const Relation& b) { return a -= b; }
  friend bool operator==(const Relation& a, const Relation& b);

  // [from]; this; [to]
  [[nodiscard]] Relation restricted(const EventSet& from, const EventSet& to) const;
  [[nodiscard]] Relation from(const EventSet& set) const;
  [[nodiscard]] Relation to(const EventSet& set) const;
  [[nodiscard]] Relation inverse() const;
  // this; next
  [[nodiscard]] Relation then(const Relation& next) const;
  // The transitive closure. size() * size() word operations.
  [[nodiscard]] Relation closure() const;
  // Whether the relation, closed, relates no event to itself.
  [[nodiscard]] bool acyclic() const;
  [[nodiscard]] bool irreflexive() const;
  // The events of a cycle that is as short as any, each before the next and the last before the
  // first; none if the relation is acyclic. For explanations: it is slow.
  [[nodiscard]] std::vector<std::uint8_t> shortest_cycle() const;

  static Relation product(unsigned size, const EventSet& from, const EventSet& to);
  static Relation identity(unsigned size, const EventSet& set);

 private:
  [[nodiscard]] std::vector<std::uint8_t> shortest_cycle_from(unsigned start) const;

  unsigned size_;
  std::array<EventSet, kMaxEvents> rows_{};
};

// A strict partial order, always closed, that pairs are added to one by one.
class PartialOrder {
 public:
  // Closes `relation`, which must be acyclic.
  explicit PartialOrder(const Relation& relation) : before_(relation.closure()) {}

  [[nodiscard]] unsigned size() const { return before_.size(); }
  [[nodiscard]] bool has(unsigned a, unsigned b) const { return before_.has(a, b); }
  [[nodiscard]] const Relation& relation() const { return before_; }

  // Puts a before b. False, and nothing changes, if b is before a or the same. Linear in size().
  bool add(unsigned a, unsigned b);
  // Adds every pair; false at the first that cannot be.
  bool add(const Relation& pairs);

 private:
  Relation before_;
};

}  // namespace amalgam::model::litmus
