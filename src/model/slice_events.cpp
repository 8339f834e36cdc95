// Lowers the operations of a slice to events, with the order that the architecture preserves.
#include <algorithm>
#include <map>

#include "amalgam/arch/descriptor.hpp"
#include "model/ordering.hpp"
#include "model/slice_builder.hpp"
#include "model/slice_invalidations.hpp"

namespace amalgam::model {

namespace {

constexpr std::uint32_t kTempRegister = 1U << 31;

class EventBuilder {
 public:
  EventBuilder(const ProgramIndex& index, const SliceSettings& settings, Slice& slice)
      : index_(index),
        program_(index.program()),
        settings_(settings),
        slice_(slice),
        invalidations_(index, settings, slice) {}

  void add_agents(const std::set<OpRef>& ops);
  void add_forbids(const std::vector<std::uint32_t>& conditions);

 private:
  // --- threads
  std::uint8_t open_thread(const std::string& name, std::uint32_t agent, std::uint8_t walker);
  void close_thread();
  void lower_range(std::uint32_t agent, const std::vector<std::uint32_t>& relevant);
  void lower_barriers(std::uint32_t agent, std::uint32_t from, std::uint32_t to);
  void lower(const Op& op);

  // --- operations
  void operator_on(const op::WriteDescriptor& o);
  void operator_on(const op::ReadDescriptor& o);
  void operator_on(const op::CompareExchangeDescriptor& o);
  void operator_on(const op::UpdateDescriptor& o);
  void operator_on(const op::Access& o);
  void operator_on(const op::FrameAccess& o);
  void operator_on(const op::CopyFrame& o);
  void operator_on(const op::CompareFrames& o);
  void operator_on(const op::ZeroFrame& o);
  void operator_on(const op::ZeroTable& o);
  void operator_on(const op::CopyTables& o);
  void operator_on(const op::Allocate& o);
  void operator_on(const op::Free& o);
  void operator_on(const op::Barrier& o);
  void operator_on(const op::Tlbi& o);
  void operator_on(const op::WriteRoot& o);
  void operator_on(const op::Lock& o);
  void operator_on(const op::Unlock& o);
  void operator_on(const op::StopOthers& o);
  void operator_on(const op::ResumeOthers& o);
  void operator_on(const op::Interrupt& o);
  void operator_on(const op::Notify& o);

  // --- helpers
  Event& push(EventKind kind, std::uint16_t classes, Mask extra_preds = 0);
  [[nodiscard]] Mask same_cell(std::uint8_t cell) const;
  [[nodiscard]] Mask same_page(std::uint8_t page) const;
  [[nodiscard]] Mask but_plain_stores(Mask events) const;
  [[nodiscard]] Mask producers(const DescriptorExpr& expr) const;
  [[nodiscard]] Mask producer(std::uint8_t reg) const;
  [[nodiscard]] bool was_read_from(std::uint8_t reg, std::uint8_t cell) const;
  Operand operand(const DescriptorExpr& expr, std::uint8_t cell);
  std::uint8_t register_for(std::uint32_t agent, RegisterId reg);
  [[nodiscard]] std::uint8_t slice_cell(CellId cell) const;
  [[nodiscard]] std::uint8_t slice_page(PageRef page) const;
  [[nodiscard]] std::uint8_t va_point(std::uint64_t address) const;
  [[nodiscard]] std::uint8_t data_value(ValueId value);
  void add_walk_and_access(std::uint8_t va, AccessKind kind, bool may_fault,
                           Event& access_template);
  [[nodiscard]] ValueIndex find_value(std::uint8_t cell, std::uint64_t raw) const;
  [[nodiscard]] bool repeats_last_copy(std::uint8_t page) const;
  void copy_cell(CellId from, CellId to, RootId to_root);
  void push_tlbi(std::uint16_t classes, std::uint32_t recipients, const Event& cuts);
  [[nodiscard]] std::uint64_t address_of(VaPage page) const {
    return program_.regions[page.region].base + page.page * index_.granule_bytes();
  }
  SliceAgent& thread() { return slice_.agents[thread_]; }
  [[nodiscard]] const SliceAgent& thread() const { return slice_.agents[thread_]; }

  const ProgramIndex& index_;
  const Program& program_;
  const SliceSettings& settings_;
  Slice& slice_;
  Invalidations invalidations_;
  OrderBuilder order_{arch::Ets::kNone, true};
  std::uint8_t thread_ = 0;
  std::uint32_t origin_ = 0;
  Mask dependencies_ = 0;  // of the operation at hand: Op::after
  std::map<std::pair<std::uint32_t, RegisterId>, std::uint8_t> registers_;
  Event overflow_;  // takes what no longer fits, in a slice that is refused
};

// --- threads -------------------------------------------------------------------------------------

std::uint8_t EventBuilder::open_thread(const std::string& name, std::uint32_t agent,
                                       std::uint8_t walker) {
  if (slice_.agents.size() >= kMaxAgents) {
    slice_.bound = "more than 24 agents and interrupt handlers";
    return 0;
  }
  const auto index = static_cast<std::uint8_t>(slice_.agents.size());
  SliceAgent t;
  t.name = name;
  t.agent = agent;
  t.walker = walker;
  slice_.agents.push_back(std::move(t));
  thread_ = index;
  const bool program_order = settings_.assumptions.is_default(Assumption::kEts2Order);
  order_ = OrderBuilder(settings_.ets, program_order, settings_.mutation);
  return index;
}

void EventBuilder::close_thread() {
  SliceAgent& t = thread();
  for (std::size_t i = 0; i < t.events.size(); ++i) {
    Event& e = t.events[i];
    e.preds = order_.preds(i);
    e.fault_preds = order_.fault_preds(i);
    t.all |= bit(static_cast<unsigned>(i));
  }
  // The weaker reading of FEAT_ETS2: what is ordered before the access is before its walk's fault.
  const bool ordered_before = !settings_.assumptions.is_default(Assumption::kEts2Order);
  if (settings_.ets == arch::Ets::kNone || !ordered_before) return;
  for (std::size_t i = 0; i < t.events.size(); ++i) {
    Event& e = t.events[i];
    if (e.kind == EventKind::kWalk) {
      e.fault_preds = t.events[e.partner].preds & ~bit(static_cast<unsigned>(i));
    }
  }
}

void EventBuilder::add_agents(const std::set<OpRef>& ops) {
  std::vector<std::vector<std::uint32_t>> relevant(program_.agents.size());
  for (const OpRef ref : ops) relevant[ref.agent].push_back(ref.op);
  for (std::uint32_t a = 0; a < program_.agents.size() && slice_.bound.empty(); ++a) {
    const Agent& agent = program_.agents[a];
    const std::uint32_t walker =
        agent.device == kNone ? agent.cpu : program_.machine.cpus + agent.device;
    open_thread(agent.name, a, static_cast<std::uint8_t>(walker));
    if (slice_.bound.empty()) lower_range(a, invalidations_.thinned(a, relevant[a]));
  }
}

void EventBuilder::lower_range(std::uint32_t agent, const std::vector<std::uint32_t>& relevant) {
  std::uint32_t from = 0;
  const std::uint8_t own = thread_;
  std::map<std::uint32_t, Mask> events_of;
  for (const std::uint32_t i : relevant) {
    lower_barriers(agent, from, i);
    const Op& op = program_.agents[agent].ops[i];
    origin_ = static_cast<std::uint32_t>(slice_.origins.size());
    slice_.origins.push_back({agent, &op});
    dependencies_ = 0;
    for (const std::uint32_t source : op.after) {
      if (const auto known = events_of.find(source); known != events_of.end()) {
        dependencies_ |= known->second;
      }
    }
    const std::size_t before = thread().events.size();
    lower(op);
    if (!slice_.bound.empty()) return;
    for (std::size_t e = before; e < slice_.agents[own].events.size(); ++e) {
      events_of[i] |= bit(static_cast<unsigned>(e));
    }
    from = i + 1;
  }
  dependencies_ = 0;
  thread_ = own;
  close_thread();
}

// A long run of barriers adds nothing once each of its kinds has come by without effect.
void EventBuilder::lower_barriers(std::uint32_t agent, std::uint32_t from, std::uint32_t to) {
  const auto& at = index_.barriers(agent);
  auto it = std::lower_bound(at.begin(), at.end(), from);
  if (it == at.end() || *it >= to) return;
  const std::uint32_t kinds = index_.barrier_kinds(agent, from, to);
  order_.begin_barrier_run();
  for (; it != at.end() && *it < to; ++it) {
    if (order_.saturated_since_change(kinds)) return;
    order_.add_barrier(std::get<op::Barrier>(program_.agents[agent].ops[*it].operation).barrier);
  }
}

void EventBuilder::lower(const Op& op) {
  std::visit([this](const auto& o) { operator_on(o); }, op.operation);
}

// --- helpers -------------------------------------------------------------------------------------

Event& EventBuilder::push(EventKind kind, std::uint16_t classes, Mask extra_preds) {
  if (order_.size() >= OrderBuilder::kMaxEvents) {
    slice_.bound = "more than 64 events of one agent concern one page";
    overflow_ = {};
    return overflow_;
  }
  // A device makes its accesses one after another.
  const bool device = slice_.walkers[thread().walker].device;
  const std::size_t before = thread().events.size();
  const Mask all_before = before == 0 ? 0 : ~Mask{0} >> (64 - before);
  // Addresses are constants, so that a walk follows from no read; nor does it wait for a branch.
  const Mask dependencies = (classes & kWalks) != 0 ? 0 : dependencies_;
  order_.add_event(classes, extra_preds | dependencies | (device ? all_before : 0));
  Event e;
  e.kind = kind;
  e.classes = classes;
  e.agent = thread_;
  e.walker = thread().walker;
  e.op = origin_;
  thread().events.push_back(std::move(e));
  return thread().events.back();
}

Mask EventBuilder::same_cell(std::uint8_t cell) const {
  Mask mask = 0;
  for (std::size_t i = 0; i < thread().events.size(); ++i) {
    if (thread().events[i].cell == cell) mask |= bit(static_cast<unsigned>(i));
  }
  return mask;
}

// Of what this thread does to a place, what a read of it waits for: a plain store is forwarded.
Mask EventBuilder::but_plain_stores(Mask events) const {
  Mask mask = 0;
  for_each_bit(events, [&](unsigned i) {
    const EventKind kind = thread().events[i].kind;
    if (kind != EventKind::kWriteCell && kind != EventKind::kWritePage) mask |= bit(i);
  });
  return mask;
}

Mask EventBuilder::same_page(std::uint8_t page) const {
  Mask mask = 0;
  for (std::size_t i = 0; i < thread().events.size(); ++i) {
    const Event& e = thread().events[i];
    const bool data = e.kind == EventKind::kReadPage || e.kind == EventKind::kWritePage ||
                      e.kind == EventKind::kFree || e.kind == EventKind::kAllocate;
    if (data && e.page == page) mask |= bit(static_cast<unsigned>(i));
  }
  return mask;
}

Mask EventBuilder::producer(std::uint8_t reg) const {
  Mask mask = 0;
  for (std::size_t i = 0; i < thread().events.size(); ++i) {
    if (reg != kNoIndex && thread().events[i].into == reg) mask |= bit(static_cast<unsigned>(i));
  }
  return mask;
}

Mask EventBuilder::producers(const DescriptorExpr& expr) const {
  if (expr.source == kNone) return 0;
  const auto found = registers_.find({thread().agent, expr.source});
  return found == registers_.end() ? 0 : producer(found->second);
}

std::uint8_t EventBuilder::register_for(std::uint32_t agent, RegisterId reg) {
  if (reg == kNone) return kNoIndex;
  const auto [slot, added] = registers_.try_emplace({agent, reg}, slice_.register_count);
  if (added && ++slice_.register_count > kMaxRegisters) {
    slice_.bound = "more than 16 registers concern one page";
    return 0;
  }
  return slot->second;
}

std::uint8_t EventBuilder::slice_cell(CellId cell) const {
  for (std::size_t i = 0; i < slice_.cells.size(); ++i) {
    if (slice_.cells[i].cell == cell) return static_cast<std::uint8_t>(i);
  }
  return kNoIndex;
}

std::uint8_t EventBuilder::slice_page(PageRef page) const {
  for (std::size_t i = 0; i < slice_.pages.size(); ++i) {
    const PageRef& ref = slice_.pages[i].ref;
    if (ref.is_table == page.is_table && ref.id == page.id) return static_cast<std::uint8_t>(i);
  }
  return kNoIndex;
}

std::uint8_t EventBuilder::va_point(std::uint64_t address) const {
  for (std::size_t i = 0; i < slice_.va_points.size(); ++i) {
    if (slice_.va_points[i].address == address) return static_cast<std::uint8_t>(i);
  }
  return kNoIndex;
}

std::uint8_t EventBuilder::data_value(ValueId value) {
  const auto found = std::find(slice_.values.begin(), slice_.values.end(), value);
  if (found != slice_.values.end()) return static_cast<std::uint8_t>(found - slice_.values.begin());
  slice_.values.push_back(value);
  return static_cast<std::uint8_t>(slice_.values.size() - 1);
}

ValueIndex EventBuilder::find_value(std::uint8_t cell, std::uint64_t raw) const {
  const auto& values = slice_.cells[cell].values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind != ValueKind::kJunk && values[i].raw == raw) {
      return static_cast<ValueIndex>(i);
    }
  }
  return kNoIndex;
}

// The value stored, as a function of what the register holds.
Operand EventBuilder::operand(const DescriptorExpr& expr, std::uint8_t cell) {
  Operand result;
  if (expr.source == kNone) {
    result.constant = find_value(cell, expr.set);
    return result;
  }
  result.reg = register_for(thread().agent, expr.source);
  for (const std::uint64_t raw : slice_.raws) {
    result.map.push_back(find_value(cell, (raw & ~expr.clear) | expr.set));
  }
  return result;
}

// Whether the register holds what this thread read from the descriptor.
bool EventBuilder::was_read_from(std::uint8_t reg, std::uint8_t cell) const {
  return reg != kNoIndex &&
         std::any_of(thread().events.begin(), thread().events.end(), [&](const Event& e) {
           return e.kind == EventKind::kReadCell && e.into == reg && e.cell == cell;
         });
}

// --- descriptors ---------------------------------------------------------------------------------

void EventBuilder::operator_on(const op::WriteDescriptor& o) {
  const std::uint8_t cell = slice_cell(o.cell);
  if (cell == kNoIndex) return;
  Operand value = operand(o.value, cell);
  if (!o.through) {
    Event& e = push(EventKind::kWriteCell, kWrites, same_cell(cell) | producers(o.value));
    e.cell = cell;
    e.recomputes = was_read_from(value.reg, cell) || o.computed_from.has_value();
    e.value = std::move(value);
    if (o.computed_from) e.assumed = *o.computed_from;
    return;
  }
  const std::uint8_t va = va_point(address_of(*o.through));
  if (va == kNoIndex) return;
  Event access;
  access.cell = cell;
  access.value = std::move(value);
  access.preds = same_cell(cell) | producers(o.value);
  add_walk_and_access(va, AccessKind::kStore, false, access);
}

void EventBuilder::operator_on(const op::ReadDescriptor& o) {
  const std::uint8_t cell = slice_cell(o.cell);
  if (cell == kNoIndex) return;
  Event& e = push(EventKind::kReadCell, kReads, but_plain_stores(same_cell(cell)));
  e.cell = cell;
  e.into = register_for(thread().agent, o.into);
  e.assumes = o.assumed.has_value();
  e.assumed = o.assumed.value_or(0);
}

void EventBuilder::operator_on(const op::CompareExchangeDescriptor& o) {
  const std::uint8_t cell = slice_cell(o.cell);
  if (cell == kNoIndex) return;
  Operand expected = operand(o.expected, cell);
  Operand desired = operand(o.desired, cell);
  const Mask preds = same_cell(cell) | producers(o.expected) | producers(o.desired);
  Event& e = push(EventKind::kCasCell, kReads | kWrites, preds);
  e.cell = cell;
  e.expected = std::move(expected);
  e.value = std::move(desired);
  e.assumes = o.assumed.has_value();
  e.assumed = o.assumed.value_or(0);
}

void EventBuilder::operator_on(const op::UpdateDescriptor& o) {
  const std::uint8_t cell = slice_cell(o.cell);
  if (cell == kNoIndex) return;
  std::vector<std::uint8_t> update;
  for (const CellValue& value : slice_.cells[cell].values) {
    const bool junk = value.kind == ValueKind::kJunk;
    update.push_back(junk ? kNoIndex : find_value(cell, (value.raw & ~o.clear) | o.set));
  }
  Event& e = push(EventKind::kUpdateCell, kReads | kWrites, same_cell(cell));
  e.cell = cell;
  e.update = std::move(update);
}

void EventBuilder::operator_on(const op::ZeroTable& o) {
  for (const std::uint8_t c : indices(slice_.cells)) {
    const CellId cell = slice_.cells[c].cell;
    if (program_.cells[cell].table != o.table || slice_cell(cell) != c) continue;
    Event& e = push(EventKind::kWriteCell, kWrites, same_cell(c));
    e.cell = c;
    e.value.constant = find_value(c, 0);
  }
}

// One descriptor of a table copy: a read, then a write that depends on it. What no step changes
// need not be read.
void EventBuilder::copy_cell(CellId from, CellId to, RootId to_root) {
  const std::uint8_t source = slice_cell(from);
  const std::uint8_t target = slice_cell(to);
  if (target == kNoIndex) return;
  const auto level = int{slice_.cells[target].level};
  Mask preds = same_cell(target);
  Operand value;
  if (source != kNoIndex) {
    const std::uint8_t temp = register_for(thread().agent, kTempRegister + origin_ * 64 + source);
    Event& read = push(EventKind::kReadCell, kReads, but_plain_stores(same_cell(source)));
    read.cell = source;
    read.into = temp;
    read.copies_tables = true;
    value.reg = temp;
    for (const std::uint64_t raw : slice_.raws) {
      value.map.push_back(find_value(target, index_.copied(raw, level, to_root)));
    }
    preds |= producer(temp);
  } else {
    value.constant =
        find_value(target, index_.copied(program_.cells[from].initial, level, to_root));
  }
  Event& write = push(EventKind::kWriteCell, kWrites, preds);
  write.cell = target;
  write.value = std::move(value);
  write.copies_tables = true;
}

void EventBuilder::operator_on(const op::CopyTables& o) {
  const arch::Geometry& g = program_.machine.geometry;
  std::set<CellId> done;
  for (const std::uint64_t va : slice_.copied_addresses()) {
    TableId from = program_.roots[o.from].table;
    TableId to = program_.roots[o.to].table;
    for (int level = arch::start_level(g); level <= 3; ++level) {
      const auto index = static_cast<std::uint32_t>(arch::table_index(g, va, level));
      const CellId source = program_.find_cell(from, index);
      const CellId target = program_.find_cell(to, index);
      if (source == kNone || target == kNone) break;
      if (done.insert(target).second) copy_cell(source, target, o.to);
      const std::uint64_t raw = program_.cells[source].initial;
      from = index_.table_below(raw, level);
      to = index_.table_below(index_.copied(raw, level, o.to), level);
      if (from == kNone || to == kNone || from == to) break;
    }
  }
}

// --- data ----------------------------------------------------------------------------------------

void EventBuilder::add_walk_and_access(std::uint8_t va, AccessKind kind, bool may_fault,
                                       Event& access_template) {
  if (slice_.flight_slots >= kMaxFlights) {
    slice_.bound = "more than 64 accesses of agents concern one page";
    return;
  }
  const auto slot = static_cast<std::uint8_t>(slice_.flight_slots++);
  const auto walk_index = static_cast<std::uint8_t>(thread().events.size());
  Event& walk = push(EventKind::kWalk, kWalks);
  walk.va_point = va;
  walk.slot = slot;
  walk.access = kind;
  walk.partner = static_cast<std::uint8_t>(walk_index + 1);
  std::uint16_t classes = kReads;
  if (kind == AccessKind::kStore) classes = kWrites;
  if (kind == AccessKind::kAdd || kind == AccessKind::kExchange) classes = kReads | kWrites;
  Event& access = push(EventKind::kAccess, classes, access_template.preds | bit(walk_index));
  access.va_point = va;
  access.slot = slot;
  access.partner = walk_index;
  access.access = kind;
  access.may_fault = may_fault;
  access.cell = access_template.cell;
  access.into = access_template.into;
  access.value = access_template.value;
}

void EventBuilder::operator_on(const op::Access& o) {
  const std::uint8_t va = va_point(address_of(o.page));
  if (va == kNoIndex) return;
  Event access;
  access.into = register_for(thread().agent, o.into);
  if (o.kind == AccessKind::kStore) access.value.constant = data_value(o.value);
  add_walk_and_access(va, o.kind, o.may_fault, access);
}

void EventBuilder::operator_on(const op::FrameAccess& o) {
  const std::uint8_t page = slice_page({false, o.frame});
  if (page == kNoIndex) return;
  if (o.kind != AccessKind::kStore) {
    Event& read = push(EventKind::kReadPage, kReads, but_plain_stores(same_page(page)));
    read.page = page;
    read.into = register_for(thread().agent, o.into);
  }
  if (o.kind == AccessKind::kLoad) return;
  Event& write = push(EventKind::kWritePage, kWrites, same_page(page));
  write.page = page;
  write.value.constant = o.kind != AccessKind::kStore ? kNoIndex : data_value(o.value);
}

// Of copies in a row to pages outside the slice one is enough: nothing happens between them.
bool EventBuilder::repeats_last_copy(std::uint8_t page) const {
  if (thread().events.empty()) return false;
  const Event& last = thread().events.back();
  return last.kind == EventKind::kReadPage && last.relies && last.page == page;
}

void EventBuilder::operator_on(const op::CopyFrame& o) {
  const std::uint8_t from = slice_page({false, o.from});
  const std::uint8_t to = slice_page({false, o.to});
  if (from == kNoIndex) return;
  if (to == kNoIndex && repeats_last_copy(from)) return;
  const std::uint8_t temp = register_for(thread().agent, kTempRegister + origin_);
  Event& read = push(EventKind::kReadPage, kReads, but_plain_stores(same_page(from)));
  read.page = from;
  read.into = temp;
  read.relies = true;
  if (to == kNoIndex) return;
  Event& write = push(EventKind::kWritePage, kWrites, same_page(to) | producer(temp));
  write.page = to;
  write.value.reg = temp;
}

// The second read is where the answer is known.
void EventBuilder::operator_on(const op::CompareFrames& o) {
  const std::uint8_t a = slice_page({false, o.a});
  const std::uint8_t b = slice_page({false, o.b});
  if (a == kNoIndex || b == kNoIndex) return;
  const std::uint8_t temp = register_for(thread().agent, kTempRegister + origin_);
  Event& first = push(EventKind::kReadPage, kReads, but_plain_stores(same_page(a)));
  first.page = a;
  first.into = temp;
  Event& second =
      push(EventKind::kReadPage, kReads, but_plain_stores(same_page(b)) | producer(temp));
  second.page = b;
  second.value.reg = temp;
  second.assumes = true;
  second.assumed = o.equal ? 1 : 0;
}

void EventBuilder::operator_on(const op::ZeroFrame& o) {
  const std::uint8_t page = slice_page({false, o.frame});
  if (page == kNoIndex) return;
  Event& write = push(EventKind::kWritePage, kWrites, same_page(page));
  write.page = page;
  write.value.constant = data_value(0);
}

// The allocator's lists order what follows an allocation, and what comes before a free.
void EventBuilder::operator_on(const op::Allocate& o) {
  const std::uint8_t page = slice_page(o.page);
  if (page == kNoIndex) return;
  Event& e = push(EventKind::kAllocate, kReads | kWrites | kAcquires, same_page(page));
  e.page = page;
}

void EventBuilder::operator_on(const op::Free& o) {
  const std::uint8_t page = slice_page(o.page);
  if (page == kNoIndex) return;
  const bool early = settings_.mutation == Mutation::kFreeHappensEarly;
  Event& e =
      push(EventKind::kFree, early ? kReads : kWrites | kReleases, early ? 0 : same_page(page));
  e.page = page;
}

// --- maintenance ---------------------------------------------------------------------------------

void EventBuilder::operator_on(const op::Barrier& o) { order_.add_barrier(o.barrier); }

void EventBuilder::push_tlbi(std::uint16_t classes, std::uint32_t recipients, const Event& cuts) {
  if (recipients == 0) return;
  Event& e = push(EventKind::kTlbi, classes);
  e.recipients = recipients;
  e.cut = cuts.cut;
  e.cut_combined = cuts.cut_combined;
  const bool per_recipient = settings_.assumptions.is_default(Assumption::kTlbiBroadcast);
  e.atomic = !per_recipient || std::popcount(recipients) == 1;
  if (!e.atomic) e.slot = static_cast<std::uint8_t>(slice_.receipt_bits++);
}

// The own part and the part that other PEs carry out complete at different barriers, so they are
// two events.
void EventBuilder::operator_on(const op::Tlbi& o) {
  const auto operation = index_.decode(o);
  if (!operation) return;
  Event cuts;
  cuts.cut = invalidations_.covered(*operation, false);
  if (slice_.stage2) cuts.cut_combined = invalidations_.covered(*operation, true);
  if ((cuts.cut | cuts.cut_combined) == 0) return;
  const std::uint32_t own = 1U << thread().walker;
  push_tlbi(kTlbiLocal, own, cuts);
  const bool local = operation->shareability == arch::Shareability::kLocal;
  if (local && settings_.mutation != Mutation::kLocalTlbiIsBroadcast) return;
  std::uint32_t others = 0;
  for (std::uint32_t w = 0; w < slice_.walkers.size(); ++w) {
    if (slice_.walkers[w].listens) others |= 1U << w;
  }
  push_tlbi(kTlbiRemote, others & ~own, cuts);
}

void EventBuilder::operator_on(const op::WriteRoot& o) {
  if (slice_.roots.size() < 2) return;
  Event& write = push(EventKind::kWriteRoot, kWritesRoot);
  write.root = static_cast<std::uint8_t>(o.root);
  const Mask written = bit(static_cast<unsigned>(thread().events.size() - 1));
  Event& effect = push(EventKind::kRootEffect, kRootTakesEffect, written);
  effect.root = static_cast<std::uint8_t>(o.root);
}

void EventBuilder::operator_on(const op::Lock& o) {
  slice_.lock_count = std::max(slice_.lock_count, o.lock + 1);
  push(EventKind::kLock, kReads | kWrites | kAcquires).lock = static_cast<std::uint8_t>(o.lock);
}

void EventBuilder::operator_on(const op::Unlock& o) {
  slice_.lock_count = std::max(slice_.lock_count, o.lock + 1);
  push(EventKind::kUnlock, kWrites | kReleases).lock = static_cast<std::uint8_t>(o.lock);
}

void EventBuilder::operator_on(const op::StopOthers&) { push(EventKind::kStop, kSynchronises); }

void EventBuilder::operator_on(const op::ResumeOthers&) { push(EventKind::kResume, kSynchronises); }

// The handler on each other CPU is a thread of its own that starts when the interrupt is sent.
void EventBuilder::operator_on(const op::Interrupt& o) {
  push(EventKind::kInterrupt, kSynchronises);
  const std::uint8_t sender = thread_;
  const auto sent = static_cast<std::uint8_t>(thread().events.size() - 1);
  const OrderBuilder sender_order = order_;
  const std::uint32_t sender_agent = thread().agent;
  std::uint32_t handlers = 0;
  for (std::uint8_t w = 0; w < program_.machine.cpus && slice_.bound.empty(); ++w) {
    if (w == slice_.agents[sender].walker) continue;
    open_thread("interrupt", sender_agent, w);
    thread().starts_after_agent = sender;
    thread().starts_after_event = sent;
    handlers |= 1U << thread_;
    for (const Op& op : o.body) {
      origin_ = static_cast<std::uint32_t>(slice_.origins.size());
      slice_.origins.push_back({sender_agent, &op});
      lower(op);
    }
    close_thread();
  }
  thread_ = sender;
  order_ = sender_order;
  if (!slice_.bound.empty()) return;
  Event& wait = push(EventKind::kInterrupt, kSynchronises);
  wait.recipients = handlers;
}

// One event for each device: what is dropped depends on what it keeps.
void EventBuilder::operator_on(const op::Notify& o) {
  for (std::uint32_t w = 0; w < slice_.walkers.size(); ++w) {
    const Walker& walker = slice_.walkers[w];
    if (!walker.device) continue;
    const Mask dropped = invalidations_.notified(o, program_.devices[walker.id]);
    Event& e = push(EventKind::kNotify, kSynchronises);
    e.phase = o.phase;
    e.recipients = 1U << w;
    e.cut_atc = dropped;
  }
}

void EventBuilder::add_forbids(const std::vector<std::uint32_t>& conditions) {
  for (const std::uint8_t a : indices(slice_.agents)) {
    const SliceAgent& agent = slice_.agents[a];
    if (agent.starts_after_agent != kNoIndex || agent.agent == kNone) continue;
    if (std::find(conditions.begin(), conditions.end(), agent.agent) == conditions.end()) continue;
    for (const Forbid& forbid : program_.agents[agent.agent].forbids) {
      SliceForbid f;
      f.agent = a;
      f.location = forbid.location;
      bool complete = true;
      for (const RegisterIs& term : forbid.all_of) {
        const auto reg = registers_.find({agent.agent, term.reg});
        complete &= reg != registers_.end();
        if (complete) f.all_of.emplace_back(reg->second, data_value(term.value));
      }
      const auto effect = effect_named(forbid.effect);
      if (!complete || !effect) continue;
      f.effect = static_cast<std::uint8_t>(*effect);
      slice_.forbids.push_back(std::move(f));
    }
  }
}

}  // namespace

void add_events(const ProgramIndex& index, const SliceSettings& settings,
                const std::set<OpRef>& ops, const std::vector<std::uint32_t>& conditions,
                Slice& slice) {
  EventBuilder builder(index, settings, slice);
  builder.add_agents(ops);
  builder.add_forbids(conditions);
}

}  // namespace amalgam::model
