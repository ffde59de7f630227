/*
 * What judging one message costs, no call around it: 50 rules, and subjects that find their answer
 * in different ways. And what it costs to put a policy in force.
 *
 * A figure is the best of the rounds: it is one thread on one processor, and everything that is
 * added by other work is not judging.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy.h"

enum { ROUNDS = 31, TURNS = 20000, PUBLISHED = 50, RULES = 50, IFACES = 8, MANY_IFACES = 60 };

static struct policy_shared policy;
static struct policy_table table;

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct netaddr address(const char *text, uint16_t port)
{
    struct netaddr addr = {0};

    (void)netaddr_parse_ip(text, &addr);
    addr.port = port;
    return addr;
}

static void add_addr(const char *format, unsigned slot, uint8_t bits)
{
    char text[64];

    (void)snprintf(text, sizeof(text), format, slot);
    table.addr[table.addrs++] =
        (struct policy_addr){.addr = address(text, 0), .slot = (uint8_t)slot, .prefix_bits = bits};
}

/* Two addresses on each interface. */
static void machine(unsigned ifaces)
{
    memset(&table, 0, sizeof(table));
    memcpy(table.name, "bench", 6);
    table.dns_slot = POLICY_SLOT_NONE;
    for (unsigned i = 0; i < ifaces; i++) {
        table.iface[i].ifindex = i + 1;
        (void)snprintf(table.iface[i].name, sizeof(table.iface[i].name), "if%u", i);
        add_addr(i ? "192.168.%u.1" : "127.0.%u.1", i, i ? 24 : 8);
        add_addr("2001:db8:%x::1", i, 64);
    }
    table.ifaces = ifaces;
    table.iface[0].flags = POLICY_IFACE_LOOPBACK;
    table.iface[1].flags = POLICY_IFACE_DEFAULT_INET | POLICY_IFACE_DEFAULT_INET6;
    table.enforced = POLICY_STUN;
}

/* Rules with servers, ports, methods and interfaces, of which none matches. */
static void rules_of_servers(uint32_t rules)
{
    table.rules = table.prefixes = rules;
    for (uint32_t i = 0; i < rules; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), i % 3 ? "203.0.%u.%u" : "2001:db8:f%x:%x::", i / 200,
                       i % 200);
        table.prefix[i] = (struct policy_prefix){.addr = address(text, 0), .bits = i % 3 ? 32 : 64};
        table.rule[i] = (struct policy_rule){.topics = i % 5 ? POLICY_STUN : POLICY_PROBE,
                                             .action = POLICY_DENY,
                                             .refusal = POLICY_REFUSE_BEST,
                                             .method = i % 3 ? POLICY_ANY_METHOD : 1,
                                             .port_min = i % 2 ? 0 : 1,
                                             .port_max = i % 2 ? 0 : 65535,
                                             .server_given = 1,
                                             .prefix_first = (uint16_t)i,
                                             .prefixes = 1,
                                             .iface_given = i % 4 == 0,
                                             .iface_not = 1,
                                             .ifaces.bit[0] = 4};
    }
}

static struct policy_rule via(uint64_t slots, uint8_t is_not)
{
    return (struct policy_rule){.topics = POLICY_STUN,
                                .action = POLICY_DENY,
                                .method = POLICY_ANY_METHOD,
                                .refusal = POLICY_REFUSE_BEST,
                                .iface_given = 1,
                                .iface_not = is_not,
                                .ifaces.bit[0] = slots};
}

static void in_force(void)
{
    policy_format(&policy);
    policy_publish(&policy, &table);
}

/* To another port each time. wanted: what must come of it. */
static int measure(const char *what, const char *server, const char *local, uint32_t ifindex,
                   enum policy_action wanted)
{
    struct policy_subject s = {.topic = POLICY_STUN,
                               .transport = POLICY_UDP,
                               .stun_method = 1,
                               .proxied = POLICY_DIRECT,
                               .role = 4,
                               .ifindex = ifindex,
                               .local = address(local, 0),
                               .server = address(server, 0)};
    double best = 0;

    for (int r = 0; r < ROUNDS; r++) {
        double start = now_ns();
        for (int i = 0; i < TURNS; i++) {
            s.server.port = (uint16_t)(2000 + i % 1000);
            struct policy_verdict verdict = policy_judge(&policy, &s);
            if (verdict.action != wanted) {
                (void)fprintf(stderr, "bench_policy: %s: %s, not %s\n", what,
                              policy_action_name(verdict.action), policy_action_name(wanted));
                return 1;
            }
        }
        double taken = (now_ns() - start) / TURNS;
        if (r == 0 || taken < best)
            best = taken;
    }
    printf("  %-66s %7.1f\n", what, best);
    return 0;
}

static void measure_publish(const char *what)
{
    double best = 0;

    for (int r = 0; r < PUBLISHED; r++) {
        double start = now_ns();
        policy_publish(&policy, &table);
        double taken = (now_ns() - start) / 1000;
        if (r == 0 || taken < best)
            best = taken;
    }
    printf("  %-66s %7.1f us\n", what, best);
}

int main(void)
{
    int bad = 0;

    printf("judging one message by %d rules, ns\n", RULES);
    machine(IFACES);
    rules_of_servers(RULES);
    in_force();
    bad |= measure("no rule matches, IPv4", "198.51.100.10", "0.0.0.0", 0, POLICY_ALLOW);
    bad |= measure("no rule matches, IPv6", "2001:db8:ffff::1", "::", 0, POLICY_ALLOW);
    bad |=
        measure("a socket kept to an interface", "198.51.100.10", "192.168.2.1", 3, POLICY_ALLOW);
    table.rule[RULES - 1] = via(4, 1);
    in_force();
    bad |= measure("the last rule keeps STUN to one interface: to be pinned", "198.51.100.10",
                   "0.0.0.0", 0, POLICY_PIN);
    bad |= measure("... pinned", "198.51.100.10", "0.0.0.0", 3, POLICY_ALLOW);
    bad |= measure("... pinned, with the interface's own address", "198.51.100.10", "192.168.2.1",
                   3, POLICY_ALLOW);
    bad |= measure("... refused", "198.51.100.10", "192.168.3.1", 0, POLICY_DENY);
    machine(MANY_IFACES);
    table.rules = RULES;
    for (unsigned i = 0; i < RULES; i++)
        table.rule[i] = via(UINT64_C(1) << (i + 1), 0);
    in_force();
    bad |= measure("60 interfaces, each rule forbids another one: to be pinned", "198.51.100.10",
                   "0.0.0.0", 0, POLICY_PIN);
    bad |= measure("... pinned, with the interface's own address", "198.51.100.10", "192.168.59.1",
                   60, POLICY_ALLOW);

    printf("putting a policy in force: copy and index\n");
    machine(IFACES);
    rules_of_servers(RULES);
    measure_publish("50 rules, 50 servers");
    rules_of_servers(POLICY_RULES_MAX);
    measure_publish("256 rules, 256 servers");
    table.prefixes = POLICY_PREFIXES_MAX;
    for (unsigned i = 0; i < POLICY_PREFIXES_MAX; i++)
        table.prefix[i] =
            (struct policy_prefix){.addr = address("2001:db8::", 0), .bits = 128, .is_not = i % 2};
    for (unsigned i = 0; i < POLICY_PREFIXES_MAX; i++) {
        table.prefix[i].addr.ip[14] = (uint8_t)(i / 64);
        table.prefix[i].addr.ip[15] = (uint8_t)(i % 64 * 2);
    }
    for (unsigned i = 0; i < POLICY_RULES_MAX; i++) {
        table.rule[i].prefix_first = (uint16_t)(2 * i);
        table.rule[i].prefixes = 2;
        table.rule[i].port_min = (uint16_t)(200 * i + 1);
        table.rule[i].port_max = (uint16_t)(200 * i + 100);
        table.rule[i].method = (uint16_t)(2 * i + 1);
    }
    measure_publish("256 rules, each with a method, ports and 2 of 512 servers");
    for (unsigned i = 0; i < POLICY_RULES_MAX; i++) {
        table.rule[i].prefix_first = 0;
        table.rule[i].prefixes = POLICY_PREFIXES_MAX;
    }
    measure_publish("the same, a line's 512 servers multiplied out to all rules");
    return bad;
}
