/* Puts gather.html into the program. The path is the tree's: the build runs in its root. */
    .section .rodata
    .globl gather_page_start
    .hidden gather_page_start
    .globl gather_page_end
    .hidden gather_page_end
gather_page_start:
    .incbin "shim/lab/gather.html"
gather_page_end:
    .section .note.GNU-stack, "", %progbits
