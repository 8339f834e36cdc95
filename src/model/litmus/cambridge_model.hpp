// Cambridge's strong axiomatic model of virtual memory, with and without ETS, transcribed.
#pragma once

#include "model/litmus/execution.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

class CambridgeModel {
 public:
  // Computes everything that depends neither on rf nor on co. `skeleton` must outlive the model.
  CambridgeModel(const Skeleton& skeleton, const ModelOptions& options);

  // Whether an execution with these rf and co is consistent for some wco: a total order of all
  // writes and TLBIs that extends co.
  [[nodiscard]] Refusal judge(const Candidate& candidate) const;
  [[nodiscard]] bool may_be_consistent(const Candidate& without_co) const;

 private:
  const Skeleton& skeleton_;
  ModelOptions options_;
};

}  // namespace amalgam::model::litmus
