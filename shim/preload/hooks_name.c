/* Hooks of the questions for names, so that an address in a report can be given the name that the
 * page used. */
#include "hooks_name.h"
#include "after.h"

#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

enum {
    NAME_BYTES = 256, /* a DNS name is at most 255 octets; a longer one is cut */
    ADDRESSES = 32,
};

struct answer {
    uint32_t count;
    struct netaddr addr[ADDRESSES];
};

/* What the policy says where it says nothing. */
static const struct policy_verdict no_word = {.action = POLICY_ALLOW, .rule = POLICY_RULE_DEFAULT};

/* EVENT_NAME's data: the name, NUL, zeros to a multiple of 8, the addresses. */
static void tell_name(enum event_call call, const char *name, const struct answer *answer,
                      int64_t result, const struct policy_verdict *verdict, uint64_t caller)
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
    event.action = verdict->action;
    event.rule = verdict->rule;
    event.generation = verdict->generation
                           ? verdict->generation
                           : atomic_load_explicit(&shim.policy->generation, memory_order_relaxed);
    if (verdict->action == POLICY_DENY) {
        event.flags |= EVENT_REFUSED | EVENT_FAILED;
        event.error = ECONNREFUSED;
    }
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
    struct policy_verdict verdict = no_word;
    struct answer answer = {0};

    if (!(hints && (hints->ai_flags & AI_NUMERICHOST)) &&
        !before_name(name, TEXT_IS_NODE, &verdict)) {
        tell_name(EVENT_CALL_getaddrinfo, name, NULL, EAI_AGAIN, &verdict, CALLER());
        errno = ECONNREFUSED;
        return EAI_AGAIN;
    }
    int result = REAL(getaddrinfo)(name, service, hints, list);

    if (!shim.active || !name)
        return result;
    for (const struct addrinfo *i = result == 0 ? *list : NULL; i; i = i->ai_next)
        add(&answer, netaddr_from_sockaddr(i->ai_addr, i->ai_addrlen));
    int saved = errno;
    tell_name(EVENT_CALL_getaddrinfo, name, &answer, result, &verdict, CALLER());
    errno = saved;
    return result;
}

bool name_may_ask(enum event_call call, const char *name, enum enforce_text text, int64_t failure,
                  struct policy_verdict *verdict, uint64_t caller)
{
    *verdict = no_word;
    if (before_name(name, text, verdict))
        return true;
    tell_name(call, name, NULL, failure, verdict, caller);
    h_errno = TRY_AGAIN;
    errno = ECONNREFUSED;
    return false;
}

static void tell_host(enum event_call call, const char *name, const struct hostent *host,
                      int64_t result, const struct policy_verdict *verdict, uint64_t caller)
{
    struct answer answer = {0};

    if (host)
        for (char **addr = host->h_addr_list; *addr; addr++)
            add(&answer, netaddr_from_bytes((const uint8_t *)*addr, (size_t)host->h_length, 0));
    tell_name(call, name, &answer, result, verdict, caller);
}

EXPORT struct hostent *gethostbyname(const char *name)
{
    struct policy_verdict verdict;
    if (!name_may_ask(EVENT_CALL_gethostbyname, name, TEXT_IS_HOST, -1, &verdict, CALLER()))
        return NULL;
    struct hostent *host = REAL(gethostbyname)(name);
    tell_host(EVENT_CALL_gethostbyname, name, host, host ? 0 : -1, &verdict, CALLER());
    return host;
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
    struct policy_verdict verdict;
    if (!name_may_ask(EVENT_CALL_gethostbyname2, name, TEXT_IS_HOST, -1, &verdict, CALLER()))
        return NULL;
    struct hostent *host = REAL(gethostbyname2)(name, family);
    tell_host(EVENT_CALL_gethostbyname2, name, host, host ? 0 : -1, &verdict, CALLER());
    return host;
}

EXPORT int gethostbyname_r(const char *name, struct hostent *space, char *buf, size_t size,
                           struct hostent **host, int *error)
{
    struct policy_verdict verdict;
    if (!name_may_ask(EVENT_CALL_gethostbyname_r, name, TEXT_IS_HOST, EAGAIN, &verdict, CALLER())) {
        *host = NULL;
        *error = TRY_AGAIN;
        return EAGAIN;
    }
    int result = REAL(gethostbyname_r)(name, space, buf, size, host, error);
    tell_host(EVENT_CALL_gethostbyname_r, name, result == 0 ? *host : NULL, result, &verdict,
              CALLER());
    return result;
}

EXPORT int gethostbyname2_r(const char *name, int family, struct hostent *space, char *buf,
                            size_t size, struct hostent **host, int *error)
{
    struct policy_verdict verdict;
    if (!name_may_ask(EVENT_CALL_gethostbyname2_r, name, TEXT_IS_HOST, EAGAIN, &verdict,
                      CALLER())) {
        *host = NULL;
        *error = TRY_AGAIN;
        return EAGAIN;
    }
    int result = REAL(gethostbyname2_r)(name, family, space, buf, size, host, error);
    tell_host(EVENT_CALL_gethostbyname2_r, name, result == 0 ? *host : NULL, result, &verdict,
              CALLER());
    return result;
}

/* The resolver's own calls: the question is told, the answer stays with the program. */

#define RESOLVE(name)                                                                              \
    EXPORT int name(const char *host, int cls, int type, unsigned char *answer, int size)          \
    {                                                                                              \
        struct policy_verdict verdict;                                                             \
        if (!name_may_ask(EVENT_CALL_##name, host, TEXT_IS_NAME, -1, &verdict, CALLER()))          \
            return -1;                                                                             \
        int result = REAL(name)(host, cls, type, answer, size);                                    \
        tell_name(EVENT_CALL_##name, host, NULL, result, &verdict, CALLER());                      \
        return result;                                                                             \
    }

#define RESOLVE_N(name)                                                                            \
    EXPORT int name(struct __res_state *state, const char *host, int cls, int type,                \
                    unsigned char *answer, int size)                                               \
    {                                                                                              \
        struct policy_verdict verdict;                                                             \
        if (!name_may_ask(EVENT_CALL_##name, host, TEXT_IS_NAME, -1, &verdict, CALLER())) {        \
            state->res_h_errno = TRY_AGAIN;                                                        \
            return -1;                                                                             \
        }                                                                                          \
        int result = REAL(name)(state, host, cls, type, answer, size);                             \
        tell_name(EVENT_CALL_##name, host, NULL, result, &verdict, CALLER());                      \
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

/* "name.domain", cut where that is longer than a name can be. */
static const char *join(char out[static NAME_BYTES], const char *name, const char *domain)
{
    size_t len = 0;

    for (; name && *name && len < NAME_BYTES - 1; name++)
        out[len++] = *name;
    if (domain && len < NAME_BYTES - 1)
        out[len++] = '.';
    for (; domain && *domain && len < NAME_BYTES - 1; domain++)
        out[len++] = *domain;
    out[len] = '\0';
    return out;
}

#define RESOLVE_IN(name)                                                                           \
    EXPORT int name(const char *host, const char *domain, int cls, int type,                       \
                    unsigned char *answer, int size)                                               \
    {                                                                                              \
        struct policy_verdict verdict;                                                             \
        char whole[NAME_BYTES];                                                                    \
        if (!name_may_ask(EVENT_CALL_##name, join(whole, host, domain), TEXT_IS_NAME, -1,          \
                          &verdict, CALLER()))                                                     \
            return -1;                                                                             \
        int result = REAL(name)(host, domain, cls, type, answer, size);                            \
        tell_name(EVENT_CALL_##name, whole, NULL, result, &verdict, CALLER());                     \
        return result;                                                                             \
    }

#define RESOLVE_IN_N(name)                                                                         \
    EXPORT int name(struct __res_state *state, const char *host, const char *domain, int cls,      \
                    int type, unsigned char *answer, int size)                                     \
    {                                                                                              \
        struct policy_verdict verdict;                                                             \
        char whole[NAME_BYTES];                                                                    \
        if (!name_may_ask(EVENT_CALL_##name, join(whole, host, domain), TEXT_IS_NAME, -1,          \
                          &verdict, CALLER())) {                                                   \
            state->res_h_errno = TRY_AGAIN;                                                        \
            return -1;                                                                             \
        }                                                                                          \
        int result = REAL(name)(state, host, domain, cls, type, answer, size);                     \
        tell_name(EVENT_CALL_##name, whole, NULL, result, &verdict, CALLER());                     \
        return result;                                                                             \
    }

RESOLVE_IN(res_querydomain)
RESOLVE_IN(__res_querydomain)
RESOLVE_IN_N(res_nquerydomain)
RESOLVE_IN_N(__res_nquerydomain)
