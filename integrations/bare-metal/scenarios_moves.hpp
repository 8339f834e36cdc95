// Other output addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scenario.hpp"

namespace bare_metal {

template <arch::Geometry kGeometry>
struct MoveScenarios : ScenarioBase<kGeometry> {
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

  // ---- change: other output addresses, by break-before-make

  static void move(B& b, std::uint64_t bytes, std::uint64_t stride,
                   const pgtable::LeafSizes& sizes) {
    b.map(0, bytes, kFramesA, true, sizes);
    b.watch_run(0, bytes / stride, stride, read_write(kFramesA), read_write(kFramesB));
    const auto to_other_frames = [](const pgtable::Leaf& leaf) {
      return leaf.raw + (kFramesB - kFramesA);
    };
    b.change(
        [&](Batch& batch) {
          return b.table().change(b.va(), bytes, to_other_frames, {.fault_window = true}, batch);
        },
        {.may_fault = true});
  }
  static void move_pages(B& b) { move(b, 4 * kPage, kPage, {}); }
  static void move_block(B& b) { move(b, kBlock, kBlock / 4, kNoGroups); }
  static void move_group(B& b) { move(b, kGroup, kGroup / 8, {}); }

  // Other output addresses by taking the old mapping away and making a new one in the same batch.
  static void replace_pages(B& b) {
    b.map(0, 4 * kPage, kFramesA, true);
    b.watch_run(0, 4, kPage, read_write(kFramesA), read_write(kFramesB));
    b.change(
        [&](Batch& batch) {
          const pgtable::Status status = b.table().unmap(b.va(), 4 * kPage, batch);
          if (!status.ok()) return status;
          return b.table().map(b.va(), 4 * kPage, kFramesB, b.attributes(true), batch);
        },
        {.may_fault = true});
  }

  // ---- remap

  // The contents go along: what CPU 1 has stored and added is found at the new address.
  static void carry(B& b, std::uint64_t bytes, const pgtable::LeafSizes& sizes,
                    const pgtable::Permits& permits, const typename B::Terms& terms) {
    b.map(0, bytes, kFramesA, true, sizes);
    for (std::uint64_t i = 0; i < 4; ++i) {
      const std::uint64_t at = i * bytes / 4;
      Mapping after = read_write(kFramesB + at);
      after.value = value_at(kFramesA + at);
      b.watch({.va = b.va(at), .before = read_write(kFramesA + at), .after = after});
      word(kFramesB + at + kValueAt) = 0;
    }
    const pgtable::Move move{kFramesB, b.attributes(true), pgtable::Carry::kContents};
    b.change([&](Batch& batch) { return b.table().remap(b.va(), bytes, move, permits, batch); },
             terms);
  }
  static pgtable::Permits staging() {
    pgtable::Permits permits;
    permits.read_only_window = true;
    return permits;
  }
  static constexpr std::uint64_t kFewPages = 4 * kPage;
  static void carry_broken(B& b) {
    pgtable::Permits permits;
    permits.fault_window = true;
    carry(b, kFewPages, {}, permits, {.may_fault = true, .copies = true});
  }
  // Loads never fault.
  static void carry_staged(B& b) {
    carry(b, kFewPages, {}, staging(), {.stores_may_fault = true, .copies = true});
  }
  static void carry_group_staged(B& b) {
    carry(b, kGroup, {}, staging(), {.stores_may_fault = true, .copies = true});
  }
  // Nothing faults.
  static void carry_stopped(B& b) { carry(b, kFewPages, {}, Base::stopping(), {.copies = true}); }
  // A move of what is read-only already, to what is the same: one store a page.
  static void redirect_equal(B& b) {
    b.map(0, kFewPages, kFramesA, false);
    for (std::uint64_t at = 0; at < kFewPages; at += kPage) {
      Mapping after = read_only(kFramesB + at);
      after.value = value_at(kFramesA + at);
      b.watch({.va = b.va(at), .before = read_only(kFramesA + at), .after = after});
    }
    const pgtable::Move move{kFramesB, b.attributes(false), pgtable::Carry::kContents};
    b.change([&](Batch& batch) { return b.table().remap(b.va(), kFewPages, move, {}, batch); }, {});
  }

  static constexpr auto kAll = std::to_array<S>({
      {"move pages", move_pages, Base::always},
      {"move a block", move_block, Base::always},
      {"move a group", move_group, Base::always},
      {"replace pages", replace_pages, Base::always},
      {"carry pages by a break", carry_broken, Base::always},
      {"carry pages, read-only staging", carry_staged, Base::always},
      {"carry a group, staging", carry_group_staged, Base::always},
      {"carry pages, CPU 1 stopped", carry_stopped, Base::always},
      {"redirect read-only pages", redirect_equal, Base::always},
  });
};

}  // namespace bare_metal
