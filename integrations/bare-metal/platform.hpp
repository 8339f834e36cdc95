// What the library's Ports get from this machine.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "amalgam/pgtable/ports/platform.hpp"
#include "cpus.hpp"
#include "machine.hpp"

namespace bare_metal {

// What secondary MMUs would have been told.
struct Notified {
  std::uint64_t starts = 0;
  std::uint64_t nows = 0;
  std::uint64_t ends = 0;
  bool misordered = false;  // something outside of start and end

  [[nodiscard]] bool is_whole() const { return starts == ends && !misordered; }
};

// Stops CPU 1 by an interrupt, and listens to notifications.
struct Hooks {
  void notify(amalgam::pgtable::NotifyPhase phase, std::uint64_t, std::uint64_t) const {
    using enum amalgam::pgtable::NotifyPhase;
    if (phase != kStart && notified->starts == notified->ends) notified->misordered = true;
    ++(phase == kStart ? notified->starts : phase == kNow ? notified->nows : notified->ends);
  }
  void stop_others() const { stop_other_cpu(); }
  void resume_others() const { resume_other_cpu(); }

  Notified* notified = nullptr;
};

// A pool for both CPUs that fills pages which come back with descriptors that lead to memory nobody
// maps: a CPU that still walked a freed table would read that, and be seen.
template <typename Window>
class PoisoningPool : private amalgam::pgtable::PagePool<Window> {
 public:
  using Pages = amalgam::pgtable::PagePool<Window>;
  using Pages::add;
  using Pages::available;
  using Pages::Pages;

  bool reserve(std::size_t count) {
    const Locked locked(lock_);
    return Pages::reserve(count);
  }
  amalgam::pgtable::PhysicalAddress take() {
    const Locked locked(lock_);
    return Pages::take();
  }
  void release(std::size_t count) {
    const Locked locked(lock_);
    Pages::release(count);
  }
  void give_back(amalgam::pgtable::PhysicalAddress pa) {
    amalgam::pgtable::LinearMap map;
    auto* words = map.open(pa);
    // A page or table descriptor, valid at every level, accessed and writable.
    constexpr std::uint64_t poison = (kFramesB + kFramesBytes / 4) | 0x703;
    for (std::size_t i = 1; i < page_bytes_ / sizeof(std::uint64_t); ++i) words[i] = poison;
    const Locked locked(lock_);
    Pages::give_back(pa);
  }
  void set_page_bytes(std::uint64_t bytes) { page_bytes_ = bytes; }

 private:
  SpinLock lock_;
  std::uint64_t page_bytes_ = 0;
};

using Pool = PoisoningPool<amalgam::pgtable::LinearMap>;
using Platform = amalgam::pgtable::PlatformOf<amalgam::pgtable::LinearMap, Pool, Hooks>;

// Lets the other CPU go on after each access to a table, where an emulator runs them in turns.
template <typename Inner>
class YieldingPort : public Inner {
 public:
  using Inner::Inner;
  using typename Inner::View;

  std::uint64_t load(View view, std::size_t index) const {
    relax();
    return Inner::load(view, index);
  }
  void store(View view, std::size_t index, std::uint64_t raw) const {
    Inner::store(view, index, raw);
    if (raw != 0) relax();
  }
  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected,
                        std::uint64_t raw) const {
    relax();
    return Inner::compare_exchange(view, index, expected, raw);
  }
};

// What a change is deliberately robbed of, to see that the program notices.
enum class Mutation : std::uint8_t {
  kNone,
  kNoTlbi,      // TLBIs are left out
  kLocalTlbi,   // TLBIs reach this CPU alone
  kPlainStore,  // a compare-exchange is a store, whatever is there
};

// Passes everything on. Between one operation and the next it may let CPU 1 go through all that it
// watches, so that every state in between is seen.
template <typename Inner>
class PacedPort : public Inner {
 public:
  using Inner::Inner;
  using typename Inner::View;

  // Begins or ends a change that is watched.
  void set_paced(bool paced) {
    paced_ = paced;
    taken_count_ = 0;
    steps_ = 0;
  }
  void mutate(Mutation mutation) { mutation_ = mutation; }

  void store(View view, std::size_t index, std::uint64_t raw) {
    Inner::store(view, index, raw);
    if (paced_ && !is_private(view)) pace();
  }
  amalgam::pgtable::PhysicalAddress take() {
    const amalgam::pgtable::PhysicalAddress pa = Inner::take();
    if (taken_count_ < taken_.size()) taken_[taken_count_++] = pa;
    return pa;
  }
  // Between the load that found `expected` and this, hardware may set AF and the dirty state.
  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected, std::uint64_t raw) {
    pace();
    if (mutation_ == Mutation::kPlainStore) {
      store(view, index, raw);
      return true;
    }
    const bool stored = Inner::compare_exchange(view, index, expected, raw);
    pace();
    return stored;
  }
  void barrier(const amalgam::arch::Barrier& b) {
    Inner::barrier(b);
    pace();
  }
  void tlbi(const amalgam::arch::TlbiMnemonic& mnemonic, std::uint64_t operand) {
    if (mutation_ == Mutation::kNoTlbi) return;
    amalgam::arch::TlbiMnemonic m = mnemonic;
    if (mutation_ == Mutation::kLocalTlbi) m.shareability = amalgam::arch::Shareability::kLocal;
    Inner::tlbi(m, operand);
    pace();
  }
  void stop_others()
    requires amalgam::pgtable::StopsOthers<Inner>
  {
    Inner::stop_others();
    stopped_ = true;
  }
  void resume_others()
    requires amalgam::pgtable::StopsOthers<Inner>
  {
    stopped_ = false;
    Inner::resume_others();
  }

 private:
  // After many steps of a kind one looks like another: then only now and then.
  void pace() {
    if (!paced_ || stopped_) return;
    constexpr std::uint64_t each = 128;
    if (steps_ < each || steps_ % each == 0) wait_for_progress();
    ++steps_;
  }

  // A table page that this change has taken is not linked while it is filled: there is nothing to
  // see. Tables are seen where they are.
  [[nodiscard]] bool is_private(View view) const {
    const auto pa = reinterpret_cast<std::uintptr_t>(view);
    return std::find(taken_.begin(), taken_.begin() + taken_count_, pa) !=
           taken_.begin() + taken_count_;
  }

  std::array<amalgam::pgtable::PhysicalAddress, 64> taken_{};
  std::size_t taken_count_ = 0;
  std::uint64_t steps_ = 0;
  bool paced_ = false;
  bool stopped_ = false;
  Mutation mutation_ = Mutation::kNone;
};

}  // namespace bare_metal
