/*
 * Messages in order of time. A program that captures on several interfaces at once, such as
 * dumpcap, writes what each of them gives in batches: eth0's copy of a packet may stand a quarter
 * of a second before the packet on tun0. Which one was first matters here.
 *
 * A message is held until one came that is IN_ORDER_NS younger. Memory is bounded by IN_ORDER_MAX
 * and IN_ORDER_BYTES_MAX; what is more goes on early. One thread.
 */
#ifndef RTCSHIM_ANALYZER_IN_ORDER_H
#define RTCSHIM_ANALYZER_IN_ORDER_H

#include "found.h"
#include "stun_integrity.h"

enum {
    IN_ORDER_MAX = 4096,
    IN_ORDER_BYTES_MAX = 4 << 20,
};
#define IN_ORDER_NS UINT64_C(1000000000)

/* A message or ChannelData, as tally_take() has it; all borrowed for the call. */
typedef void in_order_fn(const struct found *found, const struct stun_msg *msg,
                         enum stun_check fingerprint, uint32_t file, void *context);

struct in_order;

/* NULL where memory is out. */
struct in_order *in_order_new(in_order_fn *take, void *context);
/* What has no time, or is of another file than the ones before, waits for nothing and follows them.
 */
void in_order_put(struct in_order *o, const struct found *found, const struct stun_msg *msg,
                  enum stun_check fingerprint, uint32_t file);
/* Take all that is held. */
void in_order_flush(struct in_order *o);
/* Takes NULL; what is held is gone. */
void in_order_free(struct in_order *o);

#endif
