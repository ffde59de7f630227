/* Interfaces whose addresses are hidden by a decoy: what programs see, and that they can use it. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

#define DECOY_IPV4 "192.0.0.8"
#define DECOY_IPV6 "100:0:0:1::8"

static const uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, [19] = 0x70};

/* tun0 with the decoy for IPv4, eth0 with that for IPv6 and without IPv4, as rfc8828-3 has them. */
static void default_routes_masked(void)
{
    policy_new();
    policy_mask(SLOT_TUN0);
    policy_mask(SLOT_ETH0);
    policy_next.iface[SLOT_ETH0].hidden &= (uint8_t)~POLICY_MASKED_INET;
    for (uint32_t i = 0; i < policy_next.addrs; i++)
        if (policy_next.addr[i].slot == SLOT_ETH0 &&
            policy_next.addr[i].addr.family == NETADDR_IPV4)
            policy_next.addr[i].masked = 0;
    policy_in_force();
    allow("interfaces");
    allow("ioctl");
    allow("connect connect");
    allow("probe getsockname");
    allow("stun sendto");
}

static bool is(const struct sockaddr *have, const char *ip)
{
    socklen_t len;
    struct sockaddr_storage want = address(ip, 0, &len);

    if (!have || have->sa_family != want.ss_family)
        return false;
    return want.ss_family == AF_INET
               ? memcmp(&((const struct sockaddr_in *)(const void *)have)->sin_addr,
                        &((struct sockaddr_in *)&want)->sin_addr, 4) == 0
               : memcmp(&((const struct sockaddr_in6 *)(const void *)have)->sin6_addr,
                        &((struct sockaddr_in6 *)&want)->sin6_addr, 16) == 0;
}

static bool socket_is(int fd, const char *ip)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;

    return getsockname(fd, (struct sockaddr *)&name, &len) == 0 && is((struct sockaddr *)&name, ip);
}

static int ask_ifreq(unsigned long request, const char *name, struct ifreq *out)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    memset(out, 0, sizeof *out);
    strcpy(out->ifr_name, name);
    int result = ioctl(fd, request, out);
    close(fd);
    return result;
}

void a_masked_address_is_shown_as_the_decoy(void)
{
    unsigned decoys = 0, real = 0;
    struct ifaddrs *list;
    struct ifreq answer;

    default_routes_masked();
    if (getifaddrs(&list) != 0)
        fail("getifaddrs");
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (is(i->ifa_addr, DECOY_IPV4)) {
            decoys++;
            MUST(strcmp(i->ifa_name, "tun0") == 0);
            MUST(is(i->ifa_netmask, "255.255.255.255"));
        }
        if (is(i->ifa_addr, DECOY_IPV6))
            decoys++;
        real +=
            is(i->ifa_addr, TUN0_IPV4) || is(i->ifa_addr, ETH0_IPV4) || is(i->ifa_addr, ETH0_IPV6);
    }
    freeifaddrs(list);
    MUST(decoys == 2);
    MUST(real == 0);
    GIVES(0, ask_ifreq(SIOCGIFADDR, "tun0", &answer));
    MUST(is(&answer.ifr_addr, DECOY_IPV4));
    GIVES(0, ask_ifreq(SIOCGIFNETMASK, "tun0", &answer));
    MUST(is(&answer.ifr_netmask, "255.255.255.255"));
    FAILS(EADDRNOTAVAIL, ask_ifreq(SIOCGIFADDR, "eth0", &answer));
    GIVES(0, ask_ifreq(SIOCGIFFLAGS, "tun0", &answer));

    struct ifreq entries[16];
    struct ifconf conf = {.ifc_len = sizeof entries, .ifc_req = entries};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    GIVES(0, ioctl(fd, SIOCGIFCONF, &conf));
    decoys = real = 0;
    for (size_t i = 0; i < (size_t)conf.ifc_len / sizeof *entries; i++) {
        decoys += is(&entries[i].ifr_addr, DECOY_IPV4);
        real += is(&entries[i].ifr_addr, TUN0_IPV4) || is(&entries[i].ifr_addr, ETH0_IPV4);
    }
    MUST(decoys == 1);
    MUST(real == 0);
    MUST(socket_is(udp_to(SERVER_ON_TUN0, 443), DECOY_IPV4));
    MUST(socket_is(udp_to(SERVER_IPV6, 443), DECOY_IPV6));
}

void a_socket_bound_to_the_decoy_works(void)
{
    socklen_t len;
    struct sockaddr_storage decoy = address(DECOY_IPV4, 40123, &len), name = {0};
    struct sockaddr_storage nobody = address("192.0.2.77", 0, &len);
    int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
    int six = socket(AF_INET6, SOCK_DGRAM, 0);

    policy_new();
    policy_in_force();
    FAILS(EADDRNOTAVAIL, bind(udp, (struct sockaddr *)&decoy, len));
    default_routes_masked();
    FAILS(EADDRNOTAVAIL, bind(udp, (struct sockaddr *)&nobody, len));
    GIVES(0, bind(udp, (struct sockaddr *)&decoy, len));
    MUST(socket_is(udp, DECOY_IPV4));
    socklen_t name_len = sizeof name;
    GIVES(0, getsockname(udp, (struct sockaddr *)&name, &name_len));
    MUST(((struct sockaddr_in *)&name)->sin_port == htons(40123));
    FAILS(EINVAL, bind(udp, (struct sockaddr *)&decoy, len));
    GIVES(0, bind(tcp, (struct sockaddr *)&decoy, len));
    struct sockaddr_storage decoy6 = address(DECOY_IPV6, 0, &len);
    GIVES(0, bind(six, (struct sockaddr *)&decoy6, len));
    MUST(socket_is(six, DECOY_IPV6));

    nothing_left_yet();
    struct sockaddr_storage server = address(SERVER_ON_TUN0, 3478, &len);
    GIVES(sizeof binding, sendto(udp, binding, sizeof binding, 0, (struct sockaddr *)&server, len));
    MUST(stun_left_on(SLOT_TUN0) == 1);
    MUST(stun_left_on(SLOT_ETH0) == 0);
}
