/*
 * Text in lines of a width, for a terminal: what is quoted in it can do nothing but appear.
 */
#ifndef RTCSHIM_ANALYZER_PARAGRAPH_H
#define RTCSHIM_ANALYZER_PARAGRAPH_H

#include <stdbool.h>
#include <stdio.h>

enum paragraph_style { PLAIN, STRONG, BAD, DOUBTFUL, GOOD, FAINT };

struct paragraphs {
    FILE *out;
    unsigned width; /* columns; 0: lines are not broken */
    bool colour;
    bool failed; /* memory was out, or a write failed */
};

/*
 * A label in its style, then text, whose further lines begin in the column where it begins. indent:
 * blanks in front. Both are made harmless; lines are broken at blanks alone, and a word that is
 * longer than a line stands on its own.
 */
void paragraph(struct paragraphs *p, unsigned indent, enum paragraph_style style, const char *label,
               const char *text);
/* The same with printf()'s format for the text. */
__attribute__((format(printf, 5, 6))) void paragraph_format(struct paragraphs *p, unsigned indent,
                                                            enum paragraph_style style,
                                                            const char *label, const char *format,
                                                            ...);
/* A heading with an empty line before it. */
void paragraph_heading(struct paragraphs *p, const char *text);
void paragraph_blank(struct paragraphs *p);

#endif
