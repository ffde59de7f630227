/* Fuzz the rtnetlink walk and decoders with bytes as they come off a netlink socket. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rtnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static volatile uint64_t sink;

static void look_at(const struct rtnl_msg *msg)
{
    struct rtnl_link link;
    struct rtnl_addr addr;
    struct rtnl_route route;
    struct rtnl_attr attr;
    size_t pos = 0;

    for (size_t i = 0; i < msg->body_len; i++)
        sink += msg->body[i];
    if (rtnl_decode_link(msg, &link))
        sink += strlen(link.name) + strlen(link.kind) + link.index;
    if (rtnl_decode_addr(msg, &addr)) {
        if (addr.prefix_bits > 128 || addr.local.family == NETADDR_NONE)
            abort();
        sink += addr.index;
    }
    if (rtnl_decode_route(msg, &route)) {
        if (route.dst_bits > 128 || route.src_bits > 128)
            abort();
        sink += route.oif;
    }
    sink += strlen(rtnl_type_name(msg->type));
    while (rtnl_next_attr(msg->body, msg->body_len, &pos, &attr) == RTNL_OK)
        for (size_t i = 0; i < attr.len; i++)
            sink += attr.value[i];
    if (pos > msg->body_len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    struct rtnl_msg msg;
    size_t pos = 0;
    size_t before = 0;

    while (rtnl_next(in, len, &pos, &msg) == RTNL_OK) {
        if (pos <= before || pos > len)
            abort();
        before = pos;
        look_at(&msg);
    }
    return 0;
}
