/* Reads and watches the network through rtnetlink and asks the kernel for routes. */
#include "network.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <uthash.h>

#include "event_json.h"
#include "network_table.h"

enum {
    NETWORK_READ_BYTES = 32768,
    NETWORK_TIMEOUT_MS = 1000, /* for the kernel's answer, which is there when the send returns */
    NETWORK_READS_AT_ONCE =
        256 /* of one network_ready(), so that a storm of changes can't hold up the ring */
};

struct network_key {
    uint8_t dest[16], source[16];
    uint32_t mark, oif, scope;
    uint8_t family;
    uint8_t zero[3]; /* hashed and compared as bytes: no padding */
};

struct network_known {
    struct network_key key;
    struct network_answer answer;
    UT_hash_handle hh;
};

struct network {
    struct mnl_socket *monitor, *asker;
    struct network_table table;
    struct network_known *known; /* in the order of asking */
    json_t *start, *changes;
    uint64_t changes_left_out, asked, version;
    uint32_t seq;
    uid_t uid;
    bool stale; /* routes may have gone or been replaced without a message */
};

static void network_forget(struct network *network)
{
    struct network_known *entry, *next;

    network->version++;
    HASH_ITER(hh, network->known, entry, next)
    {
        /* The analyzer does not see that HASH_DEL moves the head on. */
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(network->known, entry);
        free(entry);
    }
}

static void network_tell(struct network *network, const struct network_difference *difference,
                         network_change_fn *tell, void *ctx)
{
    struct timespec now;

    if (!tell)
        return;
    json_t *change = network_difference_json(&network->table, difference);
    tell(change, ctx);
    if (json_array_size(network->changes) >= NETWORK_CHANGES_MAX) {
        network->changes_left_out++;
        json_decref(change);
        return;
    }
    /* The event may keep the change as it is, so the time goes into a copy. */
    json_t *kept = json_copy(change);
    json_decref(change);
    clock_gettime(CLOCK_REALTIME, &now);
    json_object_set_new_nocheck(
        kept, "timestamp",
        event_json_time((uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec));
    json_array_append_new(network->changes, kept);
}

void network_apply(struct network *network, const uint8_t *in, size_t len, network_change_fn *tell,
                   void *ctx)
{
    struct rtnl_msg msg;
    size_t pos = 0;

    while (rtnl_next(in, len, &pos, &msg) == RTNL_OK) {
        struct network_difference difference;
        struct rtnl_link link;

        /* Its routes go with it, and are told while it still has a name. */
        if (msg.type == RTM_DELLINK && msg.body_len > 0 && msg.body[0] == AF_UNSPEC &&
            rtnl_decode_link(&msg, &link))
            while (network_table_drop_route(&network->table, link.index, &difference))
                network_tell(network, &difference, tell, ctx);
        bool differs = network_table_apply(&network->table, &msg, &difference);

        /* The kernel is silent about the IPv4 routes that go with a link or an address, and names
         * of a replaced route only the new one. */
        if ((differs && difference.what == NETWORK_INTERFACE && difference.verb != NETWORK_ADDED) ||
            (differs && difference.what == NETWORK_ADDRESS && difference.verb == NETWORK_REMOVED) ||
            (msg.type == RTM_NEWROUTE && (msg.flags & NLM_F_REPLACE)))
            network->stale = true;
        /* A rule is not kept, but it decides which way packets go. */
        if (differs || msg.type == RTM_NEWRULE || msg.type == RTM_DELRULE)
            network_forget(network);
        if (differs)
            network_tell(network, &difference, tell, ctx);
    }
}

/* Send one request; true where the socket took it. */
static bool network_ask(struct network *network, struct nlmsghdr *request)
{
    request->nlmsg_seq = ++network->seq;
    network->asked++;
    return mnl_socket_sendto(network->asker, request, request->nlmsg_len) >= 0;
}

/* Read one kind of thing whole. false: the answer broke off. */
static bool network_dump(struct network *network, uint16_t type, network_change_fn *tell, void *ctx)
{
    uint8_t *buffer = malloc(NETWORK_READ_BYTES);
    bool whole = false;

    if (!buffer)
        return false;
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    if (type == RTM_GETLINK)
        mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
    else if (type == RTM_GETADDR)
        mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
    else
        mnl_nlmsg_put_extra_header(request, sizeof(struct rtmsg));
    if (!network_ask(network, request))
        goto out;
    for (;;) {
        ssize_t got = mnl_socket_recvfrom(network->asker, buffer, NETWORK_READ_BYTES);
        struct rtnl_msg msg;
        size_t pos = 0;

        if (got <= 0)
            goto out;
        while (rtnl_next(buffer, (size_t)got, &pos, &msg) == RTNL_OK) {
            if (msg.seq != network->seq)
                continue;
            if (msg.type == NLMSG_DONE || msg.type == NLMSG_ERROR) {
                whole = msg.type == NLMSG_DONE;
                goto out;
            }
        }
        network_apply(network, buffer, (size_t)got, tell, ctx);
    }
out:
    free(buffer);
    return whole;
}

static void network_read_all(struct network *network, network_change_fn *tell, void *ctx)
{
    struct network_difference difference;
    bool whole;

    network->table.round++;
    whole = network_dump(network, RTM_GETLINK, tell, ctx);
    whole = network_dump(network, RTM_GETADDR, tell, ctx) && whole;
    whole = network_dump(network, RTM_GETROUTE, tell, ctx) && whole;
    /* Only a whole reading says what is gone. */
    while (whole && network_table_expire(&network->table, &difference))
        network_tell(network, &difference, tell, ctx);
    network_forget(network);
    network->stale = false;
}

void network_settle(struct network *network, network_change_fn *tell, void *ctx)
{
    if (network->stale && network->asker)
        network_read_all(network, tell, ctx);
}

struct network *network_new_offline(void)
{
    struct network *network = calloc(1, sizeof *network);

    if (network)
        network->changes = json_array();
    return network;
}

struct network *network_new(uid_t uid)
{
    struct network *network = network_new_offline();
    struct timeval timeout = {.tv_sec = NETWORK_TIMEOUT_MS / 1000};
    int saved;

    if (!network)
        return NULL;
    network->uid = uid;
    network->monitor = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    network->asker = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!network->monitor || !network->asker)
        goto fail;
    /* The monitor listens before the first reading, so that no change falls between the two. */
    if (mnl_socket_bind(network->monitor,
                        RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                            RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | 1u << (RTNLGRP_IPV6_RULE - 1),
                        MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_bind(network->asker, 0, MNL_SOCKET_AUTOPID) < 0)
        goto fail;
    setsockopt(mnl_socket_get_fd(network->asker), SOL_SOCKET, SO_RCVTIMEO, &timeout,
               sizeof timeout);
    network_read_all(network, NULL, NULL);
    network->start = network_table_json(&network->table);
    return network;
fail:
    saved = errno;
    network_free(network);
    errno = saved;
    return NULL;
}

void network_free(struct network *network)
{
    if (!network)
        return;
    network_forget(network);
    network_table_free(&network->table);
    if (network->monitor)
        mnl_socket_close(network->monitor);
    if (network->asker)
        mnl_socket_close(network->asker);
    json_decref(network->start);
    json_decref(network->changes);
    free(network);
}

int network_fd(const struct network *network)
{
    return network->monitor ? mnl_socket_get_fd(network->monitor) : -1;
}

void network_ready(struct network *network, network_change_fn *tell, void *ctx)
{
    uint8_t *buffer;

    if (!network->monitor || !(buffer = malloc(NETWORK_READ_BYTES)))
        return;
    for (int i = 0; i < NETWORK_READS_AT_ONCE; i++) {
        ssize_t got = mnl_socket_recvfrom(network->monitor, buffer, NETWORK_READ_BYTES);

        if (got > 0)
            network_apply(network, buffer, (size_t)got, tell, ctx);
        else if (got < 0 && errno == ENOBUFS)
            network_read_all(network, tell, ctx);
        else if (got < 0 && errno == EINTR)
            continue;
        else
            break;
    }
    free(buffer);
}

const char *network_name_of(const struct network *network, uint32_t ifindex)
{
    return network_table_name_of(&network->table, ifindex);
}

uint32_t network_owner_of(const struct network *network, const struct netaddr *addr)
{
    bool scoped = netaddr_kind_of(addr) == NETADDR_KIND_LINK_LOCAL && addr->scope_id != 0;

    for (size_t i = 0; i < network->table.addrs; i++) {
        const struct rtnl_addr *own = &network->table.addr[i].addr;
        if (netaddr_same_ip(&own->local, addr) && (!scoped || own->index == addr->scope_id))
            return own->index;
    }
    return 0;
}

static struct network_key key_of(const struct network_lookup *lookup)
{
    struct network_key key;

    memset(&key, 0, sizeof key);
    memcpy(key.dest, lookup->dest.ip, sizeof key.dest);
    if (lookup->source.family == lookup->dest.family)
        memcpy(key.source, lookup->source.ip, sizeof key.source);
    key.mark = lookup->mark;
    key.oif = lookup->oif;
    key.scope = lookup->dest.scope_id;
    key.family = lookup->dest.family;
    return key;
}

void network_remember(struct network *network, const struct network_lookup *lookup,
                      const struct network_answer *answer)
{
    struct network_key key = key_of(lookup);
    struct network_known *entry;

    HASH_FIND(hh, network->known, &key, sizeof key, entry);
    if (!entry) {
        if (HASH_COUNT(network->known) >= NETWORK_LOOKUPS_MAX) {
            struct network_known *oldest = network->known;
            HASH_DEL(network->known, oldest);
            free(oldest);
        }
        entry = calloc(1, sizeof *entry);
        if (!entry)
            return;
        entry->key = key;
        HASH_ADD(hh, network->known, key, sizeof entry->key, entry);
    }
    entry->answer = *answer;
}

/* The kernel's answer to a lookup; not found where it refuses. */
static void network_lookup(struct network *network, const struct network_lookup *lookup,
                           struct network_answer *out)
{
    uint8_t buffer[4096];
    bool six = lookup->dest.family == NETADDR_IPV6;
    size_t width = six ? 16 : 4;
    enum netaddr_kind source = netaddr_kind_of(&lookup->source);
    uint32_t oif = lookup->oif ? lookup->oif : lookup->dest.scope_id;
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof *route);

    request->nlmsg_type = RTM_GETROUTE;
    request->nlmsg_flags = NLM_F_REQUEST;
    route->rtm_family = six ? AF_INET6 : AF_INET;
    route->rtm_dst_len = (unsigned char)(width * 8);
    mnl_attr_put(request, RTA_DST, width, lookup->dest.ip);
    if (lookup->source.family == lookup->dest.family && source != NETADDR_KIND_UNSPECIFIED) {
        route->rtm_src_len = (unsigned char)(width * 8);
        mnl_attr_put(request, RTA_SRC, width, lookup->source.ip);
    }
    if (lookup->mark)
        mnl_attr_put_u32(request, RTA_MARK, lookup->mark);
    if (oif)
        mnl_attr_put_u32(request, RTA_OIF, oif);
    mnl_attr_put_u32(request, RTA_UID, network->uid);
    if (!network_ask(network, request))
        return;
    for (;;) {
        ssize_t got = mnl_socket_recvfrom(network->asker, buffer, sizeof buffer);
        struct rtnl_msg msg;
        struct rtnl_route found;
        size_t pos = 0;

        if (got <= 0)
            return;
        while (rtnl_next(buffer, (size_t)got, &pos, &msg) == RTNL_OK) {
            if (msg.seq != network->seq)
                continue; /* left over from a question that timed out */
            if (msg.type == RTM_NEWROUTE && rtnl_decode_route(&msg, &found) &&
                found.type != RTN_UNREACHABLE && found.type != RTN_BLACKHOLE &&
                found.type != RTN_PROHIBIT) {
                out->found = found.oif != 0;
                out->oif = found.oif;
                out->prefsrc = found.prefsrc;
            }
            return;
        }
    }
}

void network_route(struct network *network, const struct network_lookup *lookup,
                   struct network_answer *out)
{
    struct network_key key = key_of(lookup);
    struct network_known *entry;

    memset(out, 0, sizeof *out);
    HASH_FIND(hh, network->known, &key, sizeof key, entry);
    if (entry) {
        *out = entry->answer;
        return;
    }
    if (!network->asker || lookup->dest.family == NETADDR_NONE)
        return;
    network_lookup(network, lookup, out);
    network_remember(network, lookup, out);
}

const struct network_table *network_table_of(const struct network *network)
{
    return &network->table;
}

uint64_t network_version(const struct network *network)
{
    return network->version;
}

uint64_t network_asked(const struct network *network)
{
    return network->asked;
}

json_t *network_json(const struct network *network)
{
    json_t *o = json_object();

    json_object_set_new_nocheck(o, "start",
                                network->start ? json_incref(network->start)
                                               : network_table_json(&network->table));
    json_object_set_nocheck(o, "changes", network->changes);
    json_object_set_new_nocheck(
        o, "left_out",
        json_integer((json_int_t)network->changes_left_out + (json_int_t)network->table.left_out));
    return o;
}
