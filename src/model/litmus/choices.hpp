// The choices that one run makes, kept so that running again and again visits every combination.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace amalgam::model::litmus {

// A depth-first walk over a tree that only its choices describe: the caller starts over for each
// leaf, asks choose() at each fork, and moves to the next leaf with advance().
class Choices {
 public:
  void restart() { next_ = 0; }

  // One of 0 to `count` - 1. A single possibility is no choice and costs nothing.
  unsigned choose(std::size_t count) {
    if (count <= 1) return 0;
    if (next_ == trail_.size()) trail_.push_back({0, static_cast<std::uint32_t>(count)});
    return trail_[next_++].taken;
  }

  // Moves to the next combination; false when all have been visited.
  bool advance() {
    trail_.resize(next_);
    while (!trail_.empty() && trail_.back().taken + 1 == trail_.back().count) trail_.pop_back();
    if (trail_.empty()) return false;
    ++trail_.back().taken;
    return true;
  }

 private:
  struct Choice {
    std::uint32_t taken = 0;
    std::uint32_t count = 0;
  };
  std::vector<Choice> trail_;
  std::size_t next_ = 0;
};

}  // namespace amalgam::model::litmus
