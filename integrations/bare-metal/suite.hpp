// Runs every scenario on one root, on each FEAT_BBM level that the CPU fulfils.
#pragma once

#include <cstdint>
#include <string_view>

#include "bench.hpp"
#include "observer.hpp"
#include "platform.hpp"
#include "run.hpp"
#include "scenarios.hpp"

namespace bare_metal {

// Prints the line of a scenario, from what the observer has counted.
void print_scenario(std::string_view name, const Place& place, unsigned level, bool passed);

template <arch::Geometry kGeometry>
class Suite {
 public:
  Suite(Platform& platform, Notified& notified, const arch::Features& features, bool paced)
      : platform_(platform), notified_(notified), features_(features), paced_(paced) {}

  // Tables at `root`, which CPU 1 uses, until a scenario switches to others. What is legal on a
  // lower level is legal on a higher one too.
  Totals run(const Place& place, pgtable::PhysicalAddress root) {
    totals_ = {};
    for (unsigned level = 0; level <= features_.bbm; ++level) {
      arch::Features features = features_;
      features.bbm = static_cast<std::uint8_t>(level);
      typename B::Port port(platform_);
      B bench(platform_, port, root, features, place);
      for_each_scenario<kGeometry>([&](const Scenario<kGeometry>& scenario) {
        if (scenario.applies(bench)) run_scenario(bench, scenario, level);
      });
      if (level == 0) notice_mutations(bench);
      root = bench.table().root();
    }
    return totals_;
  }

 private:
  using B = Bench<kGeometry>;
  static constexpr unsigned kPacedRounds = 4;
  static constexpr unsigned kRacedRounds = 2;

  void run_rounds(B& bench, const Scenario<kGeometry>& scenario) {
    observer.reset_counts();
    notified_ = {};
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
    if (!notified_.is_whole()) {
      observer.report({"notifications", 0, notified_.starts, notified_.ends});
    }
    const bool passed = observer.violations() == 0 && observer.accesses() != 0;
    ++(passed ? totals_.passed : totals_.failed);
    print_scenario(scenario.name, bench.place(), level, passed);
  }

  // A program that could not fail would show nothing: robbed of what it needs, it must.
  void notice_mutations(B& bench) {
    constexpr auto unmap_pages = RangeScenarios<kGeometry>::unmap_pages;
    notice(bench, Mutation::kNoTlbi, "notices TLBIs left out", unmap_pages);
    notice(bench, Mutation::kLocalTlbi, "notices TLBIs not broadcast", unmap_pages);
    using Marks = MarkScenarios<kGeometry>;
    if (!paced_ || !Marks::with_dirty(bench)) return;
    notice(bench, Mutation::kPlainStore, "notices a store over AF", Marks::mark_pages);
  }
  void notice(B& bench, Mutation mutation, std::string_view name, void (*attempt)(B&)) {
    bench.port().mutate(mutation);
    run_rounds(bench, {"", attempt, nullptr});
    bench.port().mutate(Mutation::kNone);
    empty_tlbs(bench);
    const bool passed = observer.violations() != 0;
    ++(passed ? totals_.passed : totals_.failed);
    print_scenario(name, bench.place(), 0, passed);
  }
  static void empty_tlbs(B& bench) {
    arch::TlbiMnemonic all;
    all.kind = B::kStage2 ? arch::TlbiKind::kVmallS12
               : B::kEl2  ? arch::TlbiKind::kAll
                          : arch::TlbiKind::kVmall;
    all.regime = B::kEl2 ? arch::Regime::kEl2 : arch::Regime::kEl10;
    all.shareability = arch::Shareability::kInner;
    bench.port().tlbi(all, 0);
    bench.port().barrier({});
  }

  Platform& platform_;
  Notified& notified_;
  arch::Features features_;
  bool paced_;
  Totals totals_;
};

}  // namespace bare_metal
