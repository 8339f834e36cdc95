#include "model/machine.hpp"

#include <algorithm>

namespace amalgam::model {

Semantics::Semantics(const Slice& slice) : slice_(slice), layout_(slice) {
  find_trees();
  find_classes();
  find_direct_leaves();
  for (unsigned i = 0; i < slice_.entries.size(); ++i) {
    const bool risky = (slice_.conflicts.break_from[i] | slice_.conflicts.break_if_differ[i]) != 0;
    if (risky && slice_.entries[i].is_new) risky_ |= bit(i);
    const bool told =
        (slice_.conflicts.device_break[i] | slice_.conflicts.device_break_if_differ[i]) != 0;
    if (told && slice_.entries[i].is_new) device_risky_ |= bit(i);
  }
  for (const SliceAgent& agent : slice_.agents) {
    for (const Event& e : agent.events) {
      const bool data = e.kind == EventKind::kReadPage || e.kind == EventKind::kAccess;
      if (data && e.into != kNoIndex) data_registers_.push_back(e.into);
    }
  }
  find_independent();
  for (const SliceCell& cell : slice_.cells) {
    for (const CellValue& value : cell.values) awaits_af_ |= value.kind == ValueKind::kAwaitsAf;
  }
}

// One state for each choice of unknown contents.
std::vector<State> Semantics::initial_worlds() const {
  State s;
  for (std::size_t w = 0; w < slice_.walkers.size(); ++w) {
    layout_.walkers[w].root.set(s, slice_.walkers[w].initial_root);
    layout_.walkers[w].next_root.set(s, slice_.walkers[w].initial_root);
  }
  for (std::size_t c = 0; c < slice_.cells.size(); ++c) {
    layout_.cells[c].set(s, slice_.cells[c].initial);
  }
  for (const std::uint8_t p : indices(slice_.pages)) {
    layout_.pages[p].freed.set(s, slice_.pages[p].free ? 1 : 0);
    layout_.pages[p].value.set(s, slice_.pages[p].value);
  }
  std::vector<State> states{s};
  // The other world: all unknown pages hold the same.
  State same = s;
  layout_.same_world.set(same, 1);
  if (same.words == s.words) return states;
  std::uint8_t value = kNoIndex;
  for (const std::uint8_t p : indices(slice_.pages)) {
    if (!slice_.pages[p].unknown) continue;
    if (value == kNoIndex) value = slice_.pages[p].value;
    layout_.pages[p].value.set(same, value);
  }
  states.push_back(same);
  return states;
}

// One start for each address whose stores may be tracked.
std::vector<State> Semantics::initial_states() const {
  std::vector<State> states;
  for (const State& world : initial_worlds()) {
    for (std::size_t i = 0; i < std::max<std::size_t>(1, layout_.stored_at.size()); ++i) {
      State s = world;
      layout_.watched.set(s, i);
      states.push_back(s);
    }
  }
  return states;
}

void Semantics::expand(const State& state, bool reduce, MachineSink& sink) const {
  Reaches& reaches = reaches_;
  for (const std::uint8_t w : indices(slice_.walkers)) {
    if (is_repeat(state, w)) continue;
    for (const std::uint8_t v : indices(slice_.va_points)) reaches[w][v] = reach(state, w, v);
  }
  if (!slice_.conditions_only) judge(state, reaches, sink);
  check_forbids(state, sink);
  observe(state, reaches, sink);
  if (reduce) {
    for (const std::uint8_t a : indices(slice_.agents)) {
      const bool parked = layout_.stopped_by.get(state) != 0;
      if (parked || !has_started(state, a)) continue;
      const Mask pending =
          independent_[a] & runnable(state, a) & ~layout_.agents[a].executed.get(state);
      for (Mask left = pending; left != 0; left &= left - 1) {
        const auto index = static_cast<std::uint8_t>(std::countr_zero(left));
        if (!may_go_alone(state, a, index)) continue;
        expand_event(state, a, index, sink);
        return;
      }
    }
  }
  for (const std::uint8_t a : indices(slice_.agents)) expand_agent(state, a, sink);
  if (!awaits_af_) return;
  for (const std::uint8_t c : indices(slice_.cells)) {
    const CellValue& value = cell_value(state, c);
    if (value.kind != ValueKind::kAwaitsAf || value.after_af == kNoIndex) continue;
    bool reachable = false;
    for (const std::uint8_t w : indices(slice_.walkers)) {
      const std::uint64_t nodes = reach(state, w, slice_.cells[c].va_point).nodes;
      reachable |= !slice_.walkers[w].device && (nodes >> slice_.cells[c].node & 1) != 0;
    }
    if (!reachable) continue;
    State next = state;
    write_cell(next, c, value.after_af, true);
    sink.next(next, {TransitionKind::kHardwareAf, 0, c, 0});
  }
}

// Sorts the words of like walkers within their class.
void Semantics::canonicalise(State& state) const {
  for (const std::vector<std::uint8_t>& group : classes_) {
    for (std::size_t i = 1; i < group.size(); ++i) {
      for (std::size_t j = i; j > 0; --j) {
        if (!layout_.less_walker(state, group[j], group[j - 1])) break;
        layout_.swap_walkers(state, group[j], group[j - 1]);
      }
    }
  }
}

void Semantics::find_classes() {
  previous_like_.assign(slice_.walkers.size(), kNoIndex);
  for (const std::uint8_t w : indices(slice_.walkers)) {
    std::vector<std::uint8_t> group;
    for (const std::uint8_t other : indices(slice_.walkers)) {
      if (slice_.walkers[other].like == w) group.push_back(other);
    }
    for (std::size_t i = 1; i < group.size(); ++i) previous_like_[group[i]] = group[i - 1];
    if (group.size() > 1) classes_.push_back(std::move(group));
  }
}

bool Semantics::others_touch(const SliceAgent& agent, const Event& e) const {
  for (const SliceAgent& other : slice_.agents) {
    if (&other == &agent) continue;
    for (const Event& o : other.events) {
      const bool same_cell = e.cell != kNoIndex && o.cell == e.cell;
      const bool same_page = e.page != kNoIndex && o.page == e.page;
      const bool locks = o.kind == EventKind::kLock || o.kind == EventKind::kUnlock;
      if (same_cell || same_page || (locks && o.lock == e.lock && is_lock(e))) return true;
      // An allocation fills every descriptor of its table with bytes of nobody's.
      const bool fills = o.kind == EventKind::kAllocate && e.cell != kNoIndex;
      if (fills && o.page == slice_.cells[e.cell].table_page) return true;
    }
  }
  return false;
}

// Whether some translation may lead to the page.
bool Semantics::is_mapped(std::uint8_t page) const {
  return std::any_of(slice_.entries.begin(), slice_.entries.end(),
                     [&](const Entry& entry) { return entry.leaf && entry.page == page; });
}

bool Semantics::hardware_may_write(std::uint8_t cell) const {
  bool may = false;
  for_each_bit(slice_.cells[cell].same, [&](unsigned c) {
    for (const CellValue& v : slice_.cells[c].values) {
      may |= v.after_af != kNoIndex || v.after_dirty != kNoIndex;
    }
  });
  return may;
}

// An event that commutes with every other and that nobody can see: it touches what nobody else
// does. Where one is possible, taking it alone loses nothing.
bool Semantics::is_independent(const SliceAgent& agent, const Event& e) const {
  if (others_touch(agent, e)) return false;
  switch (e.kind) {
    case EventKind::kLock:
    case EventKind::kUnlock:
      return true;
    case EventKind::kReadPage:
    case EventKind::kWritePage:
      return !e.relies && !is_mapped(e.page);
    case EventKind::kReadCell:
      return !hardware_may_write(e.cell);
    default:
      return false;
  }
}

// An independent event may still have to wait for an own one; and begun before what precedes it, it
// would keep others from stopping the CPU.
bool Semantics::may_go_alone(const State& s, std::uint8_t agent, std::uint8_t index) const {
  if (!enabled(s, agent, index)) return false;
  const Event& e = slice_.agents[agent].events[index];
  const std::uint64_t executed = layout_.agents[agent].executed.get(s);
  if (stops_ && (runnable(s, agent) & ~executed & (bit(index) - 1)) != 0) return false;
  if (e.kind == EventKind::kReadCell) return pending_store(s, agent, index) == kNoIndex;
  return e.page == kNoIndex || !earlier_at(s, e, index, e.page).wait;
}

void Semantics::find_independent() {
  for (const SliceAgent& agent : slice_.agents) {
    Mask mask = 0;
    Mask walks = 0;
    Mask tlbis = 0;
    Mask assuming = 0;
    for (unsigned i = 0; i < agent.events.size(); ++i) {
      if (agent.events[i].kind == EventKind::kWalk) walks |= bit(i);
      if (agent.events[i].kind == EventKind::kTlbi) tlbis |= bit(i);
      const EventKind kind = agent.events[i].kind;
      if (agent.events[i].assumes) assuming |= bit(i);
      stops_ |= kind == EventKind::kStop || kind == EventKind::kInterrupt;
      if (is_independent(agent, agent.events[i])) mask |= bit(i);
    }
    walks_.push_back(walks);
    tlbis_.push_back(tlbis);
    independent_.push_back(mask);
    assuming_.push_back(assuming);
    has_assumptions_ |= assuming != 0;
  }
}

}  // namespace amalgam::model
