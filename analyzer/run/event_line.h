/*
 * One line of events.ndjson, taken apart: what the join and the verdict need of it.
 *
 * Lines come out of a stranger's file. Text is borrowed from the line's buffer, not terminated, and
 * UTF-8 without NUL: escapes are resolved (so control characters may be in it), bytes that no line
 * of a run can hold have become '?'.
 * What a line does not have is absent (at NULL, family NETADDR_NONE, zero); a null is absent too.
 */
#ifndef RTCSHIM_ANALYZER_EVENT_LINE_H
#define RTCSHIM_ANALYZER_EVENT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

enum {
    EVENT_LINE_BYTES_MAX = 1 << 20, /* a longer line is damage */
    EVENT_LINE_TOKENS_MAX = 1 << 17,
};

/* Names in JSON are these in small letters. */
#define EVENT_LINE_TYPES(ROW)                                                                      \
    ROW(STUN, "stun")                                                                              \
    ROW(ENUMERATION, "enumeration")                                                                \
    ROW(PROBE, "probe")                                                                            \
    ROW(DNS, "dns")                                                                                \
    ROW(MDNS, "mdns")                                                                              \
    ROW(SOCKET, "socket")                                                                          \
    ROW(PROCESS, "process")                                                                        \
    ROW(POLICY, "policy")                                                                          \
    ROW(NETWORK, "network")                                                                        \
    ROW(STATS, "stats")                                                                            \
    ROW(OWNER, "owner")

enum event_line_type {
    EVENT_LINE_OTHER, /* a type that this version does not know: the common fields stand */
#define EVENT_LINE_TYPE_ROW(ident, name) EVENT_LINE_##ident,
    EVENT_LINE_TYPES(EVENT_LINE_TYPE_ROW)
#undef EVENT_LINE_TYPE_ROW
        EVENT_LINE_TYPE_COUNT
};

enum event_line_direction { EVENT_LINE_NO_WAY, EVENT_LINE_IN, EVENT_LINE_OUT };
enum event_line_source {
    EVENT_LINE_UNKNOWN,
    EVENT_LINE_ROUTE,
    EVENT_LINE_ADDRESS,
    EVENT_LINE_PINNED,
    EVENT_LINE_CAPTURE
};
enum event_line_action {
    EVENT_LINE_ALLOW,
    EVENT_LINE_DENY,
    EVENT_LINE_PIN,
    EVENT_LINE_HIDE,
};
enum event_line_truth { EVENT_LINE_NULL, EVENT_LINE_FALSE, EVENT_LINE_TRUE };

struct event_text {
    const char *at; /* NULL absent */
    uint32_t len;
};

/* JSON of a list, not taken apart; event_line_list() does that. */
struct event_list {
    const char *at; /* NULL absent */
    uint32_t len;
};

struct event_process {
    uint32_t pid, tid; /* 0 null */
    struct event_text name, thread, role;
    /* "process" events only */
    uint32_t ns_pid, parent;
    struct event_text exe, cmdline, coverage, reason, state;
    bool by_fork;
};

struct event_hook {
    bool there;
    bool failed; /* errno stands, or a result below 0 */
    int32_t fd;  /* -1 null */
    int64_t result;
    struct event_text call, error, caller; /* error: errno's name */
};

struct event_stun {
    bool there, classic, cut, unsynced;
    uint8_t txid_len; /* 12, or 16 where classic. In front of txid, for FIELD_BYTES */
    uint8_t txid[16]; /* the rest zero */
    uint16_t type;    /* as on the wire, from class and method; comparable with stun_msg.type */
    uint16_t error_code;
    struct netaddr mapped, relayed;
    struct event_text cls, method, username, software, error_reason;
};

struct event_channel {
    bool there;
    uint16_t channel;
    uint64_t packets, bytes;
};

/* enumeration */
struct event_looks {
    struct event_text via, request, notification, path;
    struct event_list shown, hidden; /* of {"iface","ip"} */
    bool answered, complete;
};

/* dns, mdns */
struct event_names {
    struct event_text kind; /* "query", "answer" */
    struct event_text question, qtype, via, rcode;
    struct netaddr server;
    struct event_list answers, additional, authority; /* of {"name","type","ttl","data"} */
};

/* socket, network, policy, stats, owner: what of them is needed */
struct event_change {
    struct event_text option;     /* socket */
    struct event_text iface;      /* socket, network */
    struct event_text change;     /* network: "added", "changed", "removed" */
    struct event_text what;       /* network: "interface", "address", "route" */
    struct event_text kind;       /* network: of the interface */
    struct event_text link_type;  /* network: of the interface */
    struct event_text to;         /* network: a route's prefix, "0.0.0.0/0" */
    struct netaddr ip;            /* socket; network: an address, a route's gateway */
    uint32_t ifindex, value;      /* socket; network: the interface's index, an address's prefix */
    bool up, loopback;            /* network: of the interface */
    struct event_text name, vpn;  /* policy */
    struct event_text reason;     /* policy, stats */
    uint64_t generation;          /* policy */
    uint64_t lost, lost_total;    /* stats */
    uint64_t inode;               /* owner */
    int64_t uid;                  /* owner; -1 null */
    struct event_text source;     /* owner: "sock_diag" */
    struct event_text txid;       /* owner: hexadecimal */
    enum event_line_truth of_run; /* owner */
};

struct event_line {
    uint64_t line;   /* 1.. */
    uint64_t offset; /* of its first byte in the file */
    uint64_t seq;
    uint64_t time_ns; /* since the epoch; 0 absent */
    uint8_t type;     /* enum event_line_type */
    uint8_t witness;  /* 0 the shim, 1 the wire */
    bool wire;
    uint8_t protocol;     /* 17, 6; 0 absent */
    uint8_t direction;    /* enum event_line_direction */
    uint8_t iface_source; /* enum event_line_source */
    uint8_t action;       /* enum event_line_action */
    struct netaddr src, dst;
    struct netaddr bound; /* the wildcard or group that the socket is bound to */
    struct event_text src_name, dest_name, iface, address_iface, rule;
    struct event_process process;
    struct event_hook hook;
    struct event_stun stun;
    struct event_channel channel;
    struct event_looks looks;
    struct event_names names;
    struct netaddr target, answer; /* probe */
    struct event_change changed;
};

/* Why a line was refused; static text. offset: into the line. */
struct event_line_fault {
    uint32_t offset;
    const char *reason;
};

/* The scratch memory of a reader of lines; one thread at a time. NULL where memory is out. */
struct event_parser *event_parser_new(void);
void event_parser_free(struct event_parser *p); /* takes NULL */

/*
 * Take text[0..len), a line without its end, apart. text is changed where it has escapes, and
 * borrowed by *out, whose line and offset stay as they were. false: the line is damaged, *fault
 * says where and why.
 */
bool event_line_parse(struct event_parser *p, char *text, size_t len, struct event_line *out,
                      struct event_line_fault *fault);

/* One entry of a list: an object's fields that are known, or a string (data). */
struct event_entry {
    struct event_text iface, name, type, data;
    struct netaddr ip; /* of "ip", or of data where that is an address */
};
typedef void event_entry_fn(const struct event_entry *entry, void *context);
/* Each entry of list, in order; entry is borrowed for the call. list's text must be as
 * event_line_parse() left it and is not changed. false: memory is out or the list is malformed. */
bool event_line_list(struct event_parser *p, const struct event_list *list, event_entry_fn *each,
                     void *context);

/* "stun", ...; static. */
const char *event_line_type_name(enum event_line_type type);

#endif
