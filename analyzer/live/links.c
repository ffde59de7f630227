/* A table of the machine's interfaces, fed by rtnetlink. */
#include "links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rtnl.h"

enum {
    RECEIVE_BYTES = 32768, /* the kernel fills what a dump offers it, up to this */
    ANSWER_TIMEOUT_MS = 2000,
};

struct links {
    struct mnl_socket *socket;
    uint32_t seq;
    struct link *links; /* sorted by index */
    size_t count, room;
    uint8_t buf[RECEIVE_BYTES];
};

static size_t place_of(const struct links *links, uint32_t index)
{
    size_t low = 0, high = links->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (links->links[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct link *find(const struct links *links, uint32_t index)
{
    size_t at = place_of(links, index);
    return at < links->count && links->links[at].index == index ? &links->links[at] : NULL;
}

static struct link *insert(struct links *links, const struct link *link)
{
    size_t at = place_of(links, link->index);
    if (links->count == LINKS_MAX)
        return NULL;
    if (links->count == links->room) {
        size_t room = links->room ? 2 * links->room : 64;
        struct link *grown = realloc(links->links, room * sizeof(*grown));
        if (!grown)
            return NULL;
        links->links = grown;
        links->room = room;
    }
    memmove(links->links + at + 1, links->links + at, (links->count - at) * sizeof(*link));
    links->links[at] = *link;
    links->count++;
    return &links->links[at];
}

/* --- what the kernel says --------------------------------------------------------------------- */

/* IFLA_STATS64: what the card had no room for. What the stack dropped later was captured before. */
static uint64_t dropped_of(const struct rtnl_msg *msg)
{
    struct rtnl_attr attr;
    size_t pos = sizeof(struct ifinfomsg);
    struct rtnl_link_stats64 stats = {0};
    while (rtnl_next_attr(msg->body, msg->body_len, &pos, &attr) == RTNL_OK) {
        if (attr.type != IFLA_STATS64)
            continue;
        memcpy(&stats, attr.value, attr.len < sizeof(stats) ? attr.len : sizeof(stats));
    }
    return stats.rx_missed_errors + stats.rx_fifo_errors;
}

static void tell_change(const struct link *old, const struct link *now, links_fn *tell,
                        void *context)
{
    if (!tell)
        return;
    if (!old)
        tell(now, LINKS_CAME, context);
    else if (strcmp(old->name, now->name) != 0)
        tell(now, LINKS_RENAMED, context);
    if ((now->flags & IFF_UP) && !(old && (old->flags & IFF_UP)))
        tell(now, LINKS_UP, context);
    else if (!(now->flags & IFF_UP) && old && (old->flags & IFF_UP))
        tell(now, LINKS_DOWN, context);
}

static void take_link(struct links *links, const struct rtnl_msg *msg, links_fn *tell,
                      void *context)
{
    struct rtnl_link said;
    struct link now = {0};
    struct link *known;
    /* Of another family it is news of a bridge's port, not of an interface. */
    if (msg->body_len == 0 || msg->body[0] != AF_UNSPEC)
        return;
    if (!rtnl_decode_link(msg, &said) || said.index == 0)
        return;
    known = find(links, said.index);
    if (msg->type == RTM_DELLINK) {
        if (!known)
            return;
        now = *known;
        memmove(known, known + 1,
                (size_t)(links->links + links->count - known - 1) * sizeof(*known));
        links->count--;
        if (tell)
            tell(&now, LINKS_GONE, context);
        return;
    }
    now.index = said.index;
    now.flags = said.flags;
    now.dropped = dropped_of(msg);
    memcpy(now.name, said.name, sizeof(now.name));
    if (known) {
        struct link old = *known;
        *known = now;
        tell_change(&old, &now, tell, context);
    } else if (insert(links, &now)) {
        tell_change(NULL, &now, tell, context);
    }
}

/* Asks for all interfaces; the answers are taken as they come. */
static bool ask(struct links *links)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg body;
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = ++links->seq},
        .body = {.ifi_family = AF_UNSPEC},
    };
    return mnl_socket_sendto(links->socket, &request, sizeof(request)) >= 0;
}

/*
 * One read. false: there is nothing more now. *done: the answer to the last question is complete.
 * Where the socket's buffer ran over, notices are lost; then everything is asked for again.
 */
static bool receive(struct links *links, links_fn *tell, void *context, bool *done)
{
    struct sockaddr_nl from = {0};
    socklen_t from_len = sizeof(from);
    struct rtnl_msg msg;
    size_t pos = 0;
    ssize_t n = recvfrom(mnl_socket_get_fd(links->socket), links->buf, sizeof(links->buf),
                         MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
    if (n < 0) {
        if (errno == ENOBUFS)
            return ask(links);
        return errno == EINTR;
    }
    if (from.nl_pid != 0) /* not from the kernel */
        return true;
    while (rtnl_next(links->buf, (size_t)n, &pos, &msg) == RTNL_OK) {
        if (msg.type == RTM_NEWLINK || msg.type == RTM_DELLINK)
            take_link(links, &msg, tell, context);
        else if ((msg.type == NLMSG_DONE || msg.type == NLMSG_ERROR) && msg.seq == links->seq)
            *done = true;
    }
    return true;
}

/* --- the table -------------------------------------------------------------------------------- */

/* Ask, and wait for the whole answer. */
static bool ask_and_wait(struct links *links)
{
    struct pollfd ready = {.fd = mnl_socket_get_fd(links->socket), .events = POLLIN};
    bool done = false;
    if (!ask(links))
        return false;
    while (!done) {
        if (receive(links, NULL, NULL, &done) || done)
            continue;
        int n = poll(&ready, 1, ANSWER_TIMEOUT_MS);
        if (n == 0)
            errno = ETIMEDOUT;
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
    }
    return true;
}

struct links *links_open(void)
{
    struct links *links = calloc(1, sizeof(*links));
    int saved;
    if (!links)
        return NULL;
    links->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (links->socket && mnl_socket_bind(links->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) == 0 &&
        ask_and_wait(links))
        return links;
    saved = errno;
    links_close(links);
    errno = saved;
    return NULL;
}

int links_fd(const struct links *links)
{
    return mnl_socket_get_fd(links->socket);
}

void links_update(struct links *links, links_fn *tell, void *context)
{
    bool done = false;
    while (receive(links, tell, context, &done))
        ;
}

void links_refresh(struct links *links)
{
    (void)ask_and_wait(links);
}

const struct link *links_by_index(const struct links *links, uint32_t index)
{
    return find(links, index);
}

const struct link *links_by_name(const struct links *links, const char *name)
{
    for (size_t i = 0; i < links->count; i++)
        if (strcmp(links->links[i].name, name) == 0)
            return &links->links[i];
    return NULL;
}

const struct link *links_at(const struct links *links, size_t i)
{
    return i < links->count ? &links->links[i] : NULL;
}

void links_close(struct links *links)
{
    if (!links)
        return;
    if (links->socket)
        (void)mnl_socket_close(links->socket);
    free(links->links);
    free(links);
}
