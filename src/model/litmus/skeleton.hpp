// The fixed part of candidate executions, from one run of each thread.
#pragma once

#include <optional>
#include <span>

#include "model/litmus/execution.hpp"

namespace amalgam::model::litmus {

// A hardware update of AF that no access caused: it reads `before` and writes `after`.
struct SpuriousUpdate {
  Address descriptor = 0;
  Value before = 0;
  Value after = 0;
};

// Builds the skeleton of one run a thread and the spurious updates that happen. Nothing if there
// are more than kMaxEvents events. `runs` must outlive the result.
[[nodiscard]] std::optional<Skeleton> build_skeleton(const Test& test,
                                                     std::span<const ThreadRun* const> runs,
                                                     std::span<const SpuriousUpdate> spurious);

}  // namespace amalgam::model::litmus
