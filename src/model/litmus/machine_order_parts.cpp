#include "model/litmus/machine_order_parts.hpp"

namespace amalgam::model::litmus::order_parts {

namespace {

constexpr Address kOffsetMask = 0xfff;

// Walks that served an access of an earlier instruction at the offset of `access` in its page.
// Faults are at no offset.
RunMask walks_at_same_offset(const RunSets& sets, unsigned access) {
  const auto& events = sets.run.events;
  const RunMask accesses = sets.reads | sets.writes;
  RunMask found = 0;
  if ((accesses & run_bit(access)) == 0) return found;
  for_each_event(accesses & sets.earlier[access], [&](RunEvent a) {
    if (((events[a].address ^ events[access].address) & kOffsetMask) == 0) {
      found |= events[a].walks;
    }
  });
  return found;
}

}  // namespace

RunSets sets_of(const ThreadRun& run, const ModelOptions& options) {
  RunSets sets(run);
  if (options.mutation == LitmusMutation::kMachineBarriersOrderNothing) {
    sets.dmb_full = sets.dmb_load = sets.dmb_store = 0;
    sets.dsb_full = sets.dsb_load = sets.dsb_store = 0;
  }
  if (options.mutation == LitmusMutation::kMachineContextOrdersNothing) sets.context = 0;
  return sets;
}

RunOrder empty_order(const RunSets& sets) {
  RunOrder order;
  order.before.assign(sets.size, 0);
  order.completes.assign(sets.size, 0);
  order.serves.assign(sets.size, 0);
  order.same_offset.assign(sets.size, 0);
  order.hides.assign(sets.size, 0);
  for (unsigned e = 0; e < sets.size; ++e) {
    const RunMask walks = sets.run.events[e].walks;
    if (walks == 0) continue;
    const RunMask companions = walks_at_same_offset(sets, e);
    for_each_event(walks, [&](RunEvent w) {
      order.serves[w] |= run_bit(e);
      order.same_offset[w] |= companions;
    });
  }
  return order;
}

}  // namespace amalgam::model::litmus::order_parts
