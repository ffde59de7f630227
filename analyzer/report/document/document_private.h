/* What the parts of the document's maker share. */
#ifndef RTCSHIM_ANALYZER_DOCUMENT_PRIVATE_H
#define RTCSHIM_ANALYZER_DOCUMENT_PRIVATE_H

#include "document.h"
#include "siphash.h"

enum { DOCUMENT_SLOTS = 1 << 14 }; /* more than DOCUMENT_ROWS_MAX */

/* Words to row numbers. */
struct document_index {
    struct {
        uint64_t hash;
        uint32_t row;
    } slots[DOCUMENT_SLOTS];
    uint32_t count;
};

struct documenting {
    const struct run_folder *run;
    const struct join *join;
    const struct sights *sights;
    const struct verdict *verdict;
    struct siphash_key key;
    struct document_index servers, ifaces, paths;
    uint32_t *flow_server; /* by flow: row of servers, or JOIN_NONE */
    uint32_t *text_iface;  /* by text: row of interfaces, or JOIN_NONE */
    json_t *iface_rows, *server_rows;
    uint64_t left_out;
    bool failed; /* memory is out */
};

/* The row of these words; new ones get the next number (*fresh), JOIN_NONE past
 * DOCUMENT_ROWS_MAX, which is counted. */
uint32_t document_row(struct documenting *d, struct document_index *index, const uint64_t *words,
                      size_t count, bool *fresh);
uint64_t document_word(const struct documenting *d, const char *text);

/* --- values; a NULL from jansson is noted in d --- */

json_t *document_text(struct documenting *d, const char *text); /* null where text is NULL */
json_t *document_number(struct documenting *d, uint64_t value);
json_t *document_index_or_null(struct documenting *d, uint32_t row);
json_t *document_ip(struct documenting *d, const struct netaddr *addr);   /* null for none */
json_t *document_addr(struct documenting *d, const struct netaddr *addr); /* with port */
json_t *document_kind(struct documenting *d, const struct netaddr *addr);
/* Microseconds since the run's start; may be negative. */
json_t *document_us(struct documenting *d, uint64_t time_ns);
json_t *document_evidence(struct documenting *d, const struct verdict_evidence *e);
/* Set and append take the value over, also where they fail. */
void document_set(struct documenting *d, json_t *object, const char *key, json_t *value);
void document_add(struct documenting *d, json_t *array, json_t *value);
/* Appends while the array has room; else the value is dropped and counted. */
void document_add_bounded(struct documenting *d, json_t *array, json_t *value);

const char *document_proto(uint8_t protocol);
const char *document_iface_source(uint8_t source);
/* Row of the document's processes; they are the join's first. */
uint32_t document_process(const struct documenting *d, uint32_t pid);
uint32_t document_iface(struct documenting *d, const char *name);

/* --- parts --- */
json_t *document_run(struct documenting *d, const struct event_totals *totals);
json_t *document_processes(struct documenting *d, json_t **uncovered);
void document_tables(struct documenting *d, json_t *document); /* interfaces, servers, first */
json_t *document_leaks(struct documenting *d);
json_t *document_faults(struct documenting *d);
json_t *document_strangers(struct documenting *d);
json_t *document_dns(struct documenting *d);
json_t *document_exchanges(struct documenting *d);
json_t *document_paths(struct documenting *d);
json_t *document_enumerations(struct documenting *d);
json_t *document_probes(struct documenting *d);

#endif
