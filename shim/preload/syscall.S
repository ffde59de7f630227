/*
 * syscall(), passed on with all its arguments in the registers that they came in. A number that hook_syscall_wanted[] does not name jumps to the real
 * function without a frame of ours: a clone with a stack of its own returns on that stack, where no frame of ours would be.
 */
#include "syscall_table.h"

#if defined(__x86_64__)

    .text
    .globl  syscall
    .type   syscall, @function
syscall:
    .cfi_startproc
    endbr64
    cmpq    $HOOK_SYSCALL_NUMBERS, %rdi
    jae     1f
    leaq    hook_syscall_wanted(%rip), %rax
    cmpb    $0, (%rax,%rdi)
    jne     hook_syscall            /* same arguments, the seventh still on the stack */
1:  movq    hook_syscall_real(%rip), %rax
    testq   %rax, %rax
    je      hook_syscall            /* the constructor has not run */
    jmp     *%rax
    .cfi_endproc
    .size   syscall, .-syscall

#elif defined(__aarch64__)

    .text
    .globl  syscall
    .type   syscall, %function
syscall:
    .cfi_startproc
    cmp     x0, #HOOK_SYSCALL_NUMBERS
    b.hs    1f
    adrp    x16, hook_syscall_wanted
    add     x16, x16, :lo12:hook_syscall_wanted
    ldrb    w17, [x16, x0]
    cbnz    w17, 2f
1:  adrp    x16, hook_syscall_real
    ldr     x16, [x16, :lo12:hook_syscall_real]
    cbz     x16, 2f
    br      x16
2:  b       hook_syscall
    .cfi_endproc
    .size   syscall, .-syscall

#else
#error "syscall.S knows x86-64 and arm64"
#endif

    .section .note.GNU-stack, "", %progbits
