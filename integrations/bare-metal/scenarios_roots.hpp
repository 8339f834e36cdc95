// Copy and switch: changes that are made where nobody walks.
#pragma once

#include <array>
#include <cstdint>

#include "cpus.hpp"
#include "scenario.hpp"

namespace bare_metal {

template <arch::Geometry kGeometry>
struct RootScenarios : ScenarioBase<kGeometry> {
  using Base = ScenarioBase<kGeometry>;
  using Base::kBlock;
  using Base::kNoGroups;
  using Base::kPage;
  using typename Base::B;
  using typename Base::Batch;
  using typename Base::S;

  // What a CPU needs to go over to other tables: its own port, without waits for CPU 1.
  struct Switch {
    pgtable::HardwarePort<kGeometry, Platform>& port;
    pgtable::Half half;
    pgtable::Root to;

    static void go(const void* self) {
      const auto& s = *static_cast<const Switch*>(self);
      pgtable::switch_root<kGeometry>(s.port, s.half, s.to, pgtable::TagHistory::kCopy, 0);
    }
  };

  // A block is split, and its first page made read-only, in a copy. Then CPU 1 goes over to it,
  // from within whatever it does, and CPU 0. No break on any level, and no window.
  static void copy_and_switch(B& b) {
    b.map(0, kBlock, kFramesA, true, kNoGroups);
    b.watch({.va = b.va(), .before = read_write(kFramesA), .after = read_only(kFramesA)});
    b.watch_run(kBlock / 4, 3, kBlock / 4, read_write(kFramesA + kBlock / 4),
                read_write(kFramesA + kBlock / 4));
    b.watched([&] { return switch_over(b); }, {});
  }
  static pgtable::Status switch_over(B& b) {
    pgtable::RootCopy<kGeometry, typename B::Port> copy(b.table());
    pgtable::Status status = copy.make(b.va(), kBlock);
    if (!status.ok()) return status;
    {
      Batch unused = copy.tables().batch();
      status = copy.tables().protect(b.va(), kPage, b.attributes(false), {}, unused);
    }
    if (!status.ok()) return status;
    copy.tables().activate();
    const Switch to{b.port(), b.place().half, {copy.tables().root(), b.tag()}};
    call_on_other_cpu(Switch::go, &to);
    Switch::go(&to);
    {
      Batch batch = copy.tables().batch();
      copy.finish(batch);
    }
    b.table().site().root = copy.tables().root();
    return status;
  }

  static bool has_one_root_page(const B&) { return pgtable::root_pages(kGeometry) == 1; }

  static constexpr auto kAll = std::to_array<S>({
      {"copy and switch", copy_and_switch, has_one_root_page},
  });
};

}  // namespace bare_metal
