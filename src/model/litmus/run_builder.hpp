// The run of a thread while it is being made: its events, and what feeds them.
#pragma once

#include <array>

#include "model/litmus/event.hpp"
#include "model/litmus/taint.hpp"

namespace amalgam::model::litmus {

class RunBuilder {
 public:
  // Starts over with an empty run.
  void restart();
  // The events that follow belong to a new executed instruction.
  void start_instruction(const Instruction& source);

  // Appends an event with its place in the instruction and the branches before it; the reference is
  // valid until the next one. Past kMaxRunEvents it is not kept, and the run has overflowed.
  Event& emit(EventKind kind);
  [[nodiscard]] RunEvent last() const { return static_cast<RunEvent>(run_.events.size() - 1); }
  [[nodiscard]] bool overflowed() const { return overflowed_; }

  // Makes a read and a write the two halves of one atomic access.
  void pair(RunEvent read, RunEvent write);

  // Later events depend on this by control.
  void add_control(const Taint& taint) { control_ |= taint; }

  // What feeds a stored value, for reads of the same thread that may take it from the store.
  void set_stored_from(RunEvent write, const Taint& taint) { stored_from_[write] = taint; }
  // The same of the youngest own write to `address`, explicit or by hardware; nothing if there is
  // none. A dependency runs through it whether or not the read takes its value from it.
  [[nodiscard]] Taint last_stored_from(Address address) const;

  [[nodiscard]] const std::vector<Event>& events() const { return run_.events; }
  [[nodiscard]] Event& event(RunEvent e) { return run_.events[e]; }
  [[nodiscard]] ThreadRun& run() { return run_; }
  [[nodiscard]] const ThreadRun& run() const { return run_; }

 private:
  ThreadRun run_;
  std::array<Taint, kMaxRunEvents> stored_from_{};
  Taint control_;
  const Instruction* source_ = nullptr;
  std::uint16_t instruction_ = 0;
  // Earlier events of the instruction. The hardware update of a walk is not among them: nothing in
  // the instruction waits for it.
  RunMask before_in_instruction_ = 0;
  Event spill_;
  bool overflowed_ = false;
};

}  // namespace amalgam::model::litmus
