/* The subcommands of rtcshim: one row each in commands[], see main.c. */
#ifndef RTCSHIM_LAUNCHER_COMMAND_H
#define RTCSHIM_LAUNCHER_COMMAND_H

#include <stdio.h>

struct command {
    const char *name;
    const char *summary; /* one line */
    const char *help;    /* the whole text of `rtcshim help NAME` */
    /* argv[0] is the subcommand's name. Returns the exit status. */
    int (*run)(int argc, char **argv);
};

/* Ends with a row whose name is NULL. */
extern const struct command commands[];

/* NULL if there is none of that name. */
const struct command *command_find(const char *name);

/* Bits 1 << fd of the standard descriptors that were closed when the program started. */
extern unsigned command_closed_fds;

int cmd_run(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_sessions(int argc, char **argv);
/* The subcommands of rtcshim-analyzer: runs it in place of this program. argv[-1] must be there, as
 * in main(). */
int cmd_analyzer(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_version(int argc, char **argv);

extern const char help_overview[];
extern const char help_run[];
extern const char help_capture[];
extern const char help_policy[];
extern const char help_sessions[];
extern const char help_decode[];
extern const char help_report[];
extern const char help_diff[];
extern const char help_help[];
extern const char help_version[];

#endif
