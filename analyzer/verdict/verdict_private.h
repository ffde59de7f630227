/* What the parts of the verdict share while it is made. */
#ifndef RTCSHIM_ANALYZER_VERDICT_PRIVATE_H
#define RTCSHIM_ANALYZER_VERDICT_PRIVATE_H

#include "network_at.h"
#include "siphash.h"
#include "verdict.h"

enum { JUDGING_SLOTS = 1 << 14 }; /* more than all rows together */

/* What the exchanges of a flow say about it. */
struct flow_fact {
    /* Of an answer to it, and as long as its requests leave as that one's did. */
    uint32_t answer_iface;  /* text: where it came in on the wire; JOIN_NONE */
    uint32_t mapped;        /* addrs: the address that it tells; JOIN_NONE */
    uint32_t answered_left; /* text: where its request left */
    /* Why it goes where it goes, as found last: right in the same epoch and over the same link. */
    const char *left;
    uint32_t epoch;
    uint8_t reason;
    bool explained;
    bool candidate; /* it has been looked at as a host candidate */
};

struct judging {
    const struct run_folder *run;
    const struct join *join;
    const struct sights *sights;
    struct network_at *network;
    struct verdict *verdict;
    struct flow_fact *facts; /* by flow */
    struct siphash_key key;
    struct judging_slot {
        uint64_t hash; /* 0 empty */
        uint32_t index;
    } slots[JUDGING_SLOTS];
    size_t policy_epoch; /* changes of the policy until the time that was looked at last */
    bool failed;         /* memory is out */
};

/* Which rows a hash is of. */
enum judging_kind { JUDGING_LEAK = 1, JUDGING_FAULT, JUDGING_STRANGER, JUDGING_DNS };

/*
 * The row of this kind and these words: its index, or count where it is new (*fresh). SIZE_MAX:
 * there are VERDICT_LEAKS_MAX of them already, which is counted. Rows are told apart by a 64-bit
 * hash under a key of chance.
 */
size_t judging_find(struct judging *g, enum judging_kind kind, const uint64_t *words, size_t count,
                    size_t rows, bool *fresh);
/* Room for one more row of *list; false, noted, where memory is out. */
bool judging_room(struct judging *g, void *list, size_t count, size_t row_bytes);

/* New text, free() it; NULL, noted, where memory is out. */
__attribute__((format(printf, 2, 3))) char *judging_text(struct judging *g, const char *format,
                                                         ...);

/* The name of a process for sentences: "firefox-esr", "pid 12", "a program"; in buf or static. */
const char *judging_who(const struct judging *g, uint32_t process, char *buf, size_t size);
/* The process that has, or had last, this pid; JOIN_NONE. */
uint32_t judging_process(const struct judging *g, uint32_t pid);
/* The run knows it and the shim is not in it. */
bool judging_uncovered(const struct judging *g, uint32_t process);

/* Add the events and frames of an exchange. */
void judging_evidence(const struct judging *g, const struct join_exchange *x,
                      struct verdict_evidence *evidence);
void judging_evidence_events(const struct sights_events *events, struct verdict_evidence *evidence);

/* An address as words for judging_find(): three, without its port where port is false. */
void judging_address_words(const struct netaddr *addr, bool port, uint64_t words[static 3]);
/* A text by what it says, not where it is. */
uint64_t judging_text_word(const struct judging *g, const char *text);

/* Where the answer to x came in, and what it tells, by its own messages; else by the flow's
 * last that left the same way. JOIN_NONE: not known. */
void judging_answer(const struct judging *g, const struct join_exchange *x, uint32_t *iface,
                    uint32_t *mapped);
/* Keep x's answer, if it has one, for its flow. */
void judging_note_answer(struct judging *g, const struct join_exchange *x);
/* The interface that has this address: a wanted one before others that have it too. */
const char *judging_owner(const struct judging *g, const struct netaddr *ip);
/* x was asked for in another network namespace, and is not on the wire that was captured. */
bool judging_is_elsewhere(const struct judging *g, const struct join_exchange *x);
/* x was seen on the wire alone, and is another program's of this machine. */
bool judging_is_bystanders(const struct judging *g, const struct join_exchange *x);

bool judging_is_wanted(const struct judging *g, const struct netaddr *exit);

/* --- the steps, in this order --- */
void judge_exits(struct judging *g);        /* exits.c: facts, and the wanted path's addresses */
void judge_exchanges(struct judging *g);    /* leak_exchange.c: what servers learned */
void judge_candidates(struct judging *g);   /* leak_likely.c: host candidates, probes, mDNS */
void judge_disagreement(struct judging *g); /* disagreement.c: faults and strangers */
void judge_dns(struct judging *g);          /* dns_past.c */
void judge_result(struct judging *g);       /* result.c: counts, order, the sentence */

#endif
