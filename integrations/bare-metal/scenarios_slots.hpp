// Tables that are mapped only while they are touched.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "amalgam/pgtable/ports/window_slots.hpp"
#include "scenario.hpp"

namespace bare_metal {

template <arch::Geometry kGeometry>
struct SlotScenarios : ScenarioBase<kGeometry> {
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

  // ---- window slots: tables that are mapped only while they are touched. New ones lie in memory
  // that nothing else maps.

  static constexpr std::uint64_t kSlotsAt = 16 * kBlock;
  static constexpr std::size_t kSlots = 8;

  static void map_through_slots(B& b) {
    if constexpr (!B::kStage2) {
      pgtable::WindowSlots<kGeometry, kSlots> slots({.descriptors = slot_descriptors(b),
                                                     .va = b.va(kSlotsAt),
                                                     .attributes = b.attributes(true),
                                                     .features = b.features()});
      pgtable::PagePool pages(slots);
      pages.add(kUnmapped, 16, kPage);
      pgtable::PlatformOf platform(slots, pages);
      through_slots(b, platform);
    }
  }
  template <typename T>
  static void through_slots(B& b, T& platform) {
    using Port = PacedPort<pgtable::HardwarePort<kGeometry, T>>;
    using Table = pgtable::PageTable<kGeometry, Port>;
    Port port(platform);
    Table table(port, b.table().root(), b.template config<Table>());
    table.activate();
    b.watch_run(kCross, 4, kPage, no_mapping(), read_only(kFramesA));
    b.watched(
        [&] {
          auto batch = table.batch();
          return table.map(b.va(kCross), 4 * kPage, kFramesA, b.attributes(false), batch);
        },
        {.query = false});
    const auto found = table.query(b.va(kCross + kPage));
    if (!found || found->output != kFramesA + kPage) {
      observer.report({"query", b.va(), found ? found->output : 0, kFramesA + kPage});
    }
    auto batch = table.batch();
    b.expect_ok(table.unmap(b.va(), 2 * kBlock, batch));
  }
  // Makes sure that the level 3 table of the slots is there, and finds it.
  static std::uint64_t* slot_descriptors(B& b) {
    b.map(kSlotsAt, kPage, kFramesA, false, kPagesOnly);
    const std::uint64_t input = b.va(kSlotsAt) & arch::low_mask(kGeometry.va_bits);
    pgtable::PhysicalAddress table = 0;
    pgtable::walk<kGeometry>(b.port(), b.table().root(), {input, input + kPage},
                             [&](const auto& visit) {
                               if (arch::is_table(kGeometry, {visit.raw}, visit.level)) {
                                 table = arch::output_address(kGeometry, {visit.raw}, visit.level);
                               }
                               return pgtable::Step::kDescend;
                             });
    Batch batch = b.table().batch();
    b.expect_ok(b.table().unmap(b.va(kSlotsAt), kPage, batch));
    return pgtable::LinearMap().open(table);
  }

  static constexpr auto kAll = std::to_array<S>({
      {"map through window slots", map_through_slots, Base::at_stage1},
  });
};

}  // namespace bare_metal
