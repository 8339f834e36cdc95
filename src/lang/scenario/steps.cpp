#include "lang/scenario/steps.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lang/scenario/cursor.hpp"
#include "lang/scenario/descriptors.hpp"
#include "lang/scenario/lower.hpp"
#include "lang/scenario/read.hpp"
#include "lang/scenario/suggest.hpp"

namespace amalgam::lang::scenario {

namespace {

void append_index(std::string& text, const ast::Index& index, const LoopValues& loops) {
  if (index.any) {
    text += "any";
    return;
  }
  text += std::to_string(evaluate(index.first, loops));
  if (index.last) text += ".." + std::to_string(evaluate(*index.last, loops));
}

}  // namespace

std::string text_of(const ast::StepText& text, const LoopValues& loops) {
  std::string result;
  for (const ast::StepText::Piece& piece : text.pieces) {
    result += piece.before;
    append_index(result, piece.index, loops);
  }
  return result += text.tail;
}

StepLowering::StepLowering(StepContext& context, model::Agent& agent)
    : c_(context),
      agent_(agent),
      finder_(context.program, context.names, context.links, context.diagnostics),
      ops_(&agent.ops) {}

void StepLowering::lower(const std::vector<ast::Step>& steps) {
  for (const ast::Step& step : steps) {
    if (c_.steps_left == 0 || c_.diagnostics.full()) return;
    lower_step(step);
  }
}

bool StepLowering::lower_step(const ast::Step& step) {
  const bool device_step = std::holds_alternative<ast::Access>(step.what) ||
                           std::holds_alternative<ast::Loop>(step.what);
  if (agent_.device != model::kNone && !device_step) {
    c_.diagnostics.error(step.location, "a device makes loads, stores and adds only");
    return false;
  }
  return std::visit([&](const auto& what) { return lower_what(step, what); }, step.what);
}

bool StepLowering::out_of_steps(const Location& location) {
  if (c_.steps_left > 0) {
    --c_.steps_left;
    return false;
  }
  c_.diagnostics.error(location,
                       "the loops unroll to more than " + std::to_string(kMaxSteps) + " steps");
  return true;
}

bool StepLowering::emit(const ast::Step& step, model::Operation operation) {
  return emit(step, std::move(operation), text_of(step.text, loops_));
}

bool StepLowering::emit(const ast::Step& step, model::Operation operation, std::string text) {
  if (out_of_steps(step.location)) return false;
  ops_->push_back({std::move(operation), step.location, std::move(text)});
  return true;
}

// --- places --------------------------------------------------------------------------------------

std::optional<StepLowering::Place> StepLowering::place(const ast::Entry& entry) {
  const auto found = finder_.find(entry, loops_, linked_);
  if (!found) return std::nullopt;
  const EntryPlace& at = found->place;
  model::CellId cell = c_.program.find_cell(at.table, at.index);
  if (cell == model::kNone) {
    cell = c_.program.add_cell(at.table, at.index, 0, finder_.name(*found));
  }
  return Place{at, cell, found->level};
}

std::optional<model::VaPage> StepLowering::va_page(const ast::Page& page) {
  const auto found = c_.names.one_page(page, loops_);
  if (!found) return std::nullopt;
  if (page.root) {
    c_.diagnostics.error(page.root->location, "an access is translated by the CPU's own root");
    return std::nullopt;
  }
  return model::VaPage{found->region, found->first};
}

// --- values --------------------------------------------------------------------------------------

std::optional<model::DescriptorExpr> StepLowering::value(const ast::Value& value,
                                                         const Place& place) {
  if (std::holds_alternative<ast::NoEntry>(value)) return model::DescriptorExpr{};
  if (const auto* link = std::get_if<ast::LinkTable>(&value)) return link_value(*link, place);
  if (const auto* leaf = std::get_if<ast::Leaf>(&value)) return leaf_value_of(*leaf, place);
  const auto& changed = std::get<ast::ChangedRegister>(value);
  return changed_value(changed.reg, changed.attributes, place);
}

std::optional<model::DescriptorExpr> StepLowering::link_value(const ast::LinkTable& link,
                                                              const Place& place) {
  const auto table = c_.names.table(link.table, loops_);
  if (!table) return std::nullopt;
  const model::Table& info = c_.program.tables[*table];
  if (info.level != place.level + 1) {
    c_.diagnostics.error(link.table.name.location,
                         place.level == arch::kPageLevel
                             ? "an entry at level 3 links no table"
                             : "an entry at level " + std::to_string(place.level) +
                                   " links tables of level " + std::to_string(place.level + 1) +
                                   ", this one has level " + std::to_string(info.level));
    return std::nullopt;
  }
  linked_[entry_key(place.entry)] = *table;
  return model::DescriptorExpr{.set = table_value(c_.machine, place.level, info.address)};
}

std::optional<model::DescriptorExpr> StepLowering::leaf_value_of(const ast::Leaf& leaf,
                                                                 const Place& place) {
  const ast::Name& name = leaf.page.name;
  const bool is_register = leaf.attributes.empty() && leaf.page.indices.empty() &&
                           c_.names.find(name.text) == nullptr && registers_.contains(name.text);
  if (is_register) return changed_value(name, {}, place);
  const auto address = leaf_address(leaf, place.level);
  if (!address) return std::nullopt;
  const auto value =
      leaf_value(c_.machine, place.level, *address, leaf.attributes, name.location, c_.diagnostics);
  if (!value) return std::nullopt;
  return model::DescriptorExpr{.set = *value};
}

// The output address of a page or a block, which must lie whole in one array of frames.
std::optional<std::uint64_t> StepLowering::leaf_address(const ast::Leaf& leaf, int level) {
  const ast::Name& name = leaf.page.name;
  const Symbol* symbol = c_.names.find(name.text);
  if (symbol != nullptr && symbol->kind == SymbolKind::kTable) {
    const auto table = c_.names.table(leaf.page, loops_);
    if (!table) return std::nullopt;
    if (level == arch::kPageLevel) return c_.program.tables[*table].address;
    c_.diagnostics.error(name.location, "a table page is mapped at level 3");
    return std::nullopt;
  }
  const bool whole_array = level != arch::kPageLevel && leaf.page.indices.empty();
  const auto frame = whole_array ? c_.names.frames(leaf.page, loops_) : std::optional<IdRange>();
  const auto first = whole_array ? (frame ? std::optional(frame->first) : std::nullopt)
                                 : c_.names.frame(leaf.page, loops_);
  if (!first) return std::nullopt;
  const std::uint64_t address = c_.program.frames[*first].address;
  if (level == arch::kPageLevel) return address;
  const std::uint64_t block = arch::level_size_bytes(c_.machine.geometry, level);
  const std::uint64_t pages = block / arch::page_bytes(c_.machine.geometry.granule);
  std::string problem;
  if (!arch::block_allowed(c_.machine.geometry, level)) {
    problem = "level " + std::to_string(level) + " has no blocks; to link a table write `table`";
  } else if (*first + pages > symbol->first + symbol->count) {
    problem = "a block at level " + std::to_string(level) + " covers " + std::to_string(pages) +
              " frames of one array";
  } else if (address % block != 0) {
    problem = "the block is misaligned: its first frame does not stand at a multiple of its size";
  }
  if (problem.empty()) return address;
  c_.diagnostics.error(name.location, std::move(problem));
  return std::nullopt;
}

std::optional<model::DescriptorExpr> StepLowering::changed_value(const ast::Name& reg,
                                                                 const ast::Attributes& attributes,
                                                                 const Place& place) {
  const auto source = used_register(reg, RegisterKind::kDescriptor);
  const auto change = change_of(c_.machine, place.level, attributes, c_.diagnostics);
  if (!source || !change) return std::nullopt;
  return model::DescriptorExpr{*source, change->clear, change->set};
}

std::optional<model::ValueId> StepLowering::data_value(const ast::Item& item) {
  const Symbol* symbol = c_.names.find(item.name.text);
  if (symbol != nullptr && symbol->kind == SymbolKind::kFrame) {
    const auto frame = c_.names.frame(item, loops_);
    return frame ? std::optional(c_.program.frames[*frame].contents.value) : std::nullopt;
  }
  if (item.indices.empty()) return c_.values.named(item.name.text);
  static_cast<void>(c_.names.symbol(item.name, SymbolKind::kFrame));  // notes what is wrong
  return std::nullopt;
}

std::optional<model::RegisterId> StepLowering::set_register(const ast::Name& name,
                                                            RegisterKind kind) {
  const auto next = static_cast<model::RegisterId>(agent_.register_names.size());
  const auto [at, added] = registers_.try_emplace(name.text, Register{next, kind});
  if (added) agent_.register_names.emplace_back(name.text);
  if (at->second.kind == kind) return at->second.id;
  c_.diagnostics.error(name.location, quoted(name.text) + (kind == RegisterKind::kData
                                                               ? " holds a descriptor already"
                                                               : " holds data already"));
  return std::nullopt;
}

std::optional<model::RegisterId> StepLowering::used_register(const ast::Name& name,
                                                             RegisterKind kind) {
  const auto found = registers_.find(name.text);
  if (found == registers_.end()) {
    const auto known = names_in(agent_.register_names);
    c_.diagnostics.error(name.location, "no step before this one sets a register " +
                                            quoted(name.text) + suggestion(name.text, known));
    return std::nullopt;
  }
  if (found->second.kind == kind) return found->second.id;
  c_.diagnostics.error(
      name.location,
      quoted(name.text) + (kind == RegisterKind::kData ? " holds a descriptor, expected data"
                                                       : " holds data, expected a descriptor"));
  return std::nullopt;
}

// --- steps ---------------------------------------------------------------------------------------

bool StepLowering::lower_what(const ast::Step& step, const ast::SetEntry& set) {
  const auto at = place(set.entry);
  if (!at) return false;
  const auto stored = value(set.value, *at);
  if (!stored) return false;
  model::op::WriteDescriptor operation{at->cell, *stored, std::nullopt};
  if (set.through) {
    operation.through = va_page(*set.through);
    if (!operation.through) return false;
  }
  return emit(step, operation);
}

bool StepLowering::lower_what(const ast::Step& step, const ast::ReadEntry& read) {
  const auto at = place(read.entry);
  const auto into = set_register(read.reg, RegisterKind::kDescriptor);
  if (!at || !into) return false;
  return emit(step, model::op::ReadDescriptor{at->cell, *into});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::CompareExchange& cas) {
  const auto at = place(cas.entry);
  if (!at) return false;
  const auto expected = value(cas.expected, *at);
  const auto desired = value(cas.desired, *at);
  if (!expected || !desired) return false;
  return emit(step, model::op::CompareExchangeDescriptor{at->cell, *expected, *desired});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::UpdateEntry& update) {
  const auto at = place(update.entry);
  if (!at) return false;
  const auto change = change_of(c_.machine, at->level, update.attributes, c_.diagnostics);
  if (!change) return false;
  return emit(step, model::op::UpdateDescriptor{at->cell, change->clear, change->set});
}

// What a data access stores, and the register that it sets.
template <typename Step, typename Operation>
bool StepLowering::lower_data(const Step& access, Operation& operation) {
  if (access.value) {
    const auto stored = data_value(*access.value);
    if (!stored) return false;
    operation.value = *stored;
  }
  if (access.into) {
    const auto into = set_register(*access.into, RegisterKind::kData);
    if (!into) return false;
    operation.into = *into;
  }
  return true;
}

bool StepLowering::lower_what(const ast::Step& step, const ast::Access& access) {
  const auto page = va_page(access.page);
  if (!page) return false;
  model::op::Access operation{.page = *page, .kind = access.kind, .may_fault = access.may_fault};
  return lower_data(access, operation) && emit(step, operation);
}

bool StepLowering::lower_what(const ast::Step& step, const ast::FrameAccess& access) {
  const auto frame = c_.names.frame(access.frame, loops_);
  if (!frame) return false;
  model::op::FrameAccess operation{.frame = *frame, .kind = access.kind};
  return lower_data(access, operation) && emit(step, operation);
}

bool StepLowering::lower_what(const ast::Step& step, const ast::CopyFrame& copy) {
  const auto from = c_.names.frame(copy.from, loops_);
  const auto to = c_.names.frame(copy.to, loops_);
  if (!from || !to) return false;
  return emit(step, model::op::CopyFrame{*from, *to});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::CopyTables& copy) {
  const auto from = c_.names.root(copy.from);
  const auto to = c_.names.root(copy.to);
  if (!from || !to) return false;
  const model::TableId copied = c_.program.roots[*to].table;
  if (c_.program.tables[copied].like != c_.program.roots[*from].table) {
    c_.diagnostics.error(copy.to.location, "expected a root declared `like " +
                                               std::string(copy.from.text) +
                                               "`, whose tables the copy fills");
    return false;
  }
  return emit(step, model::op::CopyTables{*from, *to});
}

bool StepLowering::change_page(const ast::Step& step, ast::MemoryAction action,
                               model::PageRef page) {
  constexpr std::array<std::string_view, 3> verbs{"zero ", "alloc ", "free "};
  const std::string& name =
      page.is_table ? c_.program.tables[page.id].name : c_.program.frames[page.id].name;
  std::string text(verbs[static_cast<std::size_t>(action)]);
  text += (page.is_table ? "table " : "") + name;
  switch (action) {
    case ast::MemoryAction::kAllocate:
      return emit(step, model::op::Allocate{page}, std::move(text));
    case ast::MemoryAction::kFree:
      return emit(step, model::op::Free{page}, std::move(text));
    case ast::MemoryAction::kZero:
      break;
  }
  if (page.is_table) return emit(step, model::op::ZeroTable{page.id}, std::move(text));
  return emit(step, model::op::ZeroFrame{page.id}, std::move(text));
}

bool StepLowering::lower_what(const ast::Step& step, const ast::ChangeMemory& change) {
  for (const ast::MemoryItem& item : change.items) {
    const auto ids =
        item.is_table ? c_.names.tables(item.item, loops_) : c_.names.frames(item.item, loops_);
    if (!ids) return false;
    for (std::uint32_t i = 0; i < ids->count; ++i) {
      if (!change_page(step, change.action, {item.is_table, ids->first + i})) return false;
    }
  }
  return true;
}

bool StepLowering::lower_what(const ast::Step& step, const ast::Barrier& barrier) {
  if (barrier.barrier.nxs && !c_.machine.features.xs) {
    c_.diagnostics.error(step.location, "an nXS barrier needs `xs` among the machine's items");
    return false;
  }
  return emit(step, model::op::Barrier{barrier.barrier});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::WriteRoot& write) {
  const auto root = c_.names.root(write.root);
  return root && emit(step, model::op::WriteRoot{*root});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::UseLock& use) {
  const auto next = static_cast<model::LockId>(c_.program.lock_names.size());
  const auto [at, added] = c_.locks.try_emplace(std::string(use.lock.text), next);
  if (added) c_.program.lock_names.emplace_back(use.lock.text);
  if (use.take) return emit(step, model::op::Lock{at->second});
  return emit(step, model::op::Unlock{at->second});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::OtherCpus& others) {
  if (others.stop) return emit(step, model::op::StopOthers{});
  return emit(step, model::op::ResumeOthers{});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::Interrupt& interrupt) {
  if (interrupt_depth_ > 0) {
    c_.diagnostics.error(step.location, "an interrupt's block sends no interrupt");
    return false;
  }
  std::vector<model::Op> body;
  std::vector<model::Op>* const outer = std::exchange(ops_, &body);
  ++interrupt_depth_;
  lower(interrupt.body);
  --interrupt_depth_;
  ops_ = outer;
  return emit(step, model::op::Interrupt{std::move(body)});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::Notify& notify) {
  const auto pages = c_.names.pages(notify.page, loops_);
  if (!pages) return false;
  const unsigned page_lg2 = arch::page_lg2(c_.machine.geometry.granule);
  const std::uint64_t base = c_.program.regions[pages->region].base;
  const std::uint64_t start = base + (std::uint64_t{pages->first} << page_lg2);
  const std::uint64_t end = base + ((std::uint64_t{pages->last} + 1) << page_lg2);
  return emit(step, model::op::Notify{notify.phase, start, end});
}

bool StepLowering::lower_what(const ast::Step& step, const ast::Loop& loop) {
  const auto bounds = bounds_of(loop, loops_);
  if (!bounds) {
    c_.diagnostics.error(step.location, "the loop's bounds are too large");
    return false;
  }
  loops_.push_back(0);
  bool good = true;
  for_each_value(*bounds, loops_, [&] {
    good = !out_of_steps(step.location);
    for (const ast::Step& inner : loop.body) good = good && lower_step(inner);
    return good;
  });
  loops_.pop_back();
  return good;
}

void StepLowering::lower(const ast::Forbid& forbid) {
  model::Forbid result{
      .all_of = {}, .effect = std::string(forbid.effect.text), .location = forbid.location};
  for (const ast::RegisterIs& condition : forbid.all_of) {
    const auto reg = used_register(condition.reg, RegisterKind::kData);
    const auto wanted = data_value(condition.value);
    if (!reg || !wanted) return;
    result.all_of.push_back({*reg, *wanted});
  }
  agent_.forbids.push_back(std::move(result));
}

}  // namespace amalgam::lang::scenario
