// Events of agents: when each may execute, and what it does.
#include <bit>

#include "model/machine.hpp"
#include "model/machine_outcomes.hpp"

namespace amalgam::model {

bool Semantics::ended(const State& s, std::uint8_t agent) const {
  const AgentFields& f = layout_.agents[agent];
  return (runnable(s, agent) & ~f.executed.get(s)) == 0;
}

// Whether the translation that an access took leads to memory and permits it.
bool Semantics::permits(AccessKind kind, const Outcome& outcome) const {
  if (outcome.kind != OutcomeKind::kEntry && outcome.kind != OutcomeKind::kMixture) return false;
  const bool mixture = outcome.kind == OutcomeKind::kMixture;
  const Entry& e = slice_.entries[mixture ? outcome.b : outcome.a];
  const bool stores = e.writable || (e.dirty_on_store && !mixture);
  if (kind == AccessKind::kLoad) return e.readable;
  return stores && (kind == AccessKind::kStore || e.readable);
}

// Whether a walk's outcome ends its thread: the access faults, and that is no part of the contract.
bool Semantics::is_fatal(const Event& access, const Outcome& outcome) const {
  const bool allowed = permits(access.access, outcome);
  return !allowed && !access.may_fault && outcome.kind != OutcomeKind::kNothing;
}

// The events that may still run: all of them, or those up to the first access that ends the thread.
// What comes before it in program order completes all the same.
Mask Semantics::runnable(const State& s, std::uint8_t agent) const {
  const SliceAgent& a = slice_.agents[agent];
  const std::uint64_t executed = layout_.agents[agent].executed.get(s);
  for (Mask left = walks_[agent] & executed; left != 0; left &= left - 1) {
    const Event& walk = a.events[static_cast<std::size_t>(std::countr_zero(left))];
    const Outcome outcome = Outcome::unpack(layout_.flights[walk.slot].get(s));
    if (is_fatal(a.events[walk.partner], outcome)) return a.all & ~(~Mask{1} << walk.partner);
  }
  return a.all;
}

bool Semantics::all_ended(const State& s) const {
  for (const std::uint8_t a : indices(slice_.agents)) {
    if (!ended(s, a)) return false;
  }
  return true;
}

bool Semantics::has_started(const State& s, std::uint8_t agent) const {
  const SliceAgent& a = slice_.agents[agent];
  if (a.starts_after_agent == kNoIndex) return true;
  return (layout_.agents[a.starts_after_agent].executed.get(s) >> a.starts_after_event & 1) != 0;
}

bool Semantics::enabled(const State& s, std::uint8_t agent, std::uint8_t index) const {
  const Event& e = slice_.agents[agent].events[index];
  const std::uint64_t executed = layout_.agents[agent].executed.get(s);
  return (executed >> index & 1) == 0 && (e.preds & ~executed) == 0;
}

void Semantics::expand_agent(const State& s, std::uint8_t agent, MachineSink& sink) const {
  if (!has_started(s, agent)) return;
  const SliceAgent& own = slice_.agents[agent];
  if (own.starts_after_agent == kNoIndex && in_handler(s, own.walker)) return;
  const std::uint64_t stopped = layout_.stopped_by.get(s);
  const bool device = slice_.walkers[slice_.agents[agent].walker].device;
  if (stopped != 0 && stopped - 1 != agent && !device) return;
  const Mask pending = runnable(s, agent) & ~layout_.agents[agent].executed.get(s);
  for_each_bit(pending, [&](unsigned i) {
    const auto index = static_cast<std::uint8_t>(i);
    if (enabled(s, agent, index)) expand_event(s, agent, index, sink);
  });
}

void Semantics::expand_event(const State& s, std::uint8_t agent, std::uint8_t index,
                             MachineSink& sink) const {
  const Event& e = slice_.agents[agent].events[index];
  switch (e.kind) {
    case EventKind::kWriteCell:
    case EventKind::kReadCell:
    case EventKind::kCasCell:
    case EventKind::kUpdateCell:
      execute_cell(s, e, index, sink);
      return;
    case EventKind::kWalk:
      execute_walk(s, e, index, sink);
      return;
    case EventKind::kAccess:
      execute_access(s, e, index, sink);
      return;
    case EventKind::kReadPage:
    case EventKind::kWritePage:
      execute_page(s, e, index, sink);
      return;
    case EventKind::kAllocate:
    case EventKind::kFree:
      execute_free(s, e, index, sink);
      return;
    case EventKind::kTlbi:
      execute_tlbi(s, e, index, sink);
      return;
    case EventKind::kWriteRoot:
    case EventKind::kRootEffect:
      execute_root(s, e, index, sink);
      return;
    default:
      execute_control(s, e, index, sink);
      return;
  }
}

// Marks the event as executed and hands the state on.
void Semantics::finish(State next, const Event& e, std::uint8_t index, MachineSink& sink,
                       std::uint16_t choice) const {
  const Field& executed = layout_.agents[e.agent].executed;
  executed.set(next, executed.get(next) | bit(index));
  sink.next(next, {TransitionKind::kEvent, e.agent, index, choice});
}

// --- descriptors and pages -----------------------------------------------------------------------

// The youngest own earlier store to the descriptor that is not in memory yet, or kNoIndex.
std::uint8_t Semantics::pending_store(const State& s, std::uint8_t agent,
                                      std::uint8_t index) const {
  const SliceAgent& a = slice_.agents[agent];
  const std::uint64_t executed = layout_.agents[agent].executed.get(s);
  for (std::uint8_t i = index; i-- > 0;) {
    const Event& earlier = a.events[i];
    if ((executed >> i & 1) != 0) continue;
    if (earlier.kind == EventKind::kWriteCell && earlier.cell == a.events[index].cell) return i;
  }
  return kNoIndex;
}

// The value index that an operand yields, or kNoIndex if its register is not known.
std::uint8_t Semantics::operand_value(const State& s, const Operand& o) const {
  if (o.reg == kNoIndex) return o.constant;
  const std::uint64_t held_value = layout_.registers[o.reg].get(s);
  if (held_value == 0 || held_value - 1 >= o.map.size()) return kNoIndex;
  return o.map[held_value - 1];
}

// A store computed from a value that is no longer there undoes somebody's update. It is told where
// the descriptor translates an address.
void Semantics::sight_lost_update(const State& s, const Event& e, std::uint8_t index,
                                  MachineSink& sink) const {
  const CellValue& now = cell_value(s, e.cell);
  const bool undoes =
      e.recomputes &&
      (e.value.reg == kNoIndex ? now.kind == ValueKind::kJunk || now.raw != e.assumed
                               : layout_.registers[e.value.reg].get(s) != now.raw_id + 1U);
  if (!undoes) return;
  Sighting sighting;
  for_each_bit(slice_.cells[e.cell].same, [&](unsigned c) {
    if (sighting.va_point == kNoIndex) sighting.va_point = slice_.cells[c].va_point;
  });
  if (sighting.va_point == kNoIndex) return;
  sighting.what = static_cast<std::uint8_t>(Effect::kLostTableUpdate);
  sighting.walker = e.walker;
  sighting.agent = e.agent;
  sighting.event = index;
  const Transition t{TransitionKind::kEvent, e.agent, index, 0};
  sink.sight(sighting, &t);
}

// What a read of a descriptor yields, as an index into Slice::raws; their number for bytes of
// nobody's, kNoAddress if it has to wait for a store that it takes its value from.
std::uint64_t Semantics::value_read(const State& s, const Event& e, std::uint8_t index) const {
  const CellValue* value = &cell_value(s, e.cell);
  const std::uint8_t store =
      e.kind == EventKind::kReadCell ? pending_store(s, e.agent, index) : kNoIndex;
  if (store != kNoIndex) {
    const std::uint8_t stored = operand_value(s, slice_.agents[e.agent].events[store].value);
    if (stored == kNoIndex) return kNoAddress;
    value = &slice_.cells[e.cell].values[stored];
  }
  return value->kind == ValueKind::kJunk ? slice_.raws.size() : value->raw_id;
}

bool Semantics::assumptions_met(const State& s) const {
  for (const std::uint8_t a : indices(slice_.agents)) {
    const std::uint64_t executed = layout_.agents[a].executed.get(s);
    if ((assuming_[a] & runnable(s, a) & ~executed) != 0) return false;
  }
  return true;
}

void Semantics::execute_cell(const State& s, const Event& e, std::uint8_t index,
                             MachineSink& sink) const {
  State next = s;
  const std::uint8_t old = value_of(s, e.cell);
  sight_use_after_free(s, e, index, sink);
  if (e.assumes || e.kind == EventKind::kReadCell) {
    const std::uint64_t read = value_read(s, e, index);
    if (read == kNoAddress) return;
    const std::uint64_t raw = read < slice_.raws.size() ? slice_.raws[read] : kUninitialised;
    if (e.assumes && raw != e.assumed) {
      sink.refute({e.op, raw});
      return;
    }
    if (e.into != kNoIndex) layout_.registers[e.into].set(next, read + 1);
  }
  if (e.kind == EventKind::kReadCell) {
    finish(next, e, index, sink);
    return;
  }
  if (e.kind == EventKind::kWriteCell) {
    const std::uint8_t value = operand_value(s, e.value);
    sight_lost_update(s, e, index, sink);
    write_cell(next, e.cell, value, !e.copies_tables);
  } else if (e.kind == EventKind::kCasCell) {
    if (operand_value(s, e.expected) == old)
      write_cell(next, e.cell, operand_value(s, e.value), true);
  } else {
    write_cell(next, e.cell, e.update[old], true);
  }
  finish(next, e, index, sink);
}

// Whether the tables, as memory holds them now, let any walker store to the page.
bool Semantics::is_writable_now(const State& s, std::uint8_t page) const {
  bool writable = false;
  for (const std::uint8_t w : indices(slice_.walkers)) {
    for (const std::uint8_t v : indices(slice_.va_points)) {
      for_each_bit(current_reach(s, w, v).entries, [&](unsigned i) {
        const Entry& e = slice_.entries[i];
        writable |= e.leaf && e.page == page && (e.writable || e.dirty_on_store);
      });
    }
  }
  return writable;
}

// A page that is read because its contents are to hold still must not be writable through a TLB
// whose entry the tables no longer have.
void Semantics::relied_upon(const State& s, const Event& e, const Transition& t,
                            MachineSink& sink) const {
  for (const std::uint8_t w : indices(slice_.walkers)) {
    for (const std::uint8_t v : indices(slice_.va_points)) {
      const Mask current = current_reach(s, w, v).entries;
      const Mask all = reach(s, w, v).entries;
      const auto writable_to = [&](Mask mask) {
        std::uint8_t found = kNoIndex;
        for_each_bit(mask, [&](unsigned i) {
          const Entry& entry = slice_.entries[i];
          if (entry.leaf && entry.page == e.page && entry.writable) {
            found = static_cast<std::uint8_t>(i);
          }
        });
        return found;
      };
      const std::uint8_t stale = writable_to(all & ~current);
      if (stale == kNoIndex || writable_to(current) != kNoIndex) continue;
      Sighting sighting;
      sighting.is_rule = true;
      sighting.what = static_cast<std::uint8_t>(Rule::kInvalidateBeforeReliance);
      sighting.walker = w;
      sighting.va_point = v;
      sighting.old_entry = stale;
      sighting.page = e.page;
      sighting.agent = e.agent;
      sink.sight(sighting, &t);
    }
  }
}

void Semantics::sight_use_after_free(const State& s, const Event& e, std::uint8_t index,
                                     MachineSink& sink) const {
  const std::uint8_t page = e.cell == kNoIndex ? e.page : slice_.cells[e.cell].table_page;
  if (layout_.pages[page].freed.get(s) == 0) return;
  Sighting sighting;
  const bool reads = e.kind == EventKind::kReadPage || e.kind == EventKind::kReadCell;
  sighting.what =
      static_cast<std::uint8_t>(reads ? Effect::kFreedPageRead : Effect::kFreedPageWrite);
  sighting.walker = e.walker;
  sighting.page = page;
  sighting.access = reads ? AccessKind::kLoad : AccessKind::kStore;
  sighting.agent = e.agent;
  sighting.event = index;
  const Transition t{TransitionKind::kEvent, e.agent, index, 0};
  sink.sight(sighting, &t);
}

void Semantics::execute_page(const State& s, const Event& e, std::uint8_t index,
                             MachineSink& sink) const {
  const Earlier earlier = earlier_at(s, e, index, e.page);
  if (earlier.wait) return;
  State next = s;
  const PageFields& page = layout_.pages[e.page];
  sight_use_after_free(s, e, index, sink);
  if (e.kind == EventKind::kReadPage) {
    const std::uint64_t value = earlier.forwarded.value_or(datum_of(s, e.page));
    if (e.assumes) {
      // Which store was the tracked one is no part of the bytes.
      const std::uint64_t other = layout_.registers[e.value.reg].get(s) - 1;
      const std::uint64_t equal = other >> 1 == value >> 1 ? 1 : 0;
      if (equal != e.assumed) {
        sink.refute({e.op, equal});
        return;
      }
    }
    if (e.into != kNoIndex) layout_.registers[e.into].set(next, value + 1);
    if (e.relies) {
      relied_upon(s, e, {TransitionKind::kEvent, e.agent, index, 0}, sink);
      if (!is_writable_now(s, e.page)) page.relied.set(next, 1);
    }
  } else if (e.value.reg != kNoIndex) {
    const std::uint64_t held_value = layout_.registers[e.value.reg].get(s) - 1;
    page.value.set(next, held_value >> 1);
    page.mark.set(next, held_value & 1);
  } else if (e.value.constant == kNoIndex) {
    put_fresh(next, e.page);
  } else {
    page.value.set(next, e.value.constant);
    page.mark.set(next, 0);
  }
  finish(next, e, index, sink);
}

void Semantics::execute_free(const State& s, const Event& e, std::uint8_t index,
                             MachineSink& sink) const {
  State next = s;
  const Transition t{TransitionKind::kEvent, e.agent, index, 0};
  const bool frees = e.kind == EventKind::kFree;
  layout_.pages[e.page].freed.set(next, frees ? 1 : 0);
  if (!frees && slice_.pages[e.page].ref.is_table) {
    for (const std::uint8_t c : indices(slice_.cells)) {
      if (slice_.cells[c].table_page == e.page) write_cell(next, c, 0, false);
    }
  }
  for (const std::uint8_t w : indices(slice_.walkers)) {
    if (!frees) break;
    for (const std::uint8_t v : indices(slice_.va_points)) {
      for_each_bit(reach(s, w, v).entries, [&](unsigned i) {
        if (slice_.entries[i].page != e.page) return;
        Sighting sighting;
        sighting.is_rule = true;
        sighting.what = static_cast<std::uint8_t>(Rule::kInvalidateBeforeFree);
        sighting.walker = w;
        sighting.va_point = v;
        sighting.old_entry = static_cast<std::uint8_t>(i);
        sighting.page = e.page;
        sighting.agent = e.agent;
        sink.sight(sighting, &t);
      });
    }
  }
  finish(next, e, index, sink);
}

// --- accesses by input address -------------------------------------------------------------------

// The state as a walk of this PE may see it: own earlier stores that are no longer speculative may
// be read before they are in memory.
State Semantics::with_own_stores(const State& s, std::uint8_t agent, std::uint8_t index) const {
  State seen = s;
  const SliceAgent& a = slice_.agents[agent];
  const std::uint64_t executed = layout_.agents[agent].executed.get(s);
  for (std::uint8_t i = 0; i < index; ++i) {
    const Event& e = a.events[i];
    if ((executed >> i & 1) != 0) continue;
    if (e.kind == EventKind::kWalk) break;  // later stores are speculative until it has run
    // What a store has to wait for keeps it from being forwarded too.
    if (e.kind != EventKind::kWriteCell || (e.preds & ~executed) != 0) continue;
    const std::uint8_t value = operand_value(s, e.value);
    if (value != kNoIndex) layout_.cells[e.cell].set(seen, value);
  }
  return seen;
}

void Semantics::execute_walk(const State& s, const Event& e, std::uint8_t index,
                             MachineSink& sink) const {
  const std::uint64_t executed = layout_.agents[e.agent].executed.get(s);
  const bool fault_allowed = (e.fault_preds & ~executed) == 0;
  Mask done = 0;
  std::uint64_t kinds_done = 0;
  const auto choose = [&](const Outcome& outcome) {
    const bool fault = outcome.kind == OutcomeKind::kFault;
    if (fault && !fault_allowed) return;
    if (outcome.kind == OutcomeKind::kEntry) {
      if ((done & bit(outcome.a)) != 0) return;
      done |= bit(outcome.a);
      const Entry& entry = slice_.entries[outcome.a];
      const bool denied = e.access == AccessKind::kLoad ? !entry.readable
                                                        : !entry.writable && !entry.dirty_on_store;
      if (denied && slice_.ets == arch::Ets::kEts3 && !fault_allowed) return;
    } else if (outcome.kind != OutcomeKind::kMixture) {
      const std::uint64_t kind_bit = std::uint64_t{1} << static_cast<unsigned>(outcome.kind);
      if ((kinds_done & kind_bit) != 0) return;
      kinds_done |= kind_bit;
    }
    if (!same_page_order_allows(s, e, index, outcome)) return;
    State next = s;
    layout_.flights[e.slot].set(next, outcome.packed());
    finish(next, e, index, sink, outcome.packed());
  };
  for_each_outcome(s, e.walker, reach(s, e.walker, e.va_point), choose);
  if (!slice_.assumptions.is_default(Assumption::kWalkForwarding)) return;
  const State seen = with_own_stores(s, e.agent, index);
  if (seen.words == s.words) return;
  for_each_outcome(seen, e.walker, reach(seen, e.walker, e.va_point), choose);
}

void Semantics::execute_access(const State& s, const Event& e, std::uint8_t index,
                               MachineSink& sink) const {
  const Outcome outcome = Outcome::unpack(layout_.flights[e.slot].get(s));
  const std::uint8_t at = frame_at(e, outcome);
  const Earlier earlier = at == kNoIndex ? Earlier{} : earlier_at(s, e, index, at);
  if (earlier.wait) return;
  State next = s;
  const Transition t{TransitionKind::kEvent, e.agent, index, 0};
  const Access access{e.walker, e.va_point, e.access, e.may_fault, true, e.agent, index};
  const Landing landing = land(next, access, outcome, t, sink);
  if (!landing.feasible) return;
  if (e.cell != kNoIndex) {
    execute_store_to_table(next, e, index, landing, sink);
    return;
  }
  const bool frame = landing.page != kNoIndex && !slice_.pages[landing.page].ref.is_table;
  if (landing.happened && frame) {
    const PageFields& page = layout_.pages[landing.page];
    if (e.into != kNoIndex) {
      layout_.registers[e.into].set(next,
                                    earlier.forwarded.value_or(datum_of(s, landing.page)) + 1);
    }
    if (e.access == AccessKind::kStore) page.value.set(next, e.value.constant);
  }
  finish(next, e, index, sink);
}

// A descriptor store made through a mapping: it reaches the table if the walk led there.
void Semantics::execute_store_to_table(State next, const Event& e, std::uint8_t index,
                                       const Landing& landing, MachineSink& sink) const {
  const std::uint8_t table = slice_.cells[e.cell].table_page;
  if (landing.happened && landing.page == table) {
    write_cell(next, e.cell, operand_value(next, e.value), true);
  } else if (landing.happened) {
    Sighting sighting;
    sighting.what = static_cast<std::uint8_t>(Effect::kLostTableUpdate);
    sighting.walker = e.walker;
    sighting.va_point = e.va_point;
    sighting.page = landing.page;
    sighting.agent = e.agent;
    sighting.event = index;
    const Transition t{TransitionKind::kEvent, e.agent, index, 0};
    sink.sight(sighting, &t);
  }
  finish(next, e, index, sink);
}

// --- TLBI ----------------------------------------------------------------------------------------

bool Semantics::uses_removed(const Outcome& o, Mask removed) const {
  if (o.kind != OutcomeKind::kEntry && o.kind != OutcomeKind::kMixture) return false;
  if ((removed & bit(o.a)) != 0) return true;
  return o.kind == OutcomeKind::kMixture && (removed & bit(o.b)) != 0;
}

// A TLBI of another PE is not done on `walker` while an access there still uses what it removes,
// nor while an earlier access at the same page offset has not done its walk (same-offset-order).
bool Semantics::tlbi_must_wait(const State& s, std::uint8_t walker, const Event& e) const {
  if (slice_.mutation == Mutation::kTlbiDoesNotWait) return false;
  // What the tables still hold may be fetched again at once, so it is not removed.
  Mask removed = e.cut | e.cut_combined;
  for (const std::uint8_t v : indices(slice_.va_points)) {
    removed &= ~current_reach(s, walker, v).entries;
  }
  if (removed == 0) return false;
  const bool same_offset = slice_.assumptions.is_default(Assumption::kSameOffsetOrder);
  for (const std::uint8_t a : indices(slice_.agents)) {
    const SliceAgent& agent = slice_.agents[a];
    if (agent.walker != walker) continue;
    const Mask runs = runnable(s, a);
    const std::uint64_t executed = layout_.agents[a].executed.get(s);
    std::uint64_t waiting_walks = 0;  // by address: an earlier walk has not been done
    for (std::size_t i = 0; i < agent.events.size(); ++i) {
      const Event& walk = agent.events[i];
      if (walk.kind != EventKind::kWalk || (runs >> i & 1) == 0) continue;
      if ((executed >> i & 1) == 0) {
        waiting_walks |= std::uint64_t{1} << walk.va_point;
        continue;
      }
      const Outcome taken = Outcome::unpack(layout_.flights[walk.slot].get(s));
      if (!uses_removed(taken, removed)) continue;
      if ((executed >> walk.partner & 1) == 0) return true;
      if (same_offset && (waiting_walks >> walk.va_point & 1) != 0) return true;
    }
  }
  return false;
}

// A device acknowledges an invalidation only when its requests that use the translation are done.
bool Semantics::device_in_flight(const State& s, std::uint8_t walker, Mask removed) const {
  for (const std::uint8_t a : indices(slice_.agents)) {
    const SliceAgent& agent = slice_.agents[a];
    const std::uint64_t executed = layout_.agents[a].executed.get(s);
    for (std::size_t i = 0; agent.walker == walker && i < agent.events.size(); ++i) {
      const Event& walk = agent.events[i];
      const bool in_flight = walk.kind == EventKind::kWalk && (executed >> i & 1) != 0 &&
                             (executed >> walk.partner & 1) == 0;
      if (!in_flight) continue;
      if (uses_removed(Outcome::unpack(layout_.flights[walk.slot].get(s)), removed)) return true;
    }
  }
  return false;
}

void Semantics::execute_tlbi(const State& s, const Event& e, std::uint8_t index,
                             MachineSink& sink) const {
  if (e.atomic) {
    bool waits = false;
    for_each_bit(e.recipients, [&](unsigned w) {
      waits |= w != e.walker && tlbi_must_wait(s, static_cast<std::uint8_t>(w), e);
    });
    if (waits) return;
    State next = s;
    for_each_bit(e.recipients, [&](unsigned w) { cut(next, static_cast<std::uint8_t>(w), e); });
    finish(next, e, index, sink);
    return;
  }
  for_each_bit(e.recipients, [&](unsigned i) {
    const auto w = static_cast<std::uint8_t>(i);
    const Field& receipts = layout_.walkers[w].receipts;
    if ((receipts.get(s) >> e.slot & 1) != 0 || tlbi_must_wait(s, w, e)) return;
    if (is_repeat(s, w)) return;
    State next = s;
    cut(next, w, e);
    receipts.set(next, receipts.get(next) | bit(e.slot));
    bool all = true;
    for_each_bit(e.recipients, [&](unsigned r) {
      all &= (layout_.walkers[r].receipts.get(next) >> e.slot & 1) != 0;
    });
    const Transition t{TransitionKind::kReceive, e.agent, index, w};
    if (all) {
      const Field& executed = layout_.agents[e.agent].executed;
      executed.set(next, executed.get(next) | bit(index));
      for_each_bit(e.recipients, [&](unsigned r) {
        const Field& field = layout_.walkers[r].receipts;
        field.set(next, field.get(next) & ~bit(e.slot));
      });
    }
    sink.next(next, t);
  });
}

// --- roots and control ---------------------------------------------------------------------------

void Semantics::execute_root(const State& s, const Event& e, std::uint8_t index,
                             MachineSink& sink) const {
  State next = s;
  const WalkerFields& f = layout_.walkers[e.walker];
  if (e.kind == EventKind::kRootEffect) {
    take_root(next, e.walker, e.root);
    finish(next, e, index, sink);
    return;
  }
  const std::uint16_t tag = slice_.roots[e.root].tag;
  for (const std::uint8_t v : indices(slice_.va_points)) {
    const Mask held_entries = held(s, e.walker) | reach(s, e.walker, v).entries;
    for_each_bit(
        held_entries & slice_.va_points[v].entries & ~slice_.table_entries, [&](unsigned i) {
          const Entry& entry = slice_.entries[i];
          const bool foreign = !entry.global && entry.tag == tag &&
                               (tree_nodes_[e.root] >> slice_.cells[entry.cell].node & 1) == 0;
          if (!foreign) return;
          // The same translation under the new root cannot be told apart.
          const std::uint8_t leaf = leaf_in_memory(s, e.root, v);
          if (leaf == slice_.cells[entry.cell].values[entry.value].raw_id) return;
          Sighting sighting;
          sighting.is_rule = true;
          sighting.what = static_cast<std::uint8_t>(Rule::kInvalidateBeforeTagReuse);
          sighting.walker = e.walker;
          sighting.va_point = v;
          sighting.old_entry = static_cast<std::uint8_t>(i);
          sighting.agent = e.agent;
          const Transition t{TransitionKind::kEvent, e.agent, index, 0};
          sink.sight(sighting, &t);
        });
  }
  f.next_root.set(next, e.root);
  finish(next, e, index, sink);
}

// Whether a synchronising event still has to wait for somebody else.
bool Semantics::control_must_wait(const State& s, const Event& e) const {
  bool waits = false;
  switch (e.kind) {
    case EventKind::kLock:
      return layout_.locks[e.lock].get(s) != 0;
    // An interrupt is taken between instructions.
    case EventKind::kStop:
      return others_half_done(s, e.agent);
    case EventKind::kNotify:
      for_each_bit(e.recipients, [&](unsigned w) {
        waits |= device_in_flight(s, static_cast<std::uint8_t>(w), e.cut_atc);
      });
      return waits;
    case EventKind::kInterrupt:
      if (e.recipients == 0) return others_half_done(s, e.agent);
      for_each_bit(e.recipients,
                   [&](unsigned a) { waits |= !ended(s, static_cast<std::uint8_t>(a)); });
      return waits;
    default:
      return false;
  }
}

void Semantics::execute_control(const State& s, const Event& e, std::uint8_t index,
                                MachineSink& sink) const {
  if (control_must_wait(s, e)) return;
  State next = s;
  switch (e.kind) {
    case EventKind::kLock:
      layout_.locks[e.lock].set(next, 1);
      break;
    case EventKind::kUnlock:
      layout_.locks[e.lock].set(next, 0);
      break;
    case EventKind::kStop:
      if (slice_.mutation != Mutation::kStoppedCpusRun) {
        layout_.stopped_by.set(next, e.agent + 1U);
      }
      break;
    case EventKind::kResume:
      layout_.stopped_by.set(next, 0);
      break;
    case EventKind::kNotify:
      notify(next, e);
      break;
    default:
      break;
  }
  finish(next, e, index, sink);
}

// Where all unknown pages hold the same, so do the names of their contents.
bool Semantics::same_value(const State& s, std::uint64_t a, std::uint64_t b) const {
  const auto unknown = [&](std::uint64_t v) {
    return v < slice_.unknown_values.size() && slice_.unknown_values[v] != 0;
  };
  return a == b || (layout_.same_world.get(s) != 0 && unknown(a) && unknown(b));
}

void Semantics::check_forbids(const State& s, MachineSink& sink) const {
  for (const SliceForbid& forbid : slice_.forbids) {
    const Mask all = slice_.agents[forbid.agent].all;
    if (layout_.agents[forbid.agent].executed.get(s) != all) continue;
    if (runnable(s, forbid.agent) != all) continue;  // a fault has ended the thread
    bool seen = true;
    for (const auto& [reg, value] : forbid.all_of) {
      const std::uint64_t held_value = layout_.registers[reg].get(s);
      seen &= held_value != 0 && same_value(s, (held_value - 1) >> 1, value);
    }
    if (!seen) continue;
    Sighting sighting;
    sighting.what = forbid.effect;
    sighting.walker = slice_.agents[forbid.agent].walker;
    sighting.va_point = 0;
    sighting.agent = forbid.agent;
    sighting.is_condition = true;
    sink.sight(sighting, nullptr);
  }
}

}  // namespace amalgam::model
