/* Reads a run's events, then its capture, into a join. */
#include "join_run.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "join_wire.h"

enum { LINKS_MAX = 4096 };

struct both {
    struct join *join;
    event_line_fn *also;
    void *context;
};

static void take_line(const struct event_line *line, void *context)
{
    const struct both *both = context;
    if (both->also)
        both->also(line, both->context);
    join_take_event(both->join, line);
}

static void add_locals(struct join *j, const struct run_folder *run)
{
    for (size_t i = 0; i < run->address_count; i++)
        join_add_local(j, &run->addresses[i].ip);
}

static bool is_captured(const struct run_folder *run, const struct join_span *span,
                        const char *name)
{
    for (size_t i = 0; i < run->capture.iface_count; i++)
        if (strcmp(run->capture.ifaces[i], name) == 0 || strcmp(run->capture.ifaces[i], "any") == 0)
            return true;
    for (size_t i = 0; !run->capture.there && i < span->iface_count; i++)
        if (strcmp(span->ifaces[i], name) == 0)
            return true;
    return false;
}

struct known_link {
    json_int_t index;
    const char *name; /* NULL: it was removed */
};

static struct known_link *link_of(struct known_link *links, size_t *count, json_int_t index)
{
    for (size_t i = 0; i < *count; i++)
        if (links[i].index == index)
            return &links[i];
    if (*count == LINKS_MAX)
        return NULL;
    links[*count] = (struct known_link){.index = index};
    return &links[(*count)++];
}

/*
 * When an interface was first given another name; UINT64_MAX never. A capture knows it by the old
 * one, and loses it if it then goes down, so that nothing is known to be absent from then on.
 */
static uint64_t renamed_ns(const struct run_folder *run)
{
    struct known_link *links = calloc(LINKS_MAX, sizeof(*links));
    size_t i, count = 0;
    const json_t *change;
    uint64_t at = 0;
    if (!links)
        return 0;
    for (i = 0; i < run->iface_count; i++) {
        struct known_link *link = link_of(links, &count, run->ifaces[i].index);
        if (link)
            link->name = run->ifaces[i].name;
    }
    json_array_foreach(run->network_changes, i, change)
    {
        const json_t *iface = json_object_get(change, "interface");
        const char *verb = json_string_value(json_object_get(change, "change"));
        const char *name = json_string_value(json_object_get(iface, "iface"));
        const char *time = json_string_value(json_object_get(change, "timestamp"));
        struct known_link *link;
        if (!name)
            continue;
        at = time ? run_time_ns(time, strlen(time)) : 0;
        link = link_of(links, &count, json_integer_value(json_object_get(iface, "index")));
        /* Too many to be remembered: one of them may have been. */
        if (!link || (link->name && strcmp(link->name, name) != 0))
            goto out;
        link->name = verb && strcmp(verb, "removed") == 0 ? NULL : name;
    }
    at = UINT64_MAX;
out:
    free(links);
    return at;
}

static bool are_all_captured(const struct run_folder *run, const struct join_span *span)
{
    for (size_t i = 0; i < run->iface_count; i++) {
        const struct run_iface *iface = &run->ifaces[i];
        if (iface->up && !iface->loopback && (!iface->name || !is_captured(run, span, iface->name)))
            return false;
    }
    return run->iface_count > 0;
}

/*
 * What was captured and when: run.json's word, and where that has none what the file itself shows,
 * which is from its first packet to its last. A damaged file ends where the damage is.
 */
static void add_covers(struct join *j, const struct run_folder *run, const struct join_span *span)
{
    const struct run_capture *capture = &run->capture;
    uint64_t start = j->wire.first_ns, end = j->wire.last_ns;
    if (capture->there && capture->started_ns != 0)
        start = capture->started_ns;
    if (capture->there && capture->ended_ns != 0 && !span->damaged)
        end = capture->ended_ns;
    uint64_t renamed = renamed_ns(run);
    if (end > renamed)
        end = renamed;
    /* How many packets a capture dropped is known only of one that ended as it should. */
    if ((capture->there && !capture->complete) || capture->dropped > 0 || start == 0 || end == 0)
        return;
    for (size_t i = 0; i < capture->iface_count; i++) {
        bool any = strcmp(capture->ifaces[i], "any") == 0;
        join_add_cover(j, any ? NULL : capture->ifaces[i], start, end);
    }
    for (size_t i = 0; !capture->there && i < span->iface_count; i++)
        join_add_cover(j, span->ifaces[i], start, end);
    if (capture->later)
        join_set_later_covered(j, end);
    if (renamed == UINT64_MAX && are_all_captured(run, span))
        join_set_all_covered(j);
}

static bool take_wire(struct join *j, struct run_folder *run)
{
    struct join_span span = {0};
    int fd = run_folder_file(run, RUN_WIRE_FILE);
    bool good;
    if (fd < 0) {
        if (errno != ENOENT || run->capture.there)
            run_folder_not_opened(run, RUN_WIRE_FILE);
        return true;
    }
    good = join_wire_read(j, fd, &span);
    close(fd);
    if (span.damaged)
        run_folder_damage(run, RUN_WIRE_FILE, 0, span.damage_offset, "%s", span.damage);
    add_covers(j, run, &span);
    join_span_free(&span);
    return good;
}

struct join *join_run(struct run_folder *run, event_line_fn *also, void *context,
                      struct event_totals *totals)
{
    struct both both = {.also = also, .context = context};
    struct join *j = both.join = join_new();
    if (!j)
        return NULL;
    add_locals(j, run);
    join_set_run(j, run->start_ns, run->end_ns);
    (void)event_reader_run(run, take_line, &both, totals);
    for (size_t i = 0; i < run->process_count; i++)
        if (run->processes[i].other_network && run->processes[i].pid != 0)
            join_set_elsewhere(j, run->processes[i].pid);
    j->events_lost += totals->missing;
    if (j->events_lost < run->events_lost)
        j->events_lost = run->events_lost;
    bool good = take_wire(j, run);
    if (!join_finish(j) || !good) {
        join_free(j);
        return NULL;
    }
    return j;
}
