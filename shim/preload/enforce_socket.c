/* Judging connections and probes, and answering for addresses that a policy hides. */
#include "enforce_judge.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "hides.h"

/* --- TCP -------------------------------------------------------------------------------------- */

bool enforce_connect(enum event_call call, int fd, const struct sockaddr *addr, socklen_t len,
                     uint64_t caller, int *result)
{
    struct seen seen = {.call = call, .fd = fd, .word = fdtab_get(fd), .caller = caller};
    socklen_t name_len = len < sizeof(struct sockaddr_in6) ? len : sizeof(struct sockaddr_in6);
    struct policy_verdict verdict;

    if (fd_kind(seen.word) != FD_TCP && fd_kind(seen.word) != FD_UNKNOWN)
        return true;
    if (!addr || name_len < sizeof(sa_family_t) || !enforce_readable(addr, name_len))
        return true; /* the kernel can't read it either */
    seen.remote = netaddr_from_sockaddr(addr, len);
    if (seen.remote.family == NETADDR_NONE || fd_kind(enforce_word(&seen)) != FD_TCP)
        return true;
    seen.local = enforce_local(fd, seen.word);
    uint16_t topic = POLICY_CONNECT;
    for (int i = 0; i < 2; i++, topic = POLICY_DNS) {
        if (!enforcing(topic) || (topic == POLICY_DNS && seen.remote.port != ENFORCE_PORT_DNS))
            continue;
        struct policy_subject subject;
        enforce_subject(&subject, topic, seen.word, 0, &seen.local, &seen.remote, 0);
        if (enforce_judge_socket(fd, &subject, &verdict))
            continue;
        int refusal = enforce_refusal(&verdict, topic, seen.word);
        if (refusal == ENFORCE_DROP) /* a connection can't be pretended */
            refusal = ETIMEDOUT;
        enforce_tell(EVENT_CONNECT, &seen, &verdict, refusal, NULL, 0, 0);
        *result = -1;
        errno = refusal;
        return false;
    }
    return true;
}

/* --- probes ----------------------------------------------------------------------------------- */

/*
 * What a program may see instead of the local address of fd, whose peer is remote. The kernel's
 * answer is right: POLICY_ALLOW. POLICY_HIDE: *shown instead. POLICY_DENY: there is nothing that
 * may be seen.
 */
static struct policy_verdict judge_local(fd_word word, const struct netaddr *local,
                                         const struct netaddr *remote, struct netaddr *shown)
{
    struct policy_verdict verdict = {.action = POLICY_ALLOW, .rule = POLICY_RULE_DEFAULT};
    enum netaddr_kind kind = netaddr_kind_of(local);
    bool udp = fd_kind(word) == FD_UDP;
    bool found;

    if (kind == NETADDR_KIND_UNSPECIFIED && udp && (word & FD_DECOY)) {
        *shown = policy_decoy(local->family);
        verdict.action = POLICY_HIDE;
        return verdict;
    }
    if (kind == NETADDR_KIND_NONE || kind == NETADDR_KIND_UNSPECIFIED ||
        kind == NETADDR_KIND_LOOPBACK)
        return verdict;
    /* A probe asks for the way to somewhere; the resolvers are asked for names. */
    if (udp && enforcing(POLICY_PROBE) && remote->family != NETADDR_NONE &&
        netaddr_kind_of(remote) != NETADDR_KIND_LOOPBACK &&
        !(remote->port == ENFORCE_PORT_DNS && policy_is_resolver(shim.policy, remote))) {
        struct policy_subject subject;
        enforce_subject(&subject, POLICY_PROBE, word, 0, local, remote,
                        word & FD_BOUND ? fd_ifindex(word) : 0);
        verdict = policy_judge(shim.policy, &subject);
        if (verdict.action == POLICY_DENY) {
            subject.local = (struct netaddr){0};
            subject.ifindex = 0;
            struct policy_verdict elsewhere = policy_judge(shim.policy, &subject);
            found = elsewhere.action == POLICY_PIN &&
                    policy_iface_addr(shim.policy, elsewhere.ifindex, local->family, shown);
            verdict.action = found ? POLICY_HIDE : POLICY_DENY;
            return verdict;
        }
        verdict.action = POLICY_ALLOW;
    }
    if (policy_hides(shim.policy) && policy_known_addr(shim.policy, local) == POLICY_ADDR_HIDDEN) {
        found = policy_shown_addr(shim.policy, local->family, shown);
        verdict.action = found ? POLICY_HIDE : POLICY_DENY;
        verdict.refusal = POLICY_REFUSE_BEST;
        verdict.generation = atomic_load_explicit(&shim.policy->generation, memory_order_relaxed);
    }
    return verdict;
}

bool enforce_probe(enum event_call call, int fd, const struct sockaddr *addr, socklen_t len,
                   uint64_t caller, int *result)
{
    struct seen seen = {.call = call, .fd = fd, .word = fdtab_get(fd), .caller = caller};
    int saved = errno;

    if (netaddr_from_sockaddr(addr, len).family == NETADDR_NONE) /* AF_UNSPEC, AF_UNIX */
        return false;
    if ((fd_kind(seen.word) != FD_UDP && fd_kind(seen.word) != FD_UNKNOWN) ||
        fd_kind(enforce_word(&seen)) != FD_UDP)
        return false;
    fdtab_change(fd, FD_LOCAL | FD_PEER, 0);
    struct netaddr shown, local = enforce_local(fd, seen.word);
    seen.remote = enforce_peer(fd, seen.word);
    struct policy_verdict verdict = judge_local(seen.word, &local, &seen.remote, &shown);
    errno = saved;
    if (verdict.action != POLICY_DENY)
        return false; /* what it is not to see, getsockname does not show */

    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    REAL(connect)(fd, &none, sizeof none);
    fdtab_change(fd, FD_CONNECTED | FD_DNS | FD_PROBED | FD_SENT | FD_LOCAL | FD_PEER, 0);
    int refusal = enforce_refusal(&verdict, POLICY_PROBE, seen.word);
    if (refusal == ENFORCE_DROP)
        refusal = ENETUNREACH;
    enforce_tell(EVENT_CONNECT, &seen, &verdict, refusal, NULL, 0, 0);
    *result = -1;
    errno = refusal;
    return true;
}

/* --- bind ------------------------------------------------------------------------------------- */

bool enforce_bind_hidden(int fd, const struct sockaddr *addr, socklen_t len)
{
    enum fd_kind kind = fd_kind(fdtab_get(fd));
    int saved = errno;

    if (kind != FD_UDP && kind != FD_TCP && kind != FD_UNKNOWN)
        return false;
    if (!addr || len < sizeof(sa_family_t) ||
        !memory_readable(addr,
                         len < sizeof(struct sockaddr_in6) ? len : sizeof(struct sockaddr_in6)))
        return false;
    errno = saved;
    struct netaddr wanted = netaddr_from_sockaddr(addr, len);
    if (wanted.family == NETADDR_NONE || !hides_addr(&wanted))
        return false;
    errno = EADDRNOTAVAIL;
    return true;
}

int enforce_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    union {
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } any = {0};
    struct netaddr wanted, decoy;
    sa_family_t family; /* addr need not be aligned, and IPv4 may come as IPv6 */

    /* The kernel has read the address where it says that nobody here has it. */
    if (errno != EADDRNOTAVAIL)
        return -1;
    wanted = netaddr_from_sockaddr(addr, len);
    decoy = policy_decoy(wanted.family);
    if (!netaddr_same_ip(&wanted, &decoy)) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    memcpy(&family, addr, sizeof family);
    socklen_t any_len = sizeof any.in6;
    if (family == AF_INET) {
        any.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(wanted.port)};
        any_len = sizeof any.in;
    } else {
        any.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(wanted.port)};
    }
    if (REAL(bind)(fd, (struct sockaddr *)&any, any_len) != 0)
        return -1;
    if (fd_kind(fdtab_get(fd)) == FD_UDP)
        fdtab_change(fd, 0, FD_DECOY);
    return 0;
}

/* --- getsockname ------------------------------------------------------------------------------ */

/* Write shown with local's port over the answer, in the family that the socket has. */
static void answer(const struct netaddr *shown, uint16_t port, struct sockaddr *addr, size_t room)
{
    union {
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } name = {0};
    size_t len;
    sa_family_t family;

    memcpy(&family, addr, sizeof family);
    if (family == AF_INET) {
        name.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&name.in.sin_addr, shown->ip, sizeof name.in.sin_addr);
        len = sizeof name.in;
    } else {
        name.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        if (shown->family == NETADDR_IPV4) {
            memset(name.in6.sin6_addr.s6_addr + 10, 0xff, 2);
            memcpy(name.in6.sin6_addr.s6_addr + 12, shown->ip, 4);
        } else {
            memcpy(&name.in6.sin6_addr, shown->ip, sizeof name.in6.sin6_addr);
        }
        len = sizeof name.in6;
    }
    memcpy(addr, &name, room < len ? room : len);
}

bool enforce_getsockname(enum event_call call, int fd, struct sockaddr *addr, socklen_t *len,
                         socklen_t room, uint64_t caller)
{
    struct seen seen = {.call = call, .fd = fd, .word = fdtab_get(fd), .caller = caller};
    enum fd_kind kind = fd_kind(seen.word);
    struct sockaddr_storage whole;
    socklen_t whole_len = sizeof whole;
    struct netaddr shown = {0};
    int saved = errno;

    if (kind != FD_UDP && kind != FD_TCP && kind != FD_UNKNOWN)
        return false;
    if (REAL(getsockname)(fd, (struct sockaddr *)&whole, &whole_len) != 0)
        whole.ss_family = AF_UNSPEC;
    errno = saved;
    struct netaddr local = netaddr_from_sockaddr((struct sockaddr *)&whole, whole_len);
    if (local.family == NETADDR_NONE || room < sizeof(sa_family_t))
        return false;
    bool probe = kind == FD_UDP && (seen.word & FD_CONNECTED);
    if (probe)
        seen.remote = enforce_peer(fd, seen.word);
    struct policy_verdict verdict = judge_local(seen.word, &local, &seen.remote, &shown);
    errno = saved;
    if (verdict.action == POLICY_ALLOW)
        return false;
    /* Nothing may be seen: the socket has no address. */
    shown.family = local.family;
    answer(&shown, local.port, addr, room < whole_len ? room : whole_len);
    *len = whole_len;
    if ((seen.word & (FD_SENT | FD_PROBED)) == 0 && probe) {
        fdtab_change(fd, 0, FD_PROBED);
        shown.port = local.port;
        seen.flags = EVENT_OUT;
        seen.local = shown;
        struct event event = emit_head(EVENT_PROBE, &seen);
        event.action = POLICY_HIDE;
        event.rule = verdict.rule;
        event.generation = verdict.generation;
        emit_bytes(&event, NULL, 0);
    }
    return true;
}
