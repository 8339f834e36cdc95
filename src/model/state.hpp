// The machine's state, packed into bit fields of 64-bit words, and where each field lies.
//
// The words of like walkers are laid out alike, so that sorting them makes a state canonical.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "model/slice.hpp"

namespace amalgam::model {

inline constexpr unsigned kMaxStateWords = 24;

struct State {
  std::array<std::uint64_t, kMaxStateWords> words{};
};

// A bit field that lies within one word.
struct Field {
  std::uint8_t word = 0;
  std::uint8_t shift = 0;
  std::uint64_t mask = 0;  // before the shift

  [[nodiscard]] std::uint64_t get(const State& s) const { return s.words[word] >> shift & mask; }
  void set(State& s, std::uint64_t value) const {
    s.words[word] = (s.words[word] & ~(mask << shift)) | (value & mask) << shift;
  }
};

// Packs fields one after another, none across a word boundary.
class FieldPacker {
 public:
  explicit FieldPacker(unsigned first_word) : word_(first_word) {}
  Field add(unsigned bits);
  [[nodiscard]] unsigned words_end() const { return used_ == 0 ? word_ : word_ + 1; }

 private:
  unsigned word_;
  unsigned used_ = 0;
};

// The fields of one walker, relative to its first word.
struct WalkerFields {
  Field far;       // entries that its TLB may hold
  Field near;      // entries that its combined entries or its ATC may hold
  Field receipts;  // broadcast TLBIs that it has carried out
  Field root;
  Field next_root;  // written and not yet sure to be in effect
  Field blocked;    // a mirror between start and end
  std::array<Field, kMaxVaPoints> seen_rank;
  std::array<Field, kMaxVaPoints> seen_mark;
};

struct PageFields {
  Field freed;
  Field value;
  Field mark;    // holds the tracked store
  Field relied;  // was read as frozen: no mapping allowed a store to it then
};

struct AgentFields {
  Field executed;
  Field dead;
};

struct StateLayout {
  explicit StateLayout(const Slice& slice);

  unsigned words = 0;
  unsigned walker_words = 0;
  std::vector<WalkerFields> walkers;
  std::vector<Field> cells;
  std::vector<PageFields> pages;
  std::vector<AgentFields> agents;
  std::vector<Field> registers;
  std::vector<Field> flights;
  std::vector<Field> locks;
  Field stopped_by;                 // agent + 1
  std::vector<Field> wrote;         // by address: a store that must survive has happened
  std::vector<Field> last_update;   // by address: raw id + 1 of the last update, 0 none
  std::string bound;                // not empty: the slice does not fit

 private:
  void add_walkers(const Slice& slice);
  void add_shared(const Slice& slice);
};

}  // namespace amalgam::model
