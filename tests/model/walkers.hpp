// What a packed state holds, in plain structs: the oracle for what works on the packed words.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <random>
#include <vector>

#include "model/state.hpp"

namespace amalgam::test {

// The values of one walker's fields.
struct Held {
  std::uint64_t far = 0;
  std::uint64_t near = 0;
  std::uint64_t receipts = 0;
  std::uint64_t root = 0;
  std::uint64_t next_root = 0;
  std::uint64_t blocked = 0;
  std::array<std::uint64_t, model::kMaxVaPoints> seen_rank{};
  std::array<std::uint64_t, model::kMaxVaPoints> seen_mark{};

  friend auto operator<=>(const Held&, const Held&) = default;
};

// Calls `f(field, value)` for each field of a walker with its value in `held`.
template <typename HeldByWalker, typename F>
void for_each_field(const model::WalkerFields& w, HeldByWalker& held, F&& f) {
  f(w.far, held.far);
  f(w.near, held.near);
  f(w.receipts, held.receipts);
  f(w.root, held.root);
  f(w.next_root, held.next_root);
  f(w.blocked, held.blocked);
  for (unsigned v = 0; v < model::kMaxVaPoints; ++v) {
    f(w.seen_rank[v], held.seen_rank[v]);
    f(w.seen_mark[v], held.seen_mark[v]);
  }
}

// The fields of a walker that have any bits.
inline std::vector<model::Field> walker_fields(const model::WalkerFields& w) {
  std::vector<model::Field> fields;
  const Held nothing;
  for_each_field(w, nothing, [&](const model::Field& f, std::uint64_t) {
    if (f.mask != 0) fields.push_back(f);
  });
  return fields;
}

// The fields that belong to no walker and have any bits.
inline std::vector<model::Field> shared_fields(const model::StateLayout& layout) {
  std::vector<model::Field> fields = layout.cells;
  for (const auto& page : layout.pages) {
    for (const model::Field& f : {page.freed, page.value, page.mark, page.relied}) {
      fields.push_back(f);
    }
  }
  for (const auto& agent : layout.agents) fields.push_back(agent.executed);
  for (const auto* list :
       {&layout.registers, &layout.flights, &layout.locks, &layout.wrote, &layout.last_update}) {
    fields.insert(fields.end(), list->begin(), list->end());
  }
  fields.push_back(layout.stopped_by);
  fields.push_back(layout.same_world);
  std::erase_if(fields, [](const model::Field& f) { return f.mask == 0; });
  return fields;
}

// A state, field by field.
struct Unpacked {
  std::vector<Held> walkers;
  std::vector<std::uint64_t> shared;

  friend bool operator==(const Unpacked&, const Unpacked&) = default;
};

inline Unpacked unpack(const model::StateLayout& layout, const model::State& s) {
  Unpacked u;
  for (const model::WalkerFields& w : layout.walkers) {
    Held& held = u.walkers.emplace_back();
    for_each_field(w, held, [&](const model::Field& f, std::uint64_t& value) { value = f.get(s); });
  }
  for (const model::Field& f : shared_fields(layout)) u.shared.push_back(f.get(s));
  return u;
}

// The state that unpacks to `u`. Values too wide for their field are cut.
inline model::State pack(const model::StateLayout& layout, const Unpacked& u) {
  model::State s;
  for (std::size_t w = 0; w < u.walkers.size(); ++w) {
    for_each_field(layout.walkers[w], u.walkers[w],
                   [&](const model::Field& f, std::uint64_t value) { f.set(s, value); });
  }
  const std::vector<model::Field> fields = shared_fields(layout);
  for (std::size_t i = 0; i < fields.size(); ++i) fields[i].set(s, u.shared[i]);
  return s;
}

// Any value in every field of a walker.
inline Held any_held(const model::StateLayout& layout, std::mt19937_64& random) {
  Held held;
  for_each_field(layout.walkers[0], held,
                 [&](const model::Field& f, std::uint64_t& value) { value = random() & f.mask; });
  return held;
}

// The same but for one bit of one field. Nothing changes where a walker has no fields.
inline Held nearly(const model::StateLayout& layout, Held held, std::mt19937_64& random) {
  unsigned bits = 0;
  const auto count = [&](const model::Field& f, std::uint64_t) {
    bits += static_cast<unsigned>(std::popcount(f.mask));
  };
  for_each_field(layout.walkers[0], held, count);
  if (bits == 0) return held;
  auto left = static_cast<unsigned>(random() % bits);
  bool done = false;
  for_each_field(layout.walkers[0], held, [&](const model::Field& f, std::uint64_t& value) {
    const auto own = static_cast<unsigned>(std::popcount(f.mask));
    if (!done && left < own) {
      value ^= std::uint64_t{1} << left;
      done = true;
    }
    left -= done ? 0 : own;
  });
  return held;
}

// A state whose walkers hold the same, nearly the same or something else, and whose shared fields
// hold anything.
inline model::State any_state(const model::StateLayout& layout, std::mt19937_64& random) {
  Unpacked u;
  for (std::size_t w = 0; w < layout.walkers.size(); ++w) {
    const auto kind = u.walkers.empty() ? 0 : random() % 5;
    const Held before = u.walkers.empty() ? Held{} : u.walkers[random() % u.walkers.size()];
    u.walkers.push_back(kind == 0   ? any_held(layout, random)
                        : kind <= 2 ? before
                                    : nearly(layout, before, random));
  }
  for (const model::Field& f : shared_fields(layout)) u.shared.push_back(random() & f.mask);
  return pack(layout, u);
}

}  // namespace amalgam::test
