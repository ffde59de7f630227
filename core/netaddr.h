/*
 * A transport address: IP family, address, port. One form for the shim, the launcher and the
 * analyzer.
 *
 * IPv4-mapped IPv6 (::ffff:192.0.2.1) never appears here: netaddr_from_sockaddr() and the other
 * constructors turn it into IPv4, because a socket of family AF_INET6 that speaks to an IPv4 host
 * puts IPv4 on the wire. All functions are pure and async-signal-safe, except where a comment says
 * otherwise.
 */
#ifndef RTCSHIM_CORE_NETADDR_H
#define RTCSHIM_CORE_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum netaddr_family {
    NETADDR_NONE = 0,
    NETADDR_IPV4 = 4,
    NETADDR_IPV6 = 6,
};

/* 24 bytes, no padding: it is stored in ring records and compared with memcmp. */
struct netaddr {
    uint8_t ip[16];    /* network byte order; IPv4 in the first four bytes, the rest zero */
    uint32_t scope_id; /* interface index of an IPv6 address or group of one link, else 0 */
    uint16_t port;     /* host byte order; 0 = none */
    uint8_t family;    /* enum netaddr_family */
    uint8_t reserved;  /* 0 */
};
_Static_assert(sizeof(struct netaddr) == 24, "netaddr is part of the ring's layout");

/* What an address tells the one who learns it. Prefixes: IANA special-purpose registries (RFC 6890
 * and updates). */
enum netaddr_kind {
    NETADDR_KIND_NONE,        /* family NETADDR_NONE */
    NETADDR_KIND_UNSPECIFIED, /* 0.0.0.0/8, :: */
    NETADDR_KIND_LOOPBACK,
    NETADDR_KIND_LINK_LOCAL, /* 169.254.0.0/16, fe80::/10 */
    NETADDR_KIND_PRIVATE, /* RFC 1918; also 192.0.0.0/24 and 198.18.0.0/15, which no one outside can
                             reach either */
    NETADDR_KIND_SHARED,  /* 100.64.0.0/10, RFC 6598 */
    NETADDR_KIND_ULA,     /* fc00::/7, RFC 4193; also fec0::/10, which it replaced */
    NETADDR_KIND_MULTICAST, /* also 255.255.255.255 */
    NETADDR_KIND_PUBLIC, /* global IPv4; documentation prefixes count as public, they stand for it
                            in labs */
    NETADDR_KIND_GLOBAL_IPV6,
};

enum {
    NETADDR_IP_TEXT_BYTES = 64, /* any address as text, with scope, with its NUL */
    NETADDR_TEXT_BYTES = 80,    /* the same with port: 192.0.2.1:3478, [2001:db8::1]:3478 */
};

struct sockaddr;

/*
 * From a socket address of len bytes, which is not trusted: NETADDR_NONE where sa is NULL, len is
 * too short for its family or the family is neither AF_INET nor AF_INET6. sa need not be aligned.
 */
struct netaddr netaddr_from_sockaddr(const struct sockaddr *sa, size_t len);

/* From raw address bytes of an IPv4 (4) or IPv6 (16) address in network byte order; NETADDR_NONE
 * for another length. */
struct netaddr netaddr_from_bytes(const uint8_t *ip, size_t len, uint16_t port);

/* From text, an IP address without port, decimal scope allowed ("fe80::1%2"). false, *out
 * unchanged, where it is none. Not async-signal-safe. */
bool netaddr_parse_ip(const char *text, struct netaddr *out);

/* RFC 5952 text of the address alone ("-" for NETADDR_NONE), or with its port. Writes at most size
 * bytes with the NUL, returns buf. Not async-signal-safe. */
char *netaddr_format_ip(const struct netaddr *addr, char *buf, size_t size);
char *netaddr_format(const struct netaddr *addr, char *buf, size_t size);

/* The same text as netaddr_format_ip(), with its NUL; returns its length. Async-signal-safe. */
size_t netaddr_put_ip(const struct netaddr *addr, char out[static NETADDR_IP_TEXT_BYTES]);

enum netaddr_kind netaddr_kind_of(const struct netaddr *addr);

/* Two questions that are asked of every packet, without the look at all kinds. */
static inline bool netaddr_is_loopback(const struct netaddr *addr)
{
    static const uint8_t loopback[16] = {[15] = 1};

    return addr->family == NETADDR_IPV4   ? addr->ip[0] == 127
           : addr->family == NETADDR_IPV6 ? memcmp(addr->ip, loopback, sizeof loopback) == 0
                                          : false;
}

/* It is an address, and not NETADDR_KIND_UNSPECIFIED. */
static inline bool netaddr_is_set(const struct netaddr *addr)
{
    static const uint8_t unspecified[16] = {0};

    return addr->family == NETADDR_IPV4   ? addr->ip[0] != 0
           : addr->family == NETADDR_IPV6 ? memcmp(addr->ip, unspecified, sizeof unspecified) != 0
                                          : false;
}

/* "public", "private", "ULA", "global IPv6", ...; static. */
const char *netaddr_kind_name(enum netaddr_kind kind);

/* Same family and address; ports and scopes are not looked at. */
bool netaddr_same_ip(const struct netaddr *a, const struct netaddr *b);
/* Same family, address and port. */
bool netaddr_same(const struct netaddr *a, const struct netaddr *b);
/* addr lies in prefix/bits; false where the families differ or bits is larger than the family's
 * width. */
bool netaddr_in_prefix(const struct netaddr *addr, const struct netaddr *prefix, unsigned bits);

#endif
