// The main question: is this program's update legal at each level, which rule does it break, what
// would a user see, and what is the shortest run that shows it?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/assumptions.hpp"
#include "model/effect.hpp"
#include "model/mutation.hpp"
#include "model/program.hpp"
#include "model/rule.hpp"

namespace amalgam::model {

struct CheckOptions {
  std::vector<std::uint8_t> bbm_levels;        // empty: those of the program's machine
  std::vector<arch::Ets> ets_levels;           // empty: those of the program's machine
  std::vector<AssumptionSetting> assumptions;  // on top of the program's own; unknown ones ignored
  std::uint64_t max_states = 50'000'000;       // of one slice
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;  // of all explorations at one time
  unsigned jobs = 1;
  bool slicing = true;      // off: all pages at once (for comparison; seldom affordable)
  bool symmetry = true;     // off: like CPUs are told apart (for comparison)
  bool reduction = true;    // off: no partial-order reduction (for comparison)
  bool sensitivity = true;  // find the assumptions that a verdict depends on
  Mutation mutation = Mutation::kNoMutation;  // for the tests of the tests
};

// One step of a run: what the actor of a column did.
struct Step {
  std::uint32_t column = 0;        // index into Witness::columns
  std::string text;                // "set pte vmemmap[1] = head ro"
  std::vector<std::string> notes;  // "-> tail[0] RW (kept in TLB)"
  Location location;               // of the operation, where there is one
};

// A shortest run that shows a finding, a column an actor ("cpu 0  remap").
struct Witness {
  std::vector<std::string> columns;
  std::vector<Step> steps;
};

enum class Certainty : std::uint8_t { kHigh, kMedium, kLow, kSingleSource };

// A broken rule or an effect that a user may see.
struct Finding {
  std::optional<Rule> rule;  // exactly one of rule and effect is set
  std::optional<Effect> effect;
  Location location;             // the operation to blame; for an effect the one that enables it
  std::string subject;           // "PAGE tail[0] RW  ->  PAGE head RO"
  std::string why;               // the sentence that says what was required, or what happens
  std::string label;             // R_WHZWS
  std::uint32_t change_row = 0;  // row of docs/change-table.md, 0 if none
  Certainty certainty = Certainty::kHigh;
  std::uint64_t address = 0;  // the input address it was found at
  std::string page;           // "vmemmap[1]"
  std::uint64_t pages = 1;    // how many input pages show the same
  Witness witness;
};

// An assumption whose other value changes the verdict.
struct Dependence {
  Assumption assumption = Assumption::kAmalgamation;
  std::uint8_t value = 0;            // the other value
  std::vector<std::string> added;    // rules and effects that it adds
  std::vector<std::string> removed;  // rules and effects that it removes
};

// What an operation that assumes what it reads was seen to read instead.
struct RefutedRead {
  std::uint32_t agent = 0;
  std::uint32_t op = 0;   // index into Agent::ops
  std::uint64_t raw = 0;  // kUninitialised for bytes that nobody has initialised
  friend auto operator<=>(const RefutedRead&, const RefutedRead&) = default;
};

struct Coverage {
  std::uint64_t slices = 0;    // of all
  std::uint64_t explored = 0;  // different ones, equal ones are explored once
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint64_t peak_bytes = 0;
};

// The answer at one FEAT_BBM level and one FEAT_ETS level.
struct LevelResult {
  std::uint8_t bbm = 0;
  arch::Ets ets = arch::Ets::kNone;
  std::vector<Finding> rules;    // in the order of Rule
  std::vector<Finding> effects;  // in the order of Effect
  std::vector<Dependence> depends_on;
  std::vector<RefutedRead> refuted = {};  // ascending; empty where nothing is assumed
  Coverage coverage;
  std::vector<std::string> bounds;  // what was not covered and why; empty: exhaustive

  [[nodiscard]] bool decided() const { return bounds.empty(); }
  [[nodiscard]] bool clean() const { return rules.empty() && effects.empty(); }
};

struct CheckResult {
  std::vector<LevelResult> levels;
};

// Explores `program` at every level asked for. Deterministic: the same program and options give the
// same result whatever `jobs` is. Never throws; what could not be covered is in `bounds`.
CheckResult check(const Program& program, const CheckOptions& options);

// Where a result differs from the program's expectations.
struct Mismatch {
  std::uint8_t bbm = 0;
  arch::Ets ets = arch::Ets::kNone;
  Location location;                    // of the expectation
  std::vector<std::string> missing;     // expected and not found
  std::vector<std::string> unexpected;  // found and not expected
};
std::vector<Mismatch> compare(const Program& program, const CheckResult& result);

}  // namespace amalgam::model
