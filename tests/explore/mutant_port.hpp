// A Port that does all that another does but for one step, so that code with a mistake in it is
// made from code without one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <source_location>
#include <string_view>
#include <utility>

#include "explore/explore.hpp"

namespace amalgam::test {

// What is wrong with the n-th operation of a kind.
enum class Mistake : std::uint8_t {
  kNothing,
  kDropIsb,
  kDropBarrier,
  kStoreBarrier,   // waits for stores alone
  kLocalBarrier,   // is not shareable
  kWeakBarrier,    // DMB for DSB
  kDropTlbi,       //
  kLocalTlbi,      // does not reach other CPUs
  kLastLevelTlbi,  // leaves copies of table descriptors
  kMissedTlbi,     // is aimed elsewhere
  kShortTlbi,      // of a range: leaves its end out
  kHintedTlbi,     // has a level hint that is wrong
  kLateTlbi,       // comes after the next change, notification or free
  kDropStore,      // a store, or an exchange that pretends to have stored
  kLateStore,      // comes after the next store
  kBlindExchange,  // stores without comparing
  kDropNotify,
  kLateNotify,   // comes after the next change or free
  kShortNotify,  // leaves the last page out
  kDropStop,     // the others are not stopped
  kDropCopy,
  kDropCompare,  // contents are taken to be the same
};
inline constexpr std::size_t kMistakes = 22;

inline constexpr std::array<std::string_view, kMistakes> kMistakeNames{"nothing wrong",
                                                                       "isb dropped",
                                                                       "barrier dropped",
                                                                       "barrier for stores only",
                                                                       "barrier not shareable",
                                                                       "dmb for dsb",
                                                                       "tlbi dropped",
                                                                       "tlbi local",
                                                                       "tlbi last-level",
                                                                       "tlbi missed",
                                                                       "tlbi short",
                                                                       "tlbi hint wrong",
                                                                       "tlbi late",
                                                                       "store dropped",
                                                                       "store late",
                                                                       "exchange not atomic",
                                                                       "notification dropped",
                                                                       "notification late",
                                                                       "notify short",
                                                                       "others not stopped",
                                                                       "copy dropped",
                                                                       "not compared"};

struct Mutation {
  Mistake mistake = Mistake::kNothing;
  std::size_t at = 0;  // counts from 0, since arm()
};

class MutantPort {
 public:
  using View = explorer::Port::View;
  using Here = std::source_location;
  using PhysicalAddress = explorer::PhysicalAddress;

  MutantPort(explorer::Port& port, Mutation mutation) : port_(port), mutation_(mutation) {}

  // From here on operations count.
  void arm() { armed_ = true; }
  // What is still held back happens now, and operations count no longer.
  void finish() {
    release_held();
    armed_ = false;
  }
  // Whether the mutation has changed anything.
  [[nodiscard]] bool applied() const { return applied_; }
  // How many operations there were that the mistake could have been made with.
  [[nodiscard]] std::size_t count(Mistake mistake) const { return counts_[index(mistake)]; }

  View open(PhysicalAddress pa, const Here& here = Here::current()) { return port_.open(pa, here); }
  void close(View view) { port_.close(view); }
  std::uint64_t load(View view, std::size_t i, const Here& here = Here::current()) {
    return port_.load(view, i, here);
  }

  void store(View view, std::size_t i, std::uint64_t raw, const Here& here = Here::current()) {
    link(raw);
    if (wrong(Mistake::kDropStore, is_looked_at(i))) return;
    if (wrong(Mistake::kLateStore, is_looked_at(i) && unlinked_.count(view.page) == 0)) {
      held_ = [=, this] { port_.store(view, i, raw, here); };
      return;
    }
    port_.store(view, i, raw, here);
    release_held();
  }

  bool compare_exchange(View view, std::size_t i, std::uint64_t& expected, std::uint64_t raw,
                        const Here& here = Here::current()) {
    link(raw);
    if (wrong(Mistake::kDropStore, is_looked_at(i))) return true;
    if (wrong(Mistake::kBlindExchange, is_looked_at(i))) {
      port_.store(view, i, raw, here);
      return true;
    }
    const bool stored = port_.compare_exchange(view, i, expected, raw, here);
    release_held();
    return stored;
  }

  void barrier(const arch::Barrier& said, const Here& here = Here::current()) {
    arch::Barrier b = said;
    const bool isb = b.kind == arch::BarrierKind::kIsb;
    if (wrong(Mistake::kDropIsb, isb) || wrong(Mistake::kDropBarrier, !isb)) return;
    if (wrong(Mistake::kStoreBarrier, !isb && b.access != arch::Access::kStore)) {
      b.access = arch::Access::kStore;
    }
    if (wrong(Mistake::kLocalBarrier, !isb && b.domain != arch::Domain::kNsh)) {
      b.domain = arch::Domain::kNsh;
    }
    if (wrong(Mistake::kWeakBarrier, b.kind == arch::BarrierKind::kDsb)) {
      b.kind = arch::BarrierKind::kDmb;
    }
    port_.barrier(b, here);
  }

  void tlbi(const arch::TlbiMnemonic& said, std::uint64_t operand,
            const Here& here = Here::current()) {
    arch::TlbiMnemonic m = said;
    const bool by_address = arch::is_by_address(m.kind);
    if (wrong(Mistake::kDropTlbi)) return;
    if (wrong(Mistake::kLocalTlbi, m.shareability != arch::Shareability::kLocal)) {
      m.shareability = arch::Shareability::kLocal;
    }
    if (wrong(Mistake::kLastLevelTlbi, by_address && !m.last_level)) m.last_level = true;
    if (wrong(Mistake::kMissedTlbi, by_address)) operand ^= kElsewhere;
    if (wrong(Mistake::kShortTlbi, m.range && (operand & kNum) != 0)) operand -= kOneOfNum;
    if (wrong(Mistake::kHintedTlbi, by_address && hint_of(m, operand) != 0)) {
      operand = with_other_hint(m, operand);
    }
    if (wrong(Mistake::kLateTlbi)) {
      held_ = [=, this] { port_.tlbi(m, operand, here); };
      return;
    }
    port_.tlbi(m, operand, here);
  }

  bool reserve(std::size_t count) { return port_.reserve(count); }
  PhysicalAddress take(const Here& here = Here::current()) {
    const PhysicalAddress page = port_.take(here);
    if (armed_) unlinked_.insert(page);
    return page;
  }
  void release(std::size_t count) { port_.release(count); }
  void give_back(PhysicalAddress pa, const Here& here = Here::current()) {
    port_.give_back(pa, here);
    release_held();
  }

  void notify(pgtable::NotifyPhase phase, std::uint64_t start, std::uint64_t end,
              const Here& here = Here::current()) {
    const bool now = phase == pgtable::NotifyPhase::kNow;
    if (wrong(Mistake::kDropNotify, now)) return;
    if (wrong(Mistake::kShortNotify, now)) end -= 0x1000;
    if (wrong(Mistake::kLateNotify, now)) {
      held_ = [=, this] { port_.notify(phase, start, end, here); };
      return;
    }
    port_.notify(phase, start, end, here);
    if (now) release_held();
  }

  void stop_others(const Here& here = Here::current()) {
    running_ = wrong(Mistake::kDropStop);
    if (!running_) port_.stop_others(here);
  }
  void resume_others(const Here& here = Here::current()) {
    release_held();
    if (!running_) port_.resume_others(here);
  }
  void copy_page(PhysicalAddress from, PhysicalAddress to, const Here& here = Here::current()) {
    if (!wrong(Mistake::kDropCopy)) port_.copy_page(from, to, here);
  }
  bool same_contents(PhysicalAddress a, PhysicalAddress b, const Here& here = Here::current()) {
    return wrong(Mistake::kDropCompare) || port_.same_contents(a, b, here);
  }
  void set_root(pgtable::Half half, PhysicalAddress root, std::uint16_t tag,
                const Here& here = Here::current()) {
    port_.set_root(half, root, tag, here);
  }

 private:
  static constexpr std::uint64_t kTableAddress = 0x0000'ffff'ffff'f000;
  static constexpr std::uint64_t kElsewhere = std::uint64_t{1} << 20;
  static constexpr std::uint64_t kOneOfNum = std::uint64_t{1} << 39;
  static constexpr std::uint64_t kNum = 31 * kOneOfNum;

  static std::size_t index(Mistake mistake) { return static_cast<std::size_t>(mistake); }

  // Descriptors of the pages that tests observe, and of the tables above them.
  static bool is_looked_at(std::size_t i) { return i < 4; }

  // A table that some descriptor names may be walked from now on. Until then the order of stores to
  // it is free: exchanging two is no mistake.
  void link(std::uint64_t raw) { unlinked_.erase(raw & kTableAddress); }

  // Counts an operation that the mistake could be made with, and says whether it is the one.
  bool wrong(Mistake mistake, bool possible = true) {
    if (!armed_ || !possible) return false;
    const bool chosen = counts_[index(mistake)]++ == mutation_.at && mutation_.mistake == mistake;
    applied_ |= chosen;
    return chosen;
  }

  // TTL, of the range form or of the plain one.
  static std::uint64_t hint_of(const arch::TlbiMnemonic& m, std::uint64_t operand) {
    return operand >> (m.range ? 37 : 44) & 3;
  }
  static std::uint64_t with_other_hint(const arch::TlbiMnemonic& m, std::uint64_t operand) {
    const unsigned shift = m.range ? 37 : 44;
    const std::uint64_t other = hint_of(m, operand) == 3 ? 2 : 3;
    return (operand & ~(std::uint64_t{3} << shift)) | other << shift;
  }

  void release_held() {
    if (!held_) return;
    const auto held = std::exchange(held_, nullptr);
    held();
  }

  explorer::Port& port_;
  Mutation mutation_;
  bool armed_ = false;
  bool applied_ = false;
  bool running_ = false;
  std::array<std::size_t, kMistakes> counts_{};
  std::set<PhysicalAddress> unlinked_;
  std::function<void()> held_;
};

static_assert(pgtable::StopsOthers<MutantPort> && pgtable::CopiesPages<MutantPort> &&
              pgtable::SetsRoot<MutantPort>);

}  // namespace amalgam::test
