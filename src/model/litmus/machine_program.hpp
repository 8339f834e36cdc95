// A combination of runs, compiled for the litmus machine: dense numbers for events, locations and
// values.
#pragma once

#include <string>
#include <vector>

#include "model/litmus/machine_order.hpp"
#include "model/litmus/machine_state.hpp"
#include "model/litmus/thread_runs.hpp"

namespace amalgam::model::litmus {

inline constexpr std::uint8_t kNoLocation = 0xff;

struct MachineEvent {
  const Event* event = nullptr;
  std::uint8_t thread = 0;
  RunEvent index = 0;  // in its run
  std::uint8_t location = kNoLocation;
  std::uint8_t value = 0;
  std::array<std::uint8_t, 2> met{};  // of a walk that meets two values, instead of `value`
  EventId pair = kNoEvent;            // the other half of an exclusive, atomic or hardware update
};

struct MachineLocation {
  Address address = 0;
  std::uint8_t initial = 0;
  bool spurious_af = false;  // hardware may set AF at any time
  std::vector<EventId> stores;
};

struct MachineProgram {
  // `runs` and `orders` hold one a thread and must outlive the program.
  MachineProgram(const Test& test, const Runs& all, std::vector<const ThreadRun*> runs,
                 std::vector<const RunOrder*> orders);

  std::vector<const ThreadRun*> runs;
  std::vector<const RunOrder*> orders;
  std::vector<std::uint8_t> first;  // by thread: the EventId of its first event
  std::vector<RunMask> all;         // by thread: all its events
  std::vector<MachineEvent> events;
  std::vector<MachineLocation> locations;
  std::vector<Value> values;
  std::vector<std::uint8_t> with_af;  // by value: the value with AF set; itself if nothing changes
  std::vector<EventId> walks;
  bool two_stages = false;
  std::string bound;  // not empty: too large, and for what

  [[nodiscard]] EventId id(unsigned thread, RunEvent e) const {
    return static_cast<EventId>(first[thread] + e);
  }

 private:
  std::uint8_t location_of(const Test& test, const Runs& all_runs, Address address);
  std::uint8_t intern(Value value);
  void add_thread(const Test& test, const Runs& all_runs, unsigned thread);
  void add_spurious_values();
};

}  // namespace amalgam::model::litmus
