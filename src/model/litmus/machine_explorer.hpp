// Explores every order in which the events of one combination of runs may execute.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "model/litmus/final_state.hpp"
#include "model/litmus/machine_program.hpp"
#include "model/litmus/options.hpp"

namespace amalgam::model::litmus {

class MachineExplorer {
 public:
  // Gets the memory that a complete execution leaves; returns false to stop the exploration.
  using Sink = std::function<bool(const MachineState&)>;

  // `program` must outlive the explorer.
  MachineExplorer(const MachineProgram& program, const ModelOptions& options,
                  std::size_t max_states);

  // Visits every final state. False: max_states was reached first.
  bool explore(const Sink& sink);

  // The last value of each location that was stored to.
  [[nodiscard]] FinalMemory final_memory(const MachineState& state) const;

  [[nodiscard]] std::size_t states() const { return seen_.size(); }

 private:
  // What a walk or read may take its value from, at most a handful.
  using Sources = std::vector<Source>;

  void visit(MachineState state, const Sink& sink);
  void branch(const MachineState& state, const Sink& sink);
  void branch_event(const MachineState& state, EventId e, const Sink& sink);
  void branch_spurious(const MachineState& state, const Sink& sink);
  bool execute_forced(MachineState& state) const;
  bool execute_if_forced(MachineState& state, EventId e) const;
  [[nodiscard]] bool is_forced(const MachineState& state, const MachineEvent& m) const;
  [[nodiscard]] bool has_rivals(const MachineState& state, EventId e, const Sources& found) const;
  [[nodiscard]] bool executed(const MachineState& state, EventId e) const;
  [[nodiscard]] bool ready(const MachineState& state, EventId e) const;
  [[nodiscard]] bool done(const MachineState& state) const;
  static bool reads(const MachineEvent& m) { return reads_memory(*m.event); }

  // Values.
  [[nodiscard]] Source latest(const MachineState& state, std::uint8_t location) const;
  [[nodiscard]] std::uint8_t value_at(const MachineState& state, std::uint8_t location,
                                      Source source) const;
  [[nodiscard]] Source settled(const MachineState& state, EventId reader) const;
  [[nodiscard]] Sources sources_of_read(const MachineState& state, EventId e) const;
  [[nodiscard]] Sources sources_of_walk(const MachineState& state, EventId e) const;
  [[nodiscard]] Sources sources_of_hazard(const MachineState& state, EventId e) const;
  [[nodiscard]] Sources cached_sources(const MachineState& state, EventId e,
                                       std::uint8_t value) const;
  [[nodiscard]] EventId own_pending_store(const MachineState& state, EventId e) const;
  [[nodiscard]] bool may_forward(const MachineState& state, EventId store, EventId reader) const;
  [[nodiscard]] bool overwritten_by_others(const MachineState& state, const MachineEvent& reader,
                                           Source source) const;
  [[nodiscard]] bool agrees_with_later_reads(const MachineState& state, EventId e,
                                             Source source) const;

  // Stores and TLBIs.
  [[nodiscard]] bool store_is_atomic(const MachineState& state, EventId e) const;
  [[nodiscard]] bool tlbi_may_execute(const MachineState& state, EventId e) const;
  [[nodiscard]] bool completion_may_happen(const MachineState& state, EventId e) const;
  [[nodiscard]] bool accesses_done(const MachineState& state, EventId walk, bool companions) const;
  [[nodiscard]] bool is_stale(const MachineState& state, EventId walk, Source source,
                              unsigned tlbi) const;
  [[nodiscard]] bool is_removed_by(const MachineState& state, EventId walk, unsigned tlbi) const;
  [[nodiscard]] bool stage2_is_removed_by(const MachineState& state, EventId walk,
                                          unsigned tlbi) const;
  [[nodiscard]] bool walk_is_consistent(const MachineState& state, EventId e) const;
  [[nodiscard]] bool is_in_force(const MachineState& state, EventId tlbi, EventId walk) const;
  [[nodiscard]] bool is_completed(const MachineState& state, EventId tlbi) const;
  [[nodiscard]] bool affects_walk(EventId tlbi, EventId walk) const;
  void append(MachineState& state, EventId author, std::uint8_t location, std::uint8_t value) const;
  void execute(MachineState& state, EventId e, Source source) const;

  [[nodiscard]] const MachineEvent& event(EventId e) const { return program_.events[e]; }
  [[nodiscard]] bool is_cambridge() const { return options_.family == ModelFamily::kCambridge; }
  [[nodiscard]] bool mutated(LitmusMutation m) const { return options_.mutation == m; }

  const MachineProgram& program_;
  const ModelOptions& options_;
  std::size_t max_states_;
  std::unordered_set<std::string> seen_;
  bool stopped_ = false;
  bool hit_bound_ = false;
};

}  // namespace amalgam::model::litmus
