/* Prints statements and compiled rules. */
#include "printer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "role.h"
#include "words.h"

/* Text that grows to the end of its room and no further. */
struct text {
    char *out;
    size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    /* The analyzer loses track of args here. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    n = vsnprintf(t->out + t->used, t->size - t->used, format, args);
    va_end(args);
    if (n > 0)
        t->used = (size_t)n < t->size - t->used ? t->used + (size_t)n : t->size - 1;
}

static struct text begin(char *out, size_t size)
{
    out[0] = '\0';
    return (struct text){out, size, 0};
}

/* The words of a set of bits, parted by `by`. */
static void put_bits(struct text *t, const struct words *words, uint32_t bits, const char *by,
                     bool meaning)
{
    const char *before = "";

    for (size_t i = 0; i < words->rows; i++) {
        const struct word *row = &words->row[i];
        if (row->value == 0 || (bits & row->value) == 0)
            continue;
        put(t, "%s%s", before, meaning && row->meaning ? row->meaning : row->text);
        before = by;
    }
}

char *printer_refusal(int32_t refusal, char *out, size_t size)
{
    const struct word *row = words_of_value(&words_refusals, (uint32_t)refusal);
    const char *name = refusal > 0 ? strerrorname_np(refusal) : NULL;

    (void)snprintf(out, size, "%s", name ? name : row ? row->text : "error");
    return out;
}

static void put_with(struct text *t, int32_t refusal)
{
    char word[32];

    put(t, " with %s", printer_refusal(refusal, word, sizeof word));
}

static void put_method(struct text *t, uint16_t method)
{
    const struct word *row = words_of_value(&words_methods, method);

    if (row)
        put(t, "%s", row->text);
    else
        put(t, "0x%03x", method);
}

static void put_methods(struct text *t, const struct program_statement *s)
{
    for (size_t i = 0; i < s->methods; i++) {
        put(t, "%s", i ? "," : "");
        put_method(t, s->method[i]);
    }
}

static void put_servers(struct text *t, const struct program_statement *s, const char *by)
{
    for (size_t i = 0; i < s->servers; i++) {
        const struct program_server *server = &s->server[i];
        char ip[NETADDR_IP_TEXT_BYTES];
        put(t, "%s%s", i ? by : "", server->is_not ? "!" : "");
        if (server->name) {
            put(t, "%s", server->name);
            continue;
        }
        put(t, "%s", netaddr_format_ip(&server->prefix, ip, sizeof ip));
        if (server->bits != (server->prefix.family == NETADDR_IPV6 ? 128 : 32))
            put(t, "/%u", server->bits);
    }
}

static void put_ports(struct text *t, const struct program_statement *s)
{
    for (size_t i = 0; i < s->ports; i++) {
        put(t, "%s%u", i ? "," : "", s->port[i].min);
        if (s->port[i].max != s->port[i].min)
            put(t, "-%u", s->port[i].max);
    }
}

static void put_ifaces(struct text *t, const struct program_statement *s)
{
    bool kinds = false;

    for (size_t i = 0; i < s->ifaces; i++) {
        const struct program_iface *item = &s->iface[i];
        const char *quote = item->quoted ? "\"" : "";
        bool first_kind = item->kind == PROGRAM_IFACE_KIND && !kinds;
        kinds |= first_kind;
        put(t, "%s", i ? "," : "");
        if (item->is_not && (item->kind != PROGRAM_IFACE_KIND || first_kind))
            put(t, "!");
        if (first_kind)
            put(t, "kind ");
        if (item->kind == PROGRAM_IFACE_DEFAULT)
            put(t, "default");
        else if (item->kind == PROGRAM_IFACE_VPN)
            put(t, "$vpn");
        else
            put(t, "%s%s%s", quote, item->text, quote);
    }
}

static void put_qualifiers(struct text *t, const struct program_statement *s)
{
    if (s->classes) {
        put(t, " class ");
        put_bits(t, &words_classes, s->classes, ",", false);
    }
    if (s->methods) {
        put(t, " method ");
        put_methods(t, s);
    }
    if (s->servers) {
        put(t, " to ");
        put_servers(t, s, ",");
    }
    if (s->ports) {
        put(t, " port ");
        put_ports(t, s);
    }
    if (s->transports) {
        put(t, " over ");
        put_bits(t, &words_transports, s->transports, ",", false);
    }
    if (s->ifaces) {
        put(t, " via ");
        put_ifaces(t, s);
    }
    if (s->family)
        put(t, " family %s", s->family == NETADDR_IPV6 ? "inet6" : "inet");
    if (s->roles) {
        put(t, " by ");
        put_bits(t, &words_roles, s->roles, ",", false);
    }
    if (s->proxied & POLICY_PROXIED)
        put(t, " proxied");
    if (s->proxied & POLICY_DIRECT)
        put(t, " direct");
}

char *printer_statement(const struct program_statement *s, char *out, size_t size)
{
    const struct word *verb = words_of_value(&words_actions, s->verb);
    struct text t = begin(out, size);

    put(&t, "%s", verb->text);
    switch (s->verb) {
    case PROGRAM_ALLOW:
    case PROGRAM_DENY:
        put(&t, " ");
        if (s->topics == 0)
            put(&t, "any");
        put_bits(&t, &words_topics, s->topics, ",", false);
        put_qualifiers(&t, s);
        break;
    case PROGRAM_HIDE:
    case PROGRAM_SHOW:
        put(&t, s->masks ? " address " : " interface ");
        put_ifaces(&t, s);
        if (s->family)
            put(&t, " family %s", s->family == NETADDR_IPV6 ? "inet6" : "inet");
        break;
    case PROGRAM_DEFAULT:
        put(&t, " %s", s->action == POLICY_DENY ? "deny" : "allow");
        break;
    case PROGRAM_REFUSE:
        break;
    }
    if (s->refusal_given)
        put_with(&t, s->refusal);
    return out;
}

/* --- in words --------------------------------------------------------------------------------- */

static void say_iface(struct text *t, const struct program_iface *item)
{
    switch (item->kind) {
    case PROGRAM_IFACE_NAME:
        put(t, "%s", item->text);
        break;
    case PROGRAM_IFACE_GLOB:
        put(t, "interfaces called %s", item->text);
        break;
    case PROGRAM_IFACE_KIND:
        put(t, "interfaces of kind %s", item->text);
        break;
    case PROGRAM_IFACE_DEFAULT:
        put(t, "the interface of the default route");
        break;
    case PROGRAM_IFACE_VPN:
        put(t, "the interface of --vpn");
        break;
    }
}

/* "a, b or c", of those that are (not) negated. */
static size_t say_ifaces_of(struct text *t, const struct program_statement *s, bool is_not)
{
    size_t count = 0;
    size_t said = 0;

    for (size_t i = 0; i < s->ifaces; i++)
        count += s->iface[i].is_not == is_not;
    for (size_t i = 0; i < s->ifaces; i++) {
        if (s->iface[i].is_not != is_not)
            continue;
        put(t, "%s", said == 0 ? "" : said + 1 == count ? " or " : ", ");
        say_iface(t, &s->iface[i]);
        said++;
    }
    return count;
}

static void say_ifaces(struct text *t, const struct program_statement *s)
{
    size_t wanted = say_ifaces_of(t, s, false);
    size_t unwanted = 0;

    for (size_t i = 0; i < s->ifaces; i++)
        unwanted += s->iface[i].is_not;
    if (unwanted == 0)
        return;
    put(t, "%s", wanted ? ", but not " : "any interface but ");
    say_ifaces_of(t, s, true);
}

static void say_servers(struct text *t, const struct program_statement *s)
{
    bool wanted = false;
    const char *before = "";

    for (size_t i = 0; i < s->servers; i++)
        wanted |= !s->server[i].is_not;
    for (int is_not = 0; is_not <= 1; is_not++)
        for (size_t i = 0; i < s->servers; i++) {
            struct program_statement one = {.server = &s->server[i], .servers = 1};
            struct program_server server = s->server[i];
            if (server.is_not != (is_not != 0))
                continue;
            server.is_not = false;
            one.server = &server;
            if (is_not && before[0] != '\1')
                put(t, "%s", wanted ? ", but not " : "any server but ");
            else
                put(t, "%s", before[0] ? " or " : "");
            put_servers(t, &one, "");
            before = is_not ? "\1" : " ";
        }
}

static void say_subject(struct text *t, const struct program_statement *s)
{
    if (s->topics == 0)
        put(t, "everything");
    put_bits(t, &words_topics, s->topics, ", ", true);
    if (s->classes) {
        put(t, ", only ");
        put_bits(t, &words_classes, s->classes, " and ", true);
    }
    if (s->methods) {
        put(t, ", method ");
        put_methods(t, s);
    }
    if (s->servers) {
        put(t, " to ");
        say_servers(t, s);
    }
    if (s->ports) {
        put(t, ", port ");
        put_ports(t, s);
    }
    if (s->transports) {
        put(t, " over ");
        put_bits(t, &words_transports, s->transports, " or ", true);
    }
    if (s->proxied == POLICY_PROXIED)
        put(t, " through a proxy");
    if (s->proxied == POLICY_DIRECT)
        put(t, " without a proxy");
    if (s->family)
        put(t, " with %s", s->family == NETADDR_IPV6 ? "IPv6" : "IPv4");
    if (s->roles) {
        put(t, " from processes that are ");
        put_bits(t, &words_roles, s->roles, " or ", false);
    }
    if (s->ifaces) {
        put(t, " through ");
        say_ifaces(t, s);
    }
}

static void say_refusal(struct text *t, int32_t refusal)
{
    const struct word *row = words_of_value(&words_refusals, (uint32_t)refusal);
    const char *name = refusal > 0 ? strerrorname_np(refusal) : NULL;

    if (name)
        put(t, " with %s", name);
    else if (row)
        put(t, " %s", row->meaning);
}

char *printer_sentence(const struct program_statement *s, char *out, size_t size)
{
    struct text t = begin(out, size);

    switch (s->verb) {
    case PROGRAM_ALLOW:
    case PROGRAM_DENY:
        if (s->topics == POLICY_ENUMERATION) {
            put(&t, s->verb == PROGRAM_DENY ? "every interface but loopback is hidden"
                                            : "every interface is shown");
            break;
        }
        say_subject(&t, s);
        put(&t, s->verb == PROGRAM_DENY ? ": refused" : ": allowed");
        if (s->verb == PROGRAM_DENY && s->refusal_given)
            say_refusal(&t, s->refusal);
        break;
    case PROGRAM_HIDE:
    case PROGRAM_SHOW:
        if (s->family)
            put(&t, "%s ", s->family == NETADDR_IPV6 ? "IPv6" : "IPv4");
        if (s->masks)
            put(&t, "addresses ");
        if (s->family || s->masks)
            put(&t, "of ");
        say_ifaces(&t, s);
        put(&t, s->masks                  ? ": a decoy is shown instead"
                : s->verb == PROGRAM_HIDE ? ": hidden"
                                          : ": shown");
        break;
    case PROGRAM_DEFAULT:
        put(&t, "what no rule speaks of: %s", s->action == POLICY_DENY ? "refused" : "allowed");
        if (s->refusal_given)
            say_refusal(&t, s->refusal);
        break;
    case PROGRAM_REFUSE:
        put(&t, "the rules below refuse");
        say_refusal(&t, s->refusal);
        break;
    }
    return out;
}

/* --- what it compiled to ---------------------------------------------------------------------- */

char *printer_rule(const struct policy_table *table, uint32_t index, char *out, size_t size)
{
    const struct policy_rule *rule = &table->rule[index];
    struct text t = begin(out, size);

    put(&t, "%s ", policy_action_name(rule->action));
    if (rule->topics == 0)
        put(&t, "any");
    put_bits(&t, &words_topics, rule->topics, ",", false);
    if (rule->classes) {
        put(&t, " class ");
        put_bits(&t, &words_classes, rule->classes, ",", false);
    }
    if (rule->method != POLICY_ANY_METHOD) {
        put(&t, " method ");
        put_method(&t, rule->method);
    }
    if (rule->server_given) {
        put(&t, " to");
        for (uint32_t i = 0; i < rule->prefixes; i++) {
            const struct policy_prefix *prefix = &table->prefix[rule->prefix_first + i];
            char ip[NETADDR_IP_TEXT_BYTES];
            put(&t, "%s%s%s/%u", i ? "," : " ", prefix->is_not ? "!" : "",
                netaddr_format_ip(&prefix->addr, ip, sizeof ip), prefix->bits);
        }
        if (rule->prefixes == 0)
            put(&t, " none");
    }
    if (rule->port_min)
        put(&t, rule->port_min == rule->port_max ? " port %u" : " port %u-%u", rule->port_min,
            rule->port_max);
    if (rule->transports) {
        put(&t, " over ");
        put_bits(&t, &words_transports, rule->transports, ",", false);
    }
    if (rule->iface_given) {
        const char *before = rule->iface_not ? " !" : " ";
        put(&t, " via");
        for (uint32_t slot = 0; slot < table->ifaces; slot++)
            if (rule->ifaces.bit[slot / 64] >> slot % 64 & 1) {
                put(&t, "%s%s", before, table->iface[slot].name);
                before = rule->iface_not ? ",!" : ",";
            }
        if (before[0] == ' ')
            put(&t, rule->iface_not ? " *" : " none");
    }
    if (rule->family)
        put(&t, " family %s", rule->family == NETADDR_IPV6 ? "inet6" : "inet");
    if (rule->roles) {
        put(&t, " by ");
        put_bits(&t, &words_roles, rule->roles, ",", false);
    }
    if (rule->proxied & POLICY_PROXIED)
        put(&t, " proxied");
    if (rule->proxied & POLICY_DIRECT)
        put(&t, " direct");
    if (rule->action == POLICY_DENY)
        put_with(&t, rule->refusal);
    return out;
}
