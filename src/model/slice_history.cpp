#include "model/slice_history.hpp"

#include <algorithm>
#include <optional>

namespace amalgam::model {

namespace {

using ValueSet = std::uint64_t;  // of the values of one descriptor

static_assert(kMaxCellValues < 64);

bool stores_to_cell(const Event& e) { return e.cell != kNoIndex && e.kind != EventKind::kReadCell; }

// The page that a value leads to, or kNoIndex.
std::uint8_t page_of(const CellValue& value) {
  return value.kind == ValueKind::kLeaf || value.kind == ValueKind::kAwaitsAf ? value.page
                                                                              : kNoIndex;
}

// What a step stores in its descriptor, given what registers may hold: `holds(reg, raw id)`.
template <typename F>
ValueSet operand_values(const Operand& o, F&& holds) {
  ValueSet values = 0;
  const auto add = [&](std::uint8_t value) {
    if (value != kNoIndex) values |= bit(value);
  };
  if (o.reg == kNoIndex) add(o.constant);
  for (std::size_t raw = 0; raw < o.map.size(); ++raw) {
    if (holds(o.reg, static_cast<std::uint8_t>(raw))) add(o.map[raw]);
  }
  return values;
}

// The values of `from` after the update, those that it leaves as they are only if `unchanged`.
ValueSet updated(const Event& e, ValueSet from, bool unchanged) {
  ValueSet values = 0;
  for_each_bit(from, [&](unsigned old) {
    const std::uint8_t value = e.update[old];
    if (value != kNoIndex && (unchanged || value != old)) values |= bit(value);
  });
  return values;
}

ValueSet all_values(const SliceCell& cell) {
  return bit(static_cast<unsigned>(cell.values.size())) - 1;
}

// What registers may hold, whenever: all values of all descriptors that are read into them.
class RegisterContents {
 public:
  explicit RegisterContents(const Slice& slice) : raws_(slice.register_count) {
    for (const SliceAgent& agent : slice.agents) {
      for (const Event& e : agent.events) {
        if (e.kind != EventKind::kReadCell || e.into == kNoIndex) continue;
        for (const CellValue& v : slice.cells[e.cell].values) raws_[e.into].push_back(v.raw_id);
      }
    }
  }
  [[nodiscard]] bool operator()(std::uint8_t reg, std::uint8_t raw) const {
    return std::find(raws_[reg].begin(), raws_[reg].end(), raw) != raws_[reg].end();
  }

 private:
  std::vector<std::vector<std::uint8_t>> raws_;
};

// What a step may store in its descriptor to change it.
template <typename F>
ValueSet stored_values(const Slice& slice, const Event& e, F&& holds) {
  if (e.kind != EventKind::kUpdateCell) return operand_values(e.value, holds);
  return updated(e, all_values(slice.cells[e.cell]), false);
}

// --- new entries ---------------------------------------------------------------------------------

// [cell]: the values that some step may store there, or hardware after it.
std::vector<ValueSet> made_values(const Slice& slice) {
  const RegisterContents holds(slice);
  std::vector<ValueSet> made(slice.cells.size());
  for (const SliceAgent& agent : slice.agents) {
    for (const Event& e : agent.events) {
      if (stores_to_cell(e)) made[e.cell] |= stored_values(slice, e, holds);
    }
  }
  for (const std::uint8_t c : indices(slice.cells)) {
    const SliceCell& cell = slice.cells[c];
    made[c] |= made[static_cast<std::size_t>(std::countr_zero(cell.same))];
    made[c] |= all_values(cell) & ~bit(cell.initial);
    for (const CellValue& value : cell.values) {
      if (value.after_af != kNoIndex) made[c] |= bit(value.after_af);
      if (value.after_dirty != kNoIndex) made[c] |= bit(value.after_dirty);
    }
  }
  return made;
}

// [node]: whether the tables lead there from the start and no step links it anew.
std::vector<bool> old_nodes(const Slice& slice, const std::vector<ValueSet>& made) {
  std::vector<bool> linked(slice.nodes.size(), false);
  std::vector<bool> relinked(slice.nodes.size(), false);
  for (const SliceRoot& root : slice.roots) {
    for (const std::uint8_t start : root.start) {
      if (start != kNoIndex) linked[start] = true;
    }
  }
  for (std::size_t n = 0; n < slice.nodes.size(); ++n) {
    const std::uint8_t c = slice.nodes[n].cell;
    const SliceCell& cell = slice.cells[c];
    for (const std::uint8_t v : indices(cell.values)) {
      const CellValue& value = cell.values[v];
      if (value.kind != ValueKind::kTable || value.node == kNoIndex) continue;
      if (linked[n] && v == cell.initial) linked[value.node] = true;
      if (relinked[n] || (made[c] & bit(v)) != 0) relinked[value.node] = true;
    }
  }
  for (std::size_t n = 0; n < linked.size(); ++n) linked[n] = linked[n] && !relinked[n];
  return linked;
}

// --- successions ---------------------------------------------------------------------------------

// The pages that one address leads to, one after another.
class Succession {
 public:
  Succession(const Slice& slice, std::uint8_t va_point, const RegisterContents& holds)
      : slice_(slice), va_point_(va_point), holds_(holds), raws_(slice.register_count) {
    values_.reserve(slice.cells.size());
    for (const SliceCell& cell : slice.cells) {
      values_.push_back(bit(cell.initial));
      const bool own = cell.va_point == va_point && !cell.companion;
      if (own) append(page_of(cell.values[cell.initial]));
    }
  }

  // The pages in their order, or nothing if there is no telling.
  std::optional<std::vector<std::uint8_t>> pages() {
    const SliceAgent* writer = nullptr;
    for (const SliceAgent& agent : slice_.agents) {
      const bool moves = std::any_of(agent.events.begin(), agent.events.end(),
                                     [&](const Event& e) { return may_move(e); });
      if (moves && writer != nullptr) return std::nullopt;
      if (moves) writer = &agent;
    }
    if (writer != nullptr) {
      for (const Event& e : writer->events) follow(*writer, e);
    }
    if (!known_) return std::nullopt;
    return pages_;
  }

 private:
  // The descriptor that the step stores to, as it translates this address, or nothing.
  [[nodiscard]] const SliceCell* own(const Event& e) const {
    const SliceCell* found = nullptr;
    if (!stores_to_cell(e)) return found;
    for_each_bit(slice_.cells[e.cell].same, [&](unsigned c) {
      const SliceCell& cell = slice_.cells[c];
      if (cell.va_point == va_point_ && !cell.companion) found = &cell;
    });
    return found;
  }

  void append(std::uint8_t page) {
    if (page == kNoIndex || (!pages_.empty() && pages_.back() == page)) return;
    known_ &= std::find(pages_.begin(), pages_.end(), page) == pages_.end();
    pages_.push_back(page);
  }

  // Whether the step may lead the address to another page than the value did that it replaces, as
  // far as its operands tell.
  [[nodiscard]] bool may_move(const Event& e) const {
    const SliceCell* cell = own(e);
    if (cell == nullptr) return false;
    const auto& values = cell->values;
    const auto moves = [&](std::uint8_t from, std::uint8_t to) {
      const std::uint8_t page = to == kNoIndex ? kNoIndex : page_of(values[to]);
      return page != kNoIndex && page != page_of(values[from]);
    };
    bool found = false;
    if (e.kind == EventKind::kUpdateCell) {
      for (const std::uint8_t v : indices(values)) found |= moves(v, e.update[v]);
      return found;
    }
    if (!e.recomputes || e.value.reg == kNoIndex) {
      for_each_bit(operand_values(e.value, holds_),
                   [&](unsigned v) { found |= page_of(values[v]) != kNoIndex; });
      return found;
    }
    for (const std::uint8_t v : indices(values)) {
      const std::uint8_t raw = values[v].raw_id;
      found |= raw < e.value.map.size() && moves(v, e.value.map[raw]);
    }
    return found;
  }

  [[nodiscard]] bool others_store(const SliceAgent& writer, std::uint8_t cell) const {
    return std::any_of(slice_.agents.begin(), slice_.agents.end(), [&](const SliceAgent& other) {
      return &other != &writer &&
             std::any_of(other.events.begin(), other.events.end(),
                         [&](const Event& e) { return stores_to_cell(e) && e.cell == cell; });
    });
  }

  // What a compare-exchange leaves, where it may succeed and where it may fail.
  [[nodiscard]] ValueSet exchanged(const SliceAgent& writer, const Event& e,
                                   ValueSet before) const {
    const auto holds = [&](std::uint8_t reg, std::uint8_t raw) { return may_hold(reg, raw); };
    const ValueSet expected = operand_values(e.expected, holds);
    const ValueSet desired = operand_values(e.value, holds);
    const bool disturbed = others_store(writer, e.cell);
    if (!disturbed && (before & expected) == 0) return before;
    if (!disturbed && before == expected && std::popcount(expected) == 1) return desired;
    return before | desired;
  }

  [[nodiscard]] bool may_hold(std::uint8_t reg, std::uint8_t raw) const {
    return std::find(raws_[reg].begin(), raws_[reg].end(), raw) != raws_[reg].end();
  }

  // Runs a step of the writer in program order, on sets of values.
  void follow(const SliceAgent& writer, const Event& e) {
    if (e.cell == kNoIndex) return;
    const auto& values = slice_.cells[e.cell].values;
    const ValueSet before = values_[e.cell];
    if (e.kind == EventKind::kReadCell) {
      if (e.into == kNoIndex) return;
      raws_[e.into].clear();
      for_each_bit(before, [&](unsigned v) { raws_[e.into].push_back(values[v].raw_id); });
      return;
    }
    const auto holds = [&](std::uint8_t reg, std::uint8_t raw) { return may_hold(reg, raw); };
    ValueSet after = 0;
    if (e.kind == EventKind::kUpdateCell) {
      after = updated(e, before, true);
    } else if (e.kind == EventKind::kCasCell) {
      after = exchanged(writer, e, before);
    } else {
      after = operand_values(e.value, holds);
    }
    values_[e.cell] = with_hardware(e.cell, after);
    if (const SliceCell* cell = own(e)) append_new(cell->values, before, after);
  }

  // Hardware may have set AF or recorded a store meanwhile.
  [[nodiscard]] ValueSet with_hardware(std::uint8_t cell, ValueSet values) const {
    for (unsigned round = 0; round < 2; ++round) {
      for_each_bit(slice_.cells[cell].same, [&](unsigned c) {
        for_each_bit(values, [&](unsigned v) {
          const CellValue& value = slice_.cells[c].values[v];
          if (value.after_af != kNoIndex) values |= bit(value.after_af);
          if (value.after_dirty != kNoIndex) values |= bit(value.after_dirty);
        });
      });
    }
    return values;
  }

  void append_new(const std::vector<CellValue>& values, ValueSet before, ValueSet after) {
    std::uint32_t had = 0;
    std::uint32_t has = 0;
    const auto add = [&](std::uint32_t& pages, unsigned v) {
      const std::uint8_t page = page_of(values[v]);
      if (page != kNoIndex) pages |= std::uint32_t{1} << page;
    };
    for_each_bit(before, [&](unsigned v) { add(had, v); });
    for_each_bit(after, [&](unsigned v) { add(has, v); });
    const std::uint32_t added = has & ~had;
    known_ &= std::popcount(added) <= 1;
    if (added != 0) append(static_cast<std::uint8_t>(std::countr_zero(added)));
  }

  const Slice& slice_;
  std::uint8_t va_point_;
  const RegisterContents& holds_;
  std::vector<std::vector<std::uint8_t>> raws_;  // [register]: what it may hold now
  std::vector<ValueSet> values_;                 // [cell]: what it may hold now
  std::vector<std::uint8_t> pages_;
  bool known_ = true;
};

}  // namespace

void mark_new_entries(Slice& slice) {
  const std::vector<ValueSet> made = made_values(slice);
  const std::vector<bool> old = old_nodes(slice, made);
  for (Entry& e : slice.entries) {
    e.is_new = (made[e.cell] & bit(e.value)) != 0 || !old[slice.cells[e.cell].node];
  }
}

bool may_store(const Slice& slice, const Event& event, ValueIndex value) {
  const RegisterContents holds(slice);
  return stores_to_cell(event) && (stored_values(slice, event, holds) & bit(value)) != 0;
}

void rank_pages(Slice& slice) {
  const RegisterContents holds(slice);
  for (const std::uint8_t v : indices(slice.va_points)) {
    auto& rank = slice.va_points[v].rank;
    rank.fill(kNoIndex);
    const auto pages = Succession(slice, v, holds).pages();
    if (!pages) continue;
    for (std::size_t i = 0; i < pages->size(); ++i) {
      rank[(*pages)[i]] = static_cast<std::uint8_t>(i);
    }
  }
}

}  // namespace amalgam::model
