// HVO, the HugeTLB vmemmap optimisation: page structures of a huge page that are all alike share
// one page of memory, while CPUs go on reading all of them and writing the first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "amalgam/pgtable/change.hpp"
#include "amalgam/pgtable/leaf.hpp"
#include "amalgam/pgtable/page_table.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/split.hpp"
#include "amalgam/pgtable/status.hpp"

namespace amalgam::pgtable {

// The page structures of one huge page, in the vmemmap mapping: whole pages. The first is the head:
// it stays as it is. The others are tails.
struct HugePage {
  std::uint64_t vmemmap_va = 0;
  std::uint64_t vmemmap_bytes = 0;
};

// What the tails share.
enum class SharedTail : std::uint8_t {
  kZonePage,  // a page that nobody writes, one for each zone and order, as Linux from 7.3 on
  kHeadPage,  // the head of the same huge page, as Linux before
};

// What sharing or restoring took.
struct HvoCost {
  std::uint64_t pages = 0;           // tails that now share, or are apart again
  std::uint64_t tables = 0;          // table pages taken to split blocks
  std::uint64_t live_stores = 0;     // descriptors stored to tables that hardware walks
  std::uint64_t private_stores = 0;  // descriptors stored to tables before they were linked
  std::uint64_t copies = 0;          // pages copied
  std::uint64_t flushes = 0;
  FlushCost flush;
};

// Shares and restores the tails of huge pages, any number at once.
//
// share() makes the tails read-only, flushes, makes their contents equal to those of the shared
// page, and then changes the output address, which is legal in place now (R_WHZWS (2)). restore()
// goes the other way: to a copy, flush, writable, flush. Two flushes for a batch of any size, and
// no CPU stops or faults, as long as
//   - the vmemmap is mapped by pages, or FEAT_BBM lets its blocks be split in place, or the permits
//     allow another way (plan_share() says which rule asks for one);
//   - nobody stores to tails from share() until restore() returns;
//   - readers of tails do not mind which of two equal values they read, and while share() runs
//   which
//     of the tail's own and the shared contents;
//   - with SharedTail::kHeadPage, nobody stores to the head either while share() or restore() runs:
//     what the caller cannot promise for a page that holds reference counts. Without the promise
//     (heads_are_still) it takes a break, and the permits for that.
// The lock of the vmemmap's tables is held; huge pages are given in ascending order.
template <arch::Geometry kGeometry, CopiesPages P>
class Hvo {
 public:
  struct Config {
    // What a restored tail permits: `writable` and `dirty_tracking` are looked at. Everything else
    // of a tail stays as it is mapped.
    Attributes attributes{.writable = true};
    SharedTail shared = SharedTail::kZonePage;
    bool heads_are_still = false;
    Permits permits = {};
  };
  using Table = PageTable<kGeometry, P>;
  using Batch = typename Table::Batch;

  Hvo(Table& vmemmap, const Config& config)
      : table_(vmemmap), equal_(vmemmap.site()), config_(config) {
    equal_.context.contents = arch::Contents::kSame;
  }

  // Tails of the huge pages: as many pages are freed, and needed again.
  static std::uint64_t tails(std::span<const HugePage> pages);

  // What share() would do, or which rule forbids it.
  [[nodiscard]] Plan plan_share(std::span<const HugePage> pages) const;

  // The same for restore().
  [[nodiscard]] Plan plan_restore(std::span<const HugePage> pages) const;

  // Lets the tails share `zone_page` (not looked at with kHeadPage). On return the pages that they
  // used are in `freed`, in order, and nobody uses them any more. `freed` holds tails() entries.
  // Fails, with nothing changed, where a tail is not mapped or shares already.
  Status share(std::span<const HugePage> pages, PhysicalAddress zone_page,
               std::span<PhysicalAddress> freed, HvoCost* cost = nullptr);

  // Gives each tail a page of its own again, from `fresh`, with the contents that it shared, and
  // writable. On return every CPU sees that. Fails, with nothing changed, where a tail does not
  // share, and as share() does where the head is written and no break is permitted.
  Status restore(std::span<const HugePage> pages, std::span<const PhysicalAddress> fresh,
                 HvoCost* cost = nullptr);

 private:
  static constexpr std::uint64_t kPage = arch::page_bytes(kGeometry.granule);

  // One huge page whose tails are at hand: `first` is the number of its first tail among all.
  struct Tails {
    Range range = {};
    std::uint64_t head_va = 0;
    std::size_t first = 0;

    // Of the tail at `input`, among all.
    [[nodiscard]] std::size_t number(std::uint64_t input) const {
      return first + static_cast<std::size_t>((input - range.start) / kPage);
    }
  };

  // A page that no vmemmap maps, to stand for the shared one while none is known.
  static constexpr PhysicalAddress kLastPage = arch::low_mask(kGeometry.pa_bits) & ~(kPage - 1);

  [[nodiscard]] Range hull(std::span<const HugePage> pages) const;
  [[nodiscard]] Status tail_range(const HugePage& page, Range& range) const;
  [[nodiscard]] Status check(std::span<const HugePage> pages, std::size_t room) const;
  [[nodiscard]] Status check_unshared(const Tails& tails, PhysicalAddress zone) const;
  [[nodiscard]] Status check_shared(const Tails& tails) const;
  [[nodiscard]] Status check_page(PhysicalAddress page) const;
  [[nodiscard]] bool stages() const {
    return config_.shared == SharedTail::kZonePage || config_.heads_are_still;
  }
  [[nodiscard]] std::optional<PhysicalAddress> shared_page(const Tails& tails,
                                                           PhysicalAddress zone) const;
  [[nodiscard]] Plan plan_share(std::span<const HugePage> pages, std::size_t room,
                                PhysicalAddress zone) const;
  [[nodiscard]] Plan plan_split(std::span<const HugePage> pages) const;
  void plan_moves(std::span<const HugePage> pages, bool to_shared, Plan& plan) const;
  [[nodiscard]] std::uint64_t restored(std::uint64_t raw) const;
  template <typename F>
  void for_each_huge_page(std::span<const HugePage> pages, const F& f) const;
  template <typename F>
  void for_each_tail(const Tails& tails, const F& f) const;
  template <typename F>
  void change(std::span<const HugePage> pages, Strategy strategy, const F& f, Batch& batch) const;
  void refine(std::span<const HugePage> pages, const Plan& plan, Batch& batch, HvoCost& cost);
  void share_tails(std::span<const HugePage> pages, PhysicalAddress zone_page, const Plan& plan,
                   Batch& batch, HvoCost& cost);
  void restore_tails(std::span<const HugePage> pages, std::span<const PhysicalAddress> fresh,
                     const Plan& plan, Batch& batch, HvoCost& cost);
  void make_equal(const Tails& tails, PhysicalAddress page, HvoCost& cost) const;
  void flush(Batch& batch, HvoCost& cost) const;

  Table& table_;
  Site<kGeometry, P> equal_;  // the same tables, with contents known to be equal
  Config config_;
};

}  // namespace amalgam::pgtable
