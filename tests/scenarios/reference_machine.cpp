// The reference machine's steps.
#include "scenarios/reference_machine.hpp"

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"
#include "model/effect.hpp"
#include "model/rule.hpp"

namespace amalgam::test {
namespace reference {

using model::AccessKind;
using model::kNone;
namespace op = model::op;

namespace {

constexpr std::uint32_t kFirstFresh = 1'000;

bool has(std::uint64_t set, std::size_t i) { return (set >> i & 1) != 0; }
std::uint64_t one(std::size_t i) { return std::uint64_t{1} << i; }

}  // namespace

// --- exploring -----------------------------------------------------------------------------------

ReferenceResult Explorer::run() {
  for (Machine& m : start()) visit(std::move(m));
  while (!open_.empty()) {
    const Machine m = std::move(open_.back());
    open_.pop_back();
    expand(m);
    if (seen_.size() > options_.max_states) {
      result_.complete = false;
      break;
    }
  }
  result_.states = seen_.size();
  const std::string end(name(model::Rule::kInvalidateBeforeEnd));
  const bool other = std::any_of(result_.names.begin(), result_.names.end(),
                                 [&](const auto& n) { return n != end && model::rule_named(n); });
  if (other) result_.names.erase(end);
  return result_;
}

void Explorer::visit(Machine m) {
  settle(m);
  if (seen_.emplace(m.key(), true).second) open_.push_back(std::move(m));
}

// Barriers do nothing themselves, so they are done as soon as they may be. Instances that nobody
// can use any more are forgotten.
void Explorer::settle(Machine& m) const {
  for (std::size_t a = 0; a < agents_.size(); ++a) {
    AgentState& state = m.agents[a];
    for (std::size_t n = 0; n < state.end; ++n) {
      const Node& node = agents_[a].nodes[n];
      const bool ready = (node.preds & ~state.executed) == 0;
      if (node.kind == NodeKind::kBarrier && ready) state.executed |= one(n);
    }
  }
  const auto everyone = static_cast<std::uint8_t>(one(program_.machine.cpus) - 1);
  for (auto& cell : m.cells) {
    if (!options_.fills_are_steps && cacheable(cell.back().raw)) cell.back().cached = everyone;
    std::vector<Instance> kept;
    for (std::size_t i = 0; i < cell.size(); ++i) {
      const bool usable = cell[i].cached != 0 || cell[i].flights != 0;
      if (usable || i + 1 == cell.size()) kept.push_back(cell[i]);
    }
    cell = std::move(kept);
  }
}

bool Explorer::ended(const Machine& m, std::size_t agent) const {
  const AgentState& a = m.agents[agent];
  for (std::size_t n = 0; n < a.end; ++n) {
    if (!has(a.executed, n)) return false;
  }
  return true;
}

bool Explorer::all_ended(const Machine& m) const {
  for (std::size_t a = 0; a < agents_.size(); ++a) {
    if (!ended(m, a)) return false;
  }
  return true;
}

bool Explorer::is_parked(const Machine& m, std::uint32_t cpu) const {
  return m.stopped_by && agents_[*m.stopped_by].cpu != cpu;
}

void Explorer::expand(const Machine& m) {
  judge(m);
  judge_forbids(m);
  if (all_ended(m)) judge_end(m);
  for (std::size_t a = 0; a < agents_.size(); ++a) {
    if (is_parked(m, agents_[a].cpu)) continue;
    for (std::size_t n = 0; n < m.agents[a].end; ++n) {
      const bool ready = (agents_[a].nodes[n].preds & ~m.agents[a].executed) == 0;
      if (ready && !has(m.agents[a].executed, n)) step(m, a, n);
    }
  }
  observe(m);
  if (options_.fills_are_steps) fill(m);
}

void Explorer::fill(const Machine& m) {
  for (std::size_t p = 0; p < m.cells.size(); ++p) {
    if (!cacheable(m.cells[p].back().raw)) continue;
    for (std::uint32_t cpu = 0; cpu < program_.machine.cpus; ++cpu) {
      if (has(m.cells[p].back().cached, cpu)) continue;
      Machine next = m;
      next.cells[p].back().cached |= static_cast<std::uint8_t>(one(cpu));
      visit(std::move(next));
    }
  }
}

void Explorer::step(const Machine& m, std::size_t agent, std::size_t node) {
  switch (agents_[agent].nodes[node].kind) {
    case NodeKind::kBarrier:
      return;
    case NodeKind::kWriteCell:
    case NodeKind::kReadCell:
    case NodeKind::kCasCell:
    case NodeKind::kUpdateCell:
      return step_cell(m, agent, node);
    case NodeKind::kWalk:
      return step_walk(m, agent, node);
    case NodeKind::kAccess:
      return step_access(m, agent, node);
    case NodeKind::kReadFrame:
    case NodeKind::kWriteFrame:
    case NodeKind::kAddFrame:
      return step_frame(m, agent, node);
    case NodeKind::kAllocate:
    case NodeKind::kFree:
      return step_free(m, agent, node);
    case NodeKind::kTlbiOwn:
    case NodeKind::kTlbiOthers:
      return step_tlbi(m, agent, node);
    case NodeKind::kLock:
    case NodeKind::kUnlock:
    case NodeKind::kStop:
    case NodeKind::kResume:
      return step_stop(m, agent, node);
  }
}

void Explorer::finish(Machine m, std::size_t agent, std::size_t node) {
  m.agents[agent].executed |= one(node);
  visit(std::move(m));
}

// --- descriptors ---------------------------------------------------------------------------------

std::uint64_t Explorer::evaluate(const AgentState& a, const model::DescriptorExpr& e) const {
  return e.source == kNone ? e.set : (a.raws.at(e.source) & ~e.clear) | e.set;
}

void Explorer::store_cell(Machine& m, std::size_t page, std::uint64_t raw) const {
  if (m.cells[page].back().raw != raw) m.cells[page].push_back({raw, 0, 0});
}

// A store computed from what was read of the same descriptor, which somebody has changed since.
bool Explorer::undoes_an_update(const Machine& m, std::size_t agent, std::size_t node) const {
  const Node& n = agents_[agent].nodes[node];
  const auto& value = std::get<op::WriteDescriptor>(n.op->operation).value;
  if (value.source == kNone) return false;
  for (const Node& read : agents_[agent].nodes) {
    const bool source = read.kind == NodeKind::kReadCell && read.reg == value.source;
    if (source && read.page != n.page) return false;
  }
  return m.agents[agent].raws.at(value.source) != m.cells[n.page].back().raw;
}

void Explorer::step_cell(const Machine& m, std::size_t agent, std::size_t node) {
  Machine next = m;
  AgentState& a = next.agents[agent];
  const Node& n = agents_[agent].nodes[node];
  const std::uint64_t now = m.cells[n.page].back().raw;
  if (n.kind == NodeKind::kReadCell) {
    std::uint64_t raw = now;
    for (std::size_t e = 0; e < node; ++e) {
      const Node& earlier = agents_[agent].nodes[e];
      const bool pending = earlier.kind == NodeKind::kWriteCell && earlier.page == n.page;
      if (!pending || has(a.executed, e)) continue;
      const auto& value = std::get<op::WriteDescriptor>(earlier.op->operation).value;
      if (value.source != kNone && !a.raws.contains(value.source)) return;
      raw = evaluate(a, value);
    }
    a.raws[n.reg] = raw;
  } else if (n.kind == NodeKind::kWriteCell) {
    if (undoes_an_update(m, agent, node)) found("lost-table-update");
    store_cell(next, n.page, evaluate(a, std::get<op::WriteDescriptor>(n.op->operation).value));
    next.cells[n.page].back().flights |= a.forwarded[node];
    a.forwarded.erase(node);
  } else if (n.kind == NodeKind::kCasCell) {
    const auto& cas = std::get<op::CompareExchangeDescriptor>(n.op->operation);
    if (now == evaluate(a, cas.expected)) store_cell(next, n.page, evaluate(a, cas.desired));
  } else {
    const auto& update = std::get<op::UpdateDescriptor>(n.op->operation);
    store_cell(next, n.page, (now & ~update.clear) | update.set);
  }
  finish(std::move(next), agent, node);
}

// --- memory --------------------------------------------------------------------------------------

// The frame that an access is known to go to.
std::optional<std::size_t> Explorer::location(const Machine& m, std::size_t agent,
                                              std::size_t node) const {
  const Node& n = agents_[agent].nodes[node];
  if (n.kind == NodeKind::kReadFrame || n.kind == NodeKind::kWriteFrame ||
      n.kind == NodeKind::kAddFrame) {
    return n.frame;
  }
  if (n.kind != NodeKind::kAccess) return std::nullopt;
  const auto walk = m.agents[agent].walks.find(n.partner);
  if (walk == m.agents[agent].walks.end()) return std::nullopt;
  const Translation& t = walk->second;
  const bool lands = t.kind == Translated::kByEntry || t.kind == Translated::kByMixture;
  return lands && allows(t.how, n.access) ? frame_of(t.where) : std::nullopt;
}

Explorer::Earlier Explorer::earlier_at(const Machine& m, std::size_t agent, std::size_t node,
                                       std::size_t frame) const {
  const auto& nodes = agents_[agent].nodes;
  const AgentState& a = m.agents[agent];
  Earlier result;
  for (std::size_t e = 0; e < node; ++e) {
    if (has(a.executed, e) || location(m, agent, e) != frame) continue;
    const Node& n = nodes[e];
    const bool store_before_load =
        !nodes[node].order.is(model::kWrites) && !n.order.is(model::kReads);
    result.wait |= !store_before_load;
    if (!store_before_load) continue;
    const auto* frame_access = std::get_if<op::FrameAccess>(&n.op->operation);
    const auto* access = std::get_if<op::Access>(&n.op->operation);
    if (frame_access != nullptr) {
      result.forwarded = Datum{named(m, frame_access->value), false};
    } else if (access != nullptr) {
      result.forwarded = Datum{named(m, access->value), m.frames[frame].datum.mark};
    } else if (std::holds_alternative<op::ZeroFrame>(n.op->operation)) {
      result.forwarded = Datum{};
    } else if (a.copies.contains(n.partner)) {
      result.forwarded = a.copies.at(n.partner);
    } else {
      result.wait = true;
    }
  }
  return result;
}

// The value that a name stands for: where unknown contents are the same, their names are too.
std::uint32_t Explorer::named(const Machine& m, std::uint32_t value) const {
  if (!m.unknown_are_same) return value;
  std::optional<std::uint32_t> first;
  for (const model::Frame& frame : program_.frames) {
    if (frame.contents.known) continue;
    if (!first) first = frame.contents.value;
    if (frame.contents.value == value) return *first;
  }
  return value;
}

// A value that nobody has: stored data is only ever compared.
void Explorer::put_fresh(Machine& m, std::size_t frame) const {
  std::set<std::uint32_t> used;
  for (std::size_t f = 0; f < m.frames.size(); ++f) {
    if (f != frame) used.insert(m.frames[f].datum.value);
  }
  for (const AgentState& a : m.agents) {
    for (const auto& [reg, datum] : a.data) used.insert(datum.value);
    for (const auto& [node, datum] : a.copies) used.insert(datum.value);
  }
  std::uint32_t fresh = kFirstFresh;
  while (used.contains(fresh)) ++fresh;
  m.frames[frame].datum.value = fresh;
}

void Explorer::step_frame(const Machine& m, std::size_t agent, std::size_t node) {
  Machine next = m;
  AgentState& a = next.agents[agent];
  const Node& n = agents_[agent].nodes[node];
  const Earlier earlier = earlier_at(m, agent, node, n.frame);
  if (earlier.wait) return;
  FrameState& frame = next.frames[n.frame];
  if (frame.freed && n.order.is(model::kReads)) found("freed-page-read");
  if (frame.freed && n.order.is(model::kWrites)) found("freed-page-write");
  if (n.order.is(model::kReads)) {
    const Datum datum = earlier.forwarded.value_or(frame.datum);
    if (n.reg != kNone) a.data[n.reg] = datum;
    if (n.relies) {
      a.copies[node] = datum;
      rely(m, n.frame);
      bool writable_now = false;
      for (std::size_t p = 0; p < m.cells.size(); ++p) writable_now |= grants_store(m, p, n.frame);
      frame.relied |= !writable_now;
    }
  }
  if (n.kind == NodeKind::kAddFrame) put_fresh(next, n.frame);
  if (n.kind == NodeKind::kWriteFrame) {
    frame.datum = {};
    const auto* write = std::get_if<op::FrameAccess>(&n.op->operation);
    if (write != nullptr) frame.datum.value = named(m, write->value);
    if (std::holds_alternative<op::CopyFrame>(n.op->operation)) {
      frame.datum = a.copies.at(n.partner);
      a.copies.erase(n.partner);
    }
  }
  finish(std::move(next), agent, node);
}

bool Explorer::grants_store(const Machine& m, std::size_t page, std::size_t frame) const {
  const std::uint64_t raw = m.cells[page].back().raw;
  return cacheable(raw) && writable(raw) && frame_of(raw) == frame;
}

// What is copied must hold still: no TLB may let a store through that the tables do not.
void Explorer::rely(const Machine& m, std::size_t frame) {
  for (std::size_t p = 0; p < m.cells.size(); ++p) {
    if (grants_store(m, p, frame)) continue;
    for (const Instance& i : m.cells[p]) {
      const bool stale = i.raw != m.cells[p].back().raw && i.cached != 0;
      if (stale && writable(i.raw) && frame_of(i.raw) == frame) found("invalidate-before-reliance");
    }
  }
}

void Explorer::step_free(const Machine& m, std::size_t agent, std::size_t node) {
  Machine next = m;
  const Node& n = agents_[agent].nodes[node];
  const bool frees = n.kind == NodeKind::kFree;
  next.frames[n.frame].freed = frees;
  for (const auto& cell : m.cells) {
    for (const Instance& i : cell) {
      const bool held = i.cached != 0 || (&i == &cell.back() && cacheable(i.raw));
      if (frees && held && frame_of(i.raw) == n.frame) found("invalidate-before-free");
    }
  }
  finish(std::move(next), agent, node);
}

// --- translations --------------------------------------------------------------------------------

// The instances of the page's descriptor that the CPU may translate with.
std::vector<std::size_t> Explorer::candidates(const Machine& m, std::uint32_t cpu,
                                              std::size_t page) const {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < m.cells[page].size(); ++i) {
    const bool in_memory = i + 1 == m.cells[page].size() && cacheable(m.cells[page][i].raw);
    if (in_memory || has(m.cells[page][i].cached, cpu)) list.push_back(i);
  }
  return list;
}

std::vector<Explorer::Choice> Explorer::choices(const Machine& m, std::uint32_t cpu,
                                                std::size_t page) const {
  const auto& cell = m.cells[page];
  const auto list = candidates(m, cpu, page);
  std::vector<Choice> all;
  for (const std::size_t i : list) {
    all.push_back({{Translated::kByEntry, cell[i].raw, cell[i].raw}, {i}, {}});
    for (const std::size_t j : list) {
      if (j <= i || cell[i].raw == cell[j].raw) continue;
      const arch::Hazard hazard = change(m, page, cell[i].raw, cell[j].raw).hazard;
      if (hazard == arch::Hazard::kWholeEntryOrAbort || hazard == arch::Hazard::kMixtureOrAbort) {
        all.push_back({{Translated::kAbort, 0, 0}, {}, {}});
      }
      if (hazard != arch::Hazard::kMixtureOrAbort) continue;
      all.push_back({{Translated::kByMixture, cell[i].raw, cell[j].raw}, {i, j}, {}});
      all.push_back({{Translated::kByMixture, cell[j].raw, cell[i].raw}, {i, j}, {}});
    }
  }
  if (!cacheable(cell.back().raw)) all.push_back({{Translated::kFault, 0, 0}, {}, {}});
  return all;
}

// Own earlier stores to the page's descriptor that are not in memory but no longer speculative.
std::vector<std::size_t> Explorer::forwardable(const Machine& m, std::size_t agent,
                                               std::size_t node) const {
  std::vector<std::size_t> list;
  const AgentState& a = m.agents[agent];
  for (std::size_t e = 0; e < node; ++e) {
    const Node& n = agents_[agent].nodes[e];
    if (has(a.executed, e)) continue;
    if (n.kind == NodeKind::kWalk) break;
    if (n.kind != NodeKind::kWriteCell || n.page != agents_[agent].nodes[node].page) continue;
    const auto& value = std::get<op::WriteDescriptor>(n.op->operation).value;
    if (value.source == kNone || a.raws.contains(value.source)) list.push_back(e);
  }
  return list;
}

void Explorer::step_walk(const Machine& m, std::size_t agent, std::size_t node) {
  const Node& n = agents_[agent].nodes[node];
  for (const Choice& choice : choices(m, agents_[agent].cpu, n.page)) take(m, agent, node, choice);
  for (const std::size_t store : forwardable(m, agent, node)) {
    const auto& write = std::get<op::WriteDescriptor>(agents_[agent].nodes[store].op->operation);
    const std::uint64_t raw = evaluate(m.agents[agent], write.value);
    const Translation t = cacheable(raw) ? Translation{Translated::kByEntry, raw, raw}
                                         : Translation{Translated::kFault, 0, 0};
    take(m, agent, node, {t, {}, store});
  }
}

// Rows 11 and 12, and the coherence of what the CPU has already read.
bool Explorer::may_take(const Machine& m, std::size_t agent, std::size_t node,
                        const Translation& t) const {
  const auto& nodes = agents_[agent].nodes;
  const Node& n = nodes[node];
  const bool lands = t.kind == Translated::kByEntry || t.kind == Translated::kByMixture;
  const bool denied = lands && !allows(t.how, n.access);
  const bool waits = (t.kind == Translated::kFault && ets_ != arch::Ets::kNone) ||
                     (denied && ets_ == arch::Ets::kEts3);
  for (std::size_t e = 0; waits && e < node; ++e) {
    const bool access = nodes[e].order.is(model::kReads | model::kWrites);
    if (access && !has(m.agents[agent].executed, e)) return false;
  }
  if (!lands || denied) return true;
  for (std::size_t l = node + 2; l < nodes.size(); ++l) {
    if (!has(m.agents[agent].executed, l)) continue;
    if (location(m, agent, l) == frame_of(t.where)) return false;
  }
  return true;
}

void Explorer::take(const Machine& m, std::size_t agent, std::size_t node, const Choice& choice) {
  if (!may_take(m, agent, node, choice.translation)) return;
  const Node& n = agents_[agent].nodes[node];
  const Translation& t = choice.translation;
  Machine next = m;
  AgentState& a = next.agents[agent];
  a.walks[node] = t;
  for (const std::size_t i : choice.instances) next.cells[n.page][i].flights |= n.flight;
  if (choice.store) a.forwarded[*choice.store] |= n.flight;
  // What faults outside the contract ends the agent: nothing later happens.
  const bool lands = t.kind == Translated::kByEntry || t.kind == Translated::kByMixture;
  const bool goes_on = n.may_fault || (lands && allows(t.how, n.access));
  if (!goes_on) a.end = std::min(a.end, n.partner + 1);
  finish(std::move(next), agent, node);
}

// --- accesses ------------------------------------------------------------------------------------

void Explorer::land_load(Machine& m, const Access& access, std::size_t frame) {
  if (m.frames[frame].freed) {
    found("freed-page-read");
    return;
  }
  if (!access.observer) return;
  const auto& ranks = pages_[access.page].rank;
  std::uint8_t& seen = m.seen_rank[access.cpu][access.page];
  const auto own = ranks.find(frame);
  const bool watched = m.watched == access.page;
  bool older = watched && m.seen_mark[access.cpu][access.page] && !m.frames[frame].datum.mark;
  for (const auto& [other, rank] : ranks) {
    const bool back = own != ranks.end() && own->second < seen && rank == seen;
    older |= back && m.frames[other].datum.value != m.frames[frame].datum.value;
  }
  if (older) found("coherence-violation");
  if (own != ranks.end()) seen = std::max(seen, own->second);
  if (watched && m.frames[frame].datum.mark) m.seen_mark[access.cpu][access.page] = true;
}

void Explorer::land_store(Machine& m, const Access& access, const Translation& t, std::size_t frame,
                          bool watch) {
  const bool mixture = t.kind == Translated::kByMixture;
  const bool frozen = m.frames[frame].relied || all_ended(m);
  const bool never = mixture && !writable(t.where) && frame_of(t.how) != frame;
  const bool no_longer = !mixture && frozen && !grants_store(m, access.page, frame);
  if (never || no_longer) found("write-through-stale-permission");
  if (m.frames[frame].freed) {
    found("freed-page-write");
  } else {
    put_fresh(m, frame);
  }
  if (!watch) return;
  m.watched = access.page;
  m.frames[frame].datum.mark = true;
  m.seen_mark[access.cpu][access.page] = true;
}

// A mixture that neither entry gives: two of address, permissions and attributes differ. The access
// notices if only one of the entries allows it, or by the attributes.
bool Explorer::shows_mixture(AccessKind kind, const Translation& t) const {
  namespace bits = arch::bits;
  constexpr std::uint64_t kPermissions =
      bits::kAp1User | bits::kAp2ReadOnly | bits::kDbm | bits::kPxn | bits::kUxn;
  constexpr std::uint64_t kAttributes = bits::kAttrIndx | bits::kShareability;
  const bool permissions = ((t.where ^ t.how) & kPermissions) != 0;
  const bool attributes = ((t.where ^ t.how) & kAttributes) != 0;
  const bool address = frame_of(t.where) != frame_of(t.how);
  if (int{permissions} + int{attributes} + int{address} < 2) return false;
  return attributes || allows(t.where, kind) != allows(t.how, kind);
}

bool Explorer::land(Machine& m, const Access& access, const Translation& t, bool watch) {
  if (t.kind == Translated::kAbort) found("conflict-abort");
  if (t.kind == Translated::kFault && !access.may_fault) found("unexpected-fault");
  if (t.kind != Translated::kByEntry && t.kind != Translated::kByMixture) return false;
  if (t.kind == Translated::kByMixture && shows_mixture(access.kind, t)) found("amalgamation");
  const auto frame = frame_of(t.where);
  if (access.kind != AccessKind::kStore && frame) land_load(m, access, *frame);
  if (access.kind == AccessKind::kLoad) return true;
  if (!writable(t.how)) {
    if (!access.may_fault) found("unexpected-fault");
    return false;
  }
  if (frame) land_store(m, access, t, *frame, watch);
  return true;
}

void Explorer::step_access(const Machine& m, std::size_t agent, std::size_t node) {
  const Node& n = agents_[agent].nodes[node];
  const Translation t = m.agents[agent].walks.at(n.partner);
  const auto frame = location(m, agent, node);
  const Earlier earlier = frame ? earlier_at(m, agent, node, *frame) : Earlier{};
  if (earlier.wait) return;
  Machine next = m;
  AgentState& a = next.agents[agent];
  const Access access{agents_[agent].cpu, n.page, n.access, n.may_fault, false, true};
  const bool happened = land(next, access, t, false);
  if (happened && frame) {
    const Datum before = earlier.forwarded.value_or(m.frames[*frame].datum);
    if (n.reg != kNone) a.data[n.reg] = before;
    if (n.access == AccessKind::kStore) {
      const std::uint32_t value = std::get<op::Access>(n.op->operation).value;
      next.frames[*frame].datum.value = named(m, value);
    }
  }
  if (!happened && !n.may_fault) {
    a.died = true;
    result_.agent_died = true;
  }
  finish(std::move(next), agent, node);
}

// An observer's walk and its access are two steps; it may be interrupted between them.
void Explorer::observe(const Machine& m) {
  for (std::uint32_t cpu = 0; cpu < program_.machine.cpus; ++cpu) {
    if (is_parked(m, cpu)) continue;
    if (m.flights[cpu].active) {
      complete(m, cpu);
      continue;
    }
    for (std::size_t o = 0; o < observers_.size(); ++o) {
      if (!has(observers_[o].cpus, cpu)) continue;
      for (const Choice& choice : choices(m, cpu, observers_[o].page)) {
        Machine next = m;
        next.flights[cpu] = {true, o, choice.translation};
        for (const std::size_t i : choice.instances) {
          next.cells[observers_[o].page][i].flights |= 1U << (walks_ + cpu);
        }
        visit(std::move(next));
      }
    }
  }
}

void Explorer::complete(const Machine& m, std::uint32_t cpu) {
  const ObserverAccess& o = observers_[m.flights[cpu].access];
  const Access access{cpu, o.page, o.said.kind, o.said.may_fault, true, o.said.may_be_lost};
  for (const bool watch : {false, true}) {
    if (watch && (m.watched || access.may_be_lost || access.kind == AccessKind::kLoad)) continue;
    Machine next = m;
    next.flights[cpu] = {};
    for (auto& cell : next.cells) {
      for (Instance& i : cell) i.flights &= ~(1U << (walks_ + cpu));
    }
    land(next, access, m.flights[cpu].translation, watch);
    visit(std::move(next));
  }
}

// --- invalidation --------------------------------------------------------------------------------

// Whether one of the walks in `flights` keeps a TLBI waiting: its access is not done, or (rule P)
// an earlier access of the page has not done its walk.
bool Explorer::waits_for(const Machine& m, std::size_t agent, std::uint32_t flights,
                         std::size_t page) const {
  const auto& nodes = agents_[agent].nodes;
  const AgentState& a = m.agents[agent];
  for (std::size_t w = 0; w < nodes.size(); ++w) {
    if (nodes[w].kind != NodeKind::kWalk || (nodes[w].flight & flights) == 0) continue;
    if (w < a.end && !has(a.executed, nodes[w].partner)) return true;
    for (std::size_t e = 0; e < w; ++e) {
      const bool walk = nodes[e].kind == NodeKind::kWalk && nodes[e].page == page;
      if (walk && !has(a.executed, e)) return true;
    }
  }
  return false;
}

bool Explorer::waits(const Machine& m, std::uint32_t cpu, const Node& tlbi) const {
  for (std::size_t p = 0; p < m.cells.size(); ++p) {
    for (const Instance& i : m.cells[p]) {
      const bool removed = &i != &m.cells[p].back() && removes(tlbi, p, i.raw);
      if (!removed) continue;
      if (has(i.flights, walks_ + cpu)) return true;
      for (std::size_t a = 0; a < agents_.size(); ++a) {
        if (agents_[a].cpu == cpu && waits_for(m, a, i.flights, p)) return true;
      }
    }
  }
  return false;
}

void Explorer::step_tlbi(const Machine& m, std::size_t agent, std::size_t node) {
  const Node& n = agents_[agent].nodes[node];
  const bool own = n.kind == NodeKind::kTlbiOwn;
  for (std::uint32_t cpu = 0; cpu < program_.machine.cpus; ++cpu) {
    if ((cpu == agents_[agent].cpu) != own) continue;
    Machine next = m;
    std::uint8_t& done = next.agents[agent].recipients[node];
    if (has(done, cpu) || (!own && waits(m, cpu, n))) continue;
    done |= static_cast<std::uint8_t>(one(cpu));
    for (std::size_t p = 0; p < next.cells.size(); ++p) {
      for (Instance& i : next.cells[p]) {
        if (removes(n, p, i.raw)) i.cached &= static_cast<std::uint8_t>(~one(cpu));
      }
    }
    const std::uint64_t all = one(program_.machine.cpus) - 1;
    if (own || done == (all & ~one(agents_[agent].cpu))) {
      next.agents[agent].recipients.erase(node);
      finish(std::move(next), agent, node);
    } else {
      visit(std::move(next));
    }
  }
}

// --- locks and stops -----------------------------------------------------------------------------

// Other CPUs are stopped between two instructions: everything before is done, nothing after has
// begun.
bool is_between_instructions(const Agent& agent, const AgentState& state) {
  bool gap = false;
  bool done = true;
  for (std::size_t n = 0; n < agent.nodes.size(); ++n) {
    if (agent.nodes[n].kind == NodeKind::kBarrier || n >= state.end) continue;
    const bool executed = has(state.executed, n);
    done &= !(gap && executed);
    // An invalidation may be on its way: only a DSB waits for it.
    const bool tlbi =
        agent.nodes[n].kind == NodeKind::kTlbiOwn || agent.nodes[n].kind == NodeKind::kTlbiOthers;
    gap |= !executed && !tlbi;
    const bool half = agent.nodes[n].kind == NodeKind::kWalk && executed;
    if (half && !has(state.executed, agent.nodes[n].partner)) return false;
  }
  return done;
}

void Explorer::step_stop(const Machine& m, std::size_t agent, std::size_t node) {
  Machine next = m;
  const Node& n = agents_[agent].nodes[node];
  if (const auto* lock = std::get_if<op::Lock>(&n.op->operation)) {
    if (!next.locks.insert(lock->lock).second) return;
  } else if (const auto* unlock = std::get_if<op::Unlock>(&n.op->operation)) {
    next.locks.erase(unlock->lock);
  } else if (n.kind == NodeKind::kStop) {
    for (std::size_t a = 0; a < agents_.size(); ++a) {
      if (a != agent && !is_between_instructions(agents_[a], m.agents[a])) return;
    }
    for (const ObserverFlight& flight : m.flights) {
      if (flight.active) return;
    }
    next.stopped_by = agent;
  } else {
    next.stopped_by.reset();
  }
  finish(std::move(next), agent, node);
}

// --- judgement -----------------------------------------------------------------------------------

void Explorer::judge(const Machine& m) {
  for (std::size_t p = 0; p < m.cells.size(); ++p) {
    for (std::uint32_t cpu = 0; cpu < program_.machine.cpus; ++cpu) {
      const auto list = candidates(m, cpu, p);
      for (const std::size_t i : list) {
        for (const std::size_t j : list) {
          if (j <= i || m.cells[p][i].raw == m.cells[p][j].raw) continue;
          const auto broken = change(m, p, m.cells[p][i].raw, m.cells[p][j].raw);
          if (broken.break_required) found("break-before-make");
        }
      }
    }
  }
}

void Explorer::judge_end(const Machine& m) {
  for (std::size_t p = 0; p < m.cells.size(); ++p) {
    const std::uint64_t now = m.cells[p].back().raw;
    std::optional<std::size_t> frame;
    if (cacheable(now)) frame = frame_of(now);
    if (m.watched == p && frame.has_value() && !m.frames[frame.value()].datum.mark) {
      found("lost-write");
    }
    for (const Instance& i : m.cells[p]) {
      if (i.raw == now || i.cached == 0) continue;
      if (!cacheable(now)) {
        found("invalidate-before-end");
        continue;
      }
      const arch::Change c = change(m, p, i.raw, now);
      if (c.tlbi != arch::TlbiOwed::kNone && !c.tlbi_may_wait) found("invalidate-before-end");
      const auto old = frame_of(i.raw);
      if (!old || old == frame) continue;
      const bool differ = m.frames[*old].freed || (frame && m.frames[*frame].freed) || !frame ||
                          m.frames[*old].datum.value != m.frames[*frame].datum.value;
      for (const ObserverAccess& o : observers_) {
        const bool reads = o.page == p && o.said.kind != AccessKind::kStore;
        if (differ && reads && (o.cpus & i.cached) != 0) found("stale-read");
      }
    }
  }
}

void Explorer::judge_forbids(const Machine& m) {
  for (std::size_t a = 0; a < agents_.size(); ++a) {
    if (m.agents[a].died || !ended(m, a)) continue;
    for (const model::Forbid& forbid : agents_[a].source->forbids) {
      bool seen = true;
      for (const model::RegisterIs& term : forbid.all_of) {
        const auto held = m.agents[a].data.find(term.reg);
        seen &= held != m.agents[a].data.end() && held->second.value == named(m, term.value);
      }
      if (seen) found(forbid.effect);
    }
  }
}

}  // namespace reference

ReferenceResult explore_reference(const model::Program& program, std::uint8_t bbm, arch::Ets ets,
                                  const ReferenceOptions& options) {
  return reference::Explorer(program, bbm, ets, options).run();
}

}  // namespace amalgam::test
