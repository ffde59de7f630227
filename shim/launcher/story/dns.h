/*
 * DNS messages (RFC 1035, multicast DNS RFC 6762) as JSON. The bytes may be anything; decoding is
 * libresolv's.
 */
#ifndef RTCSHIM_LAUNCHER_DNS_H
#define RTCSHIM_LAUNCHER_DNS_H

#include <jansson.h>

#include "netaddr.h"

enum {
    DNS_NAME_BYTES = 1025,  /* a name as text, NS_MAXDNAME */
    DNS_QUESTIONS_MAX = 16, /* told of one message; further ones are counted in "left_out" */
    DNS_RECORDS_MAX = 32,   /* of each section */
    DNS_ADDRESSES_MAX = 32,
};

/* What other parts want to know of a message. */
struct dns_digest {
    bool response;
    char question[DNS_NAME_BYTES]; /* of the first question, else of the first answer; "" none */
    struct netaddr address[DNS_ADDRESSES_MAX]; /* of A and AAAA answers */
    size_t addresses;
};

/*
 * Decode in[0..len) into the object
 *   {"type":"query"|"answer","id","rcode","question","qtype","questions"?,"answers"?,"authority"?,"additional"?,"left_out"?,"damaged"?}
 * and *digest. multicast: mDNS, whose class field holds a flag and which repeats no question in an
 * answer.
 *
 * New reference; NULL, *digest all zero, where the header is no DNS header. A message damaged
 * further on is told up to the damage.
 */
json_t *dns_json(const uint8_t *in, size_t len, bool multicast, struct dns_digest *digest);

/* "A", "AAAA", "SRV", ..., "TYPE1234"; buf holds at least 16 bytes; returns buf or a static string.
 */
const char *dns_type_name(unsigned type, char *buf, size_t size);

/* The name belongs, by its labels, to a STUN or TURN service: stun.example.org,
 * _turns._tcp.example.org, stun1.l.example.org. */
bool dns_name_is_stun(const char *name);

#endif
