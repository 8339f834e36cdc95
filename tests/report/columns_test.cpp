#include "report/columns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace amalgam::report {
namespace {

using ::testing::ElementsAre;

TEST(Columns, WidthCountsCharactersNotBytes) {
  EXPECT_EQ(width("abc"), 3U);
  EXPECT_EQ(width("Schr\u00f6der"), 8U);
  EXPECT_EQ(padded("\u00f6", 3), "\u00f6  ");
}

TEST(Columns, WrapBreaksAtSpacesAndKeepsEveryWord) {
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("one two three", 6), ElementsAre("one", "two", "three"));
  EXPECT_THAT(wrap("", 5), ElementsAre(""));
  EXPECT_THAT(wrap("   ", 5), ElementsAre(""));
}

TEST(Columns, WrapCutsAWordThatFitsNoLine) {
  EXPECT_THAT(wrap("abcdefgh ij", 4), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(wrap("\u00f6\u00f6\u00f6", 2), ElementsAre("\u00f6\u00f6", "\u00f6"));
  EXPECT_THAT(wrap("ab", 0), ElementsAre("a", "b"));
}

TEST(Columns, WrapNeverExceedsItsLimit) {
  const std::string text = "a bb  ccc dddd eeeee ffffff ggggggg hhhhhhhh";
  for (std::size_t limit = 1; limit < 50; ++limit) {
    for (const std::string& line : wrap(text, limit)) EXPECT_LE(width(line), limit);
  }
}

TEST(Columns, HangingIndentsToItsHead) {
  const std::string head(90, '-');
  EXPECT_EQ(hanging("  head  ", "text"), "  head  text\n");
  EXPECT_EQ(hanging(head, "one two three four five six"),
            head + "one two three four\n" + std::string(90, ' ') + "five six\n");
}

TEST(Columns, PrintableLeavesNoControlCharacter) {
  EXPECT_EQ(printable("a\x1b[31m\tb\r\n"), "a [31m b  ");
}

TEST(Columns, NumbersAreGroupedByThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(18446744073709551615U), "18,446,744,073,709,551,615");
  EXPECT_EQ(counted(1, "page", "pages"), "1 page");
  EXPECT_EQ(counted(2, "page", "pages"), "2 pages");
}

}  // namespace
}  // namespace amalgam::report
