#include "interrupts.hpp"

#include <cstdint>

#include "cpus.hpp"
#include "machine.hpp"

namespace bare_metal {

namespace {

constexpr std::uint64_t kDistributorControl = kGic;
constexpr std::uint64_t kEnableSet = kGic + 0x100;  // of the CPU's own interrupts
constexpr std::uint64_t kSoftwareInterrupt = kGic + 0xf00;
constexpr std::uint64_t kInterfaceControl = kGic + 0x1'0000;
constexpr std::uint64_t kPriorityMask = kGic + 0x1'0004;
constexpr std::uint64_t kAcknowledge = kGic + 0x1'000c;
constexpr std::uint64_t kEnd = kGic + 0x1'0010;

constexpr std::uint32_t kToCpu1 = 1 << 17;  // interrupt 0, to a list of CPUs
constexpr std::uint32_t kSpurious = 1020;

volatile std::uint32_t& device(std::uint64_t at) {
  return *reinterpret_cast<volatile std::uint32_t*>(at);
}

}  // namespace

void enable_distributor() { device(kDistributorControl) = 1; }

void accept_interrupts() {
  device(kEnableSet) = 1;
  device(kPriorityMask) = 0xff;
  device(kInterfaceControl) = 1;
  if (exception_level() == 2) {
    constexpr std::uint64_t imo = 1 << 4;  // physical interrupts come to EL2
    std::uint64_t hcr = 0;
    asm volatile("mrs %0, HCR_EL2" : "=r"(hcr));
    asm volatile("msr HCR_EL2, %0\n isb" : : "r"(hcr | imo) : "memory");
  }
  asm volatile("msr DAIFClr, #2" : : : "memory");
}

void interrupt_other_cpu() {
  asm volatile("dsb sy" : : : "memory");
  device(kSoftwareInterrupt) = kToCpu1;
}

// CPU 1, wherever it was: does what it is called for, and waits for as long as it is stopped.
extern "C" void handle_interrupt() {
  const std::uint32_t number = device(kAcknowledge);
  make_call();
  wait_while_stopped();
  if ((number & 1023) < kSpurious) device(kEnd) = number;
}

}  // namespace bare_metal
