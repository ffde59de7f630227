/* Files of /proc and /sys that tell about network interfaces. Linked into the preload library. */
#include "netfile.h"

#include <string.h>

enum { FIELDS_MAX = 12, IPV4_DIGITS = 8, IPV6_DIGITS = 32 };

/* --- paths -------------------------------------------------------------------------------------
 */

struct part {
    const char *text;
    size_t len;
};

static bool part_is(struct part part, const char *text)
{
    return strlen(text) == part.len && memcmp(part.text, text, part.len) == 0;
}

/* The next component of a canonical path, empty at its end. */
static struct part part_next(const char **path)
{
    struct part part = {*path, 0};

    while (*part.text == '/')
        part.text++;
    while (part.text[part.len] != '\0' && part.text[part.len] != '/')
        part.len++;
    *path = part.text + part.len;
    return part;
}

static bool is_number(struct part part)
{
    for (size_t i = 0; i < part.len; i++)
        if (part.text[i] < '0' || part.text[i] > '9')
            return false;
    return part.len > 0;
}

/* What lies in /proc/PID/net. A name that is missing here is refused: nobody knows what it tells.
 */
static const struct {
    const char *name;
    enum netfile_what what;
    enum netfile_table table;
    uint8_t family;
} proc_net[] = {
    {"dev", NETFILE_LINES, NETFILE_NAME_COLON, NETADDR_NONE},
    {"wireless", NETFILE_LINES, NETFILE_NAME_COLON, NETADDR_NONE},
    {"route", NETFILE_LINES, NETFILE_NAME_FIRST, NETADDR_IPV4},
    {"rt_cache", NETFILE_LINES, NETFILE_NAME_FIRST, NETADDR_IPV4},
    {"arp", NETFILE_LINES, NETFILE_NAME_LAST, NETADDR_IPV4},
    {"ipv6_route", NETFILE_LINES, NETFILE_NAME_LAST, NETADDR_IPV6},
    {"if_inet6", NETFILE_LINES, NETFILE_INET6, NETADDR_IPV6},
    {"igmp", NETFILE_LINES, NETFILE_INDEX_FIRST, NETADDR_IPV4},
    {"igmp6", NETFILE_LINES, NETFILE_INDEX_FIRST, NETADDR_IPV6},
    {"anycast6", NETFILE_LINES, NETFILE_INDEX_FIRST, NETADDR_IPV6},
    {"mcfilter", NETFILE_LINES, NETFILE_INDEX_FIRST, NETADDR_IPV4},
    {"mcfilter6", NETFILE_LINES, NETFILE_INDEX_FIRST, NETADDR_IPV6},
    {"dev_mcast", NETFILE_LINES, NETFILE_INDEX_FIRST, NETADDR_NONE},
    {"packet", NETFILE_LINES, NETFILE_INDEX_FIFTH, NETADDR_NONE},
    {"ptype", NETFILE_LINES, NETFILE_NAME_SECOND, NETADDR_NONE},
    {"tcp", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"tcp6", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"udp", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"udp6", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"udplite", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"udplite6", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"raw", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"raw6", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"icmp", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"icmp6", NETFILE_LINES, NETFILE_SOCKETS, NETADDR_NONE},
    {"unix", NETFILE_OTHER, 0, 0},
    {"netlink", NETFILE_OTHER, 0, 0},
    {"protocols", NETFILE_OTHER, 0, 0},
    {"snmp", NETFILE_OTHER, 0, 0},
    {"snmp6", NETFILE_OTHER, 0, 0},
    {"netstat", NETFILE_OTHER, 0, 0},
    {"sockstat", NETFILE_OTHER, 0, 0},
    {"sockstat6", NETFILE_OTHER, 0, 0},
    {"softnet_stat", NETFILE_OTHER, 0, 0},
    {"psched", NETFILE_OTHER, 0, 0},
    {"fib_triestat", NETFILE_OTHER, 0, 0},
    {"rt6_stats", NETFILE_OTHER, 0, 0},
    {"rt_acct", NETFILE_OTHER, 0, 0},
    {"xfrm_stat", NETFILE_OTHER, 0, 0},
    {"stat", NETFILE_OTHER, 0, 0},
    {"ip6_flowlabel", NETFILE_OTHER, 0, 0},
};

static struct netfile named(struct part name)
{
    return (struct netfile){.what = NETFILE_NAMED, .name = name.text, .name_len = name.len};
}

static struct netfile in_proc_net(const char *rest)
{
    struct part file = part_next(&rest), below = part_next(&rest);

    if (file.len == 0)
        return (struct netfile){.what = NETFILE_OTHER}; /* a folder of fixed names */
    if (part_is(file, "dev_snmp6") && below.len > 0)
        return named(below);
    for (size_t i = 0; i < sizeof proc_net / sizeof *proc_net; i++)
        if (part_is(file, proc_net[i].name))
            return (struct netfile){
                .what = proc_net[i].what, .table = proc_net[i].table, .family = proc_net[i].family};
    return (struct netfile){.what = NETFILE_UNREADABLE};
}

/* /proc/sys/net/FAMILY/conf/NAME and neigh/NAME. */
static struct netfile in_proc_sys_net(const char *rest)
{
    struct part family = part_next(&rest), list = part_next(&rest), name = part_next(&rest);

    if (family.len == 0 || (!part_is(list, "conf") && !part_is(list, "neigh")))
        return (struct netfile){.what = NETFILE_OTHER};
    if (name.len == 0)
        return (struct netfile){.what = NETFILE_UNREADABLE};
    if (part_is(name, "all") || part_is(name, "default"))
        return (struct netfile){.what = NETFILE_OTHER};
    return named(name);
}

static struct netfile in_proc(const char *rest)
{
    struct part part = part_next(&rest), net;

    if (part_is(part, "sys")) {
        net = part_next(&rest);
        return part_is(net, "net") ? in_proc_sys_net(rest)
                                   : (struct netfile){.what = NETFILE_OTHER};
    }
    if (!is_number(part))
        return (struct netfile){.what = NETFILE_OTHER};
    net = part_next(&rest);
    if (part_is(net, "task")) {
        (void)part_next(&rest);
        net = part_next(&rest);
    }
    return part_is(net, "net") ? in_proc_net(rest) : (struct netfile){.what = NETFILE_OTHER};
}

static struct netfile in_sys(const char *rest)
{
    struct part part = part_next(&rest), name;

    if (part_is(part, "class")) {
        if (!part_is(part_next(&rest), "net"))
            return (struct netfile){.what = NETFILE_OTHER};
        name = part_next(&rest);
        if (name.len == 0)
            return (struct netfile){.what = NETFILE_CLASS};
        if (part_is(name, "bonding_masters"))
            return (struct netfile){.what = NETFILE_UNREADABLE};
        return named(name);
    }
    if (!part_is(part, "devices"))
        return (struct netfile){.what = NETFILE_OTHER};
    while ((part = part_next(&rest)).len > 0)
        if (part_is(part, "net")) {
            name = part_next(&rest);
            return name.len ? named(name) : (struct netfile){.what = NETFILE_UNREADABLE};
        }
    return (struct netfile){.what = NETFILE_OTHER};
}

struct netfile netfile_of(const char *path)
{
    struct part first = part_next(&path);

    if (part_is(first, "proc"))
        return in_proc(path);
    if (part_is(first, "sys"))
        return in_sys(path);
    return (struct netfile){.what = NETFILE_OTHER};
}

bool netfile_has_net(const char *path)
{
    struct part part;

    while ((part = part_next(&path)).len > 0)
        if (part_is(part, "net"))
            return true;
    return false;
}

bool netfile_maybe(const char *path)
{
    /* The last three below /dev, which has `fd` too. */
    static const char *const detours[] = {"net",  "..",    "fd",     "cwd",
                                          "root", "stdin", "stdout", "stderr"};
    bool first = true, from_root = false, up = false, tree = false, detour = false;
    struct part part;

    if (path[0] != '/')
        return true;
    while ((part = part_next(&path)).len > 0) {
        if (part_is(part, "."))
            continue;
        bool is_tree = part_is(part, "proc") || part_is(part, "sys");
        from_root = from_root || (first && (is_tree || part_is(part, "dev")));
        first = false;
        tree = tree || is_tree;
        up = up || part_is(part, "..");
        for (size_t i = 0; i < sizeof detours / sizeof *detours; i++)
            detour = detour || part_is(part, detours[i]);
    }
    return from_root ? detour : tree && up;
}

/* --- lines --------------------------------------------------------------------------------------
 */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The columns of a line, at most FIELDS_MAX; *last is the last one of all. */
static size_t split(const char *line, size_t len, struct part field[static FIELDS_MAX],
                    struct part *last)
{
    size_t count = 0, at = 0;

    while (at < len) {
        while (at < len && is_blank(line[at]))
            at++;
        size_t start = at;
        while (at < len && !is_blank(line[at]))
            at++;
        if (at == start)
            break;
        *last = (struct part){line + start, at - start};
        if (count < FIELDS_MAX)
            field[count] = *last;
        count++;
    }
    return count < FIELDS_MAX ? count : FIELDS_MAX;
}

/* The value of a digit, 99 none. */
static unsigned digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

/* 0 where it is no number of that base. */
static uint32_t number(struct part part, unsigned base)
{
    uint32_t value = 0;

    for (size_t i = 0; i < part.len; i++) {
        if (digit(part.text[i]) >= base || i >= 10)
            return 0;
        value = value * base + digit(part.text[i]);
    }
    return value;
}

/* An address as if_inet6 writes it, 32 digits in network order, or as the socket tables do: words
 * of 8 digits in the machine's order. */
static struct netaddr hex_addr(struct part part, bool words)
{
    uint8_t ip[16];
    size_t bytes = part.len / 2;

    if (part.len != IPV4_DIGITS && part.len != IPV6_DIGITS)
        return (struct netaddr){.family = NETADDR_NONE};
    for (size_t i = 0; i < bytes; i++) {
        unsigned high = digit(part.text[2 * i]), low = digit(part.text[2 * i + 1]);
        if (high > 15 || low > 15)
            return (struct netaddr){.family = NETADDR_NONE};
        ip[i] = (uint8_t)(high << 4 | low);
    }
    for (size_t i = 0; words && i < bytes; i += 4) {
        uint32_t word = (uint32_t)ip[i] << 24 | (uint32_t)ip[i + 1] << 16 |
                        (uint32_t)ip[i + 2] << 8 | ip[i + 3];
        memcpy(ip + i, &word, sizeof word);
    }
    return netaddr_from_bytes(ip, bytes, 0);
}

static void set_name(struct netfile_line *out, struct part part)
{
    out->name = part.text;
    out->name_len = part.len;
}

struct netfile_line netfile_line(enum netfile_table table, const char *line, size_t len)
{
    struct netfile_line out = {0};
    struct part field[FIELDS_MAX], last = {line, 0};
    size_t count = split(line, len, field, &last);

    if (count == 0)
        return out;
    switch (table) {
    case NETFILE_NAME_COLON: {
        const char *colon = memchr(field[0].text, ':', len - (size_t)(field[0].text - line));
        struct part name = {field[0].text, colon ? (size_t)(colon - field[0].text) : 0};
        if (name.len > 0)
            set_name(&out, name);
        break;
    }
    case NETFILE_NAME_FIRST:
        if (!part_is(field[0], "Iface"))
            set_name(&out, field[0]);
        break;
    case NETFILE_NAME_LAST:
        if (!part_is(last, "Device"))
            set_name(&out, last);
        break;
    case NETFILE_NAME_SECOND:
        if (count >= 3 && !part_is(field[0], "Type"))
            set_name(&out, field[1]);
        break;
    case NETFILE_INDEX_FIRST:
        out.follows = line[0] == '\t';
        if (!out.follows)
            out.ifindex = number(field[0], 10);
        break;
    case NETFILE_INDEX_FIFTH:
        if (count >= 5)
            out.ifindex = number(field[4], 10);
        break;
    case NETFILE_INET6:
        out.addr = hex_addr(field[0], false);
        if (count >= 2)
            out.ifindex = number(field[1], 16);
        break;
    case NETFILE_SOCKETS:
        if (count >= 2) {
            const char *colon = memchr(field[1].text, ':', field[1].len);
            if (colon)
                out.addr =
                    hex_addr((struct part){field[1].text, (size_t)(colon - field[1].text)}, true);
        }
        break;
    }
    return out;
}
