#include "cpus.hpp"

#include "interrupts.hpp"

namespace bare_metal {

constinit Cpus cpus;

namespace {

constexpr std::uint64_t kPatience = 400'000'000;

// Whether `done()` came true within patience.
template <typename F>
bool wait_until(const F& done) {
  for (std::uint64_t i = 0; i < kPatience; ++i) {
    if (done()) return true;
    relax();
  }
  cpus.stuck.store(true);
  return false;
}

// Of two sweeps that end from now on, the second has begun from now on.
void wait_for_two_more(const std::atomic<std::uint64_t>& counter) {
  const std::uint64_t target = counter.load(std::memory_order_acquire) + 2;
  wait_until([&] { return counter.load(std::memory_order_acquire) >= target; });
}

}  // namespace

void wait_while_stopped() {
  if (!cpus.stop.load(std::memory_order_acquire)) return;
  asm volatile("dsb sy" : : : "memory");
  cpus.stopped.store(true, std::memory_order_release);
  while (cpus.stop.load(std::memory_order_acquire)) relax();
  cpus.stopped.store(false, std::memory_order_release);
  asm volatile("isb" : : : "memory");
}

void stop_other_cpu() {
  cpus.stop.store(true, std::memory_order_release);
  interrupt_other_cpu();
  wait_until([] { return cpus.stopped.load(std::memory_order_acquire); });
}

void resume_other_cpu() {
  cpus.stop.store(false, std::memory_order_release);
  wait_until([] { return !cpus.stopped.load(std::memory_order_acquire); });
}

void call_on_other_cpu(void (*function)(const void*), const void* context) {
  begin_call_on_other_cpu(function, context);
  finish_call_on_other_cpu();
}

void begin_call_on_other_cpu(void (*function)(const void*), const void* context) {
  cpus.call_context.store(context, std::memory_order_relaxed);
  cpus.call.store(function, std::memory_order_release);
  interrupt_other_cpu();
}

void finish_call_on_other_cpu() {
  wait_until([] { return cpus.call.load(std::memory_order_acquire) == nullptr; });
}

void make_call() {
  const auto call = cpus.call.load(std::memory_order_acquire);
  if (call == nullptr) return;
  call(cpus.call_context.load(std::memory_order_relaxed));
  cpus.call.store(nullptr, std::memory_order_release);
}

void wait_for_sweep() { wait_for_two_more(cpus.sweeps); }

void wait_for_progress() { wait_for_two_more(cpus.progress); }

void start_watching() {
  cpus.watch.store(true, std::memory_order_release);
  wait_for_sweep();
}

void stop_watching() {
  cpus.watch.store(false, std::memory_order_release);
  wait_until([] { return cpus.parked.load(std::memory_order_acquire); });
}

}  // namespace bare_metal
