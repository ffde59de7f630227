/*
 * Pieces that the files of the summary share.
 */
#ifndef RTCSHIM_ANALYZER_TALLY_PARTS_H
#define RTCSHIM_ANALYZER_TALLY_PARTS_H

#include "sink.h"
#include "tally.h"

/* "1 packet", "2 packets". */
void text_count(struct sink *s, uint64_t n, const char *one, const char *more);
/* ", 3 quoted": only where there is something to say. */
void text_if(struct sink *s, uint64_t n, const char *text);
/* An interface by its name, or by what is known of it. */
void text_iface(struct sink *s, const struct tally *t, uint32_t iface);
/* With its port. */
void text_address(struct sink *s, const struct netaddr *addr);
/* "1.250" of 1250. */
void text_thousandths(struct sink *s, uint64_t n);
/* The ICE sessions; nothing where there is none. */
void text_ice(struct sink *s, const struct tally *t);

/* "key":value, and the same behind a comma. */
void json_number(struct sink *s, const char *key, uint64_t value);
void json_next(struct sink *s, const char *key, uint64_t value);
/* "ip":...,"port":...; the ip of NETADDR_NONE is null. */
void json_address(struct sink *s, const struct netaddr *addr);
/* ,"key":"time", or null for 0. */
void json_time(struct sink *s, const char *key, uint64_t time_ns);
/* ,"key":"text", or null for NULL. Text of ours. */
void json_text(struct sink *s, const char *key, const char *text);
/* The name of an interface, or null. */
void json_iface(struct sink *s, const struct tally *t, uint32_t iface);
/* ,"ice":{...} */
void json_ice(struct sink *s, struct tally *t);

#endif
