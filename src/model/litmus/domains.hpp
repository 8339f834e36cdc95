// The values that each location of a litmus test may ever hold, and who may store them.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

// Who may store a value: one bit each.
using Writers = std::uint64_t;
inline constexpr Writers kInitialWriter = 1;
inline constexpr Writers kSpuriousWriter = 2;
constexpr Writers thread_writer(unsigned thread) { return Writers{4} << thread; }

// Bits of a stage 1 leaf that hold AttrIndx and SH.
inline constexpr Value kAttributeBits = Value{0b111} << 2 | Value{0b11} << 8;

struct HeldValue {
  Value value = 0;
  Writers writers = 0;
};

// Grows while runs are enumerated. It notes who has looked at which location, so that only threads
// whose runs a new value may change have to be run again.
class DomainTable {
 public:
  explicit DomainTable(const Test& test);

  // What `location` may hold, the initial value first. Valid until the next call of add().
  const std::vector<HeldValue>& look(Address location, unsigned thread);

  // The values alone, at whatever moment.
  [[nodiscard]] std::vector<Value> values(Address location) const;

  // Adds a value that `writer` may store. A thread that has looked at the location becomes stale if
  // another's store gives it something new to read, or if the location now varies.
  void add(Address location, Value value, Writers writer);

  // Whether `thread` has to be run again; asking resets the answer.
  bool take_stale(unsigned thread);

  // Whether descriptors with different memory attributes ever exist side by side.
  [[nodiscard]] bool attributes_vary() const { return attributes_vary_; }

  [[nodiscard]] Domains domains() const;

 private:
  struct Location {
    std::vector<HeldValue> values;
    Writers seen_by = 0;  // threads, by their writer bits
  };
  Location& at(Address location);
  void note_attributes(Address location, Value value);

  const Test& test_;
  std::unordered_map<Address, Location> locations_;
  Writers stale_ = 0;
  std::optional<Value> attributes_;  // of the descriptors so far
  bool attributes_vary_ = false;
};

}  // namespace amalgam::model::litmus
