/* Says which rule meets an event. */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "hosts.h"
#include "printer.h"
#include "role.h"
#include "say.h"
#include "text_escape.h"
#include "words.h"

void explain_init(struct explain *explain, const struct policy_source *source, const char *vpn)
{
    explain->source = source;
    explain->vpn = vpn;
    /* Numbers that no interface has. */
    explain->next_ifindex = 0x7fff0000;
}

/* --- from an event ---------------------------------------------------------------------------- */

static const char *string_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static bool is(const json_t *o, const char *key, const char *text)
{
    return strcmp(string_of(o, key), text) == 0;
}

static struct netaddr address_of(const json_t *o, const char *ip, const char *port)
{
    struct netaddr addr = {0};

    if (netaddr_parse_ip(string_of(o, ip), &addr))
        addr.port = (uint16_t)json_integer_value(json_object_get(o, port));
    return addr;
}

static uint16_t method_of(const json_t *stun)
{
    const json_t *method = json_object_get(stun, "method");
    const char *text = json_string_value(method);
    const struct word *row = text ? words_find(&words_methods, text, strlen(text)) : NULL;

    if (row)
        return (uint16_t)row->value;
    return (uint16_t)(text ? strtoul(text, NULL, 0) : 0);
}

static uint8_t class_of(const json_t *stun)
{
    const char *text = string_of(stun, "class");
    const struct word *row = words_find(&words_classes, text, strlen(text));

    for (uint8_t i = 0; row && i < 4; i++)
        if (row->value == 1u << i)
            return i;
    return 0;
}

static void take_flow(const json_t *event, struct explain_what *out)
{
    struct policy_subject *s = &out->subject;

    s->server = address_of(event, "dest_ip", "dest_port");
    /* A wildcard socket's own address is what the route gave it. */
    if (!json_object_get(event, "bound_ip"))
        s->local = address_of(event, "src_ip", "src_port");
    s->transport = is(event, "proto", "TCP")   ? POLICY_TCP
                   : is(event, "proto", "UDP") ? POLICY_UDP
                                               : 0;
    if (s->transport == POLICY_UDP)
        s->proxied = POLICY_DIRECT;
    (void)snprintf(out->carried, sizeof out->carried, "%.15s", string_of(event, "in_iface"));
    if (is(event, "iface_source", "pinned"))
        memcpy(out->iface, out->carried, sizeof out->iface);
}

bool explain_of_event(const json_t *event, struct explain_what *out, const char **why)
{
    static const char incoming[] = "it came in; a policy judges what goes out, and hides addresses";
    const char *type = string_of(event, "event_type");
    const json_t *process = json_object_get(event, "process");
    const char *role = string_of(process, "role");
    struct policy_subject *s = &out->subject;

    memset(out, 0, sizeof *out);
    take_flow(event, out);
    s->role = json_object_get(process, "role") ? 1u << role_of_name(role, strlen(role)) : 0;
    *why = incoming;
    if (strcmp(type, "stun") == 0) {
        const json_t *stun = json_object_get(event, "stun");
        s->topic = POLICY_STUN;
        s->stun_method = method_of(stun);
        s->stun_class = class_of(stun);
        *why = stun ? incoming : "ChannelData is media on a channel that STUN opened";
        return stun && !is(event, "direction", "in");
    }
    if (strcmp(type, "probe") == 0) {
        s->topic = POLICY_PROBE;
        s->transport = POLICY_UDP;
        s->server =
            address_of(json_object_get(json_object_get(event, "probe"), "target"), "ip", "port");
        s->local = (struct netaddr){0};
        return true;
    }
    if (strcmp(type, "connect") == 0) {
        s->topic = POLICY_CONNECT;
        return true;
    }
    if (strcmp(type, "dns") == 0 || strcmp(type, "mdns") == 0) {
        s->topic = type[0] == 'm' ? POLICY_MDNS : POLICY_DNS;
        return !is(event, "direction", "in");
    }
    if (strcmp(type, "socket") == 0) {
        s->topic = POLICY_DEVICE;
        (void)snprintf(out->iface, sizeof out->iface, "%.15s",
                       string_of(json_object_get(event, "socket"), "iface"));
        return true;
    }
    if (strcmp(type, "enumeration") == 0) {
        s->topic = POLICY_ENUMERATION;
        return true;
    }
    *why = "no rule speaks of such events";
    return false;
}

/* --- in words --------------------------------------------------------------------------------- */

void explain_describe(struct explain_what *what)
{
    static const char *const classes[] = {"request", "indication", "success response",
                                          "error response"};
    const struct policy_subject *s = &what->subject;
    const struct word *topic = words_of_value(&words_topics, s->topic);
    char addr[NETADDR_TEXT_BYTES], method[16] = "";
    size_t size = sizeof what->text;
    int n;

    if (s->topic == POLICY_STUN && s->stun_method != 0) {
        const struct word *row = words_of_value(&words_methods, s->stun_method);
        (void)snprintf(method, sizeof method, "0x%03x", s->stun_method);
        n = snprintf(what->text, size, "stun %s %s", row ? row->text : method,
                     classes[s->stun_class & 3]);
    } else {
        n = snprintf(what->text, size, "%s", topic ? topic->text : "?");
    }
    if (n > 0 && (size_t)n < size && s->server.family != NETADDR_NONE)
        n += snprintf(what->text + n, size - (size_t)n, " to %s",
                      s->server.port ? netaddr_format(&s->server, addr, sizeof addr)
                                     : netaddr_format_ip(&s->server, addr, sizeof addr));
    if (n > 0 && (size_t)n < size && s->transport && s->topic != POLICY_ENUMERATION &&
        s->topic != POLICY_DEVICE)
        n += snprintf(what->text + n, size - (size_t)n, " over %s",
                      s->transport == POLICY_TCP ? "TCP" : "UDP");
    if (n > 0 && (size_t)n < size && s->local.family != NETADDR_NONE)
        n += snprintf(what->text + n, size - (size_t)n, " from %s",
                      netaddr_format_ip(&s->local, addr, sizeof addr));
    if (n > 0 && (size_t)n < size && what->iface[0]) {
        char name[POLICY_IFNAME_BYTES * 4];
        (void)snprintf(what->text + n, size - (size_t)n, " through %s",
                       text_escape(what->iface, strlen(what->iface), name, sizeof name));
    }
}

/* Its index in view; one that is not there is added. 0 where the view is full. */
static uint32_t ifindex_of(struct explain *e, const char *name)
{
    const struct netview_iface *have = netview_by_name(&e->view, name);
    struct netview_iface *fresh;

    if (have)
        return have->ifindex;
    if (e->view.ifaces == NETVIEW_IFACES_MAX)
        return 0;
    fresh = &e->view.iface[e->view.ifaces++];
    memset(fresh, 0, sizeof *fresh);
    fresh->ifindex = e->next_ifindex++;
    fresh->loopback = strcmp(name, "lo") == 0;
    (void)snprintf(fresh->name, sizeof fresh->name, "%s", name);
    return fresh->ifindex;
}

/* The address belongs to that interface, in the world that the event comes from. */
static void give_address(struct explain *e, uint32_t ifindex, const struct netaddr *addr)
{
    struct netview_addr *fresh;

    if (addr->family == NETADDR_NONE || netaddr_kind_of(addr) == NETADDR_KIND_UNSPECIFIED ||
        e->view.addrs == NETVIEW_ADDRS_MAX)
        return;
    for (size_t i = 0; i < e->view.addrs; i++)
        if (netaddr_same_ip(&e->view.addr[i].addr, addr))
            return;
    fresh = &e->view.addr[e->view.addrs++];
    *fresh = (struct netview_addr){
        .addr = *addr, .prefix_bits = addr->family == NETADDR_IPV6 ? 128 : 32, .ifindex = ifindex};
    fresh->addr.port = 0;
    fresh->addr.scope_id = 0;
}

static bool compile(struct explain *e)
{
    static struct compiler_report report;
    static struct hosts hosts;
    struct compiler_options options = {.name = e->source->name,
                                       .vpn = e->vpn,
                                       .view = &e->view,
                                       .resolve = hosts_resolve,
                                       .ctx = &hosts};

    hosts_free(&hosts);
    hosts_take(&hosts, &e->source->program, NULL, true);
    if (!compiler_run(&e->source->program, &options, &e->table, &report)) {
        say_error("policy '%s': %s", e->source->name, report.error);
        return false;
    }
    policy_format(&e->shared);
    policy_publish(&e->shared, &e->table);
    return true;
}

static const struct program_statement *statement_at(const struct explain *e, unsigned line)
{
    const struct program *program = &e->source->program;

    for (size_t i = 0; i < program->count; i++)
        if (program->statement[i].line == line)
            return &program->statement[i];
    return NULL;
}

static void print_rule(const struct explain *e, uint16_t rule, FILE *out)
{
    char text[PRINTER_LINE_BYTES];
    const struct program_statement *s = NULL;
    unsigned line = rule < e->table.rules ? e->table.rule[rule].line : 0;

    if (line)
        s = statement_at(e, line);
    if (s)
        (void)fprintf(out, "    %s:%u: %s\n", e->source->name, line,
                      printer_statement(s, text, sizeof text));
    else
        (void)fprintf(out, "    %s:default: no rule matches, and the default is %s\n",
                      e->source->name, policy_action_name(e->table.fallback));
}

static const char *name_of(const struct explain *e, uint32_t ifindex)
{
    const struct netview_iface *iface = netview_by_index(&e->view, ifindex);

    return iface ? iface->name : "?";
}

static void print_verdict(const struct explain *e, const struct policy_verdict *verdict,
                          unsigned topic, FILE *out)
{
    char word[32];

    if (verdict->action == POLICY_ALLOW) {
        (void)fprintf(out, "  allowed\n");
    } else if (verdict->action == POLICY_PIN && topic == POLICY_PROBE) {
        /* Probes are not pinned: by the address that the kernel chose the library judges. */
        (void)fprintf(out,
                      "  allowed where the route leads through %s, else answered as if it did\n",
                      name_of(e, verdict->ifindex));
    } else if (verdict->action == POLICY_PIN) {
        (void)fprintf(out, "  allowed through %s: the socket is pinned to it first\n",
                      name_of(e, verdict->ifindex));
    } else if (verdict->refusal == POLICY_REFUSE_BEST) {
        (void)fprintf(out, "  refused, in the way that browsers give up soonest by\n");
    } else if (verdict->refusal == POLICY_REFUSE_DROP) {
        (void)fprintf(out, "  refused: dropped, as if it had been sent\n");
    } else {
        (void)fprintf(out, "  refused with %s\n",
                      printer_refusal(verdict->refusal, word, sizeof word));
    }
    print_rule(e, verdict->rule, out);
}

static void print_hidden(const struct explain *e, FILE *out)
{
    char text[PRINTER_LINE_BYTES];

    for (uint32_t i = 0; i < e->table.ifaces; i++) {
        const struct policy_iface *iface = &e->table.iface[i];
        const struct program_statement *s = statement_at(e, iface->line);
        if (iface->hidden == 0)
            (void)fprintf(out, "  %s: shown\n", iface->name);
        else
            (void)fprintf(out, "  %s: %s\n    %s:%u: %s\n", iface->name,
                          iface->hidden & POLICY_HIDDEN_LINK   ? "hidden"
                          : iface->hidden & POLICY_HIDDEN_INET ? "IPv4 hidden"
                                                               : "IPv6 hidden",
                          e->source->name, iface->line,
                          s ? printer_statement(s, text, sizeof text) : "");
    }
}

bool explain_print(struct explain *e, struct explain_what *what, FILE *out)
{
    struct policy_subject *s = &what->subject;
    uint32_t carried = 0;
    struct policy_verdict verdict;

    if (what->carried[0]) {
        carried = ifindex_of(e, what->carried);
        give_address(e, carried, &s->local);
    }
    if (what->iface[0])
        s->ifindex = ifindex_of(e, what->iface);
    explain_describe(what);
    (void)fprintf(out, "%s\n", what->text);
    if (!compile(e))
        return false;
    if (s->topic == POLICY_ENUMERATION) {
        print_hidden(e, out);
        return true;
    }
    verdict = policy_judge(&e->shared, s);
    print_verdict(e, &verdict, s->topic, out);
    if (carried && s->ifindex == 0 && (verdict.action == POLICY_PIN) &&
        verdict.ifindex != carried) {
        s->ifindex = carried;
        verdict = policy_judge(&e->shared, s);
        (void)fprintf(out, "  through %s, which carried it then:\n", name_of(e, carried));
        print_verdict(e, &verdict, s->topic, out);
    }
    return true;
}
