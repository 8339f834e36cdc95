// What an engine says of a litmus test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/litmus/options.hpp"
#include "model/litmus/test.hpp"

namespace amalgam::model::litmus {

// One final state, projected on Test::observed.
struct FinalState {
  std::vector<std::string> parts;  // "0:X1=1", "Fault(P1:L0,x,MMU:Translation)", "~Fault(P1:L0,x)"
  bool satisfies = false;          // the condition, without its quantifier

  friend auto operator<=>(const FinalState& a, const FinalState& b) { return a.parts <=> b.parts; }
  friend bool operator==(const FinalState& a, const FinalState& b) { return a.parts == b.parts; }
};

enum class Observation : std::uint8_t { kNever, kSometimes, kAlways };
// As herd counts: a `forall` that holds, a condition that some or no execution satisfies.
enum class Kind : std::uint8_t { kAllowed, kForbidden, kRequired };

struct Statistics {
  std::uint64_t runs = 0;        // of threads
  std::uint64_t candidates = 0;  // that reached the axioms; for the machine: states
  std::uint64_t consistent = 0;
};

struct Result {
  std::vector<FinalState> states;  // sorted, each once
  std::vector<std::string> flags;  // sorted, each once, by herd's names
  bool loop_cut = false;           // some execution was cut by the bound on loops
  std::string bound;               // not empty: not decided, and the limit that was hit
  Statistics statistics;

  // Derived from states and the test's quantifier.
  [[nodiscard]] Observation observation() const;
};

// Whether some execution satisfies the condition: "allowed" in both families' sense.
[[nodiscard]] bool is_allowed(const Result& result);
[[nodiscard]] Kind kind_of(const Test& test, const Result& result);
[[nodiscard]] std::string_view name(Observation observation);
[[nodiscard]] std::string_view name(Kind kind);

}  // namespace amalgam::model::litmus
