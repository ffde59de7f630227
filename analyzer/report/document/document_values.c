/* Values of the document: each jansson call that can fail is noted, and checked once in the end. */
#include "document_private.h"

#include <string.h>

uint32_t document_row(struct documenting *d, struct document_index *index, const uint64_t *words,
                      size_t count, bool *fresh)
{
    uint64_t hash = siphash_words(&d->key, words, count) | 1;
    size_t slot = (size_t)(hash >> 1) % DOCUMENT_SLOTS;
    *fresh = false;
    for (; index->slots[slot].hash; slot = (slot + 1) % DOCUMENT_SLOTS)
        if (index->slots[slot].hash == hash)
            return index->slots[slot].row;
    if (index->count == DOCUMENT_ROWS_MAX) {
        d->left_out++;
        return JOIN_NONE;
    }
    *fresh = true;
    index->slots[slot].hash = hash;
    index->slots[slot].row = index->count;
    return index->count++;
}

uint64_t document_word(const struct documenting *d, const char *text)
{
    return text ? siphash(&d->key, (const uint8_t *)text, strlen(text)) : 0;
}

static json_t *made(struct documenting *d, json_t *value)
{
    if (!value)
        d->failed = true;
    return value;
}

json_t *document_text(struct documenting *d, const char *text)
{
    json_t *value = text ? json_string(text) : json_null();
    /* What is no UTF-8 is a stranger's that slipped through; it is not worth the report. */
    return value ? value : made(d, json_string("?"));
}

json_t *document_number(struct documenting *d, uint64_t value)
{
    return made(d, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

json_t *document_index_or_null(struct documenting *d, uint32_t row)
{
    return row == JOIN_NONE ? json_null() : document_number(d, row);
}

json_t *document_ip(struct documenting *d, const struct netaddr *addr)
{
    char text[NETADDR_IP_TEXT_BYTES];
    if (addr->family == NETADDR_NONE)
        return json_null();
    return document_text(d, netaddr_format_ip(addr, text, sizeof(text)));
}

json_t *document_addr(struct documenting *d, const struct netaddr *addr)
{
    char text[NETADDR_TEXT_BYTES];
    if (addr->family == NETADDR_NONE)
        return json_null();
    return document_text(d, netaddr_format(addr, text, sizeof(text)));
}

json_t *document_kind(struct documenting *d, const struct netaddr *addr)
{
    return document_text(d, netaddr_kind_name(netaddr_kind_of(addr)));
}

json_t *document_us(struct documenting *d, uint64_t time_ns)
{
    uint64_t start = d->run->start_ns;
    if (time_ns == 0)
        return json_null();
    return made(d, time_ns >= start ? json_integer((json_int_t)((time_ns - start) / 1000))
                                    : json_integer(-(json_int_t)((start - time_ns) / 1000)));
}

static json_t *numbers(struct documenting *d, const uint32_t *list, unsigned count)
{
    json_t *array = made(d, json_array());
    for (unsigned i = 0; i < count; i++)
        document_add(d, array, document_number(d, list[i]));
    return array;
}

json_t *document_evidence(struct documenting *d, const struct verdict_evidence *e)
{
    json_t *o = made(d, json_object());
    document_set(d, o, "events", numbers(d, e->events, e->event_count));
    document_set(d, o, "frames", numbers(d, e->frames, e->frame_count));
    document_set(d, o, "more", document_number(d, e->more));
    return o;
}

void document_set(struct documenting *d, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(object, key, value) != 0)
        d->failed = true;
}

void document_add(struct documenting *d, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        d->failed = true;
}

void document_add_bounded(struct documenting *d, json_t *array, json_t *value)
{
    if (json_array_size(array) < DOCUMENT_ROWS_MAX) {
        document_add(d, array, value);
        return;
    }
    json_decref(value);
    d->left_out++;
}

const char *document_proto(uint8_t protocol)
{
    return protocol == 17 ? "UDP" : protocol == 6 ? "TCP" : "other";
}

const char *document_iface_source(uint8_t source)
{
    static const char *const names[] = {"unknown", "route", "address", "pinned", "capture"};
    return source < sizeof(names) / sizeof(names[0]) ? names[source] : "unknown";
}
