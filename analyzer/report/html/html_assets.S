/* Puts the page's template, style and script into the program. Paths are the tree's: the build runs in its root. */
    .section .rodata
    .macro begin symbol
    .globl \symbol
    .hidden \symbol
    .globl \symbol\()_end
    .hidden \symbol\()_end
\symbol:
    .endm
    .macro finish symbol
\symbol\()_end:
    .byte 0
    .endm

    begin html_template
    .incbin "analyzer/report/html/report.html"
    finish html_template

    begin html_style
    .incbin "analyzer/report/html/page.css"
    .incbin "analyzer/report/html/figures.css"
    .incbin "analyzer/report/html/print.css"
    finish html_style

    begin html_script
    .incbin "analyzer/report/html/data.js"
    .incbin "analyzer/report/html/table.js"
    .incbin "analyzer/report/html/lanes.js"
    .incbin "analyzer/report/html/timeline.js"
    .incbin "analyzer/report/html/timeline_hands.js"
    .incbin "analyzer/report/html/paths.js"
    .incbin "analyzer/report/html/main.js"
    finish html_script
    .section .note.GNU-stack, "", %progbits
