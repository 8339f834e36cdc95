// A Port on plain memory that counts what goes through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "amalgam/pgtable/ports/plain_memory.hpp"
#include "hvo/counts.hpp"

namespace amalgam::hvo {

using TablePlatform =
    pgtable::PlatformOf<pgtable::LinearMap, pgtable::PagePool<pgtable::LinearMap>>;

// Where table pages seem to be. What tables map lies elsewhere.
inline constexpr pgtable::PhysicalAddress kTableMemory = 0x4000'0000;

// Tables are real memory; the pages that they map are not there at all. Two of those are taken for
// different until one is copied to the other, so that copies are the most that there can be.
template <arch::Geometry kGeometry>
class CountingPort
    : public pgtable::PlainMemoryPort<kGeometry, TablePlatform, pgtable::Sharing::kAlone> {
 public:
  using Base = pgtable::PlainMemoryPort<kGeometry, TablePlatform, pgtable::Sharing::kAlone>;
  using View = typename Base::View;
  using PhysicalAddress = pgtable::PhysicalAddress;

  // Tables are the `pages` pages from `memory` on.
  CountingPort(TablePlatform& platform, const std::uint64_t* memory, std::size_t pages)
      : Base(platform), memory_(memory), unlinked_(pages) {}

  // From here on a page that is taken is private until a descriptor names it.
  void now_live() {
    live_ = true;
    counts_ = {};
  }
  [[nodiscard]] const Counts& counts() const { return counts_; }

  void store(View view, std::size_t index, std::uint64_t raw) {
    count_store(view, raw);
    Base::store(view, index, raw);
  }
  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected, std::uint64_t raw) {
    if (!Base::compare_exchange(view, index, expected, raw)) return false;
    count_store(view, raw);
    return true;
  }
  void barrier(const arch::Barrier& b) {
    ++counts_.barriers;
    if (b.kind != arch::BarrierKind::kDsb) return;
    counts_.flushes += pending_ ? 1 : 0;
    pending_ = false;
  }
  void tlbi(const arch::TlbiMnemonic&, std::uint64_t) {
    ++counts_.tlbis;
    pending_ = true;
  }
  // All that there is has been reserved from the start, and is enough whatever is asked for.
  bool reserve(std::size_t) { return true; }
  void release(std::size_t) {}
  PhysicalAddress take() {
    const PhysicalAddress pa = Base::take();
    ++counts_.tables;
    if (live_) unlinked_[index_of(pa)] = true;
    return pa;
  }
  void stop_others() { ++counts_.stops; }
  void resume_others() {}
  void copy_page(PhysicalAddress, PhysicalAddress) { ++counts_.copies; }
  bool same_contents(PhysicalAddress, PhysicalAddress) {
    ++counts_.compares;
    return false;
  }

 private:
  static constexpr std::size_t kPageBytes = arch::page_bytes(kGeometry.granule);

  static std::size_t index_of(PhysicalAddress pa) {
    return static_cast<std::size_t>((pa - kTableMemory) / kPageBytes);
  }
  void count_store(View view, std::uint64_t raw) {
    const auto page = static_cast<std::size_t>(view - memory_) * sizeof(raw) / kPageBytes;
    if (unlinked_[page]) {
      ++counts_.private_stores;
      return;
    }
    ++counts_.live_stores;
    const std::uint64_t named = raw & arch::table_address_mask(kGeometry);
    if (named < kTableMemory || index_of(named) >= unlinked_.size()) return;
    unlinked_[index_of(named)] = false;
  }

  const std::uint64_t* memory_;
  std::vector<bool> unlinked_;
  Counts counts_;
  bool live_ = false;
  bool pending_ = false;
};

}  // namespace amalgam::hvo
