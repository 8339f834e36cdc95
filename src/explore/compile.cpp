#include "explore/compile.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "amalgam/arch/descriptor.hpp"
#include "explore/layout.hpp"
#include "explore/text.hpp"
#include "model/describe.hpp"

namespace amalgam::explorer {

namespace {

class Compiler {
 public:
  Compiler(const Session& session, const std::vector<Branch>& branches)
      : session_(session),
        options_(session.options()),
        geometry_(options_.geometry),
        branches_(branches),
        layout_(session, paths_of(branches)) {}

  Compiled compile();

 private:
  static std::vector<const Path*> paths_of(const std::vector<Branch>& branches) {
    std::vector<const Path*> paths;
    paths.reserve(branches.size());
    for (const Branch& b : branches) paths.push_back(b.path);
    return paths;
  }

  // --- what each descriptor may hold
  void find_writers();
  [[nodiscard]] bool hardware_writes(const Slot& slot) const;
  [[nodiscard]] bool is_uncertain(std::size_t task, const Slot& slot) const;
  bool follow(std::size_t task);

  // --- memory
  void add_machine();
  void add_tables();
  void add_roots();
  model::RootId root_id(const RootRegister& root);
  void add_regions();
  void add_cells();
  void add_cell(const Slot& slot);
  void add_frames();
  model::FrameId frame_at(std::uint64_t address);
  [[nodiscard]] model::VaPage va_page(std::uint64_t va) const;

  // --- tasks
  void add_devices();
  void add_observers();
  void add_agent(std::size_t task);
  void add_order(const ExpectedOrder& order);
  void lower_all(std::size_t task, model::Agent& agent);
  std::size_t lower_interrupt(std::size_t task, std::size_t begin, model::Agent& agent);
  void put(std::size_t task, std::size_t action, model::Op op, model::Agent& agent);
  std::optional<model::Op> lower(std::size_t task, std::size_t action);
  std::optional<model::Op> lower_descriptor(std::size_t task, std::size_t action);
  std::optional<model::Operation> lower_page(const Action& a, std::string& text);
  std::optional<model::Operation> lower_control(const Action& a, std::string& text);
  [[nodiscard]] model::PageRef table_ref(PhysicalAddress page) const;
  [[nodiscard]] std::string value_text(const Slot& slot, std::uint64_t raw) const;
  [[nodiscard]] std::string cell_name(const Slot& slot) const;

  const Session& session_;
  const Options& options_;
  const arch::Geometry& geometry_;
  const std::vector<Branch>& branches_;
  Layout layout_;
  Compiled result_;
  std::map<Slot, std::set<std::size_t>> writers_;             // tasks
  std::map<std::uint32_t, std::set<std::size_t>> lifetimes_;  // table: tasks that take or free it
  std::vector<std::vector<bool>> uncertain_;                  // [task][action]: a read that assumes
  std::map<std::uint64_t, model::FrameId> frames_;
  std::map<std::uint64_t, model::ValueId> contents_;  // by number: PageContents
  std::map<RootRegister, model::RootId> roots_;

  // Of the task that is being lowered.
  std::map<std::size_t, std::uint32_t> op_of_action_;
  std::vector<std::size_t> origins_;
  std::string markers_;  // notifications that devices need nothing of, up to the next operation

  // What a task stores to memory, in its order.
  struct Stored {
    std::size_t task = 0;
    std::uint64_t page = 0;  // input
    model::ValueId value = 0;
  };
  std::vector<Stored> stored_;
};

// --- what each descriptor may hold ---------------------------------------------------------------

void Compiler::find_writers() {
  for (std::size_t t = 0; t < branches_.size(); ++t) {
    for (const Action& a : branches_[t].path->actions) {
      const auto at = layout_.slot(a.page, a.index);
      if (!at) continue;
      if (a.stores()) writers_[*at].insert(t);
      const bool lives = a.kind == ActionKind::kTake || a.kind == ActionKind::kGiveBack;
      if (lives) lifetimes_[at->table].insert(t);
    }
  }
}

// Whether hardware may set AF or the dirty state of some value that the descriptor takes.
bool Compiler::hardware_writes(const Slot& slot) const {
  const int level = layout_.level(slot.table);
  const auto& raws = layout_.values(slot);
  return std::any_of(raws.begin(), raws.end(), [&](std::uint64_t raw) {
    if (!arch::is_leaf(geometry_, {raw}, level)) return false;
    const bool sets_af = options_.features.hardware_af || options_.features.hardware_dirty;
    const bool af = sets_af && !arch::has_access_flag({raw});
    return af || (options_.features.hardware_dirty && (raw & arch::bits::kDbm) != 0);
  });
}

bool Compiler::is_uncertain(std::size_t task, const Slot& slot) const {
  const auto others = [&](const auto& tasks_by_key, const auto& key) {
    const auto found = tasks_by_key.find(key);
    return found != tasks_by_key.end() && std::any_of(found->second.begin(), found->second.end(),
                                                      [&](std::size_t t) { return t != task; });
  };
  return others(writers_, slot) || others(lifetimes_, slot.table) || hardware_writes(slot);
}

// Runs a task's path on memory that it alone changes. False if it reads what cannot be there.
bool Compiler::follow(std::size_t task) {
  const std::vector<Action>& actions = branches_[task].path->actions;
  std::vector<bool>& uncertain = uncertain_[task];
  uncertain.assign(actions.size(), false);
  std::map<Slot, std::uint64_t> memory;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const Action& a = actions[i];
    if (!a.reads() && !a.stores()) continue;
    const auto at = layout_.slot(a.page, a.index);
    if (!at) return false;
    const bool taken = layout_.tables()[at->table].taken;
    const auto known =
        memory.try_emplace(*at, taken ? model::kUninitialised : layout_.initial(*at));
    if (a.reads()) {
      uncertain[i] = is_uncertain(task, *at);
      if (!uncertain[i] && known.first->second != a.read) return false;
    }
    if (a.stores()) known.first->second = a.value;
  }
  return true;
}

// --- memory --------------------------------------------------------------------------------------

void Compiler::add_machine() {
  model::Program& p = result_.program;
  p.title = "explored code";
  p.machine.geometry = geometry_;
  p.machine.features = options_.features;
  p.machine.features.bbm = options_.bbm;
  p.machine.features.ets = options_.ets;
  p.machine.features.hardware_af |= options_.features.hardware_dirty;
  p.machine.bbm_levels = {options_.bbm};
  p.machine.ets_levels = {options_.ets};
  p.machine.cpus = options_.cpus;
  for (const auto& [name, value] : options_.assumptions) p.assumptions.push_back({name, value, {}});
  p.value_names.emplace_back("zero");
  for (std::uint32_t i = 0; i < session_.setting().locks; ++i) {
    p.lock_names.push_back("mutex " + std::to_string(i));
  }
}

void Compiler::add_tables() {
  model::Program& p = result_.program;
  for (std::uint32_t t = 0; t < layout_.tables().size(); ++t) {
    const TableInfo& info = layout_.tables()[t];
    model::Table table;
    table.name =
        (layout_.level(t) == arch::start_level(geometry_) ? "root " : "") + hex(info.address);
    table.address = info.address;
    table.level = layout_.level(t);
    table.free = info.taken;
    p.tables.push_back(std::move(table));
  }
}

// A root that a task has made replaces the one that CPUs start with; one of the set-up is an
// address space of its own.
model::RootId Compiler::root_id(const RootRegister& root) {
  model::Program& p = result_.program;
  const auto [slot, added] = roots_.try_emplace(root, static_cast<model::RootId>(p.roots.size()));
  if (!added) return slot->second;
  const std::uint32_t table = table_ref(root.table).id;
  model::Root made;
  made.name = "root " + hex(root.table) + (root.tag == 0 ? "" : " tag " + std::to_string(root.tag));
  made.table = table;
  made.tag = root.tag;
  const bool same_tables = root.table == session_.setting().start.table;
  if (!p.roots.empty() && (layout_.tables()[table].taken || same_tables)) made.like = 0;
  p.roots.push_back(std::move(made));
  return slot->second;
}

void Compiler::add_roots() {
  root_id(session_.setting().start);
  for (const Branch& b : branches_) {
    for (const Action& a : b.path->actions) {
      if (a.kind != ActionKind::kSetRoot) continue;
      root_id({a.page, static_cast<std::uint16_t>(a.index)});
    }
  }
  result_.program.cpu_roots.assign(options_.cpus, 0);
}

void Compiler::add_regions() {
  model::Program& p = result_.program;
  const std::uint64_t page_bytes = arch::page_bytes(geometry_.granule);
  for (const std::uint64_t va : layout_.watched()) {
    if (!p.regions.empty()) {
      model::Region& last = p.regions.back();
      if (last.base + last.pages * page_bytes == va) {
        ++last.pages;
        continue;
      }
    }
    model::Region region;
    region.name = "va " + hex(va);
    region.base = va;
    region.pages = 1;
    p.regions.push_back(std::move(region));
  }
}

model::VaPage Compiler::va_page(std::uint64_t va) const {
  const std::uint64_t page_bytes = arch::page_bytes(geometry_.granule);
  const auto& regions = result_.program.regions;
  for (model::RegionId r = 0; r < regions.size(); ++r) {
    if (va < regions[r].base || va - regions[r].base >= regions[r].pages * page_bytes) continue;
    return {r, static_cast<std::uint32_t>((va - regions[r].base) / page_bytes)};
  }
  return {};
}

std::string Compiler::cell_name(const Slot& slot) const {
  return "L" + std::to_string(layout_.level(slot.table)) + ' ' + hex(layout_.input(slot));
}

void Compiler::add_cell(const Slot& slot) {
  model::Program& p = result_.program;
  if (p.find_cell(slot.table, slot.index) != model::kNone) return;
  p.add_cell(slot.table, slot.index, layout_.initial(slot), cell_name(slot));
}

// The descriptors that translate what is watched, and those that a task reads and branches on.
void Compiler::add_cells() {
  for (const std::uint64_t va : layout_.watched()) {
    for (std::uint32_t t = 0; t < layout_.tables().size(); ++t) {
      const auto index =
          static_cast<std::uint32_t>(arch::table_index(geometry_, va, layout_.level(t)));
      add_cell({t, index});
    }
  }
  for (std::size_t task = 0; task < branches_.size(); ++task) {
    const std::vector<Action>& actions = branches_[task].path->actions;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (uncertain_[task][i]) add_cell(*layout_.slot(actions[i].page, actions[i].index));
    }
  }
}

model::FrameId Compiler::frame_at(std::uint64_t address) {
  model::Program& p = result_.program;
  const std::uint64_t page_bytes = arch::page_bytes(geometry_.granule);
  const std::uint64_t start = address & ~(page_bytes - 1);
  const auto [slot, added] =
      frames_.try_emplace(start, static_cast<model::FrameId>(p.frames.size()));
  if (!added) return slot->second;
  const std::uint64_t first = session_.first_data_page();
  model::Frame frame;
  frame.address = start;
  frame.name = start >= first && start - first < (std::uint64_t{1} << 30)
                   ? "page(" + std::to_string((start - first) / page_bytes) + ')'
                   : "memory " + hex(start);
  const auto& contents = session_.setting().contents;
  const auto copied = contents.find(start);
  const auto [value, is_new] =
      contents_.try_emplace(copied == contents.end() ? start : copied->second,
                            static_cast<model::ValueId>(p.value_names.size()));
  if (is_new) p.value_names.push_back("contents of " + frame.name);
  frame.contents.value = value->second;
  p.frames.push_back(std::move(frame));
  return slot->second;
}

// Every page of data that a watched address may ever lead to, and those that tasks free. A member
// of a contiguous group may translate its neighbours.
void Compiler::add_frames() {
  for (const Branch& b : branches_) {
    for (const Action& a : b.path->actions) {
      const bool copies = a.kind == ActionKind::kCopy || a.kind == ActionKind::kCompare;
      const bool names = a.kind == ActionKind::kFree || a.kind == ActionKind::kAllocate;
      if (names || copies) frame_at(a.page);
      if (copies) frame_at(a.value);
    }
  }
  for (const auto& [at, raws] : layout_.all_values()) {
    const int level = layout_.level(at.table);
    if (!layout_.tables()[at.table].level) continue;
    const std::uint64_t size = arch::level_size_bytes(geometry_, level);
    const std::uint64_t start = layout_.input(at);
    auto va = layout_.watched().lower_bound(start);
    for (; va != layout_.watched().end() && *va - start < size; ++va) {
      for (const std::uint64_t raw : raws) {
        if (!arch::is_leaf(geometry_, {raw}, level)) continue;
        frame_at(arch::output_address(geometry_, {raw}, level) + (*va - start));
      }
    }
  }
}

// --- tasks ---------------------------------------------------------------------------------------

void Compiler::add_devices() {
  for (const NamedDevice& d : session_.setting().devices) {
    model::Device device;
    device.name = d.name;
    device.caches_pages = d.traits.pages;
    device.caches_blocks = d.traits.blocks;
    device.ignores_partial = d.traits.ignores_partial;
    device.mirrors = d.traits.mirrors;
    device.broadcast_tlbi = d.traits.listens;
    result_.program.devices.push_back(std::move(device));
  }
}

// A CPU that runs a task is not observed, unless it is named or every CPU runs one.
std::vector<std::uint32_t> observed_cpus(const Session& session, const Observation& what) {
  const std::uint32_t cpus = session.options().cpus;
  if (!what.cpus.empty() || !what.devices.empty()) return what.cpus;
  std::set<std::uint32_t> busy;
  for (const Task& task : session.setting().tasks) busy.insert(task.cpu);
  std::vector<std::uint32_t> observed;
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    if (busy.size() >= cpus || busy.count(cpu) == 0) observed.push_back(cpu);
  }
  return observed;
}

void Compiler::add_observers() {
  model::Program& p = result_.program;
  const std::uint64_t page_bytes = arch::page_bytes(geometry_.granule);
  for (const Observed& o : session_.setting().observed) {
    model::Observer observer;
    observer.name = "observer";
    observer.cpus = observed_cpus(session_, o.what);
    observer.location.line = o.place;
    model::ObserverAccess access;
    const model::VaPage first = va_page(o.va);
    const model::VaPage last = va_page(o.va + (o.bytes == 0 ? 0 : o.bytes - 1));
    access.region = first.region;
    access.first = first.page;
    access.last = last.page;
    access.may_fault = o.what.may_fault;
    access.may_be_lost = o.what.may_be_lost;
    access.location.line = o.place;
    const bool known = first.region == last.region && first.region != model::kNone;
    if (!known || o.bytes > (access.last - access.first + 1) * page_bytes) continue;
    const std::pair<bool, model::AccessKind> kinds[] = {{o.what.load, model::AccessKind::kLoad},
                                                        {o.what.store, model::AccessKind::kStore},
                                                        {o.what.add, model::AccessKind::kAdd}};
    for (const auto& [wanted, kind] : kinds) {
      access.kind = kind;
      if (wanted) observer.accesses.push_back(access);
    }
    for (const Device& device : o.what.devices) {
      p.observers.push_back(observer);
      p.observers.back().cpus.clear();
      p.observers.back().device = device.id;
    }
    if (!observer.cpus.empty()) p.observers.push_back(std::move(observer));
  }
}

std::string Compiler::value_text(const Slot& slot, std::uint64_t raw) const {
  return model::describe_descriptor(result_.program, raw, layout_.level(slot.table));
}

model::PageRef Compiler::table_ref(PhysicalAddress page) const {
  const auto at = layout_.slot(page, 0);
  return {true, at ? at->table : 0};
}

model::DescriptorExpr constant(std::uint64_t raw) { return {model::kNone, 0, raw}; }

// Nothing for a descriptor that no watched address uses, and for a read that tells nothing new.
std::optional<model::Op> Compiler::lower_descriptor(std::size_t task, std::size_t action) {
  const Action& a = branches_[task].path->actions[action];
  const auto at = layout_.slot(a.page, a.index);
  const model::CellId cell =
      at ? result_.program.find_cell(at->table, at->index) : std::uint32_t{model::kNone};
  if (cell == model::kNone) return std::nullopt;
  const std::string name = result_.program.cells[cell].name;
  const bool uncertain = uncertain_[task][action];
  if (a.kind == ActionKind::kLoad) {
    if (!uncertain) return std::nullopt;
    return model::Op{model::op::ReadDescriptor{cell, model::kNone, a.read},
                     {},
                     "read " + name + " = " + value_text(*at, a.read)};
  }
  const std::string stored = value_text(*at, a.value);
  if (a.kind == ActionKind::kStore) {
    model::op::WriteDescriptor write{cell, constant(a.value), std::nullopt};
    write.computed_from = branches_[task].dependences[action].computed_from;
    return model::Op{write, {}, "set " + name + " = " + stored};
  }
  model::op::CompareExchangeDescriptor cas{cell, constant(a.expected), constant(a.value)};
  if (uncertain) cas.assumed = a.read;
  if (!uncertain && !a.stores()) return std::nullopt;
  std::string text = "cas " + name + ' ' + value_text(*at, a.expected) + " -> " + stored;
  if (!a.stores()) text += ", fails: " + value_text(*at, a.read);
  return model::Op{cas, {}, std::move(text)};
}

std::optional<model::Operation> Compiler::lower_page(const Action& a, std::string& text) {
  namespace op = model::op;
  const auto name = [&](PhysicalAddress page) {
    return result_.program.frames[frame_at(page)].name;
  };
  switch (a.kind) {
    case ActionKind::kTake:
      return op::Allocate{table_ref(a.page)};
    case ActionKind::kGiveBack:
      return op::Free{table_ref(a.page)};
    case ActionKind::kAllocate:
      return op::Allocate{{false, frame_at(a.page)}};
    case ActionKind::kFree:
      text = "free " + name(a.page);
      return op::Free{{false, frame_at(a.page)}};
    case ActionKind::kCopy:
      text = "copy " + name(a.page) + " to " + name(a.value);
      return op::CopyFrame{frame_at(a.page), frame_at(a.value)};
    case ActionKind::kCompare:
      if (a.expected == 0) return std::nullopt;
      text = "compare " + name(a.page) + " with " + name(a.value) +
             (a.read != 0 ? ": the same" : ": different");
      return op::CompareFrames{frame_at(a.page), frame_at(a.value), a.read != 0};
    default:
      return std::nullopt;
  }
}

std::optional<model::Operation> Compiler::lower_control(const Action& a, std::string& text) {
  namespace op = model::op;
  switch (a.kind) {
    case ActionKind::kBarrier:
      return op::Barrier{a.barrier};
    case ActionKind::kTlbi: {
      const std::string name(arch::mnemonic_text(a.mnemonic).view());
      const bool operand = arch::has_operand(a.mnemonic.kind);
      text = "tlbi " + name + (operand ? ' ' + hex(a.value) : "");
      return op::Tlbi{name, operand ? std::optional(a.value) : std::nullopt};
    }
    case ActionKind::kNotify:
      return op::Notify{static_cast<op::NotifyPhase>(a.phase), a.value, a.expected};
    case ActionKind::kSetRoot: {
      const model::RootId root = root_id({a.page, static_cast<std::uint16_t>(a.index)});
      text = "write " + result_.program.roots[root].name;
      return op::WriteRoot{root};
    }
    case ActionKind::kLock:
      return op::Lock{a.index};
    case ActionKind::kUnlock:
      return op::Unlock{a.index};
    case ActionKind::kStopOthers:
      return op::StopOthers{};
    case ActionKind::kResumeOthers:
      return op::ResumeOthers{};
    default:
      return lower_page(a, text);
  }
}

std::optional<model::Op> Compiler::lower(std::size_t task, std::size_t action) {
  const Action& a = branches_[task].path->actions[action];
  if (a.reads() || a.stores()) return lower_descriptor(task, action);
  if (a.kind != ActionKind::kReadMemory && a.kind != ActionKind::kWriteMemory) {
    std::string text = describe(a);
    auto operation = lower_control(a, text);
    if (!operation) return std::nullopt;
    return model::Op{std::move(*operation), {}, std::move(text)};
  }
  model::op::Access access;
  access.page = va_page(a.value);
  access.may_fault = a.may_fault;
  const bool stores = a.kind == ActionKind::kWriteMemory;
  if (stores) {
    access.kind = model::AccessKind::kStore;
    access.value = static_cast<model::ValueId>(result_.program.value_names.size());
    result_.program.value_names.push_back("store of " + session_.setting().tasks[task].name);
    const std::uint64_t page = a.value & ~(arch::page_bytes(geometry_.granule) - 1);
    if (!a.may_fault) stored_.push_back({task, page, access.value});
  }
  return model::Op{access, {}, (stores ? "store " : "load ") + hex(a.value)};
}

void Compiler::add_agent(std::size_t task) {
  const Task& info = session_.setting().tasks[task];
  model::Agent agent;
  agent.name = info.name;
  agent.cpu = info.cpu;
  agent.location.line = info.place;
  op_of_action_.clear();
  origins_.clear();
  markers_.clear();
  lower_all(task, agent);
  result_.program.agents.push_back(std::move(agent));
  result_.actions.push_back(std::move(origins_));
}

void Compiler::put(std::size_t task, std::size_t action, model::Op op, model::Agent& agent) {
  op.location.line = branches_[task].path->actions[action].place;
  for (const std::size_t read : branches_[task].dependences[action].after) {
    if (const auto known = op_of_action_.find(read); known != op_of_action_.end()) {
      op.after.push_back(known->second);
    }
  }
  op.text.insert(0, markers_);
  markers_.clear();
  op_of_action_[action] = static_cast<std::uint32_t>(agent.ops.size());
  origins_.push_back(action);
  agent.ops.push_back(std::move(op));
}

// Nothing waits for a device between the start and the end of a change but one that mirrors.
bool is_marker(const Action& a, const Setting& setting) {
  const bool bracket = a.kind == ActionKind::kNotify && a.phase != pgtable::NotifyPhase::kNow;
  return bracket && (setting.devices.empty() || !setting.devices.front().traits.mirrors);
}

void Compiler::lower_all(std::size_t task, model::Agent& agent) {
  const std::vector<Action>& actions = branches_[task].path->actions;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (is_marker(actions[i], session_.setting())) {
      markers_ += describe(actions[i]) + "; ";
    } else if (actions[i].kind == ActionKind::kInterrupt) {
      i = lower_interrupt(task, i, agent);
    } else if (auto op = lower(task, i)) {
      put(task, i, std::move(*op), agent);
    }
  }
}

// Says where the handler ends.
std::size_t Compiler::lower_interrupt(std::size_t task, std::size_t begin, model::Agent& agent) {
  const std::vector<Action>& actions = branches_[task].path->actions;
  model::op::Interrupt handler;
  std::size_t i = begin + 1;
  for (; i < actions.size() && actions[i].kind != ActionKind::kInterrupted; ++i) {
    auto op = lower(task, i);
    if (!op) continue;
    op->location.line = actions[i].place;
    handler.body.push_back(std::move(*op));
  }
  put(task, begin, {std::move(handler), {}, "interrupt others"}, agent);
  return i;
}

// The device's two loads, and each pair of values that contradicts what some task did: new at
// `flag`, and old at `data`, which the task had stored to before.
void Compiler::add_order(const ExpectedOrder& order) {
  namespace op = model::op;
  const std::uint64_t mask = ~(arch::page_bytes(geometry_.granule) - 1);
  const auto old = layout_.initial_output(order.data);
  if (!old) return;
  model::Agent agent;
  agent.name = "reader";
  agent.device = order.device;
  agent.location.line = order.place;
  agent.register_names = {"flag", "data"};
  for (const std::uint32_t r : {0U, 1U}) {
    const std::uint64_t va = r == 0 ? order.flag : order.data;
    const op::Access load{va_page(va), model::AccessKind::kLoad, r, 0, true};
    agent.ops.push_back({load, {order.place, 0, 0}, "load " + hex(va)});
  }
  const model::ValueId before = result_.program.frames[frame_at(*old)].contents.value;
  for (const Stored& flag : stored_) {
    if (flag.page != (order.flag & mask)) continue;
    const bool newer = std::any_of(stored_.cbegin(), stored_.cend(), [&](const Stored& data) {
      const bool earlier = data.task == flag.task && data.value < flag.value;
      return earlier && data.page == (order.data & mask);
    });
    if (!newer) continue;
    agent.forbids.push_back(
        {{{0, flag.value}, {1, before}}, "device-order-violation", {order.place, 0, 0}});
  }
  result_.program.agents.push_back(std::move(agent));
}

Compiled Compiler::compile() {
  find_writers();
  uncertain_.resize(branches_.size());
  for (std::size_t t = 0; t < branches_.size(); ++t) {
    if (follow(t)) continue;
    result_.feasible = false;
    return std::move(result_);
  }
  add_machine();
  add_tables();
  add_roots();
  add_regions();
  add_cells();
  add_frames();
  add_devices();
  add_observers();
  for (std::size_t t = 0; t < branches_.size(); ++t) add_agent(t);
  for (const ExpectedOrder& order : session_.setting().orders) add_order(order);
  result_.bounds = layout_.bounds();
  return std::move(result_);
}

}  // namespace

Compiled compile(const Session& session, const std::vector<Branch>& branches) {
  return Compiler(session, branches).compile();
}

}  // namespace amalgam::explorer
