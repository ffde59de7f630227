/* Questions to inet_diag, and what of the answer is believed. */
#include "sock_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    QUESTION_BYTES = 256, /* more than header and question take */
    ANSWER_BYTES = 8192,
    ANSWERS_MAX = 16, /* of earlier questions, before that to this one */
    WAIT_MS = 200,    /* the kernel answers within the call; this is against waiting for ever */
};

struct sock_owner {
    struct mnl_socket *socket;
    uint32_t seq;
};

struct sock_owner *sock_owner_new(void)
{
    struct sock_owner *owner = calloc(1, sizeof(*owner));
    struct timeval wait = {.tv_usec = WAIT_MS * 1000L};

    if (!owner)
        return NULL;
    owner->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    if (owner->socket && mnl_socket_bind(owner->socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
        setsockopt(mnl_socket_get_fd(owner->socket), SOL_SOCKET, SO_RCVTIMEO, &wait,
                   sizeof(wait)) == 0)
        return owner;
    sock_owner_free(owner);
    return NULL;
}

void sock_owner_free(struct sock_owner *owner)
{
    int saved = errno;

    if (owner && owner->socket)
        (void)mnl_socket_close(owner->socket);
    free(owner);
    errno = saved;
}

static void put_end(const struct netaddr *addr, __be32 ip[static 4], __be16 *port)
{
    memcpy(ip, addr->ip, addr->family == NETADDR_IPV4 ? 4 : 16);
    *port = htons(addr->port);
}

/*
 * The kernel looks for a UDP socket as for a packet that comes in, so that the ends change places
 * in the question ("swapped for historical reasons", net/ipv4/udp_diag.c); for TCP they do not. In
 * answers they never do.
 */
static bool send_question(struct sock_owner *owner, const struct netaddr *local,
                          const struct netaddr *remote, bool tcp, uint32_t ifindex)
{
    _Alignas(struct nlmsghdr) char buffer[QUESTION_BYTES];
    struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
    struct inet_diag_req_v2 *question = mnl_nlmsg_put_extra_header(head, sizeof(*question));

    head->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    head->nlmsg_flags = NLM_F_REQUEST;
    head->nlmsg_seq = ++owner->seq;
    question->sdiag_family = local->family == NETADDR_IPV4 ? AF_INET : AF_INET6;
    question->sdiag_protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP;
    question->idiag_states = UINT32_MAX;
    put_end(tcp ? local : remote, question->id.idiag_src, &question->id.idiag_sport);
    put_end(tcp ? remote : local, question->id.idiag_dst, &question->id.idiag_dport);
    question->id.idiag_if = ifindex;
    question->id.idiag_cookie[0] = question->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return mnl_socket_sendto(owner->socket, head, head->nlmsg_len) == (ssize_t)head->nlmsg_len;
}

/* The socket found is this flow's: a listener of that port would be found too, or a UDP socket that
 * is connected to somebody else. */
static bool is_meant(const struct inet_diag_msg *answer, const struct netaddr *local,
                     const struct netaddr *remote, bool tcp)
{
    uint16_t far = ntohs(answer->id.idiag_dport);

    return ntohs(answer->id.idiag_sport) == local->port &&
           (far == remote->port || (far == 0 && !tcp));
}

bool sock_owner_ask(struct sock_owner *owner, const struct netaddr *local,
                    const struct netaddr *remote, bool tcp, uint32_t ifindex,
                    struct sock_owner_found *out)
{
    _Alignas(struct nlmsghdr) char buffer[ANSWER_BYTES];

    if (local->family == NETADDR_NONE || local->family != remote->family ||
        !send_question(owner, local, remote, tcp, ifindex))
        return false;
    for (int i = 0; i < ANSWERS_MAX; i++) {
        ssize_t n = mnl_socket_recvfrom(owner->socket, buffer, sizeof(buffer));
        const struct nlmsghdr *head = (const void *)buffer;
        const struct inet_diag_msg *answer;

        if (n < 0 || !mnl_nlmsg_ok(head, (int)n))
            return false;
        if (head->nlmsg_seq != owner->seq)
            continue; /* of a question that was given up */
        if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            mnl_nlmsg_get_payload_len(head) < sizeof(*answer))
            return false;
        answer = mnl_nlmsg_get_payload(head);
        if (!is_meant(answer, local, remote, tcp))
            return false;
        *out = (struct sock_owner_found){.inode = answer->idiag_inode, .uid = answer->idiag_uid};
        return true;
    }
    return false;
}
