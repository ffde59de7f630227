/* A made-up machine for the tests of the compiled policy: lo, eth0 with IPv4 and IPv6, tun0 with
 * IPv4 and its default route, docker0. */
#ifndef RTCSHIM_TESTS_POLICY_TABLES_H
#define RTCSHIM_TESTS_POLICY_TABLES_H

#include <stdio.h>
#include <string.h>

#include "policy.h"

/* Slots are not indexes: what mixes them up is found. */
enum { SLOT_LO, SLOT_ETH, SLOT_TUN, SLOT_DOCKER, SLOTS_USED };
enum { IF_LO = 1, IF_ETH = 7, IF_TUN = 12, IF_DOCKER = 5, IF_NEW = 99 };

static inline struct netaddr address(const char *text, uint16_t port)
{
    struct netaddr addr = {0};

    if (!netaddr_parse_ip(text, &addr))
        memset(&addr, 0xff, sizeof addr);
    addr.port = port;
    return addr;
}

static inline void table_iface(struct policy_table *t, unsigned slot, uint32_t ifindex,
                               const char *name, uint8_t flags)
{
    t->iface[slot].ifindex = ifindex;
    t->iface[slot].flags = flags;
    (void)snprintf(t->iface[slot].name, sizeof t->iface[slot].name, "%s", name);
    if (t->ifaces <= slot)
        t->ifaces = slot + 1;
}

static inline void table_addr(struct policy_table *t, uint8_t slot, const char *ip, uint8_t bits)
{
    t->addr[t->addrs++] =
        (struct policy_addr){.addr = address(ip, 0), .slot = slot, .prefix_bits = bits};
}

/* No rules; allow. */
static inline struct policy_table *table_machine(void)
{
    static struct policy_table t;

    memset(&t, 0, sizeof t);
    memcpy(t.name, "test", 5);
    table_iface(&t, SLOT_LO, IF_LO, "lo", POLICY_IFACE_LOOPBACK);
    table_iface(&t, SLOT_ETH, IF_ETH, "eth0", POLICY_IFACE_DEFAULT_INET6);
    table_iface(&t, SLOT_TUN, IF_TUN, "tun0", POLICY_IFACE_DEFAULT_INET);
    table_iface(&t, SLOT_DOCKER, IF_DOCKER, "docker0", 0);
    table_addr(&t, SLOT_LO, "127.0.0.1", 8);
    table_addr(&t, SLOT_LO, "::1", 128);
    table_addr(&t, SLOT_ETH, "192.168.1.23", 24);
    table_addr(&t, SLOT_ETH, "2001:db8:1::23", 64);
    table_addr(&t, SLOT_ETH, "fe80::23", 64);
    table_addr(&t, SLOT_TUN, "10.8.0.2", 24);
    table_addr(&t, SLOT_DOCKER, "172.17.0.1", 16);
    t.dns_slot = POLICY_SLOT_NONE;
    t.fallback_refusal = POLICY_REFUSE_BEST;
    return &t;
}

/* Add a rule about those slots, bits 1 << SLOT_*; is_not: all but them. */
static inline struct policy_rule *table_rule(struct policy_table *t, uint8_t action, uint64_t slots,
                                             bool is_not)
{
    struct policy_rule *rule = &t->rule[t->rules++];

    *rule = (struct policy_rule){.topics = POLICY_STUN,
                                 .action = action,
                                 .method = POLICY_ANY_METHOD,
                                 .iface_given = slots != 0,
                                 .iface_not = is_not,
                                 .refusal = action == POLICY_DENY ? POLICY_REFUSE_BEST : 0};
    rule->ifaces.bit[0] = slots;
    return rule;
}

#endif
