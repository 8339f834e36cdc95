// Gathers what has to leave the TLBs, and frees table pages only when it has.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "amalgam/arch/descriptor_layout.hpp"
#include "amalgam/arch/features.hpp"
#include "amalgam/arch/tlbi.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/range.hpp"

namespace amalgam::pgtable {

// Whose entries a batch removes.
struct TlbContext {
  Half half = Half::kLower;
  std::uint16_t asid = 0;        // of non-global entries; VMIDs are the issuing CPU's own
  bool all_asids = false;        // kernel mappings, and changes that every ASID may have cached
  bool non_global_only = false;  // no leaf is global, so that an operation by ASID removes all
  bool single_cpu = false;       // no other CPU or device ever uses these tables: local operations
  bool non_secure_ipa = false;
};

// What a flush took.
struct FlushCost {
  std::uint64_t tlbis = 0;
  std::uint64_t barriers = 0;
  std::uint64_t tables_freed = 0;
};

// The level of leaves of several sizes.
inline constexpr int kAnyLevel = -2;

// Ranges whose descriptors have changed and whose stale copies must go.
//
// flush() is the only way out: store barrier, TLBIs, barrier that waits for them, secondary MMUs,
// and then the freed table pages go back. The race that this rules out: a page freed between the
// store and the completion of the TLBI is reused while another CPU still walks it or writes through
// it. The destructor flushes what is left, so that no early return can lose it.
//
// Secondary MMUs are told in the order that the rules demand (docs/notifiers.md): the start before
// the first store of an operation; the range itself once the CPUs' TLBI is complete, which in
// break-before-make is before the make; the end last.
template <arch::Geometry kGeometry, Port P>
class FlushBatch {
 public:
  FlushBatch(P& port, const arch::Features& features, const TlbContext& context)
      : port_(port), features_(features), context_(context) {}
  ~FlushBatch() { flush(); }
  FlushBatch(const FlushBatch&) = delete;
  FlushBatch& operator=(const FlushBatch&) = delete;

  // An operation is about to change descriptors of `range`: secondary MMUs hear the start, and the
  // end when the batch is flushed. Flushes first where too many ranges are open.
  void open(const Range& range);

  // Copies of leaves at `level` (kAnyLevel: of several sizes) that translate `range`, and of table
  // descriptors above them if `tables`; of every ASID if `all_asids`, else of the batch's. Ranges
  // that touch are merged; where there are too many, all go.
  void add(const Range& range, int level, bool tables, bool all_asids = false);

  // A table page that no descriptor names any more, below addresses that nothing maps now. It goes
  // back after the next flush. Writes to the page: walks that still find it fault there.
  void free_table(PhysicalAddress page);

  // The same for a table page whose addresses stay mapped, by a block in its place: walks that
  // still find it must go on finding what it held. Flushes first where too many such pages wait.
  void retire_table(PhysicalAddress page);

  // Whether something of `range` waits to be flushed. A new mapping there has to wait for it: the
  // old and the new one would else be one direct change.
  [[nodiscard]] bool is_pending(const Range& range) const;
  // Whether copies wait to be removed.
  [[nodiscard]] bool is_stale() const { return count_ != 0 || everything_; }
  [[nodiscard]] bool empty() const {
    return !is_stale() && freed_ == kNoPage && retired_count_ == 0 && open_count_ == 0;
  }

  // On return every CPU and every device that listens to broadcast TLBIs has dropped the gathered
  // copies, and accesses that used them are complete (DSB); secondary MMUs have been told; the
  // calling CPU's later instructions are translated anew (ISB). Cost: two DSBs, one ISB, and per
  // range one TLBI or a few; nothing where nothing is stale.
  void flush();

  // The same in the middle of an operation: secondary MMUs do not hear the end yet.
  void flush_within();

  [[nodiscard]] const FlushCost& cost() const { return cost_; }

 private:
  struct Gathered {
    Range range;
    std::int8_t level = arch::kPageLevel;
    bool tables = false;
    bool all_asids = false;
  };
  static constexpr std::size_t kMaxRanges = 16;
  static constexpr PhysicalAddress kNoPage = ~PhysicalAddress{0};
  static constexpr bool kStage2 = kGeometry.stage == arch::Stage::kStage2;
  static constexpr bool kEl2 = kGeometry.regime == arch::Regime::kEl2;

  static bool touches(const Gathered& g, const Range& range) {
    return g.range.start <= range.end && range.start <= g.range.end;
  }
  static void widen(Gathered& g, const Gathered& other);
  void issue(const arch::TlbiMnemonic& mnemonic, std::uint64_t operand);
  void issue_all();
  void issue_range(const Gathered& g);
  void barrier(arch::BarrierKind kind, arch::Access access);
  void invalidate();
  void notify(NotifyPhase phase, const Range& range);
  void tell_secondary_mmus();
  void free_tables();
  [[nodiscard]] arch::TlbiMnemonic operation(arch::TlbiKind kind, bool last_level) const;
  [[nodiscard]] arch::TlbiKind kind_by_address(bool all_asids) const;
  [[nodiscard]] arch::TlbiKind kind_of_all() const;

  P& port_;
  const arch::Features& features_;
  const TlbContext context_;
  std::array<Gathered, kMaxRanges> ranges_{};
  std::array<Range, kMaxRanges> open_{};
  std::array<PhysicalAddress, kMaxRanges> retired_{};
  std::size_t count_ = 0;
  std::size_t open_count_ = 0;
  std::size_t retired_count_ = 0;
  bool everything_ = false;
  bool every_asid_ = false;          // something gathered is not of one ASID alone
  PhysicalAddress freed_ = kNoPage;  // a list through descriptor 0 of each page
  FlushCost cost_;
};

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::notify(NotifyPhase phase, const Range& range) {
  const std::uint64_t upper = half_bits(kGeometry, context_.half);
  // The end of the upper half is the end of all addresses: 0.
  port_.notify(phase, range.start | upper, upper + range.end);
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::open(const Range& range) {
  if (open_count_ == kMaxRanges) flush();
  open_[open_count_++] = range;
  notify(NotifyPhase::kStart, range);
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::widen(Gathered& g, const Gathered& other) {
  g.range = {std::min(g.range.start, other.range.start), std::max(g.range.end, other.range.end)};
  if (g.level != other.level) g.level = kAnyLevel;
  g.tables |= other.tables;
  g.all_asids |= other.all_asids;
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::add(const Range& range, int level, bool tables, bool all_asids) {
  every_asid_ |= all_asids;
  if (everything_) return;
  const Gathered added{range, static_cast<std::int8_t>(level), tables, all_asids};
  for (std::size_t i = 0; i < count_; ++i) {
    if (!touches(ranges_[i], range)) continue;
    widen(ranges_[i], added);
    return;
  }
  if (count_ == kMaxRanges) {
    everything_ = true;
    return;
  }
  ranges_[count_++] = added;
}

// The list runs through descriptor 0 of the freed pages: the next page's address with bit 1 set, or
// 0. Bit 0 stays clear, so that a walk that still finds the page takes a fault there at worst, for
// addresses that are no longer mapped.
template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::free_table(PhysicalAddress page) {
  const OpenTable<P> view(port_, page);
  view.store(0, freed_ == kNoPage ? 0 : freed_ | arch::bits::kTableOrPage);
  freed_ = page;
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::retire_table(PhysicalAddress page) {
  if (retired_count_ == kMaxRanges) flush_within();
  retired_[retired_count_++] = page;
}

template <arch::Geometry kGeometry, Port P>
bool FlushBatch<kGeometry, P>::is_pending(const Range& range) const {
  if (everything_) return true;
  return std::any_of(ranges_.begin(), ranges_.begin() + count_, [&](const Gathered& g) {
    return g.range.start < range.end && range.start < g.range.end;
  });
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::flush() {
  flush_within();
  for (; open_count_ > 0; --open_count_) notify(NotifyPhase::kEnd, open_[open_count_ - 1]);
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::flush_within() {
  if (is_stale()) {
    invalidate();
    tell_secondary_mmus();
  }
  count_ = 0;
  everything_ = false;
  every_asid_ = false;
  free_tables();
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::invalidate() {
  barrier(arch::BarrierKind::kDsb, arch::Access::kStore);
  if (everything_) {
    issue_all();
  } else {
    for (std::size_t i = 0; i < count_; ++i) issue_range(ranges_[i]);
  }
  barrier(arch::BarrierKind::kDsb, arch::Access::kAll);
  if constexpr (kStage2) {
    // Entries made from both stages are found by VA alone, and no IPA operation removes them.
    if (!everything_) {
      issue(operation(arch::TlbiKind::kVmall, false), 0);
      barrier(arch::BarrierKind::kDsb, arch::Access::kAll);
    }
  }
  barrier(arch::BarrierKind::kIsb, arch::Access::kAll);
}

// After the CPUs, because a device TLB that is emptied first fills again from an entry of the SMMU
// that the TLBI has not reached yet.
template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::tell_secondary_mmus() {
  if (everything_) {
    notify(NotifyPhase::kNow, {0, arch::low_mask(kGeometry.va_bits) + 1});
  } else {
    for (std::size_t i = 0; i < count_; ++i) notify(NotifyPhase::kNow, ranges_[i].range);
  }
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::free_tables() {
  for (std::size_t i = 0; i < retired_count_; ++i) port_.give_back(retired_[i]);
  cost_.tables_freed += retired_count_;
  retired_count_ = 0;
  while (freed_ != kNoPage) {
    const PhysicalAddress page = freed_;
    std::uint64_t next = 0;
    {
      const OpenTable<P> view(port_, page);
      next = view.load(0);
    }
    port_.give_back(page);
    ++cost_.tables_freed;
    freed_ = next == 0 ? kNoPage : next & ~arch::bits::kTableOrPage;
  }
}

template <arch::Geometry kGeometry, Port P>
arch::TlbiMnemonic FlushBatch<kGeometry, P>::operation(arch::TlbiKind kind, bool last_level) const {
  arch::TlbiMnemonic m;
  m.kind = kind;
  m.last_level = last_level;
  m.regime = kEl2 ? arch::Regime::kEl2 : arch::Regime::kEl10;
  m.shareability = context_.single_cpu ? arch::Shareability::kLocal : arch::Shareability::kInner;
  return m;
}

template <arch::Geometry kGeometry, Port P>
arch::TlbiKind FlushBatch<kGeometry, P>::kind_by_address(bool all_asids) const {
  if constexpr (kStage2) return arch::TlbiKind::kIpa;
  // EL2 has no ASIDs, and its operation by address is the plain one.
  return (context_.all_asids || all_asids) && !kEl2 ? arch::TlbiKind::kVaAllAsids
                                                    : arch::TlbiKind::kVa;
}

template <arch::Geometry kGeometry, Port P>
arch::TlbiKind FlushBatch<kGeometry, P>::kind_of_all() const {
  if constexpr (kStage2) return arch::TlbiKind::kVmallS12;
  if constexpr (kEl2) return arch::TlbiKind::kAll;
  // An operation by ASID leaves global entries.
  const bool one_asid = context_.non_global_only && !context_.all_asids && !every_asid_;
  return one_asid ? arch::TlbiKind::kAsid : arch::TlbiKind::kVmall;
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::issue(const arch::TlbiMnemonic& mnemonic, std::uint64_t operand) {
  port_.tlbi(mnemonic, operand);
  ++cost_.tlbis;
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::issue_all() {
  const arch::TlbiMnemonic m = operation(kind_of_all(), false);
  issue(m, arch::encode_operand(m, {.asid = context_.asid}));
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::issue_range(const Gathered& g) {
  const unsigned page_lg2 = arch::page_lg2(kGeometry.granule);
  arch::RangeRequest request;
  request.start = g.range.start | half_bits(kGeometry, context_.half);
  request.pages = g.range.bytes() >> page_lg2;
  request.asid = context_.asid;
  request.non_secure_ipa = context_.non_secure_ipa;
  // A hint is a promise about the leaf. It says nothing of table descriptors, and nothing true of a
  // range with leaves of several sizes.
  const bool hinted = g.level != kAnyLevel && !g.tables;
  if (hinted && g.level > 0) request.level_hint = g.level;
  const std::uint64_t stride = g.level == kAnyLevel
                                   ? 1
                                   : std::uint64_t{1}
                                         << (arch::level_size_lg2(kGeometry, g.level) - page_lg2);
  arch::RangeSplitter splitter(operation(kind_by_address(g.all_asids), !g.tables), request,
                               kGeometry, features_, stride);
  if (splitter.prefers_whole_context()) {
    issue_all();
    return;
  }
  while (const auto step = splitter.next()) issue(step->mnemonic, step->operand);
}

template <arch::Geometry kGeometry, Port P>
void FlushBatch<kGeometry, P>::barrier(arch::BarrierKind kind, arch::Access access) {
  const bool isb = kind == arch::BarrierKind::kIsb;
  const arch::Domain domain = isb                   ? arch::Domain::kSy
                              : context_.single_cpu ? arch::Domain::kNsh
                                                    : arch::Domain::kIsh;
  port_.barrier({kind, domain, access});
  ++cost_.barriers;
}

}  // namespace amalgam::pgtable
