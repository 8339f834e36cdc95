#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lang/scenario.hpp"
#include "run_program.hpp"

namespace amalgam::cli {
namespace {

using test::kClean;
using test::Ran;
using test::run_program;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Fmt : public test::InDirectory {
 protected:
  const std::string normal_ = lang::format_scenario(kClean);
  const std::string untidy_ = "# a comment\n\n\n" + std::string(kClean) + "\n\n";
};

TEST_F(Fmt, ChangesFilesInPlaceOnce) {
  const std::string name = file("untidy.scn", untidy_);
  const Ran first = run_program({"fmt", name});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(read("untidy.scn"), lang::format_scenario(untidy_));
  EXPECT_NE(read("untidy.scn"), untidy_);
  EXPECT_EQ(run_program({"fmt", "--check", name}).status, 0);
}

TEST_F(Fmt, CheckNamesWhatWouldChangeAndChangesNothing) {
  const std::string name = file("untidy.scn", untidy_);
  (void)file("tidy.scn", normal_);
  const Ran ran = run_program({"fmt", "--check", path("")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, name + '\n');
  EXPECT_EQ(read("untidy.scn"), untidy_);
}

TEST_F(Fmt, PrintsOnRequest) {
  const std::string name = file("untidy.scn", untidy_);
  const Ran ran = run_program({"fmt", "--stdout", name});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, lang::format_scenario(untidy_));
  EXPECT_EQ(read("untidy.scn"), untidy_);
}

TEST_F(Fmt, LeavesAloneWhatDoesNotParse) {
  const std::string text = "cas   \"x\"\n";
  const Ran ran = run_program({"fmt", file("bad.scn", text), file("untidy.scn", untidy_)});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("bad.scn:1:1: error: "));
  EXPECT_EQ(read("bad.scn"), text);
  EXPECT_EQ(read("untidy.scn"), lang::format_scenario(untidy_));
}

TEST_F(Fmt, OfAMissingFileIsStatusTwo) {
  const Ran ran = run_program({"fmt", path("none.scn")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("none.scn: error: cannot be read"));
  EXPECT_THAT(ran.out, IsEmpty());
}

}  // namespace
}  // namespace amalgam::cli
