/* Lines of an events.ndjson that anybody may have written: taken apart, and joined. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "event_line.h"
#include "join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Text that is handed out is inside the line, and UTF-8 as far as terminals and JSON care. */
static void check_text(const struct event_text *text, const char *line, size_t len)
{
    if (!text->at)
        return;
    assert(text->at >= line && text->len <= len && (size_t)(text->at - line) <= len - text->len);
    assert(!memchr(text->at, 0, text->len));
}

static void check_entry(const struct event_entry *entry, void *context)
{
    unsigned *count = context;
    *count += entry->iface.len + entry->name.len + entry->data.len;
}

static void check_line(struct event_parser *parser, const struct event_line *line, const char *text,
                       size_t len)
{
    unsigned count = 0;
    check_text(&line->iface, text, len);
    check_text(&line->process.name, text, len);
    check_text(&line->process.cmdline, text, len);
    check_text(&line->rule, text, len);
    check_text(&line->stun.software, text, len);
    check_text(&line->names.question, text, len);
    assert(line->stun.txid_len <= sizeof(line->stun.txid));
    (void)event_line_list(parser, &line->looks.shown, check_entry, &count);
    (void)event_line_list(parser, &line->names.answers, check_entry, &count);
}

static void check_join(const struct join *j)
{
    size_t messages = 0;
    for (size_t i = 0; i < j->exchange_count; i++) {
        const struct join_exchange *x = &j->exchanges[i];
        assert(x->flow < j->flow_count && x->act < j->act_count && x->messages > 0);
        assert(x->first_message == messages);
        for (uint32_t k = 0; k < x->messages; k++)
            assert(j->messages[messages + k].exchange == i);
        messages += x->messages;
    }
    assert(messages == j->message_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_parser *parser = event_parser_new();
    struct join *j = join_new();
    assert(parser && j);
    join_add_cover(j, "tun0", 0, UINT64_MAX / 2);
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = end ? (size_t)(end - data) - at : size - at;
        char *text = malloc(len ? len : 1);
        struct event_line line = {0};
        struct event_line_fault fault = {0};
        assert(text);
        memcpy(text, data + at, len);
        if (event_line_parse(parser, text, len, &line, &fault)) {
            check_line(parser, &line, text, len);
            join_take_event(j, &line);
        } else {
            assert(fault.reason && fault.offset <= len);
        }
        free(text);
        at += len + 1;
    }
    if (join_finish(j))
        check_join(j);
    join_free(j);
    event_parser_free(parser);
    return 0;
}
