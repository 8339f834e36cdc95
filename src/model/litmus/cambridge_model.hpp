// Cambridge's strong axiomatic model of virtual memory, with and without ETS, transcribed.
#pragma once

#include "model/litmus/cambridge_base.hpp"
#include "model/litmus/execution.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

class CambridgeModel {
 public:
  // Computes everything that depends neither on rf nor on co. `skeleton` must outlive the model.
  CambridgeModel(const Skeleton& skeleton, const ModelOptions& options);

  // Whether an execution with these rf and co is consistent for some wco: a total order of all
  // writes and TLBIs that extends co. If not, the axiom that it breaks.
  [[nodiscard]] Refusal judge(const Candidate& candidate) const;

  // judge(), and the events of a cycle where that is why: of ordered-before, under what is known of
  // wco or, where any wco is refused for a reason of its own, under one of them.
  [[nodiscard]] Refusal explain(const Candidate& candidate) const;

  // False only if no co that extends candidate.co makes the execution consistent. Every axiom
  // grows with co, so that this is `judge` on a part of it.
  [[nodiscard]] bool may_be_consistent(const Candidate& part) const {
    return judge(part).axiom == nullptr;
  }

 private:
  CambridgeBase base_;
  PartialOrder fixed_;  // base_.ob, closed
};

}  // namespace amalgam::model::litmus
