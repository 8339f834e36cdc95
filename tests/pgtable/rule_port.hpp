// A Port on plain memory that holds what reaches it against the rules for live tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "amalgam/arch/change.hpp"
#include "amalgam/pgtable/port.hpp"
#include "amalgam/pgtable/table_page.hpp"
#include "pgtable/memory_port.hpp"

namespace amalgam::pgtable::test {

// Keeps for each descriptor of live tables the values that a TLB may still hold: all cacheable ones
// since the last TLBI that a DSB has completed, whatever that TLBI covers (its operand is for the
// explorer to judge). A store that may not follow one of these is an offence; so is a table page
// that goes back while it is linked or may be held.
template <arch::Geometry kGeometry>
class RulePort : public MemoryPort {
 public:
  RulePort(std::size_t max_pages, const arch::Features& features, bool updates)
      : MemoryPort(entries_in_page(kGeometry), max_pages) {
    context_.geometry = kGeometry;
    context_.features = features;
    context_.any_hardware_af = context_.any_hardware_dirty = updates;
  }

  void root_is(PhysicalAddress root) {
    constexpr int level = arch::start_level(kGeometry);
    const std::uint64_t bytes = entries_in_page(kGeometry)
                                << arch::level_size_lg2(kGeometry, level);
    for (std::size_t i = 0; i < root_pages(kGeometry); ++i) {
      pages_[root + (i << arch::page_lg2(kGeometry.granule))] = {level, i * bytes};
    }
  }
  void now_live() { live_ = true; }
  void other_cpus_tolerate_aborts(bool yes) { tolerant_ = yes; }

  struct View {
    MemoryPort::View memory;
    PhysicalAddress page = 0;
  };
  View open(PhysicalAddress pa) { return {MemoryPort::open(pa), pa}; }
  void close(View view) { MemoryPort::close(view.memory); }
  std::uint64_t load(View view, std::size_t i) {
    act_as_hardware(view, i);
    return MemoryPort::load(view.memory, i);
  }
  void store(View view, std::size_t i, std::uint64_t raw) {
    const std::uint64_t was = MemoryPort::load(view.memory, i);
    MemoryPort::store(view.memory, i, raw);
    note(view.page, i, was, raw);
  }
  bool compare_exchange(View view, std::size_t i, std::uint64_t& expected, std::uint64_t raw) {
    act_as_hardware(view, i);
    const std::uint64_t was = MemoryPort::load(view.memory, i);
    const bool stored = MemoryPort::compare_exchange(view.memory, i, expected, raw);
    if (stored) note(view.page, i, was, raw);
    return stored;
  }
  void tlbi(const arch::TlbiMnemonic& m, std::uint64_t operand) {
    MemoryPort::tlbi(m, operand);
    issued_ = true;
  }
  void barrier(const arch::Barrier& b) {
    MemoryPort::barrier(b);
    if (b.kind != arch::BarrierKind::kDsb || b.access != arch::Access::kAll || !issued_) return;
    issued_ = false;
    held_.clear();
    unlinked_.clear();
  }
  void give_back(PhysicalAddress pa) {
    if (live_ && (linked_.count(pa) != 0 || unlinked_.count(pa) != 0)) offend("freed too early");
    for (std::size_t i = 0; i < entries_in_page(kGeometry); ++i) held_.erase({pa, i});
    pages_.erase(pa);
    linked_.erase(pa);
    MemoryPort::give_back(pa);
  }
  void copy_page(PhysicalAddress from, PhysicalAddress to) { data[to] = content_of(from); }
  bool same_contents(PhysicalAddress a, PhysicalAddress b) const {
    return content_of(a) == content_of(b);
  }
  void stop_others() { stopped_ = true; }
  void resume_others() { stopped_ = false; }
  void notify(NotifyPhase phase, std::uint64_t, std::uint64_t) {
    if (phase == NotifyPhase::kStart) ++notifying;
    if (phase == NotifyPhase::kEnd) --notifying;
  }

  // Pages that nobody has written hold a number of their own.
  [[nodiscard]] std::uint64_t content_of(PhysicalAddress page) const {
    const auto found = data.find(page);
    return found == data.end() ? page : found->second;
  }

  std::map<PhysicalAddress, std::uint64_t> data;  // what data pages hold
  // (leaf, level, input) -> what hardware makes of the leaf.
  std::function<std::uint64_t(std::uint64_t, int, std::uint64_t)> hardware;
  std::vector<std::string> offences;
  int notifying = 0;

 private:
  using Slot = std::pair<PhysicalAddress, std::size_t>;
  // Where a table page, or one of its entries, stands.
  struct Place {
    int level = 0;
    std::uint64_t input = 0;
    [[nodiscard]] Place entry(std::size_t i) const {
      return {level, input + (std::uint64_t{i} << arch::level_size_lg2(kGeometry, level))};
    }
  };

  void offend(const std::string& what) {
    if (offences.size() < 8) offences.push_back(what);
  }

  void note(PhysicalAddress page, std::size_t index, std::uint64_t was, std::uint64_t is) {
    const auto place = pages_.find(page);
    if (place == pages_.end()) return;
    const Place entry = place->second.entry(index);
    link(entry, was, is);
    if (!live_ || was == is) return;
    std::set<std::uint64_t>& held = held_[{page, index}];
    held.insert(was);
    for (const std::uint64_t old : held) judge(old, is, entry.level);
  }

  // What a hardware walk may do to the leaf that it finds.
  void act_as_hardware(View view, std::size_t i) {
    const auto place = pages_.find(view.page);
    if (!hardware || !live_ || place == pages_.end()) return;
    const Place entry = place->second.entry(i);
    const std::uint64_t was = MemoryPort::load(view.memory, i);
    if (!arch::is_leaf(kGeometry, {was}, entry.level)) return;
    const std::uint64_t is = hardware(was, entry.level, entry.input);
    if (is == was) return;
    MemoryPort::store(view.memory, i, is);
    held_[{view.page, i}].insert(was);
  }

  // Pages below an entry have the level below it, once it names them.
  void link(const Place& entry, std::uint64_t was, std::uint64_t is) {
    const int level = entry.level;
    if (was == is) return;
    if (arch::is_table(kGeometry, {was}, level)) {
      const PhysicalAddress page = arch::output_address(kGeometry, {was}, level);
      linked_.erase(page);
      if (live_) unlinked_.insert(page);
    }
    if (!arch::is_table(kGeometry, {is}, level)) return;
    const PhysicalAddress page = arch::output_address(kGeometry, {is}, level);
    linked_.insert(page);
    const Place below{level + 1, entry.input};
    pages_[page] = below;
    const auto& entries = MemoryPort::contents().at(page);
    for (std::size_t i = 0; i < entries.size(); ++i) link(below.entry(i), 0, entries[i]);
  }

  void judge(std::uint64_t old, std::uint64_t is, int level) {
    arch::ChangeContext c = context_;
    const bool tables =
        arch::is_table(kGeometry, {old}, level) != arch::is_table(kGeometry, {is}, level);
    c.contents =
        tables || equal(old, is, level) ? arch::Contents::kSame : arch::Contents::kDifferent;
    const arch::Change change = arch::classify({{old}, level}, {{is}, level}, c);
    const bool nt = ((old ^ is) & arch::bits::kNt) != 0 || (old & arch::bits::kNt) != 0;
    const bool aborts = change.hazard == arch::Hazard::kWholeEntryOrAbort && !tolerant_ && !nt;
    if (!change.break_required && !aborts) return;
    offend("level " + std::to_string(level) + ": " + std::string(arch::row(change.row).title));
  }

  [[nodiscard]] bool equal(std::uint64_t a, std::uint64_t b, int level) const {
    const std::uint64_t size = arch::level_size_bytes(kGeometry, level);
    const PhysicalAddress from = arch::output_address(kGeometry, {a}, level);
    const PhysicalAddress to = arch::output_address(kGeometry, {b}, level);
    if (from == to) return true;
    for (std::uint64_t at = 0; at < size; at += arch::page_bytes(kGeometry.granule)) {
      if (content_of(from + at) != content_of(to + at)) return false;
    }
    return true;
  }

  arch::ChangeContext context_;
  bool live_ = false;
  bool tolerant_ = false;
  bool issued_ = false;
  bool stopped_ = false;
  std::map<PhysicalAddress, Place> pages_;
  std::map<Slot, std::set<std::uint64_t>> held_;
  std::set<PhysicalAddress> linked_;
  std::set<PhysicalAddress> unlinked_;
};

}  // namespace amalgam::pgtable::test
