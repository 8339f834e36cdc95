#include "model/litmus/machine_program.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace amalgam::model::litmus {

namespace {

constexpr Value kValid = 1;
constexpr Value kAccessFlag = Value{1} << 10;
constexpr std::size_t kMaxSmall = 254;

}  // namespace

MachineProgram::MachineProgram(const Test& test, const Runs& all_runs,
                               std::vector<const ThreadRun*> chosen,
                               std::vector<const RunOrder*> chosen_orders)
    : runs(std::move(chosen)), orders(std::move(chosen_orders)) {
  two_stages = test.translation.two_stages;
  std::size_t total = 0;
  for (const ThreadRun* run : runs) total += run->events.size();
  if (runs.size() > kMaxMachineThreads) bound = "8 threads";
  if (total >= kForwarded) bound = "128 events";
  if (!bound.empty()) return;
  for (unsigned t = 0; t < runs.size(); ++t) add_thread(test, all_runs, t);
  for (const Address address : all_runs.spurious_af) location_of(test, all_runs, address);
  add_spurious_values();
  std::size_t logged = 0;
  for (const MachineEvent& m : events) {
    const bool logs = writes_memory(*m.event) || m.event->kind == EventKind::kTlbi;
    if (logs) ++logged;
  }
  // A spurious update may follow each store.
  if (2 * logged + locations.size() > kMaxLog) bound = "64 stores and TLBIs";
  if (locations.size() > kMaxSmall) bound = "254 locations";
  if (values.size() > kMaxSmall) bound = "254 values";
}

std::uint8_t MachineProgram::intern(Value value) {
  const auto found = std::ranges::find(values, value);
  if (found != values.end()) return static_cast<std::uint8_t>(found - values.begin());
  values.push_back(value);
  return static_cast<std::uint8_t>(values.size() - 1);
}

std::uint8_t MachineProgram::location_of(const Test& test, const Runs& all_runs, Address address) {
  const auto known = std::ranges::find(locations, address, &MachineLocation::address);
  const auto index = static_cast<std::uint8_t>(known - locations.begin());
  if (known != locations.end()) return index;
  MachineLocation location;
  location.address = address;
  const auto found = test.memory.find(address);
  location.initial = intern(found == test.memory.end() ? 0 : found->second);
  location.spurious_af =
      std::ranges::find(all_runs.spurious_af, address) != all_runs.spurious_af.end();
  locations.push_back(std::move(location));
  return index;
}

void MachineProgram::add_thread(const Test& test, const Runs& all_runs, unsigned thread) {
  first.push_back(static_cast<std::uint8_t>(events.size()));
  const auto& own = runs[thread]->events;
  all.push_back(own.size() == kMaxRunEvents ? ~RunMask{0}
                                            : run_bit(static_cast<unsigned>(own.size())) - 1);
  for (std::size_t e = 0; e < own.size(); ++e) {
    MachineEvent m;
    m.event = &own[e];
    m.thread = static_cast<std::uint8_t>(thread);
    m.index = static_cast<RunEvent>(e);
    const auto self = static_cast<EventId>(events.size());
    if (own[e].pair != kNoEvent) m.pair = id(thread, own[e].pair);
    if (is_memory(own[e])) {
      m.location = location_of(test, all_runs, own[e].address);
      m.value = intern(own[e].value);
      m.met = {intern(own[e].walk.met[0]), intern(own[e].walk.met[1])};
      if (writes_memory(own[e])) locations[m.location].stores.push_back(self);
    }
    if (own[e].kind == EventKind::kWalk) walks.push_back(self);
    events.push_back(m);
  }
}

// Values grow only by what spurious updates make of them, and those change nothing further.
void MachineProgram::add_spurious_values() {
  const bool any = std::ranges::any_of(locations, &MachineLocation::spurious_af);
  const std::size_t size = values.size();
  for (std::size_t v = 0; v < size; ++v) {
    const bool updated = any && (values[v] & kValid) != 0;
    with_af.push_back(updated ? intern(values[v] | kAccessFlag) : static_cast<std::uint8_t>(v));
  }
  for (std::size_t v = size; v < values.size(); ++v) {
    with_af.push_back(static_cast<std::uint8_t>(v));
  }
}

}  // namespace amalgam::model::litmus
