#include "lang/diagnostic.hpp"

#include <gtest/gtest.h>

namespace amalgam::lang {
namespace {

TEST(Render, UnderlinesThePlace) {
  const std::string text = "case \"t\"\n    set   pte vm = heda ro\n";
  EXPECT_EQ(render({{2, 20, 4}, "no frame is named `heda`"}, "a.scn", text),
            "a.scn:2:20: error: no frame is named `heda`\n"
            "    2 |     set   pte vm = heda ro\n"
            "      |                    ^~~~\n");
}

TEST(Render, PointsBehindTheLine) {
  EXPECT_EQ(render({{1, 5, 1}, "expected a text"}, "a.scn", "case\n"),
            "a.scn:1:5: error: expected a text\n"
            "    1 | case\n"
            "      |     ^\n");
}

TEST(Render, CountsCharactersAndHidesControl) {
  EXPECT_EQ(render({{1, 4, 2}, "m"}, "a.scn", "\xc3\xa4\t\x1bxy\n"),
            "a.scn:1:4: error: m\n"
            "    1 | \xc3\xa4  xy\n"
            "      |    ^~\n");
}

TEST(Render, CutsLongLinesAroundThePlace) {
  const std::string text = std::string(500, 'a') + "bad" + std::string(500, 'c');
  const std::string shown = render({{1, 501, 3}, "m"}, "a.scn", text);
  EXPECT_NE(shown.find("bad"), std::string::npos);
  EXPECT_LT(shown.size(), 400U);
  const std::size_t line = shown.find("    1 | ");
  const std::size_t marks = shown.find("      | ");
  EXPECT_EQ(shown.find("bad") - line, shown.find("^~~") - marks);
}

TEST(Render, GivesTheFirstLineAloneWithoutAPlace) {
  EXPECT_EQ(render({{}, "too large"}, "a.scn", "x\n"), "a.scn: error: too large\n");
  EXPECT_EQ(render({{9, 1, 1}, "m"}, "a.scn", "x\n"), "a.scn:9:1: error: m\n");
}

TEST(Diagnostics, KeepsOneForAPlaceAndSortsThem) {
  Diagnostics diagnostics;
  diagnostics.error({2, 1, 1}, "second");
  diagnostics.error({1, 5, 1}, "first");
  diagnostics.error({2, 1, 9}, "again");
  const std::vector<Diagnostic> found = diagnostics.take();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].message, "first");
  EXPECT_EQ(found[1].message, "second");
  EXPECT_FALSE(diagnostics.any());
}

}  // namespace
}  // namespace amalgam::lang
