#include "model/litmus/memory_view.hpp"

#include <algorithm>

namespace amalgam::model::litmus {
namespace {

bool may_mismatch(Value descriptor, const Event& store) {
  const Value other = store.walk.descriptor;
  return descriptor != 0 && other != 0 && ((descriptor ^ other) & kAttributeBits) != 0;
}

}  // namespace

void MemoryView::take(Value value) {
  if (std::ranges::find(values_, value) == values_.end()) values_.push_back(value);
}

void MemoryView::take_from_others(Address location, Writers hidden) {
  values_.clear();
  for (const HeldValue& held : domains_.look(location, thread_)) {
    if ((held.writers & ~hidden) != 0) values_.push_back(held.value);
  }
}

std::span<const Value> MemoryView::read_values(Address location, Value descriptor) {
  const Event* store = nullptr;
  bool mismatched = false;
  for (const Event& e : run_.events()) {
    if (e.kind != EventKind::kWrite || e.address != location) continue;
    store = &e;
    mismatched = mismatched || may_mismatch(descriptor, e);
  }
  const bool covered = store != nullptr && !mismatched;
  take_from_others(location, thread_writer(thread_) | (covered ? kInitialWriter : 0));
  for (const Event& e : run_.events()) {
    if (!writes_memory(e) || e.address != location) continue;
    if (e.kind == EventKind::kHardwareUpdate || &e == store || mismatched) take(e.value);
  }
  return values_;
}

std::span<const Value> MemoryView::walk_values(Address descriptor) {
  take_from_others(descriptor, thread_writer(thread_));
  for (const Event& e : run_.events()) {
    if (writes_memory(e) && e.address == descriptor) take(e.value);
  }
  return values_;
}

bool MemoryView::varies(Address location) { return domains_.look(location, thread_).size() > 1; }

}  // namespace amalgam::model::litmus
