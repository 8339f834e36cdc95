// A vmemmap on counted tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "amalgam/pgtable/hvo.hpp"
#include "hvo/cost.hpp"
#include "hvo/counting_port.hpp"

namespace amalgam::hvo {

// The page structures of `huge_pages` huge pages side by side, mapped as the question says.
template <arch::Geometry kGeometry>
class Vmemmap {
 public:
  using Port = CountingPort<kGeometry>;
  using Table = pgtable::PageTable<kGeometry, Port>;
  using Hvo = pgtable::Hvo<kGeometry, Port>;

  Vmemmap(const Question& question, std::uint64_t huge_pages)
      : each_bytes_(saving(question.granule, question.huge_page_bytes, question.struct_page_bytes)
                        .vmemmap_bytes),
        bytes_((huge_pages * each_bytes_ + kBlock - 1) & ~(kBlock - 1)),
        table_pages_(table_pages(bytes_)),
        memory_((table_pages_ + 1) * kEntries),
        first_page_(aligned(memory_.data())),
        window_(reinterpret_cast<std::uintptr_t>(first_page_) - kTableMemory),
        pool_(window_),
        platform_(window_, pool_),
        port_(platform_, first_page_, table_pages_),
        table_(port_, kTableMemory, config(question)),
        hvo_(table_, hvo_config(question)) {
    pool_.add(kTableMemory + kPage, table_pages_ - 1, kPage);
    if (!pool_.reserve(table_pages_ - 1)) std::abort();
    map(question.blocks);
    for (std::uint64_t i = 0; i < huge_pages; ++i) {
      pages_.push_back({kVa + i * each_bytes_, each_bytes_});
    }
  }
  Vmemmap(const Vmemmap&) = delete;
  Vmemmap& operator=(const Vmemmap&) = delete;

  [[nodiscard]] pgtable::Plan plan(std::size_t count) const {
    return hvo_.plan_share(std::span(pages_).first(count));
  }

  // What it took to share, or to restore, `count` huge pages from the `first` on.
  Counts share(std::size_t first, std::size_t count) {
    const auto pages = std::span(pages_).subspan(first, count);
    const Counts before = port_.counts();
    outputs_.resize(static_cast<std::size_t>(Hvo::tails(pages)));
    if (!hvo_.share(pages, kZonePage, outputs_).ok()) std::abort();  // it is planned already
    return port_.counts() - before;
  }
  Counts restore(std::size_t first, std::size_t count) {
    const auto pages = std::span(pages_).subspan(first, count);
    const Counts before = port_.counts();
    outputs_.resize(static_cast<std::size_t>(Hvo::tails(pages)));
    for (std::size_t i = 0; i < outputs_.size(); ++i) outputs_[i] = kFresh + i * kPage;
    if (!hvo_.restore(pages, outputs_).ok()) std::abort();  // what has been shared can be restored
    return port_.counts() - before;
  }

 private:
  static constexpr std::uint64_t kPage = arch::page_bytes(kGeometry.granule);
  static constexpr std::size_t kEntries = pgtable::entries_in_page(kGeometry);
  static constexpr std::uint64_t kBlock = arch::level_size_bytes(kGeometry, 2);
  static constexpr std::uint64_t kVa = 0xffff'8000'0000'0000;
  // Off by a block of level 2, which keeps larger ones away.
  static constexpr pgtable::PhysicalAddress kData = 0x80'0000'0000 + kBlock;
  static constexpr pgtable::PhysicalAddress kFresh = 0x4000'0000'0000;
  static constexpr pgtable::PhysicalAddress kZonePage = 0x2000'0000'0000;
  static constexpr pgtable::Attributes kKernel{.writable = true};

  // Enough for every page to be mapped by itself, and a path from the root for each end.
  static std::size_t table_pages(std::uint64_t bytes) {
    const std::uint64_t last_level = bytes / kBlock;
    return static_cast<std::size_t>(last_level + last_level / kEntries + 8);
  }
  static std::uint64_t* aligned(std::uint64_t* memory) {
    const auto past = reinterpret_cast<std::uintptr_t>(memory) % kPage;
    return past == 0 ? memory : memory + (kPage - past) / sizeof(std::uint64_t);
  }
  static typename Table::Config config(const Question& question) {
    typename Table::Config c;
    c.half = pgtable::Half::kUpper;
    c.features.bbm = question.bbm;
    c.features.tlbi_range = question.tlbi_range;
    c.tlb.all_asids = true;
    return c;
  }
  static typename Hvo::Config hvo_config(const Question& question) {
    return {kKernel, question.shared, question.heads_are_still, question.permits};
  }
  void map(bool blocks) {
    table_.clear_root();
    auto batch = table_.batch();
    const pgtable::LeafSizes sizes{.blocks = blocks, .contiguous = false};
    if (!table_.map(kVa, bytes_, kData, kKernel, batch, sizes).ok()) std::abort();
    table_.activate();
    port_.now_live();
  }

  std::uint64_t each_bytes_;
  std::uint64_t bytes_;
  std::size_t table_pages_;
  std::vector<std::uint64_t> memory_;
  std::uint64_t* first_page_;
  pgtable::LinearMap window_;
  pgtable::PagePool<pgtable::LinearMap> pool_;
  TablePlatform platform_;
  Port port_;
  Table table_;
  Hvo hvo_;
  std::vector<pgtable::HugePage> pages_;
  std::vector<pgtable::PhysicalAddress> outputs_;
};

}  // namespace amalgam::hvo
