// The reference enumerator and the machine explorer find the same final states of generated tests,
// and a deliberate mistake in either is noticed by that comparison.
#include <gtest/gtest.h>

#include <optional>
#include <string_view>

#include "lang/herd.hpp"
#include "lang/litmus_generator.hpp"
#include "litmus/corpora.hpp"

namespace amalgam {
namespace {

namespace litmus = model::litmus;
using litmus::LitmusMutation;

// Tests for the strong model are those without what it says nothing of.
std::string text_of(std::uint64_t number, bool strong) {
  return lang::generate_litmus(number, {.hardware_updates = !strong});
}

litmus::Test generated(std::uint64_t number, bool strong) {
  const std::string text = text_of(number, strong);
  lang::HerdResult read = lang::parse_herd(text);
  for (const lang::Diagnostic& diagnostic : read.diagnostics) {
    ADD_FAILURE() << lang::render(diagnostic, "generated-" + std::to_string(number), text);
  }
  return read.test.value_or(litmus::Test{});
}

litmus::Judgement by_both(const litmus::Test& test, const litmus::ModelOptions& model) {
  litmus::JudgeOptions options;
  options.engine = litmus::Engine::kBoth;
  options.model = model;
  options.beyond = false;
  return judge(test, options);
}

TEST(GeneratedTests, AreTheSameEachTimeAndDifferByNumber) {
  EXPECT_EQ(lang::generate_litmus(7), lang::generate_litmus(7));
  EXPECT_NE(lang::generate_litmus(7), lang::generate_litmus(8));
}

TEST(GeneratedTests, StayWithinTheirBounds) {
  for (std::uint64_t number = 0; number < 500; ++number) {
    const lang::HerdResult read =
        lang::parse_herd(lang::generate_litmus(number, {.max_threads = 2, .max_accesses = 4}));
    ASSERT_TRUE(read.test) << number;
    EXPECT_LE(read.test->threads.size(), 2U);
    std::size_t accesses = 0;
    for (const litmus::Thread& thread : read.test->threads) {
      for (const litmus::Instruction& instruction : thread.code.instructions) {
        accesses += instruction.opcode == litmus::Opcode::kLoad ||
                            instruction.opcode == litmus::Opcode::kStore
                        ? 1
                        : 0;
      }
    }
    EXPECT_LE(accesses, 4U) << number;
  }
}

constexpr std::uint64_t kFixedTests = 2000;

void expect_agreement(std::uint64_t number, std::string_view model) {
  const bool strong = !model.empty();
  const litmus::Test test = generated(number, strong);
  const litmus::Judgement judgement =
      by_both(test, strong ? *litmus::model_named(model) : default_model(test));
  EXPECT_TRUE(judgement.decided()) << number << ": " << judgement.bound;
  for (const std::string& line : judgement.disagreements) {
    ADD_FAILURE() << name_of(judgement.model) << ": " << line << '\n' << text_of(number, strong);
  }
}

TEST(BothEngines, AgreeByHerdsModel) {
  for (std::uint64_t number = 0; number < kFixedTests; ++number) {
    expect_agreement(number, "");
    if (HasFailure()) break;
  }
}

TEST(BothEngines, AgreeByTheStrongModel) {
  for (std::uint64_t number = 0; number < kFixedTests; ++number) {
    expect_agreement(number, number % 2 == 0 ? "ets" : "no-ets");
    if (HasFailure()) break;
  }
}

// A mistake, the model that it is made in, and its name for messages.
struct Mistake {
  LitmusMutation mutation;
  std::string_view model;
  std::string_view name;
};

class Mistakes : public ::testing::TestWithParam<Mistake> {};

// Whether the engines differ on some generated test that they agree on without the mistake.
bool is_noticed(const Mistake& mistake) {
  for (std::uint64_t number = 0; number < kFixedTests; ++number) {
    const litmus::Test test = generated(number, mistake.model != "herd");
    litmus::ModelOptions model = *litmus::model_named(mistake.model);
    model.mutation = mistake.mutation;
    if (!by_both(test, model).disagreements.empty()) return true;
  }
  return false;
}

TEST_P(Mistakes, AreNoticed) { EXPECT_TRUE(is_noticed(GetParam())); }

INSTANTIATE_TEST_SUITE_P(
    InTheReference, Mistakes,
    ::testing::Values(
        Mistake{LitmusMutation::kReferenceDropTrfe, "herd", "DropTrfe"},
        Mistake{LitmusMutation::kReferenceDropTlbiOrder, "herd", "DropTlbiOrder"},
        Mistake{LitmusMutation::kReferenceDropContextOrder, "herd", "DropContextOrder"},
        Mistake{LitmusMutation::kReferenceDropBarriers, "herd", "DropBarriers"},
        Mistake{LitmusMutation::kReferenceDropDependencies, "herd", "DropDependencies"},
        Mistake{LitmusMutation::kReferenceDropSameLocation, "herd", "DropSameLocation"},
        Mistake{LitmusMutation::kReferenceDropFaultOrder, "herd", "DropFaultOrder"},
        Mistake{LitmusMutation::kReferenceDropTrfe, "ets", "DropTrfeStrong"},
        Mistake{LitmusMutation::kReferenceDropTlbiOrder, "ets", "DropTlbiOrderStrong"},
        Mistake{LitmusMutation::kReferenceDropContextOrder, "ets", "DropContextOrderStrong"},
        Mistake{LitmusMutation::kReferenceDropBarriers, "ets", "DropBarriersStrong"},
        Mistake{LitmusMutation::kReferenceDropDependencies, "ets", "DropDependenciesStrong"},
        Mistake{LitmusMutation::kReferenceDropSameLocation, "ets", "DropSameLocationStrong"},
        Mistake{LitmusMutation::kReferenceDropFaultOrder, "ets", "DropFaultOrderStrong"}),
    [](const auto& mistake) { return std::string(mistake.param.name); });

INSTANTIATE_TEST_SUITE_P(
    InTheMachine, Mistakes,
    ::testing::Values(
        Mistake{LitmusMutation::kMachineStaleFaults, "herd", "StaleFaults"},
        Mistake{LitmusMutation::kMachineTlbiDoesNotWait, "herd", "TlbiDoesNotWait"},
        Mistake{LitmusMutation::kMachineTlbiRemovesNothing, "herd", "TlbiRemovesNothing"},
        Mistake{LitmusMutation::kMachineContextOrdersNothing, "herd", "ContextOrdersNothing"},
        Mistake{LitmusMutation::kMachineBarriersOrderNothing, "herd", "BarriersOrderNothing"},
        Mistake{LitmusMutation::kMachineDependenciesIgnored, "herd", "DependenciesIgnored"},
        Mistake{LitmusMutation::kMachineNoLocalOrder, "herd", "NoLocalOrder"},
        Mistake{LitmusMutation::kMachineStaleFaults, "ets", "StaleFaultsStrong"},
        Mistake{LitmusMutation::kMachineTlbiDoesNotWait, "ets", "TlbiDoesNotWaitStrong"},
        Mistake{LitmusMutation::kMachineTlbiRemovesNothing, "ets", "TlbiRemovesNothingStrong"},
        Mistake{LitmusMutation::kMachineContextOrdersNothing, "ets", "ContextOrdersNothingStrong"},
        Mistake{LitmusMutation::kMachineBarriersOrderNothing, "ets", "BarriersOrderNothingStrong"},
        Mistake{LitmusMutation::kMachineDependenciesIgnored, "ets", "DependenciesIgnoredStrong"},
        Mistake{LitmusMutation::kMachineNoLocalOrder, "ets", "NoLocalOrderStrong"}),
    [](const auto& mistake) { return std::string(mistake.param.name); });

}  // namespace
}  // namespace amalgam
