/* Devices, connections, probes and names under a policy. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <resolv.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

void options_that_choose_a_way_are_judged(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM, 0), four = socket(AF_INET, SOCK_DGRAM, 0);
    int eth0 = (int)ifindex_of[SLOT_ETH0], tun0 = (int)ifindex_of[SLOT_TUN0], mark = 5, none = 0;
    uint32_t eth0_be = htonl(ifindex_of[SLOT_ETH0]);
    policy_new();
    rule_not_via(rule_add(POLICY_DEVICE, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "nosuch0", 7));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &eth0, sizeof(eth0)));
    FAILS(EPERM, setsockopt(four, IPPROTO_IP, IP_UNICAST_IF, &eth0_be, sizeof(eth0_be)));
    FAILS(EPERM, setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, &eth0_be, sizeof(eth0_be)));
    FAILS(EPERM, syscall(SYS_setsockopt, fd, (long)SOL_SOCKET, (long)SO_BINDTODEVICE, "eth0", 5L));
    struct in6_pktinfo stays = {.ipi6_ifindex = ifindex_of[SLOT_ETH0]}, gone = {0};
    FAILS(EPERM, setsockopt(fd, IPPROTO_IPV6, IPV6_PKTINFO, &stays, sizeof(stays)));
    for (int i = 0; i < 8; i++)
        expect("sockopt out,udp,failed,refused errno=EPERM action=deny rule=0");
    GIVES(0, setsockopt(fd, IPPROTO_IPV6, IPV6_PKTINFO, &gone, sizeof(gone)));
    stays.ipi6_ifindex = ifindex_of[SLOT_TUN0];
    GIVES(0, setsockopt(fd, IPPROTO_IPV6, IPV6_PKTINFO, &stays, sizeof(stays)));
    allow("sockopt setsockopt action=allow");
    FAILS(EPERM, setsockopt(four, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)));
    expect("sockopt out,udp,failed,refused errno=EPERM action=deny rule=65534 option=36");
    MUST(bound_to(fd) == 0);
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_MARK, &none, sizeof(none)));
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &tun0, sizeof(tun0)));
    GIVES(0, setsockopt(four, SOL_SOCKET, SO_BINDTODEVICE, "tun0", 5));
    for (int i = 0; i < 4; i++)
        allow("sockopt setsockopt action=allow");
    FAILS(EFAULT, setsockopt(four, SOL_SOCKET, SO_BINDTOIFINDEX, bad_pointer(), 4));
    /* A pin of the policy's and a rule of devices: the rule is named. */
    rule_not_via(rule_add(POLICY_STUN, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    uint8_t b[20];
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 3478, &len);
    int pinned = socket(AF_INET, SOCK_DGRAM, 0);
    GIVES(20, sendto(pinned, b, stun_request(b, 20, 1), 0, (struct sockaddr *)&to, len));
    expect("stun sendto out,udp,pinned id=1 action=pin rule=1");
    FAILS(EPERM, setsockopt(pinned, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5));
    expect("sockopt setsockopt out,udp,failed,refused,pinned action=deny rule=0");
    /* Options that choose nothing. */
    int on = 1;
    GIVES(0, setsockopt(four, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
}

void tcp_connects_through_the_allowed_interface(void)
{
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 3478, &len);
    const uint8_t server[4] = {198, 51, 100, 10};
    uint8_t b[40];
    policy_new();
    struct policy_rule *rule = rule_add(POLICY_CONNECT, POLICY_DENY);
    rule_not_via(rule, SLOT_TUN0);
    rule->port_min = 3478;
    rule->port_max = 3481;
    policy_in_force();
    nothing_left_yet();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    FAILS(EINPROGRESS, connect(fd, (struct sockaddr *)&to, len));
    MUST(bound_to(fd) == ifindex_of[SLOT_TUN0]);
    MUST(left_on(SLOT_TUN0, server, 4) == 1);
    MUST(left_on(SLOT_ETH0, server, 4) == 0);
    close(fd);
    nothing_left_yet();
    /* The address of the other interface. */
    socklen_t local_len;
    struct sockaddr_storage local = address(ETH0_IPV4, 0, &local_len);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&local, local_len) != 0)
        fail("bind");
    FAILS(ENETUNREACH, connect(fd, (struct sockaddr *)&to, len));
    FAILS(ENETUNREACH, __connect(fd, (struct sockaddr *)&to, len));
    FAILS(ENETUNREACH, syscall(SYS_connect, fd, &to, (long)len));
    /* A connection that a send opens. */
    FAILS(ENETUNREACH,
          sendto(fd, b, stun_request(b, 40, 1), MSG_FASTOPEN, (struct sockaddr *)&to, len));
    for (int i = 0; i < 4; i++)
        expect("connect out,tcp,failed,refused errno=ENETUNREACH remote=198.51.100.10:3478 "
               "action=deny rule=0");
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    MUST(sendto(fd, b, 40, MSG_FASTOPEN, (struct sockaddr *)&to, len) == -1);
    allow("stun sendto out,tcp");
    MUST(bound_to(fd) == ifindex_of[SLOT_TUN0]);
    close(fd);
    MUST(left_on(SLOT_ETH0, server, 4) == 0);
    /* Another port is not spoken of. */
    nothing_left_yet();
    to = address(SERVER_ON_ETH0, 443, &len);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    FAILS(EINPROGRESS, connect(fd, (struct sockaddr *)&to, len));
    MUST(bound_to(fd) == 0);
    MUST(left_on(SLOT_ETH0, server, 4) == 1);
    /* STUN on it is, where a rule says so; it has an address, and that decides. */
    policy_next.rule[0].topics = POLICY_DNS;
    policy_next.rule[0].port_min = policy_next.rule[0].port_max = 0;
    policy_next.enforced = POLICY_DNS;
    policy_in_force();
    to = address(SERVER_ON_ETH0, 53, &len);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    FAILS(EINPROGRESS, connect(fd, (struct sockaddr *)&to, len));
    MUST(bound_to(fd) == ifindex_of[SLOT_TUN0]);
}

static struct sockaddr_storage name_of(int fd)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);
    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
        fail("getsockname");
    return addr;
}

static bool is_named(int fd, const char *ip)
{
    socklen_t len;
    struct sockaddr_storage have = name_of(fd), want = address(ip, 0, &len);
    if (have.ss_family != want.ss_family)
        return false;
    if (have.ss_family == AF_INET)
        return memcmp(&((struct sockaddr_in *)&have)->sin_addr,
                      &((struct sockaddr_in *)&want)->sin_addr, 4) == 0 &&
               ((struct sockaddr_in *)&have)->sin_port != 0;
    return memcmp(&((struct sockaddr_in6 *)&have)->sin6_addr,
                  &((struct sockaddr_in6 *)&want)->sin6_addr, 16) == 0 &&
           ((struct sockaddr_in6 *)&have)->sin6_port != 0;
}

void probes_tell_nothing_of_other_interfaces(void)
{
    socklen_t len;
    struct sockaddr_storage to;
    policy_new();
    rule_not_via(rule_add(POLICY_PROBE, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    int fd = udp_to(SERVER_ON_TUN0, 53);
    MUST(is_named(fd, TUN0_IPV4));
    expect("connect connect out,udp action=allow");
    expect("probe getsockname out,udp action=allow");
    /* The split route shows eth0's address; the program sees the tunnel's. */
    fd = udp_to(SERVER_ON_ETH0, 443);
    MUST(is_named(fd, TUN0_IPV4));
    MUST(is_named(fd, TUN0_IPV4));
    expect("connect connect out,udp remote=198.51.100.10:443 action=allow");
    expect("probe getsockname out,udp remote=198.51.100.10:443 action=hide rule=0");
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    to = address("::ffff:" SERVER_ON_ETH0, 443, &len);
    GIVES(0, connect(fd, (struct sockaddr *)&to, len));
    MUST(is_named(fd, "::ffff:" TUN0_IPV4));
    expect("connect connect out,udp action=allow");
    expect("probe getsockname out,udp action=hide rule=0");
    /* No IPv6 on the tunnel: no route. */
    for (int by_number = 0; by_number < 2; by_number++) {
        fd = socket(AF_INET6, SOCK_DGRAM, 0);
        to = address(SERVER_IPV6, 443, &len);
        if (by_number)
            FAILS(ENETUNREACH, syscall(SYS_connect, fd, &to, (long)len));
        else
            FAILS(ENETUNREACH, connect(fd, (struct sockaddr *)&to, len));
        expect("connect out,udp,failed,refused errno=ENETUNREACH action=deny rule=0");
        socklen_t peer_len = sizeof(to);
        FAILS(ENOTCONN, getpeername(fd, (struct sockaddr *)&to, &peer_len));
    }
    /* Loopback and resolvers are no probes. */
    policy_next.resolvers = 1;
    if (!netaddr_parse_ip(SERVER_ON_ETH0, &policy_next.resolver[0]))
        fail("resolver");
    policy_in_force();
    fd = udp_to(SERVER_ON_ETH0, 53);
    MUST(is_named(fd, ETH0_IPV4));
    fd = udp_to("127.0.0.1", 443);
    MUST(is_named(fd, "127.0.0.1"));
    for (int i = 0; i < 2; i++) {
        expect("connect connect action=allow");
        expect("probe getsockname action=allow");
    }
    /* One family alone. */
    policy_new();
    rule_add(POLICY_PROBE, POLICY_DENY)->family = NETADDR_IPV6;
    policy_in_force();
    to = address(SERVER_IPV6, 443, &len);
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    FAILS(ENETUNREACH, connect(fd, (struct sockaddr *)&to, len));
    expect("connect out,udp,failed,refused errno=ENETUNREACH action=deny rule=0");
    fd = udp_to(SERVER_ON_ETH0, 443);
    MUST(is_named(fd, ETH0_IPV4));
    expect("connect connect action=allow");
    expect("probe getsockname action=allow");
}

void getsockname_never_shows_a_hidden_address(void)
{
    socklen_t len, short_len = 6;
    struct sockaddr_storage to, local = address(ETH0_IPV4, 0, &len), other = {0};
    int bound = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(bound, (struct sockaddr *)&local, len) != 0 ||
        bind(tcp, (struct sockaddr *)&local, len) != 0)
        fail("bind");
    local = address(ETH0_IPV6, 0, &len);
    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    if (bind(six, (struct sockaddr *)&local, len) != 0)
        fail("bind");
    struct sockaddr_storage before = name_of(bound);
    uint16_t port = ((struct sockaddr_in *)&before)->sin_port;
    policy_new();
    policy_hide(SLOT_ETH0);
    policy_in_force();
    MUST(is_named(bound, TUN0_IPV4));
    struct sockaddr_storage now = name_of(bound);
    MUST(((struct sockaddr_in *)&now)->sin_port == port);
    MUST(is_named(tcp, TUN0_IPV4));
    memset(&other, 0xee, sizeof(other));
    GIVES(0, getsockname(bound, (struct sockaddr *)&other, &short_len));
    MUST(short_len == sizeof(struct sockaddr_in));
    MUST(((uint8_t *)&other)[6] == 0xee && ((uint8_t *)&other)[4] == 10);
    len = sizeof(other);
    GIVES(0, syscall(SYS_getsockname, bound, &other, &len));
    MUST(((struct sockaddr_in *)&other)->sin_addr.s_addr == inet_addr(TUN0_IPV4));
    FAILS(EFAULT, getsockname(bound, (struct sockaddr *)&other, bad_pointer()));
    int fd = udp_to(SERVER_ON_ETH0, 443);
    MUST(is_named(fd, TUN0_IPV4));
    expect("connect connect action=allow");
    expect("probe getsockname action=hide");
    /* Nothing else is shown: an IPv6 probe finds no way, a bound socket has no address. */
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    to = address(SERVER_IPV6, 443, &len);
    FAILS(ENETUNREACH, connect(fd, (struct sockaddr *)&to, len));
    expect("connect out,udp,failed,refused errno=ENETUNREACH action=deny");
    MUST(is_named(six, "::"));
}

void names_are_not_asked_for(void)
{
    struct addrinfo *list, hints = {.ai_flags = AI_NUMERICHOST};
    struct hostent space, *host;
    unsigned char answer[512];
    uint8_t b[64];
    char buf[512];
    int error = 0;
    policy_new();
    rule_not_via(rule_add(POLICY_DNS, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    /* Nobody knows which way the system's resolvers are asked. */
    GIVES(EAI_AGAIN, getaddrinfo("stun.example.org", "3478", NULL, &list));
    MUST(gethostbyname("stun.example.org") == NULL && h_errno == TRY_AGAIN);
    MUST(gethostbyname2("stun.example.org", AF_INET) == NULL);
    GIVES(EAGAIN, gethostbyname_r("stun.example.org", &space, buf, sizeof(buf), &host, &error));
    MUST(host == NULL && error == TRY_AGAIN);
    GIVES(EAGAIN,
          gethostbyname2_r("stun.example.org", AF_INET, &space, buf, sizeof(buf), &host, &error));
    GIVES(-1, res_query("stun.example.org", 1, 1, answer, sizeof(answer)));
    GIVES(-1, res_search("stun.example.org", 1, 1, answer, sizeof(answer)));
    struct __res_state state = {0};
    res_ninit(&state);
    GIVES(-1, res_nquery(&state, "stun.example.org", 1, 1, answer, sizeof(answer)));
    GIVES(-1, res_nsearch(&state, "stun.example.org", 1, 1, answer, sizeof(answer)));
    for (int i = 0; i < 9; i++)
        expect(
            "name out,failed,refused errno=ECONNREFUSED name=stun.example.org action=deny rule=0");
    GIVES(-1, res_querydomain("stun", "example.org", 1, 1, answer, sizeof(answer)));
    GIVES(-1, res_nquerydomain(&state, "stun", "example.org", 1, 1, answer, sizeof(answer)));
    size_t asked = dns_question(b, sizeof(b), 7);
    GIVES(-1, res_send(b, (int)asked, answer, sizeof(answer)));
    GIVES(-1, res_nsend(&state, b, (int)asked, answer, sizeof(answer)));
    struct gaicb one = {.ar_name = "stun.example.org"}, *all[] = {NULL, &one};
    GIVES(EAI_AGAIN, getaddrinfo_a(GAI_WAIT, all, 2, NULL));
    for (int i = 0; i < 5; i++)
        expect(
            "name out,failed,refused errno=ECONNREFUSED name=stun.example.org action=deny rule=0");
    /* The names of addresses. */
    const uint8_t server[4] = {198, 51, 100, 10};
    socklen_t back_len;
    struct sockaddr_storage back = address(SERVER_ON_ETH0, 0, &back_len);
    GIVES(EAI_AGAIN, getnameinfo((struct sockaddr *)&back, back_len, buf, sizeof(buf), NULL, 0, 0));
    MUST(gethostbyaddr(server, sizeof(server), AF_INET) == NULL && h_errno == TRY_AGAIN);
    GIVES(EAGAIN, gethostbyaddr_r(server, sizeof(server), AF_INET, &space, buf, sizeof(buf), &host,
                                  &error));
    MUST(host == NULL && error == TRY_AGAIN);
    for (int i = 0; i < 3; i++)
        expect("name out,failed,refused errno=ECONNREFUSED name=198.51.100.10 action=deny rule=0");
    GIVES(0, getnameinfo((struct sockaddr *)&back, back_len, buf, sizeof(buf), NULL, 0,
                         NI_NUMERICHOST));
    GIVES(0, getnameinfo((struct sockaddr *)&back, back_len, NULL, 0, buf, sizeof(buf), 0));
    /* Texts that look as if they needed no question, and are asked for all the same. */
    GIVES(EAI_AGAIN, getaddrinfo("localhost.", "3478", NULL, &list));
    GIVES(EAI_AGAIN, getaddrinfo("x.localhost", "3478", NULL, &list));
    GIVES(EAI_AGAIN, getaddrinfo("192.0.2.1 x.example.org", "3478", NULL, &list));
    MUST(gethostbyname2("::1%x.example.org", AF_INET6) == NULL && h_errno == TRY_AGAIN);
    GIVES(-1, res_query("192.0.2.1", 1, 1, answer, sizeof(answer)));
    for (int i = 0; i < 5; i++)
        expect("name out,failed,refused errno=ECONNREFUSED action=deny rule=0");
    /* What needs no question. */
    GIVES(0, getaddrinfo("192.0.2.1", "3478", NULL, &list));
    GIVES(EAI_NONAME, getaddrinfo("::1%x.example.org", "3478", NULL, &list));
    MUST(gethostbyname("192.0.2.1") != NULL);
    GIVES(0, getaddrinfo("2001:db8::1", "3478", NULL, &list));
    GIVES(0, getaddrinfo("192.0.2.1", "3478", &hints, &list));
    GIVES(0, getaddrinfo("localhost", "3478", NULL, &list));
    GIVES(0, getaddrinfo(NULL, "3478", NULL, &list));
    allow("name getaddrinfo action=allow");
    allow("name gethostbyname action=allow");
    allow("file fopen");
    allow("file open");
    /* The program's own questions: pinned, or refused where it is asked through eth0's address. */
    socklen_t len, local_len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 53, &len),
                            local = address(ETH0_IPV4, 0, &local_len);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&local, local_len) != 0)
        fail("bind");
    size_t n = dns_question(b, sizeof(b), 77);
    FAILS(ECONNREFUSED, sendto(fd, b, n, 0, (struct sockaddr *)&to, len));
    expect("dns sendto out,udp,failed,refused action=deny rule=0");
    FAILS(ECONNREFUSED, syscall(SYS_sendto, fd, b, n, 0L, &to, (long)len));
    expect("dns syscall out,udp,failed,refused action=deny rule=0");
    nothing_left_yet();
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    GIVES((long)n, sendto(fd, b, n, 0, (struct sockaddr *)&to, len));
    expect("dns sendto out,udp,pinned action=pin");
    MUST(left_on(SLOT_TUN0, "example", 7) == 1);
    MUST(left_on(SLOT_ETH0, "example", 7) == 0);
    /* The resolvers are asked through the tunnel: then they may be. Nobody answers here. */
    policy_next.dns_slot = SLOT_TUN0;
    policy_in_force();
    GIVES(-1, res_query("", 1, 1, answer, 0) < 0 ? -1 : 0);
    allow("name res_query name=");
    allow("dns");
    allow("name res_query");
}

void mdns_leaves_through_the_tunnel(void)
{
    static const uint8_t query[] = "\0\0\0\0\0\1\0\0\0\0\0\0\7example\5local\0\0\1\0\1";
    socklen_t len;
    struct sockaddr_storage to = address("224.0.0.251", 5353, &len);
    struct ip_mreqn choose = {.imr_ifindex = (int)ifindex_of[SLOT_ETH0]};
    policy_new();
    rule_not_via(rule_add(POLICY_MDNS, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    nothing_left_yet();
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &choose, sizeof(choose)) != 0)
        fail("IP_MULTICAST_IF");
    GIVES((long)sizeof(query), sendto(fd, query, sizeof(query), 0, (struct sockaddr *)&to, len));
    expect("mdns sendto out,udp,pinned action=pin");
    MUST(left_on(SLOT_TUN0, "example", 7) == 1);
    MUST(left_on(SLOT_ETH0, "example", 7) == 0);
    struct sockaddr_storage local = address(ETH0_IPV4, 0, &len);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&local, len) != 0)
        fail("bind");
    FAILS(ENETUNREACH, sendto(fd, query, sizeof(query), 0, (struct sockaddr *)&to, len));
    expect("mdns sendto out,udp,failed,refused errno=ENETUNREACH action=deny rule=0");
    MUST(left_on(SLOT_ETH0, "example", 7) == 0);
    /* The address that a socket's multicasts have is the one that was given with the interface. */
    const uint8_t eth0_address[4] = {192, 168, 1, 23};
    for (int pinned_first = 0; pinned_first < 2; pinned_first++) {
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        choose = (struct ip_mreqn){.imr_ifindex = (int)ifindex_of[SLOT_TUN0]};
        memcpy(&choose.imr_address, eth0_address, 4);
        nothing_left_yet();
        if (pinned_first) {
            GIVES((long)sizeof(query),
                  sendto(fd, query, sizeof(query), 0, (struct sockaddr *)&to, len));
            expect("mdns sendto out,udp,pinned action=pin");
            MUST(left_on(SLOT_TUN0, eth0_address, 4) == 0);
        }
        if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &choose, sizeof(choose)) != 0)
            fail("IP_MULTICAST_IF");
        FAILS(ENETUNREACH, sendto(fd, query, sizeof(query), 0, (struct sockaddr *)&to, len));
        expect("mdns sendto out,udp,failed,refused%s action=deny rule=0",
               pinned_first ? ",pinned" : "");
        MUST(left_on(SLOT_TUN0, eth0_address, 4) == 0);
        memcpy(&choose.imr_address, (uint8_t[4]){10, 8, 0, 2}, 4);
        if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &choose, sizeof(choose)) != 0)
            fail("IP_MULTICAST_IF");
        GIVES((long)sizeof(query),
              sendto(fd, query, sizeof(query), 0, (struct sockaddr *)&to, len));
        expect("mdns sendto out,udp,pinned action=pin");
        close(fd);
    }
}
