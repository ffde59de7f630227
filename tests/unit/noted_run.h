/*
 * A run's folder for tests of notes: events and a capture written line by line, joined, with a
 * verdict made by hand; and the blocks of what is written about it. This machine is 10.0.0.1 on
 * "eth0", the server 192.0.2.9:3478.
 */
#ifndef RTCSHIM_TESTS_NOTED_RUN_H
#define RTCSHIM_TESTS_NOTED_RUN_H

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "capture_bytes.h"
#include "join_run.h"
#include "layers.h"
#include "order.h"
#include "packet_bytes.h"
#include "report_pcapng.h"
#include "stun.h"

#define NOTED_START_S UINT64_C(1795263811) /* 2026-11-21T12:23:31Z */

struct noted_run {
    char dir[32];
    struct bytes wire; /* what wire.pcapng will be; empty: none */
    FILE *events;
    struct run_folder *run;
    struct join *join;
    struct verdict verdict;
    struct verdict_leak leak;
};

static inline FILE *noted_open(const struct noted_run *t, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/%s", t->dir, name);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    return file;
}

static inline struct noted_run noted_new(void)
{
    struct noted_run t = {.dir = "/tmp/noted-XXXXXX"};
    if (!mkdtemp(t.dir))
        abort();
    FILE *json = noted_open(&t, "run.json");
    fputs("{\"schema\":1,\"start\":\"2026-11-21T12:23:31.000000Z\",\"complete\":true,\"network\":{"
          "\"start\":{\"interfaces\":[{\"iface\":\"eth0\",\"index\":2,\"up\":true}],\"addresses\":["
          "{\"iface\":\"eth0\",\"ip\":\"10.0.0.1\",\"prefix\":24}],\"routes\":[]}}}",
          json);
    fclose(json);
    t.events = noted_open(&t, "events.ndjson");
    return t;
}

/* rest: the event's JSON behind its time, without braces. */
__attribute__((format(printf, 3, 4))) static inline void
noted_event(struct noted_run *t, unsigned us, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(t->events, "{\"timestamp\":\"2026-11-21T12:23:31.%06u+0000\",", us);
    vfprintf(t->events, format, args);
    fputs("}\n", t->events);
    va_end(args);
}

/* A Binding request that process 117 asked to send: its transaction's number, what the call said.
 */
static inline void noted_request(struct noted_run *t, unsigned us, unsigned seq, unsigned id,
                                 const char *name, const char *action, const char *error)
{
    char errno_text[32] = "null";
    if (error)
        snprintf(errno_text, sizeof(errno_text), "\"%s\"", error);
    noted_event(t, us,
                "\"event_type\":\"stun\",\"witness\":\"shim\",\"seq\":%u,\"src_ip\":\"10.0.0.1\","
                "\"src_port\":5000,\"dest_ip\":\"192.0.2.9\",\"dest_port\":3478,\"proto\":\"UDP\","
                "\"direction\":\"out\",\"in_iface\":\"eth0\",\"iface_source\":\"address\","
                "\"process\":{\"pid\":117,\"tid\":118,\"name\":\"%s\",\"thread\":null,"
                "\"role\":\"socket\"},\"hook\":{\"call\":\"sendto\",\"fd\":3,\"result\":%d,"
                "\"errno\":%s,\"caller\":null},\"stun\":{\"class\":\"request\",\"method\":"
                "\"binding\",\"txid\":\"%024x\",\"length\":0,\"attributes\":[]},\"verdict\":{"
                "\"action\":\"%s\",\"rule\":\"vpn:7\"}",
                seq, name, error ? -1 : 20, errno_text, id, action);
}

static inline void noted_section(struct bytes *b, const char *application)
{
    block_start(b, 0x0a0d0d0a);
    put32(b, 0x1a2b3c4d);
    put16(b, 1);
    put16(b, 0);
    put64(b, UINT64_MAX);
    put_option(b, 4, application, strlen(application));
    put_option(b, 0, "", 0);
    block_end(b);
    iface_start(b, 1, 0);
    put_option(b, 2, "eth0", 4);
    put_option(b, 9, "\x09", 1);
    put_option(b, 0, "", 0);
    block_end(b);
}

static inline void noted_message(struct pkt *p, unsigned id)
{
    uint8_t message[64];
    uint8_t txid[STUN_TXID_BYTES] = {0};
    struct stun_builder builder;
    txid[STUN_TXID_BYTES - 1] = (uint8_t)id;
    stun_build(&builder, message, sizeof(message), STUN_METHOD_BINDING, STUN_REQUEST, txid);
    pkt_set(p, message, (uint32_t)builder.len);
    wrap_udp(p, 5000, 3478);
    wrap_ipv4(p, 17, 0);
    wrap_ethernet(p, 0x0800);
}

/* The request on the wire. */
static inline void noted_packet(struct bytes *b, unsigned us, unsigned id)
{
    struct pkt p;
    uint64_t ns = NOTED_START_S * 1000000000 + (uint64_t)us * 1000;
    noted_message(&p, id);
    packet_start(b, 0, ns, pkt_len(&p), pkt_at(&p), pkt_len(&p));
    block_end(b);
}

/* Events and capture are complete: join them. Each exchange for which leaks says so shows a leak.
 */
static inline void noted_join(struct noted_run *t, bool leaks)
{
    const char *why;
    struct event_totals totals;
    fclose(t->events);
    if (t->wire.len > 0) {
        FILE *wire = noted_open(t, "wire.pcapng");
        fwrite(t->wire.at, 1, t->wire.len, wire);
        fclose(wire);
    }
    t->run = run_folder_open(t->dir, &why);
    t->join = t->run ? join_run(t->run, NULL, NULL, &totals) : NULL;
    if (!t->join)
        abort();
    t->leak = (struct verdict_leak){.who = VERDICT_SERVER,
                                    .reason = REASON_BOUND_ADDRESS,
                                    .sure = true,
                                    .protocol = 17,
                                    .server_name = JOIN_NONE,
                                    .iface = "eth0"};
    netaddr_parse_ip("203.0.113.23", &t->leak.address);
    netaddr_parse_ip("192.0.2.9", &t->leak.server);
    t->leak.server.port = 3478;
    t->verdict.leaks = &t->leak;
    t->verdict.leak_count = 1;
    t->verdict.leak_of = malloc((t->join->exchange_count + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < t->join->exchange_count; i++)
        t->verdict.leak_of[i] = leaks ? 0 : JOIN_NONE;
}

static inline void noted_free(struct noted_run *t)
{
    static const char *const files[] = {"run.json", "events.ndjson", "wire.pcapng"};
    char path[64];
    free(t->verdict.leak_of);
    join_free(t->join);
    run_folder_free(t->run);
    bytes_free(&t->wire);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", t->dir, files[i]);
        unlink(path);
    }
    rmdir(t->dir);
}

/* What report_pcapng_write() makes of it. */
static inline struct bytes noted_write(struct noted_run *t, const struct pseudonym *names)
{
    struct report_pcapng what = {
        .run = t->run, .join = t->join, .verdict = &t->verdict, .names = names};
    struct bytes out = {0};
    char why[256], buf[65536];
    size_t n;
    FILE *file = tmpfile();
    if (!file || !report_pcapng_write(&what, file, why, sizeof(why)))
        abort();
    rewind(file);
    while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
        put(&out, buf, n);
    fclose(file);
    return out;
}

#endif
