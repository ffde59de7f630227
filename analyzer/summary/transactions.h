/*
 * Requests and their answers (RFC 8489 section 6.3): which belong together, what was sent again,
 * what never came back.
 *
 * A transaction is counted when it is settled: at the end, or when it has to make room. Until then
 * its request may still be found behind its answer (files that were merged), and a translated copy
 * may still prove to be a request of its own. Memory is bounded by TRANSACTIONS_MAX. One thread.
 */
#ifndef RTCSHIM_ANALYZER_TRANSACTIONS_H
#define RTCSHIM_ANALYZER_TRANSACTIONS_H

#include "sightings.h"

enum {
    TRANSACTIONS_MAX = 131072,
};

/* RFC 8489 section 6.2.1: the last retransmission's answer is waited for until 79 RTO of 500 ms.
 * The same id after that is another transaction of a client that does not choose ids at random. */
#define TRANSACTIONS_LIFE_NS UINT64_C(39500000000)

enum transaction_answer {
    TRANSACTION_UNANSWERED,
    TRANSACTION_SUCCEEDED,
    TRANSACTION_FAILED,
};

struct transaction {
    struct message_id request;
    struct netaddr client, server;  /* with ports */
    struct netaddr mapped, relayed; /* what a success says */
    uint64_t asked_ns, answered_ns;
    uint64_t link;
    uint32_t file, again, answers_again;
    uint32_t owner; /* the caller's; 0 at first */
    uint16_t error_code;
    uint8_t protocol, carriage;
    uint8_t use;    /* the caller's */
    uint8_t answer; /* enum transaction_answer */
    bool asked;
    bool translated;  /* the same bytes went between other addresses before */
    bool rtt_unknown; /* sent more than once before the answer, or the answer is of another file */
};

/* t is gone afterwards. */
typedef void transactions_settle_fn(const struct transaction *t, void *context);

struct transactions;

/* sightings: borrowed, for what the answers say about translated requests. NULL where memory is
 * out. */
struct transactions *transactions_new(struct sightings *sightings, transactions_settle_fn *settle,
                                      void *context);

enum transactions_asked {
    TRANSACTIONS_NEW,
    TRANSACTIONS_AGAIN, /* a retransmission */
    TRANSACTIONS_MOVED, /* a retransmission over another link; not among the transaction's `again`
                         */
    TRANSACTIONS_COPY,  /* captured before on another link */
};

/* msg, a request, was seen. *t: its transaction, good until the next call; NULL for a copy of one
 * that was forgotten. */
enum transactions_asked transactions_ask(struct transactions *ts, const struct stun_msg *msg,
                                         const struct message_id *id, const struct place *place,
                                         enum sighting seen, struct transaction **t);

/* msg, an answer, was seen. Its transaction if it is the first answer that was seen to it, else
 * NULL. */
struct transaction *transactions_answer(struct transactions *ts, const struct stun_msg *msg,
                                        const struct message_id *id, const struct place *place,
                                        enum sighting seen);

/* false where there is none: not answered, sent more than once, clocks that can't be compared. */
bool transaction_rtt(const struct transaction *t, uint64_t *ns);
/* It is the copy that a NAT made of another one, and not the client's. */
bool transaction_is_copy(struct transactions *ts, const struct transaction *t);

/* Settles all that are left. */
void transactions_finish(struct transactions *ts);
/* Those that had to make room before they were answered. */
uint64_t transactions_forgotten(const struct transactions *ts);
/* Ids that were used for another transaction later. */
uint64_t transactions_reused(const struct transactions *ts);
/* Takes NULL; settles nothing. */
void transactions_free(struct transactions *ts);

#endif
