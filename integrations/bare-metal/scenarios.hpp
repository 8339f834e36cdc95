// The operations of the library, each as a change that CPU 1 watches. One entry each in the table
// at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "amalgam/pgtable/ports/window_slots.hpp"
#include "bench.hpp"

namespace bare_metal {

// A scenario sets up what is there before, says what is watched, and makes one change. What it has
// mapped is taken away after it.
template <arch::Geometry kGeometry>
struct Scenario {
  using B = Bench<kGeometry>;

  std::string_view name;
  void (*run)(B&);
  // Whether the CPU, and the level that is tried, have what it takes.
  bool (*applies)(const B&);
};

template <arch::Geometry kGeometry>
struct Scenarios {
  using B = Bench<kGeometry>;
  using Batch = typename B::Batch;
  static constexpr std::uint64_t kPage = B::kPage;
  static constexpr std::uint64_t kBlock = B::kBlock;
  static constexpr std::uint64_t kGroup = B::kGroup;
  static constexpr pgtable::LeafSizes kPagesOnly{.blocks = false, .contiguous = false};
  static constexpr pgtable::LeafSizes kNoGroups{.blocks = true, .contiguous = false};
  // Runs of a few pages that cross from one table into the next.
  static constexpr std::uint64_t kCross = kBlock - 2 * kPage;

  // ---- map

  static void map_pages(B& b) {
    b.watch_run(kCross, 4, kPage, no_mapping(), read_write(kFramesA));
    b.change(
        [&](Batch& batch) {
          return b.table().map(b.va(kCross), 4 * kPage, kFramesA, b.attributes(true), batch);
        },
        {});
  }
  static void map_block(B& b) {
    b.watch_run(0, 4, kBlock / 4, no_mapping(), read_write(kFramesA));
    b.change(
        [&](Batch& batch) {
          return b.table().map(b.va(), kBlock, kFramesA, b.attributes(true), batch, kNoGroups);
        },
        {});
  }
  static void map_group(B& b) {
    b.watch_run(0, 4, kGroup / 4, no_mapping(), read_only(kFramesA));
    b.change(
        [&](Batch& batch) {
          return b.table().map(b.va(), kGroup, kFramesA, b.attributes(false), batch);
        },
        {});
  }

  // ---- unmap

  static void unmap_bytes(B& b, std::uint64_t offset, std::uint64_t bytes, std::uint64_t stride) {
    b.watch_run(offset, bytes / stride, stride, read_write(kFramesA), no_mapping());
    b.change([&](Batch& batch) { return b.table().unmap(b.va(offset), bytes, batch); }, {});
  }
  static void unmap_pages(B& b) {
    b.map(kCross, 4 * kPage, kFramesA, true);
    unmap_bytes(b, kCross, 4 * kPage, kPage);
  }
  static void unmap_block(B& b) {
    b.map(0, kBlock, kFramesA, true, kNoGroups);
    unmap_bytes(b, 0, kBlock, kBlock / 4);
  }
  static void unmap_group(B& b) {
    b.map(0, kGroup, kFramesA, true);
    unmap_bytes(b, 0, kGroup, kGroup / 8);
  }
  // Takes the tables away too. They come back to the pool full of poison.
  static void unmap_tables(B& b) {
    b.map(0, 4 * kPage, kFramesA, true, kPagesOnly);
    b.watch_run(0, 4, kPage, read_write(kFramesA), no_mapping());
    b.change([&](Batch& batch) { return b.table().unmap(b.va(), 2 * kBlock, batch); }, {});
  }

  // ---- protect

  static void protect(B& b, std::uint64_t bytes, std::uint64_t stride, bool from_writable,
                      const pgtable::LeafSizes& sizes) {
    b.map(0, bytes, kFramesA, from_writable, sizes);
    const Mapping writable = read_write(kFramesA);
    const Mapping readable = read_only(kFramesA);
    b.watch_run(0, bytes / stride, stride, from_writable ? writable : readable,
                from_writable ? readable : writable);
    b.change(
        [&](Batch& batch) {
          return b.table().protect(b.va(), bytes, b.attributes(!from_writable), {}, batch);
        },
        {});
  }
  static void protect_pages(B& b) { protect(b, 4 * kPage, kPage, true, {}); }
  static void protect_block(B& b) { protect(b, kBlock, kBlock / 4, true, kNoGroups); }
  static void protect_group(B& b) { protect(b, kGroup, kGroup / 8, true, {}); }
  static void permit_pages(B& b) { protect(b, 4 * kPage, kPage, false, {}); }
  static void permit_block(B& b) { protect(b, kBlock, kBlock / 4, false, kNoGroups); }
  static void permit_group(B& b) { protect(b, kGroup, kGroup / 8, false, {}); }

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

  // ---- other output addresses while CPU 1 is stopped: no access falls into the window.

  static void stop_and_move(B& b) {
    b.map(0, 4 * kPage, kFramesA, true);
    b.watch_run(0, 4, kPage, read_write(kFramesA), read_write(kFramesB));
    const auto to_other_frames = [](const pgtable::Leaf& leaf) {
      return leaf.raw + (kFramesB - kFramesA);
    };
    b.change(
        [&](Batch& batch) {
          b.port().stop_others();
          const pgtable::Status status =
              b.table().change(b.va(), 4 * kPage, to_other_frames, {.fault_window = true}, batch);
          batch.flush();
          b.port().resume_others();
          return status;
        },
        {});
  }

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

  // ---- conditions

  static bool always(const B&) { return true; }
  static bool with_dirty(const B& b) { return b.features().hardware_dirty; }
  static bool at_stage1(const B&) { return !B::kStage2; }

  static constexpr auto kAll = std::to_array<Scenario<kGeometry>>({
      {"map pages", map_pages, always},
      {"map a block", map_block, always},
      {"map a group", map_group, always},
      {"unmap pages", unmap_pages, always},
      {"unmap a block", unmap_block, always},
      {"unmap a group", unmap_group, always},
      {"unmap and free tables", unmap_tables, always},
      {"protect pages", protect_pages, always},
      {"protect a block", protect_block, always},
      {"protect a group", protect_group, always},
      {"permit pages", permit_pages, always},
      {"permit a block", permit_block, always},
      {"permit a group", permit_group, always},
      {"move pages", move_pages, always},
      {"move a block", move_block, always},
      {"move a group", move_group, always},
      {"replace pages", replace_pages, always},
      {"stop the other CPU and move", stop_and_move, always},
      {"mark while hardware notes", mark_pages, with_dirty},
      {"map through window slots", map_through_slots, at_stage1},
  });
};

}  // namespace bare_metal
