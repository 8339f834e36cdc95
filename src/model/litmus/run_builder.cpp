#include "model/litmus/run_builder.hpp"

namespace amalgam::model::litmus {

void RunBuilder::restart() {
  run_.events.clear();
  run_.hit_loop_bound = false;
  control_ = {};
  source_ = nullptr;
  instruction_ = 0;
  before_in_instruction_ = 0;
  overflowed_ = false;
}

void RunBuilder::start_instruction(const Instruction& source) {
  source_ = &source;
  ++instruction_;
  before_in_instruction_ = 0;
}

Event& RunBuilder::emit(EventKind kind) {
  if (run_.events.size() == kMaxRunEvents) {
    overflowed_ = true;
    return spill_;
  }
  Event& e = run_.events.emplace_back();
  e.kind = kind;
  e.instruction = instruction_;
  e.source = source_;
  e.control_from = control_.data;
  e.pick_control_from = control_.pick;
  e.before_in_instruction = before_in_instruction_;
  if (kind != EventKind::kHardwareUpdate) before_in_instruction_ |= run_bit(last());
  return e;
}

void RunBuilder::pair(RunEvent read, RunEvent write) {
  run_.events[read].pair = write;
  run_.events[write].pair = read;
}

Taint RunBuilder::last_stored_from(Address address) const {
  for (std::size_t i = run_.events.size(); i-- > 0;) {
    const Event& e = run_.events[i];
    if (writes_memory(e) && e.address == address) return stored_from_[i];
  }
  return {};
}

}  // namespace amalgam::model::litmus
