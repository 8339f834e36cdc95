// What an operation is going to do, found without doing any of it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "amalgam/arch/change_table.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/status.hpp"

namespace amalgam::pgtable {

// An operation that plans reads the tables, asks classify, and says here what it found. The same
// operation carried out right after, under the same lock, does that and cannot fail.
struct Plan {
  Status status;
  Strategy strategy = Strategy::kPlainStores;        // for changing leaves, the costliest taken
  Strategy split_strategy = Strategy::kPlainStores;  // for splitting what sticks out of the range
  arch::RowId row = arch::RowId::kNone;              // the row that owes a break, or forbids
  std::uint64_t leaves = 0;                          // that the operation looks at
  std::uint64_t changed = 0;                         // that it stores to
  std::uint64_t breaks = 0;                          // of these, that are made invalid first
  std::uint64_t splits = 0;                          // blocks to be replaced by tables
  std::uint64_t unfolds = 0;                         // contiguous groups to be taken apart
  std::uint64_t collapses = 0;                       // tables to be replaced by blocks
  std::uint64_t folds = 0;                           // contiguous groups to be made
  std::uint64_t tables = 0;                          // table pages that are needed
  std::uint64_t copies = 0;                          // pages whose contents are copied

  friend constexpr bool operator==(const Plan&, const Plan&) = default;
};

// Notes that a change at `va`, judged by `row`, takes `route`, among those that `of` sums up: the
// costliest route stays, and the first refusal.
constexpr void note_route(Plan& plan, Strategy Plan::* of, Strategy route, arch::RowId row,
                          std::uint64_t va) {
  if (route > Strategy::kInPlace) plan.row = row;
  plan.*of = std::max(plan.*of, route);
  if (route == Strategy::kRefused && plan.status.ok()) {
    plan.status = {Error::kNotPermitted, va, row};
  }
}

// Descriptors that carrying out the plan stores to tables that hardware walks.
constexpr std::uint64_t live_stores(const Plan& p) {
  const std::uint64_t staging = p.strategy == Strategy::kReadOnlyStaging ? 2 * p.changed : 0;
  return p.changed + p.breaks + staging;
}

// Flushes that the plan waits for before it is done; what is left for the batch is not counted.
constexpr unsigned flushes_within(Strategy strategy) {
  switch (strategy) {
    case Strategy::kPlainStores:
    case Strategy::kInPlace:
    case Strategy::kRefused:
      return 0;
    case Strategy::kBreakBeforeMake:
    case Strategy::kStopOthers:
      return 1;
    case Strategy::kNoTranslation:
    case Strategy::kReadOnlyStaging:
      return 2;
  }
  return 0;
}

}  // namespace amalgam::pgtable
