// Other sizes of leaves that lead where they led.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "scenario.hpp"

namespace bare_metal {

template <arch::Geometry kGeometry>
struct SizeScenarios : ScenarioBase<kGeometry> {
  using Base = ScenarioBase<kGeometry>;
  using Base::kBlock;
  using Base::kCross;
  using Base::kGroup;
  using Base::kNoGroups;
  using Base::kPage;
  using Base::kPagesOnly;
  using typename Base::B;
  using typename Base::Batch;
  using typename Base::S;

  // What is mapped by one shape is mapped by another, and every access goes on as it was. By the
  // route that the level has: with a window below level 2, and in place from there on.
  template <typename F>
  static void reshape(B& b, std::uint64_t bytes, const pgtable::LeafSizes& sizes,
                      const pgtable::Permits& permits, bool may_fault, const F& op) {
    b.map(0, bytes, kFramesA, true, sizes);
    b.watch_run(0, 4, bytes / 4, read_write(kFramesA), read_write(kFramesA));
    b.change([&](Batch& batch) { return op(permits, batch); }, {.may_fault = may_fault});
  }

  // Says so where a plan takes another route than the level should have.
  static void expect_route(B& b, const pgtable::Plan& plan, pgtable::Strategy at_level0) {
    using enum pgtable::Strategy;
    const pgtable::Strategy strategy = std::max(plan.strategy, plan.split_strategy);
    const unsigned level = b.features().bbm;
    const pgtable::Strategy wanted = level == 0   ? at_level0
                                     : level == 1 ? kNoTranslation
                                                  : kInPlace;
    if (strategy == wanted) return;
    observer.report({"strategy", b.va(), static_cast<std::uint64_t>(strategy),
                     static_cast<std::uint64_t>(wanted)});
  }

  static void split(B& b, const pgtable::Permits& permits, bool may_fault) {
    reshape(b, kBlock, kNoGroups, permits, may_fault, [&](const auto& p, Batch& batch) {
      const auto plan = b.table().plan_split(b.va(kPage), kPage, p);
      if (!p.stop_others) expect_route(b, plan, pgtable::Strategy::kBreakBeforeMake);
      return b.table().split(b.va(kPage), kPage, p, batch);
    });
  }
  static void split_block(B& b) { split(b, Base::by_level(b), Base::has_window(b)); }
  static void split_stopped(B& b) { split(b, Base::stopping(), false); }

  static void refine_block(B& b) {
    reshape(b, kBlock, {}, Base::by_level(b), Base::has_window(b),
            [&](const auto& p, Batch& batch) {
              return b.table().refine(b.va(), kBlock, arch::kPageLevel, p, batch);
            });
  }

  static void collapse(B& b, const pgtable::Permits& permits, bool may_fault) {
    reshape(b, kBlock, kPagesOnly, permits, may_fault, [&](const auto& p, Batch& batch) {
      const auto plan = b.table().plan_collapse(b.va(), kBlock, p);
      if (!p.stop_others) expect_route(b, plan, pgtable::Strategy::kBreakBeforeMake);
      if (plan.status.ok() && plan.collapses != 1) observer.report({"nothing collapses", b.va()});
      return b.table().collapse(b.va(), kBlock, p, batch);
    });
  }
  static void collapse_table(B& b) { collapse(b, Base::by_level(b), Base::has_window(b)); }
  static void collapse_stopped(B& b) { collapse(b, Base::stopping(), false); }

  static void fold(B& b, const pgtable::Permits& permits, bool may_fault) {
    reshape(b, kGroup, kPagesOnly, permits, may_fault, [&](const auto& p, Batch& batch) {
      const auto plan = b.table().plan_fold(b.va(), kGroup, p);
      if (plan.status.ok() && plan.folds != 1) observer.report({"nothing folds", b.va()});
      return b.table().fold(b.va(), kGroup, p, batch);
    });
  }
  static void fold_pages(B& b) { fold(b, Base::by_level_for_groups(b), Base::has_window(b)); }
  static void fold_stopped(B& b) { fold(b, Base::stopping(), false); }

  static void unfold(B& b, const pgtable::Permits& permits, bool may_fault) {
    reshape(b, kGroup, {}, permits, may_fault, [&](const auto& p, Batch& batch) {
      return b.table().unfold(b.va(kPage), kPage, p, batch);
    });
  }
  static void unfold_group(B& b) { unfold(b, Base::by_level_for_groups(b), Base::has_window(b)); }
  static void unfold_stopped(B& b) { unfold(b, Base::stopping(), false); }

  static constexpr auto kAll = std::to_array<S>({
      {"split a block", split_block, Base::always},
      {"split, CPU 1 stopped", split_stopped, Base::always},
      {"refine a block to pages", refine_block, Base::always},
      {"collapse a table", collapse_table, Base::always},
      {"collapse, CPU 1 stopped", collapse_stopped, Base::always},
      {"fold pages", fold_pages, Base::always},
      {"fold, CPU 1 stopped", fold_stopped, Base::always},
      {"unfold a group", unfold_group, Base::always},
      {"unfold, CPU 1 stopped", unfold_stopped, Base::always},
  });
};

}  // namespace bare_metal
