/* Tells questions for names and the answers: DNS, multicast DNS, getaddrinfo and its kin. */
#include "tell.h"

#include <string.h>

#include "bytes.h"
#include "dns.h"
#include "text.h"

enum { NAME_ADDRESSES_MAX = 64 };

static json_t *decode(const struct event_view *ev, bool multicast, struct dns_digest *digest)
{
    const uint8_t *data = ev->data;
    size_t len = ev->head.data_len;
    json_t *dns;

    /* Over TCP the message's length stands in front of it, RFC 1035 section 4.2.2. */
    if ((ev->head.flags & EVENT_TCP) && len > 2 && be16(data) == len - 2) {
        data += 2;
        len -= 2;
    }
    dns = dns_json(data, len, multicast, digest);
    if (!dns) {
        dns = json_object();
        json_object_set_new_nocheck(dns, "type", json_null());
        json_object_set_new_nocheck(dns, "damaged", json_true());
    }
    json_object_set_new_nocheck(dns, "via",
                                json_string_nocheck(ev->head.flags & EVENT_TCP ? "tcp" : "udp"));
    return dns;
}

void tell_dns(struct story *story, const struct event_view *ev, struct process *p)
{
    static struct dns_digest digest; /* 2 KB, and one thread */
    json_t *event = tell_begin(story, EVENT_TYPE_dns, ev, p);
    json_t *dns = decode(ev, false, &digest);

    json_object_set_new_nocheck(dns, "server", event_json_ip(&ev->head.remote));
    if (digest.response && (ev->head.flags & EVENT_IN))
        for (size_t i = 0; i < digest.addresses; i++)
            names_learn(story->names, &digest.address[i], digest.question);
    tell_payload(story, event, ev, "dns", dns);
    tell_emit(story, EVENT_TYPE_dns, event);
}

void tell_mdns(struct story *story, const struct event_view *ev, struct process *p)
{
    static struct dns_digest digest;
    json_t *event = tell_begin(story, EVENT_TYPE_mdns, ev, p);

    tell_payload(story, event, ev, "mdns", decode(ev, true, &digest));
    tell_emit(story, EVENT_TYPE_mdns, event);
}

void tell_name(struct story *story, const struct event_view *ev, struct process *p)
{
    struct netaddr addrs[NAME_ADDRESSES_MAX], numeric;
    const char *name;
    int count = event_name_unpack(ev, &name, addrs, NAME_ADDRESSES_MAX);
    json_t *event, *dns, *answers;
    bool is_numeric;

    if (count < 0)
        return;
    is_numeric = netaddr_parse_ip(name, &numeric);
    event = tell_begin(story, EVENT_TYPE_dns, ev, p);
    dns = json_object();
    answers = json_array();
    for (int i = 0; i < count; i++) {
        json_t *answer = json_object();
        json_object_set_new_nocheck(
            answer, "type", json_string_nocheck(addrs[i].family == NETADDR_IPV6 ? "AAAA" : "A"));
        json_object_set_new_nocheck(answer, "data", event_json_ip(&addrs[i]));
        json_array_append_new(answers, answer);
        if (!is_numeric)
            names_learn(story->names, &addrs[i], name);
    }
    json_object_set_new_nocheck(dns, "type", json_string_nocheck("answer"));
    json_object_set_new_nocheck(dns, "question", text_json(name, strlen(name)));
    json_object_set_new_nocheck(dns, "answers", answers);
    json_object_set_new_nocheck(dns, "via", json_string_nocheck(event_call_name(ev->head.call)));
    if (is_numeric)
        json_object_set_new_nocheck(dns, "numeric", json_true());
    tell_payload(story, event, ev, "dns", dns);
    tell_emit(story, EVENT_TYPE_dns, event);
}
