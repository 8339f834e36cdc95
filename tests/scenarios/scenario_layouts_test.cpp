// The packed states of the scenarios' slices.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "model/layout_checks.hpp"
#include "model/program_index.hpp"
#include "model/slice_plan.hpp"
#include "model/state.hpp"
#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

TEST(ScenarioLayouts, AreGood) {
  std::mt19937_64 random(2);
  unsigned slices = 0;
  for (const std::string& name : scenario_names()) {
    if (name.starts_with("hvo-1g")) continue;
    SCOPED_TRACE(name);
    const model::Program program = scenario_program(name);
    const model::ProgramIndex index(program);
    auto requests = model::plan_slices(index, true);
    if (requests.size() > 24) requests.resize(24);
    for (const auto& request : requests) {
      const model::Slice slice = model::build_slice(index, {}, request);
      ASSERT_EQ(slice.bound, "");
      expect_good_layout(model::StateLayout(slice), slice, random);
      if (HasFatalFailure()) return;
      ++slices;
    }
  }
  EXPECT_GT(slices, 300U);
}

}  // namespace
}  // namespace amalgam::test
