// What the two CPUs share: who does what, in which phase of a change, and faults.
#pragma once

#include <atomic>
#include <cstdint>

namespace bare_metal {

// Of the change that CPU 0 makes: not begun, under way, and flushed. CPU 1 reads the phase before
// and after each access, and so knows which mapping the access may have used.
enum class Phase : std::uint32_t { kBefore, kDuring, kAfter };

enum class FaultKind : std::uint8_t { kTranslation, kAccessFlag, kPermission, kConflict, kOther };
inline constexpr unsigned kFaultKinds = 5;

// What the exception handler does with a data abort.
enum class OnFault : std::uint32_t {
  kFatal,  // the program has a mistake
  kRetry,  // executes the access again
  kSkip,   // goes on behind it, and says so
};

struct Cpu {
  std::atomic<OnFault> on_fault{OnFault::kFatal};
  std::atomic<bool> skipped{false};      // the access was skipped
  std::atomic<std::uint32_t> faults{0};  // of the current access
  std::atomic<std::uint64_t> last_esr{0};
  std::atomic<std::uint64_t> by_kind[kFaultKinds]{};
};

struct Cpus {
  Cpu cpu[2];
  std::atomic<Phase> phase{Phase::kBefore};
  std::atomic<bool> second_runs{false};              // CPU 1 has come up
  std::atomic<bool> watch{false};                    // CPU 1 is to access what is watched
  std::atomic<bool> parked{false};                   // it does not
  std::atomic<bool> stop{false};                     // CPU 1 is to wait, whatever it does
  std::atomic<void (*)(const void*)> call{nullptr};  // CPU 1 is to make this call
  std::atomic<const void*> call_context{nullptr};
  std::atomic<bool> stopped{false};        // it does
  std::atomic<std::uint64_t> sweeps{0};    // over everything that is watched
  std::atomic<std::uint64_t> progress{0};  // sweeps and faults
  std::atomic<bool> stuck{false};          // CPU 0 has waited for progress in vain
};

extern Cpus cpus;

// Lets the other CPU go on, where an emulator runs them in turns.
inline void relax() { asm volatile("yield" : : : "memory"); }

// For what both CPUs use: held for a few instructions.
class SpinLock {
 public:
  void lock() {
    while (__atomic_exchange_n(&held_, 1, __ATOMIC_ACQUIRE) != 0) relax();
  }
  void unlock() { __atomic_store_n(&held_, 0, __ATOMIC_RELEASE); }

 private:
  std::uint32_t held_ = 0;
};

class Locked {
 public:
  explicit Locked(SpinLock& lock) : lock_(lock) { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  SpinLock& lock_;
};

// Adds without a read-modify-write: `counter` has one writer.
template <typename T>
void count(std::atomic<T>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// CPU 1, interrupts masked: waits here for as long as CPU 0 has stopped it. Its accesses so far are
// complete then, and on return it has synchronised its context.
void wait_while_stopped();

// CPU 0: the two halves of stopping CPU 1, by an interrupt.
void stop_other_cpu();
void resume_other_cpu();

// CPU 0: has CPU 1 call `function(context)` in the handler of an interrupt, and waits for that; or
// goes on meanwhile, and waits later.
void call_on_other_cpu(void (*function)(const void*), const void* context);
void begin_call_on_other_cpu(void (*function)(const void*), const void* context);
void finish_call_on_other_cpu();

// CPU 1, in the handler: makes the call that it is asked for, if there is one.
void make_call();

// CPU 0: waits until CPU 1 has been through everything that is watched once more, from the first to
// the last. Gives up in the end, and marks that.
void wait_for_sweep();

// CPU 0: the same, or until CPU 1 has met two more faults.
void wait_for_progress();

// CPU 0: lets CPU 1 watch; returns when it has been through everything once. And parks it.
void start_watching();
void stop_watching();

}  // namespace bare_metal
