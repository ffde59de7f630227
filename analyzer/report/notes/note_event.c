/* Sentences about events that are no packets: what was asked of the system. */
#include "note.h"

#include <string.h>

enum { ENTRIES_MAX = 8 }; /* of a list that are named */

static void add_text(struct note *note, enum pseudonym_kind kind, const char *before,
                     const struct event_text *text)
{
    if (!text->at)
        return;
    note_say(note, before);
    note_name(note, kind, text->at, text->len);
}

static void add_word(struct note *note, const char *before, const struct event_text *text)
{
    if (!text->at)
        return;
    note_say(note, before);
    note_word(note, text->at, text->len);
}

bool note_is_record(const struct event_line *line)
{
    switch (line->type) {
    case EVENT_LINE_ENUMERATION:
    case EVENT_LINE_PROBE:
    case EVENT_LINE_DNS:
    case EVENT_LINE_MDNS:
    case EVENT_LINE_NETWORK:
    case EVENT_LINE_POLICY:
        return line->time_ns != 0;
    case EVENT_LINE_STATS:
        return line->time_ns != 0 && line->changed.lost != 0;
    default:
        return false;
    }
}

struct listing {
    struct note *note;
    unsigned count;
};

static void list_entry(const struct event_entry *entry, void *context)
{
    struct listing *listing = context;
    if (listing->count++ >= ENTRIES_MAX)
        return;
    note_say(listing->note, listing->count > 1 ? ", " : " ");
    if (entry->iface.at)
        note_name(listing->note, PSEUDONYM_IFACE, entry->iface.at, entry->iface.len);
    if (entry->ip.family != NETADDR_NONE) {
        note_say(listing->note, entry->iface.at ? " " : "");
        note_ip(listing->note, &entry->ip);
    } else if (entry->data.at) {
        note_name(listing->note, PSEUDONYM_HOST, entry->data.at, entry->data.len);
    }
}

/* false: there is nothing in it. */
static bool add_list(struct note *note, struct event_parser *parser, const char *before,
                     const struct event_list *list)
{
    struct listing listing = {.note = note};
    size_t start = note->len;
    if (!list->at)
        return false;
    note_say(note, before);
    if (!event_line_list(parser, list, list_entry, &listing) || listing.count == 0) {
        note->len = start;
        note->text[start] = '\0';
        return false;
    }
    if (listing.count > ENTRIES_MAX)
        note_add(note, " and %u more", listing.count - ENTRIES_MAX);
    return true;
}

static void add_enumeration(struct note *note, const struct event_line *line,
                            struct event_parser *parser)
{
    const struct event_looks *looks = &line->looks;
    const struct event_text *call = &line->hook.call;
    const bool says_call = call->at && looks->via.len == call->len && looks->via.at &&
                           memcmp(looks->via.at, call->at, call->len) == 0;
    note_say(note, "enumeration");
    if (!says_call)
        add_word(note, " ", &looks->via);
    add_word(note, " ", &looks->request);
    add_word(note, " ", &looks->notification);
    add_text(note, PSEUDONYM_PATH, " ", &looks->path);
    (void)add_list(note, parser, ", shown", &looks->shown);
    (void)add_list(note, parser, ", hidden", &looks->hidden);
}

static void add_probe(struct note *note, const struct event_line *line)
{
    note_say(note, "probe of ");
    note_address(note, &line->target);
    if (line->answer.family == NETADDR_NONE)
        return;
    note_say(note, " answered ");
    note_ip(note, &line->answer);
}

static void add_question(struct note *note, const struct event_line *line,
                         struct event_parser *parser)
{
    const struct event_names *names = &line->names;
    const bool answer = names->kind.at && names->kind.len == sizeof("answer") - 1;
    note_say(note, line->type == EVENT_LINE_MDNS ? "mDNS" : "DNS");
    add_word(note, " ", &names->kind);
    add_text(note, PSEUDONYM_HOST, answer ? " to " : " ", &names->question);
    add_word(note, " ", &names->qtype);
    if (names->server.family != NETADDR_NONE) {
        note_say(note, " of ");
        note_address(note, &names->server);
    } else if (line->dst.family != NETADDR_NONE) {
        note_say(note, " to ");
        note_address(note, &line->dst);
    }
    if (!add_list(note, parser, ":", &names->answers) && answer)
        note_say(note, ": none");
}

static enum note_priority add_network(struct note *note, const struct event_line *line)
{
    const struct event_change *change = &line->changed;
    const bool is_iface = change->what.at && change->what.len == sizeof("interface") - 1;
    note_say(note, "network,");
    add_word(note, " ", &change->what);
    add_text(note, PSEUDONYM_IFACE, " ", &change->iface);
    if (change->ip.family != NETADDR_NONE) {
        note_say(note, " ");
        note_ip(note, &change->ip);
    }
    add_word(note, " ", &change->change);
    if (is_iface)
        note_add(note, ", %s", change->up ? "up" : "down");
    return NOTE_NOTICE;
}

/* What is not a process's doing. */
static enum note_priority note_change(struct note *note, const struct event_line *line)
{
    const struct event_change *change = &line->changed;
    if (line->type == EVENT_LINE_NETWORK)
        return add_network(note, line);
    if (line->type == EVENT_LINE_STATS) {
        note_add(note, "%llu events were lost here", (unsigned long long)change->lost);
        return NOTE_WARNING;
    }
    note_say(note, "policy");
    add_text(note, PSEUDONYM_POLICY, " ", &change->name);
    note_say(note, " in force");
    return NOTE_NOTICE;
}

static void add_process(struct note *note, const struct event_process *process)
{
    if (process->name.at)
        note_name(note, PSEUDONYM_PROGRAM, process->name.at, process->name.len);
    else
        note_say(note, "unknown process");
    note_add(note, "[%u", process->pid);
    add_word(note, " ", &process->role);
    note_say(note, "]");
}

static void add_policy(struct note *note, const struct event_line *line)
{
    static const char *const names[] = {[EVENT_LINE_ALLOW] = "allow",
                                        [EVENT_LINE_DENY] = "deny",
                                        [EVENT_LINE_PIN] = "pin",
                                        [EVENT_LINE_HIDE] = "hide"};
    if (!line->rule.at)
        return;
    add_text(note, PSEUDONYM_POLICY, ", policy ", &line->rule);
    note_add(note, " %s",
             line->action < sizeof(names) / sizeof(names[0]) ? names[line->action] : "?");
}

enum note_priority note_event(struct note *note, const struct event_line *line,
                              struct event_parser *parser)
{
    enum note_priority priority = line->action == EVENT_LINE_DENY || line->action == EVENT_LINE_HIDE
                                      ? NOTE_NOTICE
                                      : NOTE_INFO;

    note_say(note, "rtcshim: ");
    switch (line->type) {
    case EVENT_LINE_NETWORK:
    case EVENT_LINE_POLICY:
    case EVENT_LINE_STATS:
        priority = note_change(note, line);
        break;
    default:
        add_process(note, &line->process);
        add_word(note, " ", &line->hook.call);
        note_say(note, ", ");
        if (line->type == EVENT_LINE_ENUMERATION)
            add_enumeration(note, line, parser);
        else if (line->type == EVENT_LINE_PROBE)
            add_probe(note, line);
        else
            add_question(note, line, parser);
        add_policy(note, line);
        add_word(note, ", ", &line->hook.error);
    }
    if (line->seq != 0)
        note_add(note, " (event %llu)", (unsigned long long)line->seq);
    return priority;
}
