/* A libpcap handle: opened, read without waiting, and asked what it lost. */
#include "tap.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINKTYPE_RAW = 101,
};

struct tap {
    pcap_t *pcap;
    bool any;
    uint16_t link_type;
    uint64_t accepted, dropped;
    unsigned last_accepted, last_dropped; /* libpcap's counters, which are 32 bits wide */
    char reason[TAP_REASON_BYTES];
    char name[];
};

/* What libpcap says about a failed call. Its text is the better one where it has one. */
static void explain(pcap_t *pcap, int status, char reason[static TAP_REASON_BYTES])
{
    const char *text = pcap_geterr(pcap);
    if (status == PCAP_ERROR || (status == PCAP_ERROR_PERM_DENIED && text[0] != '\0'))
        (void)snprintf(reason, TAP_REASON_BYTES, "%s", text);
    else if (text[0] != '\0')
        (void)snprintf(reason, TAP_REASON_BYTES, "%s (%s)", pcap_statustostr(status), text);
    else
        (void)snprintf(reason, TAP_REASON_BYTES, "%s", pcap_statustostr(status));
}

static enum tap_failure failure_of(int status)
{
    switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return TAP_NO_PERMISSION;
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return TAP_NO_SUCH_INTERFACE;
    default:
        return TAP_FAILED;
    }
}

static int activate(pcap_t *pcap, const struct tap_options *options)
{
    pcap_set_snaplen(pcap, (int)options->snaplen);
    pcap_set_promisc(pcap, options->promiscuous);
    pcap_set_timeout(pcap, TAP_DELAY_MS);
    pcap_set_buffer_size(pcap, (int)options->buffer_bytes);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    return pcap_activate(pcap);
}

/* A packet's interface index is in the newer of the two cooked headers only. An old libpcap has
 * just the other: then the packets of "any" have no interface. */
static void prefer_index(struct tap *tap)
{
#ifdef DLT_LINUX_SLL2
    if (tap->any)
        (void)pcap_set_datalink(tap->pcap, DLT_LINUX_SLL2);
#endif
}

static bool set_filter(pcap_t *pcap, const char *text, char reason[static TAP_REASON_BYTES])
{
    struct bpf_program program;
    bool good;
    if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        (void)snprintf(reason, TAP_REASON_BYTES, "the filter '%s' is wrong: %s", text,
                       pcap_geterr(pcap));
        return false;
    }
    good = pcap_setfilter(pcap, &program) == 0;
    if (!good)
        (void)snprintf(reason, TAP_REASON_BYTES, "cannot set the filter: %s", pcap_geterr(pcap));
    pcap_freecode(&program);
    return good;
}

struct tap *tap_open(const char *name, const struct tap_options *options, enum tap_failure *failure,
                     char reason[static TAP_REASON_BYTES])
{
    char text[PCAP_ERRBUF_SIZE] = "";
    size_t size = strlen(name) + 1;
    struct tap *tap = calloc(1, sizeof(*tap) + size);
    int status;
    *failure = TAP_FAILED;
    if (!tap) {
        (void)snprintf(reason, TAP_REASON_BYTES, "out of memory");
        return NULL;
    }
    memcpy(tap->name, name, size);
    tap->any = strcmp(name, TAP_ANY) == 0;
    tap->pcap = pcap_create(name, text);
    if (!tap->pcap) {
        (void)snprintf(reason, TAP_REASON_BYTES, "%s", text);
        goto failed;
    }
    status = activate(tap->pcap, options);
    if (status < 0) {
        *failure = failure_of(status);
        explain(tap->pcap, status, reason);
        goto failed;
    }
    prefer_index(tap);
    if (options->filter && !set_filter(tap->pcap, options->filter, reason)) {
        *failure = TAP_BAD_FILTER;
        goto failed;
    }
    if (pcap_setnonblock(tap->pcap, 1, text) != 0) {
        (void)snprintf(reason, TAP_REASON_BYTES, "%s", text);
        goto failed;
    }
    /* Files hold LINKTYPE numbers, libpcap has DLT numbers; on Linux they differ for raw IP alone,
     * of what an interface has. */
    int dlt = pcap_datalink(tap->pcap);
    tap->link_type = (uint16_t)(dlt == DLT_RAW ? LINKTYPE_RAW : dlt);
    return tap;
failed:
    tap_close(tap);
    return NULL;
}

const char *tap_name(const struct tap *tap)
{
    return tap->name;
}

bool tap_is_any(const struct tap *tap)
{
    return tap->any;
}

uint16_t tap_link_type(const struct tap *tap)
{
    return tap->link_type;
}

int tap_fd(const struct tap *tap)
{
    return pcap_get_selectable_fd(tap->pcap);
}

bool tap_is_down(const struct tap *tap)
{
    return pcap_get_required_select_timeout(tap->pcap) != NULL;
}

enum tap_status tap_next(struct tap *tap, struct tap_packet *out)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    int n = pcap_next_ex(tap->pcap, &header, &data);
    if (n == 0)
        return TAP_NONE;
    if (n != 1) {
        explain(tap->pcap, n, tap->reason);
        return TAP_ENDED;
    }
    /* With nanosecond precision tv_usec holds nanoseconds. */
    out->time_ns =
        (uint64_t)header->ts.tv_sec * UINT64_C(1000000000) + (uint64_t)header->ts.tv_usec;
    out->data = data;
    out->caplen = header->caplen;
    out->len = header->len < header->caplen ? header->caplen : header->len;
    return TAP_PACKET;
}

const char *tap_reason(const struct tap *tap)
{
    return tap->reason;
}

/* Not ps_ifdrop: in promiscuous mode libpcap reads it from a file, which is closed to this program
 * while it runs. links.h has it. */
void tap_counts(struct tap *tap, uint64_t *accepted, uint64_t *dropped)
{
    struct pcap_stat stat;
    if (pcap_stats(tap->pcap, &stat) == 0) {
        tap->accepted += stat.ps_recv - tap->last_accepted;
        tap->dropped += stat.ps_drop - tap->last_dropped;
        tap->last_accepted = stat.ps_recv;
        tap->last_dropped = stat.ps_drop;
    }
    *accepted = tap->accepted;
    *dropped = tap->dropped;
}

void tap_close(struct tap *tap)
{
    if (!tap)
        return;
    if (tap->pcap)
        pcap_close(tap->pcap);
    free(tap);
}
