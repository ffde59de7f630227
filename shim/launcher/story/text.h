/*
 * Strings from strangers: made valid UTF-8 for JSON; text_escape.h makes them harmless for a
 * terminal.
 */
#ifndef RTCSHIM_LAUNCHER_TEXT_H
#define RTCSHIM_LAUNCHER_TEXT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "text_escape.h"

/* A JSON string of in[0..len), every byte that is no UTF-8 replaced by U+FFFD. New reference, NULL
 * where memory is out. */
json_t *text_json(const char *in, size_t len);

/* The same for a NUL-terminated string; JSON null for NULL and for "". */
json_t *text_json_or_null(const char *in);

/* in[0..len) as lower-case hexadecimal digits, at most max bytes of it. New reference. */
json_t *text_json_hex(const uint8_t *in, size_t len, size_t max);

#endif
