// Accesses: how they may be translated, where they land, and what a user sees of it.
#include "model/machine.hpp"
#include "model/machine_outcomes.hpp"

namespace amalgam::model {

bool Semantics::contents_differ(const State& s, const Entry& a, const Entry& b) const {
  if (slice_.mutation == Mutation::kContentsIgnored) return false;
  if (a.page == kNoIndex || b.page == kNoIndex) return a.output_address != b.output_address;
  if (a.page == b.page) return false;
  const PageFields& fa = layout_.pages[a.page];
  const PageFields& fb = layout_.pages[b.page];
  // Whoever owns a freed page may have written anything to it.
  if (fa.freed.get(s) != 0 || fb.freed.get(s) != 0) return true;
  if (slice_.pages[a.page].ref.is_table || slice_.pages[b.page].ref.is_table) return true;
  return fa.value.get(s) != fb.value.get(s);
}

Mask Semantics::differing(const State& s, unsigned entry, Mask candidates) const {
  Mask mask = 0;
  for_each_bit(candidates, [&](unsigned other) {
    if (contents_differ(s, slice_.entries[entry], slice_.entries[other])) mask |= bit(other);
  });
  return mask;
}

// A mixture is one only if it is neither of its parts: two of the three fields that mix (output
// address, permissions, memory attributes) have to differ.
bool Semantics::is_mixture_of_fields(const Outcome& o) const {
  const Entry& a = slice_.entries[o.a];
  const Entry& b = slice_.entries[o.b];
  const int differing_fields = int{a.output_address != b.output_address} +
                               int{a.permission_group != b.permission_group} +
                               int{a.attribute_group != b.attribute_group};
  return differing_fields >= 2;
}

// Whether the tables, as memory holds them now, let the walker store to the page.
bool Semantics::grants_store(const State& s, const Access& access, std::uint8_t page) const {
  bool grants = false;
  for_each_bit(current_reach(s, access.walker, access.va_point).entries, [&](unsigned i) {
    const Entry& e = slice_.entries[i];
    grants |= e.leaf && e.page == page && (e.writable || e.dirty_on_store);
  });
  return grants;
}

// A mixture shows only where it gives what neither entry gives: another permission for the page, or
// other memory attributes.
bool Semantics::shows_mixture(const Access& access, const Outcome& outcome) const {
  const Entry& a = slice_.entries[outcome.a];
  const Entry& b = slice_.entries[outcome.b];
  const auto allows = [&](const Entry& e) {
    return access.kind == AccessKind::kLoad ? e.readable : e.writable || e.dirty_on_store;
  };
  return allows(a) != allows(b) || a.attribute_group != b.attribute_group;
}

// The smallest value that no page and no register holds: stored data only ever compares for
// equality.
void Semantics::put_fresh(State& s, std::uint8_t page) const {
  const std::size_t first = slice_.values.size();
  std::uint64_t used = 0;
  const auto use = [&](std::uint64_t value) {
    if (value >= first && value - first < 64) used |= std::uint64_t{1} << (value - first);
  };
  for (std::size_t p = 0; p < slice_.pages.size(); ++p) {
    if (p != page && !slice_.pages[p].ref.is_table) use(layout_.pages[p].value.get(s));
  }
  for (const std::uint8_t r : data_registers_) {
    const std::uint64_t held_value = layout_.registers[r].get(s);
    if (held_value != 0) use((held_value - 1) >> 1);
  }
  std::uint64_t fresh = 0;
  while ((used >> fresh & 1) != 0) ++fresh;
  layout_.pages[page].value.set(s, first + fresh);
}

void Semantics::fault(const Access& access, const Outcome& outcome, bool permission,
                      const Transition& t, MachineSink& sink) const {
  if (access.may_fault || slice_.walkers[access.walker].device) return;
  Sighting sighting;
  sighting.what = static_cast<std::uint8_t>(Effect::kUnexpectedFault);
  sighting.walker = access.walker;
  sighting.va_point = access.va_point;
  sighting.access = access.kind;
  sighting.outcome = outcome;
  sighting.agent = access.agent;
  sighting.event = access.event;
  sighting.permission_fault = permission;
  sink.sight(sighting, &t);
}

// Hardware dirty management records a store in the descriptor as it is in memory now, or walks
// again.
bool Semantics::records_store(State& next, const Entry& entry) const {
  const CellValue& now = cell_value(next, entry.cell);
  if (now.after_dirty == kNoIndex) {
    return now.raw == slice_.cells[entry.cell].values[entry.value].raw;
  }
  write_cell(next, entry.cell, now.after_dirty, true);
  return true;
}

Semantics::Landing Semantics::store(State& next, const Access& access, const Outcome& outcome,
                                    const Transition& t, MachineSink& sink) const {
  const Entry& where = slice_.entries[outcome.a];
  const bool mixture = outcome.kind == OutcomeKind::kMixture;
  const Entry& permission = mixture ? slice_.entries[outcome.b] : where;
  Landing landing{true, true, where.page};
  const bool recorded = !permission.writable && permission.dirty_on_store && !mixture;
  if (recorded && !records_store(next, where)) {
    landing.feasible = false;
    return landing;
  }
  if (!permission.writable && !recorded) {
    fault(access, outcome, true, t, sink);
    landing.happened = false;
    return landing;
  }
  const auto sight = [&](Effect effect) {
    Sighting sighting{false,         static_cast<std::uint8_t>(effect),
                      access.walker, access.va_point,
                      outcome.a,     mixture ? outcome.b : kNoIndex,
                      where.page,    access.kind,
                      outcome,       access.agent,
                      access.event,  false};
    sink.sight(sighting, &t);
  };
  if (lacks_permission(next, access, outcome)) sight(Effect::kWriteThroughStalePermission);
  if (where.page == kNoIndex) return landing;
  if (layout_.pages[where.page].freed.get(next) != 0) {
    sight(Effect::kFreedPageWrite);
  } else if (!slice_.pages[where.page].ref.is_table) {
    put_fresh(next, where.page);
  }
  return landing;
}

// Whether a store that happens was never allowed to its page (a mixture), or no longer is although
// somebody relies on that.
bool Semantics::lacks_permission(const State& s, const Access& access,
                                 const Outcome& outcome) const {
  const Entry& where = slice_.entries[outcome.a];
  if (outcome.kind == OutcomeKind::kMixture) {
    const bool given = slice_.entries[outcome.b].page == where.page;
    return !given && !where.writable && !where.dirty_on_store;
  }
  const bool relied = where.page != kNoIndex && layout_.pages[where.page].relied.get(s) != 0;
  return (relied || all_ended(s)) && !grants_store(s, access, where.page);
}

// Whether the stores at this address are those that are tracked. A page has room for one mark, so
// each run tracks those of one address.
bool Semantics::is_watched(const State& s, std::uint8_t va_point) const {
  const auto& at = layout_.stored_at;
  return !at.empty() && at[layout_.watched.get(s)] == va_point;
}

// What one CPU has seen of an address must not be undone by a later read.
void Semantics::load(State& next, const Access& access, const Outcome& outcome, const Transition& t,
                     MachineSink& sink) const {
  const Entry& where = slice_.entries[outcome.a];
  const auto sight = [&](Effect effect) {
    Sighting sighting{false,         static_cast<std::uint8_t>(effect),
                      access.walker, access.va_point,
                      outcome.a,     kNoIndex,
                      where.page,    access.kind,
                      outcome,       access.agent,
                      access.event,  false};
    sink.sight(sighting, &t);
  };
  if (where.page == kNoIndex) return;
  const PageFields& page = layout_.pages[where.page];
  if (page.freed.get(next) != 0) {
    sight(Effect::kFreedPageRead);
    return;
  }
  const bool table = slice_.pages[where.page].ref.is_table;
  if (table || access.event != kNoIndex || !slice_.va_points[access.va_point].primary) return;
  const WalkerFields& f = layout_.walkers[access.walker];
  const VaPoint& point = slice_.va_points[access.va_point];
  const std::uint8_t rank = point.rank[where.page];
  const std::uint64_t seen = f.seen_rank[access.va_point].get(next);
  bool older = false;
  if (rank != kNoIndex && rank < seen) {
    for (const std::uint8_t p : indices(slice_.pages)) {
      if (point.rank[p] == seen) {
        older = layout_.pages[p].value.get(next) != page.value.get(next);
      }
    }
  }
  const bool watched = is_watched(next, access.va_point);
  const bool marked = page.mark.get(next) != 0;
  if (watched && f.seen_mark[access.va_point].get(next) != 0 && !marked) older = true;
  if (older) sight(Effect::kCoherenceViolation);
  if (rank != kNoIndex && rank > seen) f.seen_rank[access.va_point].set(next, rank);
  if (watched && marked) f.seen_mark[access.va_point].set(next, 1);
}

// What a translation shows by itself. Returns whether the access goes on to memory.
bool Semantics::translate(const Access& access, const Outcome& outcome, const Transition& t,
                          MachineSink& sink) const {
  const auto sight = [&](Effect effect) {
    const Sighting sighting{false,         static_cast<std::uint8_t>(effect),
                            access.walker, access.va_point,
                            outcome.a,     outcome.b,
                            kNoIndex,      access.kind,
                            outcome,       access.agent,
                            access.event,  false};
    sink.sight(sighting, &t);
    return false;
  };
  switch (outcome.kind) {
    case OutcomeKind::kNothing:
      return false;
    case OutcomeKind::kAbort:
      return sight(Effect::kConflictAbort);
    case OutcomeKind::kBitMixture:
      return sight(Effect::kAmalgamation);
    case OutcomeKind::kFault:
      fault(access, outcome, false, t, sink);
      return false;
    case OutcomeKind::kJunkWalk:
      return sight(Effect::kUninitialisedTableWalk);
    case OutcomeKind::kFreedWalk:
      return sight(Effect::kFreedTableWalk);
    case OutcomeKind::kMixture:
      if (shows_mixture(access, outcome)) sight(Effect::kAmalgamation);
      return true;
    case OutcomeKind::kEntry:
      break;
  }
  return true;
}

Semantics::Landing Semantics::land(State& next, const Access& access, const Outcome& outcome,
                                   const Transition& t, MachineSink& sink) const {
  Landing landing;
  if (!translate(access, outcome, t, sink)) return landing;
  if (access.kind != AccessKind::kStore) {
    const Entry& where = slice_.entries[outcome.a];
    const bool mixture = outcome.kind == OutcomeKind::kMixture;
    const bool readable = mixture ? slice_.entries[outcome.b].readable : where.readable;
    if (!readable) {
      fault(access, outcome, true, t, sink);
      return landing;
    }
    load(next, access, outcome, t, sink);
    landing = {true, true, where.page};
  }
  if (access.kind != AccessKind::kLoad) landing = store(next, access, outcome, t, sink);
  return landing;
}

// A CPU that runs an interrupt handler does nothing else.
bool Semantics::in_handler(const State& s, std::uint8_t walker) const {
  for (const std::uint8_t a : indices(slice_.agents)) {
    const SliceAgent& agent = slice_.agents[a];
    const bool handler = agent.starts_after_agent != kNoIndex && agent.walker == walker;
    if (handler && has_started(s, a) && !ended(s, a)) return true;
  }
  return false;
}

// A load that finds what was expected and teaches the observer nothing new, or a fault that is part
// of the contract. Most accesses are of these kinds.
bool Semantics::shows_nothing(const State& s, const Access& access, const Outcome& outcome) const {
  if (outcome.kind == OutcomeKind::kFault && access.may_fault) return true;
  if (access.kind != AccessKind::kLoad || outcome.kind != OutcomeKind::kEntry) return false;
  const Entry& where = slice_.entries[outcome.a];
  if (!where.readable) return false;
  if (where.page == kNoIndex) return true;
  const PageFields& page = layout_.pages[where.page];
  if (page.freed.get(s) != 0) return false;
  if (!slice_.va_points[access.va_point].primary) return true;
  const WalkerFields& f = layout_.walkers[access.walker];
  const bool same_mark =
      !is_watched(s, access.va_point) || f.seen_mark[access.va_point].get(s) == page.mark.get(s);
  const std::uint8_t rank = slice_.va_points[access.va_point].rank[where.page];
  return same_mark && (rank == kNoIndex || rank == f.seen_rank[access.va_point].get(s));
}

void Semantics::observe(const State& s, const Reaches& reaches, MachineSink& sink) const {
  const std::uint64_t stopped = layout_.stopped_by.get(s);
  const std::uint8_t allowed = stopped == 0 ? kNoIndex : slice_.agents[stopped - 1].walker;
  for (const std::uint8_t w : indices(slice_.walkers)) {
    const bool parked = stopped != 0 && w != allowed && !slice_.walkers[w].device;
    if (parked || is_repeat(s, w) || in_handler(s, w)) continue;
    for (const std::uint8_t o : indices(slice_.observers)) {
      const SliceObserver& observer = slice_.observers[o];
      if ((observer.walkers >> w & 1) == 0) continue;
      const Reach& r = reaches[w][observer.va_point];
      const Access access{
          w,        observer.va_point, observer.kind, observer.may_fault, observer.may_be_lost,
          kNoIndex, kNoIndex};
      for_each_outcome(s, w, r, [&](const Outcome& outcome) {
        if (shows_nothing(s, access, outcome)) return;
        const Transition t{TransitionKind::kObserve, w, o, outcome.packed()};
        State next = s;
        const Landing landing = land(next, access, outcome, t, sink);
        if (!landing.feasible) return;
        const bool stored = landing.happened && access.kind != AccessKind::kLoad;
        const bool tracked = !access.may_be_lost && is_watched(s, access.va_point);
        if (stored && tracked) {
          layout_.wrote[access.va_point].set(next, 1);
          if (landing.page != kNoIndex && !slice_.pages[landing.page].ref.is_table) {
            layout_.pages[landing.page].mark.set(next, 1);
          }
          layout_.walkers[w].seen_mark[access.va_point].set(next, 1);
        }
        if (next.words != s.words) sink.next(next, t);
      });
    }
  }
}

}  // namespace amalgam::model
