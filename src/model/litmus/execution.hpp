// One candidate execution: a run of each thread, who reads from whom, and in what order memory
// takes the writes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/litmus/event.hpp"
#include "model/litmus/relation.hpp"

namespace amalgam::model::litmus {

inline constexpr std::uint8_t kInitialThread = 0xff;   // initial writes
inline constexpr std::uint8_t kSpuriousThread = 0xfe;  // spurious hardware updates

// The fixed part of a candidate: what does not depend on rf or co. Events are numbered: one initial
// write for each location that an event touches, then the runs of thread 0, 1, ..., then the
// spurious updates (walk, then hardware update). Relations are over these numbers.
//
// The sets of memory events are disjoint: explicit reads, explicit writes, walks, hardware updates
// (those of walks and spurious ones) and initial writes.
struct Skeleton {
  const Test* test = nullptr;
  std::vector<const ThreadRun*> runs;  // by thread
  std::vector<Event> events;           // masks in them are replaced by the relations below
  std::vector<std::uint8_t> thread;    // of each event

  Relation po;            // instruction order between different instructions of a thread
  Relation iio;           // inside an instruction
  Relation same_address;  // memory events of one physical location, an event and itself included
  // Same thread, an event and itself included. What no thread does (initial writes and spurious
  // updates) counts as one thread, as herd counts it.
  Relation internal;
  Relation addr, data, ctrl;
  Relation pick_addr, pick_data, pick_ctrl;
  Relation rmw;               // read to write of exclusives, atomics and hardware updates
  Relation same_translation;  // between walks, a walk and itself included
  EventSet reads, writes, walks, updates, faults, returns, barriers, tlbis, caches, system_writes;
  EventSet initial;

  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(events.size()); }
};

// rf: each read or walk's write (explicit reads, walks and the reads of hardware updates alike).
// co: a total order of the writes of each location, initial write first.
struct Candidate {
  const Skeleton* skeleton = nullptr;
  std::vector<std::uint8_t> reads_from;  // by event; 0xff for what does not read
  Relation rf;
  Relation co;
};

// Why an execution is not allowed: the name of the axiom, and the events of a cycle if it is one.
struct Refusal {
  const char* axiom = nullptr;  // nullptr: it is allowed
  std::vector<std::uint8_t> cycle;
};

}  // namespace amalgam::model::litmus
