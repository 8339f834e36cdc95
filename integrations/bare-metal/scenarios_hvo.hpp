// HVO on a made-up vmemmap: page structures of huge pages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scenario.hpp"

namespace bare_metal {

template <arch::Geometry kGeometry>
struct HvoScenarios : ScenarioBase<kGeometry> {
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

  // Huge pages of as many page structures as fill eight pages.
  static constexpr std::uint64_t kHugePages = 3;
  static constexpr std::uint64_t kStructPages = 8;
  static constexpr std::uint64_t kTails = kHugePages * (kStructPages - 1);
  static constexpr std::uint64_t kVmemmap = kHugePages * kStructPages * kPage;
  static constexpr pgtable::PhysicalAddress kZonePage = kFramesB;
  static constexpr pgtable::PhysicalAddress kFresh = kFramesB + 16 * kPage;

  using Hvo = pgtable::Hvo<kGeometry, typename B::Port>;

  static std::array<pgtable::HugePage, kHugePages> huge_pages(const B& b) {
    std::array<pgtable::HugePage, kHugePages> pages{};
    for (std::uint64_t i = 0; i < kHugePages; ++i) {
      pages[i] = {b.va(i * kStructPages * kPage), kStructPages * kPage};
    }
    return pages;
  }

  // CPU 1 stores and adds to heads, as reference counts are, and reads tails. What the n-th tail
  // leads to is `before(n)` and `after(n)`.
  template <typename F, typename G>
  static void watch_vmemmap(B& b, const F& before, const G& after) {
    for (std::uint64_t page = 0; page < kHugePages * kStructPages; ++page) {
      const std::uint64_t at = page * kPage;
      if (page % kStructPages == 0) {
        const Mapping head = read_write(kFramesA + at);
        b.watch({.va = b.va(at), .before = head, .after = head});
      } else {
        const std::uint64_t tail =
            page / kStructPages * (kStructPages - 1) + page % kStructPages - 1;
        b.watch({.va = b.va(at), .before = before(tail), .after = after(tail), .stores = false});
      }
    }
  }
  // The n-th tail as it is at first.
  static Mapping own_page(std::uint64_t tail) {
    const std::uint64_t page =
        tail / (kStructPages - 1) * kStructPages + tail % (kStructPages - 1) + 1;
    return read_write(kFramesA + page * kPage);
  }
  static Mapping zone_page(std::uint64_t) { return read_only(kZonePage); }
  static Mapping fresh_page(std::uint64_t tail) {
    return {true, true, kFresh + tail * kPage, value_at(kZonePage)};
  }

  static typename Hvo::Config config(B& b) {
    typename Hvo::Config c;
    c.attributes = b.attributes(true);
    c.permits = Base::by_level(b);
    return c;
  }

  // ---- share

  // Maps the vmemmap and shares its tails while CPU 1 watches; says what the pages freed were.
  static void share(B& b, const pgtable::LeafSizes& sizes, bool may_fault) {
    b.map(0, sizes.blocks ? kBlock : kVmemmap, kFramesA, true, sizes);
    watch_vmemmap(b, own_page, zone_page);
    const auto pages = huge_pages(b);
    std::array<pgtable::PhysicalAddress, kTails> freed{};
    Hvo hvo(b.table(), config(b));
    b.watched([&] { return hvo.share(pages, kZonePage, freed); }, {.may_fault = may_fault});
    for (std::uint64_t i = 0; i < kTails; ++i) {
      const std::uint64_t wanted = own_page(i).pa;
      if (freed[i] != wanted) observer.report({"freed page", b.va(), freed[i], wanted});
    }
  }
  // No access faults, on any level.
  static void share_pages(B& b) { share(b, kPagesOnly, false); }
  // Blocks are split first, by what the level has.
  static void share_blocks(B& b) { share(b, kNoGroups, Base::has_window(b)); }

  // The tails share the head of their huge page, whose reference count CPU 1 changes: by a break.

  static pgtable::PhysicalAddress head_of(std::uint64_t tail) {
    return kFramesA + tail / (kStructPages - 1) * kStructPages * kPage;
  }
  static Mapping head_page(std::uint64_t tail) { return read_only(head_of(tail)); }
  static Mapping fresh_page_of_head(std::uint64_t tail) {
    return {true, true, kFresh + tail * kPage, value_at(head_of(tail))};
  }
  static typename Hvo::Config config_of_heads(B& b) {
    typename Hvo::Config c = config(b);
    c.shared = pgtable::SharedTail::kHeadPage;
    c.permits.fault_window = true;
    return c;
  }
  static void share_heads(B& b) {
    b.map(0, kVmemmap, kFramesA, true, kPagesOnly);
    watch_vmemmap(b, own_page, head_page);
    const auto pages = huge_pages(b);
    std::array<pgtable::PhysicalAddress, kTails> freed{};
    Hvo hvo(b.table(), config_of_heads(b));
    b.watched([&] { return hvo.share(pages, 0, freed); }, {.may_fault = true});
  }

  // ---- restore

  template <typename F, typename G>
  static void restore(B& b, const typename Hvo::Config& c, const F& before, const G& after) {
    b.map(0, kVmemmap, kFramesA, true, kPagesOnly);
    const auto pages = huge_pages(b);
    std::array<pgtable::PhysicalAddress, kTails> freed{};
    std::array<pgtable::PhysicalAddress, kTails> fresh{};
    for (std::uint64_t i = 0; i < kTails; ++i) fresh[i] = after(i).pa;
    Hvo hvo(b.table(), c);
    word(kZonePage) = value_at(kZonePage);
    b.expect_ok(hvo.share(pages, kZonePage, freed));
    watch_vmemmap(b, before, after);
    b.watched([&] { return hvo.restore(pages, fresh); }, {.may_fault = c.permits.fault_window});
  }
  static void restore_zone(B& b) {
    typename Hvo::Config c = config(b);
    c.permits = {};
    restore(b, c, zone_page, fresh_page);
  }
  static void restore_heads(B& b) { restore(b, config_of_heads(b), head_page, fresh_page_of_head); }

  static constexpr auto kAll = std::to_array<S>({
      {"HVO: share", share_pages, Base::at_stage1},
      {"HVO: share, of blocks", share_blocks, Base::at_stage1},
      {"HVO: share with the head", share_heads, Base::at_stage1},
      {"HVO: restore", restore_zone, Base::at_stage1},
      {"HVO: restore from the head", restore_heads, Base::at_stage1},
  });
};

}  // namespace bare_metal
