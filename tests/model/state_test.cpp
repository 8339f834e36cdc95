// Fields are packed apart, whatever their widths.
#include "model/state.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

#include "model/fields.hpp"

namespace amalgam::test {
namespace {

using model::Field;
using model::FieldPacker;

TEST(FieldPacker, PacksFieldsOfAnyWidthsApart) {
  std::mt19937_64 random(1);
  for (unsigned round = 0; round < 2'000; ++round) {
    FieldPacker pack(random() % 3);
    std::vector<Field> fields;
    unsigned bits = 0;
    while (bits < 600) {
      const unsigned width = random() % 5 == 0 ? 64 - random() % 3 : random() % 20;
      fields.push_back(pack.add(width));
      ASSERT_EQ(std::popcount(fields.back().mask), static_cast<int>(width));
      bits += width;
    }
    expect_independent(fields, random);
    for (const Field& f : fields) {
      if (f.mask == 0) continue;
      ASSERT_LT(f.word, pack.words_end());
    }
  }
}

TEST(FieldPacker, NeedsNoWordForNothing) {
  FieldPacker pack(5);
  EXPECT_EQ(pack.add(0).mask, 0U);
  EXPECT_EQ(pack.words_end(), 5U);
  EXPECT_EQ(pack.add(64).word, 5U);
  EXPECT_EQ(pack.words_end(), 6U);
  EXPECT_EQ(pack.add(1).word, 6U);
  EXPECT_EQ(pack.words_end(), 7U);
}

}  // namespace
}  // namespace amalgam::test
