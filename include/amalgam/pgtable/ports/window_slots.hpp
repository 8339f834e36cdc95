// Windows for kernels without a linear map: a few page-sized slots of virtual addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/arch/features.hpp"
#include "amalgam/arch/tlbi.hpp"
#include "amalgam/pgtable/attributes.hpp"
#include "amalgam/pgtable/ports/instructions.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::pgtable {

// The open and close of a Platform, fixmap-like: a table page is mapped into a free slot before it
// is touched, and taken out of it after that. `kGeometry` is that of the tables which the slots
// stand in: stage 1, and live. The slots are the caller's: entries side by side in one level 3
// table, invalid and zero, whose own memory is always mapped.
//
// The library has one view open for each level of a walk and one more while it makes or frees a
// table: as many slots as the geometry has levels and two are enough; twice the levels for a
// RootCopy, which walks two sets of tables at once. Running out of slots traps. For one CPU at a
// time, as the slots are: each CPU has its own, or a lock is held from open to close.
template <arch::Geometry kGeometry, std::size_t kSlots, Instructions I = Aarch64>
class WindowSlots {
  static_assert(kGeometry.stage == arch::Stage::kStage1);

 public:
  struct Config {
    std::uint64_t* descriptors = nullptr;  // of the first slot; the others follow
    std::uint64_t va = 0;                  // of the first slot, canonical
    Attributes attributes;                 // what a table page is mapped with: writable, cacheable
    arch::Features features;
    // No other CPU uses the tables that the slots stand in: local TLBIs. Where another CPU does, it
    // may have read a slot's entry speculatively, even if only this CPU uses the slot.
    bool single_cpu = false;
  };

  explicit WindowSlots(const Config& config) : config_(config) {}

  // Maps the page at `pa` in a free slot. Cost: one store, a DSB that makes it visible to walks,
  // and an ISB.
  std::uint64_t* open(PhysicalAddress pa) {
    const std::size_t slot = free_slot();
    used_[slot] = true;
    store(slot, leaf_descriptor(kGeometry, arch::kPageLevel, pa, config_.attributes));
    barrier(arch::BarrierKind::kDsb, arch::Access::kStore);
    barrier(arch::BarrierKind::kIsb, arch::Access::kAll);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the address is what the slot is
    return reinterpret_cast<std::uint64_t*>(static_cast<std::uintptr_t>(address(slot)));
  }

  // Unmaps it. On return no CPU has a copy of the slot's entry, and accesses through it are
  // complete, so that the slot can take another page and the page can be freed. Cost: one store,
  // two DSBs, one TLBI.
  void close(std::uint64_t* view) {
    const std::size_t slot = slot_of(view);
    store(slot, 0);
    barrier(arch::BarrierKind::kDsb, arch::Access::kStore);
    invalidate(slot);
    barrier(arch::BarrierKind::kDsb, arch::Access::kAll);
    used_[slot] = false;
  }

 private:
  static constexpr std::uint64_t kPageBytes = arch::page_bytes(kGeometry.granule);

  [[nodiscard]] std::uint64_t address(std::size_t slot) const {
    return config_.va + slot * kPageBytes;
  }
  [[nodiscard]] std::size_t slot_of(const std::uint64_t* view) const {
    return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(view) - config_.va) /
                                    kPageBytes);
  }
  [[nodiscard]] std::size_t free_slot() const {
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      if (!used_[slot]) return slot;
    }
    __builtin_trap();
  }
  void store(std::size_t slot, std::uint64_t raw) const {
    __atomic_store_n(config_.descriptors + slot, raw, __ATOMIC_RELAXED);
  }
  void barrier(arch::BarrierKind kind, arch::Access access) const {
    const bool isb = kind == arch::BarrierKind::kIsb;
    const arch::Domain wide = isb ? arch::Domain::kSy : arch::Domain::kIsh;
    I::barrier({kind, config_.single_cpu && !isb ? arch::Domain::kNsh : wide, access});
  }

  // The leaf alone: the table above it stays.
  void invalidate(std::size_t slot) const {
    const bool el2 = kGeometry.regime == arch::Regime::kEl2;
    arch::TlbiMnemonic m;
    m.kind = el2 ? arch::TlbiKind::kVa : arch::TlbiKind::kVaAllAsids;
    m.regime = el2 ? arch::Regime::kEl2 : arch::Regime::kEl10;
    m.last_level = true;
    m.shareability = config_.single_cpu ? arch::Shareability::kLocal : arch::Shareability::kInner;
    arch::OperandRequest request{.address = address(slot)};
    if (config_.features.ttl) {
      request.hint = arch::LevelHint{arch::kPageLevel, kGeometry.granule};
    }
    I::tlbi(m, arch::encode_operand(m, request));
  }

  Config config_;
  std::array<bool, kSlots> used_{};
};

}  // namespace amalgam::pgtable
