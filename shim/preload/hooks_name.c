/* Hooks of the questions for names, so that an address in a report can be given the name that the
 * page used. */
#include "after.h"

#include <netinet/in.h>
#include <string.h>

enum {
    NAME_BYTES = 256, /* a DNS name is at most 255 octets; a longer one is cut */
    ADDRESSES = 32,
};

struct answer {
    uint32_t count;
    struct netaddr addr[ADDRESSES];
};

/* EVENT_NAME's data: the name, NUL, zeros to a multiple of 8, the addresses. */
static void tell_name(enum event_call call, const char *name, const struct answer *answer,
                      int64_t result, uint64_t caller)
{
    uint8_t data[NAME_BYTES + ADDRESSES * sizeof(struct netaddr)];
    struct seen seen = {
        .call = call, .fd = -1, .result = result, .caller = caller, .flags = EVENT_OUT};
    size_t len = 0;

    if (!shim.active || !name)
        return;
    while (len < NAME_BYTES - 1 && name[len]) {
        data[len] = (uint8_t)name[len];
        len++;
    }
    do
        data[len++] = 0;
    while (len % 8);

    struct event event = emit_head(EVENT_NAME, &seen);
    event.arg = answer ? answer->count : 0;
    if (answer) {
        memcpy(data + len, answer->addr, answer->count * sizeof *answer->addr);
        len += answer->count * sizeof *answer->addr;
    }
    emit_judge(&event, POLICY_DNS, 0);
    emit_bytes(&event, data, len);
}

static void add(struct answer *answer, struct netaddr addr)
{
    if (addr.family == NETADDR_NONE || answer->count == ADDRESSES)
        return;
    for (uint32_t i = 0; i < answer->count; i++)
        if (netaddr_same_ip(&answer->addr[i], &addr))
            return;
    addr.port = 0;
    answer->addr[answer->count++] = addr;
}

EXPORT int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    int result = REAL(getaddrinfo)(name, service, hints, list);
    struct answer answer = {0};

    if (!shim.active || !name)
        return result;
    for (const struct addrinfo *i = result == 0 ? *list : NULL; i; i = i->ai_next)
        add(&answer, netaddr_from_sockaddr(i->ai_addr, i->ai_addrlen));
    int saved = errno;
    tell_name(EVENT_CALL_getaddrinfo, name, &answer, result, CALLER());
    errno = saved;
    return result;
}

static void tell_host(enum event_call call, const char *name, const struct hostent *host,
                      int64_t result, uint64_t caller)
{
    struct answer answer = {0};

    if (host)
        for (char **addr = host->h_addr_list; *addr; addr++)
            add(&answer, netaddr_from_bytes((const uint8_t *)*addr, (size_t)host->h_length, 0));
    tell_name(call, name, &answer, result, caller);
}

EXPORT struct hostent *gethostbyname(const char *name)
{
    struct hostent *host = REAL(gethostbyname)(name);
    tell_host(EVENT_CALL_gethostbyname, name, host, host ? 0 : -1, CALLER());
    return host;
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
    struct hostent *host = REAL(gethostbyname2)(name, family);
    tell_host(EVENT_CALL_gethostbyname2, name, host, host ? 0 : -1, CALLER());
    return host;
}

EXPORT int gethostbyname_r(const char *name, struct hostent *space, char *buf, size_t size,
                           struct hostent **host, int *error)
{
    int result = REAL(gethostbyname_r)(name, space, buf, size, host, error);
    tell_host(EVENT_CALL_gethostbyname_r, name, result == 0 ? *host : NULL, result, CALLER());
    return result;
}

EXPORT int gethostbyname2_r(const char *name, int family, struct hostent *space, char *buf,
                            size_t size, struct hostent **host, int *error)
{
    int result = REAL(gethostbyname2_r)(name, family, space, buf, size, host, error);
    tell_host(EVENT_CALL_gethostbyname2_r, name, result == 0 ? *host : NULL, result, CALLER());
    return result;
}

/* The resolver's own calls: the question is told, the answer stays with the program. */

#define RESOLVE(name)                                                                              \
    EXPORT int name(const char *host, int cls, int type, unsigned char *answer, int size)          \
    {                                                                                              \
        int result = REAL(name)(host, cls, type, answer, size);                                    \
        tell_name(EVENT_CALL_##name, host, NULL, result, CALLER());                                \
        return result;                                                                             \
    }

#define RESOLVE_N(name)                                                                            \
    EXPORT int name(struct __res_state *state, const char *host, int cls, int type,                \
                    unsigned char *answer, int size)                                               \
    {                                                                                              \
        int result = REAL(name)(state, host, cls, type, answer, size);                             \
        tell_name(EVENT_CALL_##name, host, NULL, result, CALLER());                                \
        return result;                                                                             \
    }

RESOLVE(res_query)
RESOLVE(__res_query)
RESOLVE(res_search)
RESOLVE(__res_search)
RESOLVE_N(res_nquery)
RESOLVE_N(__res_nquery)
RESOLVE_N(res_nsearch)
RESOLVE_N(__res_nsearch)
