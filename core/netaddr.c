/* Transport addresses: from the kernel's forms and from text, as text, and what kind of address it
 * is. */
#include "netaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "bytes.h"

enum {
    IPV6_GROUPS = 8,
    /* The kernel takes an IPv6 socket address without its scope (RFC 2133's struct), so this does
       too. */
    SOCKADDR_IN6_BYTES_MIN = offsetof(struct sockaddr_in6, sin6_scope_id),
};

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Addresses that mean something on one link alone: link-local ones, and groups of one interface or
 * one link. Of these alone the kernel reads the scope. */
static bool has_scope(const uint8_t *ip)
{
    return (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) ||
           (ip[0] == 0xff && ((ip[1] & 0x0f) == 1 || (ip[1] & 0x0f) == 2));
}

/* IPv4 is put together in place: a copy of four bytes just written would wait for them. */
struct netaddr netaddr_from_bytes(const uint8_t *ip, size_t len, uint16_t port)
{
    struct netaddr addr = {.family = NETADDR_NONE};
    if (len == 16 && memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        ip += sizeof(mapped_prefix);
        len = 4;
    }
    if (len == 4)
        return (struct netaddr){
            .ip = {ip[0], ip[1], ip[2], ip[3]}, .port = port, .family = NETADDR_IPV4};
    if (len != 16)
        return addr;
    memcpy(addr.ip, ip, len);
    addr.family = NETADDR_IPV6;
    addr.port = port;
    return addr;
}

struct netaddr netaddr_from_sockaddr(const struct sockaddr *sa, size_t len)
{
    struct netaddr addr = {.family = NETADDR_NONE};
    const uint8_t *bytes = (const uint8_t *)sa;
    sa_family_t family;
    if (!bytes || len < offsetof(struct sockaddr, sa_family) + sizeof(family))
        return addr;
    memcpy(&family, bytes + offsetof(struct sockaddr, sa_family), sizeof(family));
    if (family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        return netaddr_from_bytes(bytes + offsetof(struct sockaddr_in, sin_addr), 4,
                                  be16(bytes + offsetof(struct sockaddr_in, sin_port)));
    }
    if (family == AF_INET6 && len >= SOCKADDR_IN6_BYTES_MIN) {
        addr = netaddr_from_bytes(bytes + offsetof(struct sockaddr_in6, sin6_addr), 16,
                                  be16(bytes + offsetof(struct sockaddr_in6, sin6_port)));
        if (len >= sizeof(struct sockaddr_in6) && addr.family == NETADDR_IPV6 && has_scope(addr.ip))
            memcpy(&addr.scope_id, bytes + offsetof(struct sockaddr_in6, sin6_scope_id),
                   sizeof(addr.scope_id));
    }
    return addr;
}

/* A decimal interface index, nothing else: no sign, no space, no name. */
static bool parse_scope(const char *text, uint32_t *out)
{
    uint64_t scope = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        scope = scope * 10 + (uint64_t)(*text - '0');
        if (scope > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)scope;
    return true;
}

bool netaddr_parse_ip(const char *text, struct netaddr *out)
{
    char ip_text[INET6_ADDRSTRLEN];
    uint8_t ip[16];
    struct netaddr addr;
    size_t len = strcspn(text, "%");
    if (len >= sizeof(ip_text))
        return false;
    memcpy(ip_text, text, len);
    ip_text[len] = '\0';
    if (inet_pton(AF_INET, ip_text, ip) == 1)
        addr = netaddr_from_bytes(ip, 4, 0);
    else if (inet_pton(AF_INET6, ip_text, ip) == 1)
        addr = netaddr_from_bytes(ip, 16, 0);
    else
        return false;
    /* A scope says something about an address of one link only. */
    if (text[len] == '%' && (addr.family != NETADDR_IPV6 || !has_scope(addr.ip) ||
                             !parse_scope(text + len + 1, &addr.scope_id)))
        return false;
    *out = addr;
    return true;
}

/* Digits by hand, not by snprintf(): a capture's decoder writes a million addresses a second. */
static size_t put_decimal(char *out, uint32_t value)
{
    char digits[10];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

static size_t put_hex16(char *out, uint16_t value)
{
    size_t at = 0;
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        unsigned digit = (uint32_t)value >> shift & 15u;
        if (digit != 0 || at != 0 || shift == 0)
            out[at++] = "0123456789abcdef"[digit];
    }
    return at;
}

static size_t put_ipv4(char *out, const uint8_t *ip)
{
    size_t at = put_decimal(out, ip[0]);
    for (size_t i = 1; i < 4; i++) {
        out[at++] = '.';
        at += put_decimal(out + at, ip[i]);
    }
    return at;
}

/*
 * RFC 5952 section 4: lower case, no leading zeros, the first of the longest runs of at least two
 * zero groups as "::". Not inet_ntop(): it writes the last 32 bits of ::/96 as IPv4, which section
 * 5 keeps for prefixes that are known to hold one.
 */
static size_t put_ipv6(char *out, const uint8_t *ip)
{
    size_t best = IPV6_GROUPS;
    size_t best_len = 1;
    for (size_t i = 0; i < IPV6_GROUPS;) {
        size_t end = i;
        while (end < IPV6_GROUPS && be16(ip + 2 * end) == 0)
            end++;
        if (end - i > best_len) {
            best = i;
            best_len = end - i;
        }
        i = end + 1;
    }
    size_t at = 0;
    for (size_t i = 0; i < IPV6_GROUPS; i++) {
        if (i == best) {
            out[at++] = ':';
            i += best_len - 1;
            if (i == IPV6_GROUPS - 1)
                out[at++] = ':';
            continue;
        }
        if (i > 0)
            out[at++] = ':';
        at += put_hex16(out + at, be16(ip + 2 * i));
    }
    return at;
}

size_t netaddr_put_ip(const struct netaddr *addr, char out[static NETADDR_IP_TEXT_BYTES])
{
    size_t at = 0;
    if (addr->family == NETADDR_IPV4) {
        at = put_ipv4(out, addr->ip);
    } else if (addr->family == NETADDR_IPV6) {
        at = put_ipv6(out, addr->ip);
        if (addr->scope_id != 0) {
            out[at++] = '%';
            at += put_decimal(out + at, addr->scope_id);
        }
    } else {
        out[at++] = '-';
    }
    out[at] = '\0';
    return at;
}

char *netaddr_format_ip(const struct netaddr *addr, char *buf, size_t size)
{
    char text[NETADDR_IP_TEXT_BYTES];
    size_t len = netaddr_put_ip(addr, text);
    if (size == 0)
        return buf;
    if (len > size - 1)
        len = size - 1;
    memcpy(buf, text, len);
    buf[len] = '\0';
    return buf;
}

char *netaddr_format(const struct netaddr *addr, char *buf, size_t size)
{
    char ip[NETADDR_IP_TEXT_BYTES];
    netaddr_format_ip(addr, ip, sizeof(ip));
    if (addr->family == NETADDR_IPV4)
        snprintf(buf, size, "%s:%u", ip, (unsigned)addr->port);
    else if (addr->family == NETADDR_IPV6)
        snprintf(buf, size, "[%s]:%u", ip, (unsigned)addr->port);
    else
        snprintf(buf, size, "%s", ip);
    return buf;
}

struct kind_row {
    uint8_t ip[16];
    uint8_t family;
    uint8_t bits;
    uint8_t kind;
};

/* First match wins. */
static const struct kind_row kind_rows[] = {
    {{0}, NETADDR_IPV4, 8, NETADDR_KIND_UNSPECIFIED}, /* RFC 1122: 0.0.0.0/8 is "this network" */
    {{127}, NETADDR_IPV4, 8, NETADDR_KIND_LOOPBACK},
    {{169, 254}, NETADDR_IPV4, 16, NETADDR_KIND_LINK_LOCAL},
    {{10}, NETADDR_IPV4, 8, NETADDR_KIND_PRIVATE},
    {{172, 16}, NETADDR_IPV4, 12, NETADDR_KIND_PRIVATE},
    {{192, 168}, NETADDR_IPV4, 16, NETADDR_KIND_PRIVATE},
    {{192, 0, 0},
     NETADDR_IPV4,
     24,
     NETADDR_KIND_PRIVATE}, /* RFC 7335: a phone's own side of NAT64 */
    {{198, 18},
     NETADDR_IPV4,
     15,
     NETADDR_KIND_PRIVATE}, /* RFC 2544; VPN clients number tunnels from it */
    {{100, 64}, NETADDR_IPV4, 10, NETADDR_KIND_SHARED},
    {{224}, NETADDR_IPV4, 4, NETADDR_KIND_MULTICAST},
    {{255, 255, 255, 255}, NETADDR_IPV4, 32, NETADDR_KIND_MULTICAST},
    {{0}, NETADDR_IPV4, 0, NETADDR_KIND_PUBLIC},
    {{0}, NETADDR_IPV6, 128, NETADDR_KIND_UNSPECIFIED},
    {{[15] = 1}, NETADDR_IPV6, 128, NETADDR_KIND_LOOPBACK},
    {{0xfe, 0x80}, NETADDR_IPV6, 10, NETADDR_KIND_LINK_LOCAL},
    {{0xfe, 0xc0},
     NETADDR_IPV6,
     10,
     NETADDR_KIND_ULA}, /* site-local, what ULA replaced (RFC 3879) */
    {{0xfc}, NETADDR_IPV6, 7, NETADDR_KIND_ULA},
    {{0xff}, NETADDR_IPV6, 8, NETADDR_KIND_MULTICAST},
    {{0}, NETADDR_IPV6, 0, NETADDR_KIND_GLOBAL_IPV6},
};

/* Four bytes at a time: it is asked for every rule of a policy before a message is sent. */
static bool ip_in_prefix(const uint8_t *ip, const uint8_t *prefix, unsigned bits)
{
    for (; bits >= 32; bits -= 32, ip += 4, prefix += 4)
        if (be32(ip) != be32(prefix))
            return false;
    return bits == 0 || (be32(ip) ^ be32(prefix)) >> (32 - bits) == 0;
}

enum netaddr_kind netaddr_kind_of(const struct netaddr *addr)
{
    for (size_t i = 0; i < sizeof(kind_rows) / sizeof(kind_rows[0]); i++) {
        const struct kind_row *row = &kind_rows[i];
        if (row->family == addr->family && ip_in_prefix(addr->ip, row->ip, row->bits))
            return (enum netaddr_kind)row->kind;
    }
    return NETADDR_KIND_NONE;
}

const char *netaddr_kind_name(enum netaddr_kind kind)
{
    switch (kind) {
    case NETADDR_KIND_NONE:
        return "none";
    case NETADDR_KIND_UNSPECIFIED:
        return "unspecified";
    case NETADDR_KIND_LOOPBACK:
        return "loopback";
    case NETADDR_KIND_LINK_LOCAL:
        return "link-local";
    case NETADDR_KIND_PRIVATE:
        return "private";
    case NETADDR_KIND_SHARED:
        return "shared";
    case NETADDR_KIND_ULA:
        return "ULA";
    case NETADDR_KIND_MULTICAST:
        return "multicast";
    case NETADDR_KIND_PUBLIC:
        return "public";
    case NETADDR_KIND_GLOBAL_IPV6:
        return "global IPv6";
    }
    return "";
}

bool netaddr_same_ip(const struct netaddr *a, const struct netaddr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool netaddr_same(const struct netaddr *a, const struct netaddr *b)
{
    return netaddr_same_ip(a, b) && a->port == b->port;
}

bool netaddr_in_prefix(const struct netaddr *addr, const struct netaddr *prefix, unsigned bits)
{
    unsigned width = addr->family == NETADDR_IPV4 ? 32 : 128;
    if (addr->family != prefix->family || addr->family == NETADDR_NONE || bits > width)
        return false;
    return ip_in_prefix(addr->ip, prefix->ip, bits);
}
