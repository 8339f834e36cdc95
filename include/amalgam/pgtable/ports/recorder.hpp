// A Port around another one that tells of everything that goes through it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "amalgam/arch/barrier.hpp"
#include "amalgam/arch/tlbi_mnemonic.hpp"
#include "amalgam/pgtable/port.hpp"

namespace amalgam::pgtable {

enum class OperationKind : std::uint8_t {
  kOpen,
  kClose,
  kLoad,
  kStore,
  kCompareExchange,
  kBarrier,
  kTlbi,
  kReserve,
  kTake,
  kRelease,
  kGiveBack,
  kNotify,
  kStopOthers,
  kResumeOthers,
  kCopyPage,
  kSameContents,
  kSetRoot,
};

// One call of a Port. Fields that its kind does not name below stay as they are here.
struct Operation {
  OperationKind kind = OperationKind::kLoad;
  PhysicalAddress page = 0;    // open to compare-exchange, take, give back; the root of set_root;
                               // from which contents are copied or compared
  PhysicalAddress other = 0;   // copy: to which page; compare: with which
  std::size_t index = 0;       // load, store, compare-exchange
  std::uint64_t old_raw = 0;   // load: what it read; store: what was there; compare-exchange: what
                               // it found
  std::uint64_t raw = 0;       // store, compare-exchange: what is to be there
  bool succeeded = true;       // compare-exchange, reserve; compare: the contents are the same
  arch::Barrier barrier = {};  // barrier
  arch::TlbiMnemonic mnemonic = {};         // TLBI
  std::uint64_t operand = 0;                // TLBI
  std::size_t count = 0;                    // reserve, release
  NotifyPhase phase = NotifyPhase::kStart;  // notify, and the range
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  Half half = Half::kLower;  // set root
  std::uint16_t tag = 0;     // set root
  // Of the library, for load, store and compare-exchange.
  std::source_location where = std::source_location::current();
};

// Passes everything on to `inner` and tells `sink(const Operation&)` of it: of barriers, TLBIs and
// notifications before they are made, of everything else when it is done. A store is preceded by a
// load of what it replaces, which the sink is not told of.
template <Port Inner, typename Sink>
class RecorderPort {
 public:
  using Here = std::source_location;
  struct View {
    typename Inner::View inner;
    PhysicalAddress page;
  };

  // Both must outlive the recorder.
  RecorderPort(Inner& inner, Sink& sink) : inner_(inner), sink_(sink) {}

  View open(PhysicalAddress pa) {
    const View view{inner_.open(pa), pa};
    tell({.kind = OperationKind::kOpen, .page = pa});
    return view;
  }
  void close(View view) {
    inner_.close(view.inner);
    tell({.kind = OperationKind::kClose, .page = view.page});
  }
  std::uint64_t load(View view, std::size_t index, const Here& here = Here::current()) {
    const std::uint64_t raw = inner_load(view, index, here);
    Operation op = at(OperationKind::kLoad, view, index, here);
    op.old_raw = raw;
    tell(op);
    return raw;
  }
  void store(View view, std::size_t index, std::uint64_t raw, const Here& here = Here::current()) {
    Operation op = at(OperationKind::kStore, view, index, here);
    op.old_raw = inner_load(view, index, here);
    op.raw = raw;
    if constexpr (requires { inner_.store(view.inner, index, raw, here); }) {
      inner_.store(view.inner, index, raw, here);
    } else {
      inner_.store(view.inner, index, raw);
    }
    tell(op);
  }
  bool compare_exchange(View view, std::size_t index, std::uint64_t& expected, std::uint64_t raw,
                        const Here& here = Here::current()) {
    Operation op = at(OperationKind::kCompareExchange, view, index, here);
    op.raw = raw;
    if constexpr (requires { inner_.compare_exchange(view.inner, index, expected, raw, here); }) {
      op.succeeded = inner_.compare_exchange(view.inner, index, expected, raw, here);
    } else {
      op.succeeded = inner_.compare_exchange(view.inner, index, expected, raw);
    }
    op.old_raw = expected;
    tell(op);
    return op.succeeded;
  }

  void barrier(const arch::Barrier& b) {
    tell({.kind = OperationKind::kBarrier, .barrier = b});
    inner_.barrier(b);
  }
  void tlbi(const arch::TlbiMnemonic& mnemonic, std::uint64_t operand) {
    tell({.kind = OperationKind::kTlbi, .mnemonic = mnemonic, .operand = operand});
    inner_.tlbi(mnemonic, operand);
  }

  bool reserve(std::size_t count) {
    const bool can = inner_.reserve(count);
    tell({.kind = OperationKind::kReserve, .succeeded = can, .count = count});
    return can;
  }
  PhysicalAddress take() {
    const PhysicalAddress pa = inner_.take();
    tell({.kind = OperationKind::kTake, .page = pa});
    return pa;
  }
  void release(std::size_t count) {
    inner_.release(count);
    tell({.kind = OperationKind::kRelease, .count = count});
  }
  void give_back(PhysicalAddress pa) {
    inner_.give_back(pa);
    tell({.kind = OperationKind::kGiveBack, .page = pa});
  }
  void notify(NotifyPhase phase, std::uint64_t start, std::uint64_t end) {
    tell({.kind = OperationKind::kNotify, .phase = phase, .start = start, .end = end});
    inner_.notify(phase, start, end);
  }

  void stop_others()
    requires StopsOthers<Inner>
  {
    inner_.stop_others();
    tell({.kind = OperationKind::kStopOthers});
  }
  void resume_others()
    requires StopsOthers<Inner>
  {
    inner_.resume_others();
    tell({.kind = OperationKind::kResumeOthers});
  }
  void copy_page(PhysicalAddress from, PhysicalAddress to)
    requires CopiesPages<Inner>
  {
    inner_.copy_page(from, to);
    tell({.kind = OperationKind::kCopyPage, .page = from, .other = to});
  }
  bool same_contents(PhysicalAddress a, PhysicalAddress b)
    requires CopiesPages<Inner>
  {
    const bool same = inner_.same_contents(a, b);
    tell({.kind = OperationKind::kSameContents, .page = a, .other = b, .succeeded = same});
    return same;
  }
  void set_root(Half half, PhysicalAddress root, std::uint16_t tag)
    requires SetsRoot<Inner>
  {
    inner_.set_root(half, root, tag);
    tell({.kind = OperationKind::kSetRoot, .page = root, .half = half, .tag = tag});
  }

 private:
  static Operation at(OperationKind kind, View view, std::size_t index, const Here& here) {
    Operation op;
    op.kind = kind;
    op.page = view.page;
    op.index = index;
    op.where = here;
    return op;
  }
  std::uint64_t inner_load(View view, std::size_t index, const Here& here) {
    if constexpr (requires { inner_.load(view.inner, index, here); }) {
      return inner_.load(view.inner, index, here);
    } else {
      return inner_.load(view.inner, index);
    }
  }
  void tell(const Operation& op) { sink_(op); }

  Inner& inner_;
  Sink& sink_;
};

// A sink that keeps the first operations, and counts those that found no room.
template <std::size_t kCapacity>
class OperationLog {
 public:
  void operator()(const Operation& op) {
    if (size_ < kCapacity) {
      operations_[size_++] = op;
    } else {
      ++dropped_;
    }
  }
  void clear() { size_ = dropped_ = 0; }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t dropped() const { return dropped_; }
  [[nodiscard]] const Operation& operator[](std::size_t i) const { return operations_[i]; }
  [[nodiscard]] const Operation* begin() const { return operations_.data(); }
  [[nodiscard]] const Operation* end() const { return operations_.data() + size_; }

 private:
  std::array<Operation, kCapacity> operations_{};
  std::size_t size_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace amalgam::pgtable
