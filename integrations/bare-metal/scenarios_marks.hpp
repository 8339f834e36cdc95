// Access flags and dirty states, which hardware sets meanwhile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scenario.hpp"

namespace bare_metal {

template <arch::Geometry kGeometry>
struct MarkScenarios : ScenarioBase<kGeometry> {
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

  // ---- change: bits of the caller's, while hardware sets AF and the dirty state of the same
  // descriptors. CPU 1 accesses nothing before the change: pages are old and clean when it begins.

  static constexpr std::uint64_t kSoftware = 5ull << 55;

  static void mark_pages(B& b) {
    pgtable::Attributes attributes = b.attributes(false);
    attributes.accessed = false;
    attributes.dirty_tracking = true;
    Batch batch = b.table().batch();
    b.expect_ok(b.table().map(b.va(), 4 * kPage, kFramesA, attributes, batch));
    for (std::uint64_t i = 0; i < 4; ++i) {
      const Mapping page = read_write(kFramesA + i * kPage);
      b.watch({.va = b.va(i * kPage), .before = page, .after = page, .from = Phase::kDuring});
    }
    const auto marked = [](const pgtable::Leaf& leaf) { return leaf.raw | kSoftware; };
    b.change([&](Batch& same) { return b.table().change(b.va(), 4 * kPage, marked, {}, same); },
             {.walk = false});
    for (std::uint64_t i = 0; i < 4; ++i) expect_noted(b, b.va(i * kPage));
  }
  // CPU 1 has stored to the page: it is accessed, dirty, and marked.
  static void expect_noted(B& b, std::uint64_t va) {
    const auto found = b.table().query(va);
    const std::uint64_t raw = found ? found->raw : 0;
    const pgtable::Attributes a = pgtable::attributes_of(kGeometry, raw, arch::kPageLevel);
    if (a.accessed && a.writable && a.software == 5) return;
    observer.report({"hardware update lost", va, raw, 0, Phase::kAfter, Phase::kAfter});
  }

  // ---- harvest: what CPU 1 accesses and stores to is marked again by hardware.

  static void harvest(B& b, bool dirty) {
    pgtable::Attributes attributes = b.attributes(true);
    attributes.dirty_tracking = true;
    Batch batch = b.table().batch();
    b.expect_ok(b.table().map(b.va(), 4 * kPage, kFramesA, attributes, batch));
    b.watch_run(0, 4, kPage, read_write(kFramesA), read_write(kFramesA));
    std::uint64_t marked = 0;
    const auto note = [&](std::uint64_t, std::uint64_t) { ++marked; };
    b.change(
        [&](Batch& same) {
          return dirty ? b.table().harvest_dirty(b.va(), 4 * kPage, same, note)
                       : b.table().age(b.va(), 4 * kPage, same, note);
        },
        {.walk = false});
    if (marked != 4) observer.report({"marks found", b.va(), marked, 4});
    for (std::uint64_t i = 0; i < 4; ++i) expect_marked(b, b.va(i * kPage));
  }
  static void expect_marked(B& b, std::uint64_t va) {
    const auto found = b.table().query(va);
    const std::uint64_t raw = found ? found->raw : 0;
    const pgtable::Attributes a = pgtable::attributes_of(kGeometry, raw, arch::kPageLevel);
    if (a.accessed && a.writable) return;
    observer.report({"hardware update lost", va, raw, 0, Phase::kAfter, Phase::kAfter});
  }
  static void age_pages(B& b) { harvest(b, false); }
  static void harvest_pages(B& b) { harvest(b, true); }

  static constexpr auto kAll = std::to_array<S>({
      {"mark while hardware notes", mark_pages, Base::with_dirty},
      {"age pages", age_pages, Base::with_af},
      {"harvest dirty pages", harvest_pages, Base::with_dirty},
  });
};

}  // namespace bare_metal
