#include "report/timeline.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "report/columns.hpp"
#include "report/sample_case.hpp"

namespace amalgam::report {
namespace {

const Painter kPlain(false);

TEST(Timeline, HasAColumnForEachActorThatTakesAStep) {
  EXPECT_EQ(timeline(test::amalgamation_witness(), kPlain),
            R"(    step  line  cpu 0  remap                  cpu 1  pfn_walker
       1                                      translate vmemmap[1]  -> tail[0] RW (kept in TLB)
       2     4  set pte vmemmap[1] = head ro
       3                                      add vmemmap[1]
                                                two entries may match: address of the new (head),
                                                permission of the old (RW)
                                                head changes
)");
}

TEST(Timeline, OfNoStepsIsEmpty) { EXPECT_EQ(timeline({{"cpu 0"}, {}}, kPlain), ""); }

TEST(Timeline, AStepOfNoColumnIsCountedButNotShown) {
  model::Witness witness{{"cpu 0"}, {}};
  witness.steps.push_back({.column = 5, .text = "lost", .notes = {}, .location = {}});
  witness.steps.push_back({.column = 0, .text = "kept", .notes = {}, .location = {}});
  EXPECT_EQ(timeline(witness, kPlain), "    step  line  cpu 0\n       2        kept\n");
}

TEST(Timeline, StaysInsideThePageUpToFourActors) {
  const std::string text = "a step whose text is long enough to need more than a single line";
  for (std::uint32_t actors = 1; actors <= 4; ++actors) {
    model::Witness witness;
    for (std::uint32_t i = 0; i < actors; ++i) {
      witness.columns.push_back("cpu " + std::to_string(i));
      witness.steps.push_back({.column = i, .text = text, .notes = {text, text}, .location = {}});
    }
    std::istringstream lines(timeline(witness, kPlain));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), kPageWidth) << line;
  }
}

TEST(Timeline, LosesNoWordToANarrowColumn) {
  model::Witness witness;
  for (std::uint32_t i = 0; i < 6; ++i) {
    witness.columns.push_back("cpu " + std::to_string(i));
    witness.steps.push_back(
        {.column = i, .text = "alpha beta gamma delta epsilon", .notes = {}, .location = {}});
  }
  const std::string text = timeline(witness, kPlain);
  std::size_t found = 0;
  for (std::size_t at = text.find("epsilon"); at != std::string::npos;
       at = text.find("epsilon", at + 1)) {
    ++found;
  }
  EXPECT_EQ(found, 6U);
}

}  // namespace
}  // namespace amalgam::report
