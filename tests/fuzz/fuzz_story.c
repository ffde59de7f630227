/*
 * Feeds a story with records made of the input: heads that are bent into range just far enough to
 * pass event_view(), and whatever bytes as their data. Every event is written as JSON and thrown
 * away; with RTCSHIM_FUZZ_EVENTS=FILE kept there, for tests/run/check_schema.py.
 *
 * Input: records one after the other, each 16 bytes of choices, 2 bytes of length, data.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/fake_process.h"
#include "bytes.h"
#include "tell.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

enum { CHOICES = 16, RECORDS_MAX = 64 };

static FILE *kept;

static void take_event(const json_t *event, void *ctx)
{
    char *text = json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII);

    (void)ctx;
    /* A NULL here is a string that is no UTF-8. */
    if (!text)
        abort();
    if (kept)
        fprintf(kept, "%s\n", text);
    free(text);
}

static struct netaddr address(uint8_t choice, uint8_t byte)
{
    uint8_t four[4] = {10, 8, 0, byte}, six[16] = {0x20, 1, 0xd, 0xb8};

    switch (choice & 7) {
    case 0:
        return (struct netaddr){0};
    case 1:
        return netaddr_from_bytes((const uint8_t[]){0, 0, 0, 0}, 4, 4000);
    case 2:
        return netaddr_from_bytes((const uint8_t[]){127, 0, 0, 1}, 4, 3478);
    case 3:
        six[15] = byte;
        return netaddr_from_bytes(six, 16, 53);
    case 4:
        return netaddr_from_bytes((const uint8_t[]){8, 8, 8, 8}, 4, 53);
    default:
        return netaddr_from_bytes(four, 4, 3478);
    }
}

static void one_record(struct story *story, const uint8_t *choice, const uint8_t *data, size_t len)
{
    static uint8_t bytes[EVENT_RECORD_MAX];
    struct event_view view;
    struct event head = {
        .kind = (uint16_t)(1 + choice[0] % (EVENT_KIND_COUNT - 1)),
        .call = (uint16_t)(choice[1] % EVENT_CALL_COUNT),
        .flags = be16(choice + 2) & 0x1fff,
        .process = choice[4] & 3u,
        .tid = choice[5],
        .time_ns = UINT64_C(1795219958123456789),
        .caller = choice[6],
        .result = (int8_t)choice[7],
        .fd = choice[8] % 4 - 1,
        .error = choice[9],
        .arg = be32(choice + 9),
        .ifindex = choice[10] & 3u,
        .local = address(choice[11], choice[12]),
        .remote = address(choice[13], choice[14]),
        .data_len = (uint32_t)len,
        .full_len = (uint32_t)len + (be16(choice + 2) & EVENT_CUT ? 1 : 0),
        .action = choice[15] >> 1 & 3,
        .rule = choice[15] & 8 ? 0xffff : choice[15],
    };

    /* Numbers that a kind gives a meaning to. */
    if (head.kind == EVENT_NAME || head.kind == EVENT_INTERFACES)
        head.arg = choice[9] & 15;
    if (head.kind == EVENT_IOCTL)
        head.arg = 0x8900u | choice[9];
    if (head.kind == EVENT_SOCKOPT)
        head.arg = (choice[9] & 3 ? choice[9] & 1 ? 1u : 41u : 0u) << 16 | choice[10];
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, data, len);
    if (event_view(bytes, sizeof head + len, &view))
        story_record(story, &view, choice[4] & 8 ? NULL : &fake_process);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static FILE *sink;
    const char *path = getenv("RTCSHIM_FUZZ_EVENTS");
    size_t pos = 0;

    if (!sink)
        sink = fopen("/dev/null", "w");
    if (!kept && path)
        kept = fopen(path, "a");
    struct story_options options = {.live = sink, .colour = true, .event = take_event};
    struct network *network = network_new_offline();
    /* The same bytes are a network too. */
    network_apply(network, in, len, NULL, NULL);
    struct story *story = story_new_on(&options, network);
    for (int i = 0; i < RECORDS_MAX && len - pos >= CHOICES + 2; i++) {
        const uint8_t *choice = in + pos;
        size_t want = be16(choice + CHOICES), have = len - pos - CHOICES - 2;
        size_t n = want < have ? want : have;
        if (n > EVENT_DATA_MAX)
            n = EVENT_DATA_MAX;
        one_record(story, choice, choice + CHOICES + 2, n);
        pos += CHOICES + 2 + n;
        if (choice[15] & 16)
            story_flush(story, (choice[15] & 32) != 0);
    }
    story_lost(story, len, "malformed record");
    story_flush(story, true);
    story_summary(story, sink, NULL, true, "/tmp/run");
    json_t *verdict = story_verdict_json(story), *networks = story_network_json(story);
    char *text = json_dumps(verdict, JSON_COMPACT);
    if (!text)
        abort();
    free(text);
    text = json_dumps(networks, JSON_COMPACT);
    if (!text)
        abort();
    free(text);
    json_decref(verdict);
    json_decref(networks);
    story_free(story);
    return 0;
}
