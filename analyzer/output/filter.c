/* Compiles a BPF filter for each link type and runs it. */
#include "filter.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINKTYPE_RAW = 101, /* what files hold */
    SNAPLEN = 262144,
};

struct program {
    struct bpf_program code;
    uint16_t link_type;
    bool compiled;
};

struct filter {
    const char *text;
    struct program programs[FILTER_LINKS_MAX];
    size_t count;
    struct program *last;
    char reason[FILTER_REASON_BYTES];
};

/* Files hold LINKTYPE numbers, libpcap compiles for DLT numbers; on Linux they differ for raw IP
 * alone, of what is decoded here. */
static int dlt_of(uint16_t link_type)
{
    return link_type == LINKTYPE_RAW ? DLT_RAW : link_type;
}

static bool compile(struct program *program, uint16_t link_type, const char *text,
                    char reason[static FILTER_REASON_BYTES])
{
    pcap_t *dead = pcap_open_dead(dlt_of(link_type), SNAPLEN);
    program->link_type = link_type;
    program->compiled = false;
    if (!dead) {
        snprintf(reason, FILTER_REASON_BYTES, "out of memory");
        return false;
    }
    program->compiled = pcap_compile(dead, &program->code, text, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!program->compiled)
        snprintf(reason, FILTER_REASON_BYTES, "%s", pcap_geterr(dead));
    pcap_close(dead);
    return program->compiled;
}

struct filter *filter_new(const char *text, char reason[static FILTER_REASON_BYTES])
{
    static const uint16_t common[] = {DLT_EN10MB, LINKTYPE_RAW, DLT_LINUX_SLL, DLT_LINUX_SLL2};
    struct filter *f = calloc(1, sizeof(*f));
    char other[FILTER_REASON_BYTES] = "";
    bool good = false;
    if (!f) {
        snprintf(reason, FILTER_REASON_BYTES, "out of memory");
        return NULL;
    }
    f->text = text;
    /* A mistake in the text is one for every link type: it is told before a file is read. */
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]) && !good; i++) {
        struct program trial;
        good = compile(&trial, common[i], text, i == 0 ? reason : other);
        if (good)
            pcap_freecode(&trial.code);
    }
    if (!good) {
        free(f);
        return NULL;
    }
    return f;
}

static struct program *program_for(struct filter *f, uint16_t link_type, const char **reason)
{
    struct program *program;
    for (size_t i = 0; i < f->count; i++)
        if (f->programs[i].link_type == link_type)
            return &f->programs[i];
    if (f->count == FILTER_LINKS_MAX) {
        f->count--;
        if (f->programs[f->count].compiled)
            pcap_freecode(&f->programs[f->count].code);
    }
    program = &f->programs[f->count++];
    if (!compile(program, link_type, f->text, f->reason))
        *reason = f->reason;
    return program;
}

bool filter_passes(struct filter *f, const struct packet *packet, const char **reason)
{
    uint16_t link_type = packet->iface->link_type;
    struct pcap_pkthdr header = {.caplen = packet->caplen, .len = packet->len};
    *reason = NULL;
    if (!f->last || f->last->link_type != link_type)
        f->last = program_for(f, link_type, reason);
    return f->last->compiled && pcap_offline_filter(&f->last->code, &header, packet->data) != 0;
}

void filter_free(struct filter *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        if (f->programs[i].compiled)
            pcap_freecode(&f->programs[i].code);
    free(f);
}
