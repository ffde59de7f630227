/*
 * Strings from strangers: taken apart as UTF-8, and made harmless for a terminal. For programs; the
 * preload library shows nothing.
 */
#ifndef RTCSHIM_CORE_TEXT_ESCAPE_H
#define RTCSHIM_CORE_TEXT_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decode one UTF-8 character (RFC 3629) at in[0..len), len at least 1.
 *
 * Returns its length in bytes, 1 to 4, and its code point in *code; 0 where the bytes are no
 * character (overlong, surrogate, above U+10FFFF, cut short), *code unchanged.
 */
size_t text_next_char(const uint8_t *in, size_t len, uint32_t *code);

/*
 * Write in[0..len) to out as text that a terminal only prints: controls, ESC, C1, marks that change
 * direction or have no width become visible escapes (\n, \x1b, \u202e), bytes that are no UTF-8
 * become \xNN, a backslash becomes \\.
 *
 * out holds at most size bytes with its NUL; text that does not fit ends in "...", never in half a
 * character or escape. size 0 writes nothing. Returns out.
 */
char *text_escape(const char *in, size_t len, char *out, size_t size);

#endif
