// One litmus test, judged by a published model with one engine or both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/litmus/options.hpp"
#include "model/litmus/result.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::model::litmus {

enum class Engine : std::uint8_t { kReference, kMachine, kBoth };

struct JudgeOptions {
  Engine engine = Engine::kReference;
  std::optional<ModelOptions> model;  // nothing: default_model(test)
  Limits limits;
  bool beyond = true;  // fill Judgement::beyond where break-before-make is missing
};

// A final state that no published model has.
struct BeyondState {
  FinalState state;
  std::string_view takes;  // what it takes: "amalgamation", "conflict-abort", or "both"
};

struct Judgement {
  ModelOptions model;
  Engine engine = Engine::kReference;
  // What the engine says; of both, the reference's word, since it alone knows every flag.
  Result result;
  // Of both engines: what the machine says.
  std::optional<Result> machine;
  // Where both are complete and differ: a line a difference. Flags are not compared.
  std::vector<std::string> disagreements;
  // Not empty: not decided, and the limit that was hit or what the model does not speak of.
  // Of a test that is flagged for a missing break-before-make: the final states that mixtures of
  // two descriptors or TLB conflict aborts add. No published model has them.
  std::vector<BeyondState> beyond;
  std::string beyond_bound;  // not empty: `beyond` is not all, and the limit that was hit
  std::string bound;

  [[nodiscard]] bool decided() const { return bound.empty(); }
};

// The model that a test is written for: isla's tests the strong model with ETS, herd's the model of
// herd with the ETS level that the test itself asks for.
[[nodiscard]] ModelOptions default_model(const Test& test);

// The names of models: "herd", "herd-ets2", "herd-ets3", "ets", "no-ets". Nothing for another name.
// The last two let a walk use stale roots, as their published verdicts do.
[[nodiscard]] std::optional<ModelOptions> model_named(std::string_view name);
[[nodiscard]] std::string_view name_of(const ModelOptions& model);
[[nodiscard]] std::vector<std::string_view> model_names();

// "reference", "machine", "both".
[[nodiscard]] std::string_view name(Engine engine);
[[nodiscard]] std::optional<Engine> engine_named(std::string_view name);

// Enumerates the runs of the test's threads and asks the engine. The strong model knows no hardware
// updates: it decides no test that has them.
[[nodiscard]] Judgement judge(const Test& test, const JudgeOptions& options);

// What two complete results of one test differ in: a line for each final state that only one of
// them has, with the name of the one that has it.
[[nodiscard]] std::vector<std::string> differences(const Result& a, std::string_view name_a,
                                                   const Result& b, std::string_view name_b);

// The text of a final state, as herd prints it: "0:X1=1; [x]=2;".
[[nodiscard]] std::string text_of(const FinalState& state);

}  // namespace amalgam::model::litmus
