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
    "  -w, --capture[=IFACE,...]  capture the wire beside the run, into wire.pcapng; default: every\n"
    "                          interface, except loopback, also those that come up later. Needs\n"
    "                          cap_net_raw for rtcshim-analyzer, never for COMMAND\n"
    "      --html              write report.html in the end\n"
    "      --fail-on-leak      exit 3 if COMMAND succeeded and a leak was found\n"
    "  -j, --json              events as NDJSON on standard output while it runs; what COMMAND writes\n"
    "                          to standard output then goes to standard error\n"
    "  -q, --quiet             no lines while it runs, only the summary\n"
    "      --require-coverage  exit 125 if a process that may have used a network socket was not covered\n"
    "      --help              this text\n"
    "\n"
    "environment:\n"
    "  RTCSHIM_LIBRARY         path of librtcshim.so, if it is not beside rtcshim or installed\n"
    "  NO_COLOR                no colour on a terminal\n"
    "\n"
    "exit status: COMMAND's own, or 128+N if signal N ended it; 3 a leak (--fail-on-leak), 125\n"
    "rtcshim itself failed, 126 COMMAND can't be executed, 127 COMMAND was not found. INT, TERM, HUP, QUIT, USR1, USR2, CONT, TSTP and\n"
    "WINCH are passed on to COMMAND.\n";

const char help_capture[] =
    "usage: rtcshim capture [OPTIONS] [FILTER...]\n"
    "\n"
    "Show the STUN and TURN messages that pass now on this machine's interfaces, or write all packets\n"
    "to a pcapng file (-w). Done by rtcshim-analyzer, a program of its own, which needs the capability\n"
    "cap_net_raw; 'rtcshim capture --help' lists its options.\n";

const char help_policy[] =
    "usage: rtcshim policy check [-q] NAME|FILE|-\n"
    "       rtcshim policy list\n"
    "       rtcshim policy show NAME|FILE|SESSION\n"
    "       rtcshim policy explain [--vpn IFACE] NAME|FILE EVENT.json|-\n"
    "       rtcshim policy explain [--vpn IFACE] NAME|FILE WHAT...\n"
    "       rtcshim policy set [--vpn IFACE] [SESSION] NAME|FILE\n"
    "\n"
    "A policy says what may leave and which interfaces programs see, one rule a line, the first one that\n"
    "matches counts: rtcshim-policy(5). NAME is a built-in policy.\n"
    "\n"
    "  check     say in words what a policy means, or point at the place that is wrong\n"
    "  list      the built-in policies\n"
    "  show      the text of a policy, or of the one in force in a session\n"
    "  explain   which rule meets an event of events.ndjson, a line each, or what WHAT describes\n"
    "  set       put a policy in force in a session that runs (see 'rtcshim sessions'); needs no SESSION\n"
    "            where there is but one\n"
    "\n"
    "WHAT: --stun METHOD or --topic probe|dns|mdns|device|connect|enumeration; --class CLASS,\n"
    "--to IP[:PORT], --from IP, --via IFACE, --over udp|tcp, --family inet|inet6, --by ROLE, --proxied.\n"
    "\n"
    "exit status: 0; 1 the policy has errors; 2 trouble.\n";

const char help_sessions[] =
    "usage: rtcshim sessions [-j]\n"
    "\n"
    "List the sessions of this user: what runs under rtcshim, with which policy. A session is named by\n"
    "its id, the start of it, the pid of any of its processes, or the run's folder.\n"
    "\n"
    "  -j, --json   one JSON object a line\n";

const char help_decode[] =
    "usage: rtcshim decode [OPTIONS] FILE|-...\n"
    "\n"
    "Show the STUN and TURN messages in capture files (pcap, pcapng), or a summary of them. Done by\n"
    "rtcshim-analyzer, a program of its own; 'rtcshim decode --help' lists its options.\n";

const char help_report[] =
    "usage: rtcshim report [OPTIONS] DIR\n"
    "\n"
    "Say which addresses leaked in a run, to whom, why, and what to do about it. Done by\n"
    "rtcshim-analyzer, a program of its own; 'rtcshim report --help' lists its options.\n";

const char help_diff[] =
    "usage: rtcshim diff [OPTIONS] A B\n"
    "\n"
    "Say what run B reveals that run A did not. Done by rtcshim-analyzer, a program of its own;\n"
    "'rtcshim diff --help' lists its options.\n";

const char help_help[] = "usage: rtcshim help [COMMAND]\n"
                         "\n"
                         "List the commands, or explain one.\n";

const char help_version[] = "usage: rtcshim version\n"
                            "\n"
                            "Print the version.\n";
