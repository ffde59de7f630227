/* The tables of words, and the search for what was meant. */
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy.h"
#include "program.h"
#include "role.h"

#define TABLE(name, what)                                                                          \
    const struct words words_##name = {name, sizeof(name) / sizeof((name)[0]), what}

static const struct word actions[] = {
    {"allow", PROGRAM_ALLOW, NULL},     {"deny", PROGRAM_DENY, NULL},
    {"hide", PROGRAM_HIDE, NULL},       {"show", PROGRAM_SHOW, NULL},
    {"default", PROGRAM_DEFAULT, NULL}, {"refuse", PROGRAM_REFUSE, NULL},
};
TABLE(actions, "a word that a line may start with");

static const struct word topics[] = {
    {"stun", POLICY_STUN, "STUN and TURN messages"},
    {"probe", POLICY_PROBE, "address probes (a connected datagram socket asked for its address)"},
    {"dns", POLICY_DNS, "DNS queries"},
    {"mdns", POLICY_MDNS, "multicast DNS messages"},
    {"device", POLICY_DEVICE, "sockets and messages that choose their interface themselves"},
    {"connect", POLICY_CONNECT, "TCP connections"},
    {"enumeration", POLICY_ENUMERATION, "looks at the local interfaces"},
    {"any", 0, "everything"},
};
TABLE(topics, "a topic");

static const struct word qualifiers[] = {
    {"class", WORDS_CLASS, NULL},     {"method", WORDS_METHOD, NULL},
    {"to", WORDS_TO, NULL},           {"port", WORDS_PORT, NULL},
    {"over", WORDS_OVER, NULL},       {"via", WORDS_VIA, NULL},
    {"family", WORDS_FAMILY, NULL},   {"by", WORDS_BY, NULL},
    {"proxied", WORDS_PROXIED, NULL}, {"direct", WORDS_DIRECT, NULL},
    {"with", WORDS_WITH, NULL},
};
TABLE(qualifiers, "a qualifier");

static const struct word classes[] = {
    {"request", 1u << 0, "requests"},
    {"indication", 1u << 1, "indications"},
    {"success", 1u << 2, "success responses"},
    {"error", 1u << 3, "error responses"},
};
TABLE(classes, "a class of STUN messages");

static const struct word methods[] = {
#define STUN_METHOD(ident, number, name, source) {name, number, NULL},
#include "stun_methods.def"
#undef STUN_METHOD
};
TABLE(methods, "a STUN method");

static const struct word transports[] = {
    {"udp", POLICY_UDP, "UDP"},
    {"tcp", POLICY_TCP, "TCP"},
};
TABLE(transports, "a transport");

static const struct word families[] = {
    {"inet", NETADDR_IPV4, "IPv4"},
    {"inet6", NETADDR_IPV6, "IPv6"},
};
TABLE(families, "an address family");

static const struct word roles[] = {
#define ROLE(ident, name) {name, 1u << ROLE_##ident, NULL},
#include "roles.def"
#undef ROLE
    {"other", 1u << ROLE_OTHER, NULL},
};
TABLE(roles, "a role of a process");

/* IFLA_INFO_KIND as the kernel writes it, and words for links that have none. */
static const struct word kinds[] = {
    {"ethernet", 0, NULL}, {"wifi", 1, NULL},    {"loopback", 2, NULL},  {"ppp", 3, NULL},
    {"tunnel", 4, NULL},   {"tun", 5, NULL},     {"wireguard", 6, NULL}, {"ipip", 7, NULL},
    {"sit", 8, NULL},      {"gre", 9, NULL},     {"ip6tnl", 10, NULL},   {"ip6gre", 11, NULL},
    {"gretap", 12, NULL},  {"vti", 13, NULL},    {"vti6", 14, NULL},     {"xfrm", 15, NULL},
    {"ovpn", 16, NULL},    {"bridge", 17, NULL}, {"veth", 18, NULL},     {"bond", 19, NULL},
    {"team", 20, NULL},    {"vlan", 21, NULL},   {"macvlan", 22, NULL},  {"ipvlan", 23, NULL},
    {"vxlan", 24, NULL},   {"geneve", 25, NULL}, {"dummy", 26, NULL},    {"vrf", 27, NULL},
    {"ifb", 28, NULL},     {"wwan", 29, NULL},   {"macsec", 30, NULL},   {"ipoib", 31, NULL},
};
TABLE(kinds, "a kind of interface");

static const struct word defaults[] = {
    {"allow", POLICY_ALLOW, NULL},
    {"deny", POLICY_DENY, NULL},
};
TABLE(defaults, "a default");

/* EPERM is what a firewall's verdict looks like to the sender. */
static const struct word refusals[] = {
    {"drop", POLICY_REFUSE_DROP, "as if it had been sent"},
    {"error", EPERM, "with EPERM"},
    {"best", (uint32_t)POLICY_REFUSE_BEST, "in the way that browsers give up soonest by"},
};
TABLE(refusals, "a way to refuse");

const struct word *words_find(const struct words *words, const char *text, size_t len)
{
    for (size_t i = 0; i < words->rows; i++)
        if (strlen(words->row[i].text) == len && memcmp(words->row[i].text, text, len) == 0)
            return &words->row[i];
    return NULL;
}

const struct word *words_of_value(const struct words *words, uint32_t value)
{
    for (size_t i = 0; i < words->rows; i++)
        if (words->row[i].value == value)
            return &words->row[i];
    return NULL;
}

/* What people write who come from firewalls, routers and other tools. */
static const struct {
    const char *wrote, *meant;
} habits[] = {
    {"accept", "allow"},
    {"pass", "allow"},
    {"permit", "allow"},
    {"block", "deny"},
    {"reject", "deny"},
    {"drop", "deny"},
    {"forbid", "deny"},
    {"turn", "stun"},
    {"ice", "stun"},
    {"all", "any"},
    {"*", "any"},
    {"everything", "any"},
    {"enumerate", "enumeration"},
    {"interfaces", "enumeration"},
    {"tcp", "over"},
    {"udp", "over"},
    {"proto", "over"},
    {"protocol", "over"},
    {"transport", "over"},
    {"on", "via"},
    {"iface", "via"},
    {"interface", "via"},
    {"oif", "via"},
    {"dev", "via"},
    {"through", "via"},
    {"out", "via"},
    {"dst", "to"},
    {"dest", "to"},
    {"server", "to"},
    {"host", "to"},
    {"dport", "port"},
    {"ports", "port"},
    {"role", "by"},
    {"process", "by"},
    {"from", "by"},
    {"return", "with"},
    {"type", "class"},
    {"ipv4", "inet"},
    {"ipv6", "inet6"},
    {"ip", "inet"},
    {"ip4", "inet"},
    {"ip6", "inet6"},
    {"v4", "inet"},
    {"v6", "inet6"},
    {"requests", "request"},
    {"response", "success"},
    {"responses", "success"},
    {"indications", "indication"},
    {"errors", "error"},
    {"wg", "wireguard"},
    {"wlan", "wifi"},
    {"wireless", "wifi"},
    {"eth", "ethernet"},
    {"lo", "loopback"},
    {"silent", "drop"},
    {"silently", "drop"},
    {"ignore", "drop"},
    {"bind", "binding"},
    {"parent", "browser"},
    {"content", "renderer"},
    {"tab", "renderer"},
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to insert, remove, change or swap, whatever their case; optimal string alignment. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    enum { LETTERS = 24 };
    size_t d[LETTERS + 1][LETTERS + 1];

    if (a_len > LETTERS || b_len > LETTERS)
        return SIZE_MAX;
    for (size_t i = 0; i <= a_len; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= b_len; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= a_len; i++)
        for (size_t j = 1; j <= b_len; j++) {
            bool same = strncasecmp(a + i - 1, b + j - 1, 1) == 0;
            size_t best = least(d[i - 1][j], d[i][j - 1]) + 1;
            best = least(best, d[i - 1][j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, d[i - 2][j - 2] + 1);
            d[i][j] = best;
        }
    return d[a_len][b_len];
}

const char *words_guess(const struct words *words, const char *text, size_t len)
{
    size_t wrong_max = len <= 4 ? 1 : 2;
    size_t best = wrong_max + 1;
    const char *guess = NULL;

    for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
        if (strlen(habits[i].wrote) == len && strncasecmp(habits[i].wrote, text, len) == 0) {
            const struct word *row = words_find(words, habits[i].meant, strlen(habits[i].meant));
            if (row)
                return row->text;
        }
    for (size_t i = 0; i < words->rows; i++) {
        size_t away = distance(text, len, words->row[i].text, strlen(words->row[i].text));
        if (away < best) {
            best = away;
            guess = words->row[i].text;
        }
    }
    return guess;
}

char *words_list(const struct words *words, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < words->rows; i++) {
        int n = snprintf(out + used, size - used, "%s%s", i ? ", " : "", words->row[i].text);
        if (n < 0 || (size_t)n >= size - used) {
            out[used] = '\0';
            break;
        }
        used += (size_t)n;
    }
    return out;
}

int words_errno(const char *text, size_t len)
{
    enum { LINUX_ERRNO_MAX = 133 };

    for (int i = 1; i <= LINUX_ERRNO_MAX; i++) {
        const char *name = strerrorname_np(i);
        if (name && strlen(name) == len && memcmp(name, text, len) == 0)
            return i;
    }
    return 0;
}
