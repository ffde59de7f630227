/* Asking the policy before a call, and telling what was refused. */
#include "enforce_judge.h"

#include <string.h>

#include "address.h"

enum { STUN_CLASS_BITS = 0x0110 };

/*
 * What a refusal returns where the policy leaves it to the library ("best"): what makes browsers
 * give up soonest. docs/browsers.md has the measurements.
 */
static const struct {
    uint16_t topic;
    int udp, tcp;
} best[] = {
    {POLICY_STUN, ECONNREFUSED, ECONNRESET},    {POLICY_PROBE, ENETUNREACH, ENETUNREACH},
    {POLICY_CONNECT, ENETUNREACH, ENETUNREACH}, {POLICY_DNS, ECONNREFUSED, ECONNREFUSED},
    {POLICY_MDNS, ENETUNREACH, ENETUNREACH},    {POLICY_DEVICE, EPERM, EPERM},
};

int enforce_refusal(const struct policy_verdict *verdict, uint16_t topic, fd_word word)
{
    if (verdict->refusal >= 0)
        return verdict->refusal;
    for (size_t i = 0; i < sizeof best / sizeof *best; i++)
        if (best[i].topic == topic)
            return fd_kind(word) == FD_TCP ? best[i].tcp : best[i].udp;
    return EPERM;
}

/* Remembers it where it was not lost before. */
static bool lost_before(const uint8_t txid[static STUN_TXID_BYTES])
{
    uint32_t word = be32(txid) ^ be32(txid + 4) ^ be32(txid + 8);

    if (word == 0)
        return true;
    for (size_t i = 0; i < SHIM_LOST; i++)
        if (shim_thread.lost[i] == word)
            return true;
    shim_thread.lost[shim_thread.lost_next++ % SHIM_LOST] = word;
    return false;
}

int enforce_refusal_of_datagram(const struct policy_verdict *verdict, fd_word word,
                                unsigned stun_type, const uint8_t txid[static STUN_TXID_BYTES])
{
    bool request = !(stun_type & STUN_TYPE_NONE) && (stun_type & STUN_CLASS_BITS) == 0;

    if (verdict->refusal == POLICY_REFUSE_BEST && request && !lost_before(txid))
        return ENFORCE_DROP;
    return enforce_refusal(verdict, POLICY_STUN, word);
}

struct policy_verdict enforce_doubt(void)
{
    return (struct policy_verdict){
        .action = POLICY_DENY,
        .rule = POLICY_RULE_DOUBT,
        .refusal = POLICY_REFUSE_BEST,
        .generation = atomic_load_explicit(&shim.policy->generation, memory_order_relaxed),
    };
}

bool enforce_readable_slow(const void *bytes, size_t len)
{
    uintptr_t at = (uintptr_t)bytes;

    if (len == 0)
        return true;
    if (at < PAGE_MIN || at + (len - 1) < at) /* nothing is mapped at 0 */
        return false;
    for (uintptr_t page = at / PAGE_MIN; page <= (at + (len - 1)) / PAGE_MIN; page++) {
        uintptr_t *ways = shim_thread.readable[page % SHIM_READABLE];
        int way = 0;
        while (way < SHIM_READABLE_WAYS - 1 && ways[way] != page + 1)
            way++;
        if (ways[way] != page + 1 && !memory_readable((void *)(page * PAGE_MIN), 1))
            return false;
        for (; way > 0; way--) /* the last one asked for comes first */
            ways[way] = ways[way - 1];
        ways[0] = page + 1;
    }
    return true;
}

/* --- sockets ---------------------------------------------------------------------------------- */

static void forget_addresses(int fd, fd_word word)
{
    if (word & FD_SHARED)
        fdtab_change(fd, FD_LOCAL | FD_PEER, 0);
}

struct netaddr enforce_peer(int fd, fd_word word)
{
    forget_addresses(fd, word);
    return address_peer(fd);
}

struct netaddr enforce_local(int fd, fd_word word)
{
    forget_addresses(fd, word);
    return address_local(fd);
}

/* --- refusals --------------------------------------------------------------------------------- */

void enforce_tell(enum event_kind kind, struct seen *seen, const struct policy_verdict *verdict,
                  int refusal, const struct span *data, size_t full_len, uint32_t arg)
{
    static const struct span nothing;
    bool headless = kind == EVENT_STUN && data && data->len < STUN_HEADER_BYTES;

    seen->error = refusal;
    seen->result = refusal ? -1 : (int64_t)(data ? data->len : full_len);
    seen->flags |= EVENT_OUT | EVENT_REFUSED | (refusal ? EVENT_FAILED : 0);
    struct event event = emit_head(kind, seen);
    event.arg = arg;
    event.action = verdict->action;
    event.rule = verdict->rule;
    event.generation = verdict->generation;
    event.full_len = (uint32_t)full_len;
    if (headless && full_len < data->len)
        event.full_len = (uint32_t)data->len;
    emit(&event, data && !headless ? data : &nothing);
    seen->flags &= ~(uint32_t)(EVENT_REFUSED | EVENT_FAILED | EVENT_FRAMED);
}
