/* One run: a command under the library, watched from its start to its end. */
#ifndef RTCSHIM_LAUNCHER_RUN_H
#define RTCSHIM_LAUNCHER_RUN_H

#include <stdbool.h>

struct run_options {
    char *const *argv;  /* the command, NULL-terminated, at least one */
    const char *policy; /* a built-in one, a file, "-"; NULL: observe, or vpn where vpn is given */
    const char *vpn;    /* interface that $vpn stands for; NULL none */
    const char *output; /* NULL: the default place */
    bool capture;
    const char *interfaces; /* to capture; NULL: the default ones */
    bool html;
    bool json;
    bool quiet;
    bool fail_on_leak;
    bool require_coverage;
    unsigned closed_fds; /* bits 1 << fd of standard descriptors that were closed at the start */
};

/* Returns the exit status of INTERFACE.md; whatever is not the command's own has been explained on
 * standard error. */
int run_command(const struct run_options *options);

#endif
