/* Policies that change under a running program, and those who run beside it. */
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

static ssize_t stun_to(int fd, const char *ip, uint32_t id)
{
    uint8_t b[20];
    socklen_t len;
    struct sockaddr_storage to = address(ip, 3478, &len);
    return sendto(fd, b, stun_request(b, 20, id), 0, (struct sockaddr *)&to, len);
}

static void vpn(void)
{
    policy_new();
    rule_not_via(rule_add(POLICY_STUN, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
}

void a_policy_change_holds_for_sockets_in_use(void)
{
    socklen_t len;
    struct sockaddr_storage local = address(ETH0_IPV4, 0, &len);
    int wild = socket(AF_INET, SOCK_DGRAM, 0), bound = socket(AF_INET, SOCK_DGRAM, 0), tcp[2];
    uint8_t b[40];
    if (bind(bound, (struct sockaddr *)&local, len) != 0)
        fail("bind");
    policy_new();
    policy_in_force();
    nothing_left_yet();
    tcp_pair(tcp, AF_INET);
    GIVES(20, stun_to(wild, SERVER_ON_ETH0, 1));
    GIVES(20, stun_to(bound, SERVER_ON_ETH0, 2));
    GIVES(40, send(tcp[0], b, stun_request(b, 40, 3), 0));
    for (int id = 1; id < 4; id++)
        expect("stun id=%d action=allow rule=65535", id);
    MUST(stun_left_on(SLOT_ETH0) == 2);
    vpn();
    GIVES(20, stun_to(wild, SERVER_ON_ETH0, 4));
    expect("stun sendto out,udp,pinned id=4 action=pin");
    FAILS(ECONNREFUSED, stun_to(bound, SERVER_ON_ETH0, 5));
    expect("stun sendto out,udp,failed,refused id=5 action=deny");
    only_rule(POLICY_STUN, POLICY_DENY);
    FAILS(ECONNREFUSED, send(tcp[0], b, stun_request(b, 40, 6), 0));
    expect("stun send out,tcp,failed,refused id=6 action=deny");
    FAILS(ECONNREFUSED, stun_to(wild, SERVER_ON_ETH0, 7));
    expect("stun sendto out,udp,failed,refused,pinned id=7 action=deny");
    policy_new();
    policy_in_force();
    /* A pin stays: the kernel lets nobody but root take it back. */
    GIVES(20, stun_to(wild, SERVER_ON_ETH0, 8));
    expect("stun sendto out,udp,pinned id=8");
    GIVES(20, stun_to(bound, SERVER_ON_ETH0, 9));
    expect("stun sendto out,udp id=9 action=allow");
    MUST(stun_left_on(SLOT_TUN0) == 2);
    MUST(stun_left_on(SLOT_ETH0) == 1);
}

/* The call that was on when the policy came goes where it may, or ends: also before its next STUN.
 */
void media_of_a_call_follow_a_policy_change(void)
{
    uint8_t media[30] = "\x80 the voice of a call";
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 3478, &len), local;
    int wild = socket(AF_INET, SOCK_DGRAM, 0), bound = socket(AF_INET, SOCK_DGRAM, 0);
    int other = socket(AF_INET, SOCK_DGRAM, 0);
    local = address(ETH0_IPV4, 0, &len);
    if (bind(bound, (struct sockaddr *)&local, len) != 0)
        fail("bind");
    policy_new();
    policy_in_force();
    nothing_left_yet();
    GIVES(20, stun_to(wild, SERVER_ON_ETH0, 1));
    GIVES(20, stun_to(bound, SERVER_ON_ETH0, 2));
    expect("stun id=1 action=allow");
    expect("stun id=2 action=allow");
#define VOICE(fd) sendto(fd, media, sizeof(media), 0, (struct sockaddr *)&to, len)
    GIVES(30, VOICE(wild));
    GIVES(30, VOICE(bound));
    MUST(left_on(SLOT_ETH0, "voice", 5) == 2);
    vpn();
    GIVES(30, VOICE(wild));
    MUST(bound_to(wild) == ifindex_of[SLOT_TUN0]);
    for (int i = 0; i < 3; i++)
        FAILS(ECONNREFUSED, VOICE(bound));
    expect("stun sendto out,udp,cut,failed,refused len=0 full=30 action=deny rule=0");
    GIVES(30, VOICE(other)); /* of no call: nobody spoke of it */
    MUST(left_on(SLOT_TUN0, "voice", 5) == 1);
    MUST(left_on(SLOT_ETH0, "voice", 5) == 1);
    vpn(); /* as when a route has changed: told again */
    GIVES(30, VOICE(wild));
    FAILS(ECONNREFUSED, VOICE(bound));
    expect("stun sendto out,udp,cut,failed,refused len=0 full=30 action=deny rule=0");
    policy_new();
    policy_in_force();
    GIVES(30, VOICE(bound));
    /* A datagram of STUN that comes unasked makes no call of it. */
    int fd[2];
    uint8_t b[20];
    udp_pair(fd, AF_INET);
    allow("connect connect");
    GIVES(20, send(fd[0], b, stun_request(b, 20, 9), 0));
    expect("stun send id=9");
    GIVES(20, recv(fd[1], b, 20, 0));
    expect("stun recv id=9");
    only_rule(POLICY_STUN, POLICY_DENY);
    GIVES(30, send(fd[1], media, 30, 0));
    FAILS(ECONNREFUSED, send(fd[0], media, 30, 0));
    expect("stun send out,udp,cut,failed,refused len=0 full=30 action=deny rule=0");
#undef VOICE
}

static int handler_fd;
static volatile sig_atomic_t handled;

static void on_signal(int number)
{
    (void)number;
    handled += stun_to(handler_fd, SERVER_ON_ETH0, 50) == -1;
}

void children_and_signal_handlers_are_judged(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), status;
    allow("fork");
    allow("process by_fork=1");
    vpn();
    nothing_left_yet();
    pid_t pid = fork();
    if (pid == 0)
        _exit(stun_to(fd, SERVER_ON_ETH0, 1) == 20 ? 0 : 1);
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
    /* The child bound the socket that both have. */
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 2));
    pid = vfork();
    if (pid == 0)
        _exit(stun_to(fd, SERVER_ON_ETH0, 3) == 20 ? 0 : 1);
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
    for (int id = 1; id < 4; id++)
        expect("stun sendto out,udp,pinned id=%d action=pin", id);
    /* One made in a vfork child. */
    int other = socket(AF_INET, SOCK_DGRAM, 0);
    pid = vfork();
    if (pid == 0)
        _exit(stun_to(other, SERVER_ON_ETH0, 4) == 20 ? 0 : 1);
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
    GIVES(20, stun_to(other, SERVER_ON_ETH0, 5));
    expect("stun sendto id=4");
    expect("stun sendto out,udp,pinned id=5 action=pin");
    MUST(stun_left_on(SLOT_TUN0) == 5);
    /* A handler that sends while the thread it interrupts sends. */
    only_rule(POLICY_STUN, POLICY_DENY);
    handler_fd = fd;
    signal(SIGUSR1, on_signal);
    pid_t me = getpid();
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 2000; i++)
            kill(me, SIGUSR1);
        _exit(0);
    }
    int sent = 0;
    while (waitpid(pid, &status, WNOHANG) == 0)
        sent += stun_to(other, SERVER_ON_TUN0, 51) != -1;
    MUST(sent == 0);
    MUST(handled > 0);
    MUST(stun_left_on(SLOT_TUN0) + stun_left_on(SLOT_ETH0) == 0);
    allow("stun sendto out,udp,failed,refused,pinned id=50 action=deny");
    allow("stun sendto out,udp,failed,refused,pinned id=51 action=deny");
}
