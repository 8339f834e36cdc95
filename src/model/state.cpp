#include "model/state.hpp"

#include <algorithm>
#include <bit>

namespace amalgam::model {

namespace {

unsigned bits_for(std::size_t values) {
  return values <= 1 ? 0 : static_cast<unsigned>(std::bit_width(values - 1));
}

std::size_t unknown_count(const Slice& slice) {
  return static_cast<std::size_t>(
      std::count(slice.unknown_values.begin(), slice.unknown_values.end(), std::uint8_t{1}));
}

bool is_relied_upon(const Slice& slice, std::size_t page) {
  for (const SliceAgent& agent : slice.agents) {
    for (const Event& e : agent.events) {
      if (e.relies && e.page == page) return true;
    }
  }
  return false;
}

// Primary addresses at which an observer makes stores that may not be lost.
std::vector<std::uint8_t> tracked_addresses(const Slice& slice) {
  std::vector<std::uint8_t> addresses;
  for (const std::uint8_t v : indices(slice.va_points)) {
    const bool stored =
        std::any_of(slice.observers.begin(), slice.observers.end(), [&](const SliceObserver& o) {
          return o.va_point == v && o.kind != AccessKind::kLoad && !o.may_be_lost;
        });
    if (slice.va_points[v].primary && stored) addresses.push_back(v);
  }
  return addresses;
}

}  // namespace

Field FieldPacker::add(unsigned bits) {
  Field field;
  if (bits == 0) return field;
  if (used_ + bits > 64) {
    ++word_;
    used_ = 0;
  }
  field.word = static_cast<std::uint8_t>(word_);
  field.shift = static_cast<std::uint8_t>(used_);
  field.mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  used_ += bits;
  if (used_ == 64) {
    ++word_;
    used_ = 0;
  }
  return field;
}

StateLayout::StateLayout(const Slice& slice) : stored_at(tracked_addresses(slice)) {
  add_walkers(slice);
  if (bound.empty()) add_shared(slice);
  if (words > kMaxStateWords) bound = "the state of one page needs more than 24 words";
}

std::uint64_t StateLayout::chunk(const State& s, unsigned walker, unsigned part) const {
  const unsigned at = walker * walker_bits + part * 64;
  const std::uint64_t word = s.words[at / 64];
  if (walker_bits >= 64) return word;
  return word >> (at % 64) & ((std::uint64_t{1} << walker_bits) - 1);
}

void StateLayout::set_chunk(State& s, unsigned walker, unsigned part, std::uint64_t bits) const {
  const unsigned at = walker * walker_bits + part * 64;
  std::uint64_t& word = s.words[at / 64];
  if (walker_bits >= 64) {
    word = bits;
    return;
  }
  const std::uint64_t mask = ((std::uint64_t{1} << walker_bits) - 1) << (at % 64);
  word = (word & ~mask) | (bits << (at % 64) & mask);
}

bool StateLayout::same_walker(const State& a, unsigned wa, const State& b, unsigned wb) const {
  for (unsigned part = 0; part < chunk_words(); ++part) {
    if (chunk(a, wa, part) != chunk(b, wb, part)) return false;
  }
  return true;
}

bool StateLayout::less_walker(const State& s, unsigned wa, unsigned wb) const {
  for (unsigned part = 0; part < chunk_words(); ++part) {
    const std::uint64_t a = chunk(s, wa, part);
    const std::uint64_t b = chunk(s, wb, part);
    if (a != b) return a < b;
  }
  return false;
}

void StateLayout::swap_walkers(State& s, unsigned wa, unsigned wb) const {
  for (unsigned part = 0; part < chunk_words(); ++part) {
    const std::uint64_t a = chunk(s, wa, part);
    set_chunk(s, wa, part, chunk(s, wb, part));
    set_chunk(s, wb, part, a);
  }
}

// The fields of the walker whose chunk starts at bit 0. Sets walker_bits.
WalkerFields StateLayout::walker_template(const Slice& slice) {
  const auto entries = static_cast<unsigned>(slice.entries.size());
  bool near = false;
  bool mirrors = false;
  for (const Walker& w : slice.walkers) {
    near |= w.near_set;
    mirrors |= w.mirrors;
  }
  const unsigned root_bits = bits_for(slice.roots.size());
  FieldPacker pack(0);
  WalkerFields fields;
  fields.far = pack.add(entries);
  if (near) fields.near = pack.add(entries);
  fields.receipts = pack.add(slice.receipt_bits);
  fields.root = pack.add(root_bits);
  fields.next_root = pack.add(root_bits);
  if (mirrors) fields.blocked = pack.add(1);
  for (std::size_t v = 0; v < slice.va_points.size(); ++v) {
    if (!slice.va_points[v].primary || slice.observers.empty()) continue;
    std::uint8_t highest = 0;
    for (const std::uint8_t rank : slice.va_points[v].rank) {
      if (rank != kNoIndex) highest = std::max(highest, rank);
    }
    fields.seen_rank[v] = pack.add(bits_for(highest + 1U));
    fields.seen_mark[v] = pack.add(1);
  }
  const unsigned used = pack.bits_used();
  walker_bits = used <= 64 ? std::max(8U, std::bit_ceil(used)) : pack.words_end() * 64;
  return fields;
}

void StateLayout::add_walkers(const Slice& slice) {
  if (slice.receipt_bits > 64) {
    bound = "more than 64 broadcast TLBIs concern one page";
    return;
  }
  const WalkerFields fields = walker_template(slice);
  const auto shift = [&](Field& f, unsigned by_bits) {
    f.word = static_cast<std::uint8_t>(f.word + by_bits / 64);
    f.shift = static_cast<std::uint8_t>(f.shift + by_bits % 64);
  };
  for (unsigned w = 0; w < slice.walkers.size(); ++w) {
    const unsigned by = w * walker_bits;
    WalkerFields copy = fields;
    for (Field* f :
         {&copy.far, &copy.near, &copy.receipts, &copy.root, &copy.next_root, &copy.blocked}) {
      shift(*f, by);
    }
    for (unsigned v = 0; v < kMaxVaPoints; ++v) {
      shift(copy.seen_rank[v], by);
      shift(copy.seen_mark[v], by);
    }
    walkers.push_back(copy);
  }
}

void StateLayout::add_shared(const Slice& slice) {
  const unsigned walkers_bits = walker_bits * static_cast<unsigned>(slice.walkers.size());
  FieldPacker pack((walkers_bits + 63) / 64);
  for (const SliceCell& cell : slice.cells) {
    const auto first = static_cast<std::size_t>(std::countr_zero(cell.same));
    cells.push_back(first < cells.size() ? cells[first] : pack.add(bits_for(cell.values.size())));
  }
  const std::size_t data_values = slice.values.size() + slice.fresh_values;
  for (const SlicePage& page : slice.pages) {
    PageFields f;
    f.freed = pack.add(1);
    if (!page.ref.is_table) {
      f.value = pack.add(bits_for(data_values));
      f.mark = pack.add(stored_at.empty() ? 0 : 1);
      f.relied = pack.add(is_relied_upon(slice, pages.size()) ? 1 : 0);
    }
    pages.push_back(f);
  }
  for (const SliceAgent& agent : slice.agents) {
    AgentFields f;
    f.executed = pack.add(static_cast<unsigned>(agent.events.size()));
    agents.push_back(f);
  }
  const unsigned register_bits =
      std::max(bits_for(slice.raws.size() + 2), bits_for(data_values * 2 + 1));
  for (unsigned r = 0; r < slice.register_count; ++r) registers.push_back(pack.add(register_bits));
  for (unsigned f = 0; f < slice.flight_slots; ++f) flights.push_back(pack.add(16));
  for (unsigned l = 0; l < slice.lock_count; ++l) locks.push_back(pack.add(1));
  stopped_by = pack.add(bits_for(slice.agents.size() + 1));
  same_world = pack.add(unknown_count(slice) > 1 ? 1 : 0);
  watched = pack.add(bits_for(stored_at.size()));
  for (std::size_t v = 0; v < slice.va_points.size(); ++v) {
    const bool tracked = std::find(stored_at.begin(), stored_at.end(), v) != stored_at.end();
    wrote.push_back(pack.add(tracked ? 1 : 0));
    last_update.push_back(pack.add(bits_for(slice.raws.size() + 2)));
  }
  words = pack.words_end();
}

}  // namespace amalgam::model
