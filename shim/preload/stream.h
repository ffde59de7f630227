/*
 * STUN and TURN over TCP: finding message borders in a stream, however its segments are split and
 * joined.
 *
 * A stream that starts, or a segment that starts, with a STUN header (RFC 8489 section 6.2.2) or
 * with one behind a length of RFC 4571 gets a tracker from a fixed pool. The tracker follows the
 * lengths of STUN and ChannelData messages in both directions and tells each message once.
 */
#ifndef RTCSHIM_PRELOAD_STREAM_H
#define RTCSHIM_PRELOAD_STREAM_H

#include "emit.h"

/* Bytes went through the TCP socket of seen. */
void stream_bytes(struct seen *seen, const struct span *span);

/* Bytes were received and thrown away unseen: the incoming direction's place is lost. */
void stream_drop(int fd);

/*
 * Reference counting of a tracker, by the descriptors that name it and by the threads that look at
 * it just now; number is fd_stream(word). stream_hold() fails where the tracker has been given up
 * meanwhile. So a close in one thread never frees a tracker under another's feet.
 */
bool stream_hold(unsigned number);
void stream_release(unsigned number);

#endif
