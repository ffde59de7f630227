/* Prints events as they happen, a line each, and folds repeated ones. */
#include "live.h"

#include <stdlib.h>
#include <string.h>

#include "live_text.h"

/* Room for the longest text of live_text.c, so that no line ends inside a character. */
enum { LIVE_WHAT_BYTES = 1408, LIVE_LINE_BYTES = 1536 };

struct live_recent {
    char line[LIVE_LINE_BYTES]; /* "" unused */
    const char *colour;
    uint64_t first_ms;
    uint64_t repeats; /* not told yet */
};

struct live {
    FILE *out;
    bool colour;
    size_t next; /* the slot that is used again next */
    struct live_recent recent[LIVE_RECENT_MAX];
};

struct live *live_new(FILE *out, bool colour)
{
    struct live *live = calloc(1, sizeof *live);

    if (live) {
        live->out = out;
        live->colour = colour;
    }
    return live;
}

void live_free(struct live *live)
{
    free(live);
}

static const char *live_colour(const json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "event_type"));
    const json_t *verdict = json_object_get(event, "verdict");
    const char *action = json_string_value(json_object_get(verdict, "action"));
    const char *coverage =
        json_string_value(json_object_get(json_object_get(event, "process"), "coverage"));
    static const struct {
        const char *type, *colour;
    } colours[] = {
        {"stun", "\033[36m"},    {"probe", "\033[33m"},  {"enumeration", "\033[33m"},
        {"network", "\033[35m"}, {"policy", "\033[35m"}, {"stats", "\033[1;31m"},
    };

    if ((action && strcmp(action, "deny") == 0) ||
        (coverage && strcmp(coverage, "covered") != 0 && strcmp(coverage, "unknown") != 0))
        return "\033[1;31m";
    for (size_t i = 0; type && i < sizeof colours / sizeof colours[0]; i++)
        if (strcmp(colours[i].type, type) == 0)
            return colours[i].colour;
    return "";
}

static void live_print(struct live *live, const char *time, const struct live_recent *recent)
{
    bool coloured = live->colour && recent->colour[0];

    fprintf(live->out, "%-12s  %s%s%s", time, coloured ? recent->colour : "", recent->line,
            coloured ? "\033[0m" : "");
    if (recent->repeats)
        fprintf(live->out, " (%llu more)", (unsigned long long)recent->repeats);
    fputc('\n', live->out);
}

static void live_tell_repeats(struct live *live, struct live_recent *recent)
{
    if (recent->line[0] && recent->repeats)
        live_print(live, "", recent);
    recent->line[0] = '\0';
    recent->repeats = 0;
}

void live_event(struct live *live, const json_t *event, uint64_t now_ms)
{
    char what[LIVE_WHAT_BYTES], who[80], line[LIVE_LINE_BYTES];
    const char *type = json_string_value(json_object_get(event, "event_type"));
    const char *timestamp = json_string_value(json_object_get(event, "timestamp"));
    char time[16] = "";

    if (!type || !live_text_what(event, what, sizeof what))
        return;
    live_text_who(event, who, sizeof who);
    snprintf(line, sizeof line, "%-11.16s  %-30s  %s", type, who, what);

    for (size_t i = 0; i < LIVE_RECENT_MAX; i++)
        if (strcmp(live->recent[i].line, line) == 0) {
            live->recent[i].repeats++;
            return;
        }
    if (timestamp && strlen(timestamp) >= 23)
        memcpy(time, timestamp + 11, 12);
    struct live_recent *slot = &live->recent[live->next];
    live->next = (live->next + 1) % LIVE_RECENT_MAX;
    live_tell_repeats(live, slot);
    memcpy(slot->line, line, sizeof line);
    slot->colour = live_colour(event);
    slot->first_ms = now_ms;
    live_print(live, time, slot);
}

void live_flush(struct live *live, uint64_t now_ms, bool all)
{
    for (size_t i = 0; i < LIVE_RECENT_MAX; i++) {
        struct live_recent *recent = &live->recent[i];
        if (recent->line[0] && (all || now_ms - recent->first_ms >= LIVE_FOLD_MS))
            live_tell_repeats(live, recent);
    }
    fflush(live->out);
}
