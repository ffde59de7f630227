/*
 * The interfaces of a live capture, as packets and output name them: numbers in order, names and
 * indexes that stay where they are until the end.
 */
#ifndef RTCSHIM_ANALYZER_CATALOG_H
#define RTCSHIM_ANALYZER_CATALOG_H

#include <stdint.h>

#include "packet.h"

struct catalog;

/* At most max interfaces. NULL: no memory. */
struct catalog *catalog_new(uint32_t max);

/* The next number. name is copied. Lives as long as the catalog. NULL: too many, or no memory. */
const struct packet_iface *catalog_add(struct catalog *c, const char *name, uint32_t ifindex,
                                       uint16_t link_type, uint32_t snaplen);
/* The same, and it is what catalog_of_index() gives for its index from now on. */
const struct packet_iface *catalog_add_index(struct catalog *c, const char *name, uint32_t ifindex,
                                             uint16_t link_type, uint32_t snaplen);

/* NULL past the last. */
const struct packet_iface *catalog_at(const struct catalog *c, uint32_t number);
const struct packet_iface *catalog_of_index(const struct catalog *c, uint32_t ifindex);
/* The index is another interface's now, or has another name. */
void catalog_forget_index(struct catalog *c, uint32_t ifindex);

/* Takes NULL. */
void catalog_free(struct catalog *c);

#endif
