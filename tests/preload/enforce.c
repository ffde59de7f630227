/* Policies kept by the library: sections, the policy in force, and what left on each interface. */
#include "enforce.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "endpoints.h"
#include "netaddr.h"
#include "transcript.h"

static const struct section sections[] = {
#define SECTION(name) {#name, name},
#include "enforce_sections.def"
#undef SECTION
    {NULL, NULL},
};

uint32_t ifindex_of[SLOTS];
struct policy_table policy_next;
static struct policy_shared *in_force;
static int sniffer[SLOTS];
static int wrong;

void check_true(bool good, const char *what, int line)
{
    if (good)
        return;
    dprintf(STDERR_FILENO, "line %d: not so: %s\n", line, what);
    wrong = 1;
}

void check_fails(long result, int error, const char *what, int line)
{
    if (result == -1 && errno == error)
        return;
    dprintf(STDERR_FILENO, "line %d: %s: %ld, %s; wanted %s\n", line, what, result,
            result < 0 ? strerrorname_np(errno) : "no error", strerrorname_np(error));
    wrong = 1;
}

void check_gives(long result, long wanted, const char *what, int line)
{
    if (result == wanted)
        return;
    dprintf(STDERR_FILENO, "line %d: %s: %ld, %s; wanted %ld\n", line, what, result,
            result < 0 ? strerrorname_np(errno) : "no error", wanted);
    wrong = 1;
}

/* --- policies --------------------------------------------------------------------------------- */

void policy_address(unsigned slot, const char *ip, bool hidden)
{
    struct policy_addr *a = &policy_next.addr[policy_next.addrs++];
    *a = (struct policy_addr){.slot = (uint8_t)slot, .prefix_bits = 24, .hidden = hidden};
    if (!netaddr_parse_ip(ip, &a->addr))
        fail("an address");
    if (a->addr.family == NETADDR_IPV6)
        a->prefix_bits = 64;
}

void policy_new(void)
{
    static const char *const names[SLOTS] = {"lo", "eth0", "tun0"};
    memset(&policy_next, 0, sizeof(policy_next));
    strcpy(policy_next.name, "test");
    policy_next.dns_slot = POLICY_SLOT_NONE;
    policy_next.ifaces = SLOTS;
    for (unsigned i = 0; i < SLOTS; i++) {
        policy_next.iface[i].ifindex = ifindex_of[i];
        strcpy(policy_next.iface[i].name, names[i]);
    }
    policy_next.iface[SLOT_LO].flags = POLICY_IFACE_LOOPBACK;
    policy_next.iface[SLOT_ETH0].flags = POLICY_IFACE_DEFAULT_INET6;
    policy_next.iface[SLOT_TUN0].flags = POLICY_IFACE_DEFAULT_INET;
    policy_address(SLOT_LO, "127.0.0.1", false);
    policy_address(SLOT_LO, "::1", false);
    policy_address(SLOT_ETH0, ETH0_IPV4, false);
    policy_address(SLOT_ETH0, ETH0_IPV6, false);
    policy_address(SLOT_TUN0, TUN0_IPV4, false);
}

struct policy_rule *rule_add(unsigned topic, enum policy_action action)
{
    struct policy_rule *rule = &policy_next.rule[policy_next.rules++];
    *rule =
        (struct policy_rule){.topics = (uint16_t)topic,
                             .action = (uint8_t)action,
                             .method = POLICY_ANY_METHOD,
                             .refusal = topic == POLICY_STUN ? ECONNREFUSED : POLICY_REFUSE_BEST};
    if (action == POLICY_DENY)
        policy_next.enforced |= rule->topics;
    return rule;
}

void rule_via(struct policy_rule *rule, unsigned slot)
{
    rule->iface_given = 1;
    rule->ifaces.bit[0] |= UINT64_C(1) << slot;
}

void rule_not_via(struct policy_rule *rule, unsigned slot)
{
    rule_via(rule, slot);
    rule->iface_not = 1;
}

void rule_to(struct policy_rule *rule, const char *ip, unsigned bits)
{
    struct policy_prefix *prefix = &policy_next.prefix[policy_next.prefixes];
    prefix->bits = (uint8_t)bits;
    if (!netaddr_parse_ip(ip, &prefix->addr))
        fail("an address");
    rule->server_given = 1;
    if (rule->prefixes++ == 0)
        rule->prefix_first = (uint16_t)policy_next.prefixes;
    policy_next.prefixes++;
}

void policy_hide(unsigned slot)
{
    policy_next.iface[slot].hidden = POLICY_HIDDEN_LINK | POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6;
    policy_next.hides = 1;
    policy_next.hidden_unknown = POLICY_HIDDEN_LINK;
    for (uint32_t i = 0; i < policy_next.addrs; i++)
        if (policy_next.addr[i].slot == slot)
            policy_next.addr[i].hidden = 1;
}

void policy_mask(unsigned slot)
{
    policy_hide(slot);
    policy_next.iface[slot].hidden =
        POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 | POLICY_MASKED_INET | POLICY_MASKED_INET6;
    for (uint32_t i = 0; i < policy_next.addrs; i++)
        if (policy_next.addr[i].slot == slot)
            policy_next.addr[i].masked = 1;
}

void policy_in_force(void)
{
    if (!policy_valid(in_force, sizeof(*in_force)))
        fail("the policy in force is not valid");
    policy_publish(in_force, &policy_next);
    if (!policy_valid(in_force, sizeof(*in_force)))
        fail("the new policy is not valid");
}

void only_rule(unsigned topic, enum policy_action action)
{
    policy_new();
    rule_add(topic, action);
    policy_in_force();
}

/* --- what left -------------------------------------------------------------------------------- */

unsigned left_on(unsigned slot, const void *bytes, size_t len)
{
    static uint8_t packet[70000];
    struct sockaddr_ll from;
    socklen_t from_len = sizeof(from);
    unsigned count = 0;
    ssize_t n;
    while ((n = recvfrom(sniffer[slot], packet, sizeof(packet), MSG_DONTWAIT,
                         (struct sockaddr *)&from, &from_len)) >= 0)
        if (from.sll_pkttype == PACKET_OUTGOING && memmem(packet, (size_t)n, bytes, len))
            count++;
    return count;
}

unsigned stun_left_on(unsigned slot)
{
    return left_on(slot, "\x21\x12\xa4\x42", 4);
}

void nothing_left_yet(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        left_on(i, "", 0);
}

static void sniff(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct sockaddr_ll on = {.sll_family = AF_PACKET,
                                 .sll_protocol = htons(ETH_P_ALL),
                                 .sll_ifindex = (int)ifindex_of[i]};
        sniffer[i] = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
        if (sniffer[i] < 0 || bind(sniffer[i], (struct sockaddr *)&on, sizeof(on)) != 0)
            fail("a packet socket");
    }
}

/* --- sockets ---------------------------------------------------------------------------------- */

struct sockaddr_storage address(const char *ip, uint16_t port, socklen_t *len)
{
    struct sockaddr_storage addr = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, ip, &in.sin_addr) == 1) {
        memcpy(&addr, &in, sizeof(in));
        *len = sizeof(in);
    } else if (inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1) {
        memcpy(&addr, &in6, sizeof(in6));
        *len = sizeof(in6);
    } else {
        fail(ip);
    }
    return addr;
}

int udp_to(const char *ip, uint16_t port)
{
    socklen_t len;
    struct sockaddr_storage to = address(ip, port, &len);
    int fd = socket(to.ss_family, SOCK_DGRAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, len) != 0)
        fail("connect");
    return fd;
}

unsigned arrived(int fd)
{
    uint8_t byte;
    unsigned count = 0;
    while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
        count++;
    return count;
}

void be_ordinary(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &head, data) != 0)
        fail("capget");
    for (int i = 0; i < 2; i++)
        data[i].effective = data[i].permitted = data[i].inheritable = 0;
    if (syscall(SYS_capset, &head, data) != 0)
        fail("capset");
}

uint32_t bound_to(int fd)
{
    int index = 0;
    socklen_t len = sizeof(index);
    if (getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &len) != 0)
        fail("SO_BINDTOIFINDEX");
    return (uint32_t)index;
}

/* --- */

/* Where nothing of a policy matches, everything must be as it is without: for runs of `calls`. */
static void speaks_of_others(bool hides)
{
    policy_new();
    struct policy_rule *rule = rule_add(POLICY_STUN | POLICY_PROBE | POLICY_DNS | POLICY_MDNS |
                                            POLICY_DEVICE | POLICY_CONNECT | POLICY_ENUMERATION,
                                        POLICY_DENY);
    rule_to(rule, "192.0.2.77", 32);
    /* Hidden, but not here. */
    policy_next.ifaces = SLOTS + 1;
    policy_next.iface[SLOTS].ifindex = 1000000;
    strcpy(policy_next.iface[SLOTS].name, "ghost0");
    policy_address(SLOTS, "192.0.2.99", true);
    policy_next.iface[SLOTS].hidden = POLICY_HIDDEN_LINK | POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6;
    policy_next.hides = hides;
    policy_in_force();
}

/* A session without files: is STUN refused, and does the rest go on? */
static int try_closed(void)
{
    uint8_t b[20], media[20] = {0x80};
    int fd[2];
    udp_pair(fd, AF_INET);
    if (send(fd[0], media, 20, 0) != 20 || fork() == 0)
        _exit(1);
    (void)!send(fd[0], b, stun_request(b, 20, 1), 0); /* lost where it is refused */
    ssize_t n = send(fd[0], b, 20, 0);
    if (n < 0)
        printf("refused %s\n", strerrorname_np(errno));
    else
        printf("sent %zd\n", n);
    return 0;
}

static void open_policy(void)
{
    char path[4096];
    const char *session = getenv("RTCSHIM_SESSION");
    snprintf(path, sizeof(path), "%s/policy", session ? session : "");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    in_force = mmap(NULL, sizeof(*in_force), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || in_force == MAP_FAILED)
        fail("the session's policy");
    close(fd);
}

int main(int argc, char **argv)
{
    alarm(60);
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        for (const struct section *s = sections; s->name; s++)
            puts(s->name);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--closed") == 0)
        return try_closed();
    open_policy();
    if (argc > 1 && strcmp(argv[1], "--others") == 0) {
        speaks_of_others(argc == 2);
        return 0;
    }
    ifindex_of[SLOT_LO] = if_nametoindex("lo");
    ifindex_of[SLOT_ETH0] = if_nametoindex("eth0");
    ifindex_of[SLOT_TUN0] = if_nametoindex("tun0");
    if (!ifindex_of[SLOT_ETH0] || !ifindex_of[SLOT_TUN0])
        fail("eth0 or tun0 is missing: enforce.sh makes them");
    for (int i = 0; i < 3; i++)
        expect("interface-name if_nametoindex");
    expect("process by_fork=0 parent=0");
    transcript_open(STDERR_FILENO);
    sniff();
    for (const struct section *s = sections; s->name; s++)
        if (argc > 1 && strcmp(s->name, argv[1]) == 0)
            s->run();
    return wrong;
}
