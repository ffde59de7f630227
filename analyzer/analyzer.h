/*
 * The subcommands of rtcshim-analyzer, and what they share.
 */
#ifndef RTCSHIM_ANALYZER_ANALYZER_H
#define RTCSHIM_ANALYZER_ANALYZER_H

enum {
    EXIT_DAMAGED = 1, /* an input is damaged; all up to the damage was reported */
    EXIT_TROUBLE = 2, /* usage, an input that can't be opened, output that can't be written */
};

/* argv[0] is the subcommand's name. Returns the exit status. */
int cmd_capture(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_report(int argc, char **argv);
extern const char help_capture[];
extern const char help_decode[];
extern const char help_diff[];
extern const char help_report[];

/* "rtcshim-analyzer: ..." on standard error, one write; control characters are made visible. */
__attribute__((format(printf, 1, 2))) void analyzer_complain(const char *format, ...);
/* After getopt_long() returned 'h', ':' or '?': the help, or what is wrong with which option of
 * argv. Returns the exit status. */
int analyzer_end_options(int option, const char *command, const char *help, const char *shorts,
                         char *const *argv);

#endif
