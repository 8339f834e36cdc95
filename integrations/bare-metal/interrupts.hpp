// One software-generated interrupt, from CPU 0 to CPU 1: GICv2, as virt has it.
#pragma once

namespace bare_metal {

// CPU 0, once.
void enable_distributor();

// CPU 1, at the exception level that handles its interrupts: takes them from here on. Those of a
// guest come to EL2 whatever it masks.
void accept_interrupts();

// CPU 0: interrupts CPU 1. What CPU 0 has stored before is visible to the handler.
void interrupt_other_cpu();

}  // namespace bare_metal
