/* One process that makes every hooked call, in success and in failure, and writes down what came of
 * it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "transcript.h"

static const struct section sections[] = {
    {"early", calls_early},
    {"send", calls_send},
    {"send-partial", calls_send_partial},
    {"sendmmsg", calls_sendmmsg},
    {"recv", calls_recv},
    {"recv-flags", calls_recv_flags},
    {"recvmmsg", calls_recvmmsg},
    {"interrupted", calls_interrupted},
    {"socket", calls_socket},
    {"udp-errors", calls_udp_errors},
    {"udp-segments", calls_udp_segments},
    {"mapped", calls_mapped},
    {"tcp", calls_tcp},
    {"stream-trunc", calls_tcp_trunc},
    {"fd", calls_fd},
    {"fcntl", calls_fcntl},
    {"close-range", calls_close_range},
    {"enum", calls_enum},
    {"ioctl", calls_ioctl},
    {"netlink", calls_netlink},
    {"file", calls_file},
    {"path", calls_path},
    {"name", calls_name},
    {"name-back", calls_name_back},
    {"bad-fd", calls_bad_fd},
    {"bad-send", calls_bad_send},
    {"bad-recv", calls_bad_recv},
    {"bad-rest", calls_bad_rest},
    {"page-end", calls_page_end},
    {"syscall", calls_syscall},
    {"lookup", calls_lookup},
    {"absurd-send", calls_absurd_send},
    {"absurd-recv", calls_absurd_recv},
    {"absurd-option", calls_absurd_option},
    {"filtered", calls_filtered},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    alarm(60); /* a hang is a failure, not a wait */
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        for (const struct section *s = sections; s->name; s++)
            puts(s->name);
        return 0;
    }
    transcript_open(STDOUT_FILENO);
    transcript_run(sections, argc > 1 ? argv[1] : NULL);
    transcript_rows();
    return 0;
}
