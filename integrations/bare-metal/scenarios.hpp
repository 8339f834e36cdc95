// The operations of the library, each as a change that CPU 1 watches. One entry each in the table
// at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

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

  // ---- conditions

  static bool always(const B&) { return true; }

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
  });
};

}  // namespace bare_metal
