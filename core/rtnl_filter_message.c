/* What one rtnetlink message tells of hidden things, and cutting it out. Linked into the preload
 * library. */
#include "rtnl_filter.h"

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "policy.h"
#include "rtnl_filter_private.h"

enum {
    MSG_HEADER_BYTES = sizeof(struct nlmsghdr),
    ATTR_HEADER_BYTES = sizeof(struct rtattr),
    HOP_HEADER_BYTES = sizeof(struct rtnexthop),
};

/* One message on its way through. */
struct pass {
    const struct rtnl_hides *hides;
    bool edit;           /* false: only judge, write nothing */
    bool removed;        /* the message goes; the walk ends */
    bool edited;         /* something in it went */
    bool ip;             /* the message is about IPv4 or IPv6 */
    bool bridge;         /* it is about a port, whose bridge is part of it */
    bool link_is_abroad; /* IFLA_LINK is an index of another namespace */
    bool names_interface, names_nexthop;
    unsigned bits;       /* of enum policy_hidden, those that take a message of this family away */
    unsigned index_bits; /* what is hidden of the interface that the head names */
    unsigned dst_bits, src_bits;
};

static size_t aligned(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static bool index_hidden(const struct pass *p, const uint8_t *value, unsigned bits)
{
    int32_t index;

    memcpy(&index, value, sizeof(index));
    return index > 0 && (p->hides->index(p->hides->ctx, (uint32_t)index) & bits) != 0;
}

static bool addr_hidden(const struct pass *p, const uint8_t *value, size_t len, unsigned bits)
{
    struct netaddr addr = netaddr_from_bytes(value, len, 0);
    unsigned width = addr.family == NETADDR_IPV4 ? 32 : 128;

    return addr.family != NETADDR_NONE &&
           p->hides->prefix(p->hides->ctx, &addr, bits < width ? bits : width);
}

/* --- attributes ---------------------------------------------------------------------------------
 */

enum attr_fate { KEEP, CUT };

static enum attr_fate attr_fate(struct pass *p, uint8_t *value, size_t *len,
                                const struct rtnl_attr_row *row);

/* Judges one attribute, and edits its value where that is one of attributes again. */
typedef enum attr_fate child_fate(struct pass *p, uint16_t type, uint8_t *value, size_t *len,
                                  const void *ctx);

/*
 * Walk the attributes in at[0..len) and close the gaps that those which go leave. Returns the new
 * length. Attributes that can't be walked make the whole message go.
 */
static size_t walk(struct pass *p, uint8_t *at, size_t len, child_fate *fate, const void *ctx)
{
    struct rtnl_attr attr;
    enum rtnl_status status = RTNL_END;
    size_t pos = 0, out = 0;

    while (!p->removed && (status = rtnl_next_attr(at, len, &pos, &attr)) == RTNL_OK) {
        uint8_t *start = at + (size_t)(attr.value - at) - ATTR_HEADER_BYTES;
        size_t value_len = attr.len;
        struct rtattr header;

        memcpy(&header, start, sizeof(header));
        if (fate(p, attr.type, start + ATTR_HEADER_BYTES, &value_len, ctx) == CUT) {
            p->edited = true;
            continue;
        }
        size_t there = pos - (size_t)(start - at); /* with its padding, unless that was left out */
        if (value_len != attr.len) {
            header.rta_len = (uint16_t)(ATTR_HEADER_BYTES + value_len);
            there = aligned(header.rta_len);
        }
        if (p->edit) {
            memmove(at + out, start, there);
            memcpy(at + out, &header, sizeof(header));
        }
        out += there;
    }
    if (!p->removed && status != RTNL_END)
        p->removed = true;
    return out;
}

static enum attr_fate by_rows(struct pass *p, uint16_t type, uint8_t *value, size_t *len,
                              const void *ctx)
{
    const struct rtnl_attr_row *const *rows = ctx;

    for (const struct rtnl_attr_row *row = *rows; row->holds != RTNL_HOLDS_END; row++)
        if (row->type == type)
            return attr_fate(p, value, len, row);
    return KEEP;
}

static enum attr_fate if_address(struct pass *p, uint16_t type, uint8_t *value, size_t *len,
                                 const void *ctx)
{
    (void)type, (void)ctx;
    return addr_hidden(p, value, *len, 128) ? CUT : KEEP;
}

static enum attr_fate if_family(struct pass *p, uint16_t type, uint8_t *value, size_t *len,
                                const void *ctx)
{
    const unsigned *hidden = ctx;
    unsigned bit = type == AF_INET    ? POLICY_HIDDEN_INET
                   : type == AF_INET6 ? POLICY_HIDDEN_INET6
                                      : 0;

    (void)p, (void)value, (void)len;
    return *hidden & bit ? CUT : KEEP;
}

struct info_kind {
    const char *name;
    size_t len;
};

/* IFLA_INFO_DATA: the kind's own attributes. */
static enum attr_fate if_info(struct pass *p, uint16_t type, uint8_t *value, size_t *len,
                              const void *ctx)
{
    const struct info_kind *kind = ctx;
    uint16_t attr;

    for (unsigned nth = 0; (attr = rtnl_link_kind_index(kind->name, kind->len, nth)) != 0; nth++)
        if (attr == type && *len >= sizeof(uint32_t) && index_hidden(p, value, POLICY_HIDDEN_LINK))
            return CUT;
    return if_address(p, type, value, len, NULL);
}

/* IFLA_LINKINFO: the data's meaning depends on the kind, which stands beside it. */
static enum attr_fate if_linkinfo(struct pass *p, uint16_t type, uint8_t *value, size_t *len,
                                  const void *ctx)
{
    if (type == IFLA_INFO_DATA)
        *len = walk(p, value, *len, if_info, ctx);
    return KEEP;
}

static struct info_kind info_kind(const uint8_t *value, size_t len)
{
    struct info_kind kind = {"", 0};
    struct rtnl_attr attr;
    size_t pos = 0;

    while (rtnl_next_attr(value, len, &pos, &attr) == RTNL_OK)
        if (attr.type == IFLA_INFO_KIND) {
            kind.name = (const char *)attr.value;
            for (kind.len = 0; kind.len < attr.len && attr.value[kind.len] != 0; kind.len++)
                ;
        }
    return kind;
}

/* RTA_MULTIPATH: the hops over hidden interfaces go; with the last one goes the route. */
static enum attr_fate edit_hops(struct pass *p, uint8_t *at, size_t *len)
{
    size_t pos = 0, out = 0;
    bool any = false;

    while (!p->removed && pos < *len) {
        struct rtnexthop hop;
        size_t left = *len - pos;

        if (left < HOP_HEADER_BYTES)
            p->removed = true;
        else
            memcpy(&hop, at + pos, sizeof(hop));
        if (p->removed || hop.rtnh_len < HOP_HEADER_BYTES || hop.rtnh_len > left) {
            p->removed = true;
            break;
        }
        size_t there = aligned(hop.rtnh_len) < left ? aligned(hop.rtnh_len) : left;
        int32_t index = hop.rtnh_ifindex;
        if (index > 0 && (p->hides->index(p->hides->ctx, (uint32_t)index) & p->bits) != 0) {
            p->edited = true;
        } else {
            any = true;
            if (p->edit)
                memmove(at + out, at + pos, there);
            out += there;
        }
        pos += there;
    }
    if (!any)
        p->removed = true;
    *len = out;
    return KEEP;
}

static enum attr_fate attr_fate(struct pass *p, uint8_t *value, size_t *len,
                                const struct rtnl_attr_row *row)
{
    bool addr = p->ip && *len > 0;
    unsigned width = *len == 4 ? 32 : 128;

    switch ((enum rtnl_holds)row->holds) {
    case RTNL_HOLDS_LOCAL_INDEX:
        if (p->link_is_abroad)
            return KEEP;
        /* fall through */
    case RTNL_HOLDS_INDEX:
        if (*len < sizeof(uint32_t))
            p->removed = true;
        else if (index_hidden(p, value, POLICY_HIDDEN_LINK)) {
            p->removed = p->bridge;
            return CUT;
        }
        return KEEP;
    case RTNL_HOLDS_INDEX_KEY:
        p->names_interface = true;
        p->removed = *len < sizeof(uint32_t) || index_hidden(p, value, p->bits);
        return KEEP;
    case RTNL_HOLDS_NAME_KEY:
        p->removed = (p->hides->name(p->hides->ctx, (const char *)value, *len) & p->bits) != 0;
        return KEEP;
    case RTNL_HOLDS_ADDR_KEY:
        p->removed = addr && addr_hidden(p, value, *len, width);
        return KEEP;
    case RTNL_HOLDS_DST_KEY:
        p->removed = addr && p->dst_bits > 0 && addr_hidden(p, value, *len, p->dst_bits);
        return KEEP;
    case RTNL_HOLDS_SRC_KEY:
        p->removed = addr && p->src_bits > 0 && addr_hidden(p, value, *len, p->src_bits);
        return KEEP;
    case RTNL_HOLDS_ADDR:
        return addr && addr_hidden(p, value, *len, width) ? CUT : KEEP;
    case RTNL_HOLDS_HWADDR:
        if ((*len == 4 || *len == 16) && addr_hidden(p, value, *len, width)) {
            p->edited = true;
            if (p->edit)
                memset(value, 0, *len);
        }
        return KEEP;
    case RTNL_HOLDS_HOPS:
        p->names_interface = true;
        return edit_hops(p, value, len);
    case RTNL_HOLDS_NEXTHOP_ID:
        p->names_nexthop = true;
        return KEEP;
    case RTNL_HOLDS_NESTED:
        *len = walk(p, value, *len, by_rows, &row->nested);
        return KEEP;
    case RTNL_HOLDS_ADDRS:
        *len = walk(p, value, *len, if_address, NULL);
        return KEEP;
    case RTNL_HOLDS_LINKINFO: {
        struct info_kind kind = info_kind(value, *len);
        *len = walk(p, value, *len, if_linkinfo, &kind);
        return KEEP;
    }
    case RTNL_HOLDS_ANOTHER_NET:
        p->removed = true;
        return KEEP;
    case RTNL_HOLDS_FAMILIES:
        if (!p->bridge)
            *len = walk(p, value, *len, if_family, &p->index_bits);
        return KEEP;
    case RTNL_HOLDS_END:
        break;
    }
    return KEEP;
}

/* --- masked addresses ---------------------------------------------------------------------------
 */

static enum attr_fate mask_attr(struct pass *p, uint16_t type, uint8_t *value, size_t *len,
                                const void *ctx)
{
    (void)ctx;
    switch (type) {
    case IFA_ADDRESS:
    case IFA_LOCAL:
        if (p->edit && (*len == 4 || *len == 16)) {
            struct netaddr decoy = policy_decoy(*len == 4 ? NETADDR_IPV4 : NETADDR_IPV6);
            memcpy(value, decoy.ip, *len);
        }
        return *len == 4 || *len == 16 ? KEEP : CUT;
    case IFA_LABEL:
    case IFA_CACHEINFO:
    case IFA_FLAGS:
        return KEEP;
    }
    return CUT;
}

/* A message about an address (struct ifaddrmsg) of an interface that is masked in its family;
 * false: it goes instead. */
static bool mask_address(struct pass *p, uint8_t *body, size_t *len)
{
    struct ifaddrmsg head;

    memcpy(&head, body, sizeof(head));
    if (head.ifa_scope != RT_SCOPE_UNIVERSE && head.ifa_scope != RT_SCOPE_SITE)
        return false; /* link-local: there is another, or none that is worth showing */
    head.ifa_prefixlen = head.ifa_family == AF_INET ? 32 : 128;
    if (p->edit)
        memcpy(body, &head, sizeof(head));
    *len = sizeof(head) + walk(p, body + sizeof(head), *len - sizeof(head), mask_attr, NULL);
    return !p->removed;
}

static unsigned masked_bits(uint8_t family)
{
    return family == AF_INET ? POLICY_MASKED_INET : family == AF_INET6 ? POLICY_MASKED_INET6 : 0;
}

/* --- messages -----------------------------------------------------------------------------------
 */

/* The bits that hide a message of this address family, whose numbers multicast routing has its own
 * of. */
static unsigned family_bits(uint8_t family)
{
    switch (family) {
    case AF_INET:
    case RTNL_FAMILY_IPMR:
        return POLICY_HIDDEN_INET;
    case AF_INET6:
    case RTNL_FAMILY_IP6MR:
        return POLICY_HIDDEN_INET6;
    default:
        return 0;
    }
}

static bool has_attr(const uint8_t *attrs, size_t len, uint16_t type)
{
    struct rtnl_attr attr;
    size_t pos = 0;

    while (rtnl_next_attr(attrs, len, &pos, &attr) == RTNL_OK)
        if (attr.type == type)
            return true;
    return false;
}

enum rtnl_fate rtnl_edit_message(const struct rtnl_msg *msg, uint8_t *body, size_t *len,
                                 const struct rtnl_hides *hides, bool edit)
{
    const struct rtnl_kind *kind = rtnl_kind_of(msg->type);
    struct pass p = {.hides = hides, .edit = edit};

    if (msg->type < NLMSG_MIN_TYPE)
        return RTNL_SHOWN;
    if (!kind || msg->body_len < kind->head_bytes)
        return RTNL_REMOVED;
    p.bits = POLICY_HIDDEN_LINK | family_bits(body[0]);
    p.ip = p.bits != POLICY_HIDDEN_LINK;
    p.bridge = body[0] == AF_BRIDGE;
    p.dst_bits = kind->dst_bits_at == RTNL_NOWHERE ? 0 : body[kind->dst_bits_at];
    p.src_bits = kind->src_bits_at == RTNL_NOWHERE ? 0 : body[kind->src_bits_at];
    if (kind->index_at != RTNL_NOWHERE) {
        int32_t index;
        memcpy(&index, body + kind->index_at, sizeof(index));
        p.index_bits = index > 0 ? hides->index(hides->ctx, (uint32_t)index) : 0;
        if ((kind->first & ~3) == RTM_NEWADDR && (p.index_bits & masked_bits(body[0])))
            return mask_address(&p, body, len) ? RTNL_EDITED : RTNL_REMOVED;
        if (p.index_bits & p.bits)
            return RTNL_REMOVED;
    }
    if (!kind->attrs)
        return RTNL_SHOWN;
    uint8_t *attrs = body + kind->head_bytes;
    size_t attrs_len = *len - kind->head_bytes;
    p.link_is_abroad =
        (kind->first & ~3) == RTM_NEWLINK && has_attr(attrs, attrs_len, IFLA_LINK_NETNSID);
    attrs_len = walk(&p, attrs, attrs_len, by_rows, &kind->attr);
    if (p.removed || (p.names_nexthop && !p.names_interface))
        return RTNL_REMOVED;
    *len = kind->head_bytes + attrs_len;
    return p.edited ? RTNL_EDITED : RTNL_SHOWN;
}
