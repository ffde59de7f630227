/* Cuts bytes in order into STUN messages, ChannelData and frames. */
#include "units.h"

#include <stdlib.h>
#include <string.h>

static void drop_begun(struct units *u, struct units_shared *shared)
{
    if (!u->begun)
        return;
    shared->budget += sizeof(*u->begun) + u->room;
    free(u->begun);
    u->begun = NULL;
    u->have = u->room = 0;
}

/* A later segment may find it again. */
static void lose(struct units *u, struct units_shared *shared)
{
    drop_begun(u, shared);
    u->skip = 0;
    u->framing = TCP_FRAMING_NONE;
    u->unsynced = true;
}

void units_find_again(struct units *u, struct units_shared *shared)
{
    drop_begun(u, shared);
    u->skip = 0;
    u->framing = TCP_FRAMING_OPEN;
}

static bool grow(struct units *u, struct units_shared *shared, const struct datagram *d,
                 uint32_t want)
{
    size_t more = want - u->room + (u->begun ? 0 : sizeof(*u->begun));
    if (more > shared->budget)
        shared->make_room(shared, more);
    if (more > shared->budget)
        return false;
    struct begun *grown = realloc(u->begun, sizeof(*grown) + want);
    if (!grown)
        return false;
    if (!u->begun) {
        grown->packet = *d->packet;
        grown->packet.data = NULL;
        grown->datagram = *d;
        grown->datagram.payload = NULL;
        grown->datagram.payload_len = 0;
    }
    grown->datagram.packet = &grown->packet;
    shared->budget -= more;
    u->begun = grown;
    u->room = want;
    return true;
}

static bool keep(struct units *u, struct units_shared *shared, const struct datagram *d,
                 const uint8_t *bytes, uint32_t len, uint32_t want)
{
    if (want > u->room && !grow(u, shared, d, want))
        return false;
    memcpy(u->begun->bytes + u->have, bytes, len);
    u->have += len;
    return true;
}

static void tell_unit(struct units *u, const struct units_shared *shared, const struct datagram *d,
                      const uint8_t *in, uint32_t have, const struct tcp_measure *m)
{
    struct tcp_unit unit = {
        .bytes = in + m->offset,
        .len = have - m->offset < m->len ? have - m->offset : m->len,
        .full_len = m->len,
        .kind = m->kind,
        .framed = u->framing != TCP_FRAMING_BARE,
        .unsynced = u->unsynced,
    };
    if (m->len == 0) /* RFC 4571 allows empty frames */
        return;
    u->unsynced = false;
    shared->tell(&unit, d, shared->context);
}

void units_feed(struct units *u, struct units_shared *shared, const struct datagram *d,
                const uint8_t *bytes, uint32_t len)
{
    while (u->framing != TCP_FRAMING_NONE) {
        uint32_t skipped = u->skip < len ? u->skip : len;
        u->skip -= skipped;
        bytes += skipped;
        len -= skipped;
        const uint8_t *in = u->have > 0 ? u->begun->bytes : bytes;
        uint32_t have = u->have > 0 ? u->have : len;
        if (have == 0)
            return;
        struct tcp_measure m = tcp_measure(&u->framing, in, have);
        if (u->framing == TCP_FRAMING_NONE) {
            lose(u, shared);
            return;
        }
        if (m.known && have >= m.want) {
            tell_unit(u, shared, d, in, have, &m);
            if (u->have > 0) {
                drop_begun(u, shared);
            } else {
                bytes += m.want;
                len -= m.want;
            }
            continue;
        }
        if (len == 0)
            return;
        uint32_t n = m.want - u->have < len ? m.want - u->have : len;
        if (!keep(u, shared, d, bytes, n, m.want)) {
            lose(u, shared);
            return;
        }
        bytes += n;
        len -= n;
    }
}

void units_missing(struct units *u, struct units_shared *shared, const struct datagram *d,
                   uint32_t n)
{
    uint32_t skipped = u->skip < n ? u->skip : n;
    u->skip -= skipped;
    n -= skipped;
    if (n == 0 || u->framing == TCP_FRAMING_NONE)
        return;
    if (u->have > 0) {
        struct tcp_measure m = tcp_measure(&u->framing, u->begun->bytes, u->have);
        if (m.known) {
            uint32_t rest = m.want - u->have;
            tell_unit(u, shared, d, u->begun->bytes, u->have, &m);
            drop_begun(u, shared);
            uint32_t taken = rest < n ? rest : n;
            u->skip = rest - taken;
            n -= taken;
        }
    }
    if (n > 0)
        lose(u, shared);
}

void units_end(struct units *u, struct units_shared *shared)
{
    if (u->have > 0 && u->framing != TCP_FRAMING_NONE) {
        struct tcp_measure m = tcp_measure(&u->framing, u->begun->bytes, u->have);
        if (m.known)
            tell_unit(u, shared, &u->begun->datagram, u->begun->bytes, u->have, &m);
    }
    lose(u, shared);
}
