/* Compiles a BPF filter for each link type and runs it. */
#include "filter.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINKTYPE_NULL = 0, /* the numbers in files */
    LINKTYPE_RAW_BSD = 14,
    LINKTYPE_RAW = 101,
    SNAPLEN = 262144,
};

struct program {
    struct bpf_program code;
    uint16_t link_type;
    bool swapped; /* BSD loopback only: its first word is in the other byte order */
    bool compiled;
};

struct filter {
    const char *text;
    struct program programs[FILTER_LINKS_MAX];
    size_t count;
    struct program *last;
    char reason[FILTER_REASON_BYTES];
};

/*
 * A handle like that of a file with this link type, not pcap_open_dead()'s. For an open file
 * libpcap knows every system's number for IPv6 in front of BSD loopback packets and the byte order
 * of that number, and refuses "inbound" where no file says it; else it takes this machine's number
 * and order, and a "direction" that only a live capture has.
 */
static pcap_t *as_file(uint16_t link_type, bool swapped)
{
    struct pcap_file_header header = {
        .magic = 0xa1b2c3d4,
        .version_major = PCAP_VERSION_MAJOR,
        .version_minor = PCAP_VERSION_MINOR,
        .snaplen = SNAPLEN,
        .linktype = link_type == LINKTYPE_RAW_BSD ? LINKTYPE_RAW : link_type,
    };
    char unused[PCAP_ERRBUF_SIZE];
    if (swapped) {
        header.magic = __builtin_bswap32(header.magic);
        header.version_major = __builtin_bswap16(header.version_major);
        header.version_minor = __builtin_bswap16(header.version_minor);
        header.snaplen = __builtin_bswap32(header.snaplen);
        header.linktype = __builtin_bswap32(header.linktype);
    }
    FILE *file = fmemopen(&header, sizeof(header), "rb");
    if (!file)
        return NULL;
    pcap_t *handle = pcap_fopen_offline(file, unused);
    if (!handle)
        (void)fclose(file);
    return handle;
}

static bool compile(struct program *program, uint16_t link_type, bool swapped, const char *text,
                    char reason[static FILTER_REASON_BYTES])
{
    pcap_t *handle = as_file(link_type, swapped);
    *program = (struct program){.link_type = link_type, .swapped = swapped};
    if (!handle) {
        snprintf(reason, FILTER_REASON_BYTES, "out of memory");
        return false;
    }
    program->compiled = pcap_compile(handle, &program->code, text, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!program->compiled)
        snprintf(reason, FILTER_REASON_BYTES, "%s", pcap_geterr(handle));
    pcap_close(handle);
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
        good = compile(&trial, common[i], false, text, i == 0 ? reason : other);
        if (good)
            pcap_freecode(&trial.code);
    }
    if (!good) {
        free(f);
        return NULL;
    }
    return f;
}

static struct program *program_for(struct filter *f, uint16_t link_type, bool swapped,
                                   const char **reason)
{
    struct program *program;
    for (size_t i = 0; i < f->count; i++)
        if (f->programs[i].link_type == link_type && f->programs[i].swapped == swapped)
            return &f->programs[i];
    if (f->count == FILTER_LINKS_MAX) {
        f->count--;
        if (f->programs[f->count].compiled)
            pcap_freecode(&f->programs[f->count].code);
    }
    program = &f->programs[f->count++];
    if (!compile(program, link_type, swapped, f->text, f->reason))
        *reason = f->reason;
    return program;
}

/* The address family in front is in the capturing machine's order, and a small number. */
static bool is_swapped(const struct packet *packet)
{
    uint32_t family;
    if (packet->iface->link_type != LINKTYPE_NULL || packet->caplen < sizeof(family))
        return false;
    memcpy(&family, packet->data, sizeof(family));
    return family > UINT16_MAX;
}

bool filter_passes(struct filter *f, const struct packet *packet, const char **reason)
{
    uint16_t link_type = packet->iface->link_type;
    struct pcap_pkthdr header = {.caplen = packet->caplen, .len = packet->len};
    *reason = NULL;
    bool swapped = is_swapped(packet);
    if (!f->last || f->last->link_type != link_type || f->last->swapped != swapped)
        f->last = program_for(f, link_type, swapped, reason);
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
