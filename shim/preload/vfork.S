/*
 * vfork, which no C function can stand in front of: the child returns from it first, on the parent's stack, and overwrites the frame that the
 * parent would come back to. So the return address is kept in thread storage, the stack is left as the caller had it, and the real
 * vfork is called with an empty frame. There is one such place a thread, so a nested vfork goes straight to the real one: its caller's notes are
 * there already.
 */
#if defined(__x86_64__)

    .text
    .globl  vfork
    .type   vfork, @function
    .globl  __vfork
    .type   __vfork, @function
vfork:
__vfork:
    .cfi_startproc
    endbr64
    movq    (%rsp), %rdi            /* the caller's return address */
    subq    $8, %rsp                /* calls below need 16-byte alignment */
    .cfi_adjust_cfa_offset 8
    call    vfork_enter             /* rax = the real vfork, rdx = nested */
    addq    $8, %rsp
    .cfi_adjust_cfa_offset -8
    testq   %rdx, %rdx
    jne     1f
    addq    $8, %rsp                /* drop the return address too: its place is the caller's now */
    .cfi_remember_state
    .cfi_adjust_cfa_offset -8
    call    *%rax                   /* returns twice */
    pushq   %rax                    /* the child's and the parent's result; child first, on this same stack */
    .cfi_adjust_cfa_offset 8
    subq    $8, %rsp
    .cfi_adjust_cfa_offset 8
    movq    %rax, %rdi
    call    vfork_leave             /* rax = where to go */
    movq    %rax, %rcx
    addq    $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq    %rax
    .cfi_adjust_cfa_offset -8
    jmp     *%rcx
1:  .cfi_restore_state
    jmp     *%rax
    .cfi_endproc
    .size   vfork, .-vfork

#elif defined(__aarch64__)

    .text
    .globl  vfork
    .type   vfork, %function
    .globl  __vfork
    .type   __vfork, %function
vfork:
__vfork:
    .cfi_startproc
    mov     x0, x30                 /* the caller's return address */
    stp     x29, x30, [sp, #-16]!
    .cfi_adjust_cfa_offset 16
    bl      vfork_enter             /* x0 = the real vfork, x1 = nested */
    ldp     x29, x30, [sp], #16
    .cfi_adjust_cfa_offset -16
    cbnz    x1, 1f
    blr     x0                      /* returns twice */
    stp     x0, x29, [sp, #-16]!
    .cfi_adjust_cfa_offset 16
    bl      vfork_leave             /* x0 = where to go */
    mov     x16, x0
    ldp     x0, x29, [sp], #16
    .cfi_adjust_cfa_offset -16
    mov     x30, x16
    ret     x16
1:  mov     x16, x0                 /* a branch through x16 may land where a call may */
    br      x16
    .cfi_endproc
    .size   vfork, .-vfork

#else
#error "vfork.S knows x86-64 and arm64"
#endif

    .section .note.GNU-stack, "", %progbits
