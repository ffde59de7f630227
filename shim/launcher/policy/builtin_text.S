/* Puts examples/policies into the program, a policy each. Paths are the tree's: the build runs in its root. */
    .section .rodata
    .macro policy symbol, file
    .globl \symbol
    .hidden \symbol
    .globl \symbol\()_end
    .hidden \symbol\()_end
\symbol:
    .incbin "\file"
\symbol\()_end:
    .byte 0
    .endm

    policy builtin_text_observe, "examples/policies/observe.policy"
    policy builtin_text_vpn, "examples/policies/vpn.policy"
    policy builtin_text_no_stun, "examples/policies/no-stun.policy"
    policy builtin_text_no_webrtc, "examples/policies/no-webrtc.policy"
    policy builtin_text_rfc8828_1, "examples/policies/rfc8828-1.policy"
    policy builtin_text_rfc8828_2, "examples/policies/rfc8828-2.policy"
    policy builtin_text_rfc8828_3, "examples/policies/rfc8828-3.policy"
    policy builtin_text_rfc8828_4, "examples/policies/rfc8828-4.policy"
    .section .note.GNU-stack, "", %progbits
