/* A table of unfinished datagrams, keyed so that no one can fill one bucket, and a queue of them by
 * age. */
#include "fragments.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = FRAGMENTS_PENDING_MAX };

/* A piece keeps its own copy of the bytes, so that memory goes with what came and not with what an
 * offset claims. */
struct piece {
    struct piece *before, *after; /* by offset */
    uint32_t offset;
    uint32_t len;
    uint8_t bytes[];
};

struct pending {
    struct pending *next; /* in the bucket */
    struct pending **bucket;
    struct pending *older, *newer;
    struct fragment_key key;
    uint64_t first_ns;
    struct piece *first, *last;
    uint32_t pieces;
    uint32_t received; /* bytes of all pieces */
    uint32_t total;    /* 0 until the last fragment has come */
    uint8_t protocol;
    bool refused;
};

struct whole {
    struct whole *next;
    uint8_t bytes[];
};

struct fragments {
    struct siphash_key key;
    size_t bytes, bytes_max;
    size_t pending_count;
    uint64_t unfinished;
    struct pending *oldest, *newest;
    struct whole *wholes;
    struct pending *buckets[BUCKETS];
};

struct fragments *fragments_new(const struct siphash_key *key, size_t bytes_max)
{
    struct fragments *f = calloc(1, sizeof(*f));

    if (f) {
        f->key = *key;
        f->bytes_max = bytes_max;
    }
    return f;
}

static struct pending **bucket_of(struct fragments *f, const struct fragment_key *key)
{
    return &f->buckets[siphash(&f->key, (const uint8_t *)key, sizeof(*key)) % BUCKETS];
}

static void drop_pieces(struct fragments *f, struct pending *p)
{
    for (struct piece *piece = p->first; piece;) {
        struct piece *after = piece->after;
        f->bytes -= sizeof(*piece) + piece->len;
        free(piece);
        piece = after;
    }
    p->first = p->last = NULL;
    p->pieces = 0;
    p->received = 0;
}

static void drop_pending(struct fragments *f, struct pending *p)
{
    struct pending **link = p->bucket;

    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
    if (p->older)
        p->older->newer = p->newer;
    else
        f->oldest = p->newer;
    if (p->newer)
        p->newer->older = p->older;
    else
        f->newest = p->older;
    drop_pieces(f, p);
    f->bytes -= sizeof(*p);
    f->pending_count--;
    free(p);
}

/* Either way: a file may be made of several, and its clock may have been set back. */
static bool is_stale(const struct pending *p, uint64_t now)
{
    const uint64_t timeout = FRAGMENTS_TIMEOUT_S * UINT64_C(1000000000);

    return now > p->first_ns ? now - p->first_ns > timeout : p->first_ns - now > timeout;
}

static void give_up(struct fragments *f, struct pending *p)
{
    f->unfinished += !p->refused;
    drop_pending(f, p);
}

/* Room for this many bytes more, with `keep` left alone. false: there is none even so. */
static bool make_room(struct fragments *f, size_t bytes, const struct pending *keep)
{
    while (f->bytes_max - f->bytes < bytes) {
        struct pending *victim = f->oldest;
        if (victim == keep && victim)
            victim = victim->newer;
        if (victim == NULL)
            return false;
        give_up(f, victim);
    }
    return true;
}

static struct pending *find_pending(struct pending *p, const struct fragment_key *key)
{
    while (p && memcmp(&p->key, key, sizeof(*key)) != 0)
        p = p->next;
    return p;
}

static struct pending *add_pending(struct fragments *f, struct pending **bucket,
                                   const struct fragment_key *key, uint64_t now)
{
    struct pending *p;

    if (f->pending_count == FRAGMENTS_PENDING_MAX && f->oldest)
        give_up(f, f->oldest);
    if (!make_room(f, sizeof(*p), NULL))
        return NULL;
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->key = *key;
    p->first_ns = now;
    p->bucket = bucket;
    p->next = *bucket;
    *bucket = p;
    p->older = f->newest;
    if (f->newest)
        f->newest->newer = p;
    else
        f->oldest = p;
    f->newest = p;
    f->bytes += sizeof(*p);
    f->pending_count++;
    return p;
}

/* It stays in the table without its bytes, so that the fragments that still come are refused too.
 */
static enum fragments_result refuse(struct fragments *f, struct pending *p)
{
    drop_pieces(f, p);
    p->refused = true;
    return FRAGMENTS_REFUSED;
}

enum fit { FIT_NEW, FIT_COPY, FIT_OVERLAP };

/* Where a fragment belongs: behind *before. They mostly come in order, so the search starts at the
 * end. */
static enum fit find_place(const struct pending *p, const struct fragment *in,
                           struct piece **before)
{
    struct piece *left = p->last;

    while (left && left->offset > in->offset)
        left = left->before;
    *before = left;
    if (left && left->offset == in->offset && left->len == in->len &&
        memcmp(left->bytes, in->data, in->len) == 0)
        return FIT_COPY;
    const struct piece *right = left ? left->after : p->first;
    if ((left && left->offset + left->len > in->offset) ||
        (right && in->offset + in->len > right->offset))
        return FIT_OVERLAP;
    return FIT_NEW;
}

static bool add_piece(struct fragments *f, struct pending *p, const struct fragment *in,
                      struct piece *before)
{
    size_t bytes = sizeof(struct piece) + in->len;
    struct piece *piece;

    if (p->pieces == FRAGMENTS_PIECES_MAX || !make_room(f, bytes, p))
        return false;
    piece = malloc(bytes);
    if (piece == NULL)
        return false;
    piece->offset = in->offset;
    piece->len = in->len;
    memcpy(piece->bytes, in->data, in->len);
    piece->before = before;
    piece->after = before ? before->after : p->first;
    if (before)
        before->after = piece;
    else
        p->first = piece;
    if (piece->after)
        piece->after->before = piece;
    else
        p->last = piece;
    p->pieces++;
    p->received += in->len;
    f->bytes += bytes;
    return true;
}

static struct whole *join_pieces(const struct pending *p)
{
    struct whole *whole = malloc(sizeof(*whole) + p->total);

    if (whole)
        for (const struct piece *piece = p->first; piece; piece = piece->after)
            memcpy(whole->bytes + piece->offset, piece->bytes, piece->len);
    return whole;
}

/* Lengths that no honest sender makes: a middle piece that is no multiple of 8, or one past the
 * end. */
static bool is_impossible(const struct fragment *in)
{
    return in->len == 0 || in->offset > FRAGMENTS_DATAGRAM_MAX ||
           in->len > FRAGMENTS_DATAGRAM_MAX - in->offset || (in->more && in->len % 8 != 0);
}

/* The end is where the last fragment says, for all of them. */
static bool contradicts_end(const struct pending *p, const struct fragment *in)
{
    uint32_t end = in->offset + in->len;

    if (p->total != 0)
        return in->more ? end > p->total : end != p->total;
    return !in->more && p->last && p->last->offset + p->last->len > end;
}

enum fragments_result fragments_add(struct fragments *f, const struct fragment *in,
                                    uint64_t time_ns, const uint8_t **whole, uint32_t *len,
                                    uint8_t *protocol)
{
    struct piece *before;
    struct whole *joined;

    while (f->oldest && is_stale(f->oldest, time_ns))
        give_up(f, f->oldest);
    struct pending **bucket = bucket_of(f, &in->key);
    struct pending *p = find_pending(*bucket, &in->key);
    if (p && is_stale(p, time_ns)) {
        give_up(f, p);
        p = NULL;
    }
    if (p == NULL)
        p = add_pending(f, bucket, &in->key, time_ns);
    if (p == NULL)
        return FRAGMENTS_REFUSED;
    if (p->refused)
        return FRAGMENTS_REFUSED;
    if (is_impossible(in) || contradicts_end(p, in))
        return refuse(f, p);
    switch (find_place(p, in, &before)) {
    case FIT_COPY:
        return FRAGMENTS_KEPT;
    case FIT_OVERLAP:
        return refuse(f, p);
    case FIT_NEW:
        break;
    }
    if (!add_piece(f, p, in, before))
        return refuse(f, p);
    if (!in->more)
        p->total = in->offset + in->len;
    if (in->offset == 0)
        p->protocol = in->protocol;
    /* Pieces neither overlap nor pass the end, so enough bytes are all bytes. */
    if (p->total == 0 || p->received < p->total)
        return FRAGMENTS_KEPT;
    joined = join_pieces(p);
    if (joined == NULL)
        return refuse(f, p);
    joined->next = f->wholes;
    f->wholes = joined;
    *whole = joined->bytes;
    *len = p->total;
    *protocol = p->protocol;
    drop_pending(f, p);
    return FRAGMENTS_WHOLE;
}

void fragments_release(struct fragments *f)
{
    while (f->wholes) {
        struct whole *next = f->wholes->next;
        free(f->wholes);
        f->wholes = next;
    }
}

uint64_t fragments_unfinished(const struct fragments *f)
{
    return f->unfinished;
}

uint64_t fragments_waiting(const struct fragments *f)
{
    uint64_t waiting = 0;

    for (const struct pending *p = f->oldest; p; p = p->newer)
        waiting += !p->refused;
    return waiting;
}

size_t fragments_bytes(const struct fragments *f)
{
    return f->bytes;
}

void fragments_free(struct fragments *f)
{
    if (f == NULL)
        return;
    for (struct pending *p = f->oldest; p;) {
        struct pending *newer = p->newer;
        drop_pieces(f, p);
        free(p);
        p = newer;
    }
    fragments_release(f);
    free(f);
}
