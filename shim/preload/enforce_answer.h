/*
 * STUN answers that show a hidden address.
 *
 * A message with one is made an answer to nothing: its transaction id is inverted in the caller's
 * buffer, so that the agent drops it as if it had been lost. Where the header has been handed on
 * before, as can happen in a TCP stream, the address itself is blanked.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_ANSWER_H
#define RTCSHIM_PRELOAD_ENFORCE_ANSWER_H

#include "enforce_receive.h"

/* Edit what was received, also what was only peeked at. Async-signal-safe. */
void enforce_answer(const struct received *received);

/* This message was edited like that. Only where its header and its address are here. */
bool enforce_answer_was_hidden(const uint8_t *bytes, size_t len);

#endif
