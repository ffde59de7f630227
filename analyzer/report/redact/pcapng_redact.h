/*
 * A capture that can be shown to others: of each STUN message a packet is made anew, and nothing of
 * the captured one goes into it but what this header names.
 *
 * Kept: time, interface (its pseudonym), direction, protocol, ports, the message's type and length,
 * attributes' types and lengths, numbers (priorities, lifetimes, error codes, channels). Addresses
 * become their pseudonyms, also inside attributes, masked or not, and in messages within DATA and
 * ChannelData. Transaction ids, texts, nonces, tokens and tie-breakers become digests of the same
 * length: equal ones stay equal. MESSAGE-INTEGRITY, unknown attributes, padding and payloads become
 * zeros. FINGERPRINT is right where it was right. Hardware addresses are zeros, checksums are
 * right. All other packets are left out, media too.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_PCAPNG_REDACT_H
#define RTCSHIM_ANALYZER_REPORT_PCAPNG_REDACT_H

#include "note_write.h"
#include "pcapng_write.h"
#include "pseudonym.h"
#include "reader.h"

/* The section has begun. false: memory is out. */
bool pcapng_redact_capture(struct reader *reader, const struct pseudonym *names,
                           struct pcapng_writer *w, struct note_writer *notes);

/*
 * Redact a STUN message in place, as above; len is the whole message, no more. false: it is not
 * one, or its attributes are not whole; bytes are then undefined and must not be shown.
 */
bool pcapng_redact_message(const struct pseudonym *names, uint8_t *bytes, size_t len);

#endif
