/*
 * What a compiled policy is made of, without pointers, and what is judged by it: for policy.h and
 * policy_index.h. Numbers and names of the launcher's compiler and of the library's judge.
 */
#ifndef RTCSHIM_CORE_POLICY_TABLE_H
#define RTCSHIM_CORE_POLICY_TABLE_H

#include "netaddr.h"

enum {
    POLICY_RULES_MAX = 256,
    POLICY_IFACES_MAX = 128,
    POLICY_ADDRS_MAX = 512,
    POLICY_RESOLVERS_MAX = 8,
    POLICY_PREFIXES_MAX = 512, /* over all rules */
    POLICY_NAME_BYTES = 64,
    POLICY_IFNAME_BYTES = 16,     /* IFNAMSIZ */
    POLICY_RULE_DEFAULT = 0xffff, /* the verdict came from the default, not from a rule */
    POLICY_RULE_DOUBT = 0xfffe,   /* refused because something could not be known */
    POLICY_SLOT_NONE = 0xff,
};

enum policy_action {
    POLICY_ALLOW = 0,
    POLICY_DENY, /* the call is not made; refusal says what it returns */
    POLICY_HIDE, /* an interface or address is left out of an answer */
    POLICY_PIN,  /* the socket is bound to ifindex first; a verdict only, never a rule's action */
    POLICY_ACTION_COUNT
};

/* What a rule or a subject is about; a rule may name several. */
enum policy_topic {
    POLICY_STUN = 1u << 0, /* a STUN or TURN message that would be sent */
    POLICY_ENUMERATION = 1u << 1,
    POLICY_PROBE = 1u << 2, /* a datagram connect, which tells the local address of a route */
    POLICY_DNS = 1u << 3,
    POLICY_MDNS = 1u << 4,
    POLICY_DEVICE = 1u << 5,  /* a socket or message that names its own interface or mark */
    POLICY_CONNECT = 1u << 6, /* a TCP connection that would be opened */
};

enum policy_transport {
    POLICY_UDP = 1u << 0,
    POLICY_TCP = 1u << 1,
};

enum policy_proxied {
    POLICY_PROXIED = 1u << 0, /* TCP, and other bytes were sent first: a proxy's handshake */
    POLICY_DIRECT = 1u << 1,
};

enum policy_refusal {
    POLICY_REFUSE_DROP = 0, /* pretend that it was sent */
    /* 1..4095: that errno */
    POLICY_REFUSE_BEST = -1, /* what makes browsers give up soonest; the library knows which */
};

/* A set of slots of policy_table.iface. */
struct policy_ifaces {
    uint64_t bit[POLICY_IFACES_MAX / 64];
};

/* A match field that is 0 (or POLICY_ANY_METHOD) matches everything. */
struct policy_rule {
    uint16_t topics;    /* enum policy_topic bits; 0 any */
    uint8_t action;     /* POLICY_ALLOW or POLICY_DENY */
    uint8_t transports; /* enum policy_transport bits; 0 any */
    uint8_t family;     /* enum netaddr_family; 0 any */
    uint8_t classes; /* bits 1 << STUN class (0 request, 1 indication, 2 success, 3 error); 0 any */
    uint8_t proxied; /* enum policy_proxied bits; 0 any */
    uint8_t iface_given;  /* 1: ifaces says which; 0 any */
    uint8_t iface_not;    /* 1: all but these, also those that the table does not know */
    uint8_t server_given; /* 1: the prefixes say which server; 0 any */
    uint8_t reserved[2];
    uint16_t method;             /* STUN method, POLICY_ANY_METHOD */
    uint16_t port_min, port_max; /* of the server, both 0 any */
    uint16_t line;               /* of the policy's source, for people; 0 none */
    uint16_t prefix_first;       /* prefixes of policy_table.prefix say which server: */
    uint16_t prefixes;           /* one of those without `not`, or any where all have it; and none
                                    of those with it. None at all, server_given: no server */
    uint32_t roles;              /* bits 1 << enum role; 0 any */
    int32_t refusal;             /* POLICY_DENY: enum policy_refusal */
    struct policy_ifaces ifaces;
};

struct policy_prefix {
    struct netaddr addr; /* without port */
    uint8_t bits;
    uint8_t is_not;
    uint8_t reserved[6];
};

#define POLICY_ANY_METHOD UINT16_C(0xffff)

/* What is hidden of an interface. */
enum policy_hidden {
    POLICY_HIDDEN_LINK = 1u << 0, /* the interface itself, and so everything about it */
    POLICY_HIDDEN_INET = 1u << 1, /* its IPv4 addresses and routes */
    POLICY_HIDDEN_INET6 = 1u << 2,
    /* Besides the two before: that family's addresses are hidden by policy_decoy() being shown
     * instead, for programs that gather nothing where they see no address. A road that can't do
     * that leaves them out. */
    POLICY_MASKED_INET = 1u << 3,
    POLICY_MASKED_INET6 = 1u << 4,
};

enum policy_iface_flag {
    POLICY_IFACE_LOOPBACK = 1u << 0,
    POLICY_IFACE_DEFAULT_INET = 1u << 1, /* the main default route leads through it */
    POLICY_IFACE_DEFAULT_INET6 = 1u << 2,
};

struct policy_iface {
    uint32_t ifindex;               /* 0: the slot is free */
    char name[POLICY_IFNAME_BYTES]; /* NUL-terminated */
    uint8_t hidden;                 /* enum policy_hidden bits */
    uint8_t flags;                  /* enum policy_iface_flag bits */
    uint16_t line;                  /* of the policy's source, that hid it; 0 none */
};

struct policy_addr {
    struct netaddr addr; /* without port */
    uint8_t slot;        /* of its interface */
    uint8_t prefix_bits;
    uint8_t hidden; /* 1: by its interface's bits */
    uint8_t masked; /* 1: hidden, and policy_decoy() is shown instead */
    uint8_t reserved[4];
};

struct policy_table {
    char name[POLICY_NAME_BYTES]; /* "observe"; NUL-terminated */
    uint32_t rules;
    uint32_t ifaces; /* slots in use, 0..ifaces */
    uint32_t addrs;
    uint32_t resolvers;
    uint16_t enforced;      /* enum policy_topic bits that anything but allow can be said of */
    uint8_t hides;          /* 1: something is hidden */
    uint8_t hidden_unknown; /* enum policy_hidden bits of an interface that the table lacks */
    uint8_t fallback;       /* POLICY_ALLOW or POLICY_DENY where no rule matches */
    uint8_t dns_slot;       /* interface through which the resolvers of the system are asked, or
                               POLICY_SLOT_NONE */
    uint8_t reserved[2];
    int32_t fallback_refusal;
    uint32_t prefixes;
    struct netaddr resolver[POLICY_RESOLVERS_MAX]; /* of the system; a probe towards them is none */
    struct policy_rule rule[POLICY_RULES_MAX];
    struct policy_prefix prefix[POLICY_PREFIXES_MAX];
    struct policy_iface iface[POLICY_IFACES_MAX];
    struct policy_addr addr[POLICY_ADDRS_MAX];
};

/* What is being judged. Unknown fields are 0; a rule that asks about an unknown field does not
 * match, unless it asks only what the field is not. */
struct policy_subject {
    uint16_t topic;     /* one enum policy_topic */
    uint8_t transport;  /* one enum policy_transport */
    uint8_t family;     /* of the packet; from server where 0 */
    uint8_t stun_class; /* 0..3 */
    uint8_t proxied;    /* one enum policy_proxied, 0 unknown */
    uint16_t stun_method;
    uint32_t role;         /* one bit 1 << enum role, 0 unknown */
    uint32_t ifindex;      /* certain: the socket or message is pinned to it; 0 not certain */
    struct netaddr local;  /* the socket's own address, NETADDR_NONE or unspecified where none */
    struct netaddr server; /* with port */
};

#endif
