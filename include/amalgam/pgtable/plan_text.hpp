// The text of a plan.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/text.hpp"

namespace amalgam::pgtable {

// Writes the plan in one line of `key value` pairs to `sink(std::string_view)`, with what stands in
// its way if something does.
template <typename Sink>
void describe(const Plan& plan, Sink&& sink) {
  struct Count {
    std::string_view name;
    std::uint64_t Plan::* member;
  };
  static constexpr std::array<Count, 8> kCounts{{{"leaves", &Plan::leaves},
                                                 {"changed", &Plan::changed},
                                                 {"breaks", &Plan::breaks},
                                                 {"splits", &Plan::splits},
                                                 {"unfolds", &Plan::unfolds},
                                                 {"collapses", &Plan::collapses},
                                                 {"folds", &Plan::folds},
                                                 {"tables", &Plan::tables}}};
  sink("strategy: ");
  sink(name(plan.strategy));
  if (plan.splits + plan.unfolds != 0) {
    sink("; to split: ");
    sink(name(plan.split_strategy));
  }
  for (const Count& count : kCounts) {
    if (plan.*count.member == 0) continue;
    sink("; ");
    sink(count.name);
    sink(" ");
    put_decimal(plan.*count.member, sink);
  }
  sink("; live stores ");
  put_decimal(live_stores(plan), sink);
  sink("; flushes within ");
  put_decimal(flushes_within(plan.strategy), sink);
  if (plan.row != arch::RowId::kNone) {
    sink("; because: ");
    sink(arch::row(plan.row).label);
    sink(", ");
    sink(arch::row(plan.row).reason);
  }
  if (plan.status.ok()) return;
  sink("; refused: ");
  sink(name(plan.status.error));
  sink(" at ");
  put_hex(plan.status.va, sink);
}

}  // namespace amalgam::pgtable
