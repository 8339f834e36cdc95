#include "model/program_index.hpp"

#include <algorithm>

#include "amalgam/arch/descriptor.hpp"
#include "model/ordering.hpp"

namespace amalgam::model {

namespace {

// Invalidations of at most this many pages are found by page, the others by a scan.
constexpr std::uint64_t kNarrowPages = 64;

std::uint64_t page_key(PageRef page) {
  return (static_cast<std::uint64_t>(page.is_table) << 32) | page.id;
}

std::uint64_t register_key(std::uint32_t agent, RegisterId reg) {
  return (static_cast<std::uint64_t>(agent) << 32) | reg;
}

template <typename Map, typename Key>
const std::vector<OpRef>& find_or_empty(const Map& map, const Key& key) {
  static const std::vector<OpRef> kEmpty;
  const auto found = map.find(key);
  return found == map.end() ? kEmpty : found->second;
}

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace

ProgramIndex::ProgramIndex(const Program& program)
    : program_(&program),
      granule_bytes_(std::uint64_t{1} << arch::page_lg2(program.machine.geometry.granule)) {
  index_pages();
  for (std::uint32_t a = 0; a < program.agents.size(); ++a) {
    for (std::uint32_t i = 0; i < program.agents[a].ops.size(); ++i) {
      for_each_op(program.agents[a].ops[i], [&](const Op& op) { add(op, {a, i}); });
    }
  }
  index_barriers();
  index_aliases();
}

void ProgramIndex::index_pages() {
  for (FrameId f = 0; f < program_->frames.size(); ++f) {
    addresses_.emplace(program_->frames[f].address, PageRef{false, f});
  }
  for (TableId t = 0; t < program_->tables.size(); ++t) {
    addresses_.emplace(program_->tables[t].address, PageRef{true, t});
  }
}

// Barriers are found by position, invalidations by the addresses that they may reach.
bool ProgramIndex::add_maintenance(const Op& op, OpRef ref) {
  if (const auto* tlbi = std::get_if<op::Tlbi>(&op.operation)) {
    const auto decoded = decode(*tlbi);
    if (!decoded) return true;
    const bool by_address = arch::is_by_address(decoded->kind);
    add_invalidation(by_address ? decoded->va_start : 0, by_address ? decoded->va_end : 0, ref);
    return true;
  }
  if (const auto* notify = std::get_if<op::Notify>(&op.operation)) {
    add_invalidation(notify->start, notify->end, ref);
    return true;
  }
  return std::holds_alternative<op::Barrier>(op.operation);
}

// A comparison belongs where its pages do.
void ProgramIndex::add_assumption(const Op& op, OpRef ref) {
  const auto* compare = std::get_if<op::CompareFrames>(&op.operation);
  if (compare != nullptr) {
    pages_[page_key({false, compare->a})].push_back(ref);
    pages_[page_key({false, compare->b})].push_back(ref);
  } else if (assumes(op)) {
    everywhere_.push_back(ref);
  }
  has_assumptions_ |= compare != nullptr || assumes(op);
}

void ProgramIndex::add(const Op& op, OpRef ref) {
  if (add_maintenance(op, ref)) return;
  add_assumption(op, ref);
  const auto cell = [&](CellId id) { cells_[id].push_back(ref); };
  const auto page = [&](PageRef p) { pages_[page_key(p)].push_back(ref); };
  const auto frame = [&](FrameId f) { page({false, f}); };
  const auto va = [&](VaPage v) {
    vas_[program_->regions[v.region].base + v.page * granule_bytes_].push_back(ref);
  };
  std::visit(Overloaded{
                 [&](const op::WriteDescriptor& o) {
                   cell(o.cell);
                   if (o.through) va(*o.through);
                 },
                 [&](const op::ReadDescriptor& o) {
                   cell(o.cell);
                   reads_into_[register_key(ref.agent, o.into)].push_back(ref);
                 },
                 [&](const op::CompareExchangeDescriptor& o) { cell(o.cell); },
                 [&](const op::UpdateDescriptor& o) { cell(o.cell); },
                 [&](const op::Access& o) { va(o.page); },
                 [&](const op::FrameAccess& o) { frame(o.frame); },
                 [&](const op::CopyFrame& o) {
                   copies_out_[o.from].push_back(ref);
                   frame(o.to);
                 },
                 [](const op::CompareFrames&) {},
                 [&](const op::ZeroFrame& o) { frame(o.frame); },
                 [&](const op::ZeroTable& o) { page({true, o.table}); },
                 [&](const op::Allocate& o) { page(o.page); },
                 [&](const op::Free& o) {
                   page(o.page);
                   if (!o.page.is_table) freed_.push_back(o.page.id);
                 },
                 [&](const auto&) { everywhere_.push_back(ref); },
             },
             op.operation);
}

void ProgramIndex::add_invalidation(std::uint64_t start, std::uint64_t end, OpRef ref) {
  const std::uint64_t last = end - 1;
  if (end == 0 || (last - start) / granule_bytes_ >= kNarrowPages) {
    wide_.push_back({start, last, ref});
    return;
  }
  for (std::uint64_t va = page_of(start); va <= last; va += granule_bytes_) {
    narrow_[va].push_back(ref);
  }
}

std::optional<arch::TlbiOperation> ProgramIndex::decode(const op::Tlbi& tlbi) const {
  const auto mnemonic = arch::parse_mnemonic(tlbi.mnemonic);
  if (!mnemonic) return std::nullopt;
  return arch::decode(*mnemonic, tlbi.operand.value_or(0), program_->machine.geometry,
                      program_->machine.features);
}

const std::vector<OpRef>& ProgramIndex::of_cell(CellId cell) const {
  return find_or_empty(cells_, cell);
}

const std::vector<OpRef>& ProgramIndex::of_page(PageRef page) const {
  return find_or_empty(pages_, page_key(page));
}

const std::vector<OpRef>& ProgramIndex::copies_out_of(FrameId frame) const {
  return find_or_empty(copies_out_, frame);
}

const std::vector<OpRef>& ProgramIndex::reads_into(std::uint32_t agent, RegisterId reg) const {
  return find_or_empty(reads_into_, register_key(agent, reg));
}

std::vector<FrameId> ProgramIndex::unmapped_freed_frames() const {
  std::vector<FrameId> found;
  for (const FrameId frame : freed_) {
    const bool touched = of_page({false, frame}).size() > 1 || !copies_out_of(frame).empty();
    if (touched && named_.count(frame) == 0) found.push_back(frame);
  }
  return found;
}

const std::vector<OpRef>& ProgramIndex::of_va(std::uint64_t va_page) const {
  return find_or_empty(vas_, va_page);
}

std::vector<OpRef> ProgramIndex::invalidations_of(std::uint64_t va) const {
  std::vector<OpRef> found = find_or_empty(narrow_, page_of(va));
  for (const Wide& w : wide_) {
    if (w.start <= va && va <= w.last) found.push_back(w.ref);
  }
  return found;
}

std::vector<OpRef> ProgramIndex::invalidations_within(std::uint64_t first,
                                                      std::uint64_t last) const {
  std::vector<OpRef> found;
  const auto take = [&](std::uint64_t page, const std::vector<OpRef>& refs) {
    if (page >= page_of(first) && page <= last) found.insert(found.end(), refs.begin(), refs.end());
  };
  // Whichever is shorter: the pages of the span, or the pages that any invalidation names.
  if ((last - first) / granule_bytes_ < narrow_.size()) {
    for (std::uint64_t va = page_of(first); va <= last && va >= page_of(first);
         va += granule_bytes_) {
      take(va, find_or_empty(narrow_, va));
    }
  } else {
    for (const auto& [page, refs] : narrow_) take(page, refs);
  }
  for (const Wide& w : wide_) {
    if (w.start <= last && first <= w.last) found.push_back(w.ref);
  }
  return found;
}

std::optional<PageRef> ProgramIndex::page_at(std::uint64_t address) const {
  const auto found = addresses_.find(page_of(address));
  if (found == addresses_.end()) return std::nullopt;
  return found->second;
}

void ProgramIndex::index_barriers() {
  barriers_.resize(program_->agents.size());
  barrier_bits_.resize(program_->agents.size());
  for (std::size_t a = 0; a < program_->agents.size(); ++a) {
    const auto& ops = program_->agents[a].ops;
    for (std::uint32_t i = 0; i < ops.size(); ++i) {
      if (const auto* barrier = std::get_if<op::Barrier>(&ops[i].operation)) {
        barriers_[a].push_back(i);
        barrier_bits_[a].push_back(OrderBuilder::barrier_kind_bit(barrier->barrier));
      }
    }
  }
}

std::uint32_t ProgramIndex::barrier_kinds(std::uint32_t agent, std::uint32_t from,
                                          std::uint32_t to) const {
  const auto& at = barriers_[agent];
  std::uint32_t kinds = 0;
  for (auto it = std::lower_bound(at.begin(), at.end(), from); it != at.end() && *it < to; ++it) {
    kinds |= barrier_bits_[agent][static_cast<std::size_t>(it - at.begin())];
  }
  return kinds;
}

// A leaf that grants stores to a frame makes its address an alias of that frame.
void ProgramIndex::add_alias(std::uint64_t raw, int level, CellId cell) {
  const arch::Geometry& g = program_->machine.geometry;
  if (!arch::is_writable(g, {raw}, level, true)) return;
  const auto vas = cell_vas_.find(cell);
  if (vas == cell_vas_.end()) return;
  const std::uint64_t base = arch::output_address(g, {raw}, level);
  const std::uint64_t pages = arch::level_size_bytes(g, level) / granule_bytes_;
  for (std::uint64_t i = 0; i < pages; ++i) {
    const auto page = page_at(base + i * granule_bytes_);
    if (!page || page->is_table) continue;
    auto& list = aliases_[page->id];
    for (const std::uint64_t va : vas->second) {
      const std::uint64_t alias = va + i * granule_bytes_;
      if (std::find(list.begin(), list.end(), alias) == list.end()) list.push_back(alias);
    }
  }
}

void ProgramIndex::add_named(std::uint64_t raw, int level) {
  const arch::Geometry& g = program_->machine.geometry;
  if (!arch::is_leaf(g, {raw}, level)) return;
  const std::uint64_t base = arch::output_address(g, {raw}, level);
  const std::uint64_t pages = arch::level_size_bytes(g, level) / granule_bytes_;
  for (std::uint64_t i = 0; i < pages; ++i) {
    const auto page = page_at(base + i * granule_bytes_);
    if (page && !page->is_table) named_.insert(page->id);
  }
}

// A group of contiguous entries matters if any of its members ever has the bit.
void ProgramIndex::add_group(std::uint64_t raw, int level, CellId cell) {
  const arch::Geometry& g = program_->machine.geometry;
  const auto vas = cell_vas_.find(cell);
  if (vas == cell_vas_.end() || !arch::is_contiguous(g, {raw}, level)) return;
  const std::uint64_t bytes = arch::level_size_bytes(g, level) * arch::contiguous_entries(g, level);
  for (const std::uint64_t va : vas->second) groups_[va & ~(bytes - 1)] = level;
}

std::vector<std::uint64_t> ProgramIndex::addresses_of_assumptions() const {
  std::vector<std::uint64_t> addresses;
  const arch::Features& features = program_->machine.features;
  if (!features.hardware_af && !features.hardware_dirty) return addresses;
  const auto take = [&](CellId cell) {
    const int level = program_->tables[program_->cells[cell].table].level;
    const auto is_leaf = [&](std::uint64_t raw) {
      return arch::is_leaf(program_->machine.geometry, {raw}, level);
    };
    const auto& stored = values_.of(cell);
    const bool leaf = is_leaf(program_->cells[cell].initial) ||
                      std::any_of(stored.begin(), stored.end(), is_leaf);
    const auto vas = cell_vas_.find(cell);
    if (!leaf || vas == cell_vas_.end()) return;
    addresses.insert(addresses.end(), vas->second.begin(), vas->second.end());
  };
  for (const OpRef ref : everywhere_) {
    const Operation& operation = program_->agents[ref.agent].ops[ref.op].operation;
    if (const auto* read = std::get_if<op::ReadDescriptor>(&operation)) take(read->cell);
    const auto* exchange = std::get_if<op::CompareExchangeDescriptor>(&operation);
    if (exchange != nullptr) take(exchange->cell);
  }
  return addresses;
}

TableId ProgramIndex::table_below(std::uint64_t raw, int level) const {
  const arch::Geometry& g = program_->machine.geometry;
  if (!arch::is_table(g, {raw}, level)) return kNone;
  const auto page = page_at(arch::output_address(g, {raw}, level));
  return page && page->is_table ? page->id : kNone;
}

// The tables of a copied root follow its top table in Program::tables.
std::uint64_t ProgramIndex::copied(std::uint64_t raw, int level, RootId to) const {
  const TableId original = table_below(raw, level);
  if (original == kNone) return raw;
  for (TableId t = program_->roots[to].table; t < program_->tables.size(); ++t) {
    if (program_->tables[t].like != original) continue;
    const arch::Geometry& g = program_->machine.geometry;
    return arch::with_output_address(g, {raw}, level, program_->tables[t].address).raw;
  }
  return raw;
}

std::optional<int> ProgramIndex::contiguous_level(std::uint64_t va) const {
  const arch::Geometry& g = program_->machine.geometry;
  for (int level = 3; level >= 1; --level) {
    const std::uint64_t bytes =
        arch::level_size_bytes(g, level) * arch::contiguous_entries(g, level);
    const auto found = groups_.find(va & ~(bytes - 1));
    if (found != groups_.end() && found->second == level) return level;
  }
  return std::nullopt;
}

// Records the input address of every descriptor that may translate `va` in tables under `table`,
// through every table that a store may link.
void ProgramIndex::place_cells(TableId table, int level, std::uint64_t va) {
  const arch::Geometry& g = program_->machine.geometry;
  if (level > 3) return;
  const auto index = static_cast<std::uint32_t>(arch::table_index(g, va, level));
  const CellId cell = program_->find_cell(table, index);
  if (cell == kNone) return;
  const std::uint64_t first = va & ~(arch::level_size_bytes(g, level) - 1);
  auto& vas = cell_vas_[cell];
  if (std::find(vas.begin(), vas.end(), first) == vas.end()) vas.push_back(first);
  const auto follow = [&](std::uint64_t raw) {
    if (!arch::is_table(g, {raw}, level)) return;
    const auto next = page_at(arch::output_address(g, {raw}, level));
    if (next && next->is_table) place_cells(next->id, level + 1, va);
  };
  follow(program_->cells[cell].initial);
  for (const std::uint64_t raw : values_.of(cell)) follow(raw);
}

void ProgramIndex::index_aliases() {
  const arch::Geometry& g = program_->machine.geometry;
  values_.find(*program_, *this);
  for (const Region& region : program_->regions) {
    for (std::uint32_t p = 0; p < region.pages; ++p) {
      for (const Root& root : program_->roots) {
        place_cells(root.table, arch::start_level(g), region.base + p * granule_bytes_);
      }
    }
  }
  for (CellId c = 0; c < program_->cells.size(); ++c) {
    const int level = program_->tables[program_->cells[c].table].level;
    add_alias(program_->cells[c].initial, level, c);
    add_named(program_->cells[c].initial, level);
    add_group(program_->cells[c].initial, level, c);
    for (const std::uint64_t raw : values_.of(c)) {
      add_alias(raw, level, c);
      add_named(raw, level);
      add_group(raw, level, c);
    }
  }
}

const std::vector<std::uint64_t>& ProgramIndex::writable_aliases(FrameId frame) const {
  static const std::vector<std::uint64_t> kEmpty;
  const auto found = aliases_.find(frame);
  return found == aliases_.end() ? kEmpty : found->second;
}

}  // namespace amalgam::model
