#include "model/slice_plan.hpp"

#include <algorithm>
#include <set>

namespace amalgam::model {

namespace {

constexpr std::size_t kMostEnvironment = 4;

std::vector<std::uint64_t> all_addresses(const ProgramIndex& index) {
  std::set<std::uint64_t> addresses;
  for (const Region& region : index.program().regions) {
    for (std::uint32_t p = 0; p < region.pages; ++p) {
      addresses.insert(region.base + p * index.granule_bytes());
    }
  }
  return {addresses.begin(), addresses.end()};
}

// Everything that an agent's final conditions may have read.
SliceRequest condition_of(const ProgramIndex& index, std::uint32_t agent) {
  std::set<std::uint64_t> addresses;
  std::set<FrameId> frames;
  const auto read = [&](const Op& op) {
    if (const auto* access = std::get_if<op::Access>(&op.operation)) {
      const Region& region = index.program().regions[access->page.region];
      addresses.insert(region.base + access->page.page * index.granule_bytes());
    } else if (const auto* frame = std::get_if<op::FrameAccess>(&op.operation)) {
      frames.insert(frame->frame);
    }
  };
  for (const Op& op : index.program().agents[agent].ops) for_each_op(op, read);
  SliceRequest request;
  request.conditions = {agent};
  request.conditions_only = true;
  request.addresses = {addresses.begin(), addresses.end()};
  request.frames = {frames.begin(), frames.end()};
  return request;
}

// The other members of the page's contiguous group, as the first address of each.
std::vector<std::uint64_t> companions_of(const ProgramIndex& index, std::uint64_t va) {
  const auto level = index.contiguous_level(va);
  if (!level) return {};
  const arch::Geometry& g = index.program().machine.geometry;
  const std::uint64_t size = arch::level_size_bytes(g, *level);
  const std::uint64_t bytes = size * arch::contiguous_entries(g, *level);
  std::vector<std::uint64_t> companions;
  for (std::uint64_t at = va & ~(bytes - 1); at < (va & ~(bytes - 1)) + bytes; at += size) {
    if (at != (va & ~(size - 1))) companions.push_back(at);
  }
  return companions;
}

bool agent_stores_at(const ProgramIndex& index, std::uint64_t va) {
  bool stores = false;
  for (const OpRef ref : index.of_va(va)) {
    for_each_op(index.program().agents[ref.agent].ops[ref.op], [&](const Op& op) {
      const auto* access = std::get_if<op::Access>(&op.operation);
      stores |= access != nullptr && access->kind != AccessKind::kLoad;
    });
  }
  return stores;
}

bool stores_at(const ProgramIndex& index, std::uint64_t va) {
  if (agent_stores_at(index, va)) return true;
  const Program& program = index.program();
  const std::uint64_t granule_bytes = index.granule_bytes();
  for (const Observer& observer : program.observers) {
    for (const ObserverAccess& access : observer.accesses) {
      if (access.kind == AccessKind::kLoad) continue;
      const std::uint64_t base = program.regions[access.region].base;
      if (va >= base + access.first * granule_bytes && va <= base + access.last * granule_bytes) {
        return true;
      }
    }
  }
  return false;
}

class KeyWriter {
 public:
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      key_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    key_.push_back(static_cast<char>(value));
  }
  template <typename Container>
  void all(const Container& values) {
    number(values.size());
    for (const auto& value : values) number(value);
  }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

void write_memory(KeyWriter& w, const Slice& slice, std::uint64_t address_mask) {
  for (const SlicePage& p : slice.pages) {
    w.number(p.ref.is_table);
    w.number(p.free);
    w.number(p.value);
    w.number(p.unknown);
  }
  for (const SliceCell& c : slice.cells) {
    w.number(c.va_point);
    w.number(c.node);
    w.number(c.table_page);
    w.number(static_cast<std::uint64_t>(c.level + 1));
    w.number(c.companion);
    w.number(c.same);
    w.number(c.initial);
    w.number(c.values.size());
    for (const CellValue& v : c.values) {
      w.number(static_cast<std::uint64_t>(v.kind));
      w.number(v.raw & ~address_mask);
      w.number(v.raw_id);
      w.number(v.node);
      w.number(v.page);
      w.number(v.after_af);
      w.number(v.after_dirty);
      w.number(v.entries);
    }
  }
  for (const Node& n : slice.nodes) {
    w.number(n.va_point);
    w.number(n.cell);
    w.all(n.companions);
  }
}

void write_entries(KeyWriter& w, const Slice& slice) {
  std::vector<std::uint64_t> addresses;
  for (const Entry& e : slice.entries) {
    auto known = std::find(addresses.begin(), addresses.end(), e.output_address);
    if (known == addresses.end()) known = addresses.insert(addresses.end(), e.output_address);
    w.number(static_cast<std::uint64_t>(known - addresses.begin()));
    w.number(e.page);
    w.number(e.tag);
    w.number(std::uint64_t{e.leaf} | std::uint64_t{e.global} << 1 | std::uint64_t{e.is_new} << 2 |
             std::uint64_t{e.fault_possible} << 3 | std::uint64_t{e.readable} << 4);
  }
  for (unsigned i = 0; i < slice.entries.size(); ++i) {
    const Conflicts& c = slice.conflicts;
    for (const Mask mask :
         {c.break_from[i], c.break_if_differ[i], c.mixture[i], c.mixture_if_differ[i], c.abort[i],
          c.abort_if_differ[i], c.owes_tlbi[i], c.foreign_tag[i], c.device_break[i],
          c.device_break_if_differ[i], c.one_way[i], c.one_way_if_same[i]}) {
      w.number(mask);
    }
  }
}

void write_event(KeyWriter& w, const Event& e) {
  for (const std::uint64_t value :
       {static_cast<std::uint64_t>(e.kind),
        std::uint64_t{e.walker},
        e.preds,
        e.fault_preds,
        std::uint64_t{e.cell},
        std::uint64_t{e.page},
        std::uint64_t{e.va_point},
        std::uint64_t{e.into},
        std::uint64_t{e.slot},
        std::uint64_t{e.partner},
        static_cast<std::uint64_t>(e.access),
        std::uint64_t{e.may_fault},
        std::uint64_t{e.copies_tables} | std::uint64_t{e.recomputes} << 1,
        std::uint64_t{e.relies},
        std::uint64_t{e.lock},
        std::uint64_t{e.root},
        static_cast<std::uint64_t>(e.phase),
        std::uint64_t{e.recipients},
        std::uint64_t{e.atomic},
        e.cut,
        e.cut_combined,
        e.cut_atc}) {
    w.number(value);
  }
  for (const Operand* o : {&e.value, &e.expected}) {
    w.number(o->reg);
    w.number(o->constant);
    w.all(o->map);
  }
  w.all(e.update);
}

void write_actors(KeyWriter& w, const Slice& slice) {
  for (const SliceAgent& a : slice.agents) {
    w.number(a.walker);
    w.number(a.starts_after_agent);
    w.number(a.starts_after_event);
    w.number(a.events.size());
    for (const Event& e : a.events) write_event(w, e);
  }
  for (const SliceObserver& o : slice.observers) {
    w.number(o.va_point);
    w.number(static_cast<std::uint64_t>(o.kind));
    w.number(std::uint64_t{o.may_fault} | std::uint64_t{o.may_be_lost} << 1);
    w.number(o.walkers);
  }
  for (const Walker& walker : slice.walkers) {
    w.number(walker.like);
    w.number(walker.initial_root);
  }
  for (const SliceRoot& root : slice.roots) {
    w.all(root.start);
    w.number(root.tag);
    w.number(root.family);
  }
  for (const SliceForbid& f : slice.forbids) {
    w.number(f.agent);
    w.number(f.effect);
    for (const auto& [reg, value] : f.all_of) {
      w.number(reg);
      w.number(value);
    }
  }
}

// The agents with conditions, each with what they are asked of.
std::vector<SliceRequest> all_conditions(const ProgramIndex& index) {
  std::vector<SliceRequest> requests;
  const auto& agents = index.program().agents;
  for (std::uint32_t a = 0; a < agents.size(); ++a) {
    if (!agents[a].forbids.empty()) requests.push_back(condition_of(index, a));
  }
  return requests;
}

// A condition on one address alone is asked in that address's own slice.
bool is_of_one_address(const SliceRequest& condition) {
  return condition.addresses.size() == 1 && condition.frames.empty();
}

SliceRequest everything(const ProgramIndex& index) {
  SliceRequest request;
  request.addresses = all_addresses(index);
  request.frames = index.unmapped_freed_frames();
  for (const SliceRequest& condition : all_conditions(index)) {
    request.frames.insert(request.frames.end(), condition.frames.begin(), condition.frames.end());
    request.conditions.push_back(condition.conditions[0]);
  }
  return request;
}

}  // namespace

std::vector<SliceRequest> plan_slices(const ProgramIndex& index, bool slicing) {
  if (!slicing) return {everything(index)};
  const std::vector<SliceRequest> conditions = all_conditions(index);
  std::vector<SliceRequest> requests;
  for (const std::uint64_t va : all_addresses(index)) {
    SliceRequest request;
    request.addresses = {va};
    for (const SliceRequest& condition : conditions) {
      const bool own = is_of_one_address(condition) && condition.addresses[0] == va;
      if (own) request.conditions.push_back(condition.conditions[0]);
    }
    const std::vector<std::uint64_t> companions = companions_of(index, va);
    for (const std::uint64_t companion : companions) {
      request.companion = companion;
      requests.push_back(request);
    }
    if (companions.empty()) requests.push_back(std::move(request));
  }
  for (const FrameId frame : index.unmapped_freed_frames()) {
    SliceRequest request;
    request.frames = {frame};
    requests.push_back(std::move(request));
  }
  for (const SliceRequest& condition : conditions) {
    if (!is_of_one_address(condition)) requests.push_back(condition);
  }
  if (requests.empty() && index.has_assumptions()) requests.emplace_back();
  return requests;
}

Slice build_slice(const ProgramIndex& index, const SliceSettings& settings,
                  const SliceRequest& request) {
  Slice slice = SliceBuilder(index, settings).build(request);
  if (!slice.bound.empty()) return slice;
  std::set<std::uint64_t> environment;
  for (const SlicePage& page : slice.pages) {
    if (page.ref.is_table) continue;
    for (const std::uint64_t va : index.writable_aliases(page.ref.id)) {
      const bool own = std::find(request.addresses.begin(), request.addresses.end(), va) !=
                       request.addresses.end();
      if (!own && stores_at(index, va)) environment.insert(va);
    }
  }
  for (const std::uint64_t va : index.addresses_of_assumptions()) {
    const bool own = std::find(request.addresses.begin(), request.addresses.end(), va) !=
                     request.addresses.end();
    if (!own) environment.insert(va);
  }
  if (environment.empty()) return slice;
  SliceRequest wider = request;
  for (const std::uint64_t va : environment) {
    if (wider.environment.size() < kMostEnvironment) wider.environment.push_back(va);
  }
  slice = SliceBuilder(index, settings).build(wider);
  if (environment.size() > kMostEnvironment && slice.bound.empty()) {
    slice.bound =
        "more than 4 other addresses affect what is stored in a page or read from a table";
  }
  return slice;
}

std::string slice_key(const Slice& slice) {
  KeyWriter w;
  w.number(slice.bbm);
  w.number(static_cast<std::uint64_t>(slice.ets));
  w.number(slice.conditions_only);
  for (const VaPoint& v : slice.va_points) {
    w.number(v.primary);
    w.number(v.family);
    w.all(v.rank);
  }
  w.number(slice.values.size());
  w.all(slice.unknown_values);
  w.number(slice.fresh_values);
  w.number(slice.raws.size());
  w.number(slice.register_count);
  w.number(slice.flight_slots);
  w.number(slice.receipt_bits);
  w.number(slice.lock_count);
  const arch::Geometry& g = slice.program->machine.geometry;
  const std::uint64_t address_mask = arch::table_address_mask(g);
  write_memory(w, slice, address_mask);
  write_entries(w, slice);
  write_actors(w, slice);
  return w.take();
}

}  // namespace amalgam::model
