#include "report/source_line.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "report/columns.hpp"

namespace amalgam::report {
namespace {

const Painter kPlain(false);

TEST(SourceLine, UnderlinesThePlaceAndRemarksOnIt) {
  EXPECT_EQ(source_line("one\n  set pte\r\nthree", {2, 3, 3}, "PAGE a -> PAGE b", kPlain),
            "    2 |   set pte\n"
            "      |   ^~~ PAGE a -> PAGE b\n");
}

TEST(SourceLine, WithoutRemarkEndsAfterTheUnderline) {
  EXPECT_EQ(source_line("free x", {1, 6, 1}, "", kPlain), "    1 | free x\n      |      ^\n");
}

TEST(SourceLine, IsEmptyWhereTheTextHasNoSuchLine) {
  EXPECT_EQ(source_line("one\n", {0, 0, 0}, "remark", kPlain), "");
  EXPECT_EQ(source_line("one\n", {7, 1, 1}, "remark", kPlain), "");
}

TEST(SourceLine, SurvivesPlacesOutsideTheLine) {
  EXPECT_EQ(source_line("ab", {1, 4000000000U, 4000000000U}, "", kPlain),
            "    1 | ab\n      |   ^\n");
  EXPECT_EQ(source_line("ab", {1, 1, 4000000000U}, "", kPlain), "    1 | ab\n      | ^~\n");
}

TEST(SourceLine, CutsALongLineAndKeepsControlCharactersOut) {
  const std::string text = source_line("\x1b" + std::string(400, 'x'), {1, 1, 1}, "", kPlain);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), kPageWidth);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("..."), std::string::npos);
}

}  // namespace
}  // namespace amalgam::report
