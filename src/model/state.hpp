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
  [[nodiscard]] unsigned bits_used() const { return word_ * 64 + used_; }

 private:
  unsigned word_;
  unsigned used_ = 0;
};

// The fields of one walker. They lie in a chunk of bits of their own, laid out alike for all
// walkers.
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
};

struct StateLayout {
  explicit StateLayout(const Slice& slice);

  unsigned words = 0;
  unsigned walker_bits = 64;  // of one walker's chunk: 8, 16, 32 or a multiple of 64
  std::vector<WalkerFields> walkers;
  std::vector<Field> cells;
  std::vector<PageFields> pages;
  std::vector<AgentFields> agents;
  std::vector<Field> registers;
  std::vector<Field> flights;
  std::vector<Field> locks;
  Field stopped_by;                     // agent + 1
  Field same_world;                     // all unknown pages started with the same contents
  Field watched;                        // whose stores are tracked: an index into `stored_at`
  std::vector<Field> wrote;             // by address: a store that must survive has happened
  std::vector<Field> last_update;       // by address: raw id + 1 of the last update, 0 none
  std::vector<std::uint8_t> stored_at;  // addresses at which observers store what must survive
  std::string bound;                    // not empty: the slice does not fit

  // Compares, exchanges and copies what walkers hold.
  [[nodiscard]] bool same_walker(const State& a, unsigned wa, const State& b, unsigned wb) const;
  [[nodiscard]] bool less_walker(const State& s, unsigned wa, unsigned wb) const;
  void swap_walkers(State& s, unsigned wa, unsigned wb) const;

 private:
  [[nodiscard]] unsigned chunk_words() const { return walker_bits <= 64 ? 1 : walker_bits / 64; }
  [[nodiscard]] std::uint64_t chunk(const State& s, unsigned walker, unsigned part) const;
  void set_chunk(State& s, unsigned walker, unsigned part, std::uint64_t bits) const;
  WalkerFields walker_template(const Slice& slice);
  void add_walkers(const Slice& slice);
  void add_shared(const Slice& slice);
};

}  // namespace amalgam::model
