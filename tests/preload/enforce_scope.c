/* What the kernel asks before the device that a socket is bound to, and other ways round a pin. */
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

void a_scope_goes_before_the_device(void)
{
    static const char *const group_or_link[] = {"fe80::1", "ff02::99", "ff01::99"};
    uint8_t b[20];
    socklen_t len;

    policy_new();
    rule_not_via(rule_add(POLICY_STUN, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    nothing_left_yet();
    for (uint32_t i = 0; i < 3; i++) {
        /* Fresh, pinned by the policy, and bound to the tunnel by the program. */
        for (uint32_t how = 0; how < 3; how++) {
            int fd = socket(AF_INET6, SOCK_DGRAM, 0), tun0 = (int)ifindex_of[SLOT_TUN0];
            uint32_t id = 10 * i + 2 * how;
            struct sockaddr_storage to = address("::ffff:" SERVER_ON_TUN0, 3478, &len);
            if (how == 1) {
                GIVES(20, sendto(fd, b, stun_request(b, 20, id), 0, (struct sockaddr *)&to, len));
                expect("stun sendto out,udp,pinned id=%u action=pin", id);
                MUST(stun_left_on(SLOT_TUN0) == 1);
            } else if (how == 2) {
                GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &tun0, sizeof(tun0)));
                expect("sockopt setsockopt");
            }
            to = address(group_or_link[i], 3478, &len);
            ((struct sockaddr_in6 *)&to)->sin6_scope_id = ifindex_of[SLOT_ETH0];
            FAILS(ECONNREFUSED,
                  sendto(fd, b, stun_request(b, 20, id + 1), 0, (struct sockaddr *)&to, len));
            expect("stun sendto out,udp,failed,refused%s id=%u action=deny rule=0",
                   how ? ",pinned" : "", id + 1);
            close(fd);
        }
    }
    MUST(stun_left_on(SLOT_ETH0) == 0);
}

/* The way is the tunnel, which is allowed; the packet's source is eth0's global address. */
void a_scope_excuses_no_source_address(void)
{
    static const char *const group_or_link[] = {"fe80::1", "ff02::99"};
    uint8_t b[20];
    socklen_t len, local_len;
    struct sockaddr_storage local = address(ETH0_IPV6, 0, &local_len);

    for (uint32_t policy = 0; policy < 2; policy++) {
        policy_new();
        if (policy)
            rule_not_via(rule_add(POLICY_STUN, POLICY_DENY), SLOT_TUN0);
        policy_in_force();
        nothing_left_yet();
        for (uint32_t i = 0; i < 2; i++) {
            int fd = socket(AF_INET6, SOCK_DGRAM, 0);
            struct sockaddr_storage to = address(group_or_link[i], 3478, &len);
            uint32_t id = 10 * policy + i;
            GIVES(0, bind(fd, (struct sockaddr *)&local, local_len));
            ((struct sockaddr_in6 *)&to)->sin6_scope_id = ifindex_of[SLOT_TUN0];
            stun_request(b, 20, id);
            if (policy) {
                FAILS(ECONNREFUSED, sendto(fd, b, 20, 0, (struct sockaddr *)&to, len));
                expect("stun sendto out,udp,failed,refused id=%u action=deny rule=0", id);
            } else { /* the kernel would let it go */
                GIVES(20, sendto(fd, b, 20, 0, (struct sockaddr *)&to, len));
                expect("stun sendto out,udp id=%u action=allow", id);
            }
            close(fd);
        }
        /* A link-local neighbour is asked for first; the group's message has left. */
        MUST(stun_left_on(SLOT_TUN0) == (policy ? 0 : 1));
    }
}

void a_pinned_socket_borrows_no_address(void)
{
    uint8_t b[20];
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_TUN0, 3478, &len);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    policy_new();
    rule_not_via(rule_add(POLICY_STUN, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    nothing_left_yet();
    GIVES(20, sendto(fd, b, stun_request(b, 20, 1), 0, (struct sockaddr *)&to, len));
    expect("stun sendto out,udp,pinned id=1 action=pin");
    /* The tunnel loses its address; the kernel would send there with eth0's. */
    for (uint32_t i = 0; i < policy_next.addrs; i++)
        if (policy_next.addr[i].slot == SLOT_TUN0)
            policy_next.addr[i].slot = SLOT_ETH0;
    policy_in_force();
    GIVES(20, sendto(fd, b, stun_request(b, 20, 2), 0, (struct sockaddr *)&to, len)); /* lost */
    expect("stun sendto out,udp,refused,pinned id=2 action=deny rule=65534");
    MUST(stun_left_on(SLOT_TUN0) == 1);
}

void udp_lite_is_judged_as_udp(void)
{
    uint8_t b[20];
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 3478, &len);
    int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

    only_rule(POLICY_STUN, POLICY_DENY);
    if (fd < 0) { /* the kernel has none any more */
        MUST(errno == EPROTONOSUPPORT);
        return;
    }
    FAILS(ECONNREFUSED, sendto(fd, b, stun_request(b, 20, 1), 0, (struct sockaddr *)&to, len));
    expect("stun sendto out,udp,failed,refused id=1 action=deny rule=0");
}

static void cannot_bind(const char *ip, int type)
{
    socklen_t len;
    struct sockaddr_storage local = address(ip, 0, &len);
    int fd = socket(local.ss_family, type, 0);

    FAILS(EADDRNOTAVAIL, bind(fd, (struct sockaddr *)&local, len));
    FAILS(EADDRNOTAVAIL, syscall(SYS_bind, fd, &local, len));
    close(fd);
}

void a_hidden_address_cannot_be_bound(void)
{
    socklen_t len;
    struct sockaddr_storage local = address(TUN0_IPV4, 0, &len);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    policy_new();
    policy_hide(SLOT_ETH0);
    policy_in_force();
    cannot_bind(ETH0_IPV4, SOCK_DGRAM);
    cannot_bind(ETH0_IPV4, SOCK_STREAM);
    cannot_bind(ETH0_IPV6, SOCK_DGRAM);
    cannot_bind("::ffff:" ETH0_IPV4, SOCK_DGRAM);
    cannot_bind("192.168.1.99", SOCK_DGRAM); /* just as one that nobody has */
    GIVES(0, bind(fd, (struct sockaddr *)&local, len));
    FAILS(EFAULT,
          bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)16, sizeof(struct sockaddr_in)));
    FAILS(EBADF, bind(-1, (struct sockaddr *)&local, len));
}
