/*
 * From the text of a policy to a program. Every line is read, so that all mistakes are told at
 * once; each with its place and, where one can be guessed, what was meant.
 */
#ifndef RTCSHIM_LAUNCHER_PARSER_H
#define RTCSHIM_LAUNCHER_PARSER_H

#include "program.h"

enum { PARSER_NOTES_MAX = 20, PARSER_NOTE_BYTES = 256 };

struct parser_note {
    unsigned line, column; /* from 1; column in characters */
    bool warning;          /* the line is understood, and does nothing or not what it seems to */
    char message[PARSER_NOTE_BYTES];
    char hint[PARSER_NOTE_BYTES]; /* "" none */
};

struct parser_report {
    struct parser_note note[PARSER_NOTES_MAX]; /* in the order of the lines, errors first told */
    size_t notes;
    size_t errors; /* also those past PARSER_NOTES_MAX */
};

/*
 * Parse text[0..len), which need not end in a NUL. true: *out is the caller's to program_free();
 * false: *out is empty and report has errors. report is written in both cases.
 */
bool parser_parse(const char *text, size_t len, struct program *out, struct parser_report *report);

/* Line `line` of text, without its end; its length, 0 where there is none. */
size_t parser_line(const char *text, size_t len, unsigned line, const char **start);

#endif
