/*
 * A policy as text again: in the language itself, in words, and what it compiled to.
 */
#ifndef RTCSHIM_LAUNCHER_PRINTER_H
#define RTCSHIM_LAUNCHER_PRINTER_H

#include "program.h"

enum { PRINTER_LINE_BYTES = 4096 };

/* One statement in the language, without newline; parses to the same again. Cut where it does not
 * fit. Returns out. */
char *printer_statement(const struct program_statement *statement, char *out, size_t size);

/* The same in a sentence: "STUN requests to 198.51.100.0/24 are refused (as if they had been
 * sent)". */
char *printer_sentence(const struct program_statement *statement, char *out, size_t size);

/* One compiled rule, with the interfaces that it means now: "deny stun, interface not tun0 lo". */
char *printer_rule(const struct policy_table *table, uint32_t rule, char *out, size_t size);

/* "drop", "best", "ECONNREFUSED". */
char *printer_refusal(int32_t refusal, char *out, size_t size);

#endif
