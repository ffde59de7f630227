/*
 * Where rtnetlink messages name interfaces and addresses: one row a kind of message, one a
 * telling attribute. For the files rtnl_filter*.c alone.
 */
#ifndef RTCSHIM_CORE_RTNL_FILTER_PRIVATE_H
#define RTCSHIM_CORE_RTNL_FILTER_PRIVATE_H

#include "rtnl_filter.h"

/* What an attribute holds. KEY: the message is about it, and goes where it is hidden; without KEY
 * only the attribute goes. */
enum rtnl_holds {
    RTNL_HOLDS_END = 0,
    RTNL_HOLDS_INDEX_KEY, /* an interface's index; 0 and negative name none */
    RTNL_HOLDS_INDEX,
    RTNL_HOLDS_LOCAL_INDEX, /* the same, unless the message says that it belongs to another
                               namespace (IFLA_LINK with IFLA_LINK_NETNSID) */
    RTNL_HOLDS_NAME_KEY,    /* an interface's name */
    RTNL_HOLDS_ADDR_KEY,    /* an IP address, 4 or 16 bytes */
    RTNL_HOLDS_ADDR,
    RTNL_HOLDS_DST_KEY, /* a prefix, whose length stands in the message's head */
    RTNL_HOLDS_SRC_KEY,
    RTNL_HOLDS_HWADDR,      /* a tunnel's is its IP address: zeros */
    RTNL_HOLDS_HOPS,        /* struct rtnexthop and attributes, several */
    RTNL_HOLDS_NEXTHOP_ID,  /* the message tells no interface otherwise: nobody knows which it is */
    RTNL_HOLDS_NESTED,      /* attributes; nested says which */
    RTNL_HOLDS_ADDRS,       /* attributes, of which any may be an address */
    RTNL_HOLDS_FAMILIES,    /* attributes, one an address family */
    RTNL_HOLDS_LINKINFO,    /* IFLA_INFO_KIND and what only it explains */
    RTNL_HOLDS_ANOTHER_NET, /* the message is about another network namespace */
};

struct rtnl_attr_row {
    uint16_t type;
    uint8_t holds; /* enum rtnl_holds */
    const struct rtnl_attr_row *nested;
};

enum {
    RTNL_NOWHERE = 0xff,
};

struct rtnl_kind {
    uint16_t first;      /* RTM_NEW*; the three types after it are of the same kind */
    uint8_t head_bytes;  /* before the attributes, padding included */
    uint8_t index_at;    /* of the interface's index in the head, RTNL_NOWHERE none */
    uint8_t dst_bits_at; /* of prefix lengths in the head, RTNL_NOWHERE none */
    uint8_t src_bits_at;
    bool attrs;                       /* the head is followed by attributes, and nothing else */
    uint8_t error;                    /* of a request for an object that is not there */
    const struct rtnl_attr_row *attr; /* ends with RTNL_HOLDS_END */
};

/* The kind that a message type belongs to, NULL unknown; static. */
const struct rtnl_kind *rtnl_kind_of(uint16_t type);

/* The attribute of a link's IFLA_INFO_DATA that holds an interface's index, by IFLA_INFO_KIND; 0
 * none. Several rows of one kind: ask with nth 0, 1, ... */
uint16_t rtnl_link_kind_index(const char *kind, size_t len, unsigned nth);

/*
 * Judge one message; with edit also cut from its body what goes. *len is the body's length, before
 * and after. RTNL_SHOWN, RTNL_EDITED or RTNL_REMOVED; after the last the body may be half-edited.
 */
enum rtnl_fate rtnl_edit_message(const struct rtnl_msg *msg, uint8_t *body, size_t *len,
                                 const struct rtnl_hides *hides, bool edit);

#endif
