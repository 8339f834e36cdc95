// What every set of bit fields of a packed state must satisfy.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

#include "model/state.hpp"

namespace amalgam::test {

// Fills every field with random values and reads them back; an overlap shows as a changed value.
inline void expect_independent(const std::vector<model::Field>& fields, std::mt19937_64& random) {
  for (const model::Field& f : fields) {
    if (f.mask == 0) continue;
    ASSERT_LT(f.word, model::kMaxStateWords);
    ASSERT_EQ(f.mask & (f.mask + 1), 0U) << "a mask is a run of low bits";
    ASSERT_LE(f.shift + std::popcount(f.mask), 64) << "a field lies within one word";
  }
  std::vector<std::uint64_t> used(model::kMaxStateWords, 0);
  for (const model::Field& f : fields) {
    ASSERT_EQ(used[f.word] & (f.mask << f.shift), 0U) << "two fields share bits";
    used[f.word] |= f.mask << f.shift;
  }
  model::State s;
  std::vector<std::uint64_t> values;
  for (const model::Field& f : fields) {
    values.push_back(random() & f.mask);
    f.set(s, values.back());
  }
  for (std::size_t i = 0; i < fields.size(); ++i) ASSERT_EQ(fields[i].get(s), values[i]);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i].set(s, ~std::uint64_t{0});
    ASSERT_EQ(fields[i].get(s), fields[i].mask) << "a value is cut to its field";
    fields[i].set(s, values[i]);
  }
  for (std::size_t i = 0; i < fields.size(); ++i) ASSERT_EQ(fields[i].get(s), values[i]);
}

}  // namespace amalgam::test
