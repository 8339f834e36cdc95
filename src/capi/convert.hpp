// Between the types of the C interface and those of the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/features.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable.h"
#include "amalgam/pgtable/attributes.hpp"
#include "amalgam/pgtable/flush_batch.hpp"
#include "amalgam/pgtable/hvo.hpp"
#include "amalgam/pgtable/map.hpp"
#include "amalgam/pgtable/permits.hpp"
#include "amalgam/pgtable/plan.hpp"
#include "amalgam/pgtable/status.hpp"

namespace amalgam::capi {

constexpr amalgam_status to_c(const pgtable::Status& s) {
  return {static_cast<std::uint32_t>(s.error), static_cast<std::uint32_t>(s.row), s.va};
}

constexpr amalgam_status refusal(amalgam_error error, std::uint64_t va = 0) {
  return {static_cast<std::uint32_t>(error), 0, va};
}

constexpr pgtable::Status from_c(const amalgam_status& s) {
  return {static_cast<pgtable::Error>(s.error), s.va, static_cast<arch::RowId>(s.rule)};
}

constexpr pgtable::Attributes from_c(const amalgam_attributes& a) {
  return {.readable = a.readable,
          .writable = a.writable,
          .user = a.user,
          .executable = a.executable,
          .user_executable = a.user_executable,
          .global = a.global,
          .accessed = a.accessed,
          .dirty_tracking = a.dirty_tracking,
          .guarded = a.guarded,
          .memory = a.memory,
          .shareability = a.shareability,
          .software = a.software};
}

constexpr amalgam_attributes to_c(const pgtable::Attributes& a) {
  return {a.readable, a.writable,       a.user,    a.executable, a.user_executable, a.global,
          a.accessed, a.dirty_tracking, a.guarded, a.memory,     a.shareability,    a.software};
}

constexpr pgtable::Permits from_c(const amalgam_permits& p) {
  return {.fault_window = p.fault_window,
          .no_translation = p.no_translation,
          .conflict_abort = p.conflict_abort,
          .read_only_window = p.read_only_window,
          .stop_others = p.stop_others,
          .split = p.split};
}

constexpr pgtable::LeafSizes from_c(const amalgam_leaf_sizes& s) {
  return {.blocks = s.blocks, .contiguous = s.contiguous};
}

constexpr arch::Ets ets_of(std::uint8_t value) {
  if (value < 2) return arch::Ets::kNone;
  return value == 2 ? arch::Ets::kEts2 : arch::Ets::kEts3;
}

constexpr std::uint8_t ets_value(arch::Ets ets) {
  if (ets == arch::Ets::kNone) return 0;
  return ets == arch::Ets::kEts2 ? 2 : 3;
}

constexpr arch::Features from_c(const amalgam_features& f) {
  return {.bbm = f.bbm,
          .no_conflict_abort = f.no_conflict_abort,
          .ets = ets_of(f.ets),
          .hardware_af = f.hardware_af,
          .hardware_dirty = f.hardware_dirty,
          .ttl = f.ttl,
          .tlbi_range = f.tlbi_range,
          .tlbi_os = f.tlbi_os,
          .xs = f.xs,
          .lpa = f.lpa,
          .lpa2 = f.lpa2,
          .cnp = f.cnp,
          .fwb = f.fwb,
          .xnx = f.xnx,
          .two_ipa_spaces = f.two_ipa_spaces};
}

constexpr amalgam_features to_c(const arch::Features& f) {
  return {f.bbm,
          f.no_conflict_abort,
          ets_value(f.ets),
          f.hardware_af,
          f.hardware_dirty,
          f.ttl,
          f.tlbi_range,
          f.tlbi_os,
          f.xs,
          f.lpa,
          f.lpa2,
          f.cnp,
          f.fwb,
          f.xnx,
          f.two_ipa_spaces};
}

constexpr pgtable::TlbContext from_c(const amalgam_tlb_context& t) {
  return {.asid = t.asid,
          .all_asids = t.all_asids,
          .non_global_only = t.non_global_only,
          .single_cpu = t.single_cpu,
          .non_secure_ipa = t.non_secure_ipa};
}

constexpr pgtable::Knowledge from_c(const amalgam_knowledge& k) {
  return {.contents = static_cast<arch::Contents>(k.contents),
          .hardware_af = k.hardware_af,
          .hardware_dirty = k.hardware_dirty,
          .mair = k.mair == 0 ? arch::kLinuxMair : k.mair};
}

constexpr amalgam_plan to_c(const pgtable::Plan& p) {
  return {to_c(p.status),
          static_cast<std::uint32_t>(p.strategy),
          static_cast<std::uint32_t>(p.split_strategy),
          static_cast<std::uint32_t>(p.row),
          p.leaves,
          p.changed,
          p.breaks,
          p.splits,
          p.unfolds,
          p.collapses,
          p.folds,
          p.tables,
          p.copies};
}

constexpr pgtable::Plan from_c(const amalgam_plan& p) {
  return {.status = from_c(p.status),
          .strategy = static_cast<pgtable::Strategy>(p.strategy),
          .split_strategy = static_cast<pgtable::Strategy>(p.split_strategy),
          .row = static_cast<arch::RowId>(p.rule),
          .leaves = p.leaves,
          .changed = p.changed,
          .breaks = p.breaks,
          .splits = p.splits,
          .unfolds = p.unfolds,
          .collapses = p.collapses,
          .folds = p.folds,
          .tables = p.tables,
          .copies = p.copies};
}

constexpr amalgam_flush_cost to_c(const pgtable::FlushCost& c) {
  return {c.tlbis, c.barriers, c.tables_freed};
}

constexpr amalgam_hvo_cost to_c(const pgtable::HvoCost& c) {
  return {c.pages, c.tables, c.live_stores, c.private_stores, c.copies, c.flushes, to_c(c.flush)};
}

constexpr amalgam_barrier to_c(const arch::Barrier& b) {
  return {static_cast<std::uint8_t>(b.kind), static_cast<std::uint8_t>(b.domain),
          static_cast<std::uint8_t>(b.access), b.nxs};
}

constexpr arch::Barrier from_c(const amalgam_barrier& b) {
  return {static_cast<arch::BarrierKind>(b.kind), static_cast<arch::Domain>(b.domain),
          static_cast<arch::Access>(b.access), b.nxs};
}

constexpr amalgam_tlbi to_c(const arch::TlbiMnemonic& m, std::uint64_t operand) {
  return {static_cast<std::uint8_t>(m.kind),
          m.last_level,
          static_cast<std::uint8_t>(m.regime),
          m.range,
          static_cast<std::uint8_t>(m.shareability),
          m.nxs,
          operand};
}

constexpr arch::TlbiMnemonic from_c(const amalgam_tlbi& t) {
  return {.kind = static_cast<arch::TlbiKind>(t.kind),
          .last_level = t.last_level,
          .regime = static_cast<arch::Regime>(t.regime),
          .range = t.range,
          .shareability = static_cast<arch::Shareability>(t.shareability),
          .nxs = t.nxs};
}

// Both are the same two words; an array of one is read as an array of the other.
static_assert(sizeof(amalgam_huge_page) == sizeof(pgtable::HugePage) &&
              offsetof(amalgam_huge_page, vmemmap_va) == offsetof(pgtable::HugePage, vmemmap_va) &&
              offsetof(amalgam_huge_page, vmemmap_bytes) ==
                  offsetof(pgtable::HugePage, vmemmap_bytes));

inline std::span<const pgtable::HugePage> huge_pages(const amalgam_huge_page* pages,
                                                     std::size_t count) {
  return {reinterpret_cast<const pgtable::HugePage*>(pages), count};
}

}  // namespace amalgam::capi
