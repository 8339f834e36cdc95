// What Ports on real memory need of their surroundings, and ready-made parts of it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "amalgam/pgtable/port.hpp"

namespace amalgam::pgtable {

// Where table pages are seen, where they come from, and who else is to be told.
//
//   open(pa), close(view)  the table page at `pa` as memory; see LinearMap and WindowSlots
//   reserve, take, release, give_back, notify
//                          as for a Port
//
// Two more parts are optional, and the Ports have the operations that rest on them only where a
// platform has the part:
//
//   stop_others(), resume_others()
//                          as for StopsOthers
//   page_memory(pa)        any page, as memory at an address that no operation changes: for
//                          CopiesPages
template <typename T>
concept Platform = requires(T& platform, PhysicalAddress pa, std::uint64_t* view, std::size_t count,
                            NotifyPhase phase) {
  { platform.open(pa) } -> std::same_as<std::uint64_t*>;
  { platform.close(view) } -> std::same_as<void>;
  { platform.reserve(count) } -> std::same_as<bool>;
  { platform.take() } -> std::same_as<PhysicalAddress>;
  { platform.release(count) } -> std::same_as<void>;
  { platform.give_back(pa) } -> std::same_as<void>;
  { platform.notify(phase, pa, pa) } -> std::same_as<void>;
};

template <typename T>
concept StopsCpus = requires(T& platform) {
  { platform.stop_others() } -> std::same_as<void>;
  { platform.resume_others() } -> std::same_as<void>;
};

template <typename T>
concept ShowsPages = requires(T& platform, PhysicalAddress pa) {
  { platform.page_memory(pa) } -> std::same_as<void*>;
};

// A window that all memory is seen through: physical address plus a constant, modulo 2^64. An
// identity map is an offset of 0.
class LinearMap {
 public:
  constexpr explicit LinearMap(std::uint64_t offset = 0) : offset_(offset) {}

  [[nodiscard]] std::uint64_t* open(PhysicalAddress pa) const {
    return static_cast<std::uint64_t*>(page_memory(pa));
  }
  void close(std::uint64_t*) const {}
  [[nodiscard]] void* page_memory(PhysicalAddress pa) const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is what a linear map does
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(pa + offset_));
  }

 private:
  std::uint64_t offset_;
};

// Nothing to be told to anybody: no secondary MMU, and no way to stop a CPU.
struct NoHooks {
  void notify(NotifyPhase, std::uint64_t, std::uint64_t) const {}
};

// Table pages out of runs of memory that the caller adds: at first what an early allocator set
// aside, later more. Free pages are kept in a list that runs through their first word, so the pool
// has no size of its own. For one user at a time: the lock that serialises changes to the tables,
// or one of the pool's own around each call.
template <typename Window>
class PagePool {
 public:
  explicit PagePool(Window& window) : window_(window) {}

  // Adds `count` pages of `page_bytes` bytes from `first` on. Touches none of them: they are taken
  // in order of address, and enter the list when they come back. What an earlier run has left is
  // put into the list.
  void add(PhysicalAddress first, std::size_t count, std::uint64_t page_bytes) {
    while (fresh_ != 0) push(take_fresh());
    next_ = first;
    fresh_ = count;
    page_bytes_ = page_bytes;
    free_ += count;
  }

  [[nodiscard]] bool reserve(std::size_t count) {
    if (count > free_ - reserved_) return false;
    reserved_ += count;
    return true;
  }
  PhysicalAddress take() {
    --reserved_;
    --free_;
    return head_ != kNone ? pop() : take_fresh();
  }
  void release(std::size_t count) { reserved_ -= count; }
  void give_back(PhysicalAddress pa) {
    push(pa);
    ++free_;
  }

  // Pages that a reserve() could still have.
  [[nodiscard]] std::size_t available() const { return free_ - reserved_; }

 private:
  static constexpr PhysicalAddress kNone = ~PhysicalAddress{0};

  PhysicalAddress take_fresh() {
    const PhysicalAddress pa = next_;
    next_ += page_bytes_;
    --fresh_;
    return pa;
  }
  void push(PhysicalAddress pa) {
    std::uint64_t* view = window_.open(pa);
    *view = head_;
    window_.close(view);
    head_ = pa;
  }
  PhysicalAddress pop() {
    const PhysicalAddress pa = head_;
    std::uint64_t* view = window_.open(pa);
    head_ = *view;
    window_.close(view);
    return pa;
  }

  Window& window_;
  PhysicalAddress head_ = kNone;
  PhysicalAddress next_ = 0;
  std::uint64_t page_bytes_ = 0;
  std::size_t fresh_ = 0;     // of the run, never taken yet
  std::size_t free_ = 0;      // fresh or in the list
  std::size_t reserved_ = 0;  // of these
};

// A platform of parts: a window (open, close, and page_memory if it has it), pages (reserve, take,
// release, give_back) and hooks (notify, and stop_others and resume_others if they have them). The
// parts must outlive it.
template <typename Window, typename Pages, typename Hooks = NoHooks>
class PlatformOf {
 public:
  PlatformOf(Window& window, Pages& pages, Hooks hooks = {})
      : window_(window), pages_(pages), hooks_(hooks) {}

  std::uint64_t* open(PhysicalAddress pa) { return window_.open(pa); }
  void close(std::uint64_t* view) { window_.close(view); }
  [[nodiscard]] bool reserve(std::size_t count) { return pages_.reserve(count); }
  PhysicalAddress take() { return pages_.take(); }
  void release(std::size_t count) { pages_.release(count); }
  void give_back(PhysicalAddress pa) { pages_.give_back(pa); }
  void notify(NotifyPhase phase, std::uint64_t start, std::uint64_t end) {
    hooks_.notify(phase, start, end);
  }
  void stop_others()
    requires StopsCpus<Hooks>
  {
    hooks_.stop_others();
  }
  void resume_others()
    requires StopsCpus<Hooks>
  {
    hooks_.resume_others();
  }
  [[nodiscard]] void* page_memory(PhysicalAddress pa)
    requires ShowsPages<Window>
  {
    return window_.page_memory(pa);
  }

 private:
  Window& window_;
  Pages& pages_;
  Hooks hooks_;
};

}  // namespace amalgam::pgtable
