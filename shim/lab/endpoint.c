/* Turns ADDR:PORT texts into addresses and addresses into what the socket calls take. */
#include "endpoint.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *port)
{
    char *end = NULL;
    unsigned long value;

    if (*text < '0' || *text > '9')
        return false;
    value = strtoul(text, &end, 10);
    if (*end != '\0' || value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

bool endpoint_parse(const char *text, struct netaddr *out)
{
    char ip[NETADDR_IP_TEXT_BYTES];
    const char *colon = strrchr(text, ':');
    struct netaddr addr;
    uint16_t port;
    size_t len;

    if (colon == NULL || !parse_port(colon + 1, &port))
        return false;
    len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return false; /* IPv6 without brackets: where the port begins would be a guess */
    }
    if (len >= sizeof(ip))
        return false;
    memcpy(ip, text, len);
    ip[len] = '\0';
    if (!netaddr_parse_ip(ip, &addr))
        return false;
    addr.port = port;
    *out = addr;
    return true;
}

socklen_t endpoint_to_sockaddr(const struct netaddr *addr, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (addr->family == NETADDR_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(addr->port)};

        memcpy(&in.sin_addr, addr->ip, sizeof(in.sin_addr));
        memcpy(out, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6,
        .sin6_port = htons(addr->port),
        .sin6_scope_id = addr->scope_id,
    };

    memcpy(&in6.sin6_addr, addr->ip, sizeof(in6.sin6_addr));
    memcpy(out, &in6, sizeof(in6));
    return sizeof(in6);
}

struct netaddr endpoint_of_socket(int fd)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);

    if (getsockname(fd, (struct sockaddr *)&storage, &len) != 0)
        return (struct netaddr){0};
    return netaddr_from_sockaddr((const struct sockaddr *)&storage, len);
}
