// Data aborts of watched accesses, and everything else, which ends the program.
#include <cstdint>
#include <string_view>

#include "console.hpp"
#include "cpus.hpp"
#include "machine.hpp"

namespace bare_metal {

namespace {

// As `enter` in start.S lays it out.
struct Frame {
  std::uint64_t x[20];  // x0 to x18, x30
  std::uint64_t elr;
  std::uint64_t spsr;
};

// Exception classes: from EL1 to EL2, and from the same exception level.
constexpr unsigned kDataAbortBelow = 0x24;
constexpr unsigned kDataAbort = 0x25;

[[noreturn]] void die(std::string_view what, const Frame& frame, std::uint64_t esr,
                      std::uint64_t far) {
  print("bare-metal: ");
  print(what);
  print(" on CPU ");
  print_number(this_cpu());
  print(" at ");
  print_hex(frame.elr);
  print(", ESR ");
  print_hex(esr);
  print(", FAR ");
  print_hex(far);
  print("\n");
  exit_machine(3);
}

// By the fault status code of a data abort; its low two bits are the level.
FaultKind kind_of(std::uint64_t esr) {
  switch (esr >> 2 & 15) {
    case 1:
      return FaultKind::kTranslation;
    case 2:
      return FaultKind::kAccessFlag;
    case 3:
      return FaultKind::kPermission;
    case 12:
      return FaultKind::kConflict;
    default:
      return FaultKind::kOther;
  }
}

// After a conflict abort the entries that conflict are still there.
void forget_translations() {
  if (exception_level() == 2) {
    asm volatile("tlbi alle2\n dsb nsh\n isb" : : : "memory");
  } else {
    asm volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
  }
}

}  // namespace

extern "C" void handle_synchronous(Frame* frame, std::uint64_t esr, std::uint64_t far) {
  Cpu& cpu = cpus.cpu[this_cpu()];
  const OnFault policy = cpu.on_fault.load(std::memory_order_relaxed);
  const FaultKind kind = kind_of(esr);
  const unsigned exception_class = esr >> 26 & 63;
  const bool abort = exception_class == kDataAbort || exception_class == kDataAbortBelow;
  const bool expected = abort && policy != OnFault::kFatal;
  if (!expected || kind == FaultKind::kOther) die("exception", *frame, esr, far);
  count(cpu.by_kind[static_cast<unsigned>(kind)]);
  count(cpu.faults);
  cpu.last_esr.store(esr, std::memory_order_relaxed);
  count(cpus.progress);
  if (kind == FaultKind::kConflict) forget_translations();
  // Where CPU 0 gave up, retrying would go on forever.
  if (policy == OnFault::kSkip || cpus.stuck.load(std::memory_order_acquire)) {
    cpu.skipped.store(true, std::memory_order_relaxed);
    frame->elr += 4;
  }
  relax();
}

extern "C" void handle_unexpected(Frame* frame, std::uint64_t esr, std::uint64_t far) {
  die("unexpected interrupt or exception", *frame, esr, far);
}

}  // namespace bare_metal
