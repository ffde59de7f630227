/* Tells STUN messages and TURN ChannelData. */
#include "tell.h"

#include "stun_json.h"

void tell_stun(struct story *story, const struct event_view *ev, struct process *p)
{
    const struct event *head = &ev->head;
    json_t *event = tell_begin(story, EVENT_TYPE_stun, ev, p);
    struct stun_msg msg;
    json_t *stun = stun_json(ev->data, head->data_len, (head->flags & EVENT_CLASSIC) != 0,
                             (head->flags & EVENT_CUT) != 0, &msg);

    if (!stun) {
        /* The library saw a header here that the decoder does not: told all the same, never
         * dropped. */
        stun = json_object();
        json_object_set_new_nocheck(stun, "class", json_null());
        json_object_set_new_nocheck(stun, "method", json_null());
        json_object_set_new_nocheck(stun, "txid", json_string_nocheck(""));
        json_object_set_new_nocheck(stun, "length", json_integer(head->full_len));
        json_object_set_new_nocheck(stun, "attributes", json_array());
        json_object_set_new_nocheck(
            stun, "damaged",
            json_string_nocheck(head->flags & EVENT_UNSYNCED
                                    ? "the stream's framing is lost; messages may be missing"
                                    : stun_status_text(STUN_NOT_STUN)));
    }
    if (head->flags & EVENT_FRAMED)
        json_object_set_new_nocheck(stun, "framed", json_true());
    if (head->flags & EVENT_UNSYNCED)
        json_object_set_new_nocheck(stun, "unsynced", json_true());
    tell_payload(story, event, ev, "stun", stun);
    tell_emit(story, EVENT_TYPE_stun, event);
}

void tell_channel_data(struct story *story, const struct event_view *ev, struct process *p)
{
    const struct event *head = &ev->head;
    uint16_t channel;
    size_t payload;
    json_t *nested, *event, *o;
    bool first;

    if (!stun_json_channel(ev->data, head->data_len, head->full_len, &channel, &payload, &nested))
        return;
    first = channels_count(story->channels, head, channel, payload, nested != NULL);
    if (!first && !nested)
        return;
    event = tell_begin(story, EVENT_TYPE_stun, ev, p);
    if (first)
        channels_describe(story->channels, head, channel, event);
    o = channel_json(channel, 1, payload);
    if (nested)
        json_object_set_new_nocheck(o, "nested", nested);
    tell_payload(story, event, ev, "channel_data", o);
    tell_emit(story, EVENT_TYPE_stun, event);
}

void tell_channel_done(json_t *event, void *story)
{
    tell_emit(story, EVENT_TYPE_stun, event);
}
