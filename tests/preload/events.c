/* Calls that must be recorded, each once, and calls that must not be; what is expected goes to
 * standard output. */
#include "events.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "endpoints.h"
#include "transcript.h"

static const struct section sections[] = {
    {"udp-send", events_udp_send},
    {"udp-recv", events_udp_recv},
    {"udp-segments", events_udp_segments},
    {"udp-failed", events_udp_failed},
    {"udp-addresses", events_udp_addresses},
    {"udp-partial", events_udp_partial},
    {"copies", events_copies},
    {"passed", events_passed},
    {"syscall", events_syscall},
    {"tcp-whole", events_tcp_whole},
    {"tcp-split", events_tcp_split},
    {"tcp-joined", events_tcp_joined},
    {"tcp-framed", events_tcp_framed},
    {"tcp-channel", events_tcp_channel},
    {"tcp-partial", events_tcp_partial},
    {"channel", events_channel},
    {"dns", events_dns},
    {"probe", events_probe},
    {"netlink", events_netlink},
    {"enum", events_enum},
    {"ioctl", events_ioctl},
    {"file", events_file},
    {"file-roads", events_file_roads},
    {"file-names", events_file_names},
    {"resolver", events_resolver},
    {"name", events_name},
    {"sockopt", events_sockopt},
    {"fork", events_fork},
    {"vfork", events_vfork},
    {"exec", events_exec},
    {"tcp-many", events_tcp_many},
    {"tcp-stray", events_tcp_stray},
    {"tcp-empty-frame", events_tcp_empty_frame},
    {"tcp-destination", events_tcp_destination},
    {"tcp-race", events_tcp_race},
    {"high", events_high},
    {"stun-ports", events_stun_ports},
    {"unspec", events_unspec},
    {"sendmmsg-fails", events_sendmmsg_fails},
    {"netlink-cut", events_netlink_cut},
    {"silent-child", events_silent_child},
    {"atfork", events_atfork},
    {"vfork-fork", events_vfork_fork},
    {"spawn-fails", events_spawn_fails},
    {"two-sessions", events_two_sessions},
    {"quiet", events_quiet},
    {"quiet-files", events_quiet_files},
    {"quiet-tcp", events_quiet_tcp},
    {NULL, NULL},
};

void expect_stun(const char *call, const char *flags, size_t len, uint32_t id)
{
    expect("stun %s %s len=%zu full=%zu id=%u", call, flags, len, len, id);
}

void pair(int fd[static 2], int family)
{
    udp_pair(fd, family);
    expect("connect connect");
    expect("connect connect");
}

int main(int argc, char **argv)
{
    alarm(60);
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        for (const struct section *s = sections; s->name; s++)
            puts(s->name);
        return 0;
    }
    expect("process by_fork=0 parent=0");
    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return 0;
    transcript_open(STDERR_FILENO);
    for (const struct section *s = sections; s->name; s++)
        if (argc > 1 && strcmp(s->name, argv[1]) == 0)
            s->run();
    return 0;
}
