// The memory of the program, mapped where it is.
#pragma once

#include <cstdint>
#include <string_view>

#include "amalgam/pgtable/page_table.hpp"
#include "amalgam/pgtable/ports/plain_memory.hpp"
#include "console.hpp"
#include "machine.hpp"
#include "platform.hpp"
#include "translation.hpp"

extern "C" {
extern char text_start[];
extern char text_end[];
extern char image_end[];
}

namespace bare_metal {

inline std::uint64_t address_of(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

// Ends the program where something that it stands on is not so.
inline void require(bool ok, std::string_view what) {
  if (ok) return;
  print("bare-metal: cannot ");
  print(what);
  print("\n");
  exit_machine(3);
}

// Makes tables with the MMU off: plain stores, through the library.
template <amalgam::arch::Geometry kGeometry>
class MemoryMap {
 public:
  MemoryMap(Platform& platform, const amalgam::arch::Features& features)
      : port_(platform), features_(features) {}

  // An empty root at `root`, of which only the geometry knows how many pages it has.
  void clear(amalgam::pgtable::PhysicalAddress root, amalgam::pgtable::Half half) {
    Table(port_, root, config(half)).clear_root();
  }

  // Everything that the program uses, where it is. kUnmapped is left out.
  void map_program(amalgam::pgtable::PhysicalAddress root) {
    Table table(port_, root, config(amalgam::pgtable::Half::kLower));
    const std::uint64_t text = address_of(text_start);
    const std::uint64_t data = address_of(text_end);
    const std::uint8_t normal = normal_memory(kGeometry);
    identity(table, kGic, kGicBytes, {.writable = true, .memory = device_memory(kGeometry)});
    identity(table, kUart, 0x1'0000, {.writable = true, .memory = device_memory(kGeometry)});
    identity(table, text, data - text, {.executable = true, .memory = normal});
    identity(table, data, kUnmapped - data, {.writable = true, .memory = normal});
    identity(table, kFramesA, kFramesBytes, {.writable = true, .memory = normal});
  }

 private:
  using Port =
      amalgam::pgtable::PlainMemoryPort<kGeometry, Platform, amalgam::pgtable::Sharing::kAlone>;
  using Table = amalgam::pgtable::PageTable<kGeometry, Port>;

  [[nodiscard]] typename Table::Config config(amalgam::pgtable::Half half) const {
    typename Table::Config c;
    c.half = half;
    c.features = features_;
    return c;
  }
  static void identity(Table& table, std::uint64_t pa, std::uint64_t bytes,
                       const amalgam::pgtable::Attributes& attributes) {
    auto batch = table.batch();
    require(table.map(pa, bytes, pa, attributes, batch).ok(), "map what is there");
  }

  Port port_;
  amalgam::arch::Features features_;
};

}  // namespace bare_metal
