/* Two threads' work on packets: find messages, and decode, format and write them. */
#include "decoding.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer.h"
#include "event_write.h"
#include "filter.h"
#include "finder.h"
#include "layers.h"
#include "pipeline.h"
#include "tally_write.h"

enum {
    LINKTYPE_LINUX_SLL = 113,
    LINKTYPE_LINUX_SLL2 = 276,
};

/* What the second thread has. The first one sets file and input between inputs, when the second is
 * idle. */
struct output {
    struct sink sink;
    enum decoding_output form;
    struct tally *tally; /* the summary's, else NULL */
    uint64_t seq;
    uint32_t input;     /* number of the input, 0.. */
    const char *file;   /* NULL where there is only one */
    atomic_bool failed; /* for the first thread's eyes */
};

struct decoding {
    struct decoding_options options;
    struct filter *filter;
    struct pipeline *pipeline;
    struct output out;
    uint64_t packets;
    /* Of the input at hand. */
    struct layers *layers;
    struct finder *finder;
    const char *path;
    bool link_refused; /* and said so */
    decoding_index_fn *by_index;
    const void *names;
};

/* --- the second thread ------------------------------------------------------------------------ */

static void show(const struct found *found, void *context)
{
    struct output *out = context;
    struct decoded decoded;
    const struct decoded *message = NULL;
    if (found->kind == FOUND_MESSAGE) {
        if (!event_decode(found, &decoded))
            return;
        message = &decoded;
    }
    if (out->tally)
        tally_take(out->tally, found, message ? &message->msg : NULL,
                   message ? message->fingerprint : STUN_CHECK_ABSENT, out->input);
    else if (out->form == DECODING_NDJSON)
        event_write_json(&out->sink, found, message, ++out->seq, out->file);
    else
        event_write_row(&out->sink, found, message, out->file);
}

static void flush_idle(void *context)
{
    struct output *out = context;
    if (!sink_flush(&out->sink))
        atomic_store_explicit(&out->failed, true, memory_order_relaxed);
}

/* --- the first thread ------------------------------------------------------------------------- */

/*
 * The name of the interface that carried a packet. A capture on "any" is no interface: there only
 * an index says it, which has a name only where the capture recorded it.
 */
static const char *carrier_name(const struct decoding *d, const struct found *found)
{
    const struct packet_iface *iface = found->iface;
    const struct packet_iface *named;
    if (iface->link_type != LINKTYPE_LINUX_SLL && iface->link_type != LINKTYPE_LINUX_SLL2)
        return iface->name;
    if (found->ifindex != 0 && found->ifindex != iface->ifindex) {
        named = d->by_index(d->names, iface->section, found->ifindex);
        return named ? named->name : NULL;
    }
    return iface->name && strcmp(iface->name, "any") != 0 ? iface->name : NULL;
}

static void pass_on(const struct found *found, void *context)
{
    struct decoding *d = context;
    struct found named = *found;
    named.iface_name = carrier_name(d, found);
    pipeline_put(&named, d->pipeline);
}

struct decoding *decoding_new(const struct decoding_options *options)
{
    char reason[FILTER_REASON_BYTES];
    struct decoding *d = calloc(1, sizeof(*d));
    if (!d)
        goto no_memory;
    d->options = *options;
    d->out.form = options->output;
    if (options->filter && !(d->filter = filter_new(options->filter, reason))) {
        analyzer_complain("the filter '%s' is wrong: %s", options->filter, reason);
        free(d);
        return NULL;
    }
    if (!sink_open(&d->out.sink, options->fd))
        goto no_memory;
    if (options->output == DECODING_SUMMARY || options->output == DECODING_SUMMARY_JSON) {
        d->out.tally = tally_new();
        if (!d->out.tally)
            goto no_memory;
    }
    d->pipeline = pipeline_new(show, flush_idle, &d->out, options->prompt);
    if (!d->pipeline)
        goto no_memory;
    if (options->output == DECODING_ROWS)
        event_write_head(&d->out.sink);
    return d;
no_memory:
    analyzer_complain("cannot start: out of memory or threads");
    decoding_free(d);
    return NULL;
}

bool decoding_begin(struct decoding *d, const char *path, decoding_index_fn *by_index,
                    const void *names)
{
    d->path = path;
    d->link_refused = false;
    d->by_index = by_index;
    d->names = names;
    d->layers = layers_new();
    d->finder = finder_new(pass_on, d, d->out.tally != NULL);
    if (!d->layers || !d->finder) {
        analyzer_complain("cannot decode %s: out of memory", path);
        return false;
    }
    if (d->options.many)
        d->out.file = path;
    return true;
}

void decoding_packet(struct decoding *d, const struct packet *packet)
{
    struct datagram datagram;
    const char *reason = NULL;
    d->packets++;
    uint16_t link_type = packet->iface->link_type;
    if (d->filter && layers_link_name(link_type) && !filter_passes(d->filter, packet, &reason)) {
        if (reason)
            analyzer_complain("%s: the filter leaves out all packets of link type %u, for which it "
                              "can't be compiled: %s",
                              d->path, link_type, reason);
        return;
    }
    if (layers_datagram(d->layers, packet, &datagram))
        finder_take(d->finder, &datagram);
    else if (!d->link_refused && !layers_link_name(link_type)) {
        d->link_refused = true;
        analyzer_complain("%s: packets of link type %u are not decoded", d->path, link_type);
    }
}

void decoding_push(struct decoding *d)
{
    pipeline_push(d->pipeline);
}

void decoding_end(struct decoding *d)
{
    if (d->finder && d->layers) {
        finder_end(d->finder);
        pipeline_drain(d->pipeline);
        if (d->out.tally) {
            tally_take_flows(d->out.tally, finder_flows(d->finder), d->out.input);
            layers_end(d->layers);
            tally_take_layers(d->out.tally, layers_counts(d->layers));
        }
        d->out.input++;
    }
    finder_free(d->finder);
    layers_free(d->layers);
    d->finder = NULL;
    d->layers = NULL;
}

bool decoding_output_failed(const struct decoding *d)
{
    return atomic_load_explicit(&d->out.failed, memory_order_relaxed);
}

bool decoding_finish(struct decoding *d)
{
    pipeline_drain(d->pipeline);
    if (d->out.tally) {
        tally_finish(d->out.tally);
        if (d->options.output == DECODING_SUMMARY_JSON)
            tally_write_json(&d->out.sink, d->out.tally, d->packets);
        else
            tally_write_text(&d->out.sink, d->out.tally, d->packets);
    }
    if (sink_flush(&d->out.sink))
        return true;
    analyzer_complain("cannot write the output: %s", strerror(d->out.sink.error));
    return false;
}

void decoding_free(struct decoding *d)
{
    if (!d)
        return;
    pipeline_free(d->pipeline);
    if (d->out.sink.buf)
        sink_close(&d->out.sink);
    tally_free(d->out.tally);
    filter_free(d->filter);
    finder_free(d->finder);
    layers_free(d->layers);
    free(d);
}
