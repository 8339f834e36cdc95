// HVO, the HugeTLB vmemmap optimisation: page structures of a huge page that are all alike share
// one page of memory, while CPUs go on reading all of them and writing the first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "amalgam/pgtable/change.hpp"
#include "amalgam/pgtable/move.hpp"
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
template <arch::Geometry kGeometry, CopiesPages P>
class Hvo {
 public:
  struct Config {
    Attributes attributes{.writable = true};  // of the vmemmap mapping
    SharedTail shared = SharedTail::kZonePage;
    bool heads_are_still = false;
    Permits permits = {};
  };
  using Table = PageTable<kGeometry, P>;
  using Batch = typename Table::Batch;

  Hvo(Table& vmemmap, const Config& config) : table_(vmemmap), config_(config) {}

  // Tails of the huge pages: as many pages are freed, and needed again.
  static std::uint64_t tails(std::span<const HugePage> pages);

  // What share() would do, or which rule forbids it.
  [[nodiscard]] Plan plan_share(std::span<const HugePage> pages) const;

  // Lets the tails share `zone_page` (not looked at with kHeadPage). On return the pages that they
  // used are in `freed`, in order, and nobody uses them any more. `freed` holds tails() entries.
  Status share(std::span<const HugePage> pages, PhysicalAddress zone_page,
               std::span<PhysicalAddress> freed, HvoCost* cost = nullptr);

  // Gives each tail a page of its own again, from `fresh`, with the contents that it shared, and
  // writable. On return every CPU sees that. Fails, with nothing changed, where a tail does not
  // share, and as share() does where the head is written and no break is permitted.
  Status restore(std::span<const HugePage> pages, std::span<const PhysicalAddress> fresh,
                 HvoCost* cost = nullptr);

 private:
  static constexpr std::uint64_t kPage = arch::page_bytes(kGeometry.granule);

  struct ToPage {
    PhysicalAddress page;
    constexpr PhysicalAddress operator()(std::uint64_t) const { return page; }
  };
  // The n-th page from `start` on goes to the n-th of `pages`.
  struct ToPages {
    const PhysicalAddress* pages;
    std::uint64_t start;
    constexpr PhysicalAddress operator()(std::uint64_t input) const {
      return pages[(input - start) / kPage];
    }
  };

  [[nodiscard]] Status tail_range(const HugePage& page, Range& range) const;
  [[nodiscard]] Status check(std::span<const HugePage> pages, std::size_t room, Range& hull) const;
  [[nodiscard]] Status check_shared(const Range& range) const;
  [[nodiscard]] Plan plan_one(const Range& range) const;
  void plan_break(const Range& range, Plan& plan) const;
  [[nodiscard]] bool stages() const {
    return config_.shared == SharedTail::kZonePage || config_.heads_are_still;
  }
  [[nodiscard]] PhysicalAddress shared_page(const HugePage& page, PhysicalAddress zone) const;
  template <typename F>
  void for_each_tail_range(std::span<const HugePage> pages, const F& f) const;
  template <typename F>
  void for_each_tail(const Range& range, const F& f) const;
  [[nodiscard]] Mover<kGeometry, P, ToPage> to_shared(PhysicalAddress page) const;
  [[nodiscard]] Mover<kGeometry, P, ToPages> to_own(const PhysicalAddress* pages,
                                                    const Range& range) const;
  void refine(std::span<const HugePage> pages, const Plan& plan, Batch& batch, HvoCost& cost);
  void share_tails(std::span<const HugePage> pages, PhysicalAddress zone_page, const Plan& plan,
                   Batch& batch, HvoCost& cost);
  void restore_tails(std::span<const HugePage> pages, const PhysicalAddress* fresh,
                     Strategy strategy, Batch& batch, HvoCost& cost);
  void make_equal(const Range& range, PhysicalAddress page, HvoCost& cost) const;
  void flush(Batch& batch, HvoCost& cost) const;

  Table& table_;
  Config config_;
};

}  // namespace amalgam::pgtable
