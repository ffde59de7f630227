/*
 * Pseudonyms for addresses and names: the same key gives the same pseudonym, and without the key
 * nobody gets back from it.
 *
 * Addresses: ipcrypt-pfx (draft-denis-ipcrypt, "Methods for IP Address Encryption and
 * Obfuscation"), over a tree of which the special ranges are left in place (pseudonym_ranges.def).
 * So for all addresses a and b:
 *   - netaddr_kind_of() says the same of a and of its pseudonym: private stays private;
 *   - the first n bits of a and b are the same if and only if those of their pseudonyms are;
 *   - different addresses have different pseudonyms.
 * Loopback, the unspecified address and the groups that everybody knows (224.0.0.251, ff02::fb) are
 * their own pseudonyms. What this gives away is in docs/architecture.md.
 *
 * Names: HMAC-SHA-256, cut to 32 bits: "host-3f9a01c2". Of 10,000 names two share one with a chance
 * of 1 in 90.
 *
 * Nothing here is changed after pseudonym_new(): one object may serve many threads.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_PSEUDONYM_H
#define RTCSHIM_ANALYZER_REPORT_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

enum {
    PSEUDONYM_KEY_BYTES = 32,
    PSEUDONYM_NAME_BYTES = 512, /* room for any pseudonym of a name with its NUL */
};

/* What a name is decides which part of it is everybody's and stays. */
enum pseudonym_kind {
    /* Labels one by one, so that a domain and its hosts are seen to belong together. The last label
     * (if pseudonym_known.def has it), "localhost" and "_udp" stay: "stun.example.org" is
     * "host-1a2b3c4d.host-5e6f7081.org". */
    PSEUDONYM_HOST,
    /* "eth0", "tun0", "lo" stay; "wg-acme" is "wg-3f9a01c2", "acme0" "if-...". */
    PSEUDONYM_IFACE,
    /* The browsers' own process names stay; others are "program-...". */
    PSEUDONYM_PROGRAM,
    /* The last part as a program, or a file of a run's folder; what is before it one "path-...". */
    PSEUDONYM_PATH,
    /* Built-in policies stay, with a rule's line behind: "vpn:7"; "policy-...:7". */
    PSEUDONYM_POLICY,
    /* Options that say what a browser was told about WebRTC stay; "argument-...". */
    PSEUDONYM_ARGUMENT,
    /* "name-...". */
    PSEUDONYM_OTHER,
    PSEUDONYM_KIND_COUNT
};

struct pseudonym;

/* NULL: no memory. The key is copied; its copy is wiped by pseudonym_free(), which takes NULL. */
struct pseudonym *pseudonym_new(const uint8_t key[static PSEUDONYM_KEY_BYTES]);
void pseudonym_free(struct pseudonym *pseudonym);

/* The pseudonym in place, network byte order; IPv6 as well IPv4-mapped (::ffff:0:0/96: the IPv4
 * address in it) and NAT64's 64:ff9b::/96 (likewise). */
void pseudonym_ipv4(const struct pseudonym *pseudonym, uint8_t ip[static 4]);
void pseudonym_ipv6(const struct pseudonym *pseudonym, uint8_t ip[static 16]);
/* Port and scope stay. */
struct netaddr pseudonym_addr(const struct pseudonym *pseudonym, const struct netaddr *addr);
/* A hardware address: individual ones become locally administered; groups and zeros stay, but for
 * the three bytes of an IPv6 address in a solicited-node group (33:33:ff:...). Not
 * prefix-preserving: a maker's prefix tells what the hardware is. */
void pseudonym_mac(const struct pseudonym *pseudonym, uint8_t mac[static 6]);

/* The pseudonym of name[0..len), terminated, in out, which is returned. Written for a terminal:
 * only letters, digits, '-', '.' and '/' but for what stays of the name. */
char *pseudonym_name(const struct pseudonym *pseudonym, enum pseudonym_kind kind, const char *name,
                     size_t len, char out[static PSEUDONYM_NAME_BYTES]);

#endif
