/* A capture's packets through layers and finder into a join. */
#ifndef RTCSHIM_ANALYZER_JOIN_WIRE_H
#define RTCSHIM_ANALYZER_JOIN_WIRE_H

#include "join.h"
#include "reader.h"

/* What the file itself says about what it covers. */
struct join_span {
    char **ifaces; /* names; owned */
    size_t iface_count;
    bool damaged;
    uint64_t damage_offset;
    char damage[READER_REASON_BYTES];
};

/* Read the capture at fd, which stays open, from its beginning. false: memory is out. */
bool join_wire_read(struct join *j, int fd, struct join_span *span);
void join_span_free(struct join_span *span);

#endif
