/*
 * The event record: what the preload library writes into the ring for one thing that a process did,
 * and how a reader takes it apart.
 *
 * A record is a fixed head and the bytes that belong to it, copied and not interpreted: decoding
 * happens in the reader, where a mistake can't harm the browser. Writer and reader are built from
 * one tree and run on one machine, so integers are in native byte order; the ring's header carries
 * EVENT_LAYOUT_VERSION, and a library that finds another number stays passive.
 *
 * The writer may be hostile. event_view() is the only way to a record's data; it checks every
 * length against the bytes that are there.
 */
#ifndef RTCSHIM_CORE_EVENT_H
#define RTCSHIM_CORE_EVENT_H

#include "netaddr.h"

/* The hooked call that saw it, in the order of hooks.def; 0 is none. */
enum event_call {
    EVENT_CALL_NONE = 0,
#define HOOK(name, ret, params) EVENT_CALL_##name,
#include "hooks.def"
#undef HOOK
    EVENT_CALL_COUNT
};

/* A library and a launcher that count hooks differently do not understand each other. */
enum { EVENT_LAYOUT_VERSION = 1 << 16 | EVENT_CALL_COUNT };

/* What happened; beside each kind, what data[] holds. */
enum event_kind {
    EVENT_NONE = 0,
    EVENT_PROCESS, /* a process reports in: struct event_process */
    EVENT_FORK,    /* in the parent, after the call: struct event_fork */
    EVENT_EXEC, /* before the call, and again with EVENT_FAILED if it came back: the program's path,
                   no NUL */
    EVENT_STUN, /* one STUN message (RFC 8489, 5389 or 3489), complete or cut at EVENT_DATA_MAX */
    EVENT_CHANNEL_DATA, /* the first bytes of one ChannelData message (RFC 8656 section 12), header
                           included */
    EVENT_DNS,          /* one DNS message on a socket whose peer is port 53 */
    EVENT_MDNS,         /* the same, port 5353 */
    EVENT_CONNECT,      /* a datagram socket was connected: none; remote is the target */
    EVENT_PROBE, /* getsockname on a connected datagram socket that has sent nothing: none; local is
                    the answer */
    EVENT_NETLINK,    /* a rtnetlink request (out) or answer or notification (in): the netlink
                         messages.    EVENT_REFUSED: a socket that would show interfaces was not made;
                         arg: its    netlink protocol, or EVENT_ARG_PACKET */
    EVENT_INTERFACES, /* getifaddrs, if_nameindex: struct event_interface[], arg how many there were
                       */
    EVENT_INTERFACE_NAME, /* if_nametoindex, if_indextoname: one struct event_interface */
    EVENT_IOCTL, /* arg: the request; data: the struct ifreq after the call, or for SIOCGIFCONF
                    struct ifreq[] */
    EVENT_FILE,  /* a file below /proc/net or /sys/class/net was opened: the path, no NUL; arg: how
                    many lines were hidden */
    EVENT_NAME,  /* getaddrinfo and kin: name, NUL, zeros to a multiple of 8, then struct
                    netaddr[arg] */
    EVENT_SOCKOPT, /* arg: level << 16 | option; data: the option's value */
    EVENT_KIND_COUNT
};

enum event_flag {
    EVENT_OUT = 1u << 0, /* the process sent or asked */
    EVENT_IN = 1u << 1,  /* the process received */
    EVENT_UDP = 1u << 2,
    EVENT_TCP = 1u << 3,
    EVENT_FRAMED = 1u << 4, /* TCP with RFC 4571 framing; data starts at the STUN header */
    EVENT_CUT = 1u << 5,    /* data[] holds less than full_len */
    EVENT_FAILED = 1u << 6, /* the call returned an error, which is in error */
    EVENT_CLASSIC =
        1u << 7, /* STUN without the magic cookie: recognised by type and exact length only */
    EVENT_UNKNOWN_FD =
        1u << 8, /* the library did not see this descriptor made; the kernel was asked what it is */
    EVENT_REFUSED = 1u << 9, /* policy: the call was not made; the start of a STUN message that was
                                refused before all of its header was there has no data */
    EVENT_SOURCE_PINNED = 1u << 10, /* ifindex is that of SO_BINDTODEVICE, SO_BINDTOIFINDEX,
                                       IP_UNICAST_IF or the message's PKTINFO */
    EVENT_ENV_REPAIRED =
        1u << 11, /* EVENT_EXEC: the environment lacked the library and was given it back */
    EVENT_UNSYNCED = 1u << 12, /* TCP: the stream's framing was lost at this point; messages may be
                                  missing from here on */
    EVENT_HIDDEN = 1u << 13, /* EVENT_NETLINK: these messages were taken out of what was received */
};

enum {
    EVENT_DATA_MAX = 16384,  /* bytes of data[] at most; longer ones are cut and say so */
    EVENT_IFNAME_BYTES = 16, /* IFNAMSIZ */
    EVENT_ARG_PACKET = 256,  /* EVENT_NETLINK: a packet socket */
};

struct event_process {
    uint32_t ns_pid;   /* getpid(), in the process's own pid namespace */
    uint32_t proc_pid; /* what /proc/self says, in the namespace of that procfs; 0 where it could
                          not be asked */
    uint32_t parent;   /* the process number that this memory was copied from, or 0 after exec */
    uint32_t by_fork;  /* 1: a fork, clone or zygote child, no constructor ran; 0: a constructor */
};

struct event_fork {
    uint32_t child;    /* the process number kept for the child */
    int32_t child_pid; /* in the parent's pid namespace */
};

struct event_interface {
    char name[EVENT_IFNAME_BYTES]; /* not NUL-terminated where it fills the array */
    uint32_t index;                /* 0 unknown */
    uint32_t flags;                /* IFF_*; 0 where the call does not tell */
    struct netaddr addr;           /* port 0; NETADDR_NONE for an entry without an IP address */
    uint32_t prefix_bits;
    uint32_t hidden; /* 1: the policy left it out of the answer */
};

/*
 * The head of a record.
 *
 *   +---------------------------------------------------------------+
 *   | head, sizeof(struct event) = 128 bytes                            |
 *   +---------------------------------------------------------------+
 *   | data[0 .. data_len)                                             |
 *   +---------------------------------------------------------------+
 */
struct event {
    uint16_t kind;        /* enum event_kind */
    uint16_t call;        /* enum event_call */
    uint32_t flags;       /* enum event_flag */
    uint32_t process;     /* number given by the ring (ring_new_process), 1.. */
    uint32_t tid;         /* gettid(), in the process's own pid namespace */
    uint64_t time_ns;     /* CLOCK_REALTIME, as libpcap's timestamps */
    uint64_t caller;      /* return address of the hooked call */
    int64_t result;       /* the call's return value */
    int32_t fd;           /* -1 where there is none */
    int32_t error;        /* errno after a failed call, else 0 */
    uint32_t arg;         /* by kind */
    uint32_t ifindex;     /* interface that the socket or message is pinned to, 0 none */
    struct netaddr local; /* NETADDR_NONE where not known */
    struct netaddr remote;
    uint32_t data_len;   /* bytes in data[] */
    uint32_t full_len;   /* bytes that the message had */
    uint16_t action;     /* enum policy_action */
    uint16_t rule;       /* index of the rule that decided, POLICY_RULE_DEFAULT if none */
    uint32_t generation; /* of the policy that was asked */
    uint32_t mark;       /* SO_MARK of the socket, 0 none */
    uint32_t reserved;   /* 0 */
};
_Static_assert(sizeof(struct event) == 128, "the record's layout");

enum { EVENT_RECORD_MAX = (int)sizeof(struct event) + EVENT_DATA_MAX };

/* A record taken apart: head is a copy, data points into the caller's bytes. */
struct event_view {
    struct event head;
    const uint8_t *data; /* head.data_len bytes */
};

/*
 * Check and take apart the record in bytes[0..len), which nobody writes any more (a private copy).
 *
 * Returns true and fills *out where every field is in range: known kind and call, data_len exactly
 * what is there, flags known, families known, data as long as its kind needs. Fields that a range
 * can't judge (pids, addresses, times) are the writer's word. false: *out unchanged.
 */
bool event_view(const void *bytes, size_t len, struct event_view *out);

/* The hooked function's name, "" for EVENT_CALL_NONE and for numbers out of range; static. */
const char *event_call_name(unsigned call);
/* "stun", "netlink", ...; "" out of range; static. For logs, not the NDJSON event_type. */
const char *event_kind_name(unsigned kind);

/* EVENT_NAME data: *name points at the NUL-terminated name inside the data, *addrs copies up to max
 * addresses; returns how many, or -1 where the data is malformed. */
int event_name_unpack(const struct event_view *ev, const char **name, struct netaddr *addrs,
                      size_t max);
/* EVENT_INTERFACES and EVENT_INTERFACE_NAME data: entry i into *out; false past the end. */
bool event_interface_at(const struct event_view *ev, size_t i, struct event_interface *out);

#endif
