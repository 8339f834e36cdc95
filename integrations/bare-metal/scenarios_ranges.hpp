// Mapping, unmapping and protecting ranges.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "scenario.hpp"

namespace bare_metal {

template <arch::Geometry kGeometry>
struct RangeScenarios : ScenarioBase<kGeometry> {
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

  // Takes away what an earlier unmap has left empty, beside pages that stay.
  static void prune_tables(B& b) {
    b.map(kCross, 4 * kPage, kFramesA, true, kPagesOnly);
    Batch before = b.table().batch();
    b.expect_ok(b.table().unmap(b.va(kCross), 2 * kPage, before));
    before.flush();
    b.watch_run(kCross, 2, kPage, no_mapping(), no_mapping());
    b.watch_run(kBlock, 2, kPage, read_write(kFramesA + 2 * kPage),
                read_write(kFramesA + 2 * kPage));
    b.change([&](Batch& batch) { return b.table().prune(b.va(), 2 * kBlock, batch); }, {});
  }

  // ---- parts of blocks, which are split on the way

  // The pages of a block from the second quarter on lose `writable`, or their mapping.
  static void cut_block(B& b, const Mapping& after) {
    b.map(0, kBlock, kFramesA, true, kNoGroups);
    for (std::uint64_t i = 0; i < 4; ++i) {
      const std::uint64_t at = i * kBlock / 4;
      const Mapping before = read_write(kFramesA + at);
      b.watch({.va = b.va(at), .before = before, .after = i == 0 ? before : B::moved(after, at)});
    }
  }
  static void unmap_part(B& b) {
    cut_block(b, no_mapping());
    b.change(
        [&](Batch& batch) {
          return b.table().unmap(b.va(kBlock / 4), kBlock / 4 * 3, batch, Base::by_level(b));
        },
        {.may_fault = Base::has_window(b)});
  }
  static void protect_part(B& b) {
    cut_block(b, read_only(kFramesA));
    b.change(
        [&](Batch& batch) {
          return b.table().protect(b.va(kBlock / 4), kBlock / 4 * 3, b.attributes(false),
                                   Base::by_level(b), batch);
        },
        {.may_fault = Base::has_window(b)});
  }

  // ---- install: without the lock

  static void install_pages(B& b) {
    b.watch_run(kCross, 4, kPage, no_mapping(), read_write(kFramesA));
    b.watched(
        [&] {
          pgtable::Status status;
          for (std::uint64_t at = 0; at < 4 * kPage && status.ok(); at += kPage) {
            status = b.table().install(b.va(kCross + at), arch::kPageLevel, kFramesA + at,
                                       b.attributes(true));
          }
          return status;
        },
        {});
  }

  // Both CPUs install the same pages, each to frames of its own, in tables that are not there yet.
  // One of them has each page, and both go on through the same tables.

  using YieldingTable =
      pgtable::PageTable<kGeometry, YieldingPort<pgtable::HardwarePort<kGeometry, Platform>>>;
  static constexpr std::uint64_t kContended = 4;

  struct InstallAll {
    B& b;
    std::uint64_t frames;
    std::uint64_t& installed;
    std::atomic<bool>& ready;  // CPU 1 is
    bool backwards;

    static void go(const void* self) {
      const auto& s = *static_cast<const InstallAll*>(self);
      YieldingPort<pgtable::HardwarePort<kGeometry, Platform>> port(s.b.platform());
      YieldingTable table(port, s.b.table().root(), s.b.template config<YieldingTable>());
      table.activate();
      meet(s.ready);
      for (std::uint64_t i = 0; i < kContended; ++i) {
        const std::uint64_t at = (s.backwards ? kContended - 1 - i : i) * kPage;
        const pgtable::Status status = table.install(s.b.va(kCross + at), arch::kPageLevel,
                                                     s.frames + at, s.b.attributes(true));
        s.installed += status.ok() ? 1 : 0;
      }
    }
    // CPU 1 comes first, for it has to be interrupted for that.
    static void meet(std::atomic<bool>& ready) {
      if (this_cpu() == 1) ready.store(true, std::memory_order_release);
      while (!ready.load(std::memory_order_acquire)) relax();
    }
  };
  static void install_on_both(B& b) {
    std::uint64_t by_cpu0 = 0;
    std::uint64_t by_cpu1 = 0;
    std::atomic<bool> ready{false};
    const InstallAll on_cpu0{b, kFramesA, by_cpu0, ready, false};
    const InstallAll on_cpu1{b, kFramesB, by_cpu1, ready, true};
    begin_call_on_other_cpu(InstallAll::go, &on_cpu1);
    InstallAll::go(&on_cpu0);
    finish_call_on_other_cpu();
    if (by_cpu0 + by_cpu1 != kContended) {
      observer.report({"pages installed", b.va(), by_cpu0 + by_cpu1, kContended});
    }
    for (std::uint64_t at = 0; at < kContended * kPage; at += kPage) {
      const auto found = b.table().query(b.va(kCross + at));
      const bool by_other = found && found->output == kFramesB + at;
      const Mapping page = read_write((by_other ? kFramesB : kFramesA) + at);
      b.watch({.va = b.va(kCross + at), .before = page, .after = page});
    }
    b.watched([] { return pgtable::Status{}; }, {});
  }

  static constexpr auto kAll = std::to_array<S>({
      {"map pages", map_pages, Base::always},
      {"map a block", map_block, Base::always},
      {"map a group", map_group, Base::always},
      {"install pages", install_pages, Base::always},
      {"install on both CPUs", install_on_both, Base::always},
      {"unmap pages", unmap_pages, Base::always},
      {"unmap a block", unmap_block, Base::always},
      {"unmap a group", unmap_group, Base::always},
      {"unmap and free tables", unmap_tables, Base::always},
      {"prune empty tables", prune_tables, Base::always},
      {"unmap a part of a block", unmap_part, Base::always},
      {"protect pages", protect_pages, Base::always},
      {"protect a block", protect_block, Base::always},
      {"protect a group", protect_group, Base::always},
      {"protect a part of a block", protect_part, Base::always},
      {"permit pages", permit_pages, Base::always},
      {"permit a block", permit_block, Base::always},
      {"permit a group", permit_group, Base::always},
  });
};

}  // namespace bare_metal
