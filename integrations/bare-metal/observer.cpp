#include "observer.hpp"

namespace bare_metal {

constinit Observer observer;

namespace {

// One instruction each, so that the exception handler can repeat it or step over it.
std::uint64_t load_word(std::uint64_t va) {
  std::uint64_t value = 0;
  asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(va) : "memory");
  return value;
}

void store_word(std::uint64_t va, std::uint64_t value) {
  asm volatile("str %0, [%1]" : : "r"(value), "r"(va) : "memory");
}

// Atomic; returns when it has been done, unless a fault was stepped over.
void add_one(std::uint64_t va) {
  std::uint64_t value = 0;
  std::uint32_t failed = 0;
  asm volatile(
      "1: ldxr %0, [%2]\n"
      "   add %0, %0, #1\n"
      "   stxr %w1, %0, [%2]\n"
      "   cbnz %w1, 1b"
      : "=&r"(value), "=&r"(failed)
      : "r"(va)
      : "memory");
}

// Orders an access after or before a look at the phase.
void order() { asm volatile("dmb ish" : : : "memory"); }

}  // namespace

void Observer::clear() { size_ = 0; }

void Observer::add(const Watched& watched) {
  if (size_ < kMaxWatched) watched_[size_++] = watched;
}

void Observer::reset_counts() {
  accesses_ = faults_ = violations_ = 0;
  first_ = {};
}

void Observer::report(const Violation& violation) {
  if (violations_++ == 0) first_ = violation;
}

template <typename F>
Observer::Access Observer::access(bool retry, const F& f) {
  Cpu& cpu = cpus.cpu[1];
  cpu.skipped.store(false, std::memory_order_relaxed);
  cpu.faults.store(0, std::memory_order_relaxed);
  Access a{};
  a.first = cpus.phase.load(std::memory_order_acquire);
  order();
  cpu.on_fault.store(retry ? OnFault::kRetry : OnFault::kSkip, std::memory_order_relaxed);
  a.value = f();
  cpu.on_fault.store(OnFault::kFatal, std::memory_order_relaxed);
  order();
  a.last = cpus.phase.load(std::memory_order_acquire);
  a.skipped = cpu.skipped.load(std::memory_order_relaxed);
  a.faults = cpu.faults.load(std::memory_order_relaxed);
  ++accesses_;
  faults_ += a.faults;
  return a;
}

// An access may fault if one of the mappings that it may have used does not permit it, or while the
// change is under way if that has a window. And it may not succeed if neither does.
void Observer::judge_faults(const Watched& w, const Access& a, const Permitted& permitted) {
  const bool may_be_old = a.first != Phase::kAfter;
  const bool may_be_new = a.last != Phase::kBefore;
  const bool in_window = permitted.has_window && may_be_old && may_be_new;
  const bool fault_ok =
      in_window || (may_be_old && !permitted.by_old) || (may_be_new && !permitted.by_new);
  const bool success_ok = (may_be_old && permitted.by_old) || (may_be_new && permitted.by_new);
  if (a.faults != 0 && !fault_ok) {
    report({"fault", w.va, cpus.cpu[1].last_esr.load(), 0, a.first, a.last});
  }
  if (!a.skipped && !success_ok) report({"no fault", w.va, a.value, 0, a.first, a.last});
}

void Observer::read(const Watched& w) {
  const bool retry = w.before.readable && w.after.readable;
  const Access a = access(retry, [&] { return load_word(w.va + kValueAt); });
  judge_faults(w, a, {w.before.readable, w.after.readable, loads_may_fault_});
  if (a.skipped) return;
  const bool old_ok = a.first != Phase::kAfter && w.before.readable && a.value == w.before.value;
  const bool new_ok = a.last != Phase::kBefore && w.after.readable && a.value == w.after.value;
  if (!old_ok && !new_ok) {
    const Mapping& wanted = a.first == Phase::kAfter ? w.after : w.before;
    report({"value", w.va, a.value, wanted.value, a.first, a.last});
  }
}

void Observer::store(Watched& w) {
  const bool retry = w.before.writable && w.after.writable;
  const std::uint64_t number = ++w.attempted;
  const Access a = access(retry, [&] {
    store_word(w.va + kStoreAt, number);
    return number;
  });
  judge_faults(w, a, {w.before.writable, w.after.writable, stores_may_fault_});
  if (a.skipped) return;
  w.last = number;
  if (a.last == Phase::kBefore) w.last_before = number;
  if (a.first == Phase::kAfter && w.first_after == 0) w.first_after = number;
}

void Observer::increment(Watched& w) {
  const Access a = access(true, [&] {
    add_one(w.va + kAddAt);
    return 0;
  });
  judge_faults(w, a, {true, true, stores_may_fault_});
  if (!a.skipped) ++w.adds;
}

void Observer::sweep() {
  for (std::size_t i = 0; i < size_; ++i) {
    Watched& w = watched_[i];
    if (cpus.phase.load(std::memory_order_acquire) < w.from) continue;
    read(w);
    if (!w.stores || !(w.before.writable || w.after.writable)) continue;
    store(w);
    if (w.before.writable && w.after.writable) increment(w);
  }
}

void observe() {
  cpus.second_runs.store(true, std::memory_order_release);
  for (;;) {
    if (!cpus.watch.load(std::memory_order_acquire)) {
      cpus.parked.store(true, std::memory_order_release);
      relax();
      continue;
    }
    cpus.parked.store(false, std::memory_order_release);
    observer.sweep();
    count(cpus.sweeps);
    count(cpus.progress);
    relax();
  }
}

}  // namespace bare_metal
