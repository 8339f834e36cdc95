// What the layout of a packed state must satisfy, whatever the slice.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

#include "model/fields.hpp"
#include "model/slice.hpp"
#include "model/state.hpp"
#include "model/walkers.hpp"

namespace amalgam::test {

// No field shares a bit with another, of whichever walker, or straddles two words.
inline void expect_apart(const model::StateLayout& layout, std::mt19937_64& random) {
  std::vector<model::Field> fields = shared_fields(layout);
  for (const model::WalkerFields& w : layout.walkers) {
    for (const model::Field& f : walker_fields(w)) fields.push_back(f);
  }
  expect_independent(fields, random);
}

// Where a field lies, counted in bits from the first.
inline std::size_t position(const model::Field& f) { return f.word * std::size_t{64} + f.shift; }

// Like walkers are sorted by their chunks, so those hold nothing else and are laid out alike.
inline void expect_alike_chunks(const model::StateLayout& layout) {
  const std::size_t bits = layout.walker_bits;
  ASSERT_TRUE(bits == 8 || bits == 16 || bits == 32 || (bits > 0 && bits % 64 == 0)) << bits;
  const auto first = walker_fields(layout.walkers[0]);
  for (std::size_t w = 0; w < layout.walkers.size(); ++w) {
    const auto fields = walker_fields(layout.walkers[w]);
    ASSERT_EQ(fields.size(), first.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      ASSERT_EQ(position(fields[i]), position(first[i]) + w * bits);
      ASSERT_EQ(fields[i].mask, first[i].mask);
      ASSERT_LE(position(fields[i]) + std::popcount(fields[i].mask), (w + 1) * bits);
    }
  }
  for (const model::Field& f : shared_fields(layout)) {
    ASSERT_GE(position(f), layout.walkers.size() * bits);
    ASSERT_LT(f.word, layout.words);
  }
}

// A walker's fields have room for what the slice lets it hold.
inline void expect_room_of_walkers(const model::StateLayout& layout, const model::Slice& slice) {
  const model::Mask entries =
      slice.entries.empty() ? 0 : ~model::Mask{0} >> (64 - slice.entries.size());
  const model::Mask receipts =
      slice.receipt_bits == 0 ? 0 : ~model::Mask{0} >> (64 - slice.receipt_bits);
  ASSERT_EQ(layout.walkers.size(), slice.walkers.size());
  for (std::size_t w = 0; w < slice.walkers.size(); ++w) {
    const model::WalkerFields& fields = layout.walkers[w];
    ASSERT_EQ(fields.far.mask, entries);
    if (slice.walkers[w].near_set) {
      ASSERT_EQ(fields.near.mask, entries);
    }
    if (slice.walkers[w].mirrors) {
      ASSERT_EQ(fields.blocked.mask, 1U);
    }
    ASSERT_EQ(fields.receipts.mask, receipts);
    ASSERT_GE(fields.root.mask + 1, slice.roots.size());
    ASSERT_GE(fields.next_root.mask + 1, slice.roots.size());
    for (std::size_t v = 0; v < slice.va_points.size(); ++v) {
      if (!slice.va_points[v].primary || slice.observers.empty()) continue;
      ASSERT_EQ(fields.seen_mark[v].mask, 1U);
      for (const std::uint8_t rank : slice.va_points[v].rank) {
        if (rank == model::kNoIndex) continue;
        ASSERT_GE(fields.seen_rank[v].mask, rank);
      }
    }
  }
}

// So do those that belong to no walker.
inline void expect_room_of_shared(const model::StateLayout& layout, const model::Slice& slice) {
  for (std::size_t c = 0; c < slice.cells.size(); ++c) {
    ASSERT_GE(layout.cells[c].mask + 1, slice.cells[c].values.size());
  }
  for (std::size_t a = 0; a < slice.agents.size(); ++a) {
    ASSERT_EQ(layout.agents[a].executed.mask & slice.agents[a].all, slice.agents[a].all);
  }
  const std::size_t data = slice.values.size() + slice.fresh_values;
  for (std::size_t p = 0; p < slice.pages.size(); ++p) {
    if (slice.pages[p].ref.is_table) continue;
    ASSERT_GE(layout.pages[p].value.mask + 1, data);
  }
  for (const model::Field& r : layout.registers) {
    ASSERT_GE(r.mask, slice.raws.size() + 1) << "a descriptor, unknown bytes, or nothing yet";
    ASSERT_GE(r.mask, 2 * data) << "a value with its mark, or nothing yet";
  }
}

// All of these.
inline void expect_good_layout(const model::StateLayout& layout, const model::Slice& slice,
                               std::mt19937_64& random) {
  ASSERT_EQ(layout.bound, "");
  expect_apart(layout, random);
  expect_alike_chunks(layout);
  expect_room_of_walkers(layout, slice);
  expect_room_of_shared(layout, slice);
}

}  // namespace amalgam::test
