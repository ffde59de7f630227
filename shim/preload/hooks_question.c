/* Hooks of the questions that start from an address or are made already, for policies that refuse
 * them. What is allowed is not told: nobody learns an address by it. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "hooks_name.h"

enum { QUESTION_AT = 12, NAME_BYTES = 256, LABEL_MAX = 63 };

/* May the name of this address be asked for? */
static bool may_ask_back(enum event_call call, const void *addr, size_t len, int family,
                         int64_t failure, uint64_t caller)
{
    struct policy_verdict verdict;
    char text[INET6_ADDRSTRLEN] = "";
    size_t wanted = family == AF_INET    ? sizeof(struct in_addr)
                    : family == AF_INET6 ? sizeof(struct in6_addr)
                                         : 0;

    if (likely(!enforcing(POLICY_DNS)) || wanted == 0 || len < wanted ||
        !enforce_readable(addr, wanted))
        return true;
    struct netaddr ip = netaddr_from_bytes(addr, wanted, 0);
    if (netaddr_kind_of(&ip) == NETADDR_KIND_LOOPBACK)
        return true;
    (void)inet_ntop(family, addr, text, sizeof text);
    return name_may_ask(call, text, TEXT_IS_NAME, failure, &verdict, caller);
}

EXPORT int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
                       char *service, socklen_t service_len, int flags)
{
    bool asks = enforcing(POLICY_DNS) && !(flags & NI_NUMERICHOST) && host && host_len > 0 &&
                len >= sizeof(struct sockaddr_in) && enforce_readable(addr, sizeof *addr);

    if (asks) {
        sa_family_t family;
        memcpy(&family, addr, sizeof family);
        size_t at = family == AF_INET6 ? offsetof(struct sockaddr_in6, sin6_addr)
                                       : offsetof(struct sockaddr_in, sin_addr);
        if (!may_ask_back(EVENT_CALL_getnameinfo, (const char *)addr + at, len - at, family,
                          EAI_AGAIN, CALLER()))
            return EAI_AGAIN;
    }
    return REAL(getnameinfo)(addr, len, host, host_len, service, service_len, flags);
}

EXPORT struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
    if (!may_ask_back(EVENT_CALL_gethostbyaddr, addr, len, family, -1, CALLER()))
        return NULL;
    return REAL(gethostbyaddr)(addr, len, family);
}

EXPORT int gethostbyaddr_r(const void *addr, socklen_t len, int family, struct hostent *space,
                           char *buf, size_t size, struct hostent **host, int *error)
{
    if (!may_ask_back(EVENT_CALL_gethostbyaddr_r, addr, len, family, EAGAIN, CALLER())) {
        *host = NULL;
        *error = TRY_AGAIN;
        return EAGAIN;
    }
    return REAL(gethostbyaddr_r)(addr, len, family, space, buf, size, host, error);
}

/* One name of the list that may not be asked for refuses them all. */
EXPORT int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
    struct policy_verdict verdict;

    for (int i = 0; enforcing(POLICY_DNS) && i < count; i++)
        if (list[i] && list[i]->ar_name &&
            !(list[i]->ar_request && (list[i]->ar_request->ai_flags & AI_NUMERICHOST)) &&
            !name_may_ask(EVENT_CALL_getaddrinfo_a, list[i]->ar_name, TEXT_IS_NODE, EAI_AGAIN,
                          &verdict, CALLER()))
            return EAI_AGAIN;
    return REAL(getaddrinfo_a)(mode, list, count, event);
}

/* The name that a DNS message asks for first. */
static const char *name_in(const unsigned char *message, int len, char out[static NAME_BYTES])
{
    size_t at = QUESTION_AT, end = len > 0 ? (size_t)len : 0, n = 0;

    while (at < end && message[at] > 0 && message[at] <= LABEL_MAX && message[at] < end - at &&
           n + message[at] + 1 < NAME_BYTES) {
        if (n > 0)
            out[n++] = '.';
        memcpy(out + n, message + at + 1, message[at]);
        n += message[at];
        at += message[at] + 1u;
    }
    out[n] = '\0';
    return out;
}

static bool may_send(enum event_call call, const unsigned char *message, int len, uint64_t caller)
{
    struct policy_verdict verdict;
    char name[NAME_BYTES];

    return likely(!enforcing(POLICY_DNS)) || len <= 0 || !enforce_readable(message, (size_t)len) ||
           name_may_ask(call, name_in(message, len, name), TEXT_IS_NAME, -1, &verdict, caller);
}

#define SEND(name)                                                                                 \
    EXPORT int name(const unsigned char *message, int len, unsigned char *answer, int size)        \
    {                                                                                              \
        return may_send(EVENT_CALL_##name, message, len, CALLER())                                 \
                   ? REAL(name)(message, len, answer, size)                                        \
                   : -1;                                                                           \
    }

#define SEND_N(name)                                                                               \
    EXPORT int name(struct __res_state *state, const unsigned char *message, int len,              \
                    unsigned char *answer, int size)                                               \
    {                                                                                              \
        if (may_send(EVENT_CALL_##name, message, len, CALLER()))                                   \
            return REAL(name)(state, message, len, answer, size);                                  \
        state->res_h_errno = TRY_AGAIN;                                                            \
        return -1;                                                                                 \
    }

SEND(res_send)
SEND(__res_send)
SEND_N(res_nsend)
SEND_N(__res_nsend)
