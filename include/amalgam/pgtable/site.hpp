// What every operation on the tables of one root works with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/table_page.hpp"

namespace amalgam::pgtable {

// The tables, whether hardware walks them, and what classify has to know of them.
template <arch::Geometry kGeometry, Port P>
struct Site {
  P& port;
  PhysicalAddress root = 0;
  bool live = false;
  bool single_cpu = false;
  arch::ChangeContext context;

  // What replacing one entry by another takes; `va` is an address that both translate.
  [[nodiscard]] arch::Change classify(const arch::Entry& was, const arch::Entry& is,
                                      std::uint64_t va) const {
    arch::ChangeContext c = context;
    c.va = va;
    return arch::classify(was, is, c);
  }

  // The cheapest permitted route for that change.
  [[nodiscard]] Strategy route(const arch::Change& change, const Permits& permits) const {
    return live ? choose(change, permits, StopsOthers<P>) : Strategy::kPlainStores;
  }

  // On return walks of every CPU see what has been stored (DSB), and this CPU's later instructions
  // use it (ISB).
  void publish() const {
    const arch::Domain domain = single_cpu ? arch::Domain::kNsh : arch::Domain::kIsh;
    port.barrier({arch::BarrierKind::kDsb, domain, arch::Access::kStore});
    port.barrier({arch::BarrierKind::kIsb, arch::Domain::kSy, arch::Access::kAll});
  }

  // Orders the descriptors of a new table before the store that links it. Without it a walk could
  // find the table before its contents.
  void order_before_link() const {
    port.barrier({arch::BarrierKind::kDmb, arch::Domain::kIsh, arch::Access::kStore});
  }
};

// The context in which classify judges changes to tables of this geometry.
template <arch::Geometry kGeometry>
constexpr arch::ChangeContext change_context(const arch::Features& features,
                                             const Knowledge& known) {
  arch::ChangeContext c;
  c.geometry = kGeometry;
  c.features = features;
  c.contents = known.contents;
  c.any_hardware_dirty = known.hardware_dirty || features.hardware_dirty;
  c.any_hardware_af = known.hardware_af || features.hardware_af || c.any_hardware_dirty;
  c.mair = known.mair;
  return c;
}

// Replaces descriptor `index`, last seen as `seen`, by f(what it is), however often hardware
// updates it in between: a plain store would lose an access flag or a dirty state that hardware
// sets after the load. Says what it replaced.
template <Port P, typename F>
std::uint64_t replace(const OpenTable<P>& view, std::size_t index, std::uint64_t seen, F&& f) {
  while (!view.compare_exchange(index, seen, f(seen))) {
  }
  return seen;
}

// Keeps the other CPUs stopped, where the Port can and `wanted`.
template <Port P>
class StoppedOthers {
 public:
  StoppedOthers(P& port, bool wanted) : port_(port), wanted_(wanted) {
    if constexpr (StopsOthers<P>) {
      if (wanted_) port_.stop_others();
    }
  }
  ~StoppedOthers() {
    if constexpr (StopsOthers<P>) {
      if (wanted_) port_.resume_others();
    }
  }
  StoppedOthers(const StoppedOthers&) = delete;
  StoppedOthers& operator=(const StoppedOthers&) = delete;

 private:
  P& port_;
  bool wanted_;
};

// The descriptor of a table page. Hierarchical restrictions are left open: the leaves decide.
template <arch::Geometry kGeometry>
constexpr std::uint64_t table_descriptor(PhysicalAddress page) {
  const arch::Fields fields{.kind = arch::Kind::kTable, .address = page};
  return arch::encode(kGeometry, fields, arch::start_level(kGeometry)).raw;
}

}  // namespace amalgam::pgtable
