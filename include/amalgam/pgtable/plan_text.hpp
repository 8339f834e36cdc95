// The text of a plan.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/text.hpp"

namespace amalgam::pgtable {

namespace plan_text_detail {

struct Count {
  std::string_view name;
  std::uint64_t Plan::* member;
};
inline constexpr std::array<Count, 8> kCounts{{{"leaves", &Plan::leaves},
                                               {"changed", &Plan::changed},
                                               {"breaks", &Plan::breaks},
                                               {"splits", &Plan::splits},
                                               {"unfolds", &Plan::unfolds},
                                               {"collapses", &Plan::collapses},
                                               {"folds", &Plan::folds},
                                               {"tables", &Plan::tables}}};

template <typename Sink>
void put_counts(const Plan& plan, Sink& sink) {
  using namespace std::string_view_literals;
  for (const Count& count : kCounts) {
    if (plan.*count.member == 0) continue;
    sink("; "sv);
    sink(count.name);
    sink(" "sv);
    put_decimal(plan.*count.member, sink);
  }
  sink("; live stores "sv);
  put_decimal(live_stores(plan), sink);
  sink("; flushes within "sv);
  put_decimal(flushes_within(plan.strategy), sink);
}

}  // namespace plan_text_detail

// Writes the plan in one line of `key value` pairs to `sink(std::string_view)`, with what stands in
// its way if something does.
template <typename Sink>
void describe(const Plan& plan, Sink&& sink) {
  using namespace std::string_view_literals;
  sink("strategy: "sv);
  sink(name(plan.strategy));
  if (plan.splits + plan.unfolds != 0) {
    sink("; to split: "sv);
    sink(name(plan.split_strategy));
  }
  plan_text_detail::put_counts(plan, sink);
  if (plan.row != arch::RowId::kNone) {
    sink("; because: "sv);
    sink(arch::row(plan.row).label);
    sink(", "sv);
    sink(arch::row(plan.row).reason);
  }
  if (plan.status.ok()) return;
  sink("; refused: "sv);
  sink(name(plan.status.error));
  sink(" at "sv);
  put_hex(plan.status.va, sink);
}

}  // namespace amalgam::pgtable
