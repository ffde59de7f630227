/* Puts gather.html into the program. The path is the tree's: the build runs in its root. */
    .section .rodata
    .globl gather_page
    .hidden gather_page
    .globl gather_page_bytes
    .hidden gather_page_bytes
gather_page:
    .incbin "shim/lab/gather.html"
.Lend:
    .balign 8
gather_page_bytes:
    .quad .Lend - gather_page
    .section .note.GNU-stack, "", %progbits
