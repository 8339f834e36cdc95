// What the machine must keep in order within one thread: for each event of a run, the events of the
// same run that have to execute before it.
#pragma once

#include <vector>

#include "model/litmus/event.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

struct RunOrder {
  std::vector<RunMask> before;  // by event: what has to have executed
  // By event: the TLBIs of the run that have completed once this event executes. (In Arm's model a
  // TLBI takes effect through what a DSB after it orders.)
  std::vector<RunMask> completes;
  std::vector<RunMask> serves;  // by walk event: the accesses and faults of its instruction
  // By walk event: walks of earlier instructions whose accesses have the same offset in their page.
  std::vector<RunMask> same_offset;
  // By event: the events that a store is fed by or speculative on. Until they have executed no walk
  // may see the store before memory does.
  std::vector<RunMask> hides;
};

// Cambridge's rows: dependencies, barriers, speculation, context synchronisation, faults, ETS.
[[nodiscard]] RunOrder cambridge_order(const ThreadRun& run, const ModelOptions& options);

// Arm's rows: what is locally required to be ordered.
[[nodiscard]] RunOrder herd_order(const ThreadRun& run, const ModelOptions& options);

[[nodiscard]] inline RunOrder machine_order(const ThreadRun& run, const ModelOptions& options) {
  return options.family == ModelFamily::kCambridge ? cambridge_order(run, options)
                                                   : herd_order(run, options);
}

}  // namespace amalgam::model::litmus
