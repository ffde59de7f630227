/* Tells address probes, refused connections, and sockets that choose their interface themselves. */
#include "tell.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "bytes.h"
#include "text.h"

static void tell_answer(struct story *story, const struct event_view *ev, struct process *p,
                        const struct netaddr *answer)
{
    json_t *event = tell_begin(story, EVENT_TYPE_probe, ev, p);
    json_t *probe = json_object();

    json_object_set_new_nocheck(probe, "target", event_json_address(&ev->head.remote));
    json_object_set_new_nocheck(probe, "answer", event_json_address(answer));
    tell_payload(story, event, ev, "probe", probe);
    tell_emit(story, EVENT_TYPE_probe, event);
}

void tell_probe(struct story *story, const struct event_view *ev, struct process *p)
{
    static const struct netaddr none = {0};
    bool failed = (ev->head.flags & (EVENT_FAILED | EVENT_REFUSED)) != 0;

    tell_answer(story, ev, p, failed ? &none : &ev->head.local);
}

/* Connections are no events, but for those that a policy refused. */
static void tell_refused(struct story *story, const struct event_view *ev, struct process *p)
{
    json_t *event = tell_begin(story, EVENT_TYPE_connect, ev, p);
    json_t *connect = json_object();

    json_object_set_new_nocheck(connect, "target", event_json_address(&ev->head.remote));
    tell_payload(story, event, ev, "connect", connect);
    tell_emit(story, EVENT_TYPE_connect, event);
}

/*
 * A datagram socket that was connected sends nothing yet. It is told where it was refused, and
 * where it failed like a probe that finds no route: towards a public host on one of the ports that
 * browsers probe with.
 */
void tell_connect(struct story *story, const struct event_view *ev, struct process *p)
{
    static const struct netaddr none = {0};
    const struct event *head = &ev->head;
    enum netaddr_kind kind = netaddr_kind_of(&head->remote);
    bool refused = (head->flags & EVENT_REFUSED) != 0;
    uint16_t port = head->remote.port;

    if (head->flags & EVENT_TCP) {
        if (refused)
            tell_refused(story, ev, p);
        return;
    }
    if (refused || ((head->flags & EVENT_FAILED) &&
                    (kind == NETADDR_KIND_PUBLIC || kind == NETADDR_KIND_GLOBAL_IPV6) &&
                    (port == 53 || port == 443 || port == 80)))
        tell_answer(story, ev, p, &none);
}

/* How an option's value names an interface. */
enum option_form {
    OPTION_NUMBER,
    OPTION_NAME,     /* an interface's name */
    OPTION_INDEX,    /* an interface's index */
    OPTION_INDEX_BE, /* the same in network byte order */
    OPTION_MREQN,    /* struct ip_mreqn, ip_mreq or in_addr */
    OPTION_PKTINFO6, /* struct in6_pktinfo */
    OPTION_OPAQUE,
};

static const struct option {
    uint16_t level, number;
    enum option_form form;
    const char *name;
} options[] = {
#define OPTION(level, name, form)                                                                  \
    {                                                                                              \
        level, name, form, #name                                                                   \
    }
    OPTION(SOL_SOCKET, SO_BINDTODEVICE, OPTION_NAME),
    OPTION(SOL_SOCKET, SO_BINDTOIFINDEX, OPTION_INDEX),
    OPTION(SOL_SOCKET, SO_MARK, OPTION_NUMBER),
    OPTION(IPPROTO_IP, IP_UNICAST_IF, OPTION_INDEX_BE),
    OPTION(IPPROTO_IP, IP_MULTICAST_IF, OPTION_MREQN),
    OPTION(IPPROTO_IP, IP_ADD_MEMBERSHIP, OPTION_MREQN),
    OPTION(IPPROTO_IP, IP_TRANSPARENT, OPTION_NUMBER),
    OPTION(IPPROTO_IP, IP_FREEBIND, OPTION_NUMBER),
    OPTION(IPPROTO_IPV6, IPV6_UNICAST_IF, OPTION_INDEX_BE),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_IF, OPTION_INDEX),
    OPTION(IPPROTO_IPV6, IPV6_PKTINFO, OPTION_PKTINFO6),
    OPTION(IPPROTO_IPV6, IPV6_TRANSPARENT, OPTION_NUMBER),
    OPTION(IPPROTO_IPV6, IPV6_FREEBIND, OPTION_NUMBER),
#undef OPTION
};

static void set_index(struct story *story, json_t *o, uint32_t ifindex)
{
    json_object_set_new_nocheck(o, "iface",
                                text_json_or_null(network_name_of(story->network, ifindex)));
    json_object_set_new_nocheck(o, "ifindex", json_integer(ifindex));
}

static void set_address(json_t *o, const uint8_t *data, size_t len)
{
    struct netaddr addr = netaddr_from_bytes(data, len, 0);

    json_object_set_new_nocheck(o, "ip", event_json_ip(&addr));
}

static void set_mreqn(struct story *story, json_t *o, const uint8_t *data, size_t len)
{
    uint32_t ifindex;

    /* The interface's address comes second, after the group's; alone it is an in_addr. */
    set_address(o, len >= 8 ? data + 4 : data, 4);
    if (len >= sizeof(struct ip_mreqn)) {
        memcpy(&ifindex, data + 8, sizeof ifindex);
        set_index(story, o, ifindex);
    }
}

static void set_value(struct story *story, json_t *o, enum option_form form, const uint8_t *data,
                      size_t len)
{
    uint32_t number = 0;

    if (len >= sizeof number)
        memcpy(&number, data, sizeof number);
    if (form == OPTION_NAME) {
        size_t n = strnlen((const char *)data, len);
        json_object_set_new_nocheck(o, "iface", n ? text_json((const char *)data, n) : json_null());
    } else if (form == OPTION_INDEX && len >= sizeof number) {
        set_index(story, o, number);
    } else if (form == OPTION_INDEX_BE && len >= sizeof number) {
        set_index(story, o, be32(data));
    } else if (form == OPTION_NUMBER && len >= sizeof number) {
        json_object_set_new_nocheck(o, "value", json_integer(number));
    } else if (form == OPTION_MREQN && len >= 4) {
        set_mreqn(story, o, data, len);
    } else if (form == OPTION_PKTINFO6 && len >= 20) {
        set_address(o, data, 16);
        memcpy(&number, data + 16, sizeof number);
        set_index(story, o, number);
    } else {
        json_object_set_new_nocheck(o, "bytes", text_json_hex(data, len, 64));
    }
}

void tell_sockopt(struct story *story, const struct event_view *ev, struct process *p)
{
    uint16_t level = (uint16_t)(ev->head.arg >> 16), number = (uint16_t)ev->head.arg;
    json_t *event = tell_begin(story, EVENT_TYPE_socket, ev, p);
    const struct option *option = NULL;
    json_t *o = json_object();

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].level == level && options[i].number == number)
            option = &options[i];
    json_object_set_new_nocheck(o, "option",
                                option ? json_string_nocheck(option->name)
                                       : json_sprintf("%u/%u", level, number));
    set_value(story, o, option ? option->form : OPTION_OPAQUE, ev->data, ev->head.data_len);
    tell_payload(story, event, ev, "socket", o);
    tell_emit(story, EVENT_TYPE_socket, event);
}
