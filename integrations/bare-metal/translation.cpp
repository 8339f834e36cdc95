#include "translation.hpp"

#include "machine.hpp"

namespace bare_metal {

namespace {

void turn_on_at_el1(const Translation& t) {
  asm volatile(
      "msr MAIR_EL1, %0\n"
      "msr TCR_EL1, %1\n"
      "msr TTBR0_EL1, %2\n"
      "msr TTBR1_EL1, %3\n"
      "isb\n"
      "tlbi vmalle1\n"
      "dsb nsh\n"
      "isb\n"
      "msr SCTLR_EL1, %4\n"
      "isb"
      :
      : "r"(kMair), "r"(t.tcr), "r"(t.ttbr0), "r"(t.ttbr1), "r"(kSctlrEl1)
      : "memory");
}

void turn_on_at_el2(const Translation& t) {
  asm volatile(
      "msr MAIR_EL2, %0\n"
      "msr TCR_EL2, %1\n"
      "msr TTBR0_EL2, %2\n"
      "isb\n"
      "tlbi alle2\n"
      "dsb nsh\n"
      "isb\n"
      "msr SCTLR_EL2, %3\n"
      "isb"
      :
      : "r"(kMair), "r"(t.tcr), "r"(t.ttbr0), "r"(kSctlrEl2)
      : "memory");
}

}  // namespace

void turn_translation_on(const Translation& translation) {
  if (exception_level() == 2) {
    turn_on_at_el2(translation);
  } else {
    turn_on_at_el1(translation);
  }
}

void turn_guest_translation_on(const GuestTranslation& guest) {
  asm volatile(
      "mrs x9, MPIDR_EL1\n"
      "msr VMPIDR_EL2, x9\n"
      "msr VTCR_EL2, %0\n"
      "msr VTTBR_EL2, %1\n"
      "msr SCTLR_EL1, %2\n"
      "msr HCR_EL2, %3\n"
      "isb\n"
      "tlbi vmalls12e1\n"
      "dsb nsh\n"
      "isb"
      :
      : "r"(guest.vtcr), "r"(guest.vttbr), "r"(kGuestSctlr), "r"(kGuestHcr)
      : "x9", "memory");
}

void enter_guest(void (*entry)(), std::uint64_t stack) {
  constexpr std::uint64_t el1h_masked = 0x3c5;
  asm volatile(
      "msr SP_EL1, %0\n"
      "msr ELR_EL2, %1\n"
      "msr SPSR_EL2, %2\n"
      "eret"
      :
      : "r"(stack), "r"(entry), "r"(el1h_masked)
      : "memory");
  __builtin_unreachable();
}

}  // namespace bare_metal
