/* Keeps the sessions, pairs and known candidates, and finds them again. */
#include "ice_private.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"
#include "table.h"

struct candidate {
    bool relayed;
};

struct ice *ice_new(void)
{
    struct ice *ice = calloc(1, sizeof(*ice));
    if (!ice)
        return NULL;
    ice->sessions = calloc(ICE_SESSIONS_MAX, sizeof(*ice->sessions));
    ice->pairs = calloc(ICE_PAIRS_MAX, sizeof(*ice->pairs));
    ice->order = calloc(ICE_PAIRS_MAX, sizeof(*ice->order));
    ice->keys = calloc(2, sizeof(*ice->keys));
    ice->session_index = table_new(ICE_SESSIONS_MAX, sizeof(uint32_t), NULL, NULL);
    /* A pair in its session, and the latest pair of its five-tuple. */
    ice->pair_index = table_new(2 * ICE_PAIRS_MAX, sizeof(uint32_t), NULL, NULL);
    ice->candidates = table_new(ICE_CANDIDATES_MAX, sizeof(struct candidate), NULL, NULL);
    if (!ice->sessions || !ice->pairs || !ice->order || !ice->keys || !ice->session_index ||
        !ice->pair_index || !ice->candidates) {
        ice_free(ice);
        return NULL;
    }
    ice->keys[0] = siphash_fresh_key();
    ice->keys[1] = siphash_fresh_key();
    return ice;
}

void ice_free(struct ice *ice)
{
    if (!ice)
        return;
    free(ice->sessions);
    free(ice->pairs);
    free(ice->order);
    free(ice->keys);
    table_free(ice->session_index);
    table_free(ice->pair_index);
    table_free(ice->candidates);
    free(ice);
}

/* --- candidates ------------------------------------------------------------------------------- */

static struct flow_key address_key(const struct netaddr *addr)
{
    const uint8_t none[16] = {0};
    return flow_key_ordered(addr, addr, 0, none);
}

static void add_candidate(struct ice *ice, const struct netaddr *addr, bool relayed)
{
    struct flow_key key = address_key(addr);
    struct candidate *c = table_find(ice->candidates, &key);
    if (!c)
        c = table_add(ice->candidates, &key);
    c->relayed |= relayed;
}

void ice_learn(struct ice *ice, const struct netaddr *base, const struct netaddr *mapped,
               const struct netaddr *relayed)
{
    /* A server that sees the base itself tells of no translation: that is a host candidate. */
    if (mapped->family != NETADDR_NONE && !netaddr_same(mapped, base))
        add_candidate(ice, mapped, false);
    if (relayed->family != NETADDR_NONE)
        add_candidate(ice, relayed, true);
}

const char *ice_candidate_kind(struct ice *ice, const struct netaddr *addr)
{
    struct flow_key key = address_key(addr);
    const struct candidate *c = table_find(ice->candidates, &key);
    return !c ? NULL : c->relayed ? "relay" : "srflx";
}

/* --- sessions and pairs ----------------------------------------------------------------------- */

/* A check has a USERNAME of two fragments and says its role or its priority; a long-term username
 * of TURN may have a colon too. */
bool ice_read_ufrags(const struct stun_msg *msg, struct ice_ufrags *out)
{
    struct stun_attr attr, other;
    const uint8_t *colon;
    if (msg->method != STUN_METHOD_BINDING || !stun_find_attr(msg, STUN_ATTR_USERNAME, &attr) ||
        !(stun_find_attr(msg, STUN_ATTR_PRIORITY, &other) ||
          stun_find_attr(msg, STUN_ATTR_ICE_CONTROLLING, &other) ||
          stun_find_attr(msg, STUN_ATTR_ICE_CONTROLLED, &other)))
        return false;
    colon = attr.len > 0 ? memchr(attr.value, ':', attr.len) : NULL;
    if (!colon)
        return false;
    out->receiver = attr.value;
    out->receiver_len = (size_t)(colon - attr.value);
    out->sender = colon + 1;
    out->sender_len = attr.len - out->receiver_len - 1;
    return true;
}

static void set_ufrag(struct ice_agent *agent, const uint8_t *bytes, size_t len)
{
    size_t kept = len < ICE_UFRAG_BYTES ? len : ICE_UFRAG_BYTES;
    memcpy(agent->ufrag, bytes, kept);
    agent->ufrag_len = (uint16_t)kept;
    agent->ufrag_cut = kept < len;
}

/* The session's number, or -1 for no room. *sender: which of its agents sent this. */
int64_t ice_session_of(struct ice *ice, const struct ice_ufrags *u, uint64_t now_ns,
                       unsigned *sender)
{
    uint64_t s[2], r[2];
    for (int i = 0; i < 2; i++) {
        s[i] = siphash(&ice->keys[i], u->sender, u->sender_len);
        r[i] = siphash(&ice->keys[i], u->receiver, u->receiver_len);
    }
    bool sender_first = s[0] < r[0] || (s[0] == r[0] && s[1] < r[1]);
    const uint64_t *a = sender_first ? s : r;
    const uint64_t *b = sender_first ? r : s;
    struct flow_key key = {.count = 4, .word = {a[0], a[1], b[0], b[1]}};
    uint32_t *index = table_find(ice->session_index, &key);
    if (!index) {
        if (ice->session_count == ICE_SESSIONS_MAX)
            return -1;
        index = table_add(ice->session_index, &key);
        *index = ice->session_count++;
        struct ice_session *fresh = &ice->sessions[*index];
        set_ufrag(&fresh->agent[0], u->sender, u->sender_len);
        set_ufrag(&fresh->agent[1], u->receiver, u->receiver_len);
        fresh->first_ns = now_ns;
        fresh->in_key_order = sender_first;
    }
    /* Agent 0 is the one that sent the first check. */
    *sender = sender_first == ice->sessions[*index].in_key_order ? 0 : 1;
    return *index;
}

static struct flow_key pair_key(const struct place *place, uint32_t session)
{
    uint8_t where[16];
    uint32_t link = (uint32_t)place->link;
    memset(where, 0, sizeof(where));
    memcpy(where, &session, sizeof(session));
    memcpy(where + 4, &link, sizeof(link));
    where[8] = place->carriage;
    memcpy(where + 12, &place->hop, sizeof(place->hop));
    return flow_key_transaction(&place->src, &place->dst, place->protocol, where);
}

static struct ice_pair *resolve(struct ice *ice, struct ice_pair *pair)
{
    while (pair->merged_into != 0)
        pair = &ice->pairs[pair->merged_into - 1];
    return pair;
}

struct ice_pair *ice_pair_at(struct ice *ice, const struct place *place)
{
    struct flow_key key = pair_key(place, UINT32_MAX);
    const uint32_t *index = table_find(ice->pair_index, &key);
    return index ? &ice->pairs[*index] : NULL;
}

struct ice_pair *ice_latest_pair(struct ice *ice, const struct place *place)
{
    struct ice_pair *pair = ice_pair_at(ice, place);
    return pair ? resolve(ice, pair) : NULL;
}

struct ice_pair *ice_owner(struct ice *ice, uint32_t owner)
{
    return resolve(ice, &ice->pairs[owner - 1]);
}

/* NULL where there is no room. */
struct ice_pair *ice_pair_of(struct ice *ice, const struct place *place, uint32_t session,
                             unsigned sender)
{
    struct flow_key key = pair_key(place, session), latest = pair_key(place, UINT32_MAX);
    uint32_t *index = table_find(ice->pair_index, &key);
    if (index)
        return resolve(ice, &ice->pairs[*index]);
    if (ice->pair_count == ICE_PAIRS_MAX)
        return NULL;
    uint32_t number = ice->pair_count++;
    *(uint32_t *)table_add(ice->pair_index, &key) = number;
    index = table_find(ice->pair_index, &latest);
    if (!index)
        index = table_add(ice->pair_index, &latest);
    *index = number;
    struct ice_pair *pair = &ice->pairs[number];
    pair->session = session;
    pair->link = place->link;
    pair->protocol = place->protocol;
    pair->first_ns = place->time_ns;
    pair->side[sender].addr = place->src;
    pair->side[!sender].addr = place->dst;
    ice->sessions[session].pairs++;
    return pair;
}
