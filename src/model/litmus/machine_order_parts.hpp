// What the orders of both families start from.
#pragma once

#include "model/litmus/machine_order.hpp"
#include "model/litmus/run_sets.hpp"

namespace amalgam::model::litmus::order_parts {

// The events of a run by kind; a mutation that makes some order nothing leaves them out.
[[nodiscard]] RunSets sets_of(const ThreadRun& run, const ModelOptions& options);

// No order yet; which walks serve which accesses, and which accesses share an offset.
[[nodiscard]] RunOrder empty_order(const RunSets& sets);

}  // namespace amalgam::model::litmus::order_parts
