// May-cache sets: what a TLB may hold, and what writes, invalidations and root changes do to it.
#include <bit>

#include "model/machine.hpp"

namespace amalgam::model {

// Everything superseded that the walker may still hold, whichever level of its TLB holds it.
Mask Semantics::held(const State& s, std::uint8_t walker) const {
  const WalkerFields& f = layout_.walkers[walker];
  const Mask superseded = f.far.get(s) | f.near.get(s);
  if (slice_.mutation == Mutation::kTlbHoldsNothing) return 0;
  if (slice_.mutation == Mutation::kWalkCachesHoldNothing)
    return superseded & ~slice_.table_entries;
  return superseded;
}

Mask Semantics::current_entries(const State& s, std::uint8_t cell, Mask tagged) const {
  return cell_value(s, cell).entries & tagged;
}

// Follows current and held table descriptors from the nodes in `r`, parents before children.
void Semantics::walk_nodes(const State& s, std::uint8_t walker, Mask held_entries, Mask tagged,
                           Reach& r) const {
  const bool device = slice_.walkers[walker].device;
  for (unsigned n = 0; n < slice_.nodes.size(); ++n) {
    if ((r.nodes >> n & 1) == 0) continue;
    const Node& node = slice_.nodes[n];
    const SliceCell& cell = slice_.cells[node.cell];
    const CellValue& value = cell_value(s, node.cell);
    if (layout_.pages[node.table_page].freed.get(s) != 0) r.freed_table = true;
    if (value.kind == ValueKind::kJunk) r.junk = true;
    if (value.kind == ValueKind::kFaulting) r.fault = true;
    if (value.kind == ValueKind::kTable && value.node == kNoIndex) r.fault = true;
    if (slice_.mutation == Mutation::kFaultsMayBeStale) {
      r.fault |= cell.values[cell.initial].kind == ValueKind::kFaulting;
    }
    // A device without hardware AF management faults; the CPU side takes the update as a step.
    if (value.kind == ValueKind::kAwaitsAf && device) r.fault = true;
    const Mask here = current_entries(s, node.cell, tagged);
    r.entries |= here;
    r.current |= here;
    for (const std::uint8_t companion : node.companions) {
      r.entries |= current_entries(s, companion, tagged);
      r.current |= current_entries(s, companion, tagged);
    }
    for_each_bit((here | held_entries) & cell.entries & slice_.table_entries, [&](unsigned i) {
      const std::uint8_t next = slice_.entries[i].node;
      if (next != kNoIndex) r.nodes |= std::uint64_t{1} << next;
    });
  }
}

// One leaf descriptor, always read, and no table that could change: most slices.
Reach Semantics::reach_leaf(const State& s, std::uint8_t walker, const DirectLeaf& leaf) const {
  Reach r;
  const CellValue& value = slice_.cells[leaf.cell].values[layout_.cells[leaf.cell].get(s)];
  r.entries = (value.entries | (held(s, walker) & leaf.entries)) & leaf.tagged;
  r.current = value.entries & leaf.tagged;
  r.nodes = leaf.nodes;
  r.fault = value.kind == ValueKind::kFaulting;
  r.junk = value.kind == ValueKind::kJunk;
  r.freed_table = layout_.pages[leaf.table_page].freed.get(s) != 0;
  return r;
}

// Which addresses are translated by one leaf under each root.
void Semantics::find_direct_leaves() {
  const bool plain = slice_.roots.size() == 1 && slice_.table_entries == 0 &&
                     slice_.mutation == Mutation::kNoMutation;
  for (const std::uint8_t v : indices(slice_.va_points)) {
    DirectLeaf leaf;
    const std::uint8_t start = slice_.roots[0].start[v];
    if (plain && start != kNoIndex && slice_.nodes[start].companions.empty()) {
      const Node& node = slice_.nodes[start];
      leaf = {true,
              node.cell,
              node.table_page,
              std::uint64_t{1} << start,
              slice_.va_points[v].entries,
              tagged_[0]};
      for (const CellValue& value : slice_.cells[node.cell].values) {
        leaf.usable &= value.kind != ValueKind::kAwaitsAf && value.kind != ValueKind::kTable;
      }
    }
    direct_.push_back(leaf);
  }
  nodes_never_change_ = plain;
}

Reach Semantics::reach(const State& s, std::uint8_t walker, std::uint8_t va_point) const {
  const Walker& w = slice_.walkers[walker];
  if (direct_[va_point].usable && !w.mirrors) return reach_leaf(s, walker, direct_[va_point]);
  Reach r;
  const WalkerFields& f = layout_.walkers[walker];
  const Mask superseded = held(s, walker);
  const VaPoint& point = slice_.va_points[va_point];
  if (w.mirrors && f.blocked.get(s) != 0) {
    r.entries = superseded & point.entries;
    r.fault = true;
    return r;
  }
  const auto from_root = [&](std::uint64_t root_index) {
    const Mask tagged = tagged_[root_index];
    const std::uint8_t start = slice_.roots[root_index].start[va_point];
    Reach one;
    if (start == kNoIndex) {
      one.fault = true;
    } else {
      one.nodes = std::uint64_t{1} << start;
      walk_nodes(s, walker, superseded & tagged, tagged, one);
    }
    r.entries |= one.entries | (superseded & tagged & point.entries);
    r.current |= one.current;
    r.nodes |= one.nodes;
    r.fault |= one.fault;
    r.junk |= one.junk;
    r.freed_table |= one.freed_table;
  };
  const std::uint64_t root = f.root.get(s);
  const std::uint64_t next = f.next_root.get(s);
  from_root(root);
  if (next != root) from_root(next);
  return r;
}

// What a walk finds that reads memory only.
Reach Semantics::current_reach(const State& s, std::uint8_t walker, std::uint8_t va_point) const {
  Reach r;
  const std::uint64_t root = layout_.walkers[walker].root.get(s);
  const std::uint8_t start = slice_.roots[root].start[va_point];
  if (start == kNoIndex) {
    r.fault = true;
    return r;
  }
  r.nodes = std::uint64_t{1} << start;
  walk_nodes(s, walker, 0, tagged_[root], r);
  return r;
}

std::uint64_t Semantics::all_nodes(const State& s, std::uint8_t walker) const {
  std::uint64_t nodes = 0;
  for (const std::uint8_t v : indices(slice_.va_points)) nodes |= reach(s, walker, v).nodes;
  return nodes;
}

// The value that the last update left for an address, as the writer of `cell` sees it.
void Semantics::note_update(State& s, std::uint8_t cell) const {
  const std::uint8_t node = slice_.cells[cell].node;
  const std::uint8_t v = slice_.cells[cell].va_point;
  if (node == kNoIndex || slice_.cells[cell].companion) return;
  for (const std::uint8_t r : indices(slice_.roots)) {
    const bool in_tree = (tree_nodes_[r] >> node & 1) != 0;
    if (!in_tree || slice_.roots[r].family != slice_.va_points[v].family) continue;
    // Only what the address's own tables can reach now is an update; a private table's is not yet.
    std::uint8_t at = slice_.roots[r].start[v];
    bool linked = false;
    while (at != kNoIndex && !linked) {
      linked = at == node;
      const CellValue& value = cell_value(s, slice_.nodes[at].cell);
      at = value.kind == ValueKind::kTable ? value.node : kNoIndex;
    }
    if (linked) layout_.last_update[v].set(s, leaf_in_memory(s, r, v) + 1U);
  }
}

// The raw id of the leaf or faulting descriptor that a walk of memory ends at; one past them for
// none.
std::uint8_t Semantics::leaf_in_memory(const State& s, std::uint8_t root,
                                       std::uint8_t va_point) const {
  std::uint8_t at = slice_.roots[root].start[va_point];
  while (at != kNoIndex) {
    const CellValue& value = cell_value(s, slice_.nodes[at].cell);
    if (value.kind == ValueKind::kJunk) break;
    if (value.kind != ValueKind::kTable) return value.raw_id;
    at = value.node;
  }
  return static_cast<std::uint8_t>(slice_.raws.size());
}

// Every walker that may read the descriptor may have cached the value that is now replaced.
void Semantics::keep_replaced(State& s, const SliceCell& cell, Mask old_entries) const {
  for (const std::uint8_t w : indices(slice_.walkers)) {
    const Mask kept = old_entries & reach(s, w, cell.va_point).entries;
    const WalkerFields& f = layout_.walkers[w];
    if (kept == 0) continue;
    if (!slice_.walkers[w].mirrors) f.far.set(s, f.far.get(s) | kept);
    if (slice_.walkers[w].near_set) f.near.set(s, f.near.get(s) | kept);
  }
}

void Semantics::write_cell(State& s, std::uint8_t cell, ValueIndex value, bool is_update) const {
  const std::uint8_t old = value_of(s, cell);
  if (value == old || value == kNoIndex) return;
  const Mask same = slice_.cells[cell].same;
  for_each_bit(same, [&](unsigned c) {
    const Mask old_entries = slice_.cells[c].values[old].entries;
    if (old_entries != 0) keep_replaced(s, slice_.cells[c], old_entries);
  });
  layout_.cells[cell].set(s, value);
  if (!is_update) return;
  for_each_bit(same, [&](unsigned c) { note_update(s, static_cast<std::uint8_t>(c)); });
}

// Nodes that the walker can no longer reach keep the leaves that it may have cached through them.
void Semantics::keep_lost_nodes(State& s, std::uint8_t walker, std::uint64_t before,
                                Mask cut) const {
  const std::uint64_t lost = before & ~all_nodes(s, walker);
  const WalkerFields& f = layout_.walkers[walker];
  for_each_bit(lost, [&](unsigned n) {
    const Node& node = slice_.nodes[n];
    Mask kept = cell_value(s, node.cell).entries;
    for (const std::uint8_t companion : node.companions) {
      kept |= cell_value(s, companion).entries;
    }
    kept &= ~cut;
    f.far.set(s, f.far.get(s) | kept);
    if (slice_.walkers[walker].near_set) f.near.set(s, f.near.get(s) | kept);
  });
}

void Semantics::cut(State& s, std::uint8_t walker, const Event& e) const {
  const WalkerFields& f = layout_.walkers[walker];
  const std::uint64_t before = nodes_never_change_ ? 0 : all_nodes(s, walker);
  const Mask far = f.far.get(s);
  f.far.set(s, far & ~e.cut);
  // A TLBI does not reach combined entries or an ATC by itself: those may have been made from the
  // removed entries just before.
  if (slice_.walkers[walker].near_set && !slice_.walkers[walker].mirrors) {
    f.near.set(s, (f.near.get(s) | (far & e.cut)) & ~e.cut_combined);
    const bool device = slice_.walkers[walker].device;
    const Mutation lax = device ? Mutation::kTlbiReachesAtc : Mutation::kIpaTlbiReachesCombined;
    if (slice_.mutation == lax) f.near.set(s, f.near.get(s) & ~e.cut);
  }
  if (!nodes_never_change_) keep_lost_nodes(s, walker, before, e.cut);
}

// A device that shares the CPU's tables drops translations when it is told, at the call in between
// and at the end; one that mirrors them drops at the start and takes up nothing new until the end.
void Semantics::notify(State& s, const Event& e) const {
  for_each_bit(e.recipients, [&](unsigned w) {
    const bool mirrors = slice_.walkers[w].mirrors;
    const WalkerFields& f = layout_.walkers[w];
    const bool starts = e.phase == op::NotifyPhase::kStart;
    if (starts == mirrors) {
      const std::uint64_t before = nodes_never_change_ ? 0 : all_nodes(s, w);
      f.near.set(s, f.near.get(s) & ~e.cut_atc);
      if (!nodes_never_change_) keep_lost_nodes(s, w, before, e.cut_atc);
    }
    if (mirrors && e.phase != op::NotifyPhase::kNow) f.blocked.set(s, starts ? 1 : 0);
  });
}

void Semantics::take_root(State& s, std::uint8_t walker, std::uint8_t root) const {
  const std::uint64_t before = all_nodes(s, walker);
  const WalkerFields& f = layout_.walkers[walker];
  const Mask tagged = tagged_[f.root.get(s)];
  f.root.set(s, root);
  f.next_root.set(s, root);
  const std::uint64_t lost = before & ~all_nodes(s, walker);
  for_each_bit(lost, [&](unsigned n) {
    const Mask kept = cell_value(s, slice_.nodes[n].cell).entries & tagged;
    f.far.set(s, f.far.get(s) | kept);
  });
}

void Semantics::find_trees() {
  for (const SliceRoot& root : slice_.roots) {
    Mask mask = 0;
    for (unsigned i = 0; i < slice_.entries.size(); ++i) {
      const Entry& e = slice_.entries[i];
      const bool ignored = slice_.mutation == Mutation::kTagIgnored;
      if (e.global || e.tag == root.tag || ignored) mask |= bit(i);
    }
    tagged_.push_back(mask);
  }
  tree_nodes_ = root_trees(slice_);
}

}  // namespace amalgam::model
