// What keeps the own accesses of one PE in order where no barrier does: that they go to one page,
// and that others stop it between two instructions.
#include <bit>

#include "model/machine.hpp"
#include "model/ordering.hpp"

namespace amalgam::model {

// The frame that an access goes to by its translation, or kNoIndex: not to memory that has
// contents.
std::uint8_t Semantics::frame_at(const Event& access, const Outcome& outcome) const {
  if (!permits(access.access, outcome)) return kNoIndex;
  const std::uint8_t page = slice_.entries[outcome.a].page;
  return page == kNoIndex || slice_.pages[page].ref.is_table ? kNoIndex : page;
}

// The frame that an event is known to read or write: that of an access by input address once its
// walk is done.
std::uint8_t Semantics::location(const State& s, const Event& e, std::uint64_t executed) const {
  if (e.kind == EventKind::kReadPage || e.kind == EventKind::kWritePage) return e.page;
  if (e.kind != EventKind::kAccess || (executed >> e.partner & 1) == 0) return kNoIndex;
  return frame_at(e, Outcome::unpack(layout_.flights[e.slot].get(s)));
}

// What a page holds, as a register takes it: the value and whether it is the tracked store's.
std::uint64_t Semantics::datum_of(const State& s, std::uint8_t page) const {
  const PageFields& f = layout_.pages[page];
  return f.value.get(s) << 1 | f.mark.get(s);
}

// What a plain store will write, or nothing while it waits for a register.
std::optional<std::uint64_t> Semantics::stored_datum(const State& s, const Event& e,
                                                     std::uint8_t page) const {
  if (e.value.reg != kNoIndex) {
    const std::uint64_t held_value = layout_.registers[e.value.reg].get(s);
    if (held_value == 0) return std::nullopt;
    return held_value - 1;
  }
  if (e.value.constant == kNoIndex) return std::nullopt;
  const bool by_address = e.kind == EventKind::kAccess;
  const std::uint64_t mark = by_address ? layout_.pages[page].mark.get(s) : 0;
  return std::uint64_t{e.value.constant} << 1 | mark;
}

// What own accesses before this one, to the same frame and not done yet, mean for it, whichever
// addresses they came by: it has to wait, or (a load) it takes the youngest store's value.
Semantics::Earlier Semantics::earlier_at(const State& s, const Event& e, std::uint8_t index,
                                         std::uint8_t page) const {
  const SliceAgent& a = slice_.agents[e.agent];
  const std::uint64_t executed = layout_.agents[e.agent].executed.get(s);
  const bool loads_only = (e.classes & kWrites) == 0;
  Earlier result;
  for_each_bit(~executed & (bit(index) - 1), [&](unsigned i) {
    const Event& earlier = a.events[i];
    if (location(s, earlier, executed) != page) return;
    const bool plain_store = (earlier.classes & kReads) == 0 && earlier.cell == kNoIndex;
    result.forwarded = plain_store ? stored_datum(s, earlier, page) : std::nullopt;
    result.wait |= !loads_only || !plain_store || !result.forwarded;
  });
  return result;
}

// Own accesses to one frame keep their order. A walk that would make its access share a frame with
// a later one that has already happened is not taken.
bool Semantics::same_page_order_allows(const State& s, const Event& walk, std::uint8_t index,
                                       const Outcome& outcome) const {
  const SliceAgent& a = slice_.agents[walk.agent];
  const std::uint8_t page = frame_at(a.events[walk.partner], outcome);
  if (page == kNoIndex) return true;
  const std::uint64_t executed = layout_.agents[walk.agent].executed.get(s);
  const Mask later = executed & ~Mask{1} << index & ~bit(walk.partner);
  bool allowed = true;
  for_each_bit(later, [&](unsigned i) { allowed &= location(s, a.events[i], executed) != page; });
  return allowed;
}

// Whether a thread is between two instructions: what comes before in program order is done, nothing
// after has begun. An invalidation may be on its way still: only a DSB waits for it.
bool Semantics::is_between_instructions(const State& s, std::uint8_t agent) const {
  const SliceAgent& a = slice_.agents[agent];
  const Mask runs = runnable(s, agent);
  const std::uint64_t executed = layout_.agents[agent].executed.get(s);
  const Mask left = runs & ~executed & ~tlbis_[agent];
  if (left == 0) return true;
  const auto first = static_cast<unsigned>(std::countr_zero(left));
  if ((runs & executed & ~Mask{0} << first) != 0) return false;
  // The rest of an instruction; being stopped brings a root register into effect.
  const EventKind kind = a.events[first].kind;
  return kind != EventKind::kAccess && kind != EventKind::kRootEffect;
}

// Whether another CPU has to get to the end of an instruction before it can be stopped.
bool Semantics::others_half_done(const State& s, std::uint8_t agent) const {
  for (const std::uint8_t a : indices(slice_.agents)) {
    const bool counts = a != agent && !slice_.walkers[slice_.agents[a].walker].device;
    if (counts && !is_between_instructions(s, a)) return true;
  }
  return false;
}

}  // namespace amalgam::model
