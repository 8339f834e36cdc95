// Arm's axiomatic model of virtual memory as herd7 ships it, transcribed.
#pragma once

#include <set>
#include <string_view>

#include "model/litmus/execution.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

class HerdModel {
 public:
  // Computes everything that depends neither on rf nor on co. `skeleton` must outlive the model.
  HerdModel(const Skeleton& skeleton, const ModelOptions& options);

  // Whether an execution with these rf and co is consistent for some order between TLBIs and
  // descriptor reads; if not, the axiom that the last order tried breaks.
  [[nodiscard]] Refusal judge(const Candidate& candidate) const;

  // A quick necessary condition on rf alone (co unknown): false means that no co is consistent.
  [[nodiscard]] bool may_be_consistent(const Candidate& without_co) const;

  // The flags of a consistent execution, by herd's names.
  void add_flags(const Candidate& candidate, std::set<std::string_view>& flags) const;

 private:
  const Skeleton& skeleton_;
  ModelOptions options_;
};

}  // namespace amalgam::model::litmus
