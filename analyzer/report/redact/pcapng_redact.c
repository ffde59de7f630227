/* Packets made anew around redacted messages. */
#include "pcapng_redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "event_write.h"
#include "finder.h"
#include "in_order.h"
#include "layers.h"
#include "pcapng_copy.h"

enum {
    /* Not raw IP, which would do: of that, libpcap 1.10 reads no file with two interfaces. */
    LINKTYPE_ETHERNET = 1,
    ETHERNET_BYTES = 14,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    UDP_BYTES = 8,
    TCP_BYTES = 20,
    TCP_PUSH_ACK = 0x18,
    HEADERS_MAX = ETHERNET_BYTES + IPV6_BYTES + TCP_BYTES + STUN_FRAME_HEADER_BYTES,
    PACKET_MAX = 65535,
    TTL = 64,
    WINDOW = 65535,
    IFACES_MAX = 1024, /* the rest share one */
    STREAMS = 4096,    /* directions of TCP connections whose sequence numbers go on */
};

struct iface {
    const char *original; /* the reader's */
    char name[PSEUDONYM_NAME_BYTES];
    struct packet_iface shown;
};

struct stream {
    struct netaddr src, dst;
    uint32_t next;
};

struct redaction {
    struct reader *reader;
    const struct pseudonym *names;
    struct pcapng_writer *w;
    struct note_writer *notes;
    struct in_order *in_order;
    uint64_t last_ns, left_out;
    struct iface ifaces[IFACES_MAX];
    size_t iface_count;
    struct stream streams[STREAMS];
    uint8_t packet[HEADERS_MAX + PACKET_MAX];
};

/* --- interfaces ------------------------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const struct packet_iface *iface_of(struct redaction *r, const char *name)
{
    static const struct pcapng_iface_options no_options;
    size_t i = 0;
    while (i < r->iface_count && i < IFACES_MAX - 1 && !same_name(r->ifaces[i].original, name))
        i++;
    if (i == r->iface_count) {
        struct iface *iface = &r->ifaces[r->iface_count++];
        bool shared = i == IFACES_MAX - 1;
        iface->original = name;
        if (name && !shared)
            pseudonym_name(r->names, PSEUDONYM_IFACE, name, strlen(name), iface->name);
        iface->shown = (struct packet_iface){
            .number = (uint32_t)i,
            .link_type = LINKTYPE_ETHERNET,
            .snaplen = PCAPNG_PACKET_MAX,
            .name = name && !shared ? iface->name : NULL,
        };
        pcapng_write_iface(r->w, &iface->shown, &no_options);
    }
    return &r->ifaces[i].shown;
}

/* --- headers ---------------------------------------------------------------------------------- */

static uint32_t sum(uint32_t so_far, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        so_far += be16(bytes + i);
    return len % 2 ? so_far + ((uint32_t)bytes[len - 1] << 8) : so_far;
}

static uint16_t folded(uint32_t sum32)
{
    while (sum32 >> 16 != 0)
        sum32 = (sum32 & 0xffff) + (sum32 >> 16);
    return (uint16_t)~sum32;
}

static void put_ip(uint8_t *at, const struct netaddr *src, const struct netaddr *dst,
                   uint8_t protocol, size_t payload)
{
    if (src->family == NETADDR_IPV4) {
        memset(at, 0, IPV4_BYTES);
        at[0] = 0x45;
        put_be16(at + 2, (uint16_t)(IPV4_BYTES + payload));
        at[6] = 0x40; /* no fragment, and none to be made */
        at[8] = TTL;
        at[9] = protocol;
        memcpy(at + 12, src->ip, 4);
        memcpy(at + 16, dst->ip, 4);
        put_be16(at + 10, folded(sum(0, at, IPV4_BYTES)));
        return;
    }
    memset(at, 0, IPV6_BYTES);
    at[0] = 0x60;
    put_be16(at + 4, (uint16_t)payload);
    at[6] = protocol;
    at[7] = TTL;
    memcpy(at + 8, src->ip, 16);
    memcpy(at + 24, dst->ip, 16);
}

static void put_checksum(uint8_t *at, size_t len, uint8_t *field, const struct netaddr *src,
                         const struct netaddr *dst, uint8_t protocol)
{
    size_t ip = src->family == NETADDR_IPV4 ? 4 : 16;
    uint32_t pseudo = sum(sum(protocol + (uint32_t)len, src->ip, ip), dst->ip, ip);
    uint16_t checksum = folded(sum(pseudo, at, len));
    put_be16(field, checksum == 0 && protocol == DATAGRAM_UDP ? 0xffff : checksum);
}

/* Where a direction of a connection has come to; another one may take its place, and it starts
 * anew. */
static uint32_t *stream_next(struct redaction *r, const struct netaddr *src,
                             const struct netaddr *dst)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < 16; i++)
        hash = (hash ^ src->ip[i] ^ ((uint32_t)dst->ip[i] << 8)) * 16777619u;
    hash = (hash ^ src->port ^ ((uint32_t)dst->port << 16)) * 16777619u;
    struct stream *stream = &r->streams[hash >> 16 & (STREAMS - 1)];
    if (!netaddr_same(&stream->src, src) || !netaddr_same(&stream->dst, dst))
        *stream = (struct stream){*src, *dst, 1};
    return &stream->next;
}

static void put_tcp(struct redaction *r, uint8_t *at, const struct netaddr *src,
                    const struct netaddr *dst, size_t payload)
{
    memset(at, 0, TCP_BYTES);
    put_be16(at, src->port);
    put_be16(at + 2, dst->port);
    uint32_t ack = *stream_next(r, dst, src);
    uint32_t *next = stream_next(r, src, dst);
    put_be32(at + 4, *next);
    put_be32(at + 8, ack);
    at[12] = TCP_BYTES / 4 << 4;
    at[13] = TCP_PUSH_ACK;
    put_be16(at + 14, WINDOW);
    *next += (uint32_t)payload;
}

/* Headers in front of what stands at packet + HEADERS_MAX. Returns where the packet starts;
 * NULL: it is too long. */
static uint8_t *put_headers(struct redaction *r, const struct found *found, size_t len,
                            size_t *total)
{
    struct netaddr src = pseudonym_addr(r->names, &found->src);
    struct netaddr dst = pseudonym_addr(r->names, &found->dst);
    bool tcp = found->protocol == DATAGRAM_TCP;
    size_t transport = tcp ? TCP_BYTES : UDP_BYTES;
    size_t ip = src.family == NETADDR_IPV4 ? IPV4_BYTES : IPV6_BYTES;
    uint8_t *at = r->packet + HEADERS_MAX;

    if (src.family != dst.family || src.family == NETADDR_NONE)
        return NULL;
    if (tcp && found->framed) {
        at -= STUN_FRAME_HEADER_BYTES;
        put_be16(at, (uint16_t)len);
        len += STUN_FRAME_HEADER_BYTES;
    }
    if (ip + transport + len > PACKET_MAX)
        return NULL;
    at -= transport;
    if (tcp) {
        put_tcp(r, at, &src, &dst, len);
    } else {
        put_be16(at, src.port);
        put_be16(at + 2, dst.port);
        put_be16(at + 4, (uint16_t)(UDP_BYTES + len));
        put_be16(at + 6, 0);
    }
    len += transport;
    put_checksum(at, len, at + (tcp ? 16 : 6), &src, &dst, found->protocol);
    at -= ip;
    put_ip(at, &src, &dst, found->protocol, len);
    at -= ETHERNET_BYTES;
    memset(at, 0, ETHERNET_BYTES);
    put_be16(at + 12, ip == IPV4_BYTES ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
    *total = ETHERNET_BYTES + ip + len;
    return at;
}

/* --- messages --------------------------------------------------------------------------------- */

/* The message, or the channel's data, behind the place for headers. */
static bool put_payload(struct redaction *r, const struct found *found)
{
    uint8_t *at = r->packet + HEADERS_MAX;
    if (found->cut || found->len > PACKET_MAX)
        return false;
    memcpy(at, found->bytes, found->len);
    if (found->kind == FOUND_MESSAGE)
        return pcapng_redact_message(r->names, at, found->len);
    if (found->len < STUN_CHANNEL_HEADER_BYTES)
        return false;
    uint8_t *data = at + STUN_CHANNEL_HEADER_BYTES;
    size_t len = found->len - STUN_CHANNEL_HEADER_BYTES;
    if (!stun_has_cookie(data, len) || !pcapng_redact_message(r->names, data, len))
        memset(data, 0, len);
    return true;
}

static void write_found(const struct found *found, const struct stun_msg *msg,
                        enum stun_check fingerprint, uint32_t file, void *context)
{
    struct redaction *r = context;
    uint8_t txid[16] = {0};
    struct pcapng_notes notes;
    size_t len;
    (void)fingerprint;
    (void)file;
    if (pcapng_error(r->w) != 0)
        return;
    if (msg)
        memcpy(txid, msg->txid, msg->txid_len);
    uint8_t *start = put_payload(r, found) ? put_headers(r, found, found->len, &len) : NULL;
    if (!start) {
        r->left_out++;
        return;
    }
    note_write_until(r->notes, found->time_ns);
    r->last_ns = found->time_ns;
    notes = *note_writer_packet(r->notes, found->frame, msg ? txid : NULL);
    if (found->label != DATAGRAM_DIRECT && notes.count < PCAPNG_NOTES_MAX)
        notes.comments[notes.count++] = found->label == DATAGRAM_QUOTED
                                            ? "rtcshim: quoted in an ICMP error"
                                            : "rtcshim: inside a tunnel";
    struct packet packet = {
        .time_ns = found->time_ns,
        .data = start,
        .caplen = (uint32_t)len,
        .len = (uint32_t)len,
        .iface = iface_of(r, found->iface_name),
        .direction = (enum packet_direction)found->direction,
    };
    pcapng_write_noted_packet(r->w, &packet, &notes);
}

static void take_found(const struct found *found, void *context)
{
    struct redaction *r = context;
    struct decoded decoded;
    struct found named = *found;
    const struct stun_msg *msg = NULL;
    if (found->kind == FOUND_CHANNEL_COUNT)
        return;
    if (found->kind == FOUND_MESSAGE) {
        if (!event_decode(found, &decoded) || decoded.status != STUN_OK) {
            r->left_out++;
            return;
        }
        msg = &decoded.msg;
    }
    named.iface_name = reader_carrier_name(r->reader, found->iface, found->ifindex);
    in_order_put(r->in_order, &named, msg, STUN_CHECK_ABSENT, 0);
}

/* Where nothing is shown of a capture: libpcap reads no file without an interface. */
static void keep_ifaces(struct redaction *r)
{
    size_t count;
    const struct packet_iface *const *all = reader_ifaces(r->reader, &count);
    if (r->iface_count == 0 && count > 0)
        iface_of(r, all[0]->name);
}

static void tell_left_out(struct redaction *r)
{
    char text[96];
    const struct pcapng_field fields[] = {
        {"PRIORITY", "5"}, {"SYSLOG_IDENTIFIER", "rtcshim"}, {"MESSAGE", text}};
    if (r->left_out == 0)
        return;
    snprintf(text, sizeof(text), "rtcshim: %llu STUN messages that are not whole were left out",
             (unsigned long long)r->left_out);
    note_write_until(r->notes, UINT64_MAX);
    pcapng_write_record(r->w, r->last_ns, fields, sizeof(fields) / sizeof(fields[0]));
}

bool pcapng_redact_capture(struct reader *reader, const struct pseudonym *names,
                           struct pcapng_writer *w, struct note_writer *notes)
{
    struct packet packet;
    struct datagram datagram;
    struct redaction *r = calloc(1, sizeof(*r));
    struct layers *layers = layers_new();
    struct finder *finder = r ? finder_new(take_found, r, false) : NULL;
    bool done = false;
    if (!r || !layers || !finder)
        goto out;
    r->reader = reader;
    r->names = names;
    r->w = w;
    r->notes = notes;
    r->in_order = in_order_new(write_found, r);
    if (!r->in_order)
        goto out;
    while (pcapng_error(w) == 0 && reader_next(reader, &packet) == READ_PACKET)
        if (layers_datagram(layers, &packet, &datagram))
            finder_take(finder, &datagram);
    finder_end(finder);
    in_order_flush(r->in_order);
    keep_ifaces(r);
    tell_left_out(r);
    done = true;
out:
    if (r)
        in_order_free(r->in_order);
    finder_free(finder);
    layers_free(layers);
    free(r);
    return done;
}
