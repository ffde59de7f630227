/* Compiles statements to rules: lists are multiplied out, interfaces become sets of slots. */
#include "compiler.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler_private.h"

enum {
    ALL_TOPICS =
        POLICY_STUN | POLICY_PROBE | POLICY_DNS | POLICY_MDNS | POLICY_DEVICE | POLICY_CONNECT
};

__attribute__((format(printf, 2, 3))) static bool fail(struct compiler *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(c->report->error, sizeof c->report->error, format, args);
    va_end(args);
    return false;
}

void compiler_note(struct compiler *c, const char *format, ...)
{
    struct compiler_report *report = c->report;
    char text[COMPILER_NOTE_BYTES];
    va_list args;

    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (size_t i = 0; i < report->notes; i++)
        if (strcmp(report->note[i], text) == 0)
            return;
    if (report->notes < COMPILER_NOTES_MAX)
        memcpy(report->note[report->notes++], text, sizeof text);
}

static bool add_prefix(struct compiler *c, const struct program_statement *s,
                       const struct netaddr *addr, uint8_t bits, bool is_not)
{
    struct policy_table *t = c->table;

    if (t->prefixes == POLICY_PREFIXES_MAX)
        return fail(c,
                    "line %u: more than %d servers in all, with the addresses of names; use "
                    "prefixes",
                    s->line, POLICY_PREFIXES_MAX);
    t->prefix[t->prefixes] = (struct policy_prefix){.addr = *addr, .bits = bits, .is_not = is_not};
    t->prefix[t->prefixes].addr.port = 0;
    t->prefixes++;
    return true;
}

/* A name that must not match and has no address: nothing is known that it could keep out, so the
 * rule matches all. One that must match and has none matches nothing. */
static bool put_servers(struct compiler *c, const struct program_statement *s,
                        struct policy_rule *rule)
{
    rule->server_given = s->servers > 0;
    rule->prefix_first = (uint16_t)c->table->prefixes;
    bool wanted = false;
    for (size_t i = 0; i < s->servers; i++) {
        const struct program_server *server = &s->server[i];
        struct netaddr addr[COMPILER_NAME_ADDRS_MAX];
        size_t count = 0;

        wanted |= !server->is_not;
        if (!server->name) {
            if (!add_prefix(c, s, &server->prefix, server->bits, server->is_not))
                return false;
            continue;
        }
        if (c->options->resolve)
            count =
                c->options->resolve(server->name, addr, COMPILER_NAME_ADDRS_MAX, c->options->ctx);
        for (size_t k = 0; k < count; k++)
            if (!add_prefix(c, s, &addr[k], addr[k].family == NETADDR_IPV6 ? 128 : 32,
                            server->is_not))
                return false;
        if (count == 0)
            compiler_note(c, "line %u: no address is known of '%.100s' yet", s->line, server->name);
    }
    rule->prefixes = (uint16_t)(c->table->prefixes - rule->prefix_first);
    if (rule->prefixes == 0 && !wanted)
        rule->server_given = 0;
    /* Only negated ones are left of a list that wanted some: none of those is known. */
    bool some = false;
    for (size_t i = 0; i < rule->prefixes; i++)
        some |= !c->table->prefix[rule->prefix_first + i].is_not;
    if (wanted && !some)
        rule->prefixes = 0;
    return true;
}

static bool add_rule(struct compiler *c, const struct program_statement *s,
                     const struct policy_rule *rule)
{
    struct policy_table *t = c->table;

    if (t->rules == POLICY_RULES_MAX)
        return fail(c,
                    "line %u: the policy compiles to more than %d rules. Each method and each "
                    "range of ports of a list is a rule of its own, and lists multiply: shorten "
                    "them",
                    s->line, POLICY_RULES_MAX);
    t->rule[t->rules++] = *rule;
    if (rule->action == POLICY_DENY)
        t->enforced |= rule->topics ? rule->topics : ALL_TOPICS;
    return true;
}

/* One rule for each method and range of ports. */
static bool multiply(struct compiler *c, const struct program_statement *s, struct policy_rule rule)
{
    size_t methods = s->methods ? s->methods : 1;
    size_t ports = s->ports ? s->ports : 1;

    for (size_t m = 0; m < methods; m++)
        for (size_t i = 0; i < ports; i++) {
            rule.method = s->methods ? s->method[m] : POLICY_ANY_METHOD;
            rule.port_min = s->ports ? s->port[i].min : 0;
            rule.port_max = s->ports ? s->port[i].max : 0;
            if (!add_rule(c, s, &rule))
                return false;
        }
    return true;
}

/* Renderers are forked from a zygote or a fork server, and go by its arguments when they judge
 * themselves; those two themselves send nothing. */
static uint32_t role_bits(uint32_t roles)
{
    if (roles & 1u << ROLE_RENDERER)
        roles |= 1u << ROLE_ZYGOTE | 1u << ROLE_FORKSERVER;
    return roles;
}

static bool put_rule(struct compiler *c, const struct program_statement *s)
{
    struct policy_rule rule = {
        .topics = s->topics,
        .action = s->verb == PROGRAM_DENY ? POLICY_DENY : POLICY_ALLOW,
        .transports = s->transports,
        .family = s->family,
        .classes = s->classes,
        .proxied = s->proxied,
        .line = (uint16_t)(s->line < UINT16_MAX ? s->line : UINT16_MAX),
        .roles = role_bits(s->roles),
        .refusal = s->verb != PROGRAM_DENY ? 0
                   : s->refusal_given      ? s->refusal
                                           : c->refusal,
    };
    static const uint8_t families[] = {NETADDR_IPV4, NETADDR_IPV6};

    if (!put_servers(c, s, &rule))
        return false;
    if (s->ifaces == 0)
        return multiply(c, s, rule);
    rule.iface_given = 1;
    /* The two families may have default routes of their own. */
    bool split = s->family == 0 && compiler_ifaces_by_family(c, s);
    for (size_t i = 0; i < (split ? 2 : 1); i++) {
        if (split)
            rule.family = families[i];
        compiler_put_ifaces(c, s, rule.family, &rule);
        if (!multiply(c, s, rule))
            return false;
    }
    return true;
}

bool compiler_run(const struct program *program, const struct compiler_options *options,
                  struct policy_table *out, struct compiler_report *report)
{
    struct compiler c = {.program = program,
                         .options = options,
                         .table = out,
                         .report = report,
                         .refusal = POLICY_REFUSE_BEST};

    memset(out, 0, sizeof *out);
    memset(report, 0, sizeof *report);
    (void)snprintf(out->name, sizeof out->name, "%s", options->name);
    out->fallback = POLICY_ALLOW;
    if (program->uses_vpn && !options->vpn)
        return fail(&c, "the policy speaks of $vpn: name the interface with --vpn");
    compiler_put_network(&c);
    for (size_t i = 0; i < program->count; i++) {
        const struct program_statement *s = &program->statement[i];
        switch (s->verb) {
        case PROGRAM_ALLOW:
        case PROGRAM_DENY:
            if (s->topics != POLICY_ENUMERATION && !put_rule(&c, s))
                return false;
            break;
        case PROGRAM_REFUSE:
            c.refusal = s->refusal;
            break;
        case PROGRAM_DEFAULT:
            out->fallback = (uint8_t)s->action;
            if (s->action == POLICY_DENY)
                out->enforced |= ALL_TOPICS;
            out->fallback_refusal = s->refusal_given ? s->refusal : POLICY_REFUSE_BEST;
            break;
        case PROGRAM_HIDE:
        case PROGRAM_SHOW:
            break;
        }
    }
    compiler_put_hidden(&c);
    return true;
}
