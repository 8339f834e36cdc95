// The reference machine's view of a program: its pages, agents and their order.
#include <algorithm>
#include <iterator>
#include <sstream>

#include "amalgam/arch/descriptor.hpp"
#include "model/ordering.hpp"
#include "scenarios/reference_machine.hpp"

namespace amalgam::test::reference {

using namespace model;  // NOLINT: the classes of events

Explorer::Explorer(const Program& program, std::uint8_t bbm, arch::Ets ets,
                   const ReferenceOptions& options)
    : program_(program), options_(options), ets_(ets) {
  context_.geometry = program.machine.geometry;
  context_.features = program.machine.features;
  context_.features.bbm = bbm;
  context_.features.ets = ets;
  add_pages();
  add_agents();
  add_observers();
  add_ranks();
}

void Explorer::add_pages() {
  const arch::Geometry& g = program_.machine.geometry;
  for (const Region& region : program_.regions) {
    for (std::uint32_t p = 0; p < region.pages; ++p) {
      Page page;
      page.va = region.base + p * arch::page_bytes(g.granule);
      TableId table = program_.roots[0].table;
      for (int level = arch::start_level(g); level <= 3; ++level) {
        const auto index = static_cast<std::uint32_t>(arch::table_index(g, page.va, level));
        page.cell = program_.find_cell(table, index);
        const std::uint64_t next =
            arch::output_address(g, {program_.cells[page.cell].initial}, level);
        for (TableId t = 0; level < 3 && t < program_.tables.size(); ++t) {
          if (program_.tables[t].address == next) table = t;
        }
      }
      pages_.push_back(std::move(page));
    }
  }
}

std::size_t Explorer::page_of(VaPage page) const {
  const std::uint64_t va = program_.regions[page.region].base +
                           page.page * arch::page_bytes(program_.machine.geometry.granule);
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    if (pages_[p].va == va) return p;
  }
  return pages_.size();
}

std::size_t Explorer::page_of_cell(CellId cell) const {
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    if (pages_[p].cell == cell) return p;
  }
  return pages_.size();
}

// --- agents --------------------------------------------------------------------------------------

// Turns one operation into nodes.
class Explorer::Lowering {
 public:
  Lowering(Explorer& explorer, Agent& agent, const Op& op)
      : explorer_(explorer), agent_(agent), op_(op) {}

  void operator()(const op::WriteDescriptor& o) { cell(NodeKind::kWriteCell, kWrites, o.cell); }
  void operator()(const op::ReadDescriptor& o) {
    cell(NodeKind::kReadCell, kReads, o.cell).reg = o.into;
  }
  void operator()(const op::CompareExchangeDescriptor& o) {
    cell(NodeKind::kCasCell, kReads | kWrites, o.cell);
  }
  void operator()(const op::UpdateDescriptor& o) {
    cell(NodeKind::kUpdateCell, kReads | kWrites, o.cell);
  }
  void operator()(const op::Access& o) {
    const std::size_t at = agent_.nodes.size();
    Node& walk = add(NodeKind::kWalk, kWalks);
    walk.partner = at + 1;
    walk.flight = 1U << explorer_.walks_++;
    add(NodeKind::kAccess, classes_of(o.kind)).partner = at;
    agent_.nodes.back().reg = o.into;
    for (std::size_t n = at; n < at + 2; ++n) {
      agent_.nodes[n].page = explorer_.page_of(o.page);
      agent_.nodes[n].access = o.kind;
      agent_.nodes[n].may_fault = o.may_fault;
    }
  }
  void operator()(const op::FrameAccess& o) {
    constexpr std::array<NodeKind, 3> kKinds{NodeKind::kReadFrame, NodeKind::kWriteFrame,
                                             NodeKind::kAddFrame};
    frame(kKinds[static_cast<std::size_t>(o.kind)], classes_of(o.kind), o.frame).reg = o.into;
  }
  void operator()(const op::CopyFrame& o) {
    const std::size_t at = agent_.nodes.size();
    Node& read = frame(NodeKind::kReadFrame, kReads, o.from);
    read.relies = true;
    read.partner = at;
    frame(NodeKind::kWriteFrame, kWrites, o.to).partner = at;
  }
  void operator()(const op::ZeroFrame& o) { frame(NodeKind::kWriteFrame, kWrites, o.frame); }
  void operator()(const op::Allocate& o) {
    frame(NodeKind::kAllocate, kReads | kWrites | kAcquires, o.page.id);
  }
  void operator()(const op::Free& o) { frame(NodeKind::kFree, kWrites | kReleases, o.page.id); }
  void operator()(const op::Barrier& o) {
    for (const OrderNode& order : nodes_of(o.barrier)) add(NodeKind::kBarrier, 0).order = order;
  }
  void operator()(const op::Tlbi& o) {
    add(NodeKind::kTlbiOwn, kTlbiLocal);
    const auto mnemonic = arch::parse_mnemonic(o.mnemonic);
    const bool local = mnemonic->shareability == arch::Shareability::kLocal;
    if (!local && explorer_.program_.machine.cpus > 1) add(NodeKind::kTlbiOthers, kTlbiRemote);
  }
  void operator()(const op::Lock&) { add(NodeKind::kLock, kReads | kWrites | kAcquires); }
  void operator()(const op::Unlock&) { add(NodeKind::kUnlock, kWrites | kReleases); }
  void operator()(const op::StopOthers&) { add(NodeKind::kStop, kSynchronises); }
  void operator()(const op::ResumeOthers&) { add(NodeKind::kResume, kSynchronises); }
  template <typename Other>
  void operator()(const Other&) {
    explorer_.result_.complete = false;  // beyond this machine
  }

 private:
  static std::uint16_t classes_of(AccessKind kind) {
    if (kind == AccessKind::kLoad) return kReads;
    return kind == AccessKind::kStore ? kWrites : kReads | kWrites;
  }
  Node& add(NodeKind kind, std::uint16_t classes) {
    Node node;
    node.kind = kind;
    node.order.classes = classes;
    node.op = &op_;
    agent_.nodes.push_back(node);
    return agent_.nodes.back();
  }
  Node& cell(NodeKind kind, std::uint16_t classes, CellId id) {
    Node& n = add(kind, classes);
    n.page = explorer_.page_of_cell(id);
    return n;
  }
  Node& frame(NodeKind kind, std::uint16_t classes, std::size_t id) {
    Node& n = add(kind, classes);
    n.frame = id;
    return n;
  }

  Explorer& explorer_;
  Agent& agent_;
  const Op& op_;
};

bool touches_cell(const Node& n) {
  return n.kind == NodeKind::kWriteCell || n.kind == NodeKind::kReadCell ||
         n.kind == NodeKind::kCasCell || n.kind == NodeKind::kUpdateCell;
}

bool writes_cell(const Node& n) { return touches_cell(n) && n.kind != NodeKind::kReadCell; }

bool touches_frame(const Node& n) {
  return n.kind == NodeKind::kReadFrame || n.kind == NodeKind::kWriteFrame ||
         n.kind == NodeKind::kAddFrame || n.kind == NodeKind::kAllocate ||
         n.kind == NodeKind::kFree;
}

RegisterId register_used(const DescriptorExpr& e) { return e.source; }

// Rows 1, 2 and 8: the parts of one instruction, data, and one location.
bool Explorer::depends(const Agent& agent, std::size_t earlier, std::size_t later) const {
  const Node& a = agent.nodes[earlier];
  const Node& b = agent.nodes[later];
  if (b.kind == NodeKind::kAccess && b.partner == earlier) return true;
  if (b.kind == NodeKind::kWriteFrame && a.relies && b.partner == earlier) return true;
  const auto uses = [&](RegisterId reg) {
    return reg != kNone && a.reg == reg && a.kind == NodeKind::kReadCell;
  };
  if (const auto* w = std::get_if<op::WriteDescriptor>(&b.op->operation)) {
    if (uses(register_used(w->value))) return true;
  }
  if (const auto* c = std::get_if<op::CompareExchangeDescriptor>(&b.op->operation)) {
    if (uses(register_used(c->expected)) || uses(register_used(c->desired))) return true;
  }
  // A plain store before a load of the same place is forwarded instead.
  const bool forwarded = (a.kind == NodeKind::kWriteCell && b.kind == NodeKind::kReadCell) ||
                         (a.kind == NodeKind::kWriteFrame && b.kind == NodeKind::kReadFrame);
  if (touches_cell(a) && touches_cell(b)) return a.page == b.page && !forwarded;
  if (touches_frame(a) && touches_frame(b)) return a.frame == b.frame && !forwarded;
  return false;
}

void Explorer::add_order(Agent& agent) const {
  for (std::size_t j = 0; j < agent.nodes.size(); ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      const bool before =
          ordered_by_rule(agent.nodes[i].order, agent.nodes[j].order, ets_) || depends(agent, i, j);
      if (before) agent.nodes[j].preds |= std::uint64_t{1} << i;
    }
  }
}

void Explorer::add_agents() {
  for (const model::Agent& source : program_.agents) {
    Agent agent;
    agent.cpu = source.cpu;
    agent.source = &source;
    for (const Op& op : source.ops) std::visit(Lowering(*this, agent, op), op.operation);
    add_order(agent);
    agents_.push_back(std::move(agent));
  }
}

void Explorer::add_observers() {
  for (const Observer& observer : program_.observers) {
    std::uint32_t cpus = 0;
    for (const std::uint32_t cpu : observer.cpus) cpus |= 1U << cpu;
    for (const model::ObserverAccess& access : observer.accesses) {
      for (std::uint32_t p = access.first; p <= access.last; ++p) {
        observers_.push_back({cpus, page_of({access.region, p}), access});
      }
    }
  }
}

// What an agent's stores make of the descriptors, step by step, each a set of possible values.
class Explorer::Follower {
 public:
  Follower(const Explorer& explorer, const Agent& agent) : explorer_(explorer), agent_(agent) {
    for (const Page& page : explorer.pages_) {
      now_.push_back({explorer.program_.cells[page.cell].initial});
    }
  }

  // Takes the next step. Returns the values that the page may have after it.
  const std::set<std::uint64_t>& step(const Node& n) {
    if (n.kind == NodeKind::kReadCell) registers_[n.reg] = now_[n.page];
    if (n.kind == NodeKind::kWriteCell) {
      now_[n.page] = values(std::get<op::WriteDescriptor>(n.op->operation).value);
    } else if (n.kind == NodeKind::kUpdateCell) {
      const auto& update = std::get<op::UpdateDescriptor>(n.op->operation);
      std::set<std::uint64_t> after;
      for (const std::uint64_t raw : now_[n.page]) after.insert((raw & ~update.clear) | update.set);
      now_[n.page] = std::move(after);
    } else if (n.kind == NodeKind::kCasCell) {
      exchange(n);
    }
    return now_[n.page];
  }

 private:
  std::set<std::uint64_t> values(const DescriptorExpr& e) {
    if (e.source == kNone) return {e.set};
    std::set<std::uint64_t> all;
    for (const std::uint64_t raw : registers_[e.source]) all.insert((raw & ~e.clear) | e.set);
    return all;
  }

  void exchange(const Node& n) {
    const auto& cas = std::get<op::CompareExchangeDescriptor>(n.op->operation);
    const auto expected = values(cas.expected);
    bool alone = true;
    for (const Agent& other : explorer_.agents_) {
      for (const Node& o : other.nodes) {
        alone &= &other == &agent_ || !writes_cell(o) || o.page != n.page;
      }
    }
    auto& now = now_[n.page];
    bool may_succeed = !alone;
    for (const std::uint64_t raw : expected) may_succeed |= now.contains(raw);
    if (!may_succeed) return;
    const bool must_succeed = alone && expected.size() == 1 && now == expected;
    if (must_succeed) now.clear();
    now.merge(values(cas.desired));
  }

  const Explorer& explorer_;
  const Agent& agent_;
  std::vector<std::set<std::uint64_t>> now_;
  std::map<RegisterId, std::set<std::uint64_t>> registers_;
};

// Whether a store may lead its page to another frame: not if it changes what was read of the page
// itself.
bool Explorer::may_move(const Agent& agent, const Node& n) const {
  const auto* cas = std::get_if<op::CompareExchangeDescriptor>(&n.op->operation);
  const auto* write = std::get_if<op::WriteDescriptor>(&n.op->operation);
  if (cas == nullptr && write == nullptr) return false;
  const DescriptorExpr& value = cas == nullptr ? write->value : cas->desired;
  if (value.source == kNone) return cacheable(value.set) && frame_of(value.set).has_value();
  bool own = cas == nullptr;
  for (const Node& read : agent.nodes) {
    if (read.kind == NodeKind::kReadCell && read.reg == value.source) own &= read.page == n.page;
  }
  return !own;
}

// The frames that a page leads to, one after another, as far as one agent's stores say.
void Explorer::add_ranks() {
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    std::set<const Agent*> writers;
    for (const Agent& agent : agents_) {
      for (const Node& n : agent.nodes) {
        if (writes_cell(n) && n.page == p && may_move(agent, n)) writers.insert(&agent);
      }
    }
    const auto frames_of = [&](const std::set<std::uint64_t>& values) {
      std::set<std::size_t> frames;
      for (const std::uint64_t raw : values) {
        const auto frame = cacheable(raw) ? frame_of(raw) : std::nullopt;
        if (frame) frames.insert(*frame);
      }
      return frames;
    };
    std::set<std::size_t> now = frames_of({program_.cells[pages_[p].cell].initial});
    std::vector<std::size_t> succession(now.begin(), now.end());
    bool known = writers.size() <= 1;
    for (const Agent* writer : writers) {
      Follower follower(*this, *writer);
      for (const Node& n : writer->nodes) {
        if (!touches_cell(n)) continue;
        const auto after = frames_of(follower.step(n));
        if (n.page != p) continue;
        std::vector<std::size_t> added;
        std::set_difference(after.begin(), after.end(), now.begin(), now.end(),
                            std::back_inserter(added));
        now = after;
        known &= added.size() <= 1;
        if (added.empty() || (!succession.empty() && succession.back() == added[0])) continue;
        known &= std::find(succession.begin(), succession.end(), added[0]) == succession.end();
        succession.push_back(added[0]);
      }
    }
    for (std::size_t i = 0; known && i < succession.size(); ++i) {
      pages_[p].rank[succession[i]] = static_cast<std::uint8_t>(i);
    }
  }
}

std::vector<Machine> Explorer::start() const {
  Machine m;
  for (const Page& page : pages_) m.cells.push_back({{program_.cells[page.cell].initial, 0, 0}});
  bool unknown = false;
  for (const Frame& frame : program_.frames) {
    m.frames.push_back({{frame.contents.value, false}, frame.free, false});
    unknown |= !frame.contents.known;
  }
  for (const Agent& agent : agents_) {
    AgentState a;
    a.end = agent.nodes.size();
    m.agents.push_back(std::move(a));
  }
  m.flights.resize(program_.machine.cpus);
  m.seen_rank.assign(program_.machine.cpus, std::vector<std::uint8_t>(pages_.size(), 0));
  m.seen_mark.assign(program_.machine.cpus, std::vector<bool>(pages_.size(), false));
  std::vector<Machine> worlds{m};
  if (!unknown) return worlds;
  m.unknown_are_same = true;
  for (FrameState& frame : m.frames) frame.datum.value = named(m, frame.datum.value);
  worlds.push_back(std::move(m));
  return worlds;
}

// --- descriptors ---------------------------------------------------------------------------------

bool Explorer::cacheable(std::uint64_t raw) const {
  return arch::is_leaf(context_.geometry, {raw}, 3) && arch::has_access_flag({raw});
}

std::optional<std::size_t> Explorer::frame_of(std::uint64_t raw) const {
  const std::uint64_t address = arch::output_address(context_.geometry, {raw}, 3);
  for (std::size_t f = 0; f < program_.frames.size(); ++f) {
    if (program_.frames[f].address == address) return f;
  }
  return std::nullopt;
}

bool Explorer::writable(std::uint64_t raw) const {
  return arch::is_writable(context_.geometry, {raw}, 3, false);
}

bool Explorer::allows(std::uint64_t raw, AccessKind kind) const {
  return kind == AccessKind::kLoad ? arch::is_readable(context_.geometry, {raw}, 3) : writable(raw);
}

arch::Change Explorer::change(const Machine& m, std::size_t page, std::uint64_t from,
                              std::uint64_t to) const {
  arch::ChangeContext context = context_;
  context.va = pages_[page].va;
  const auto a = frame_of(from);
  const auto b = frame_of(to);
  bool same = a == b;
  if (a && b && a != b) {
    const FrameState& fa = m.frames[*a];
    const FrameState& fb = m.frames[*b];
    same = !fa.freed && !fb.freed && fa.datum.value == fb.datum.value;
  }
  context.contents = same ? arch::Contents::kSame : arch::Contents::kDifferent;
  return arch::classify({{from}, 3}, {{to}, 3}, context);
}

bool Explorer::removes(const Node& tlbi, std::size_t page, std::uint64_t raw) const {
  const auto& o = std::get<op::Tlbi>(tlbi.op->operation);
  const auto operation = arch::decode(*arch::parse_mnemonic(o.mnemonic), o.operand.value_or(0),
                                      context_.geometry, program_.machine.features);
  arch::TlbEntryTag tag;
  tag.va_start = pages_[page].va;
  tag.global = arch::is_global(context_.geometry, {raw});
  tag.asid = tag.global ? 0 : program_.roots[0].tag;
  tag.granule = context_.geometry.granule;
  return arch::covers(operation, tag);
}

// --- states --------------------------------------------------------------------------------------

std::string Machine::key() const {
  std::string key;
  const auto number = [&](std::uint64_t n) {
    do {
      key.push_back(static_cast<char>(n % 128 + (n >= 128 ? 128 : 0)));
      n /= 128;
    } while (n != 0);
  };
  const auto translation = [&](const Translation& t) {
    number(static_cast<std::uint64_t>(t.kind));
    number(t.where);
    number(t.how);
  };
  const auto datum = [&](const Datum& d) { number(d.value * 2 + (d.mark ? 1 : 0)); };
  const auto map = [&](const auto& values, const auto& one) {
    number(values.size());
    for (const auto& [k, v] : values) {
      number(k);
      one(v);
    }
  };
  for (const auto& cell : cells) {
    number(cell.size());
    for (const Instance& i : cell) {
      number(i.raw);
      number(i.cached);
      number(i.flights);
    }
  }
  for (const FrameState& f : frames) {
    datum(f.datum);
    number((f.freed ? 1 : 0) + (f.relied ? 2 : 0));
  }
  for (const AgentState& a : agents) {
    number(a.executed);
    number(a.end);
    number(a.died ? 1 : 0);
    map(a.walks, translation);
    map(a.recipients, number);
    map(a.data, datum);
    map(a.raws, number);
    map(a.copies, datum);
    map(a.forwarded, number);
  }
  for (const ObserverFlight& f : flights) {
    number(f.active ? f.access + 1 : 0);
    if (f.active) translation(f.translation);
  }
  for (const auto& ranks : seen_rank) {
    for (const std::uint8_t rank : ranks) number(rank);
  }
  for (const auto& marks : seen_mark) {
    for (const bool mark : marks) number(mark ? 1 : 0);
  }
  number(unknown_are_same ? 1 : 0);
  number(watched ? *watched + 1 : 0);
  number(locks.size());
  for (const std::uint32_t lock : locks) number(lock);
  number(stopped_by ? *stopped_by + 1 : 0);
  return key;
}

}  // namespace amalgam::test::reference
