/* Tells looks at the local interfaces: netlink, getifaddrs and its kin, ioctl, files. */
#include "tell.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/sockios.h>

#include "shown.h"
#include "text.h"

static void finish(struct story *story, json_t *event, const struct event_view *ev,
                   json_t *enumeration, struct shown *shown, struct shown *hidden)
{
    size_t left_out = shown->left_out + hidden->left_out;

    json_object_set_new_nocheck(enumeration, "shown", shown_json(shown, story->network));
    json_object_set_new_nocheck(enumeration, "hidden", shown_json(hidden, story->network));
    if (left_out)
        json_object_set_new_nocheck(enumeration, "left_out", json_integer((json_int_t)left_out));
    shown_free(shown);
    shown_free(hidden);
    tell_payload(story, event, ev, "enumeration", enumeration);
    tell_emit(story, EVENT_TYPE_enumeration, event);
}

static json_t *begin(const char *via)
{
    json_t *enumeration = json_object();

    json_object_set_new_nocheck(enumeration, "via", json_string_nocheck(via));
    return enumeration;
}

/* A socket that would have shown interfaces, and was not made. */
static void tell_refused_socket(struct story *story, const struct event_view *ev, struct process *p)
{
    static const struct {
        uint32_t arg;
        const char *name;
    } rows[] = {
        {NETLINK_SOCK_DIAG, "NETLINK_SOCK_DIAG"}, {NETLINK_GENERIC, "NETLINK_GENERIC"},
        {NETLINK_NETFILTER, "NETLINK_NETFILTER"}, {NETLINK_XFRM, "NETLINK_XFRM"},
        {EVENT_ARG_PACKET, "AF_PACKET"},
    };
    json_t *event = tell_begin(story, EVENT_TYPE_enumeration, ev, p);
    json_t *enumeration = begin("netlink");
    struct shown shown = {0}, hidden = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].arg == ev->head.arg)
            json_object_set_new_nocheck(enumeration, "request", json_string_nocheck(rows[i].name));
    json_object_set_new_nocheck(enumeration, "error", event_json_errno(ev->head.error));
    finish(story, event, ev, enumeration, &shown, &hidden);
}

void tell_netlink(struct story *story, const struct event_view *ev, struct process *p)
{
    if ((ev->head.flags & EVENT_REFUSED) && ev->head.data_len == 0) {
        tell_refused_socket(story, ev, p);
        return;
    }
    json_t *common = tell_begin(story, EVENT_TYPE_enumeration, ev, p);

    json_object_set_new_nocheck(common, "verdict", tell_verdict(story, ev));
    enumeration_netlink(story->enumeration, ev, common, tell_now_ms());
    json_decref(common);
}

void tell_enumeration_done(json_t *event, void *story)
{
    json_t *verdict = json_object_get(event, "verdict");

    /* To its place at the end. */
    if (verdict) {
        json_incref(verdict);
        json_object_del(event, "verdict");
        json_object_set_new_nocheck(event, "verdict", verdict);
    }
    tell_emit(story, EVENT_TYPE_enumeration, event);
}

/* A record that claims to come from another call than these is a lie, and is told as the commonest
 * of them. */
static const char *via_of(const struct event *head, const char *otherwise)
{
    switch (head->call) {
    case EVENT_CALL_getifaddrs:
    case EVENT_CALL_if_nameindex:
    case EVENT_CALL_if_nametoindex:
    case EVENT_CALL_if_indextoname:
        return event_call_name(head->call);
    case EVENT_CALL_ioctl:
    case EVENT_CALL_syscall:
        return "ioctl"; /* SIOCGIFCONF of which something was hidden */
    default:
        return otherwise;
    }
}

static void tell_entries(struct story *story, const struct event_view *ev, struct process *p,
                         bool counted)
{
    json_t *event = tell_begin(story, EVENT_TYPE_enumeration, ev, p);
    struct event_interface entry;
    struct shown shown = {0}, hidden = {0};
    size_t count = 0;

    while (event_interface_at(ev, count, &entry)) {
        shown_add(entry.hidden ? &hidden : &shown, entry.index, entry.name, &entry.addr);
        count++;
    }
    if (counted && ev->head.arg > count)
        shown.left_out += ev->head.arg - count;
    const char *via = via_of(&ev->head, counted ? "getifaddrs" : "if_nametoindex");
    json_t *enumeration = begin(via);
    if (strcmp(via, "ioctl") == 0)
        json_object_set_new_nocheck(enumeration, "request", json_string_nocheck("SIOCGIFCONF"));
    finish(story, event, ev, enumeration, &shown, &hidden);
}

void tell_interfaces(struct story *story, const struct event_view *ev, struct process *p)
{
    tell_entries(story, ev, p, true);
}

void tell_interface_name(struct story *story, const struct event_view *ev, struct process *p)
{
    tell_entries(story, ev, p, false);
}

static const struct request {
    uint32_t number;
    bool address; /* the answer is an address of the interface */
    const char *name;
} requests[] = {
#define REQUEST(name, address)                                                                     \
    {                                                                                              \
        name, address, #name                                                                       \
    }
    REQUEST(SIOCGIFCONF, true),     REQUEST(SIOCGIFADDR, true),     REQUEST(SIOCGIFDSTADDR, true),
    REQUEST(SIOCGIFBRDADDR, false), REQUEST(SIOCGIFNETMASK, false), REQUEST(SIOCGIFNAME, false),
    REQUEST(SIOCGIFINDEX, false),   REQUEST(SIOCGIFFLAGS, false),   REQUEST(SIOCGIFMTU, false),
    REQUEST(SIOCGIFMETRIC, false),  REQUEST(SIOCGIFHWADDR, false),  REQUEST(SIOCGIFTXQLEN, false),
    REQUEST(SIOCGIFMAP, false),     REQUEST(SIOCETHTOOL, false),    REQUEST(SIOCGIFCOUNT, false),
    REQUEST(SIOCGIFENCAP, false),   REQUEST(SIOCGIFPFLAGS, false),  REQUEST(SIOCGIFSLAVE, false),
    REQUEST(SIOCGIFMEM, false),
#undef REQUEST
};

void tell_ioctl(struct story *story, const struct event_view *ev, struct process *p)
{
    json_t *event = tell_begin(story, EVENT_TYPE_enumeration, ev, p);
    json_t *enumeration = begin("ioctl");
    struct shown shown = {0}, hidden = {0};
    const struct request *request = NULL;
    struct ifreq entry;
    json_t *name;

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        if (requests[i].number == ev->head.arg)
            request = &requests[i];
    name = request ? json_string_nocheck(request->name) : json_sprintf("0x%x", ev->head.arg);
    json_object_set_new_nocheck(enumeration, "request", name);
    for (size_t pos = 0; ev->head.data_len - pos >= sizeof entry; pos += sizeof entry) {
        struct netaddr addr = {0};
        memcpy(&entry, ev->data + pos, sizeof entry);
        if (request && request->address)
            addr = netaddr_from_sockaddr(&entry.ifr_addr, sizeof entry.ifr_addr);
        if (entry.ifr_name[0])
            shown_add(ev->head.flags & EVENT_REFUSED ? &hidden : &shown, 0, entry.ifr_name, &addr);
    }
    finish(story, event, ev, enumeration, &shown, &hidden);
}

void tell_file(struct story *story, const struct event_view *ev, struct process *p)
{
    json_t *event = tell_begin(story, EVENT_TYPE_enumeration, ev, p);
    json_t *enumeration = begin("file");
    struct shown shown = {0}, hidden = {0};

    json_object_set_new_nocheck(enumeration, "path",
                                text_json((const char *)ev->data, ev->head.data_len));
    finish(story, event, ev, enumeration, &shown, &hidden);
}
