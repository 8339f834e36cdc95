// Rules: what no sequence may do, judged in every state.
#include <algorithm>
#include <bit>

#include "model/machine.hpp"

namespace amalgam::model {

// A walker whose words equal those of the like walker before it adds nothing.
bool Semantics::is_repeat(const State& s, std::uint8_t walker) const {
  const std::uint8_t previous = previous_like_[walker];
  return previous != kNoIndex && layout_.same_walker(s, walker, s, previous);
}

// Of the entries for which this one would need a break, those for which it does not as the older of
// the two.
Mask Semantics::older_only(const State& s, unsigned entry, Mask candidates) const {
  const Conflicts& c = slice_.conflicts;
  const Mask if_same = c.one_way_if_same[entry] & candidates;
  const Mask same = if_same == 0 ? 0 : if_same & ~differing(s, entry, if_same);
  return c.one_way[entry] | same;
}

// The entries that would need a break for this one, of those that are not the newer of the two.
Mask Semantics::newer_only(const State& s, unsigned entry, Mask candidates) const {
  const Conflicts& c = slice_.conflicts;
  const Mask if_same = c.one_way_old_if_same[entry] & candidates;
  const Mask same = if_same == 0 ? 0 : if_same & ~differing(s, entry, if_same);
  return (c.one_way_old[entry] & candidates) | same;
}

// Two entries between which break-before-make was required may be cached at once. It is judged for
// every CPU, whether or not it makes an access: a TLB may be filled at any time.
void Semantics::judge_pairs(const State& s, std::uint8_t walker, std::uint8_t va_point,
                            const Reach& r, MachineSink& sink) const {
  const Conflicts& c = slice_.conflicts;
  const bool device = slice_.walkers[walker].device;
  const auto& always = device ? c.device_break : c.break_from;
  const auto& if_differ = device ? c.device_break_if_differ : c.break_if_differ;
  for_each_bit(r.entries & (device ? device_risky_ : risky_), [&](unsigned n) {
    const Mask maybe = if_differ[n] & r.entries;
    Mask broken = always[n] & r.entries;
    if (maybe != 0) broken |= differing(s, n, maybe);
    if ((r.current >> n & 1) == 0) broken &= ~older_only(s, n, broken);
    if (broken == 0) return;
    Sighting sighting;
    sighting.is_rule = true;
    sighting.what =
        static_cast<std::uint8_t>(device ? Rule::kNotifyBeforeMake : Rule::kBreakBeforeMake);
    if ((broken & ~c.foreign_tag[n]) == 0) {
      sighting.what = static_cast<std::uint8_t>(Rule::kInvalidateBeforeTagReuse);
    }
    sighting.walker = walker;
    sighting.va_point = va_point;
    sighting.old_entry = static_cast<std::uint8_t>(std::countr_zero(broken));
    sighting.new_entry = static_cast<std::uint8_t>(n);
    sink.sight(sighting, nullptr);
  });
}

void Semantics::judge(const State& s, const Reaches& reaches, MachineSink& sink) const {
  for (const std::uint8_t w : indices(slice_.walkers)) {
    if (is_repeat(s, w)) continue;
    for (const std::uint8_t v : indices(slice_.va_points)) {
      if (!slice_.va_points[v].primary) continue;
      const Reach& r = reaches[w][v];
      if ((r.entries & (risky_ | device_risky_)) != 0 && std::popcount(r.entries) > 1) {
        judge_pairs(s, w, v, r, sink);
      }
      if (!r.junk) continue;
      Sighting sighting;
      sighting.is_rule = true;
      sighting.what = static_cast<std::uint8_t>(Rule::kInitialiseBeforePublish);
      sighting.walker = w;
      sighting.va_point = v;
      sink.sight(sighting, nullptr);
    }
  }
  if (all_ended(s)) judge_end(s, sink);
}

// What the program leaves behind: stale entries that it owed an invalidation, stores and updates
// that went missing.
void Semantics::judge_end_of(const State& s, std::uint8_t walker, std::uint8_t v,
                             MachineSink& sink) const {
  Sighting sighting;
  sighting.walker = walker;
  sighting.va_point = v;
  const Reach now = current_reach(s, walker, v);
  const Mask current = now.entries & ~slice_.table_entries;
  const Mask all = reach(s, walker, v).entries & ~slice_.table_entries;
  const Mask stale = all & ~current;
  const bool device = slice_.walkers[walker].device;
  const auto rule = [&](Rule which, unsigned old_entry, unsigned new_entry) {
    sighting.is_rule = true;
    sighting.what = static_cast<std::uint8_t>(which);
    sighting.old_entry = static_cast<std::uint8_t>(old_entry);
    sighting.new_entry = static_cast<std::uint8_t>(new_entry);
    sink.sight(sighting, nullptr);
  };
  for_each_bit(stale, [&](unsigned e) {
    const Entry& old = slice_.entries[e];
    if (device) return;
    if (current == 0 && now.fault) rule(Rule::kInvalidateBeforeEnd, e, kNoIndex);
    for_each_bit(current, [&](unsigned n) {
      if ((slice_.conflicts.owes_tlbi[n] & bit(e)) != 0) rule(Rule::kInvalidateBeforeEnd, e, n);
      const bool moved = old.page != slice_.entries[n].page;
      if (!moved || slice_.walkers[walker].device) return;
      if (!contents_differ(s, old, slice_.entries[n]) || !old.readable) return;
      sighting.is_rule = false;
      sighting.what = static_cast<std::uint8_t>(Effect::kStaleRead);
      sighting.page = old.page;
      sighting.outcome = {OutcomeKind::kEntry, static_cast<std::uint8_t>(e), 0};
      if (is_observed(walker, v)) sink.sight(sighting, nullptr);
    });
  });
}

// Whether an observer on the walker loads from the address.
bool Semantics::is_observed(std::uint8_t walker, std::uint8_t v) const {
  for (const SliceObserver& o : slice_.observers) {
    const bool loads = o.kind != AccessKind::kStore;
    if (loads && o.va_point == v && (o.walkers >> walker & 1) != 0) return true;
  }
  return false;
}

void Semantics::judge_end(const State& s, MachineSink& sink) const {
  for (const std::uint8_t v : indices(slice_.va_points)) {
    if (!slice_.va_points[v].primary) continue;
    const std::uint64_t update = layout_.last_update[v].get(s);
    for (const std::uint8_t w : indices(slice_.walkers)) {
      if (is_repeat(s, w)) continue;
      judge_end_of(s, w, v, sink);
      if (slice_.walkers[w].device) continue;
      Sighting sighting;
      sighting.walker = w;
      sighting.va_point = v;
      const std::uint8_t root = root_of(s, w);
      const bool family = slice_.roots[root].family == slice_.va_points[v].family;
      if (update != 0 && family && leaf_in_memory(s, root, v) + 1U != update) {
        sighting.what = static_cast<std::uint8_t>(Effect::kLostTableUpdate);
        sink.sight(sighting, nullptr);
      }
      if (layout_.wrote[v].get(s) == 0 || !family) continue;
      for_each_bit(current_reach(s, w, v).entries & ~slice_.table_entries, [&](unsigned n) {
        const Entry& e = slice_.entries[n];
        if (e.page == kNoIndex || slice_.pages[e.page].ref.is_table) return;
        if (slice_.cells[e.cell].companion || layout_.pages[e.page].mark.get(s) != 0) return;
        sighting.what = static_cast<std::uint8_t>(Effect::kLostWrite);
        sighting.page = e.page;
        sighting.access = AccessKind::kStore;
        sink.sight(sighting, nullptr);
      });
    }
  }
}

}  // namespace amalgam::model
