#include "model/litmus/domains.hpp"

#include <algorithm>

namespace amalgam::model::litmus {

DomainTable::DomainTable(const Test& test) : test_(test) {
  for (const Address descriptor : test.descriptors) {
    note_attributes(descriptor, at(descriptor).values.front().value);
  }
}

void DomainTable::note_attributes(Address location, Value value) {
  if (attributes_vary_ || (value & 1) == 0) return;
  if (std::ranges::find(test_.descriptors, location) == test_.descriptors.end()) return;
  if (!attributes_) attributes_ = value & kAttributeBits;
  attributes_vary_ = *attributes_ != (value & kAttributeBits);
  if (attributes_vary_) stale_ = ~Writers{0};
}

DomainTable::Location& DomainTable::at(Address location) {
  const auto [entry, is_new] = locations_.try_emplace(location);
  if (is_new) {
    const auto initial = test_.memory.find(location);
    entry->second.values.push_back(
        {initial == test_.memory.end() ? 0 : initial->second, kInitialWriter});
  }
  return entry->second;
}

const std::vector<HeldValue>& DomainTable::look(Address location, unsigned thread) {
  Location& found = at(location);
  found.seen_by |= thread_writer(thread);
  return found.values;
}

std::vector<Value> DomainTable::values(Address location) const {
  std::vector<Value> result;
  const auto found = locations_.find(location);
  if (found == locations_.end()) return result;
  for (const HeldValue& held : found->second.values) result.push_back(held.value);
  return result;
}

void DomainTable::add(Address location, Value value, Writers writer) {
  Location& found = at(location);
  const auto held = std::ranges::find(found.values, value, &HeldValue::value);
  if (held != found.values.end()) {
    if ((held->writers & writer) != 0) return;
    // A thread reads its own stores without looking here: for the only thread that could store the
    // value so far it is new that another does.
    if ((held->writers & (held->writers - 1)) == 0) stale_ |= held->writers & found.seen_by;
    held->writers |= writer;
    return;
  }
  stale_ |= found.values.size() == 1 ? found.seen_by : found.seen_by & ~writer;
  found.values.push_back({value, writer});
  note_attributes(location, value);
}

bool DomainTable::take_stale(unsigned thread) {
  const bool stale = (stale_ & thread_writer(thread)) != 0;
  stale_ &= ~thread_writer(thread);
  return stale;
}

Domains DomainTable::domains() const {
  Domains result;
  for (const auto& entry : locations_) result[entry.first] = values(entry.first);
  return result;
}

}  // namespace amalgam::model::litmus
