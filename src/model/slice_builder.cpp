#include "model/slice_builder.hpp"

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"
#include "model/slice_history.hpp"

namespace amalgam::model {

namespace {

std::uint64_t page_key(PageRef page) {
  return (static_cast<std::uint64_t>(page.is_table) << 32) | page.id;
}

}  // namespace

SliceBuilder::SliceBuilder(const ProgramIndex& index, const SliceSettings& settings)
    : index_(index), program_(index.program()), settings_(settings) {}

Slice SliceBuilder::build(const SliceRequest& request) {
  slice_.program = &program_;
  slice_.assumptions = settings_.assumptions;
  slice_.bbm = settings_.bbm;
  slice_.ets = settings_.ets;
  slice_.mutation = settings_.mutation;
  slice_.stage2 = program_.machine.geometry.stage == arch::Stage::kStage2;
  companion_ = request.companion;
  slice_.companion_address = request.companion;
  slice_.conditions_only = request.conditions_only;
  add_va_points(request);
  for (const FrameId frame : request.frames) page_index({false, frame});
  add_roots();
  do {
    gather_ops();
  } while (grow_values());
  freeze_cells();
  if (!slice_.bound.empty()) return std::move(slice_);
  gather_invalidations();
  gather_reliances();
  add_walkers();
  add_observers();
  add_events(index_, settings_, ops_, request.conditions, slice_);
  for (const ValueId value : slice_.values) {
    const bool unknown = std::any_of(
        program_.frames.begin(), program_.frames.end(),
        [&](const Frame& frame) { return !frame.contents.known && frame.contents.value == value; });
    slice_.unknown_values.push_back(unknown ? 1 : 0);
  }
  if (slice_.values.size() > kMaxValues)
    slice_.bound = "more than 100 data values concern one page";
  if (!slice_.bound.empty()) return std::move(slice_);
  classify_walkers();
  slice_.fresh_values = static_cast<unsigned>(slice_.pages.size()) + slice_.register_count + 1;
  rank_pages(slice_);
  mark_new_entries(slice_);
  add_conflicts(program_, slice_);
  return std::move(slice_);
}

// --- paths ---------------------------------------------------------------------------------------

bool SliceBuilder::add_va_point(std::uint64_t address, bool primary) {
  for (const VaPoint& known : slice_.va_points) {
    if (known.address == address) return false;
  }
  if (slice_.va_points.size() >= kMaxVaPoints) {
    slice_.bound = "more than 8 input pages that affect one another";
    return false;
  }
  VaPoint point;
  point.address = address;
  point.primary = primary;
  for (RegionId r = 0; r < program_.regions.size(); ++r) {
    const Region& region = program_.regions[r];
    const std::uint64_t bytes = region.pages * index_.granule_bytes();
    if (address >= region.base && address - region.base < bytes && point.page.region == kNone) {
      const auto page =
          static_cast<std::uint32_t>((address - region.base) / index_.granule_bytes());
      point.page = {r, page};
      point.name = region.name + "[" + std::to_string(page) + "]";
    }
  }
  slice_.va_points.push_back(point);
  return true;
}

void SliceBuilder::add_va_points(const SliceRequest& request) {
  for (const std::uint64_t address : request.addresses) add_va_point(address, true);
  for (const std::uint64_t address : request.environment) add_va_point(address, false);
}

void SliceBuilder::add_roots() {
  for (RootId r = 0; r < program_.roots.size(); ++r) {
    SliceRoot root;
    root.root = r;
    root.tag = program_.roots[r].tag;
    const RootId like = program_.roots[r].like;
    root.family = like == kNone ? static_cast<std::uint8_t>(r) : slice_.roots[like].family;
    root.start.fill(kNoIndex);
    slice_.roots.push_back(root);
  }
  for (const OpRef ref : index_.everywhere()) {
    const Op& op = program_.agents[ref.agent].ops[ref.op];
    const auto* copy = std::get_if<op::CopyTables>(&op.operation);
    if (copy == nullptr) continue;
    const std::uint8_t from = slice_.roots[copy->from].family;
    const std::uint8_t to = slice_.roots[copy->to].family;
    for (SliceRoot& root : slice_.roots) {
      if (root.family == to) root.family = from;
    }
  }
  for (const std::uint8_t v : indices(slice_.va_points)) trace_paths(v);
}

void SliceBuilder::trace_paths(std::uint8_t va_point) {
  VaPoint& point = slice_.va_points[va_point];
  if (point.page.region != kNone) {
    point.family = slice_.roots[program_.regions[point.page.region].root].family;
  }
  const std::uint64_t companion = point.primary ? companion_ : kNoAddress;
  const int level = arch::start_level(program_.machine.geometry);
  for (SliceRoot& root : slice_.roots) {
    root.start[va_point] = trace(va_point, program_.roots[root.root].table, level, companion);
  }
}

CellId SliceBuilder::cell_for(TableId table, std::uint64_t va, int level) const {
  return program_.find_cell(
      table, static_cast<std::uint32_t>(arch::table_index(program_.machine.geometry, va, level)));
}

bool SliceBuilder::table_lives(TableId table) const {
  return !index_.of_page({true, table}).empty();
}

// A descriptor that no operation writes, in a table that no operation frees or clears.
bool SliceBuilder::is_fixed(CellId cell) const {
  const TableId table = program_.cells[cell].table;
  if (program_.tables[table].junk || program_.tables[table].free || table_lives(table))
    return false;
  for (const OpRef ref : index_.of_cell(cell)) {
    const Operation& operation = program_.agents[ref.agent].ops[ref.op].operation;
    if (!std::holds_alternative<op::ReadDescriptor>(operation)) return false;
  }
  return true;
}

// Follows fixed table descriptors down to the first descriptor that matters. Returns its node, or
// kNoIndex if the address has no descriptor there.
std::uint8_t SliceBuilder::trace(std::uint8_t va_point, TableId table, int level,
                                 std::uint64_t companion) {
  const arch::Geometry& g = program_.machine.geometry;
  const std::uint64_t va = slice_.va_points[va_point].address;
  while (level <= 3) {
    const CellId cell = cell_for(table, va, level);
    if (cell == kNone) return kNoIndex;
    const arch::Descriptor initial{program_.cells[cell].initial};
    if (!is_fixed(cell) || !arch::is_table(g, initial, level)) {
      return add_node(va_point, cell, level, companion);
    }
    const auto next = index_.page_at(arch::output_address(g, initial, level));
    if (!next || !next->is_table) return add_node(va_point, cell, level, companion);
    table = next->id;
    ++level;
  }
  return kNoIndex;
}

std::uint8_t SliceBuilder::add_node(std::uint8_t va_point, CellId cell, int level,
                                    std::uint64_t companion) {
  const auto key = std::make_pair(va_point, cell);
  if (const auto known = node_of_cell_.find(key); known != node_of_cell_.end()) {
    return known->second;
  }
  const auto index = static_cast<std::uint8_t>(slice_.nodes.size());
  node_of_cell_.emplace(key, index);
  Node node;
  node.va_point = va_point;
  node.level = static_cast<std::int8_t>(level);
  slice_.nodes.push_back(node);
  const std::uint8_t own = draft(cell, va_point, index, false);
  slice_.nodes[index].cell = own;
  if (companion != kNoAddress) {
    const CellId other = cell_for(program_.cells[cell].table, companion, level);
    if (other != kNone && other != cell) {
      const std::uint8_t companion_cell = draft(other, va_point, index, true);
      slice_.nodes[index].companions.push_back(companion_cell);
    }
  }
  return index;
}

std::uint8_t SliceBuilder::draft(CellId cell, std::uint8_t va_point, std::uint8_t node,
                                 bool companion) {
  const auto known = draft_of_view_.find({va_point, cell});
  if (known != draft_of_view_.end()) return known->second;
  const std::uint8_t first = draft_of(cell);
  if (va_point == kNoIndex && first != kNoIndex) return first;
  const auto index = static_cast<std::uint8_t>(drafts_.size());
  if (index >= kMaxCells) {
    slice_.bound = "more than 24 descriptors that affect one page";
    return 0;
  }
  draft_of_cell_.try_emplace(cell, index);
  draft_of_view_.emplace(std::make_pair(va_point, cell), index);
  CellDraft d;
  d.cell = cell;
  d.va_point = va_point;
  d.node = node;
  d.companion = companion;
  const Table& table = program_.tables[program_.cells[cell].table];
  bool allocated_later = table.junk || table.free;
  for (const OpRef ref : index_.of_page({true, program_.cells[cell].table})) {
    const Operation& operation = program_.agents[ref.agent].ops[ref.op].operation;
    allocated_later |= std::holds_alternative<op::Allocate>(operation);
  }
  d.may_be_junk = allocated_later;
  raws_[cell].insert(program_.cells[cell].initial);
  drafts_.push_back(d);
  return index;
}

std::uint8_t SliceBuilder::draft_of(CellId cell) const {
  const auto found = draft_of_cell_.find(cell);
  return found == draft_of_cell_.end() ? kNoIndex : found->second;
}

// --- relevant operations -------------------------------------------------------------------------

void SliceBuilder::add_ops(const std::vector<OpRef>& refs) {
  ops_.insert(refs.begin(), refs.end());
}

void SliceBuilder::gather_ops() {
  ops_.insert(new_ops_.begin(), new_ops_.end());
  add_ops(index_.everywhere());
  for (const VaPoint& point : slice_.va_points) {
    add_ops(index_.of_va(point.address));
    add_ops(index_.invalidations_of(point.address));
  }
  for (const CellDraft& d : drafts_) {
    add_ops(index_.of_cell(d.cell));
    const PageRef table{true, program_.cells[d.cell].table};
    page_index(table);
  }
  for (std::size_t page = 0; page < slice_.pages.size(); ++page) {
    gather_page_ops(static_cast<std::uint8_t>(page));
  }
}

// By-address invalidations hit an entry of any size that holds the address, so those of a block's
// or a table's other pages belong to the slice too.
void SliceBuilder::gather_invalidations() {
  const arch::Geometry& g = program_.machine.geometry;
  std::set<std::pair<std::uint64_t, std::uint64_t>> spans;
  for (const Entry& e : slice_.entries) {
    std::uint64_t bytes = e.cover_end - e.cover_start;
    // Where one TLBI may remove what was cached for a whole group, those of its members count.
    if (!settings_.assumptions.is_default(Assumption::kContiguousTlbi)) {
      const SliceCell& cell = slice_.cells[e.cell];
      if (arch::is_contiguous(g, {cell.values[e.value].raw}, cell.level)) {
        bytes *= arch::contiguous_entries(g, cell.level);
      }
    }
    const std::uint64_t start = e.cover_start & ~(bytes - 1);
    if (bytes > index_.granule_bytes()) spans.emplace(start, start + bytes - 1);
  }
  for (const auto& [first, last] : spans) add_ops(index_.invalidations_within(first, last));
}

bool SliceBuilder::is_freed(PageRef page) const {
  bool freed = false;
  for (const OpRef ref : index_.of_page(page)) {
    for_each_op(program_.agents[ref.agent].ops[ref.op],
                [&](const Op& op) { freed |= std::holds_alternative<op::Free>(op.operation); });
  }
  return freed;
}

// A copy to a page outside the slice matters for what is read alone: that the page holds still.
// That can be asked only of a page that an address may write and later may not.
void SliceBuilder::gather_reliances() {
  for (const std::uint8_t page : indices(slice_.pages)) {
    bool writable = false;
    bool narrowed = false;
    for (const Entry& e : slice_.entries) {
      if (!e.leaf || e.page != page) continue;
      writable |= e.writable;
      narrowed |= slice_.cells[e.cell].values.size() > 1;
    }
    const PageRef ref = slice_.pages[page].ref;
    if (!ref.is_table && ((writable && narrowed) || is_freed(ref))) {
      add_ops(index_.copies_out_of(ref.id));
    }
  }
}

// A copy into a page of the slice brings the page that it reads, a comparison with one the other.
void SliceBuilder::gather_page_ops(std::uint8_t page) {
  const PageRef ref = slice_.pages[page].ref;
  for (const OpRef op_ref : index_.of_page(ref)) {
    ops_.insert(op_ref);
    for_each_op(program_.agents[op_ref.agent].ops[op_ref.op], [&](const Op& op) {
      const auto* copy = std::get_if<op::CopyFrame>(&op.operation);
      if (copy != nullptr && !ref.is_table && copy->to == ref.id) page_index({false, copy->from});
      if (const auto* compare = std::get_if<op::CompareFrames>(&op.operation)) {
        page_index({false, compare->a});
        page_index({false, compare->b});
      }
    });
  }
}

std::uint8_t SliceBuilder::page_index(PageRef page) {
  const std::uint64_t key = page_key(page);
  if (const auto known = page_of_key_.find(key); known != page_of_key_.end()) return known->second;
  const auto index = static_cast<std::uint8_t>(slice_.pages.size());
  if (index >= kMaxPages) {
    slice_.bound = "more than 24 pages of memory that affect one page";
    return 0;
  }
  page_of_key_.emplace(key, index);
  SlicePage p;
  p.ref = page;
  if (page.is_table) {
    p.free = program_.tables[page.id].free;
  } else {
    const Frame& frame = program_.frames[page.id];
    p.free = frame.free;
    p.unknown = !frame.contents.known;
    p.value = value_index(frame.contents.value);
  }
  slice_.pages.push_back(p);
  return index;
}

std::uint8_t SliceBuilder::value_index(ValueId value) {
  const auto found = std::find(slice_.values.begin(), slice_.values.end(), value);
  if (found != slice_.values.end()) return static_cast<std::uint8_t>(found - slice_.values.begin());
  slice_.values.push_back(value);
  return static_cast<std::uint8_t>(slice_.values.size() - 1);
}

// --- values --------------------------------------------------------------------------------------

bool SliceBuilder::add_value(CellId cell, std::uint64_t raw) {
  RawSet& raws = raws_[cell];
  if (!raws.insert(raw).second) return false;
  if (raws.size() >= kMaxCellValues) {  // one is kept for bytes that nobody has initialised
    slice_.bound = "a descriptor takes more than 31 values";
    return false;
  }
  return true;
}

SliceBuilder::RawSet SliceBuilder::register_raws(std::uint32_t agent, RegisterId reg) const {
  RawSet raws;
  for (const OpRef ref : ops_) {
    if (ref.agent != agent) continue;
    for_each_op(program_.agents[agent].ops[ref.op], [&](const Op& op) {
      const auto* read = std::get_if<op::ReadDescriptor>(&op.operation);
      if (read == nullptr || read->into != reg || draft_of(read->cell) == kNoIndex) return;
      const RawSet& source = raws_.at(read->cell);
      raws.insert(source.begin(), source.end());
    });
  }
  return raws;
}

SliceBuilder::RawSet SliceBuilder::evaluate(std::uint32_t agent, const DescriptorExpr& expr) const {
  if (expr.source == kNone) return {expr.set};
  RawSet raws;
  for (const std::uint64_t raw : register_raws(agent, expr.source)) {
    raws.insert((raw & ~expr.clear) | expr.set);
  }
  return raws;
}

bool SliceBuilder::grow_from(const Op& op, std::uint32_t agent) {
  bool grown = false;
  const auto store = [&](CellId cell, const RawSet& raws) {
    if (draft_of(cell) == kNoIndex) return;
    for (const std::uint64_t raw : raws) grown |= add_value(cell, raw);
  };
  if (const auto* write = std::get_if<op::WriteDescriptor>(&op.operation)) {
    store(write->cell, evaluate(agent, write->value));
  } else if (const auto* cas = std::get_if<op::CompareExchangeDescriptor>(&op.operation)) {
    store(cas->cell, evaluate(agent, cas->desired));
  } else if (const auto* update = std::get_if<op::UpdateDescriptor>(&op.operation)) {
    if (draft_of(update->cell) == kNoIndex) return false;
    const RawSet old = raws_.at(update->cell);
    for (const std::uint64_t raw : old) {
      grown |= add_value(update->cell, (raw & ~update->clear) | update->set);
    }
  } else if (const auto* zero = std::get_if<op::ZeroTable>(&op.operation)) {
    for (const CellDraft& d : drafts_) {
      if (program_.cells[d.cell].table == zero->table) grown |= add_value(d.cell, 0);
    }
  } else if (const auto* copy = std::get_if<op::CopyTables>(&op.operation)) {
    grown |= grow_copy(*copy);
  }
  return grown;
}

bool SliceBuilder::grow_copy(const op::CopyTables& copy) {
  bool grown = false;
  for (const std::uint64_t va : slice_.copied_addresses()) {
    TableId from = program_.roots[copy.from].table;
    TableId to = program_.roots[copy.to].table;
    for (int level = arch::start_level(program_.machine.geometry); level <= 3; ++level) {
      const CellId source = cell_for(from, va, level);
      const CellId target = cell_for(to, va, level);
      if (source == kNone || target == kNone) break;
      const std::uint64_t initial = program_.cells[source].initial;
      const bool in_slice = draft_of(target) != kNoIndex;
      const RawSet raws = draft_of(source) == kNoIndex ? RawSet{initial} : raws_.at(source);
      for (const std::uint64_t raw : raws) {
        if (in_slice) grown |= add_value(target, index_.copied(raw, level, copy.to));
      }
      from = index_.table_below(initial, level);
      to = index_.table_below(index_.copied(initial, level, copy.to), level);
      if (from == kNone || to == kNone || from == to) break;
    }
  }
  return grown;
}

// A value computed from a register depends on the descriptors that the register was read from.
bool SliceBuilder::grow_sources(const Op& op, std::uint32_t agent) {
  const auto add = [&](CellId target, const DescriptorExpr& expr) {
    if (expr.source == kNone || draft_of(target) == kNoIndex) return;
    for (const OpRef ref : index_.reads_into(agent, expr.source)) new_ops_.insert(ref);
  };
  if (const auto* write = std::get_if<op::WriteDescriptor>(&op.operation)) {
    add(write->cell, write->value);
  } else if (const auto* cas = std::get_if<op::CompareExchangeDescriptor>(&op.operation)) {
    add(cas->cell, cas->expected);
    add(cas->cell, cas->desired);
  }
  return std::any_of(new_ops_.begin(), new_ops_.end(),
                     [&](const OpRef ref) { return ops_.count(ref) == 0; });
}

// A descriptor store made through a mapping depends on that mapping's translation.
bool SliceBuilder::grow_windows(const Op& op) {
  const auto* write = std::get_if<op::WriteDescriptor>(&op.operation);
  if (write == nullptr || !write->through || draft_of(write->cell) == kNoIndex) return false;
  const Region& region = program_.regions[write->through->region];
  const std::uint64_t address = region.base + write->through->page * index_.granule_bytes();
  if (!add_va_point(address, false)) return false;
  trace_paths(static_cast<std::uint8_t>(slice_.va_points.size() - 1));
  return true;
}

bool SliceBuilder::grow_by_hardware() {
  const arch::Features& features = program_.machine.features;
  if (!features.hardware_af && !features.hardware_dirty) return false;
  const arch::Geometry& g = program_.machine.geometry;
  bool grown = false;
  for (const CellDraft& d : drafts_) {
    const int level = program_.tables[program_.cells[d.cell].table].level;
    const RawSet raws = raws_.at(d.cell);
    for (const std::uint64_t raw : raws) {
      if (!arch::is_leaf(g, {raw}, level)) continue;
      if (!arch::has_access_flag({raw})) grown |= add_value(d.cell, arch::with_af({raw}).raw);
      const bool clean = (raw & arch::bits::kDbm) != 0 && !arch::is_dirty(g, {raw});
      if (features.hardware_dirty && clean)
        grown |= add_value(d.cell, arch::with_dirty(g, {raw}).raw);
    }
  }
  return grown;
}

// New table values lead to new nodes, new leaves to new pages.
bool SliceBuilder::grow_paths() {
  const arch::Geometry& g = program_.machine.geometry;
  const std::size_t nodes = slice_.nodes.size();
  const std::size_t pages = slice_.pages.size();
  const std::size_t drafts = drafts_.size();
  for (std::size_t i = 0; i < drafts_.size() && slice_.bound.empty(); ++i) {
    const CellDraft d = drafts_[i];
    if (d.node == kNoIndex) continue;
    const int level = program_.tables[program_.cells[d.cell].table].level;
    const RawSet raws = raws_.at(d.cell);
    for (const std::uint64_t raw : raws) {
      if (arch::is_table(g, {raw}, level)) {
        const auto next = index_.page_at(arch::output_address(g, {raw}, level));
        if (!next || !next->is_table || d.companion) continue;
        page_index(*next);
        const bool primary = slice_.va_points[d.va_point].primary;
        trace(d.va_point, next->id, level + 1, primary ? companion_ : kNoAddress);
      } else if (arch::is_leaf(g, {raw}, level)) {
        const auto page = index_.page_at(target_of(d, raw, level));
        if (page) page_index(*page);
      }
    }
  }
  return nodes != slice_.nodes.size() || pages != slice_.pages.size() || drafts != drafts_.size();
}

bool SliceBuilder::grow_values() {
  const std::size_t known = drafts_.size();
  bool grown = false;
  for (const OpRef ref : ops_) {
    for_each_op(program_.agents[ref.agent].ops[ref.op], [&](const Op& op) {
      if (const auto* read = std::get_if<op::ReadDescriptor>(&op.operation)) {
        draft(read->cell, kNoIndex, kNoIndex, false);
      }
      const auto* cas = std::get_if<op::CompareExchangeDescriptor>(&op.operation);
      if (cas != nullptr && cas->assumed) draft(cas->cell, kNoIndex, kNoIndex, false);
      grown |= grow_from(op, ref.agent);
      grown |= grow_windows(op);
      grown |= grow_sources(op, ref.agent);
    });
  }
  grown |= grow_by_hardware();
  grown |= grow_paths();
  grown |= drafts_.size() != known;
  return grown && slice_.bound.empty();
}

// --- agents and observers ------------------------------------------------------------------------

void SliceBuilder::add_walkers() {
  if (program_.machine.cpus + program_.devices.size() > kMaxWalkers) {
    slice_.bound = "more than 8 CPUs and devices";
    return;
  }
  for (std::uint32_t cpu = 0; cpu < program_.machine.cpus; ++cpu) {
    Walker w;
    w.name = "cpu " + std::to_string(cpu);
    w.id = cpu;
    w.initial_root = cpu < program_.cpu_roots.size()
                         ? static_cast<std::uint8_t>(program_.cpu_roots[cpu])
                         : std::uint8_t{0};
    w.near_set = slice_.stage2;
    slice_.walkers.push_back(w);
  }
  for (DeviceId d = 0; d < program_.devices.size(); ++d) {
    const Device& device = program_.devices[d];
    Walker w;
    w.name = device.name;
    w.device = true;
    w.id = d;
    w.near_set = true;
    w.mirrors = device.mirrors;
    w.listens = device.broadcast_tlbi;
    slice_.walkers.push_back(w);
  }
}

void SliceBuilder::add_observers() {
  for (std::uint32_t o = 0; o < program_.observers.size(); ++o) {
    const Observer& observer = program_.observers[o];
    std::uint32_t walkers = 0;
    for (const std::uint32_t cpu : observer.cpus) walkers |= 1U << cpu;
    if (observer.device != kNone) walkers = 1U << (program_.machine.cpus + observer.device);
    for (std::uint32_t a = 0; a < observer.accesses.size(); ++a) {
      const ObserverAccess& access = observer.accesses[a];
      // Where only conditions are judged, what observers see does not matter, only what they store.
      if (slice_.conditions_only && access.kind == AccessKind::kLoad) continue;
      const Region& region = program_.regions[access.region];
      for (const std::uint8_t v : indices(slice_.va_points)) {
        const std::uint64_t first = region.base + access.first * index_.granule_bytes();
        const std::uint64_t last = region.base + access.last * index_.granule_bytes();
        const std::uint64_t at = slice_.va_points[v].address;
        if (at < first || at > last) continue;
        slice_.observers.push_back({o, a, v, access.kind, access.may_fault,
                                    access.may_be_lost || slice_.conditions_only, walkers});
      }
    }
  }
}

// Walkers are alike if nothing tells them apart: no agent, the same observers, the same root.
void SliceBuilder::classify_walkers() {
  std::uint32_t busy = settings_.symmetry ? 0 : ~0U;
  for (const SliceAgent& agent : slice_.agents) busy |= 1U << agent.walker;
  for (const std::uint8_t w : indices(slice_.walkers)) {
    Walker& walker = slice_.walkers[w];
    walker.like = w;
    if ((busy >> w & 1) != 0 || walker.device) continue;
    for (std::uint8_t other = 0; other < w; ++other) {
      const Walker& candidate = slice_.walkers[other];
      if ((busy >> other & 1) != 0 || candidate.device) continue;
      if (candidate.initial_root != walker.initial_root) continue;
      const bool alike = std::all_of(
          slice_.observers.begin(), slice_.observers.end(),
          [&](const SliceObserver& o) { return (o.walkers >> w & 1) == (o.walkers >> other & 1); });
      if (alike) {
        walker.like = candidate.like;
        break;
      }
    }
  }
}

}  // namespace amalgam::model
