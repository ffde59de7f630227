/*
 * Fuzz hiding in rtnetlink datagrams. The first byte chooses what is hidden and how much room there
 * is, the rest is the datagram. What comes out is walked to its end, holds nothing hidden that the
 * decoders can find, and does not change when it is filtered again.
 */
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy.h"
#include "rtnl_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

enum { OWN_PORT = 0x01010101, ERROR_BYTES = 36 };

/* Odd interfaces are hidden, or of two in four one family. */
static unsigned by_index(const void *ctx, uint32_t index)
{
    (void)ctx;
    return index % 4 == 0 ? 0 : index % 4 == 2 ? POLICY_HIDDEN_INET : POLICY_HIDDEN_LINK;
}

static unsigned by_name(const void *ctx, const char *name, size_t len)
{
    (void)ctx;
    return strnlen(name, len) > 0 && name[0] % 2 ? POLICY_HIDDEN_LINK : 0;
}

static bool by_prefix(const void *ctx, const struct netaddr *addr, unsigned bits)
{
    (void)ctx;
    return bits > 0 && addr->ip[0] % 2;
}

static uint32_t port(const void *ctx)
{
    (void)ctx;
    return OWN_PORT;
}

/* family: the message's, which an IPv4-mapped address in it does not change. */
static bool is_hidden(uint32_t index, uint8_t family)
{
    unsigned bits = POLICY_HIDDEN_LINK | (family == AF_INET ? POLICY_HIDDEN_INET : 0u);
    return index != 0 && index < INT32_MAX && (by_index(NULL, index) & bits) != 0;
}

static void must(bool fine)
{
    if (!fine)
        abort();
}

static void nothing_hidden_in(const struct rtnl_msg *msg)
{
    struct rtnl_link link;
    struct rtnl_addr addr;
    struct rtnl_route route;

    if (rtnl_decode_link(msg, &link))
        must(!is_hidden(link.index, 0) && !is_hidden(link.master, 0));
    if (rtnl_decode_addr(msg, &addr))
        must(!is_hidden(addr.index, msg->body[0]) && addr.local.ip[0] % 2 == 0);
    if (rtnl_decode_route(msg, &route)) {
        must(!is_hidden(route.oif, msg->body[0]));
        must(route.prefsrc.family == NETADDR_NONE || route.prefsrc.ip[0] % 2 == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    if (len < 1)
        return 0;
    struct rtnl_hides hides = {.index = by_index,
                               .name = by_name,
                               .prefix = by_prefix,
                               .port = port,
                               .multicast = (in[0] & 1) != 0};
    size_t n = len - 1, extra = (in[0] & 2) != 0 ? 64 : 0;
    /* Exactly as much memory as there is room: the sanitizer sees what goes past it. */
    size_t room = n + extra;
    uint8_t *bytes = malloc(room ? room : 1), *again;
    struct rtnl_filtered out, twice;
    struct rtnl_msg msg;
    size_t pos = 0, count = 0;

    memcpy(bytes, in + 1, n);
    while (rtnl_next(bytes, n, &pos, &msg) == RTNL_OK)
        (void)rtnl_filter_fate(&msg, &hides);
    must(memcmp(bytes, in + 1, n) == 0);
    rtnl_filter(bytes, n, room, &hides, &out);
    must(out.refused > 0 || out.len <= n);
    must(out.len <= n + out.refused * (size_t)ERROR_BYTES);
    if (out.len <= room) {
        for (pos = 0; rtnl_next(bytes, out.len, &pos, &msg) == RTNL_OK; count++)
            nothing_hidden_in(&msg);
        must(pos == out.len);
        again = malloc(out.len ? out.len : 1);
        memcpy(again, bytes, out.len);
        rtnl_filter(again, out.len, out.len, &hides, &twice);
        must(twice.len == out.len && memcmp(again, bytes, out.len) == 0);
        must(twice.removed == 0 && twice.refused == 0 && twice.edited == 0);
        free(again);
    }
    free(bytes);
    return 0;
}
