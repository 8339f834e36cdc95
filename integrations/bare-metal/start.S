// Entry of both CPUs, at EL1 or EL2, and the exception vectors.

    .section .text.start, "ax"

// System registers of the exception level that we were started at: \op on the _EL1 or _EL2 name.
    .macro write_at_own_level name, value, scratch
    mrs     \scratch, CurrentEL
    cmp     \scratch, #(2 << 2)
    b.eq    .Lel2\@
    msr     \name\()_EL1, \value
    b       .Ldone\@
.Lel2\@:
    msr     \name\()_EL2, \value
.Ldone\@:
    .endm

    .global start
start:
    adrp    x1, stack_top_0
    add     x1, x1, :lo12:stack_top_0
    mov     sp, x1
    adrp    x1, bss_start
    add     x1, x1, :lo12:bss_start
    adrp    x2, bss_end
    add     x2, x2, :lo12:bss_end
1:  cmp     x1, x2
    b.hs    2f
    stp     xzr, xzr, [x1], #16
    b       1b
2:  bl      set_vectors
    bl      boot
3:  wfi
    b       3b

// CPU 1 comes here by PSCI CPU_ON.
    .global start_second
start_second:
    adrp    x1, stack_top_1
    add     x1, x1, :lo12:stack_top_1
    mov     sp, x1
    bl      set_vectors
    bl      boot_second
3:  wfi
    b       3b

set_vectors:
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    write_at_own_level VBAR, x1, x2
    isb
    ret

// What an exception finds on the stack is the struct Frame of exceptions.cpp.
    .macro enter level, handler
    sub     sp, sp, #192
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x30, [sp, #144]
    mrs     x1, ELR_\level
    mrs     x2, SPSR_\level
    stp     x1, x2, [sp, #160]
    mrs     x1, ESR_\level
    mrs     x2, FAR_\level
    mov     x0, sp
    bl      \handler
    ldp     x1, x2, [sp, #160]
    msr     ELR_\level, x1
    msr     SPSR_\level, x2
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x30, [sp, #144]
    ldp     x0, x1, [sp, #0]
    add     sp, sp, #192
    eret
    .endm

    .macro vector target
    .balign 128
    b       \target
    .endm

synchronous:
    str     x0, [sp, #-16]!
    mrs     x0, CurrentEL
    cmp     x0, #(2 << 2)
    ldr     x0, [sp], #16
    b.eq    synchronous_el2
    enter   EL1, handle_synchronous
synchronous_el2:
    enter   EL2, handle_synchronous

interrupt:
    str     x0, [sp, #-16]!
    mrs     x0, CurrentEL
    cmp     x0, #(2 << 2)
    ldr     x0, [sp], #16
    b.eq    interrupt_el2
    enter   EL1, handle_interrupt
interrupt_el2:
    enter   EL2, handle_interrupt

unexpected:
    mrs     x0, CurrentEL
    cmp     x0, #(2 << 2)
    b.eq    1f
    enter   EL1, handle_unexpected
1:  enter   EL2, handle_unexpected

    .balign 2048
vectors:
    .rept   4
    vector  unexpected
    .endr
    vector  synchronous         // current level, its own stack
    vector  interrupt
    .rept   2
    vector  unexpected
    .endr
    vector  synchronous         // from EL1 to EL2
    vector  interrupt
    .rept   6
    vector  unexpected
    .endr
