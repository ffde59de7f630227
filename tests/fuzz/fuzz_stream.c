/*
 * Fuzz the walk that judges a TCP stream before it is sent (shim/preload/enforce_stream.c) against
 * stream.c, which follows the same stream afterwards: whatever the stream says, however its calls
 * cut it and whichever of them are refused, each message that is told as sent was judged and
 * allowed, once and in order.
 *
 * An input is a row of calls: a byte that says what to do with it, two with its length, its bytes.
 */
#include <errno.h>
#include <stdlib.h>

#include "enforce_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

enum { FD = 5, JUDGED_MAX = 4096, PIECES_MAX = 4, CALL_MAX = 0x3fff };

/* The first byte of a call. */
enum {
    CALL_INCOMING = 1 << 0,
    CALL_PIECES_SHIFT = 1, /* two bits: pieces and one */
    CALL_DROPS = 1 << 3,   /* a refusal is the pretence that it was sent */
    CALL_REFUSE_SHIFT = 4, /* the last four: which of its messages is refused; 0 none */
};

struct shim shim;
__thread struct shim_thread shim_thread;

/* Allowed, and not yet told as sent: their types. */
static unsigned judged[JUDGED_MAX];
static size_t judged_from, judged_to;
/* Of the call under way. */
static unsigned nth, refused_nth, refused_type, told;
static bool drops;

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what))                                                                               \
            abort();                                                                               \
    } while (0)

/* --- what the library has around the two --------------------------------------------------------
 */

struct event emit_head(enum event_kind kind, const struct seen *seen)
{
    return (struct event){.kind = (uint8_t)kind, .flags = seen->flags};
}

void emit_addresses(struct event *event, const struct seen *seen)
{
    (void)event;
    (void)seen;
}

/* Only the loss of the border is told this way: what was under way is never told as sent. */
void emit_bytes(struct event *event, const void *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    MUST(event->flags & EVENT_UNSYNCED);
    if (event->flags & EVENT_OUT)
        judged_from = judged_to = 0;
}

void address_copy(int from, int to)
{
    (void)from;
    (void)to;
}

static unsigned type_at(const uint8_t *start)
{
    return (start[0] & 0xc0) == 0 ? be16(start) : STUN_TYPE_NONE;
}

/* A unit of the stream that went through whole. */
void inspect_stun(const struct seen *seen, const struct span *span, size_t full_len)
{
    uint8_t start[STUN_HEADER_BYTES] = {0};
    size_t have = span_copy(span, 0, start, sizeof start);

    MUST(span->len <= full_len);
    if (!(seen->flags & EVENT_OUT))
        return;
    if ((seen->flags & EVENT_FRAMED) &&
        (have < COOKIE_RAW + 4 || (start[0] & 0xc0) != 0 || !cookie_at(start, have, COOKIE_RAW)))
        return; /* media */
    MUST(judged_from < judged_to);
    MUST(judged[judged_from++] == type_at(start));
}

struct netaddr enforce_peer(int fd, fd_word word)
{
    (void)fd;
    (void)word;
    return (struct netaddr){.family = NETADDR_IPV4};
}

struct netaddr enforce_local(int fd, fd_word word)
{
    return enforce_peer(fd, word);
}

bool enforce_judge_socket(int fd, struct policy_subject *subject, struct policy_verdict *verdict)
{
    unsigned method = subject->stun_method, class = subject->stun_class;
    unsigned type = class == ENFORCE_NO_CLASS
                        ? STUN_TYPE_NONE
                        : (method & 0xf) | (class & 1) << 4 | (method & 0x70) << 1 |
                              (class & 2) << 7 | (method & 0xf80) << 2;

    (void)fd;
    MUST(subject->topic == POLICY_STUN && subject->transport == POLICY_TCP);
    MUST(judged_to < JUDGED_MAX);
    judged[judged_to++] = type;
    *verdict = (struct policy_verdict){.action = POLICY_DENY};
    refused_type = type;
    return ++nth != refused_nth;
}

int enforce_refusal(const struct policy_verdict *verdict, uint16_t topic, fd_word word)
{
    (void)verdict;
    (void)topic;
    (void)word;
    return drops ? ENFORCE_DROP : ECONNRESET;
}

struct policy_verdict enforce_doubt(void)
{
    abort(); /* nobody else is at the stream */
}

void enforce_tell(enum event_kind kind, struct seen *seen, const struct policy_verdict *verdict,
                  int refusal, const struct span *data, size_t full_len, uint32_t arg)
{
    uint8_t start[STREAM_KEEP];
    size_t have = span_copy(data, 0, start, sizeof start);

    (void)seen;
    (void)verdict;
    (void)refusal;
    (void)arg;
    MUST(data->len <= full_len && have == data->len);
    MUST(have >= 4 && type_at(start) == refused_type);
    MUST(kind == (refused_type == STUN_TYPE_NONE ? EVENT_CHANNEL_DATA : EVENT_STUN));
    told++;
}

/* --- a stream --------------------------------------------------------------------------------- */

/* The call's bytes are whole units of one framing and nothing else. */
static bool is_whole(const uint8_t *bytes, size_t len, enum framing framing)
{
    size_t at = 0;

    while (len - at >= header_bytes(framing)) {
        uint32_t unit = unit_bytes(bytes + at, framing);
        if (unit == 0 || unit > len - at)
            return false;
        at += unit;
    }
    return at == len;
}

static void one_call(unsigned what, const uint8_t *bytes, size_t len)
{
    size_t count = (what >> CALL_PIECES_SHIFT & 3) + 1, before = judged_to;
    struct iovec iov[PIECES_MAX];
    struct span span = {iov, count, 0, len};
    struct seen seen = {.fd = FD, .word = fdtab_get(FD), .flags = EVENT_OUT};
    uint8_t *copy = malloc(len ? len : 1);

    MUST(copy != NULL);
    memcpy(copy, bytes, len);
    for (size_t i = 0, at = 0; i < count; i++) {
        size_t piece = i + 1 == count ? len - at : (len - at) / (2 + (what >> 4) % 5);
        iov[i] = (struct iovec){copy + at, piece};
        at += piece;
    }
    nth = told = 0;
    refused_nth = what >> CALL_REFUSE_SHIFT;
    drops = (what & CALL_DROPS) != 0;
    if (what & CALL_INCOMING) {
        seen.flags = EVENT_IN;
        stream_bytes(&seen, &span);
        free(copy);
        return;
    }
    int fate = enforce_stream(&seen, &span);
    MUST((fate == ENFORCE_GO) == (told == 0));
    if (fate == ENFORCE_GO) {
        seen = (struct seen){.fd = FD, .word = fdtab_get(FD), .flags = EVENT_OUT};
        stream_bytes(&seen, &span);
        MUST(judged_to - judged_from <= 1); /* the one under way */
    } else {                                /* nothing of it is sent */
        judged_to = before;
        MUST(told == 1);
        MUST(fate != ENFORCE_DROP || is_whole(bytes, len, FRAMING_RAW) ||
             is_whole(bytes, len, FRAMING_LENGTH));
    }
    if (judged_from == judged_to)
        judged_from = judged_to = 0;
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    judged_from = judged_to = 0;
    fdtab_set(FD, FD_TCP);
    while (len >= 3) {
        size_t n = be16(in + 1) & CALL_MAX;
        if (n > len - 3)
            n = len - 3;
        if (n > 0)
            one_call(in[0], in + 3, n);
        in += 3 + n;
        len -= 3 + n;
    }
    fdtab_set(FD, FD_OTHER);
    return 0;
}
