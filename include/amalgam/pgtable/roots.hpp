// Which tables a CPU walks.
#pragma once

#include <cstdint>

#include "amalgam/arch/tlbi.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::pgtable {

// What a root register holds: where the tables are, and the ASID or VMID of entries made from them.
struct Root {
  PhysicalAddress root = 0;
  std::uint16_t tag = 0;

  friend constexpr bool operator==(const Root&, const Root&) = default;
};

// What the TLBs of this CPU may hold under the new root's tag.
enum class TagHistory : std::uint8_t {
  kClean,   // nothing, or only what the new tables say: a tag that was never used, was invalidated
            // since, or has belonged to these tables all the time; and no global entries but what
            // the new tables say too
  kCopy,    // entries of other tables that translate every address as the new ones do, by leaves of
            // the same sizes and groups; of other sizes where FEAT_BBM allows that (2 and 3)
  kOthers,  // entries that say something else: the register is broken first
};

namespace roots_detail {

// The operation that removes what this CPU holds of one half or stage.
template <arch::Geometry kGeometry>
constexpr arch::TlbiMnemonic local_operation(bool non_global_only) {
  arch::TlbiMnemonic m;
  m.shareability = arch::Shareability::kLocal;
  m.regime = kGeometry.regime == arch::Regime::kEl2 ? arch::Regime::kEl2 : arch::Regime::kEl10;
  if constexpr (kGeometry.stage == arch::Stage::kStage2) {
    m.kind = arch::TlbiKind::kVmallS12;
  } else if constexpr (kGeometry.regime == arch::Regime::kEl2) {
    m.kind = arch::TlbiKind::kAll;
  } else {
    m.kind = non_global_only ? arch::TlbiKind::kAsid : arch::TlbiKind::kVmall;
  }
  return m;
}

}  // namespace roots_detail

// Lets this CPU walk the tables at `to`, which have been published (PageTable::activate). On return
// later instructions of this CPU are translated by them alone (ISB). With TagHistory::kOthers the
// register is broken first, by way of `empty`, a root page of zeros: a walk may begin at any time,
// and the old and the new tables would else be live under one tag (row 34 of the change table).
// Until then nothing of this half may be accessed or executed by the CPU that calls: it runs from
// the other half, or from an identity map. Cost: one ISB; with kOthers a TLBI, two DSBs and three
// more ISBs.
template <arch::Geometry kGeometry, SetsRoot P>
void switch_root(P& port, Half half, const Root& to, TagHistory history, PhysicalAddress empty,
                 bool non_global_only = false) {
  const auto isb = [&] {
    port.barrier({arch::BarrierKind::kIsb, arch::Domain::kSy, arch::Access::kAll});
  };
  if (history == TagHistory::kOthers) {
    const arch::TlbiMnemonic m = roots_detail::local_operation<kGeometry>(non_global_only);
    port.set_root(half, empty, to.tag);
    isb();
    port.barrier({arch::BarrierKind::kDsb, arch::Domain::kNsh, arch::Access::kStore});
    port.tlbi(m, arch::encode_operand(m, {.asid = to.tag}));
    port.barrier({arch::BarrierKind::kDsb, arch::Domain::kNsh, arch::Access::kAll});
    isb();
  }
  port.set_root(half, to.root, to.tag);
  isb();
}

}  // namespace amalgam::pgtable
