/* Puts rtnetlink requests and their answers together into enumeration events. */
#include "enumeration.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "event_json.h"
#include "shown.h"

enum { RTM_VERBS = 4 }; /* NEW, DEL, GET, SET of one subject have following numbers */

struct enumeration_open {
    struct enumeration_open *next; /* older */
    json_t *common;
    uint64_t last_ms;
    uint32_t process, seq;
    int32_t fd;
    uint16_t request; /* RTM_GET* */
    bool dump;
    bool answered, cut;
    struct shown shown, hidden;
    json_t *verdict; /* of what was hidden; NULL nothing was */
};

struct enumeration {
    const struct network *network;
    enumeration_done_fn *done;
    void *ctx;
    struct enumeration_open *newest;
    size_t count;
};

struct enumeration *enumeration_new(const struct network *network, enumeration_done_fn *done,
                                    void *ctx)
{
    struct enumeration *e = calloc(1, sizeof *e);

    if (e)
        *e = (struct enumeration){.network = network, .done = done, .ctx = ctx};
    return e;
}

static void open_free(struct enumeration_open *o)
{
    json_decref(o->common);
    json_decref(o->verdict);
    shown_free(&o->shown);
    shown_free(&o->hidden);
    free(o);
}

void enumeration_free(struct enumeration *enumeration)
{
    if (!enumeration)
        return;
    for (struct enumeration_open *o = enumeration->newest, *next; o; o = next) {
        next = o->next;
        open_free(o);
    }
    free(enumeration);
}

static json_t *enumeration_type_name(uint16_t type)
{
    const char *name = rtnl_type_name(type);

    return name[0] ? json_string_nocheck(name) : json_sprintf("RTM_%u", type);
}

static void tell_shown(struct enumeration *e, json_t *event, json_t *enumeration,
                       const struct shown *shown, const struct shown *hidden)
{
    size_t left_out = shown->left_out + hidden->left_out;

    json_object_set_new_nocheck(enumeration, "shown", shown_json(shown, e->network));
    json_object_set_new_nocheck(enumeration, "hidden", shown_json(hidden, e->network));
    if (left_out)
        json_object_set_new_nocheck(enumeration, "left_out", json_integer((json_int_t)left_out));
    json_object_set_new_nocheck(event, "enumeration", enumeration);
    e->done(event, e->ctx);
}

/* Tell one request with what came back, and forget it. complete: the answer's end was seen. */
static void open_finish(struct enumeration *e, struct enumeration_open *o, bool complete, int error)
{
    struct enumeration_open **at = &e->newest;
    json_t *enumeration = json_object();

    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    e->count--;
    json_object_set_new_nocheck(enumeration, "via", json_string_nocheck("netlink"));
    json_object_set_new_nocheck(enumeration, "request", enumeration_type_name(o->request));
    json_object_set_new_nocheck(enumeration, "answered", json_boolean(o->answered));
    json_object_set_new_nocheck(enumeration, "complete", json_boolean(complete && !o->cut));
    if (error)
        json_object_set_new_nocheck(enumeration, "error", event_json_errno(error));
    json_t *event = json_copy(o->common);
    if (o->verdict)
        json_object_set_nocheck(event, "verdict", o->verdict);
    tell_shown(e, event, enumeration, &o->shown, &o->hidden);
    open_free(o);
}

static struct enumeration_open *open_find(struct enumeration *e, const struct event *head,
                                          uint32_t seq)
{
    for (struct enumeration_open *o = e->newest; o; o = o->next)
        if (o->process == head->process && o->fd == head->fd && o->seq == seq)
            return o;
    return NULL;
}

static struct enumeration_open *open_add(struct enumeration *e, const struct event *head,
                                         const json_t *common, uint32_t seq, uint16_t request)
{
    struct enumeration_open *o;

    if (e->count >= ENUMERATION_OPEN_MAX) {
        for (o = e->newest; o->next;)
            o = o->next;
        open_finish(e, o, false, 0);
    }
    o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->common = json_copy((json_t *)(uintptr_t)common);
    o->process = head->process;
    o->fd = head->fd;
    o->seq = seq;
    o->request = request;
    o->next = e->newest;
    e->newest = o;
    e->count++;
    return o;
}

/* RTM_GETADDR for RTM_NEWADDR and its kin. */
static uint16_t request_of(uint16_t type)
{
    return (uint16_t)(type - type % RTM_VERBS + 2);
}

static bool is_subject(uint16_t type)
{
    return type >= RTM_BASE && type < RTM_MAX;
}

/* What one message shows: an interface, or an address on one. */
static void show_message(struct shown *shown, const struct rtnl_msg *msg)
{
    struct rtnl_link link;
    struct rtnl_addr addr;
    struct rtnl_route route;
    uint32_t ifindex;

    switch (msg->type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        if (rtnl_decode_link(msg, &link))
            shown_add(shown, link.index, link.name, NULL);
        break;
    case RTM_NEWADDR:
    case RTM_DELADDR:
        if (rtnl_decode_addr(msg, &addr))
            shown_add(shown, addr.index, NULL, &addr.local);
        break;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        /* A route gives away an interface and, by its preferred source, an address of it. */
        if (rtnl_decode_route(msg, &route) && route.oif)
            shown_add(shown, route.oif, NULL, &route.prefsrc);
        break;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
        /* struct ndmsg: family, padding, then the interface's index */
        if (msg->body_len >= 8) {
            memcpy(&ifindex, msg->body + 4, sizeof ifindex);
            shown_add(shown, ifindex, NULL, NULL);
        }
        break;
    default:
        break;
    }
}

/* The errno that NLMSG_ERROR or NLMSG_DONE carries, positive; 0 none. */
static int message_error(const struct rtnl_msg *msg)
{
    int32_t code = 0;

    if (msg->body_len >= sizeof code)
        memcpy(&code, msg->body, sizeof code);
    return code < 0 && code > INT32_MIN ? -code : 0;
}

static void take_request(struct enumeration *e, const struct event *head,
                         const struct rtnl_msg *msg, const json_t *common, uint64_t now_ms)
{
    struct enumeration_open *o;

    if (!is_subject(msg->type) || msg->type % RTM_VERBS != 2)
        return; /* it changes something: no look at the network */
    o = open_find(e, head, msg->seq);
    if (o)
        open_finish(e, o, false, 0);
    o = open_add(e, head, common, msg->seq, msg->type);
    if (!o)
        return;
    o->dump = (msg->flags & NLM_F_DUMP) != 0;
    o->last_ms = now_ms;
    if (head->flags & (EVENT_FAILED | EVENT_REFUSED))
        open_finish(e, o, false, head->error);
}

/* true where the message belongs to an answer; false: a notification, which is left to the caller.
 */
static bool take_answer(struct enumeration *e, const struct event *head, const struct rtnl_msg *msg,
                        const json_t *common, uint64_t now_ms)
{
    bool part = (msg->flags & NLM_F_MULTI) != 0;
    struct enumeration_open *o = open_find(e, head, msg->seq);

    if (msg->type == NLMSG_DONE || msg->type == NLMSG_ERROR) {
        if (o) {
            o->answered = true;
            open_finish(e, o, true, message_error(msg));
        }
        return true;
    }
    if (!is_subject(msg->type))
        return true;
    /* Chromium numbers its requests 0, and so does the kernel its notifications: only the flag
     * tells a dump's part from one. */
    if (!part && (msg->seq == 0 ? !o || o->dump : !o))
        return false;
    if (!o) {
        /* The request went unseen: on a descriptor from elsewhere, or by a raw system call. */
        o = open_add(e, head, common, msg->seq, request_of(msg->type));
        if (!o)
            return true;
        o->dump = true;
    }
    o->last_ms = now_ms;
    if (head->flags & EVENT_HIDDEN) {
        /* What the process got instead comes in a record of its own. */
        show_message(&o->hidden, msg);
        if (!o->verdict)
            o->verdict = json_incref(json_object_get(common, "verdict"));
        return true;
    }
    o->answered = true;
    o->cut = o->cut || (msg->flags & NLM_F_DUMP_INTR) != 0;
    show_message(&o->shown, msg);
    if (!part && !o->dump)
        open_finish(e, o, true, 0);
    return true;
}

/* hidden: the process was not shown what these messages tell. */
static void tell_notification(struct enumeration *e, const json_t *common, uint16_t type,
                              const struct shown *told, bool hidden)
{
    static const struct shown none;
    json_t *enumeration = json_object();

    json_object_set_new_nocheck(enumeration, "via", json_string_nocheck("netlink"));
    json_object_set_new_nocheck(enumeration, "notification", enumeration_type_name(type));
    tell_shown(e, json_copy((json_t *)(uintptr_t)common), enumeration, hidden ? &none : told,
               hidden ? told : &none);
}

static void take_input(struct enumeration *e, const struct event_view *ev, const json_t *common,
                       uint64_t now_ms)
{
    struct shown notified = {0};
    struct rtnl_msg msg;
    uint16_t type = 0; /* of the notifications in notified; 0 none */
    bool hidden = (ev->head.flags & EVENT_HIDDEN) != 0;
    size_t pos = 0;

    while (rtnl_next(ev->data, ev->head.data_len, &pos, &msg) == RTNL_OK) {
        if (take_answer(e, &ev->head, &msg, common, now_ms))
            continue;
        /* Notifications of one kind that were read together are one event. */
        if (type && type != msg.type) {
            tell_notification(e, common, type, &notified, hidden);
            shown_free(&notified);
        }
        type = msg.type;
        show_message(&notified, &msg);
    }
    if (type)
        tell_notification(e, common, type, &notified, hidden);
    shown_free(&notified);
}

/* A piece that was not recorded whole leaves the answers under way on that descriptor incomplete.
 */
static void mark_cut(struct enumeration *e, const struct event *head)
{
    for (struct enumeration_open *o = e->newest; o; o = o->next)
        if (o->process == head->process && o->fd == head->fd)
            o->cut = true;
}

void enumeration_netlink(struct enumeration *enumeration, const struct event_view *ev,
                         const json_t *common, uint64_t now_ms)
{
    struct rtnl_msg msg;
    size_t pos = 0;

    if (ev->head.flags & EVENT_IN) {
        if (ev->head.flags & EVENT_CUT)
            mark_cut(enumeration, &ev->head);
        take_input(enumeration, ev, common, now_ms);
        if (ev->head.flags & EVENT_CUT)
            mark_cut(enumeration, &ev->head);
        return;
    }
    if (ev->head.data_len < NLMSG_HDRLEN)
        return;
    /* Chromium's request is 17 bytes and says so; one that claims more than was sent is still a
     * question. */
    while (rtnl_next(ev->data, ev->head.data_len, &pos, &msg) == RTNL_OK)
        take_request(enumeration, &ev->head, &msg, common, now_ms);
}

void enumeration_flush(struct enumeration *enumeration, uint64_t now_ms, bool all)
{
    struct enumeration_open *o, *oldest;

    do {
        oldest = NULL;
        for (o = enumeration->newest; o; o = o->next)
            if (all || now_ms - o->last_ms >= ENUMERATION_WAIT_MS)
                oldest = o;
        if (oldest)
            open_finish(enumeration, oldest, false, 0);
    } while (oldest);
}
