/* Judging questions for names: they leave through the system's resolvers, whose sockets no hook
 * sees. */
#include "enforce_judge.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* A name that libc answers without asking anybody: an address, or this machine's own name.
 * "localhost." and "x.localhost" it asks for like any other. */
static bool needs_no_question(const char *name, enum enforce_text use)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr in6;
    struct in_addr in;
    size_t len = strcspn(name, "%"); /* a scope may follow */

    if (use == TEXT_IS_NAME)
        return false;
    if (len < sizeof text && (name[len] == '\0' || use == TEXT_IS_NODE)) {
        memcpy(text, name, len);
        text[len] = '\0';
        if (inet_pton(AF_INET6, text, &in6) == 1)
            return true;
    }
    /* inet_aton() takes an address with words behind it; libc asks for that. */
    return *name == '\0' || (inet_aton(name, &in) && !strpbrk(name, " \t\n\v\f\r")) ||
           strcasecmp(name, "localhost") == 0;
}

bool enforce_name(const char *name, enum enforce_text text, struct policy_verdict *verdict)
{
    struct netaddr resolver[POLICY_RESOLVERS_MAX];
    const struct netaddr none = {0};
    uint32_t ifindex;

    if (!name || needs_no_question(name, text))
        return true;
    unsigned count = policy_resolvers(shim.policy, resolver, &ifindex);
    if (count == 0)
        resolver[count++] = none;
    for (unsigned i = 0; i < count; i++) {
        if (resolver[i].family != NETADDR_NONE)
            resolver[i].port = ENFORCE_PORT_DNS;
        struct policy_subject subject;
        enforce_subject(&subject, POLICY_DNS, FD_UDP, 0, &none, &resolver[i],
                        ifindex ? ifindex : ENFORCE_NO_INTERFACE);
        *verdict = policy_judge(shim.policy, &subject);
        if (verdict->action == POLICY_DENY)
            return false;
    }
    return true;
}
