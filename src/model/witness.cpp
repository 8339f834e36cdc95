#include "model/witness.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "model/change_context.hpp"
#include "model/describe.hpp"
#include "model/ordering.hpp"
#include "model/slice_history.hpp"

namespace amalgam::model {

namespace {

bool pairs_entries(OutcomeKind kind) {
  return kind == OutcomeKind::kMixture || kind == OutcomeKind::kAbort ||
         kind == OutcomeKind::kBitMixture;
}

// Finds the successor that a transition led to, before like walkers were sorted.
class Retaken final : public MachineSink {
 public:
  Retaken(const Semantics& machine, const Transition& wanted, const State& target)
      : machine_(machine), wanted_(wanted.packed()), target_(target) {}
  void next(const State& state, const Transition& transition) override {
    if (found || transition.packed() != wanted_) return;
    State canonical = state;
    machine_.canonicalise(canonical);
    if (canonical.words != target_.words) return;
    plain = state;
    found = true;
  }
  void sight(const Sighting&, const Transition*) override {}

  State plain;
  bool found = false;

 private:
  const Semantics& machine_;
  std::uint64_t wanted_;
  const State& target_;
};

// A run with like walkers given names that stay the same from step to step.
class Narrator {
 public:
  Narrator(const Slice& slice, const Found& found)
      : slice_(slice), found_(found), machine_(slice), names_(slice.walkers.size()) {
    for (const std::uint8_t w : indices(names_)) names_[w] = w;
  }

  Witness tell();
  // The walker of the sighting under its lasting name. Valid after tell().
  [[nodiscard]] std::uint8_t sighted_walker() const { return final_walker_; }
  [[nodiscard]] Location blamed() const { return last_location_; }

 private:
  std::uint32_t column(const std::string& name);
  std::string agent_column(std::uint8_t agent) const;
  std::string observer_column(std::uint8_t walker, std::uint8_t observer) const;
  void add_step(std::uint32_t at, std::string text, std::vector<std::string> notes = {},
                Location location = {});
  void tell_barriers(std::uint8_t agent, std::uint32_t up_to);
  [[nodiscard]] std::vector<std::string> event_notes(const State& before,
                                                     const Transition& t) const;
  void tell_event(const State& before, const Transition& t);
  void tell_observation(const State& before, const Transition& t);
  void tell_kept_entries(std::size_t step);
  void find_kept_entries();
  void rename(const State& before, const Transition& t, const State& after);
  std::string outcome_text(const State& s, const Outcome& o, AccessKind kind) const;
  std::uint32_t op_index(const Event& e) const;

  const Slice& slice_;
  const Found& found_;
  Semantics machine_;
  std::vector<std::uint8_t> names_;  // [walker now] -> lasting walker
  Witness witness_;
  std::map<std::uint8_t, std::uint32_t> told_up_to_;                        // agent -> op index + 1
  std::multimap<std::size_t, std::pair<std::uint8_t, std::uint8_t>> kept_;  // step -> walker, entry
  std::uint8_t final_walker_ = kNoIndex;
  Location last_location_;
};

std::uint32_t Narrator::column(const std::string& name) {
  auto& columns = witness_.columns;
  const auto known = std::find(columns.begin(), columns.end(), name);
  if (known != columns.end()) return static_cast<std::uint32_t>(known - columns.begin());
  columns.push_back(name);
  return static_cast<std::uint32_t>(columns.size() - 1);
}

std::string Narrator::agent_column(std::uint8_t agent) const {
  const SliceAgent& a = slice_.agents[agent];
  return walker_name(slice_, a.walker) + "  " + a.name;
}

std::string Narrator::observer_column(std::uint8_t walker, std::uint8_t observer) const {
  const SliceObserver& o = slice_.observers[observer];
  return walker_name(slice_, walker) + "  " + slice_.program->observers[o.observer].name;
}

void Narrator::add_step(std::uint32_t at, std::string text, std::vector<std::string> notes,
                        Location location) {
  witness_.steps.push_back({at, std::move(text), std::move(notes), location});
}

std::uint32_t Narrator::op_index(const Event& e) const {
  const Origin& origin = slice_.origins[e.op];
  const auto& ops = slice_.program->agents[origin.agent].ops;
  const Op* first = ops.data();
  if (origin.op < first || origin.op >= first + ops.size()) return kNone;  // inside an interrupt
  return static_cast<std::uint32_t>(origin.op - first);
}

// Barriers are no events; they stand in the timeline where program order has them.
void Narrator::tell_barriers(std::uint8_t agent, std::uint32_t up_to) {
  if (up_to == kNone) return;
  std::uint32_t& from = told_up_to_[agent];
  const Agent& a = slice_.program->agents[slice_.agents[agent].agent];
  std::string last;
  for (; from < up_to; ++from) {
    const Op& op = a.ops[from];
    const bool barrier = std::holds_alternative<op::Barrier>(op.operation);
    if (!barrier) {
      last.clear();
      continue;
    }
    if (op.text == last) continue;
    last = op.text;
    add_step(column(agent_column(agent)), op.text, {}, op.location);
  }
  from = std::max(from, up_to + 1);
}

std::string Narrator::outcome_text(const State& s, const Outcome& o, AccessKind kind) const {
  const std::string a = describe_entry(slice_, o.a);
  const std::string b = describe_entry(slice_, o.b);
  switch (o.kind) {
    case OutcomeKind::kEntry: {
      const Entry& e = slice_.entries[o.a];
      const bool current =
          (machine_.slice().cells[e.cell].values[machine_.layout().cells[e.cell].get(s)].entries >>
               o.a &
           1) != 0;
      const bool denied = kind != AccessKind::kLoad && !e.writable && !e.dirty_on_store;
      const std::string how = current ? "" : " (still in the TLB)";
      if (denied) return a + how + ": permission fault";
      return a + how + " => " + page_name(slice_, e.page);
    }
    case OutcomeKind::kMixture:
      return "two entries match: output address of " + a + ", permissions of " + b + " => " +
             page_name(slice_, slice_.entries[o.a].page);
    case OutcomeKind::kBitMixture:
      return "two entries match: some output address bits of " + a + ", some of " + b +
             " => memory that neither names";
    case OutcomeKind::kAbort:
      return "two entries match, " + a + " and " + b + ": TLB conflict abort";
    case OutcomeKind::kFault:
      return o.b == 1 ? a + ": the nT bit gives a translation fault"
                      : "the walk finds no valid descriptor: fault";
    case OutcomeKind::kJunkWalk:
      return "the walk reads bytes that nobody initialised";
    case OutcomeKind::kFreedWalk:
      return "the walk reads a freed table";
    case OutcomeKind::kNothing:
      break;
  }
  return {};
}

// What an event did, where its text alone does not say.
std::vector<std::string> Narrator::event_notes(const State& before, const Transition& t) const {
  const Event& e = slice_.agents[t.actor].events[t.index];
  switch (e.kind) {
    case EventKind::kWalk:
      return {outcome_text(before, Outcome::unpack(t.choice), e.access)};
    case EventKind::kAccess: {
      const Outcome o = Outcome::unpack(machine_.layout().flights[e.slot].get(before));
      return {outcome_text(before, o, e.access)};
    }
    case EventKind::kReadPage:
      return {"reads " + page_name(slice_, e.page)};
    case EventKind::kWritePage:
      return {"writes " + page_name(slice_, e.page)};
    case EventKind::kReadCell:
    case EventKind::kWriteCell: {
      if (!e.copies_tables) return {};
      const std::string& cell = slice_.program->cells[slice_.cells[e.cell].cell].name;
      return {(e.kind == EventKind::kReadCell ? "reads " : "writes ") + cell};
    }
    case EventKind::kTlbi: {
      if (t.kind == TransitionKind::kReceive) {
        return {"reaches " + walker_name(slice_, names_[t.choice])};
      }
      const bool remote = (e.classes & kTlbiRemote) != 0;
      return {remote ? "reaches the other CPUs" : "reaches this CPU"};
    }
    default:
      return {};
  }
}

void Narrator::tell_event(const State& before, const Transition& t) {
  const Event& e = slice_.agents[t.actor].events[t.index];
  const Op& op = *slice_.origins[e.op].op;
  const std::uint32_t index = op_index(e);
  const bool late = index != kNone && index + 1 < told_up_to_[t.actor];
  tell_barriers(t.actor, index);
  last_location_ = op.location;
  std::string text = op.text;
  if (e.kind == EventKind::kWalk) text.insert(0, "walk for: ");
  if (e.kind == EventKind::kRootEffect) text += ", in effect";
  std::vector<std::string> notes = event_notes(before, t);
  if (late) notes.emplace_back("executes only now: nothing orders it before what follows it");
  add_step(column(agent_column(t.actor)), std::move(text), std::move(notes), op.location);
}

void Narrator::tell_observation(const State& before, const Transition& t) {
  const SliceObserver& o = slice_.observers[t.index];
  const std::string text = access_name(o.kind) + " " + slice_.va_points[o.va_point].name;
  const std::uint32_t at = column(observer_column(names_[t.actor], t.index));
  add_step(at, text, {outcome_text(before, Outcome::unpack(t.choice), o.kind)});
}

// After a step, the walkers are sorted: follows each one to its new place.
void Narrator::rename(const State& before, const Transition& t, const State& after) {
  Retaken retaken(machine_, t, after);
  machine_.expand(before, false, retaken);
  if (!retaken.found) return;
  std::vector<std::uint8_t> next = names_;
  std::set<std::uint8_t> taken;
  for (const std::uint8_t w : indices(names_)) {
    for (const std::uint8_t to : indices(names_)) {
      const bool like = slice_.walkers[to].like == slice_.walkers[w].like;
      if (!like || taken.count(to) != 0) continue;
      if (!machine_.layout().same_walker(retaken.plain, w, after, to)) continue;
      next[to] = names_[w];
      taken.insert(to);
      break;
    }
  }
  names_ = std::move(next);
}

// Where an entry that the finding uses was last current: there the TLB was filled.
void Narrator::find_kept_entries() {
  const Sighting& s = found_.sighting;
  if (s.walker == kNoIndex) return;
  std::set<std::uint8_t> used;
  if (s.is_rule) {
    used.insert(s.old_entry);
  } else if (s.outcome.kind == OutcomeKind::kEntry) {
    used.insert(s.outcome.a);
  } else if (pairs_entries(s.outcome.kind)) {
    used.insert(s.outcome.a);
    used.insert(s.outcome.b);
  }
  for (const std::uint8_t entry : used) {
    if (entry >= slice_.entries.size()) continue;
    const Entry& e = slice_.entries[entry];
    const auto current = [&](std::size_t i) {
      const std::uint64_t value = machine_.layout().cells[e.cell].get(found_.states[i]);
      return (slice_.cells[e.cell].values[value].entries >> entry & 1) != 0;
    };
    std::size_t last = found_.states.size();
    for (std::size_t i = 0; i < found_.states.size(); ++i) {
      if (current(i)) last = i;
    }
    if (last + 1 < found_.states.size()) kept_.emplace(last, std::make_pair(s.walker, entry));
  }
}

void Narrator::tell_kept_entries(std::size_t step) {
  const auto [first, end] = kept_.equal_range(step);
  for (auto it = first; it != end; ++it) {
    const std::uint8_t walker = it->second.first;
    const Sighting& s = found_.sighting;
    std::string at = walker_name(slice_, walker);
    for (const std::uint8_t o : indices(slice_.observers)) {
      const bool own = (slice_.observers[o].walkers >> walker & 1) != 0;
      if (own && slice_.observers[o].va_point == s.va_point) at = observer_column(walker, o);
    }
    for (const std::uint8_t a : indices(slice_.agents)) {
      if (slice_.agents[a].walker == walker) at = agent_column(a);
    }
    add_step(column(at), "translate " + slice_.va_points[s.va_point].name,
             {"-> " + describe_entry(slice_, it->second.second) + " (kept in the TLB)"});
  }
}

Witness Narrator::tell() {
  for (const std::uint8_t a : indices(slice_.agents)) {
    if (slice_.agents[a].starts_after_agent == kNoIndex && !slice_.agents[a].events.empty()) {
      column(agent_column(a));
    }
  }
  // The lasting names are only known at the end: a first pass finds the sighted walker.
  for (std::size_t i = 0; i + 1 < found_.states.size(); ++i) {
    rename(found_.states[i], found_.transitions[i], found_.states[i + 1]);
  }
  const std::uint8_t walker = found_.sighting.walker;
  final_walker_ = walker == kNoIndex ? walker : names_[walker];
  find_kept_entries();
  for (auto& kept : kept_) kept.second.first = final_walker_;
  for (const std::uint8_t w : indices(names_)) names_[w] = w;
  for (std::size_t i = 0; i < found_.transitions.size(); ++i) {
    tell_kept_entries(i);
    const Transition& t = found_.transitions[i];
    const State& before = found_.states[i];
    if (t.kind == TransitionKind::kObserve) {
      tell_observation(before, t);
    } else if (t.kind == TransitionKind::kHardwareAf) {
      add_step(column("hardware"),
               "sets AF in " + slice_.program->cells[slice_.cells[t.index].cell].name);
    } else {
      tell_event(before, t);
    }
    if (i + 1 < found_.states.size()) rename(before, t, found_.states[i + 1]);
  }
  return std::move(witness_);
}

// --- sentences -----------------------------------------------------------------------------------

std::string who(const Slice& slice, const Sighting& s, std::uint8_t walker) {
  const std::string where =
      s.va_point < slice.va_points.size() ? " of " + slice.va_points[s.va_point].name : "";
  return walker_name(slice, walker) + "'s " + access_name(s.access) + where;
}

std::string page_of(const Slice& slice, const Outcome& o, std::uint8_t page) {
  if (o.kind == OutcomeKind::kNothing || o.a >= slice.entries.size()) return page_name(slice, page);
  return page_name(slice, slice.entries[o.a].page);
}

std::string address_name(const Slice& slice, const Sighting& s) {
  return s.va_point < slice.va_points.size() ? slice.va_points[s.va_point].name : std::string();
}

// A `forbid` names any effect; its sighting has an agent but no event.
bool is_forbidden_outcome(const Sighting& s) {
  return !s.is_rule && s.agent != kNoIndex && s.event == kNoIndex;
}

std::string fault_sentence(const Slice& slice, const Sighting& s, const std::string& actor) {
  if (s.permission_fault) {
    return actor + " takes a permission fault: " + describe_entry(slice, s.outcome.a) +
           " does not allow it";
  }
  if (s.outcome.b == 1) return actor + " may take a translation fault while nT is set";
  return actor + " takes a fault: at that moment the walk finds no valid descriptor";
}

// Two entries matched, and what came of it.
std::string pair_sentence(const Slice& slice, const Sighting& s, const std::string& actor) {
  const std::string a = describe_entry(slice, s.outcome.a);
  const std::string b = describe_entry(slice, s.outcome.b);
  const auto effect = static_cast<Effect>(s.what);
  if (effect == Effect::kConflictAbort) {
    return actor + " matches " + a + " and " + b +
           " and takes a TLB conflict abort; the access does not happen, Linux has no recovery";
  }
  if (s.outcome.kind == OutcomeKind::kBitMixture) {
    return actor + " uses a bitwise mixture of the output addresses of " + a + " and " + b +
           ": it may reach memory that neither names";
  }
  const std::string page = page_of(slice, s.outcome, s.page);
  if (effect == Effect::kWriteThroughStalePermission) {
    return actor + " lands in " + page + ", which " + address_name(slice, s) +
           " was never allowed to write: the permission is that of " + b;
  }
  const bool denied = s.access != AccessKind::kLoad && !slice.entries[s.outcome.b].writable;
  const std::string end =
      denied ? ": it is denied, though " + a + " allows it" : ": it reaches " + page;
  const bool permissions =
      slice.entries[s.outcome.a].permission_group != slice.entries[s.outcome.b].permission_group;
  return actor + " uses the output address of " + a + " with the " +
         (permissions ? "permissions" : "memory attributes") + " of " + b + end;
}

// An access got to a page that it should not have got to.
std::string landing_sentence(const Slice& slice, const Sighting& s, const std::string& actor) {
  const std::string page = page_of(slice, s.outcome, s.page);
  switch (static_cast<Effect>(s.what)) {
    case Effect::kWriteThroughStalePermission:
      return actor + " still lands in " + page + " through " + describe_entry(slice, s.outcome.a) +
             ", which the tables no longer hold";
    case Effect::kFreedPageRead:
      return actor + " reads " + page + " after it was freed";
    case Effect::kFreedPageWrite:
      return actor + " lands in " + page +
             " after it was freed: whoever owns the page now is corrupted";
    default:
      break;
  }
  return actor + " reads " + page + " although the same CPU has already seen what is newer";
}

// What the end state lacks.
std::string end_sentence(const Slice& slice, const Sighting& s, std::uint8_t walker) {
  const std::string at = address_name(slice, s);
  switch (static_cast<Effect>(s.what)) {
    case Effect::kLostWrite:
      return "a store to " + at + " completed, but " + page_name(slice, s.page) + ", where " + at +
             " leads in the end, does not have it";
    case Effect::kStaleRead:
      return "after the update has finished " + walker_name(slice, walker) + " still reads " +
             page_of(slice, s.outcome, s.page) + " at " + at;
    default:
      break;
  }
  return "an update of the descriptor for " + at +
         " is lost: it is overwritten, or left in a table that is no longer used";
}

std::string effect_sentence(const Slice& slice, const Sighting& s, std::uint8_t walker) {
  const std::string actor = who(slice, s, walker);
  if (is_forbidden_outcome(s)) {
    return walker_name(slice, walker) + " ends with the register values that the case forbids";
  }
  if (pairs_entries(s.outcome.kind)) return pair_sentence(slice, s, actor);
  switch (static_cast<Effect>(s.what)) {
    case Effect::kUnexpectedFault:
      return fault_sentence(slice, s, actor);
    case Effect::kFreedTableWalk:
      return "the walk for " + actor + " reads a table after it was freed";
    case Effect::kUninitialisedTableWalk:
      return "the walk for " + actor +
             " reads a descriptor before its initialisation reached memory";
    case Effect::kLostWrite:
    case Effect::kStaleRead:
    case Effect::kLostTableUpdate:
      return end_sentence(slice, s, walker);
    default:
      return landing_sentence(slice, s, actor);
  }
}

std::string rule_sentence(const Slice& slice, const Sighting& s, std::uint8_t walker) {
  const std::string cpu = walker_name(slice, walker);
  const std::string old_text = describe_entry(slice, s.old_entry);
  const std::string at =
      s.va_point < slice.va_points.size() ? slice.va_points[s.va_point].name : "";
  switch (static_cast<Rule>(s.what)) {
    case Rule::kInvalidateBeforeFree:
      return page_name(slice, s.page) + " is freed while " + cpu + " may still hold " + old_text +
             " for " + at;
    case Rule::kInvalidateBeforeReliance:
      return page_name(slice, s.page) + " is read as frozen while " + cpu +
             " may still write it through " + old_text;
    case Rule::kInvalidateBeforeTagReuse:
      return cpu + " may still hold " + old_text +
             " of other tables under the tag that is given to new ones";
    case Rule::kInvalidateBeforeEnd:
      return "the update is over, but " + cpu + " may still hold " + old_text + " for " + at +
             " and nothing invalidates it";
    case Rule::kInitialiseBeforePublish:
      return cpu + " can reach the descriptor for " + at +
             " before its table's contents are ordered";
    case Rule::kNotifyBeforeMake:
      return cpu + " may still translate " + at + " by " + old_text +
             " when the new entry is set: notify it in between";
    case Rule::kBreakBeforeMake:
      break;
  }
  return cpu + " may hold both for " + at;
}

// The operation that made the newer entry of a pair.
Location writer_of(const Slice& slice, std::uint8_t entry) {
  if (entry >= slice.entries.size()) return {};
  const Entry& e = slice.entries[entry];
  for (const SliceAgent& agent : slice.agents) {
    for (const Event& event : agent.events) {
      if (event.cell == kNoIndex || (slice.cells[event.cell].same >> e.cell & 1) == 0) continue;
      if (may_store(slice, event, e.value)) return slice.origins[event.op].op->location;
    }
  }
  return {};
}

Certainty certainty_of(arch::Confidence confidence) {
  switch (confidence) {
    case arch::Confidence::kHigh:
      return Certainty::kHigh;
    case arch::Confidence::kMedium:
      return Certainty::kMedium;
    case arch::Confidence::kLow:
      return Certainty::kLow;
    case arch::Confidence::kSingleSource:
      break;
  }
  return Certainty::kSingleSource;
}

void add_change(const Slice& slice, const Sighting& s, Finding& finding) {
  if (s.old_entry >= slice.entries.size()) return;
  finding.subject = describe_entry(slice, s.old_entry);
  if (s.new_entry >= slice.entries.size()) return;
  finding.subject += "  ->  " + describe_entry(slice, s.new_entry);
  arch::ChangeContext context = change_context(*slice.program, slice);
  context.va = slice.va_points[s.va_point].address;
  const arch::Geometry& g = slice.program->machine.geometry;
  const arch::Entry old_arch = arch_entry(slice, g, slice.entries[s.old_entry]);
  const arch::Entry new_arch = arch_entry(slice, g, slice.entries[s.new_entry]);
  // Differing contents are the reason only where the change would be legal without.
  context.contents = arch::Contents::kSame;
  arch::Change change = arch::classify(old_arch, new_arch, context);
  if (!change.break_required) {
    context.contents = arch::Contents::kDifferent;
    const arch::Change differing = arch::classify(old_arch, new_arch, context);
    if (differing.break_required) change = differing;
  }
  finding.change_row = static_cast<std::uint32_t>(change.row);
  finding.label = std::string(change.label);
  finding.certainty = certainty_of(change.confidence);
  if (change.row != arch::RowId::kNone) {
    finding.why = std::string(arch::row(change.row).title) + ": " + finding.why;
  }
}

}  // namespace

Finding make_finding(const Slice& slice, const Found& found) {
  const Sighting& s = found.sighting;
  Finding finding;
  Narrator narrator(slice, found);
  finding.witness = narrator.tell();
  const std::uint8_t walker = narrator.sighted_walker();
  if (s.va_point < slice.va_points.size()) {
    finding.address = slice.va_points[s.va_point].address;
    finding.page = slice.va_points[s.va_point].name;
  }
  if (s.is_rule) {
    finding.rule = static_cast<Rule>(s.what);
    finding.label = std::string(kRules[s.what].label);
    finding.why = rule_sentence(slice, s, walker);
    finding.location = writer_of(slice, s.new_entry);
    add_change(slice, s, finding);
  } else {
    finding.effect = static_cast<Effect>(s.what);
    finding.why = effect_sentence(slice, s, walker);
    if (pairs_entries(s.outcome.kind)) {
      finding.subject =
          describe_entry(slice, s.outcome.a) + "  and  " + describe_entry(slice, s.outcome.b);
    }
  }
  if (finding.location.line == 0) finding.location = narrator.blamed();
  return finding;
}

}  // namespace amalgam::model
