/* Tells copies of a message from messages that are sent again. */
#include "sightings.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"
#include "table.h"

struct seen {
    struct place first;
    uint64_t answer; /* hash of the first answer's bytes */
    bool answered, answers_differ;
};

struct sightings {
    struct siphash_key key;
    struct table *seen;
};

struct sightings *sightings_new(void)
{
    struct sightings *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->key = siphash_fresh_key();
    s->seen = table_new(SIGHTINGS_MAX, sizeof(struct seen), NULL, NULL);
    if (!s->seen) {
        free(s);
        return NULL;
    }
    return s;
}

void sightings_free(struct sightings *s)
{
    if (!s)
        return;
    table_free(s->seen);
    free(s);
}

struct message_id sightings_id(const struct sightings *s, const struct stun_msg *msg)
{
    struct message_id id;
    uint8_t txid[16] = {0};
    memcpy(txid, msg->txid, msg->txid_len);
    memcpy(id.word, txid, sizeof(txid));
    id.word[2] = siphash(&s->key, msg->start, STUN_HEADER_BYTES + (size_t)msg->length);
    return id;
}

static struct flow_key key_of(const struct message_id *id, uint8_t carriage)
{
    return (struct flow_key){.count = 4, .word = {carriage, id->word[0], id->word[1], id->word[2]}};
}

/* Clocks of different files can't be compared, and a packet may have no time. */
static bool is_near(const struct place *a, const struct place *b)
{
    if (a->file != b->file || a->time_ns == 0 || b->time_ns == 0)
        return true;
    uint64_t apart = a->time_ns > b->time_ns ? a->time_ns - b->time_ns : b->time_ns - a->time_ns;
    return apart <= SIGHTINGS_COPY_NS;
}

static enum sighting judge(const struct place *first, const struct place *now)
{
    bool same_ends = first->protocol == now->protocol && netaddr_same(&first->src, &now->src) &&
                     netaddr_same(&first->dst, &now->dst);
    bool same_link = first->file == now->file && first->link == now->link && first->hop == now->hop;
    if (same_link && !(now->any && is_near(first, now)))
        return same_ends ? SIGHTING_AGAIN : SIGHTING_FIRST;
    if (is_near(first, now))
        return same_ends ? SIGHTING_COPY : SIGHTING_TRANSLATED;
    if (!same_ends)
        return SIGHTING_FIRST;
    /* What comes in later than it left elsewhere has been under way. */
    return first->direction == PACKET_OUT && now->direction == PACKET_IN ? SIGHTING_COPY
                                                                         : SIGHTING_MOVED;
}

enum sighting sightings_see(struct sightings *s, const struct message_id *id,
                            const struct place *now, struct place *first)
{
    struct flow_key key = key_of(id, now->carriage);
    struct seen *seen = table_find(s->seen, &key);
    enum sighting verdict = seen ? judge(&seen->first, now) : SIGHTING_FIRST;
    if (!seen)
        seen = table_add(s->seen, &key);
    *first = *now;
    if (verdict == SIGHTING_COPY || verdict == SIGHTING_TRANSLATED)
        *first = seen->first;
    else
        seen->first = *now;
    return verdict;
}

const struct place *sightings_elsewhere(struct sightings *s, const struct message_id *id,
                                        const struct place *now, uint8_t carriage)
{
    struct flow_key key = key_of(id, carriage);
    struct seen *seen = table_find(s->seen, &key);
    return seen && is_near(&seen->first, now) ? &seen->first : NULL;
}

void sightings_answered(struct sightings *s, const struct message_id *request,
                        const struct message_id *answer)
{
    struct flow_key key = key_of(request, PLACE_DIRECT);
    struct seen *seen = table_find(s->seen, &key);
    if (!seen)
        return;
    seen->answers_differ |= seen->answered && seen->answer != answer->word[2];
    seen->answered = true;
    seen->answer = answer->word[2];
}

bool sightings_answers_differ(struct sightings *s, const struct message_id *request)
{
    struct flow_key key = key_of(request, PLACE_DIRECT);
    struct seen *seen = table_find(s->seen, &key);
    return seen && seen->answers_differ;
}
