/* What became of each message, and what an exchange comes to. */
#include <string.h>

#include "event_line.h"
#include "join_private.h"

/* How long before the end of a capture a call must be for its packet's absence to mean something. A
 * stream sends when the other side lets it. */
#define SETTLE_UDP_NS UINT64_C(50000000)
#define SETTLE_TCP_NS UINT64_C(2000000000)
/* And after its start: the capture may show a packet a little before the call has returned. */
#define LEAD_NS UINT64_C(1000000)
/* An interface that has just come up is captured only after a moment. */
#define LEAD_LATER_NS UINT64_C(1000000000)

enum { PROTOCOL_TCP = 6, CACHE_COVER = 13 };

static void add_cover(struct join *j, const struct cover *cover)
{
    struct join_work *w = j->work;
    if (w->cover_count >= JOIN_COVERS_MAX) {
        j->left_out++;
        w->unsure = true;
        return;
    }
    if (join_room(j, &w->covers, &w->cover_room, w->cover_count, sizeof(*w->covers)))
        w->covers[w->cover_count++] = *cover;
}

void join_add_cover(struct join *j, const char *iface, uint64_t start_ns, uint64_t end_ns)
{
    struct cover cover = {
        .iface = join_text_of(j, iface, iface ? strlen(iface) : 0, CACHE_COVER),
        .start_ns = start_ns,
        .end_ns = end_ns,
    };
    add_cover(j, &cover);
}

/* When this cover's interface was removed; UINT64_MAX never. */
static uint64_t gone_ns(const struct join_work *w, const struct cover *cover)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < w->gone_count; i++) {
        const struct gone *gone = &w->gone[i];
        /* One that is made anew in the same microsecond has not gone. */
        if (gone->iface == cover->iface && gone->time_ns + !cover->later > cover->start_ns &&
            gone->time_ns < first)
            first = gone->time_ns;
    }
    return first;
}

void join_add_later_cover(struct join *j, uint32_t iface, uint64_t start_ns)
{
    const struct join_work *w = j->work;
    struct cover cover = {
        .iface = iface, .start_ns = start_ns, .end_ns = UINT64_MAX, .later = true};
    /* Told before: it has only changed. */
    for (size_t i = 0; i < w->cover_count; i++)
        if (w->covers[i].later && w->covers[i].iface == iface &&
            gone_ns(w, &w->covers[i]) == UINT64_MAX)
            return;
    add_cover(j, &cover);
}

void join_note_gone(struct join *j, uint32_t iface, uint64_t time_ns)
{
    struct join_work *w = j->work;
    if (w->gone_count >= JOIN_COVERS_MAX) {
        j->left_out++;
        w->cover_count = 0;
        w->unsure = true;
        return;
    }
    if (join_room(j, &w->gone, &w->gone_room, w->gone_count, sizeof(*w->gone)))
        w->gone[w->gone_count++] = (struct gone){iface, time_ns};
}

/* The span of a cover as it is known in the end; nothing for an interface that came later where
 * those were not captured. */
static void settle_covers(struct join *j)
{
    struct join_work *w = j->work;
    for (size_t i = 0; i < w->cover_count; i++) {
        struct cover *cover = &w->covers[i];
        uint64_t gone = gone_ns(w, cover);
        if (cover->later)
            cover->end_ns = w->later_end_ns;
        if (gone < cover->end_ns)
            cover->end_ns = gone;
    }
}

/* Whether the packet of a call at time_ns would be in this cover. */
static bool spans(const struct cover *cover, uint64_t time_ns, uint64_t settle_ns)
{
    uint64_t lead = cover->later ? LEAD_LATER_NS : LEAD_NS;
    return cover->start_ns + lead <= time_ns && time_ns + settle_ns <= cover->end_ns;
}

/* It has only changed: it was captured from the start, and had not gone by then. */
static bool is_known(const struct join_work *w, const struct cover *later, uint64_t time_ns)
{
    for (size_t i = 0; i < w->cover_count; i++) {
        const struct cover *cover = &w->covers[i];
        if (cover->iface == later->iface && !cover->later && gone_ns(w, cover) > time_ns)
            return true;
    }
    return false;
}

/* All interfaces were captured, whichever there are. */
static bool is_any(const struct join_work *w)
{
    for (size_t i = 0; i < w->cover_count; i++)
        if (w->covers[i].iface == JOIN_NONE)
            return true;
    return false;
}

/*
 * An interface of which the shim does not say which: then all that there were at that time must
 * have been captured. What had gone by then could carry nothing.
 */
static bool all_span(const struct join *j, uint64_t time_ns, uint64_t settle_ns)
{
    const struct join_work *w = j->work;
    bool all = w->all_covered && !w->unsure && w->cover_count > 0;
    for (size_t i = 0; i < w->cover_count; i++) {
        const struct cover *cover = &w->covers[i];
        if (cover->iface == JOIN_NONE && spans(cover, time_ns, settle_ns))
            return true;
        bool before = cover->later && (time_ns < cover->start_ns || is_known(w, cover, time_ns));
        uint64_t gone = gone_ns(w, cover);
        bool after = time_ns > gone && time_ns - gone > LEAD_NS;
        all = all && (before || after || spans(cover, time_ns, settle_ns));
    }
    return all;
}

/* Had m's packet left, the capture would have it. */
static bool is_covered(const struct join *j, const struct join_message *m,
                       const struct join_flow *flow)
{
    const struct join_act *act = &j->acts[m->act];
    uint64_t settle = flow->protocol == PROTOCOL_TCP ? SETTLE_TCP_NS : SETTLE_UDP_NS;
    bool inside = join_is_local(j, &flow->remote);
    const char *iface = inside ? "lo" : join_text(j, act->iface);
    if (act->process != JOIN_NONE && j->processes[act->process].elsewhere)
        return false;
    /* Times that can't be compared say nothing. */
    if (j->clock.pairs > 0 && !j->clock.agrees)
        return false;
    /* A socket's address is no proof of its way: it may have left where nobody looked. */
    if (!inside && (!iface || act->iface_source < JOIN_ROUTE || act->iface_source == JOIN_ADDRESS))
        return all_span(j, m->time_ns, settle);
    for (size_t i = 0; i < j->work->cover_count; i++) {
        const struct cover *cover = &j->work->covers[i];
        const char *covered = join_text(j, cover->iface);
        if ((!covered || strcmp(covered, iface) == 0) && spans(cover, m->time_ns, settle))
            return true;
    }
    return false;
}

static enum join_outcome outcome_of(const struct join *j, const struct join_message *m)
{
    const struct join_flow *flow = &j->flows[j->exchanges[m->exchange].flow];
    bool denied = m->out && (m->state[0] & MESSAGE_DENIED) != 0;
    if (m->seq == 0)
        return m->out ? JOIN_UNSEEN : JOIN_UNREAD;
    if (m->frame != 0)
        return denied ? JOIN_BLOCKED_ON_WIRE : JOIN_CONFIRMED;
    /* What came in may have come by any way; only what was to leave is missed. */
    if (!m->out)
        return JOIN_NOT_CAPTURED;
    if (denied)
        return is_covered(j, m, flow) ? JOIN_BLOCKED_ABSENT : JOIN_BLOCKED;
    /* Of a stream in which nothing was found, nothing is missed; nor of a channel, of which each
     * witness tells its own first packet. */
    if ((m->state[0] & MESSAGE_FAILED) != 0 || m->type == 0 ||
        (flow->protocol == PROTOCOL_TCP && flow->wire_iface == JOIN_NONE))
        return JOIN_NOT_CAPTURED;
    return is_covered(j, m, flow) ? JOIN_NOT_ON_WIRE : JOIN_NOT_CAPTURED;
}

/* --- exchanges -------------------------------------------------------------------------------- */

static void count(struct join_exchange *x, const struct join_message *m)
{
    uint16_t *counter = join_is_answer(m->type) ? &x->answers : &x->requests;
    if (*counter < UINT16_MAX)
        ++*counter;
}

/* What the answers say; a success counts more than an error before it (401, then with a password).
 */
static void add_answer(struct join_exchange *x, const struct join_message *m, bool *success)
{
    bool good = join_is_answer(m->type) && (m->type & 0x0010) == 0;
    if (!join_is_answer(m->type))
        return;
    if (x->mapped == JOIN_NONE)
        x->mapped = m->mapped;
    if (x->relayed == JOIN_NONE)
        x->relayed = m->relayed;
    *success = *success || good;
    x->error_code = *success ? 0 : m->error_code;
}

/* Who asked and which way it went: the request's word before an answer's, the shim's before none.
 */
struct teller {
    uint32_t act, iface, wire_iface;
    unsigned act_weight, wire_weight;
};

static void add_teller(const struct join *j, const struct join_exchange *x,
                       const struct join_message *m, struct teller *teller)
{
    unsigned weight = m->out == x->out ? 2 : 1;
    if (m->seq != 0 && weight > teller->act_weight) {
        teller->act_weight = weight;
        teller->act = m->act;
        teller->iface = j->acts[m->act].iface;
    }
    if (m->wire_iface != JOIN_NONE && weight > teller->wire_weight) {
        teller->wire_weight = weight;
        teller->wire_iface = m->wire_iface;
    }
}

/* Who owns a socket of which the shim knows nothing. */
static uint32_t owner_act(struct join *j, const struct join_flow *flow)
{
    struct join_act act = j->acts[0];
    act.process = flow->owner;
    return flow->owner == JOIN_NONE ? 0 : join_act_add(j, &act);
}

static void settle_tellers(struct join *j, struct join_exchange *x, const struct teller *teller)
{
    const struct join_flow *flow = &j->flows[x->flow];
    x->act = teller->act_weight ? teller->act : owner_act(j, flow);
    x->iface = teller->wire_weight ? teller->wire_iface : teller->iface;
    x->iface_source = teller->wire_weight ? JOIN_CAPTURE : j->acts[x->act].iface_source;
}

static bool is_out(const struct join *j, const struct exchange_work *work, uint16_t *type)
{
    const struct join_message *first = &j->messages[work->first];
    for (uint32_t at = work->first; at != JOIN_NONE; at = j->messages[at].next) {
        const struct join_message *m = &j->messages[at];
        if (m->type != 0 && !join_is_answer(m->type)) {
            *type = m->type;
            return m->out;
        }
    }
    *type = first->type;
    return join_is_answer(first->type) ? !first->out : first->out;
}

/* It was answered, so it left: where nobody looked after all. The worst outcome after that. */
static unsigned forgive(struct join *j, const struct exchange_work *work, unsigned worst)
{
    for (uint32_t at = work->first; at != JOIN_NONE; at = j->messages[at].next) {
        struct join_message *m = &j->messages[at];
        if (m->outcome != JOIN_NOT_ON_WIRE)
            continue;
        m->outcome = JOIN_NOT_CAPTURED;
        j->outcomes[JOIN_NOT_ON_WIRE]--;
        j->outcomes[JOIN_NOT_CAPTURED]++;
    }
    return worst == JOIN_NOT_ON_WIRE ? JOIN_NOT_CAPTURED : worst;
}

static void judge_exchange(struct join *j, size_t index)
{
    const struct exchange_work *work = &j->work->work[index];
    struct join_exchange *x = &j->exchanges[index];
    struct teller teller = {.iface = JOIN_NONE};
    bool success = false;
    unsigned worst = 0, worst_failed = 0;
    bool sent = false;
    if (work->first == JOIN_NONE)
        return;
    x->out = is_out(j, work, &x->type);
    for (uint32_t at = work->first; at != JOIN_NONE; at = j->messages[at].next) {
        struct join_message *m = &j->messages[at];
        /* A call that failed says nothing where another one succeeded. */
        unsigned *what = m->state[0] == MESSAGE_FAILED ? &worst_failed : &worst;
        m->outcome = (uint8_t)outcome_of(j, m);
        j->outcomes[m->outcome]++;
        if (m->outcome > *what)
            *what = m->outcome;
        sent = sent || (m->out && m->frame != 0);
        x->messages++;
        count(x, m);
        add_answer(x, m, &success);
        add_teller(j, x, m, &teller);
        if (m->outcome == JOIN_UNSEEN)
            x->doubtful = x->doubtful || j->events_lost > 0 || m->time_ns < j->work->start_ns ||
                          (j->work->end_ns != 0 && m->time_ns > j->work->end_ns);
    }
    if (x->answers > 0 && x->out && !sent)
        worst = forgive(j, work, worst);
    x->outcome = (uint8_t)(worst > 0 ? worst : worst_failed);
    j->exchange_outcomes[x->outcome]++;
    settle_tellers(j, x, &teller);
    for (uint32_t at = work->first; at != JOIN_NONE; at = j->messages[at].next)
        if (j->messages[at].seq == 0)
            j->messages[at].act = owner_act(j, &j->flows[x->flow]);
}

/* Interfaces that came later were captured too, and all changes are remembered. */
static bool is_whole(const struct join_work *w)
{
    bool whole = w->all_covered && !w->unsure && w->cover_count > 0;
    for (size_t i = 0; whole && i < w->cover_count; i++) {
        const struct cover *cover = &w->covers[i];
        whole = !cover->later || w->later_end_ns != 0 || is_any(w) ||
                is_known(w, cover, cover->start_ns);
    }
    return whole;
}

void join_judge(struct join *j)
{
    j->wire.whole = is_whole(j->work);
    settle_covers(j);
    for (size_t i = 0; i < j->exchange_count; i++)
        judge_exchange(j, i);
}
