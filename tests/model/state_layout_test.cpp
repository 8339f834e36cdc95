// The packed states of slices of every size: no field overlaps another, each has room for its
// values, the chunks of walkers are laid out alike.
#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <set>

#include "model/layout_checks.hpp"
#include "model/sized_slices.hpp"
#include "model/state.hpp"

namespace amalgam::test {
namespace {

using model::Slice;
using model::StateLayout;

TEST(StateLayout, IsGoodForSlicesOfEverySize) {
  std::mt19937_64 random(1);
  for (const Slice& slice : sized_slices()) {
    ASSERT_EQ(slice.bound, "");
    expect_good_layout(StateLayout(slice), slice, random);
    if (HasFatalFailure()) return;
  }
}

TEST(StateLayout, HasChunksOfTheWidthThatAProgramNeeds) {
  for (const ProgramSize& size : program_sizes()) {
    const BuiltSlice built = build_sized_slice(size);
    ASSERT_EQ(built.slice.bound, "");
    EXPECT_EQ(StateLayout(built.slice).walker_bits, size.walker_bits);
  }
}

// The chunk is the narrowest that holds the fields, as long as they fit into a word.
TEST(StateLayout, WastesNoMoreThanHalfAChunk) {
  std::set<unsigned> widths;
  for (const Slice& slice : sized_slices()) {
    const StateLayout layout(slice);
    widths.insert(layout.walker_bits);
    unsigned bits = 0;
    for (const model::Field& f : walker_fields(layout.walkers[0])) {
      bits += static_cast<unsigned>(std::popcount(f.mask));
    }
    EXPECT_LE(bits, layout.walker_bits);
    if (layout.walker_bits == 8 || layout.walker_bits > 64) continue;
    EXPECT_GT(bits, layout.walker_bits / 2);
  }
  EXPECT_EQ(widths, (std::set<unsigned>{8, 16, 32, 64, 128, 192, 256}));
}

TEST(StateLayout, SaysWhatDoesNotFit) {
  Slice wide;
  wide.roots.resize(1);
  wide.walkers.resize(8);
  wide.walkers[0].near_set = true;
  wide.entries.resize(64);
  wide.receipt_bits = 64;
  EXPECT_EQ(StateLayout(wide).bound, "") << "8 walkers of 3 words";
  wide.lock_count = 1;
  EXPECT_EQ(StateLayout(wide).bound, "the state of one page needs more than 24 words");
  wide.walkers.resize(7);
  EXPECT_EQ(StateLayout(wide).bound, "");
  wide.receipt_bits = 65;
  EXPECT_EQ(StateLayout(wide).bound, "more than 64 broadcast TLBIs concern one page");
}

}  // namespace
}  // namespace amalgam::test
