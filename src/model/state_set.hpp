// An exact set of states: every state once, in the order of discovery, with how it was reached.
//
// States lie one after another in blocks; an open-addressing table of 32-bit indices finds them. A
// 32-bit fingerprint beside the index spares most comparisons. Memory is counted, and a limit
// refuses the insertion that would cross it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/state.hpp"

namespace amalgam::model {

class StateSet {
 public:
  static constexpr std::uint32_t kFull = ~0U;

  struct Inserted {
    std::uint32_t index = 0;  // kFull: the memory limit was hit
    bool fresh = false;
  };

  // `words`: 64-bit words of a state. `limit_bytes`: of all memory that the set may use.
  StateSet(unsigned words, std::uint64_t limit_bytes);

  // Adds a state that `transition` reaches from `parent`. Amortised constant time.
  Inserted insert(const State& state, std::uint32_t parent, std::uint64_t transition) {
    return insert(state.words.data(), hash(state.words.data()), parent, transition);
  }
  // The same in two steps, so that the memory of several states is on its way at once: hash and
  // prefetch each, then insert each.
  [[nodiscard]] std::uint64_t hash(const std::uint64_t* words) const {
    std::uint64_t h = 0x243f6a8885a308d3;
    for (unsigned i = 0; i < words_; ++i) h = mix(h, words[i]);
    return mix(h, words_);
  }
  void prefetch(std::uint64_t hash) const {
    __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  Inserted insert(const std::uint64_t* words, std::uint64_t hash, std::uint32_t parent,
                  std::uint64_t transition);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] State at(std::uint32_t index) const;
  [[nodiscard]] std::uint32_t parent(std::uint32_t index) const { return parents_[index]; }
  [[nodiscard]] std::uint64_t transition(std::uint32_t index) const { return transitions_[index]; }
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  // Multiply-and-fold: states differ in few bits, so every bit has to reach the top.
  static std::uint64_t mix(std::uint64_t h, std::uint64_t word) {
    static constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;
    const auto product = static_cast<unsigned __int128>(h ^ word) * kMultiplier;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  struct Slot {
    std::uint32_t index = kFull;
    std::uint32_t fingerprint = 0;
  };
  static constexpr unsigned kBlockLg2 = 12;  // states in a block

  [[nodiscard]] bool equals(std::uint32_t index, const std::uint64_t* words) const;
  [[nodiscard]] const std::uint64_t* data(std::uint32_t index) const;
  bool grow();
  void place(Slot slot, std::uint64_t hash);

  unsigned words_;
  std::uint64_t limit_bytes_;
  std::uint32_t size_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint64_t> transitions_;
};

}  // namespace amalgam::model
