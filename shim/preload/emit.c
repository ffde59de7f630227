/* Building event records and putting them into the ring. */
#include "emit.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "enforce_judge.h"

struct event emit_head(enum event_kind kind, const struct seen *seen)
{
    return (struct event){
        .kind = (uint16_t)kind,
        .call = (uint16_t)seen->call,
        .flags = seen->flags | (fd_kind(seen->word) == FD_UDP   ? EVENT_UDP
                                : fd_kind(seen->word) == FD_TCP ? EVENT_TCP
                                                                : 0),
        .caller = seen->caller,
        .result = seen->result,
        .fd = seen->fd,
        .error = seen->error,
        .local = seen->local,
        .remote = seen->remote,
        .rule = POLICY_RULE_DEFAULT,
        .ifindex = seen->ifindex ? seen->ifindex : fd_ifindex(seen->word),
    };
}

struct netaddr emit_destination(fd_word word, const struct sockaddr *to, socklen_t len)
{
    struct sockaddr_in ipv4;

    if (!to || fd_kind(word) == FD_TCP)
        return (struct netaddr){.family = NETADDR_NONE};
    if (fd_kind(word) != FD_UDP || (word & FD_IPV6) || len < sizeof ipv4)
        return netaddr_from_sockaddr(to, len);
    memcpy(&ipv4, to, sizeof ipv4);
    if (ipv4.sin_family == AF_UNSPEC)
        ipv4.sin_family = AF_INET;
    return netaddr_from_sockaddr((struct sockaddr *)&ipv4, sizeof ipv4);
}

struct netaddr emit_name(const struct seen *seen)
{
    socklen_t len = seen->name_len;

    /* After a receive this is the address's length; the caller's buffer may be shorter, down to
     * nothing, and only the caller knows. */
    if (len > sizeof(struct sockaddr_in6))
        len = sizeof(struct sockaddr_in6);
    if (!seen->name || !memory_readable(seen->name, len))
        return (struct netaddr){.family = NETADDR_NONE};
    return emit_destination(seen->word, seen->name, len);
}

void emit_addresses(struct event *event, const struct seen *seen)
{
    if (event->remote.family == NETADDR_NONE)
        event->remote = emit_name(seen);
    if (event->local.port == 0) {
        struct netaddr local = address_local(seen->fd);
        if (event->local.family == NETADDR_NONE)
            event->local = local;
        else
            event->local.port = local.port; /* PKTINFO told the address */
    }
    if (event->remote.family == NETADDR_NONE &&
        (fd_kind(seen->word) == FD_TCP || (seen->word & FD_CONNECTED) ||
         fd_kind(seen->word) == FD_UNKNOWN))
        event->remote = address_peer(seen->fd);
    if (seen->word & FD_MARKED) {
        socklen_t len = sizeof event->mark;
        int saved = errno;
        if (getsockopt(seen->fd, SOL_SOCKET, SO_MARK, &event->mark, &len) != 0)
            event->mark = 0;
        errno = saved;
    }
}

/* The verdict that let this message go, if it was the last one of this thread's. */
static bool take_allowed(const struct event *event, unsigned topic, unsigned type,
                         struct policy_verdict *verdict)
{
    if (shim_thread.allowed.fd_and_one != event->fd + 1 || shim_thread.allowed.topic != topic ||
        shim_thread.allowed.type != type)
        return false;
    *verdict = shim_thread.allowed.verdict;
    shim_thread.allowed.fd_and_one = 0;
    return verdict->generation == event->generation;
}

void emit_judge(struct event *event, uint16_t topic, unsigned stun_type)
{
    fd_word word = fdtab_get(event->fd) & ~FD_KIND_MASK;

    event->action = POLICY_ALLOW;
    event->rule = POLICY_RULE_DEFAULT;
    event->generation = atomic_load_explicit(&shim.policy->generation, memory_order_relaxed);
    if (!enforcing(topic) || topic == POLICY_PROBE || (event->flags & EVENT_IN))
        return;
    struct policy_verdict verdict;
    if (!take_allowed(event, topic, stun_type, &verdict)) {
        word |= event->flags & EVENT_TCP ? FD_TCP : FD_UDP;
        struct policy_subject subject;
        enforce_subject(&subject, topic, word, stun_type, &event->local, &event->remote,
                        event->ifindex);
        verdict = policy_judge(shim.policy, &subject);
    }
    event->rule = verdict.rule;
    event->generation = verdict.generation;
    if (verdict.action == POLICY_DENY)
        event->action = POLICY_DENY;
    else if (word & FD_PINNED)
        event->action = POLICY_PIN;
}

void emit(struct event *event, const struct span *data)
{
    struct ring_slot slot;
    struct timespec now;
    size_t len = data->len;
    int saved = errno;

    if (!shim.active)
        return;
    if (event->full_len < len)
        event->full_len = (uint32_t)len;
    if (len > EVENT_DATA_MAX)
        len = EVENT_DATA_MAX;
    if (len < event->full_len)
        event->flags |= EVENT_CUT;
    event->data_len = (uint32_t)len;
    event->process = identity_process();
    event->tid = identity_thread();
    clock_gettime(CLOCK_REALTIME, &now);
    event->time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (event->ifindex)
        event->flags |= EVENT_SOURCE_PINNED;
    if (ring_reserve(&shim.ring, event->process, sizeof *event + len, &slot)) {
        memcpy(slot.data, event, sizeof *event);
        span_copy(data, 0, slot.data + sizeof *event, len);
        ring_commit(&shim.ring, &slot);
    }
    errno = saved;
}

void emit_bytes(struct event *event, const void *data, size_t len)
{
    struct iovec iov = {(void *)(uintptr_t)data, len};
    emit(event, &(struct span){&iov, 1, 0, len});
}

void emit_process(const struct event_process *process)
{
    struct event event = emit_head(EVENT_PROCESS, &(struct seen){.fd = -1});
    emit_bytes(&event, process, sizeof *process);
}
