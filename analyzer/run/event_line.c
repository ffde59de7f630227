/* The tables of an event's fields, and what follows from them. */
#include "event_line.h"

#include <stdlib.h>
#include <string.h>

#include "event_fields.h"
#include "stun.h"

#define FIELD(name_, form_, offset_, more_)                                                        \
    {                                                                                              \
        .name = (name_), .len = sizeof(name_) - 1, .form = (form_), .offset = (offset_),           \
        .more = (more_)                                                                            \
    }
#define OF(member) offsetof(struct event_line, member)
#define TABLE(name, rows)                                                                          \
    static const struct field_table name = {(rows), sizeof(rows) / sizeof(*(rows))}

static const char *const type_words[] = {"",
#define EVENT_LINE_TYPE_ROW(ident, name) name,
                                         EVENT_LINE_TYPES(EVENT_LINE_TYPE_ROW)
#undef EVENT_LINE_TYPE_ROW
                                             NULL};
static const char *const witness_words[] = {"shim", "wire", NULL};
static const char *const proto_words[] = {"", "UDP", "TCP", NULL};
static const char *const direction_words[] = {"", "in", "out", NULL};
static const char *const source_words[] = {"unknown", "route",   "address",
                                           "pinned",  "capture", NULL};
static const char *const action_words[] = {"allow", "deny", "pin", "hide", NULL};

static const struct field process_rows[] = {
    FIELD("pid", FIELD_U32, OF(process.pid), NULL),
    FIELD("tid", FIELD_U32, OF(process.tid), NULL),
    FIELD("name", FIELD_TEXT, OF(process.name), NULL),
    FIELD("thread", FIELD_TEXT, OF(process.thread), NULL),
    FIELD("role", FIELD_TEXT, OF(process.role), NULL),
    FIELD("ns_pid", FIELD_U32, OF(process.ns_pid), NULL),
    FIELD("parent", FIELD_U32, OF(process.parent), NULL),
    FIELD("exe", FIELD_TEXT, OF(process.exe), NULL),
    FIELD("cmdline", FIELD_TEXT, OF(process.cmdline), NULL),
    FIELD("by_fork", FIELD_TRUE, OF(process.by_fork), NULL),
    FIELD("coverage", FIELD_TEXT, OF(process.coverage), NULL),
    FIELD("reason", FIELD_TEXT, OF(process.reason), NULL),
    FIELD("state", FIELD_TEXT, OF(process.state), NULL),
};
TABLE(process_table, process_rows);

static const struct field hook_rows[] = {
    FIELD("call", FIELD_TEXT, OF(hook.call), NULL),
    FIELD("fd", FIELD_I32, OF(hook.fd), NULL),
    FIELD("result", FIELD_I64, OF(hook.result), NULL),
    FIELD("errno", FIELD_TEXT, OF(hook.error), NULL),
    FIELD("caller", FIELD_TEXT, OF(hook.caller), NULL),
};
TABLE(hook_table, hook_rows);

static const struct field error_rows[] = {
    FIELD("code", FIELD_U16, OF(stun.error_code), NULL),
    FIELD("reason", FIELD_TEXT, OF(stun.error_reason), NULL),
};
TABLE(error_table, error_rows);

/* "damaged" is text there. */
static const struct field stun_rows[] = {
    FIELD("class", FIELD_TEXT, OF(stun.cls), NULL),
    FIELD("method", FIELD_TEXT, OF(stun.method), NULL),
    FIELD("txid", FIELD_BYTES, OF(stun.txid), NULL),
    FIELD("classic", FIELD_TRUE, OF(stun.classic), NULL),
    FIELD("mapped", FIELD_ADDRESS, OF(stun.mapped), NULL),
    FIELD("xor_relayed", FIELD_ADDRESS, OF(stun.relayed), NULL),
    FIELD("username", FIELD_TEXT, OF(stun.username), NULL),
    FIELD("software", FIELD_TEXT, OF(stun.software), NULL),
    FIELD("error", FIELD_TABLE, 0, &error_table),
    FIELD("cut", FIELD_TRUE, OF(stun.cut), NULL),
    FIELD("unsynced", FIELD_TRUE, OF(stun.unsynced), NULL),
};
TABLE(stun_table, stun_rows);

static const struct field channel_rows[] = {
    FIELD("channel", FIELD_HEX, OF(channel.channel), NULL),
    FIELD("packets", FIELD_U64, OF(channel.packets), NULL),
    FIELD("bytes", FIELD_U64, OF(channel.bytes), NULL),
};
TABLE(channel_table, channel_rows);

static const struct field verdict_rows[] = {
    FIELD("action", FIELD_WORD, OF(action), action_words),
    FIELD("rule", FIELD_TEXT, OF(rule), NULL),
};
TABLE(verdict_table, verdict_rows);

static const struct field looks_rows[] = {
    FIELD("via", FIELD_TEXT, OF(looks.via), NULL),
    FIELD("request", FIELD_TEXT, OF(looks.request), NULL),
    FIELD("notification", FIELD_TEXT, OF(looks.notification), NULL),
    FIELD("path", FIELD_TEXT, OF(looks.path), NULL),
    FIELD("answered", FIELD_TRUE, OF(looks.answered), NULL),
    FIELD("complete", FIELD_TRUE, OF(looks.complete), NULL),
    FIELD("shown", FIELD_LIST, OF(looks.shown), NULL),
    FIELD("hidden", FIELD_LIST, OF(looks.hidden), NULL),
};
TABLE(looks_table, looks_rows);

static const struct field probe_rows[] = {
    FIELD("target", FIELD_ADDRESS, OF(target), NULL),
    FIELD("answer", FIELD_ADDRESS, OF(answer), NULL),
};
TABLE(probe_table, probe_rows);

static const struct field names_rows[] = {
    FIELD("type", FIELD_TEXT, OF(names.kind), NULL),
    FIELD("rcode", FIELD_TEXT, OF(names.rcode), NULL),
    FIELD("question", FIELD_TEXT, OF(names.question), NULL),
    FIELD("qtype", FIELD_TEXT, OF(names.qtype), NULL),
    FIELD("answers", FIELD_LIST, OF(names.answers), NULL),
    FIELD("authority", FIELD_LIST, OF(names.authority), NULL),
    FIELD("additional", FIELD_LIST, OF(names.additional), NULL),
    FIELD("via", FIELD_TEXT, OF(names.via), NULL),
    FIELD("server", FIELD_IP, OF(names.server), NULL),
};
TABLE(names_table, names_rows);

static const struct field socket_rows[] = {
    FIELD("option", FIELD_TEXT, OF(changed.option), NULL),
    FIELD("iface", FIELD_TEXT, OF(changed.iface), NULL),
    FIELD("ifindex", FIELD_U32, OF(changed.ifindex), NULL),
    FIELD("ip", FIELD_IP, OF(changed.ip), NULL),
    FIELD("value", FIELD_U32, OF(changed.value), NULL),
};
TABLE(socket_table, socket_rows);

/* Of an interface, an address or a route; only one of them is there. */
static const struct field thing_rows[] = {
    FIELD("iface", FIELD_TEXT, OF(changed.iface), NULL),
    FIELD("index", FIELD_U32, OF(changed.ifindex), NULL),
    FIELD("kind", FIELD_TEXT, OF(changed.kind), NULL),
    FIELD("link_type", FIELD_TEXT, OF(changed.link_type), NULL),
    FIELD("up", FIELD_TRUE, OF(changed.up), NULL),
    FIELD("loopback", FIELD_TRUE, OF(changed.loopback), NULL),
    FIELD("to", FIELD_TEXT, OF(changed.to), NULL),
    FIELD("via", FIELD_IP, OF(changed.ip), NULL),
    FIELD("ip", FIELD_IP, OF(changed.ip), NULL),
    FIELD("prefix", FIELD_U32, OF(changed.value), NULL),
};
TABLE(thing_table, thing_rows);

static const struct field network_rows[] = {
    FIELD("change", FIELD_TEXT, OF(changed.change), NULL),
    FIELD("what", FIELD_TEXT, OF(changed.what), NULL),
    FIELD("interface", FIELD_TABLE, 0, &thing_table),
    FIELD("address", FIELD_TABLE, 0, &thing_table),
    FIELD("route", FIELD_TABLE, 0, &thing_table),
};
TABLE(network_table, network_rows);

static const struct field policy_rows[] = {
    FIELD("name", FIELD_TEXT, OF(changed.name), NULL),
    FIELD("generation", FIELD_U64, OF(changed.generation), NULL),
    FIELD("reason", FIELD_TEXT, OF(changed.reason), NULL),
    FIELD("vpn", FIELD_TEXT, OF(changed.vpn), NULL),
};
TABLE(policy_table, policy_rows);

static const struct field stats_rows[] = {
    FIELD("lost", FIELD_U64, OF(changed.lost), NULL),
    FIELD("lost_total", FIELD_U64, OF(changed.lost_total), NULL),
    FIELD("reason", FIELD_TEXT, OF(changed.reason), NULL),
};
TABLE(stats_table, stats_rows);

static const struct field owner_rows[] = {
    FIELD("inode", FIELD_U64, OF(changed.inode), NULL),
    FIELD("uid", FIELD_I64, OF(changed.uid), NULL),
    FIELD("source", FIELD_TEXT, OF(changed.source), NULL),
    FIELD("of_run", FIELD_TRUTH, OF(changed.of_run), NULL),
    FIELD("txid", FIELD_TEXT, OF(changed.txid), NULL),
};
TABLE(owner_table, owner_rows);

static const struct field line_rows[] = {
    FIELD("timestamp", FIELD_TIME, OF(time_ns), NULL),
    FIELD("event_type", FIELD_WORD, OF(type), type_words),
    FIELD("witness", FIELD_WORD, OF(witness), witness_words),
    FIELD("seq", FIELD_U64, OF(seq), NULL),
    FIELD("src_ip", FIELD_IP, OF(src), NULL),
    FIELD("src_port", FIELD_PORT, OF(src), NULL),
    FIELD("dest_ip", FIELD_IP, OF(dst), NULL),
    FIELD("dest_port", FIELD_PORT, OF(dst), NULL),
    FIELD("src_name", FIELD_TEXT, OF(src_name), NULL),
    FIELD("dest_name", FIELD_TEXT, OF(dest_name), NULL),
    FIELD("bound_ip", FIELD_IP, OF(bound), NULL),
    FIELD("proto", FIELD_WORD, OF(protocol), proto_words),
    FIELD("direction", FIELD_WORD, OF(direction), direction_words),
    FIELD("in_iface", FIELD_TEXT, OF(iface), NULL),
    FIELD("iface_source", FIELD_WORD, OF(iface_source), source_words),
    FIELD("address_iface", FIELD_TEXT, OF(address_iface), NULL),
    FIELD("process", FIELD_TABLE, 0, &process_table),
    FIELD("hook", FIELD_TABLE, 0, &hook_table),
    FIELD("stun", FIELD_TABLE, 0, &stun_table),
    FIELD("channel_data", FIELD_TABLE, 0, &channel_table),
    FIELD("enumeration", FIELD_TABLE, 0, &looks_table),
    FIELD("probe", FIELD_TABLE, 0, &probe_table),
    FIELD("dns", FIELD_TABLE, 0, &names_table),
    FIELD("mdns", FIELD_TABLE, 0, &names_table),
    FIELD("socket", FIELD_TABLE, 0, &socket_table),
    FIELD("network", FIELD_TABLE, 0, &network_table),
    FIELD("policy", FIELD_TABLE, 0, &policy_table),
    FIELD("stats", FIELD_TABLE, 0, &stats_table),
    FIELD("owner", FIELD_TABLE, 0, &owner_table),
    FIELD("verdict", FIELD_TABLE, 0, &verdict_table),
};
TABLE(line_table, line_rows);

static const struct field entry_rows[] = {
    FIELD("iface", FIELD_TEXT, offsetof(struct event_entry, iface), NULL),
    FIELD("ip", FIELD_IP, offsetof(struct event_entry, ip), NULL),
    FIELD("name", FIELD_TEXT, offsetof(struct event_entry, name), NULL),
    FIELD("type", FIELD_TEXT, offsetof(struct event_entry, type), NULL),
    FIELD("data", FIELD_TEXT, offsetof(struct event_entry, data), NULL),
};
TABLE(entry_table, entry_rows);

const char *event_line_type_name(enum event_line_type type)
{
    return type < EVENT_LINE_TYPE_COUNT ? type_words[type] : "";
}

static bool is_word(const struct event_text *text, const char *word)
{
    return text->at && strlen(word) == text->len && memcmp(text->at, word, text->len) == 0;
}

static uint16_t method_number(const struct event_text *name)
{
    static const struct {
        const char *name;
        uint16_t number;
    } methods[] = {
#define STUN_METHOD(ident, number, name, source) {name, number},
#include "stun_methods.def"
#undef STUN_METHOD
#define STUN_MS_METHOD(number, name) {name, number},
#include "stun_ms.def"
#undef STUN_MS_METHOD
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (is_word(name, methods[i].name))
            return methods[i].number;
    unsigned value = 0;
    for (uint32_t i = 2; name->at && name->len <= 6 && i < name->len; i++) {
        char c = name->at[i];
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return (uint16_t)(value & 0xfff);
}

/* RFC 8489 section 5: the class's two bits stand between the method's. */
static uint16_t stun_type(const struct event_stun *stun)
{
    unsigned method = method_number(&stun->method), cls = STUN_REQUEST;
    for (unsigned i = STUN_REQUEST; i <= STUN_ERROR_RESPONSE; i++)
        if (is_word(&stun->cls, stun_class_name((enum stun_class)i)))
            cls = i;
    return (uint16_t)((method & 0xf) | (method & 0x70) << 1 | (method & 0xf80) << 2 |
                      (cls & 1) << 4 | (cls & 2) << 7);
}

/* What the tables can't say. */
static void derive(struct event_line *out)
{
    static const uint8_t protocols[] = {0, 17, 6};
    out->wire = out->witness == 1;
    out->protocol = protocols[out->protocol];
    out->hook.there = out->hook.call.at != NULL;
    out->hook.failed = out->hook.there && (out->hook.error.at || out->hook.result < 0);
    out->stun.there = out->type == EVENT_LINE_STUN && out->stun.txid_len >= STUN_TXID_BYTES;
    out->channel.there = out->type == EVENT_LINE_STUN && out->channel.packets > 0;
    if (out->stun.there)
        out->stun.type = stun_type(&out->stun);
}

bool event_line_parse(struct event_parser *p, char *text, size_t len, struct event_line *out,
                      struct event_line_fault *fault)
{
    unsigned next;
    uint64_t line = out->line, offset = out->offset;
    p->fault = fault;
    *out = (struct event_line){.line = line, .offset = offset};
    out->hook.fd = -1;
    out->changed.uid = -1;
    if (len > EVENT_LINE_BYTES_MAX)
        return event_fault(p, 0, "it is too long");
    if (!event_tokens(p, text, len))
        return false;
    if (p->tokens[0].type != JSMN_OBJECT)
        return event_fault(p, p->tokens[0].start, "it is no object");
    if (!event_fields(p, 0, &line_table, out, &next))
        return false;
    if (next < p->count)
        return event_fault(p, p->tokens[next].start, "something stands behind the object");
    derive(out);
    return true;
}

bool event_line_list(struct event_parser *p, const struct event_list *list, event_entry_fn *each,
                     void *context)
{
    char *copy;
    bool good;
    if (!list->at)
        return true;
    copy = malloc(list->len);
    if (!copy)
        return false;
    memcpy(copy, list->at, list->len);
    p->fault = &p->unasked;
    good = event_tokens(p, copy, list->len) && p->tokens[0].type == JSMN_ARRAY;
    for (unsigned at = 1; good && at < p->count;) {
        struct event_entry entry = {0};
        unsigned next = at + 1;
        if (p->tokens[at].type == JSMN_OBJECT)
            good = event_fields(p, at, &entry_table, &entry, &next);
        else
            entry.data = event_text_of(p, at);
        if (good && entry.ip.family == NETADDR_NONE)
            entry.ip = event_ip_of(&entry.data);
        if (good)
            each(&entry, context);
        at = event_skip(p, at);
    }
    free(copy);
    return good;
}
