// Boots one geometry: tables, translation, CPU 1, and the scenarios.
#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/pgtable/ports/cpu_features.hpp"
#include "bench.hpp"
#include "cpus.hpp"
#include "interrupts.hpp"
#include "machine.hpp"
#include "memory_map.hpp"
#include "run.hpp"
#include "suite.hpp"
#include "translation.hpp"

namespace bare_metal {

// What CPU 1 turns on; in memory, not only in caches.
extern Translation second_translation;

void print_features(const arch::Features& features, const arch::Geometry& geometry);

// Where roots are: apart from the pool, for a root of stage 2 may be 16 pages side by side.
inline constexpr std::uint64_t kOwnRoot = kTables;
inline constexpr std::uint64_t kUpperRoot = kTables + 0x10'0000;
inline constexpr std::uint64_t kGuestRoot = kTables + 0x20'0000;
inline constexpr std::uint64_t kPoolStart = kTables + 0x30'0000;

// What the levels have in common. `kOwn` is the geometry of the stage 1 that the program runs in.
template <arch::Geometry kOwn>
class Runner {
 public:
  explicit Runner(bool paced) : paced_(paced), pool_(window_) {}

  // Tries changes to the tables that the program itself runs in.
  Totals run() {
    if (!prepare(kOwn)) return {};
    boot({});
    Suite<kOwn> suite(platform_, notified_, features_, paced_);
    if constexpr (kOwn.regime == arch::Regime::kEl2) return suite.run({.name = "low"}, kOwnRoot);
    Totals totals = suite.run({.name = "high", .half = pgtable::Half::kUpper}, kUpperRoot);
    totals += suite.run({.name = "low, ASID", .global = false}, kOwnRoot);
    return totals;
  }

  // Tries changes to stage 2 tables of `kGuest`, while CPU 1 runs below them at EL1.
  template <arch::Geometry kGuest>
  Totals run_guest() {
    if (!prepare(kGuest)) return {};
    // HCR_EL2.FWB is not set.
    features_.fwb = false;
    MemoryMap<kGuest> map(platform_, features_);
    map.clear(kGuestRoot, pgtable::Half::kLower);
    map.map_program(kGuestRoot);
    const GuestTranslation guest{.vtcr = vtcr_el2(kGuest, features_),
                                 .vttbr = pgtable::root_value(kGuest, kGuestRoot, kVmid)};
    boot(guest);
    turn_guest_translation_on(guest);
    return Suite<kGuest>(platform_, notified_, features_, paced_)
        .run({.name = "stage 2"}, kGuestRoot);
  }

 private:
  static constexpr std::uint64_t kPage = arch::page_bytes(kOwn.granule);

  bool prepare(const arch::Geometry& tried) {
    const pgtable::IdRegisters ids = pgtable::read_id_registers();
    if (!pgtable::supports_granule(ids, tried.granule, tried.stage)) {
      print("bare-metal: this CPU has no such granule\n");
      return false;
    }
    features_ = pgtable::features_of(ids, tried.granule, tried.stage);
    print_features(features_, tried);
    pool_.add(kPoolStart, (kTables + kTablesBytes - kPoolStart) / kPage, kPage);
    pool_.set_page_bytes(kPage);
    return true;
  }

  // Turns translation on on both CPUs, and has CPU 1 watch: in the same regime, or as `guest`.
  void boot(const GuestTranslation& guest) {
    MemoryMap<kOwn> map(platform_, features_);
    map.clear(kOwnRoot, pgtable::Half::kLower);
    map.map_program(kOwnRoot);
    second_translation.ttbr0 = pgtable::root_value(kOwn, kOwnRoot, kAsid);
    if constexpr (kOwn.regime == arch::Regime::kEl2) {
      second_translation.tcr = tcr_el2(kOwn, features_);
    } else {
      map.clear(kUpperRoot, pgtable::Half::kUpper);
      second_translation.ttbr1 = pgtable::root_value(kOwn, kUpperRoot, 0);
      second_translation.tcr = tcr_el1(kOwn, features_);
    }
    second_translation.guest = guest;
    clean_to_memory(address_of(text_start), address_of(image_end));
    clean_to_memory(kTables, kTables + kTablesBytes);
    turn_translation_on(second_translation);
    enable_distributor();
    require(start_other_cpu(), "start CPU 1");
    while (!cpus.second_runs.load(std::memory_order_acquire)) relax();
  }

  bool paced_;
  arch::Features features_;
  pgtable::LinearMap window_;
  Pool pool_;
  Notified notified_;
  Platform platform_{window_, pool_, Hooks{&notified_}};
};

}  // namespace bare_metal
