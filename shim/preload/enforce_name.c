/* Judging questions for names: they leave through the system's resolvers, whose sockets no hook
 * sees. */
#include "enforce_judge.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* "localhost" and what is below it. */
static bool is_localhost(const char *name, size_t len)
{
    static const char local[] = "localhost";
    const size_t n = sizeof local - 1;

    if (len > 0 && name[len - 1] == '.')
        len--;
    return len >= n && strncasecmp(name + len - n, local, n) == 0 &&
           (len == n || name[len - n - 1] == '.');
}

/* A name that libc answers without asking anybody: an address, or this machine's own name. */
static bool needs_no_question(const char *name)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr in6;
    struct in_addr in;
    size_t len = strcspn(name, "%"); /* a scope may follow */

    if (len < sizeof text) {
        memcpy(text, name, len);
        text[len] = '\0';
        if (inet_pton(AF_INET6, text, &in6) == 1)
            return true;
    }
    return *name == '\0' || inet_aton(name, &in) || is_localhost(name, strlen(name));
}

bool enforce_name(const char *name, struct policy_verdict *verdict)
{
    struct netaddr resolver[POLICY_RESOLVERS_MAX];
    const struct netaddr none = {0};
    uint32_t ifindex;

    if (!name || needs_no_question(name))
        return true;
    unsigned count = policy_resolvers(shim.policy, resolver, &ifindex);
    if (count == 0)
        resolver[count++] = none;
    for (unsigned i = 0; i < count; i++) {
        if (resolver[i].family != NETADDR_NONE)
            resolver[i].port = ENFORCE_PORT_DNS;
        struct policy_subject subject = enforce_subject(POLICY_DNS, FD_UDP, 0, &none, &resolver[i],
                                                        ifindex ? ifindex : ENFORCE_NO_INTERFACE);
        *verdict = enforce_judge(&subject);
        if (verdict->action == POLICY_DENY)
            return false;
    }
    return true;
}
