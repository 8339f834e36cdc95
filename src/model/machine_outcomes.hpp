// The translations that an access may get.
#pragma once

#include "model/machine.hpp"

namespace amalgam::model {

// Calls `f(Outcome)` for each way in which an access may be translated: each single entry; each
// mixture and the abort where two entries conflict; each kind of fault. A device uses one whole
// entry.
template <typename F>
void Semantics::for_each_outcome(const State& s, std::uint8_t walker, const Reach& r, F&& f) const {
  const Conflicts& c = slice_.conflicts;
  const std::uint8_t mode = slice_.assumptions.choice(Assumption::kAmalgamation);
  Outcome abort;
  const Mask leaves = r.entries & ~slice_.table_entries;
  const bool device = slice_.walkers[walker].device;
  for_each_bit(r.entries, [&](unsigned i) {
    const auto a = static_cast<std::uint8_t>(i);
    if (device) {
      if (slice_.entries[i].leaf) f(Outcome{OutcomeKind::kEntry, a, 0});
      return;
    }
    // Of a pair that conflicts one way only, the newer entry is the one that memory holds.
    Mask others = r.entries & ~newer_only(s, i, r.entries & ~r.current);
    if ((r.current >> i & 1) == 0) others &= ~older_only(s, i, others);
    const Mask maybe = (c.mixture_if_differ[i] | c.abort_if_differ[i]) & others;
    const Mask differ = maybe == 0 ? 0 : differing(s, i, maybe);
    const Mask aborts = (c.abort[i] | (c.abort_if_differ[i] & differ)) & others;
    if (aborts != 0 && abort.kind == OutcomeKind::kNothing) {
      abort = {OutcomeKind::kAbort, a, static_cast<std::uint8_t>(std::countr_zero(aborts))};
    }
    if (!slice_.entries[i].leaf) return;
    f(Outcome{OutcomeKind::kEntry, a, 0});
    if (slice_.entries[i].fault_possible) f(Outcome{OutcomeKind::kFault, a, 1});
    if (mode == 1) return;
    const Mask mixtures = (c.mixture[i] | (c.mixture_if_differ[i] & differ)) & leaves & others;
    for_each_bit(mixtures, [&](unsigned j) {
      const Outcome o{OutcomeKind::kMixture, a, static_cast<std::uint8_t>(j)};
      if (is_mixture_of_fields(o)) f(o);
      const std::uint64_t bits =
          slice_.entries[i].output_address ^ slice_.entries[j].output_address;
      if (mode == 2 && j > i && std::popcount(bits) > 1)
        f(Outcome{OutcomeKind::kBitMixture, o.a, o.b});
    });
  });
  if (abort.kind != OutcomeKind::kNothing) f(abort);
  if (r.freed_table) f(Outcome{OutcomeKind::kFreedWalk, 0, 0});
  if (r.junk) f(Outcome{OutcomeKind::kJunkWalk, 0, 0});
  if (r.fault) f(Outcome{OutcomeKind::kFault, 0, 0});
}

}  // namespace amalgam::model
