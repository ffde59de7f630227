/* Tells who owns a socket that the wire showed without an event of the library's. */
#include "tell_owner.h"

#include "tell.h"
#include "text.h"

static json_t *holder_json(const struct owner *owner)
{
    json_t *o;

    if (owner->process)
        return event_json_process(owner->process, 0);
    if (owner->pid == 0)
        return json_null();
    o = json_object();
    json_object_set_new_nocheck(o, "pid", json_integer(owner->pid));
    json_object_set_new_nocheck(o, "tid", json_null());
    json_object_set_new_nocheck(o, "name", text_json_or_null(owner->name));
    json_object_set_new_nocheck(o, "thread", json_null());
    json_object_set_new_nocheck(o, "role", json_null());
    return o;
}

static json_t *owner_json(const struct owner *owner)
{
    json_t *o = json_object();

    json_object_set_new_nocheck(
        o, "inode",
        owner->found && owner->inode != 0 ? json_integer((json_int_t)owner->inode) : json_null());
    json_object_set_new_nocheck(o, "uid", owner->found ? json_integer(owner->uid) : json_null());
    json_object_set_new_nocheck(o, "source", json_string_nocheck("sock_diag"));
    json_object_set_new_nocheck(o, "of_run",
                                owner->belongs == OWNER_UNKNOWN
                                    ? json_null()
                                    : json_boolean(owner->belongs == OWNER_OF_RUN));
    json_object_set_new_nocheck(o, "txid", text_json_or_null(owner->txid));
    return o;
}

void story_owner(struct story *story, const struct owner *owner)
{
    json_t *event = event_json_begin(EVENT_TYPE_owner, 0);
    const char *name = names_find(story->names, &owner->dest);

    json_object_set_new_nocheck(event, "timestamp", json_string(owner->timestamp));
    json_object_set_new_nocheck(event, "witness", json_string_nocheck("wire"));
    json_object_set_new_nocheck(event, "src_ip", event_json_ip(&owner->src));
    json_object_set_new_nocheck(event, "src_port", json_integer(owner->src.port));
    json_object_set_new_nocheck(event, "dest_ip", event_json_ip(&owner->dest));
    json_object_set_new_nocheck(event, "dest_port", json_integer(owner->dest.port));
    if (name)
        json_object_set_new_nocheck(event, "dest_name", text_json_or_null(name));
    json_object_set_new_nocheck(event, "proto", json_string_nocheck(owner->tcp ? "TCP" : "UDP"));
    json_object_set_new_nocheck(event, "direction", json_string_nocheck("out"));
    json_object_set_new_nocheck(event, "in_iface", text_json_or_null(owner->iface));
    json_object_set_new_nocheck(event, "iface_source",
                                json_string_nocheck(owner->iface[0] ? "capture" : "unknown"));
    json_object_set_new_nocheck(event, "process", holder_json(owner));
    json_object_set_new_nocheck(event, "owner", owner_json(owner));
    tell_emit(story, EVENT_TYPE_owner, event);
}
