/* What the wire shows beside messages: media on their flows, and questions. */
#include <string.h>

#include "bytes.h"
#include "flow.h"
#include "join_private.h"

enum { CACHE_QUESTION = 11, CACHE_QUESTION_IFACE }; /* of join_text_of() */

static uint32_t sum_of_media(const struct flow *flow, unsigned way)
{
    uint64_t sum = 0;
    for (unsigned kind = 0; kind < FLOW_KIND_COUNT; kind++)
        if (kind != FLOW_STUN && kind != FLOW_CHANNEL_DATA)
            sum += flow->packets[way][kind];
    return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

void join_take_flow(struct join *j, const struct flow *flow, const char *iface_name)
{
    if (flow->label != DATAGRAM_DIRECT || flow->protocol != DATAGRAM_UDP)
        return;
    for (unsigned way = 0; way < 2; way++) {
        struct message_key key = {
            .local = flow->ends[way],
            .remote = flow->ends[!way],
            .protocol = flow->protocol,
        };
        uint32_t index =
            join_is_local(j, &key.local) ? join_flow_find(j, &key, AGREE_PORT) : JOIN_NONE;
        if (index == JOIN_NONE)
            continue;
        struct join_flow *known = &j->flows[index];
        const char *leaves = join_text(j, known->wire_iface);
        if (leaves && iface_name && strcmp(leaves, iface_name) != 0)
            continue;
        known->media_out += sum_of_media(flow, way);
        known->media_in += sum_of_media(flow, !way);
    }
}

static bool is_question(const struct join_question *a, const struct join_question *b)
{
    return a->name == b->name && a->iface == b->iface && a->qtype == b->qtype &&
           a->protocol == b->protocol && netaddr_same(&a->server, &b->server) &&
           netaddr_same_ip(&a->client, &b->client);
}

void join_take_question(struct join *j, const struct join_question *question, const char *name,
                        const char *iface)
{
    struct join_question q = *question;
    uint32_t index, hash;
    q.name = join_text_of(j, name, name ? strlen(name) : 0, CACHE_QUESTION);
    q.iface = join_text_of(j, iface, iface ? strlen(iface) : 0, CACHE_QUESTION_IFACE);
    q.client.port = 0;
    q.count = 1;
    uint64_t words[] = {(uint64_t)q.name << 32 | q.iface, be64(q.server.ip),
                        (uint64_t)q.qtype << 16 | q.protocol};
    hash = join_hash(j, words, 3);
    for (size_t at = hash; hashed_next(&j->work->questions, hash, &at, &index); at++) {
        if (!is_question(&j->questions[index], &q))
            continue;
        j->questions[index].count++;
        return;
    }
    if (j->question_count >= JOIN_QUESTIONS_MAX) {
        j->left_out++;
        return;
    }
    if (!join_room(j, &j->questions, &j->work->question_room, j->question_count,
                   sizeof(*j->questions)))
        return;
    if (!hashed_add(&j->work->questions, hash, (uint32_t)j->question_count)) {
        j->work->no_memory = true;
        return;
    }
    j->questions[j->question_count++] = q;
}
