/*
 * Files of /proc and /sys that tell about network interfaces: which they are, and which of their
 * lines is about which interface or address.
 *
 * Pure and async-signal-safe. Paths are canonical, as /proc/self/fd names an open file: no `..`, no
 * symbolic link, /proc/self spelt as a number.
 */
#ifndef RTCSHIM_CORE_NETFILE_H
#define RTCSHIM_CORE_NETFILE_H

#include "netaddr.h"

enum netfile_what {
    NETFILE_OTHER,     /* tells nothing about interfaces */
    NETFILE_LINES,     /* a table; netfile_line() reads it */
    NETFILE_NAMED,     /* belongs to the interface `name`, or lies below its folder */
    NETFILE_CLASS,     /* /sys/class/net itself: a folder of names */
    NETFILE_UNREADABLE /* tells about interfaces in a form that nobody here takes apart: a folder of
                          names, a tree, a table of a kind that is not known */
};

/* What the lines of a table are. */
enum netfile_table {
    NETFILE_NAME_COLON,  /* dev, wireless: "  eth0: ...", after two lines of headings */
    NETFILE_NAME_FIRST,  /* route: "eth0\t...", after one */
    NETFILE_NAME_LAST,   /* arp, ipv6_route; what is no name there is a heading */
    NETFILE_NAME_SECOND, /* ptype: of three columns or more */
    NETFILE_INDEX_FIRST, /* igmp, igmp6, dev_mcast, mcfilter: decimal; lines that start with a blank
                            belong to the one before */
    NETFILE_INDEX_FIFTH, /* packet: decimal, 0 any */
    NETFILE_INET6,       /* if_inet6: address and, in hexadecimal, index */
    NETFILE_SOCKETS,     /* tcp, udp6, raw: a socket's own address */
};

struct netfile {
    enum netfile_what what;
    enum netfile_table table;
    uint8_t family;   /* NETADDR_IPV4 or IPV6: the table is about this family alone; NETADDR_NONE */
    const char *name; /* NETFILE_NAMED; borrowed from path */
    size_t name_len;
};

/* What a path is. */
struct netfile netfile_of(const char *path);

/* What one line of a table names; what it does not name is 0. */
struct netfile_line {
    bool follows;     /* belongs to the line before */
    const char *name; /* borrowed from the line, NULL none */
    size_t name_len;
    uint32_t ifindex;
    struct netaddr addr; /* NETADDR_NONE none */
};
struct netfile_line netfile_line(enum netfile_table table, const char *line, size_t len);

/*
 * Might this path lead to such a file? Looks at the text alone and says yes too often: to a path
 * below /proc and /sys, in any spelling, with a component `net` or one that leads elsewhere (`..`,
 * `fd`, `cwd`, `root`), to the links in /dev that lead to /proc/self/fd, and to every relative
 * path, since nobody knows from where. A symbolic link from anywhere else it does not see.
 */
bool netfile_maybe(const char *path);

/* The text has a component `net`: all there is to go by where the kernel can't be asked. */
bool netfile_has_net(const char *path);

#endif
