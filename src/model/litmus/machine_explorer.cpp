#include "model/litmus/machine_explorer.hpp"

#include <algorithm>

#include "model/litmus/tlbi_scope.hpp"

namespace amalgam::model::litmus {

std::string MachineState::key(unsigned threads, unsigned events) const {
  std::string bytes;
  bytes.reserve(threads * sizeof(RunMask) + 3UL * log_size + 2UL * events + 1);
  for (unsigned t = 0; t < threads; ++t) {
    for (unsigned b = 0; b < sizeof(RunMask); ++b) {
      bytes.push_back(static_cast<char>(executed[t] >> 8 * b & 0xff));
    }
  }
  for (unsigned i = 0; i < log_size; ++i) {
    bytes.push_back(static_cast<char>(log[i].author));
    bytes.push_back(static_cast<char>(log[i].location));
  }
  bytes.append(reinterpret_cast<const char*>(source.data()), events);
  bytes.append(reinterpret_cast<const char*>(position.data()), events);
  return bytes;
}

MachineExplorer::MachineExplorer(const MachineProgram& program, const ModelOptions& options,
                                 std::size_t max_states)
    : program_(program), options_(options), max_states_(max_states) {}

bool MachineExplorer::explore(const Sink& sink) {
  visit(MachineState{}, sink);
  return !hit_bound_;
}

bool MachineExplorer::executed(const MachineState& state, EventId e) const {
  return (state.executed[event(e).thread] & run_bit(event(e).index)) != 0;
}

bool MachineExplorer::ready(const MachineState& state, EventId e) const {
  const MachineEvent& m = event(e);
  const RunMask missing = program_.orders[m.thread]->before[m.index] & ~state.executed[m.thread];
  return missing == 0 && !executed(state, e) && completion_may_happen(state, e);
}

bool MachineExplorer::done(const MachineState& state) const {
  for (unsigned t = 0; t < program_.all.size(); ++t) {
    if (state.executed[t] != program_.all[t]) return false;
  }
  return true;
}

void MachineExplorer::append(MachineState& state, EventId author, std::uint8_t location,
                             std::uint8_t value) const {
  state.log[state.log_size++] = {author, location, value};
}

void MachineExplorer::execute(MachineState& state, EventId e, Source source) const {
  const MachineEvent& m = event(e);
  state.executed[m.thread] |= run_bit(m.index);
  if (reads(m)) {
    state.source[e] = source;
    if (program_.two_stages && m.event->kind == EventKind::kWalk) {
      state.position[e] = state.log_size;
    }
  } else if (writes_memory(*m.event)) {
    append(state, e, m.location, m.value);
  } else if (m.event->kind == EventKind::kTlbi) {
    append(state, e, kNoLocation, 0);
  }
}

// Whether executing the event as soon as it can execute loses no outcome. Everything but stores and
// TLBIs only ever lets others go on; a read takes the value it is known to have, so that waiting
// could only let it take the same value from a later store, which orders more.
bool MachineExplorer::is_forced(const MachineState& state, const MachineEvent& m) const {
  if (writes_memory(*m.event) || m.event->kind == EventKind::kTlbi) return false;
  const RunMask completes = program_.orders[m.thread]->completes[m.index];
  bool open = false;
  for_each_event(completes,
                 [&](RunEvent t) { open |= !is_completed(state, program_.id(m.thread, t)); });
  // Completing a TLBI takes stale translations away from walks that are still to come.
  return !open;
}

bool MachineExplorer::has_rivals(const MachineState& state, EventId e, const Sources& found) const {
  const MachineEvent& m = event(e);
  if (found.size() != 1 || m.pair != kNoEvent) return true;
  if (m.event->walk.hazard != WalkHazard::kNone) return true;
  if (program_.locations[m.location].spurious_af) return true;
  const auto& stores = program_.locations[m.location].stores;
  return std::ranges::any_of(stores, [&](EventId w) {
    return event(w).value == m.value && !executed(state, w) && found[0] != (kForwarded | w);
  });
}

bool MachineExplorer::execute_if_forced(MachineState& state, EventId e) const {
  const MachineEvent& m = event(e);
  if (!ready(state, e) || !is_forced(state, m)) return false;
  if (!reads(m)) {
    execute(state, e, kInitialSource);
    return true;
  }
  const bool walk = m.event->kind == EventKind::kWalk;
  // Which TLBI removes a stage 2 entry depends on when each part of a translation was read.
  if (walk && program_.two_stages) return false;
  const Sources found = walk ? sources_of_walk(state, e) : sources_of_read(state, e);
  if (found.empty() || has_rivals(state, e, found)) return false;
  execute(state, e, found[0]);
  return true;
}

bool MachineExplorer::execute_forced(MachineState& state) const {
  bool any = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t e = 0; e < program_.events.size(); ++e) {
      changed |= execute_if_forced(state, static_cast<EventId>(e));
    }
    any |= changed;
  }
  return any;
}

void MachineExplorer::visit(MachineState state, const Sink& sink) {
  if (stopped_) return;
  execute_forced(state);
  const auto threads = static_cast<unsigned>(program_.runs.size());
  const auto events = static_cast<unsigned>(program_.events.size());
  if (!seen_.insert(state.key(threads, events)).second) return;
  if (seen_.size() > max_states_) {
    hit_bound_ = stopped_ = true;
    return;
  }
  if (done(state)) {
    if (!sink(state)) stopped_ = true;
  }
  branch(state, sink);
}

void MachineExplorer::branch(const MachineState& state, const Sink& sink) {
  for (std::size_t e = 0; e < program_.events.size() && !stopped_; ++e) {
    const auto id = static_cast<EventId>(e);
    if (ready(state, id)) branch_event(state, id, sink);
  }
  branch_spurious(state, sink);
}

void MachineExplorer::branch_event(const MachineState& state, EventId e, const Sink& sink) {
  const MachineEvent& m = event(e);
  const EventKind kind = m.event->kind;
  if (writes_memory(*m.event) && !store_is_atomic(state, e)) return;
  if (kind == EventKind::kTlbi && !tlbi_may_execute(state, e)) return;
  if (!reads(m)) {
    MachineState next = state;
    execute(next, e, kInitialSource);
    visit(next, sink);
    return;
  }
  const bool walk = kind == EventKind::kWalk;
  for (const Source s : walk ? sources_of_walk(state, e) : sources_of_read(state, e)) {
    MachineState next = state;
    execute(next, e, s);
    if (walk && program_.two_stages && !walk_is_consistent(next, e)) continue;
    visit(next, sink);
  }
}

// Hardware may set AF at any time where it manages it.
void MachineExplorer::branch_spurious(const MachineState& state, const Sink& sink) {
  for (std::size_t l = 0; l < program_.locations.size() && !stopped_; ++l) {
    if (!program_.locations[l].spurious_af) continue;
    const auto location = static_cast<std::uint8_t>(l);
    const std::uint8_t value = value_at(state, location, latest(state, location));
    if (program_.with_af[value] == value) continue;
    MachineState next = state;
    append(next, kSpuriousUpdate, location, program_.with_af[value]);
    visit(next, sink);
  }
}

Source MachineExplorer::latest(const MachineState& state, std::uint8_t location) const {
  for (unsigned i = state.log_size; i-- > 0;) {
    if (state.log[i].location == location) return static_cast<Source>(i + 1);
  }
  return kInitialSource;
}

std::uint8_t MachineExplorer::value_at(const MachineState& state, std::uint8_t location,
                                       Source source) const {
  if (source == kInitialSource) return program_.locations[location].initial;
  return source >= kForwarded ? event(source & ~kForwarded).value : state.log[source - 1].value;
}

// Where a reader got its value, as an entry of the log once the store has reached memory.
Source MachineExplorer::settled(const MachineState& state, EventId reader) const {
  const Source source = state.source[reader];
  if (source < kForwarded) return source;
  for (unsigned i = 0; i < state.log_size; ++i) {
    if (state.log[i].location != kNoLocation && state.log[i].author == (source & ~kForwarded)) {
      return static_cast<Source>(i + 1);
    }
  }
  return source;
}

// The youngest earlier store of the same thread to the same place that memory has not seen.
EventId MachineExplorer::own_pending_store(const MachineState& state, EventId e) const {
  const MachineEvent& m = event(e);
  EventId youngest = kNoEvent;
  for (const EventId w : program_.locations[m.location].stores) {
    const MachineEvent& s = event(w);
    const bool own_earlier = s.thread == m.thread && s.event->instruction < m.event->instruction;
    if (own_earlier && s.event->kind == EventKind::kWrite && !executed(state, w)) youngest = w;
  }
  return youngest;
}

// Whether anybody but the reader's thread has written its location after `source`. Arm's model
// keeps two reads of a thread in order against the writes of others alone: its own walk's update
// of the descriptor that they read is no such write.
bool MachineExplorer::overwritten_by_others(const MachineState& state, const MachineEvent& reader,
                                            Source source) const {
  for (unsigned i = source; i < state.log_size; ++i) {
    const LogEntry& entry = state.log[i];
    if (entry.location != reader.location) continue;
    if (entry.author >= program_.events.size()) return true;
    if (event(entry.author).thread != reader.thread) return true;
  }
  return false;
}

bool MachineExplorer::agrees_with_later_reads(const MachineState& state, EventId e,
                                              Source source) const {
  if (mutated(LitmusMutation::kMachineNoLocalOrder)) return true;
  const MachineEvent& m = event(e);
  const auto end = static_cast<unsigned>(program_.runs[m.thread]->events.size());
  for (unsigned i = m.index + 1U; i < end; ++i) {
    const EventId later = program_.id(m.thread, static_cast<RunEvent>(i));
    const MachineEvent& r = event(later);
    if (r.event->kind != EventKind::kRead || r.location != m.location) continue;
    if (r.event->instruction == m.event->instruction || !executed(state, later)) continue;
    const Source taken = settled(state, later);
    const EventId author = taken >= kForwarded       ? static_cast<EventId>(taken & ~kForwarded)
                           : taken == kInitialSource ? kNoEvent
                                                     : state.log[taken - 1].author;
    const bool own_between = author < program_.events.size() && event(author).thread == m.thread &&
                             event(author).index > m.index;
    if (taken == source) continue;
    if (own_between && (is_cambridge() || taken >= kForwarded)) continue;
    if (is_cambridge() || taken >= kForwarded || overwritten_by_others(state, m, taken)) {
      return false;
    }
  }
  return true;
}

MachineExplorer::Sources MachineExplorer::sources_of_read(const MachineState& state,
                                                          EventId e) const {
  const MachineEvent& m = event(e);
  const EventId pending = own_pending_store(state, e);
  Source source = latest(state, m.location);
  if (pending != kNoEvent) {
    const MachineEvent& store = event(pending);
    const RunMask feeds = store.event->address_from | store.event->data_from;
    if ((feeds & ~state.executed[store.thread]) != 0) return {};
    const bool of_atomic = store.pair != kNoEvent;
    const bool acquires = m.event->acquire || m.event->acquire_pc;
    if (is_cambridge() && of_atomic && acquires) return {};
    source = static_cast<Source>(kForwarded | pending);
  }
  if (value_at(state, m.location, source) != m.value) return {};
  if (!agrees_with_later_reads(state, e, source)) return {};
  return {source};
}

bool MachineExplorer::may_forward(const MachineState& state, EventId store, EventId reader) const {
  const MachineEvent& w = event(store);
  const MachineEvent& r = event(reader);
  if (w.thread != r.thread || w.event->instruction >= r.event->instruction) return false;
  if (w.event->kind != EventKind::kWrite || executed(state, store)) return false;
  return (program_.orders[w.thread]->hides[w.index] & ~state.executed[w.thread]) == 0;
}

// Whether a TLBI that has executed binds a walk that now does. In Arm's model it does so once it is
// complete, which the walk itself may bring about.
bool MachineExplorer::is_in_force(const MachineState& state, EventId tlbi, EventId walk) const {
  if (is_cambridge() || is_completed(state, tlbi)) return true;
  const MachineEvent& w = event(walk);
  const RunMask completes = program_.orders[w.thread]->completes[w.index];
  return event(tlbi).thread == w.thread && (completes & run_bit(event(tlbi).index)) != 0;
}

// A walk that faults reads memory as it is, or an own store on its way there. Others may have been
// made from any value that no TLBI has removed.
MachineExplorer::Sources MachineExplorer::sources_of_walk(const MachineState& state,
                                                          EventId e) const {
  const MachineEvent& m = event(e);
  if (m.event->walk.hazard != WalkHazard::kNone) return sources_of_hazard(state, e);
  Sources found = cached_sources(state, e, m.value);
  if (!is_cambridge()) return found;
  for (const EventId w : program_.locations[m.location].stores) {
    if (event(w).value == m.value && may_forward(state, w, e)) {
      found.push_back(static_cast<Source>(kForwarded | w));
    }
  }
  return found;
}

// Both values are there to be met. The older one stands for the pair: what removes it ends the
// hazard, and waits for the access.
MachineExplorer::Sources MachineExplorer::sources_of_hazard(const MachineState& state,
                                                            EventId e) const {
  Sources found;
  const Sources first = cached_sources(state, e, event(e).met[0]);
  const Sources second = cached_sources(state, e, event(e).met[1]);
  for (const Source a : first) {
    for (const Source b : second) {
      if (a != b) found.push_back(std::min(a, b));
    }
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// The stores of `value` that memory has seen and that the walk may still use.
MachineExplorer::Sources MachineExplorer::cached_sources(const MachineState& state, EventId e,
                                                         std::uint8_t value) const {
  const MachineEvent& m = event(e);
  Sources found;
  const bool fresh = m.event->walk.faulting && !mutated(LitmusMutation::kMachineStaleFaults);
  const Source now = latest(state, m.location);
  for (Source s = 0; s <= state.log_size; ++s) {
    if (s != kInitialSource && state.log[s - 1].location != m.location) continue;
    if ((fresh && s != now) || value_at(state, m.location, s) != value) continue;
    bool removed = false;
    for (unsigned i = 0; i < state.log_size; ++i) {
      if (state.log[i].location != kNoLocation || program_.two_stages) continue;
      removed |= is_in_force(state, state.log[i].author, e) && is_stale(state, e, s, i);
    }
    if (!removed) found.push_back(s);
  }
  return found;
}

// Nobody stored between the read and the write of an exclusive, atomic or hardware update. In Arm's
// model an own store in between lets an explicit pair off; in Cambridge's own stores do not count.
bool MachineExplorer::store_is_atomic(const MachineState& state, EventId e) const {
  const MachineEvent& m = event(e);
  if (m.pair == kNoEvent) return true;
  const Source read = settled(state, m.pair);
  if (read >= kForwarded) return false;
  bool own = false;
  bool foreign = false;
  for (unsigned i = read; i < state.log_size; ++i) {
    if (state.log[i].location != m.location) continue;
    const EventId author = state.log[i].author;
    const bool is_own = author != kSpuriousUpdate && event(author).thread == m.thread &&
                        event(author).event->kind == EventKind::kWrite;
    (is_own ? own : foreign) = true;
  }
  if (is_cambridge()) return !foreign;
  const bool explicit_pair = m.event->kind == EventKind::kWrite;
  return explicit_pair ? own || !foreign : !own && !foreign;
}

bool MachineExplorer::affects_walk(EventId tlbi, EventId walk) const {
  if (mutated(LitmusMutation::kMachineTlbiRemovesNothing)) return false;
  return affects(*event(tlbi).event, *event(walk).event, event(tlbi).thread == event(walk).thread);
}

// Whether the value that a walk took had been replaced in memory before entry `tlbi` of the log,
// which reaches the walk.
bool MachineExplorer::is_stale(const MachineState& state, EventId walk, Source source,
                               unsigned tlbi) const {
  if (source >= kForwarded) return false;
  const EventId author = tlbi < state.log_size ? state.log[tlbi].author : kNoEvent;
  if (author == kNoEvent || !affects_walk(author, walk)) return false;
  for (unsigned i = source; i < tlbi; ++i) {
    if (state.log[i].location == event(walk).location) return true;
  }
  return false;
}

// Whether entry `tlbi` of the log removes what an executed walk used.
bool MachineExplorer::is_removed_by(const MachineState& state, EventId walk, unsigned tlbi) const {
  if (event(walk).event->walk.stage == arch::Stage::kStage2) {
    return stage2_is_removed_by(state, walk, tlbi);
  }
  return is_stale(state, walk, settled(state, walk), tlbi);
}

// A stage 2 value lives on in combined entries: a stage 2 TLBI removes it where the stage 1 part is
// younger than that TLBI, else a later stage 1 TLBI that reaches the stage 1 part does.
bool MachineExplorer::stage2_is_removed_by(const MachineState& state, EventId walk,
                                           unsigned tlbi) const {
  const EventId author = state.log[tlbi].author;
  bool stage2_before = false;
  for (unsigned i = 0; i <= tlbi; ++i) {
    if (state.log[i].location != kNoLocation) continue;
    if (!removes_stage2(*event(state.log[i].author).event)) continue;
    stage2_before |= is_stale(state, walk, settled(state, walk), i);
  }
  if (!stage2_before) return false;
  const MachineEvent& m = event(walk);
  for (const EventId other : program_.walks) {
    const MachineEvent& s1 = event(other);
    if (s1.thread != m.thread || s1.event->walk.stage != arch::Stage::kStage1) continue;
    if (s1.event->walk.translation != m.event->walk.translation) continue;
    if (!executed(state, other)) continue;
    const Source from = settled(state, other);
    const bool younger = from > tlbi + 1;
    if (younger && is_stale(state, walk, settled(state, walk), tlbi) &&
        removes_stage2(*event(author).event)) {
      return true;
    }
    const bool older = from <= tlbi;
    if (older && removes_stage1(*event(author).event) && affects_walk(author, other)) return true;
  }
  return false;
}

// Of two-stage translations: no walk of the same translation may have used what a TLBI had removed
// by then, nor may a TLBI have gone past an access that uses it.
bool MachineExplorer::walk_is_consistent(const MachineState& state, EventId e) const {
  const MachineEvent& m = event(e);
  for (const EventId other : program_.walks) {
    const MachineEvent& w = event(other);
    if (w.thread != m.thread || w.event->walk.translation != m.event->walk.translation) continue;
    if (!executed(state, other)) continue;
    for (unsigned i = 0; i < state.log_size; ++i) {
      if (state.log[i].location != kNoLocation || !is_removed_by(state, other, i)) continue;
      const bool external = event(state.log[i].author).thread != m.thread;
      if (i < state.position[other]) return false;
      if (external && !accesses_done(state, other, false)) return false;
    }
  }
  return true;
}

bool MachineExplorer::accesses_done(const MachineState& state, EventId walk,
                                    bool companions) const {
  const MachineEvent& m = event(walk);
  const RunOrder& order = *program_.orders[m.thread];
  RunMask wanted = order.serves[m.index];
  if (companions) wanted |= order.same_offset[m.index];
  return (wanted & ~state.executed[m.thread]) == 0;
}

// Cambridge: a TLBI waits for the accesses of other threads that use what it removes.
bool MachineExplorer::tlbi_may_execute(const MachineState& state, EventId e) const {
  if (!is_cambridge() || mutated(LitmusMutation::kMachineTlbiDoesNotWait)) return true;
  MachineState after = state;
  append(after, e, kNoLocation, 0);
  return std::ranges::all_of(program_.walks, [&](EventId w) {
    if (event(w).thread == event(e).thread || !executed(state, w)) return true;
    return !is_removed_by(after, w, state.log_size) || accesses_done(state, w, false);
  });
}

bool MachineExplorer::is_completed(const MachineState& state, EventId tlbi) const {
  const MachineEvent& m = event(tlbi);
  const auto& completes = program_.orders[m.thread]->completes;
  bool found = false;
  for_each_event(state.executed[m.thread],
                 [&](RunEvent e) { found |= (completes[e] & run_bit(m.index)) != 0; });
  return found;
}

// Arm: what a DSB after a TLBI orders waits for the accesses of other threads whose walks used what
// the TLBI removes, and for the walks of their earlier accesses at the same offset.
bool MachineExplorer::completion_may_happen(const MachineState& state, EventId e) const {
  const MachineEvent& m = event(e);
  const RunMask completes = program_.orders[m.thread]->completes[m.index];
  if (completes == 0 || mutated(LitmusMutation::kMachineTlbiDoesNotWait)) return true;
  for (unsigned i = 0; i < state.log_size; ++i) {
    if (state.log[i].location != kNoLocation) continue;
    const EventId tlbi = state.log[i].author;
    const MachineEvent& t = event(tlbi);
    if (t.thread != m.thread || (completes & run_bit(t.index)) == 0) continue;
    for (const EventId w : program_.walks) {
      if (event(w).thread == m.thread || !executed(state, w)) continue;
      if (is_stale(state, w, settled(state, w), i) && !accesses_done(state, w, true)) return false;
    }
  }
  return true;
}

FinalMemory MachineExplorer::final_memory(const MachineState& state) const {
  FinalMemory memory;
  for (unsigned i = 0; i < state.log_size; ++i) {
    const LogEntry& entry = state.log[i];
    if (entry.location == kNoLocation) continue;
    memory[program_.locations[entry.location].address] = program_.values[entry.value];
  }
  return memory;
}

}  // namespace amalgam::model::litmus
