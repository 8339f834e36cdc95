#include "report/file_names.hpp"

#include <gtest/gtest.h>

namespace amalgam::report {
namespace {

TEST(CommonDirectory, IsWhatAllFilesAreIn) {
  EXPECT_EQ(common_directory({"a/b/c.scn", "a/b/d.scn"}), "a/b/");
  EXPECT_EQ(common_directory({"a/b/c.scn", "a/bc/d.scn"}), "a/");
  EXPECT_EQ(common_directory({"/x/a", "/y/a"}), "/");
  EXPECT_EQ(common_directory({"one.scn"}), "");
  EXPECT_EQ(common_directory({}), "");
}

TEST(CommonDirectory, IsNoneOfAnAbsoluteAndARelativeFile) {
  EXPECT_EQ(common_directory({"/a", "b"}), "");
  EXPECT_EQ(common_directory({"/x/a", "x/a"}), "");
}

}  // namespace
}  // namespace amalgam::report
