/* The subcommands of `rtcshim policy`. argv[0] is the subcommand's name. */
#ifndef RTCSHIM_LAUNCHER_CMD_POLICY_H
#define RTCSHIM_LAUNCHER_CMD_POLICY_H

/* Exit status of `rtcshim policy`, as grep's and diff's. */
enum { POLICY_EXIT_OK = 0, POLICY_EXIT_WRONG = 1, POLICY_EXIT_TROUBLE = 2 };

int cmd_policy_explain(int argc, char **argv); /* cmd_policy_explain.c */
int cmd_policy_set(int argc, char **argv);     /* cmd_policy_set.c */

/* getopt_long() gave '?' or ':': say which option, return POLICY_EXIT_TROUBLE. */
int cmd_policy_bad_option(int option, char **argv);

#endif
