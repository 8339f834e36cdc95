// What the Ports on real memory have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amalgam/arch/geometry.hpp"
#include "amalgam/pgtable/ports/platform.hpp"

namespace amalgam::pgtable {

// The part of a Port that a platform answers for. The Ports on real memory derive from it.
template <arch::Geometry kGeometry, Platform T>
class PlatformPort {
 public:
  using View = std::uint64_t*;

  explicit PlatformPort(T& platform) : platform_(platform) {}

  View open(PhysicalAddress pa) { return platform_.open(pa); }
  void close(View view) { platform_.close(view); }

  // Single-copy atomic, and in no order but that of one address and of barriers.
  [[nodiscard]] std::uint64_t load(View view, std::size_t index) const {
    return __atomic_load_n(view + index, __ATOMIC_RELAXED);
  }
  void store(View view, std::size_t index, std::uint64_t raw) const {
    __atomic_store_n(view + index, raw, __ATOMIC_RELAXED);
  }

  [[nodiscard]] bool reserve(std::size_t count) { return platform_.reserve(count); }
  PhysicalAddress take() { return platform_.take(); }
  void release(std::size_t count) { platform_.release(count); }
  void give_back(PhysicalAddress pa) { platform_.give_back(pa); }
  void notify(NotifyPhase phase, std::uint64_t start, std::uint64_t end) {
    platform_.notify(phase, start, end);
  }

  void stop_others()
    requires StopsCpus<T>
  {
    platform_.stop_others();
  }
  void resume_others()
    requires StopsCpus<T>
  {
    platform_.resume_others();
  }

  // Through addresses that no operation changes: the platform's.
  void copy_page(PhysicalAddress from, PhysicalAddress to)
    requires ShowsPages<T>
  {
    __builtin_memcpy(platform_.page_memory(to), platform_.page_memory(from), kPageBytes);
  }
  [[nodiscard]] bool same_contents(PhysicalAddress a, PhysicalAddress b)
    requires ShowsPages<T>
  {
    return __builtin_memcmp(platform_.page_memory(a), platform_.page_memory(b), kPageBytes) == 0;
  }

 private:
  static constexpr std::size_t kPageBytes = arch::page_bytes(kGeometry.granule);

  T& platform_;
};

}  // namespace amalgam::pgtable
