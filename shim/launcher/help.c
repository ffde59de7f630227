/* The texts of `rtcshim help`. */
#include "command.h"

const char help_overview[] =
    "usage: rtcshim COMMAND [OPTIONS] [ARG...]\n"
    "\n"
    "Shows and records what a browser tells the network about this machine: every STUN and TURN\n"
    "message, and every look at the local interfaces, with the process that did it.\n"
    "\n"
    "commands:\n";

const char help_run[] =
    "usage: rtcshim run [OPTIONS] [--] COMMAND [ARG...]\n"
    "\n"
    "Run COMMAND, usually a browser, with the rtcshim library in all its processes. One line for each\n"
    "event worth attention goes to standard error, everything goes to the run's folder, and a summary\n"
    "ends the run.\n"
    "\n"
    "options:\n"
    "  -p, --policy NAME|FILE  what may leave and what is shown: a built-in policy ('rtcshim policy\n"
    "                          list') or a file; default observe\n"
    "      --vpn IFACE         the interface that a policy calls $vpn; alone it means policy vpn\n"
    "  -o, --output DIR        the run's folder, new or empty; default\n"
    "                          $XDG_STATE_HOME/rtcshim/runs/TIME-COMMAND (~/.local/state/...)\n"
    "  -j, --json              events as NDJSON on standard output while it runs; what COMMAND writes\n"
    "                          to standard output then goes to standard error\n"
    "  -q, --quiet             no lines while it runs, only the summary\n"
    "      --require-coverage  exit 125 if a process that may have used a network socket was not covered\n"
    "      --help              this text\n"
    "Not in this version yet, and refused: -w/--capture, --html, --fail-on-leak.\n"
    "\n"
    "environment:\n"
    "  RTCSHIM_LIBRARY         path of librtcshim.so, if it is not beside rtcshim or installed\n"
    "  NO_COLOR                no colour on a terminal\n"
    "\n"
    "exit status: COMMAND's own, or 128+N if signal N ended it; 125 rtcshim itself failed, 126 COMMAND\n"
    "can't be executed, 127 COMMAND was not found. INT, TERM, HUP, QUIT, USR1, USR2, CONT, TSTP and\n"
    "WINCH are passed on to COMMAND.\n";

const char help_capture[] =
    "usage: rtcshim capture [OPTIONS] [FILTER...]\n"
    "\n"
    "Show the STUN and TURN messages that pass now on this machine's interfaces, or write all packets\n"
    "to a pcapng file (-w). Done by rtcshim-analyzer, a program of its own, which needs the capability\n"
    "cap_net_raw; 'rtcshim capture --help' lists its options.\n";

const char help_decode[] =
    "usage: rtcshim decode [OPTIONS] FILE|-...\n"
    "\n"
    "Show the STUN and TURN messages in capture files (pcap, pcapng), or a summary of them. Done by\n"
    "rtcshim-analyzer, a program of its own; 'rtcshim decode --help' lists its options.\n";

const char help_help[] = "usage: rtcshim help [COMMAND]\n"
                         "\n"
                         "List the commands, or explain one.\n";

const char help_version[] = "usage: rtcshim version\n"
                            "\n"
                            "Print the version.\n";
