// Each deliberate mistake in the semantics is noticed by at least one scenario.
#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <vector>

#include "scenarios/scenario_files.hpp"

namespace amalgam::test {
namespace {

using model::Mutation;

std::vector<unsigned> mutations() {
  std::vector<unsigned> all;
  for (unsigned i = 1; i < model::kMutationNames.size(); ++i) all.push_back(i);
  return all;
}

class MutatedSemantics : public testing::TestWithParam<unsigned> {};

// What the first scenario to notice says, or nothing.
std::string first_to_notice(Mutation mutation) {
  model::CheckOptions options = verdict_only();
  options.mutation = mutation;
  for (const std::string& name : scenario_names()) {
    if (name.starts_with("hvo-1g")) continue;  // large, and others ask the same
    const model::Program program = scenario_program(name);
    const auto mismatches = compare(program, model::check(program, options));
    if (!mismatches.empty()) return name + ": " + to_text(mismatches.front());
  }
  return "";
}

TEST_P(MutatedSemantics, IsNoticed) {
  const std::string noticed = first_to_notice(static_cast<Mutation>(GetParam()));
  EXPECT_NE(noticed, "");
  std::cout << model::kMutationNames[GetParam()] << " is noticed by " << noticed << '\n';
}

INSTANTIATE_TEST_SUITE_P(Mutations, MutatedSemantics, testing::ValuesIn(mutations()),
                         [](const auto& mutation) {
                           return test_name(std::string(model::kMutationNames[mutation.param]));
                         });

}  // namespace
}  // namespace amalgam::test
