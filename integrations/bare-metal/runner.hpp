// What run.hpp declares, for one geometry.
#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/pgtable/ports/plain_memory.hpp"
#include "bench.hpp"
#include "console.hpp"
#include "cpus.hpp"
#include "machine.hpp"
#include "run.hpp"
#include "scenarios.hpp"
#include "translation.hpp"

extern "C" {
extern char text_start[];
extern char text_end[];
extern char image_end[];
}

namespace bare_metal {

// What CPU 1 turns on; in memory, not only in caches.
extern Translation second_translation;

inline std::uint64_t address_of(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

void print_fields(const arch::Features& features, std::string_view granule);
void print_scenario(std::string_view name, const Place& place, unsigned level, bool passed);

template <arch::Geometry kGeometry>
class Runner {
 public:
  Runner(std::string_view granule, bool paced) : granule_(granule), paced_(paced), pool_(window_) {}

  Totals run() {
    const pgtable::IdRegisters ids = pgtable::read_id_registers();
    if (!pgtable::supports_granule(ids, kGeometry.granule, kGeometry.stage)) {
      print("bare-metal: this CPU has no such granule\n");
      return {};
    }
    features_ = pgtable::features_of(ids, kGeometry.granule, kGeometry.stage);
    print_fields(features_, granule_);
    pool_.add(kTables, kTablesBytes / B::kPage, B::kPage);
    pool_.set_page_bytes(B::kPage);
    build();
    second_translation = translation();
    clean_to_memory(address_of(text_start), address_of(image_end));
    clean_to_memory(kTables, kTables + kTablesBytes);
    turn_translation_on(second_translation);
    if (!start_other_cpu()) return {.failed = 1};
    while (!cpus.second_runs.load(std::memory_order_acquire)) relax();
    if constexpr (B::kEl2) {
      run_place({.name = "low"}, root0_);
    } else {
      run_place({.name = "high", .half = pgtable::Half::kUpper}, root1_);
      run_place({.name = "low, ASID", .global = false}, root0_);
    }
    return totals_;
  }

 private:
  using B = Bench<kGeometry>;
  using EarlyPort = pgtable::PlainMemoryPort<kGeometry, Platform, pgtable::Sharing::kAlone>;
  using EarlyTable = pgtable::PageTable<kGeometry, EarlyPort>;
  static constexpr unsigned kPacedRounds = 6;
  static constexpr unsigned kRacedRounds = 2;

  static void require(bool ok, std::string_view what) {
    if (ok) return;
    print("bare-metal: cannot ");
    print(what);
    print("\n");
    exit_machine(3);
  }

  [[nodiscard]] typename EarlyTable::Config config(pgtable::Half half) const {
    typename EarlyTable::Config c;
    c.half = half;
    c.features = features_;
    return c;
  }
  pgtable::PhysicalAddress new_root(EarlyPort& port, pgtable::Half half) {
    require(port.reserve(1), "take a root");
    const pgtable::PhysicalAddress root = port.take();
    EarlyTable(port, root, config(half)).clear_root();
    return root;
  }

  // The identity map, made with the MMU off: plain stores.
  void build() {
    EarlyPort port(platform_);
    root0_ = new_root(port, pgtable::Half::kLower);
    if constexpr (!B::kEl2) root1_ = new_root(port, pgtable::Half::kUpper);
    EarlyTable table(port, root0_, config(pgtable::Half::kLower));
    const std::uint64_t text = address_of(text_start);
    const std::uint64_t data = address_of(text_end);
    identity(table, kUart, 0x1'0000, {.writable = true, .memory = kDevice});
    identity(table, text, data - text, {.executable = true, .memory = kNormal});
    identity(table, data, kUnmapped - data, {.writable = true, .memory = kNormal});
    identity(table, kFramesA, kFramesBytes, {.writable = true, .memory = kNormal});
  }
  static void identity(EarlyTable& table, std::uint64_t pa, std::uint64_t bytes,
                       const pgtable::Attributes& attributes) {
    auto batch = table.batch();
    require(table.map(pa, bytes, pa, attributes, batch).ok(), "map what is there");
  }

  [[nodiscard]] Translation translation() const {
    Translation t;
    t.tcr = B::kEl2 ? tcr_el2(kGeometry, features_) : tcr_el1(kGeometry, features_);
    t.ttbr0 = pgtable::root_value(kGeometry, root0_, kAsid);
    t.ttbr1 = pgtable::root_value(kGeometry, root1_, 0);
    return t;
  }

  // Every level up to the CPU's own: what is legal on a lower one is legal on it too.
  void run_place(const Place& place, pgtable::PhysicalAddress root) {
    for (unsigned level = 0; level <= features_.bbm; ++level) {
      arch::Features features = features_;
      features.bbm = static_cast<std::uint8_t>(level);
      typename B::Port port(platform_);
      B bench(port, root, features, place);
      for (const Scenario<kGeometry>& scenario : Scenarios<kGeometry>::kAll) {
        if (scenario.applies(bench)) run_scenario(bench, scenario, level);
      }
      if (level == 0) notice_mutations(bench);
    }
  }

  void run_rounds(B& bench, const Scenario<kGeometry>& scenario) {
    observer.reset_counts();
    const unsigned rounds = paced_ ? kPacedRounds : kRacedRounds;
    for (unsigned round = 0; round < rounds; ++round) {
      bench.set_paced(paced_ && round % 2 == 0);
      observer.clear();
      scenario.run(bench);
      bench.clear();
    }
  }
  void run_scenario(B& bench, const Scenario<kGeometry>& scenario, unsigned level) {
    run_rounds(bench, scenario);
    const bool passed = observer.violations() == 0 && observer.accesses() != 0;
    ++(passed ? totals_.passed : totals_.failed);
    print_scenario(scenario.name, bench.place(), level, passed);
  }

  // A program that could not fail would show nothing: without TLBIs, and with TLBIs of this CPU
  // alone, it must.
  void notice_mutations(B& bench) {
    notice(bench, Mutation::kNoTlbi, "notices TLBIs left out");
    notice(bench, Mutation::kLocalTlbi, "notices TLBIs not broadcast");
  }
  void notice(B& bench, Mutation mutation, std::string_view name) {
    bench.port().mutate(mutation);
    run_rounds(bench, {"", Scenarios<kGeometry>::unmap_pages, nullptr});
    bench.port().mutate(Mutation::kNone);
    empty_tlbs(bench);
    const bool passed = observer.violations() != 0;
    ++(passed ? totals_.passed : totals_.failed);
    print_scenario(name, bench.place(), 0, passed);
  }
  static void empty_tlbs(B& bench) {
    using arch::TlbiKind;
    const auto regime = B::kEl2 ? arch::Regime::kEl2 : arch::Regime::kEl10;
    bench.port().tlbi({.kind = B::kEl2 ? TlbiKind::kAll : TlbiKind::kVmall,
                       .regime = regime,
                       .shareability = arch::Shareability::kInner},
                      0);
    bench.port().barrier({});
  }

  std::string_view granule_;
  bool paced_;
  arch::Features features_;
  pgtable::LinearMap window_;
  Pool pool_;
  Hooks::Notified notified_;
  Platform platform_{window_, pool_, Hooks{&notified_}};
  pgtable::PhysicalAddress root0_ = 0;
  pgtable::PhysicalAddress root1_ = 0;
  Totals totals_;
};

}  // namespace bare_metal
